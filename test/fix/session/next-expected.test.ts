/** NextExpectedMsgSeqNum (789): both sides say in their Logon what they lack, and nobody has to ask. */
import { expect } from 'chai';
import type { FixVersion } from '../../../src/fix/version.ts';
import { FixVenue, limitOrder } from '../../support/fix-venue.ts';
import { until } from '../../support/until.ts';

const VERSIONS: readonly FixVersion[] = ['FIX.4.4', 'FIX.5.0SP2'];

for (const version of VERSIONS) {
  describe(`${version} NextExpectedMsgSeqNum`, () => {
    let venue: FixVenue;
    const order = (clOrdId: string) => limitOrder(clOrdId, {}, version);

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
    });
    afterEach(() => venue.stop());

    /** A member that has been sent a Logon (1), a report (2) and a Logout (3), and is away. */
    async function tradedBefore(): Promise<void> {
      const member = await venue.logon();
      member.send('D', order('a'));
      await member.expect('8', { 34: 2, 11: 'a' });
      await member.logout();
      await venue.settled();
    }

    it('that is right is answered with the venue’s own, and nothing is sent again', async () => {
      await tradedBefore();
      const member = await venue.connect({ nextOutSeqNum: 4 });
      member.sendLogon({ 789: '4' });
      await member.expect('A', { 34: 4, 789: 5 });
      member.send('1', { 112: 'in order' });
      await member.expect('0', { 34: 5, 112: 'in order' });
    });

    it('that is too low has what is missing sent at once, the Logon included', async () => {
      await tradedBefore();
      const member = await venue.connect({ nextOutSeqNum: 4 });
      member.sendLogon({ 789: '2' });
      await member.expect('A', { 34: 4, 789: 5 });
      await member.expect('8', { 34: 2, 43: 'Y', 11: 'a' });
      await member.expect('4', { 34: 3, 43: 'Y', 123: 'Y', 36: 5 });
      member.send('1', { 112: 'complete' });
      await member.expect('0', { 34: 5, 112: 'complete' });
    });

    it('that is far too low, over session messages alone, is one GapFill', async () => {
      venue.stored().nextOutSeqNum = 2_000;
      const member = await venue.connect();
      member.sendLogon({ 789: '1' });
      await member.expect('A', { 34: 2_000, 789: 2 });
      await member.expect('4', { 34: 1, 43: 'Y', 123: 'Y', 36: 2_001 });
      await member.logout();
    });

    it('that is too high ends in a Logout that names both numbers', async () => {
      const member = await venue.connect({ nextOutSeqNum: 1_000 });
      member.sendLogon({ 789: '1200' });
      const text = "NextExpectedMsgSeqNum(789) is 1200, but the venue's next number is 1";
      await member.expect('5', { 34: 1, 58: text });
      await member.expectClosed();
    });

    it('with 141=Y begins at 1 on both sides', async () => {
      Object.assign(venue.stored(), { nextInSeqNum: 2_000, nextOutSeqNum: 2_000 });
      const member = await venue.connect();
      member.sendLogon({ 789: '1', 141: 'Y' });
      await member.expect('A', { 34: 1, 141: 'Y', 789: 2 });
      await member.logout();
    });

    it('tells the member what the venue lacks, which comes without a ResendRequest', async () => {
      const member = await venue.connect({ nextOutSeqNum: 5 });
      member.sendLogon({ 789: '1' });
      await member.expect('A', { 34: 1, 789: 1 });
      member.send('1', { 112: 'waits' });
      member.send('D', order('missed'), { msgSeqNum: 1, possDup: true });
      member.send('4', { 123: 'Y', 36: 5 }, { msgSeqNum: 2, possDup: true });
      await member.expect('0', { 34: 2, 112: 'waits' });
      await member.expect('8', { 34: 3, 11: 'missed' });
    });

    it('of a member that then sends nothing by itself is followed by a ResendRequest after all, once', async () => {
      const member = await venue.connect({ nextOutSeqNum: 5 });
      member.sendLogon({ 789: '1' });
      await member.expect('A', { 34: 1, 789: 1 });
      venue.advance(2_000);
      await member.expect('2', { 34: 2, 7: 1, 16: 0 });
      venue.advance(2_000);
      member.send('4', { 123: 'Y', 36: 6 }, { msgSeqNum: 1, possDup: true });
      member.send('1', { 112: 'closed' });
      await member.expect('0', { 34: 3, 112: 'closed' });
    });

    it('lets reports that may be repeats go out without waiting for a ResendRequest', async () => {
      Object.assign(venue.stored(), { isClean: false, nextOutSeqNum: 3, reservedOutSeqNum: 10 });
      venue.stored().undelivered = [venue.newReport({ clOrdId: 'a' })];
      const member = await venue.connect();
      member.sendLogon({ 789: '3' });
      await member.expect('A', { 34: 11, 789: 2 });
      await member.expect('4', { 34: 3, 43: 'Y', 123: 'Y', 36: 12 });
      await member.expect('8', { 34: 12, 97: 'Y', 11: 'a' });
      await until('the delivery', () => venue.stored().delivered.size === 1);
      expect(venue.store.loads).to.have.length(1);
    });
  });
}

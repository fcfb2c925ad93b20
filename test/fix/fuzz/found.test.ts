/** What the fuzzer has found, each as the shortest conversation that shows it. */
import { expect } from 'chai';
import { utcTimestamp } from '../../../src/fix/writer.ts';
import type { FixClient } from '../../support/fix-client.ts';
import { FixVenue } from '../../support/fix-venue.ts';
import { forEachVersion } from '../../support/fix-versions.ts';
import { until } from '../../support/until.ts';

forEachVersion((version) => {
  describe('a session', () => {
    let venue: FixVenue;
    let member: FixClient;
    const header = (msgSeqNum: number | string) =>
      `49=100|56=ONEBOOK|34=${msgSeqNum}|52=${utcTimestamp(venue.clock.now())}|`;

    beforeEach(async () => {
      venue = await FixVenue.start({ version, limits: { reservedSeqNums: 4 } });
      venue.store.reserveCount = 4;
      member = await venue.logon();
    });
    afterEach(() => venue.stop());

    for (const gapFill of ['', '123=Y|']) {
      it(`rejects a NewSeqNo that no number can be in ${gapFill === '' ? 'a reset' : 'a GapFill'}, and goes on counting`, async () => {
        member.sendBody(`35=4|${header(2)}${gapFill}36=99999999999999999999|`);
        await member.expect('3', { 45: 2, 371: 36, 373: 6 });
        member.sendBody(`35=1|${header(3)}112=still here|`);
        await member.expect('0', { 112: 'still here' });
      });
    }

    it('does not repeat a MsgType in its Reject that nobody may say', async () => {
      member.sendBody(`35=a\x00|${header(2)}`);
      const reject = await member.expect('3', { 45: 2, 373: 11, 371: 35 });
      expect(reject.has(372)).to.equal(false);
    });

    it('does not repeat routing in its Reject that nobody may say', async () => {
      member.sendBody(`35=0|${header(2)}115=\x02|128=${'x'.repeat(600)}|`);
      const reject = await member.expect('3', { 45: 2, 371: 115, 373: 6 });
      expect([reject.has(128), reject.has(115)]).to.deep.equal([false, false]);
    });

    it('says which BeginString was wrong in characters that can be printed', async () => {
      member.sendBody(`35=0|${header(2)}`, 'FIX.\x02');
      const logout = await member.expect('5');
      expect(logout.get(58)).to.contain('BeginString(8) is FIX.? and must be');
    });

    it('refers to a message with a negative number by 0', async () => {
      member.sendBody(`35=4|${header(-5)}36=x|`);
      await member.expect('3', { 45: 0, 373: 6 });
    });

    it('answers a Logout when it has a number for the answer', async () => {
      venue.store.isHeld = true;
      for (const testReqId of ['a', 'b', 'c']) member.send('1', { 112: testReqId });
      for (const testReqId of ['a', 'b', 'c']) await member.expect('0', { 112: testReqId });
      member.send('5');
      await until('numbers to be asked for', () => venue.store.heldBack.length > 0);
      venue.store.release();
      await member.expect('5', { 34: 5 });
      await member.expectClosed();
    });

    it('answers a reset that it has made before it logs the member out', async () => {
      venue.store.isHeld = true;
      member.send(
        'A',
        { 98: 0, 108: 30, 141: 'Y', ...(version === 'FIX.5.0SP2' ? { 1137: 9 } : {}) },
        { msgSeqNum: 1 },
      );
      await until('the reset', () => venue.opens.length === 2);
      const sessionId = venue.opens[1]?.sessionId as string;
      venue.system.tell({ type: 'session', sessionId }, { type: 'EndSession', text: 'the operator says so' });
      venue.store.release();
      await member.expect('A', { 34: 1, 141: 'Y' });
      await member.expect('5', { 34: 2, 58: 'the operator says so' });
      await member.expectClosed();
    });
  });
});

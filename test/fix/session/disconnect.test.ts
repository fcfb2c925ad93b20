/** Cancel on disconnect: what becomes of a member's orders when its session ends, however it ends. */
import { expect } from 'chai';
import { DEFAULT_MEMBER_SETTINGS } from '../../../src/fix/member-settings.ts';
import { FixVenue, MEMBER, OTHER_MEMBER } from '../../support/fix-venue.ts';
import { forEachVersion } from '../../support/fix-versions.ts';
import { until } from '../../support/until.ts';

const GATE = { type: 'gateway', name: 'gate' } as const;
const { userId, senderCompId } = MEMBER;
const ON = { ...DEFAULT_MEMBER_SETTINGS, cancelOnDisconnect: true, cancelGraceMs: 10_000 };

forEachVersion((version) => {
  describe('a member whose orders are canceled on disconnect', () => {
    let venue: FixVenue;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
    });
    afterEach(() => venue.stop());

    const gone = () => until('the session to end', () => venue.sessionCount === 0);

    /** Lets everything happen that earlier messages caused: a bystander's logon passes through the same actors. */
    async function quiet(): Promise<void> {
      const bystander = await venue.connect(OTHER_MEMBER);
      bystander.sendLogon({ 8013: 'N' });
      await bystander.expect('A');
      bystander.close();
      await gone();
      Object.assign(venue.stored(OTHER_MEMBER.senderCompId), { nextInSeqNum: 1, nextOutSeqNum: 1 });
    }

    it('has them cancelled when its grace is over, and not before', async () => {
      venue.settings = ON;
      const member = await venue.logon();
      member.close();
      await gone();
      venue.settings = DEFAULT_MEMBER_SETTINGS;
      venue.advance(9_999);
      await quiet();
      expect(venue.cancelled).to.deep.equal([]);
      venue.advance(1);
      await until('the cancel', () => venue.cancelled.length > 0);
      venue.advance(60_000);
      await quiet();
      expect(venue.cancelled).to.deep.equal([userId]);
    });

    it('keeps them when it is back in time', async () => {
      venue.settings = ON;
      const first = await venue.logon();
      first.close();
      await gone();
      venue.advance(9_000);
      const second = await venue.connect({ nextOutSeqNum: 2 });
      second.sendLogon();
      await second.expect('A');
      venue.advance(2_000);
      second.send('1', { 112: 'x' });
      await second.expect('0');
      expect(venue.cancelled).to.deep.equal([]);
    });

    it('is not saved by a Logon that is refused', async () => {
      venue.settings = ON;
      const first = await venue.logon();
      first.close();
      await gone();
      const second = await venue.connect({ nextOutSeqNum: 2 });
      second.sendLogon({ 98: '1' });
      await second.expect('5');
      await gone();
      venue.advance(10_000);
      await until('the cancel', () => venue.cancelled.length === 1);
      expect(venue.opens.map(({ cancelAfterMs }) => cancelAfterMs)).to.deep.equal([10_000, 'unchanged']);
    });

    it('has them cancelled after a Logout too', async () => {
      venue.settings = ON;
      const member = await venue.logon();
      await member.logout();
      await gone();
      venue.advance(10_000);
      await until('the cancel', () => venue.cancelled.length === 1);
    });

    it('has them cancelled when its session crashed', async () => {
      venue.settings = ON;
      const member = await venue.logon();
      venue.commit([{ ...venue.newReport(), text: 'a\x01b' }]);
      await member.expect('5', { 58: 'internal error, please log on again' });
      await gone();
      venue.advance(10_000);
      await until('the cancel', () => venue.cancelled.length === 1);
    });

    it('has them cancelled when it was found to be dead', async () => {
      venue.settings = ON;
      const member = await venue.logon({ heartBtInt: 10 });
      venue.advance(12_000);
      await member.expect('1');
      venue.advance(12_000);
      await gone();
      venue.advance(10_000);
      await until('the cancel', () => venue.cancelled.length === 1);
    });

    it('may say so in its Logon, with a window of its own', async () => {
      const member = await venue.connect();
      member.sendLogon({ 8013: 'Y', 8014: '3' });
      await member.expect('A');
      expect(venue.opens[0]?.cancelAfterMs, 'kept as a row').to.equal(3_000);
      member.close();
      await gone();
      venue.advance(2_999);
      await quiet();
      expect(venue.cancelled).to.deep.equal([]);
      venue.advance(1);
      await until('the cancel', () => venue.cancelled.length === 1);
    });

    it('may say in its Logon that it wants no window: they are cancelled at once', async () => {
      const member = await venue.connect();
      member.sendLogon({ 8013: 'Y', 8014: '0' });
      await member.expect('A');
      member.close();
      await until('the cancel', () => venue.cancelled.length === 1);
    });

    it('may say in its Logon that they stay, whatever is agreed', async () => {
      venue.settings = ON;
      const member = await venue.connect();
      member.sendLogon({ 8013: 'N' });
      await member.expect('A');
      expect(venue.opens[0]?.cancelAfterMs).to.equal(undefined);
      member.close();
      await gone();
      venue.advance(60_000);
      await quiet();
      expect(venue.cancelled).to.deep.equal([]);
    });

    it('is told when its window makes no sense', async () => {
      for (const window of ['-1', '86401']) {
        const member = await venue.connect({ nextOutSeqNum: venue.stored().nextInSeqNum });
        member.sendLogon({ 8013: 'Y', 8014: window });
        const logout = await member.expect('5');
        expect(logout.get(58)).to.contain('CancelOnDisconnectWindow(8014)');
        await gone();
      }
    });

    it('has them cancelled though the process that held its session is gone, unless it comes back', async () => {
      venue.system.tell(GATE, { type: 'MemberGone', senderCompId, userId, cancelAfterMs: 5_000 });
      venue.system.tell(GATE, {
        type: 'MemberGone',
        senderCompId: OTHER_MEMBER.senderCompId,
        userId: OTHER_MEMBER.userId,
        cancelAfterMs: 5_000,
      });
      await venue.logon(OTHER_MEMBER);
      venue.advance(5_000);
      await until('the cancel', () => venue.cancelled.length > 0);
      expect(venue.cancelled).to.deep.equal([userId]);
    });

    it('has them cancelled later when they cannot be at once', async () => {
      venue.settings = { ...ON, cancelGraceMs: 0 };
      venue.onCancelAll = () => ({ type: 'CommandRejected', text: 'no database' });
      const member = await venue.logon();
      member.close();
      await until('the first try', () => venue.cancelled.length === 1);
      await until('the refusal', () =>
        venue.lines.some(({ event }) => event === 'cancel on disconnect is tried again'),
      );
      venue.onCancelAll = () => ({ type: 'CancelsRequested', orderCount: 3 });
      await until('the second try', () => {
        venue.advance(1_000);
        return venue.cancelled.length === 2;
      });
      await until('its end', () =>
        venue.lines.some(({ event }) => event === 'orders canceled on disconnect'),
      );
      venue.advance(60_000);
      await quiet();
      expect(venue.cancelled).to.deep.equal([userId, userId]);
    });
  });
});

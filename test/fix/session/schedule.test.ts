/** When a member may be logged on: refused outside, logged out at the end, numbers from 1 in each new period. */
import { expect } from 'chai';
import { DEFAULT_MEMBER_SETTINGS } from '../../../src/fix/member-settings.ts';
import { parseSchedule } from '../../../src/fix/session-schedule.ts';
import { FixVenue } from '../../support/fix-venue.ts';
import { forEachVersion } from '../../support/fix-versions.ts';

const HOUR_MS = 3_600_000;

/** The clock begins on Monday, 5 January 2026, at 12:00 UTC. */
forEachVersion((version) => {
  describe('a member with a schedule', () => {
    let venue: FixVenue;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
    });
    afterEach(() => venue.stop());

    function agree(text: string): void {
      const schedule = parseSchedule(text);
      if (typeof schedule === 'string') throw new Error(schedule);
      venue.settings = { ...DEFAULT_MEMBER_SETTINGS, schedule };
    }

    it('is let in while it is open', async () => {
      agree('08:00 - 17:30 UTC');
      await venue.logon();
    });

    it('is refused outside with the time of the next opening, in a Logout that counts and resets nothing', async () => {
      agree('08:00 - 11:30 UTC');
      Object.assign(venue.stored(), { nextInSeqNum: 5, nextOutSeqNum: 8, beganAt: 0 });
      const member = await venue.connect({ nextOutSeqNum: 5 });
      member.sendLogon();
      const text = "outside the session's schedule: it opens at 20260106-08:00:00.000 UTC";
      await member.expect('5', { 34: 8, 58: text });
      await member.expectClosed();
      await venue.settled();
      expect(venue.stored()).to.include({ nextInSeqNum: 6, nextOutSeqNum: 9 });
    });

    it('is told the opening in its own zone’s time of year, on the next day of a week that has one', async () => {
      agree('Tue 09:00 - Fri 17:00 Europe/Zurich');
      const member = await venue.connect();
      member.sendLogon();
      const logout = await member.expect('5');
      expect(logout.get(58)).to.contain('20260106-08:00:00.000 UTC');
    });

    it('is logged out when it closes, and not before', async () => {
      agree('08:00 - 14:00 UTC');
      const member = await venue.logon({ heartBtInt: 3_600 });
      venue.advance(2 * HOUR_MS - 1);
      const test = await member.expect('1');
      member.send('0', { 112: test.get(112) ?? '' });
      member.send('1', { 112: 'a millisecond to go' });
      await member.expect('0', { 112: 'a millisecond to go' });
      venue.advance(1);
      const text = "end of the session's schedule: it opens at 20260106-08:00:00.000 UTC";
      await member.expect('5', { 58: text });
      member.send('5');
      await member.expectClosed();
    });

    it('begins at 1 on the first Logon of a new period, and goes on within one', async () => {
      agree('08:00 - 17:30 UTC');
      const first = await venue.logon();
      await first.logout();
      await venue.settled();
      const again = await venue.connect({ nextOutSeqNum: 3 });
      again.sendLogon();
      await again.expect('A', { 34: 3 });
      await again.logout();
      await venue.settled();
      venue.advance(24 * HOUR_MS);
      const next = await venue.connect();
      next.sendLogon();
      const answer = await next.expect('A', { 34: 1 });
      expect(answer.has(141)).to.equal(false);
    });

    it('that is logged on around the clock is logged out when its numbers go back to 1', async () => {
      agree('00:00 - 00:00 UTC reset 13:00');
      const member = await venue.logon({ heartBtInt: 3_600 });
      venue.advance(HOUR_MS);
      await member.expect('5', { 58: 'sequence numbers go back to 1 now: log on again' });
      member.send('5');
      await member.expectClosed();
      await venue.settled();
      const next = await venue.connect();
      next.sendLogon();
      await next.expect('A', { 34: 1 });
    });

    it('is still told after a reset what happened before it', async () => {
      agree('08:00 - 17:30 UTC');
      Object.assign(venue.stored(), { nextInSeqNum: 5, nextOutSeqNum: 8, beganAt: 0 });
      venue.stored().undelivered = [venue.newReport({ clOrdId: 'overnight' })];
      const member = await venue.logon();
      await member.expect('8', { 34: 2, 11: 'overnight' });
    });
  });
});

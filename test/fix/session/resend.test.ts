/** What was sent is sent again: point 10 of what an acceptor must do, and reports that outlive a session. */
import { expect } from 'chai';
import { FixVenue, limitOrder } from '../../support/fix-venue.ts';
import { forEachVersion } from '../../support/fix-versions.ts';
import { until } from '../../support/until.ts';

forEachVersion((version) => {
  const order = (clOrdId: string, changes: Readonly<Record<number, string>> = {}) =>
    limitOrder(clOrdId, changes, version);

  describe('ResendRequest', () => {
    let venue: FixVenue;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
    });
    afterEach(() => venue.stop());

    /** Logon 1, report 2, heartbeats 3 and 4, reports 5 and 6, heartbeat 7. */
    async function tradingMember() {
      const member = await venue.logon();
      const trade = async (clOrdId: string) => {
        member.send('D', order(clOrdId));
        return member.expect('8', { 11: clOrdId });
      };
      const beat = async () => {
        member.send('1', { 112: 'x' });
        await member.expect('0');
      };
      const sent = [await trade('a')];
      await beat();
      await beat();
      sent.push(await trade('b'), await trade('c'));
      await beat();
      return { member, sent, beat };
    }

    it('gets application messages again with 43=Y, 122 and the same body, and a GapFill per other run (10)', async () => {
      const { member, sent } = await tradingMember();
      venue.clock.advance(1_000);
      member.send('2', { 7: 1, 16: 0 });
      const first = await member.expect('4', { 34: 1, 43: 'Y', 123: 'Y', 36: 2 });
      expect(first.has(122)).to.equal(true);
      const again = await member.expect('8', { 34: 2, 43: 'Y' });
      expect(again.get(122), 'the first SendingTime').to.equal(sent[0]?.get(52));
      expect(again.get(52)).to.not.equal(sent[0]?.get(52));
      for (const tag of [37, 11, 17, 150, 39, 55, 54, 38, 44, 151, 14, 6, 60]) {
        expect(again.get(tag), `the body's ${tag}`).to.equal(sent[0]?.get(tag));
      }
      await member.expect('4', { 34: 3, 43: 'Y', 123: 'Y', 36: 5 });
      await member.expect('8', { 34: 5, 43: 'Y', 11: 'b' });
      await member.expect('8', { 34: 6, 43: 'Y', 11: 'c' });
      await member.expect('4', { 34: 7, 43: 'Y', 123: 'Y', 36: 8 });
    });

    it('for a part gets that part and no more', async () => {
      const { member, beat } = await tradingMember();
      member.send('2', { 7: 3, 16: 5 });
      await member.expect('4', { 34: 3, 36: 5 });
      await member.expect('8', { 34: 5, 11: 'b' });
      await beat();
    });

    it('up to a number that was never sent gets what there is', async () => {
      const { member, beat } = await tradingMember();
      member.send('2', { 7: 6, 16: 999_999 });
      await member.expect('8', { 34: 6 });
      await member.expect('4', { 34: 7, 36: 8 });
      await beat();
    });

    it('may come again and again for the same range', async () => {
      const { member } = await tradingMember();
      for (let i = 0; i < 3; i += 1) {
        member.send('2', { 7: 5, 16: 5 });
        await member.expect('8', { 34: 5, 43: 'Y', 11: 'b' });
      }
    });

    it('for numbers that make no sense is rejected with the field', async () => {
      const member = await venue.logon();
      member.send('2', { 7: 50, 16: 0 });
      await member.expect('3', { 45: 2, 371: 7, 373: 5 });
      member.send('2', { 7: 2, 16: 1 });
      await member.expect('3', { 45: 3, 371: 16, 373: 5 });
    });

    it('for session messages alone gets one GapFill, with 43=Y and 122 (10)', async () => {
      const member = await venue.logon();
      for (let i = 0; i < 3; i += 1) {
        member.send('1', { 112: 'x' });
        await member.expect('0');
      }
      for (const [range, newSeqNo] of [
        [{ 7: 1, 16: 4 }, 5],
        [{ 7: 2, 16: 3 }, 4],
        [{ 7: 1, 16: 0 }, 5],
      ] as const) {
        member.send('2', range);
        const fill = await member.expect('4', { 34: range[7], 43: 'Y', 123: 'Y', 36: newSeqNo });
        expect(fill.has(122)).to.equal(true);
      }
      member.send('1', { 112: 'on' });
      await member.expect('0', { 34: 5, 112: 'on' });
    });

    it('for application messages alone gets no GapFill (10)', async () => {
      const { member, beat } = await tradingMember();
      member.send('2', { 7: 5, 16: 6 });
      await member.expect('8', { 34: 5, 43: 'Y' });
      await member.expect('8', { 34: 6, 43: 'Y' });
      await beat();
    });

    it('above a gap is honoured at once, and only once (10)', async () => {
      const { member, beat } = await tradingMember();
      const missed = member.nextOutSeqNum;
      member.nextOutSeqNum += 1;
      member.send('2', { 7: 5, 16: 6 });
      await member.expect('2', { 7: missed, 16: 0 });
      await member.expect('8', { 34: 5, 43: 'Y' });
      await member.expect('8', { 34: 6, 43: 'Y' });
      member.send('0', {}, { msgSeqNum: missed, possDup: true });
      await beat();
    });

    it('while another is served is served after it, and new reports go out meanwhile', async () => {
      const { member } = await tradingMember();
      venue.store.isHeld = true;
      member.send('2', { 7: 2, 16: 2 });
      member.send('2', { 7: 5, 16: 5 });
      member.send('2', { 7: 6, 16: 6 });
      member.send('D', order('new'));
      await member.expect('8', { 34: 8, 11: 'new' });
      venue.store.release();
      await member.expect('8', { 34: 2, 43: 'Y' });
      await member.expect('8', { 34: 5, 43: 'Y' });
      await member.expect('8', { 34: 6, 43: 'Y' });
    });

    it('for a long history is read from the store in portions, with one GapFill per run over their borders', async () => {
      const small = await FixVenue.start({ version, limits: { resendPortion: 2 } });
      try {
        const member = await small.logon();
        for (let i = 0; i < 4; i += 1) {
          member.send('1', { 112: 'x' });
          await member.expect('0');
        }
        member.send('D', order('a'));
        await member.expect('8', { 34: 6 });
        member.send('2', { 7: 1, 16: 0 });
        await member.expect('4', { 34: 1, 36: 6 });
        await member.expect('8', { 34: 6, 43: 'Y' });
        expect(small.store.loads.map(({ beginSeqNum, endSeqNum }) => [beginSeqNum, endSeqNum])).to.deep.equal(
          [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
        );
      } finally {
        await small.stop();
      }
    });

    it('that cannot be served since the rows are broken ends the session with a Logout', async () => {
      const { member } = await tradingMember();
      venue.store.isHeld = true;
      member.send('2', { 7: 1, 16: 0 });
      const load = await until('the load', () => venue.store.loads[0]);
      const { sessionId } = load;
      venue.system.tell({ type: 'session', sessionId }, { type: 'LoadFailed', reason: 'row 1 is broken' });
      await member.expect('5', { 58: 'the messages that were asked for cannot be read' });
      await member.expectClosed();
    });

    it('in a session that is over is served from what the one before sent', async () => {
      const { member } = await tradingMember();
      await member.logout();
      await venue.settled();
      const next = await venue.connect({ nextOutSeqNum: member.nextOutSeqNum });
      next.sendLogon();
      await next.expect('A', { 34: 9 });
      next.send('2', { 7: 5, 16: 0 });
      await next.expect('8', { 34: 5, 43: 'Y', 11: 'b' });
      await next.expect('8', { 34: 6, 43: 'Y', 11: 'c' });
      await next.expect('4', { 34: 7, 36: 10 });
    });
  });

  describe('undelivered reports', () => {
    let venue: FixVenue;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
    });
    afterEach(() => venue.stop());

    it('go out right after the Logon when the last session ended in order', async () => {
      venue.stored().undelivered = [venue.newReport({ clOrdId: 'a' }), venue.newReport({ clOrdId: 'b' })];
      const member = await venue.logon();
      const first = await member.expect('8', { 34: 2, 11: 'a' });
      expect(first.has(97)).to.equal(false);
      await member.expect('8', { 34: 3, 11: 'b' });
      const entry = await venue.journal('the delivery', ({ delivered }) => delivered.length > 0);
      expect(entry.delivered).to.deep.equal([{ source: 'BTC-USD', sourceSeq: 2 }]);
    });

    it('come before the reports of later commits, and none comes twice', async () => {
      const contained = venue.newReport({ clOrdId: 'contained' });
      venue.stored().undelivered = [contained];
      venue.store.isHeld = true;
      const member = await venue.connect();
      member.sendLogon();
      await until('the session to be opened', () => venue.opens.length === 1);
      venue.commit([contained]);
      const release = venue.store.heldBack.splice(0);
      for (const open of release) open();
      venue.commit([venue.newReport({ clOrdId: 'later' })]);
      await member.expect('A');
      await member.expect('8', { 11: 'contained' });
      await member.expect('8', { 11: 'later' });
      venue.store.release();
      member.send('1', { 112: 'no more' });
      await member.expect('0', { 112: 'no more' });
    });

    it('after a crash go out under new numbers with 97=Y once the member’s ResendRequest is served', async () => {
      Object.assign(venue.stored(), { isClean: false, nextOutSeqNum: 3, reservedOutSeqNum: 10 });
      venue.stored().undelivered = [venue.newReport({ clOrdId: 'a' })];
      const member = await venue.connect();
      member.sendLogon();
      await member.expect('A', { 34: 11 });
      venue.commit([venue.newReport({ clOrdId: 'live' })]);
      member.send('2', { 7: 3, 16: 0 });
      await member.expect('4', { 34: 3, 43: 'Y', 123: 'Y', 36: 12 });
      await member.expect('8', { 34: 12, 97: 'Y', 11: 'a', 17: 'BTC-USD-1' });
      const live = await member.expect('8', { 34: 13, 11: 'live' });
      expect(live.has(97)).to.equal(false);
    });

    it('after a crash do not wait for ever for a ResendRequest', async () => {
      Object.assign(venue.stored(), { isClean: false, nextOutSeqNum: 3, reservedOutSeqNum: 10 });
      venue.stored().undelivered = [venue.newReport({ clOrdId: 'a' })];
      const member = await venue.connect();
      member.sendLogon();
      await member.expect('A', { 34: 11 });
      venue.advance(2_000);
      await member.expect('8', { 34: 12, 97: 'Y', 11: 'a' });
    });

    it('after a crash keep their 97=Y over a session that ends before they were sent', async () => {
      Object.assign(venue.stored(), { isClean: false, nextOutSeqNum: 3, reservedOutSeqNum: 10 });
      venue.stored().undelivered = [venue.newReport({ clOrdId: 'a' })];
      const member = await venue.connect();
      member.sendLogon();
      await member.expect('A');
      await member.logout();
      await until('the session to end', () => venue.sessionCount === 0);
      const next = await venue.connect({ nextOutSeqNum: member.nextOutSeqNum });
      next.sendLogon();
      await next.expect('A');
      venue.advance(2_000);
      await next.expect('8', { 97: 'Y', 11: 'a' });
    });

    it('that are many are sent as fast as the member reads', async () => {
      const narrow = await FixVenue.start({ version, limits: { maxUnsentBytes: 64 * 1024 } });
      try {
        const reports = Array.from({ length: 1_000 }, (_, i) => narrow.newReport({ clOrdId: `r${i}` }));
        narrow.stored().undelivered = reports;
        const member = await narrow.logon();
        for (let i = 0; i < reports.length; i += 1) {
          if (member.waitingCount === 0) narrow.advance(0);
          await member.expect('8', { 11: `r${i}` });
        }
      } finally {
        await narrow.stop();
      }
    });
  });
});

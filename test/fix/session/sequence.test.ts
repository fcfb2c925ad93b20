/** Inbound numbers: points 6 to 9 and 11 of what an acceptor must do. */
import { expect } from 'chai';
import type { FixClient } from '../../support/fix-client.ts';
import { FixVenue, limitOrder, OTHER_MEMBER } from '../../support/fix-venue.ts';
import { forEachVersion } from '../../support/fix-versions.ts';
import { until } from '../../support/until.ts';

forEachVersion((version) => {
  const order = (clOrdId: string, changes: Readonly<Record<number, string>> = {}) =>
    limitOrder(clOrdId, changes, version);

  describe('inbound sequence numbers', () => {
    let venue: FixVenue;
    let member: FixClient;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
      member = await venue.logon();
    });
    afterEach(() => venue.stop());

    /** ClOrdIDs in the order in which the exchange got them. */
    function submittedIds(): string[] {
      return venue.submitted.flatMap(({ commands }) =>
        commands.map(({ command }) => ('clOrdId' in command ? (command.clOrdId ?? '') : command.type)),
      );
    }

    it('in order are accepted without a word (6)', async () => {
      member.send('0');
      member.send('0');
      member.send('1', { 112: 'next' });
      await member.expect('0', { 34: 2, 112: 'next' });
    });

    it('with a gap cause exactly one ResendRequest, and what came later is processed in order (6)', async () => {
      member.send('D', order('third'), { msgSeqNum: 4 });
      await member.expect('2', { 7: 2, 16: 0 });
      member.send('D', order('fourth'), { msgSeqNum: 5 });
      member.send('D', order('first'), { msgSeqNum: 2, possDup: true });
      member.send('D', order('second'), { msgSeqNum: 3, possDup: true });
      for (const clOrdId of ['first', 'second', 'third', 'fourth']) await member.expect('8', { 11: clOrdId });
      expect(submittedIds()).to.deep.equal(['first', 'second', 'third', 'fourth']);
    });

    it('are processed in order when the gap is filled without PossDup (6)', async () => {
      member.send('D', order('second'), { msgSeqNum: 3 });
      await member.expect('2', { 7: 2 });
      member.send('D', order('first'), { msgSeqNum: 2 });
      await member.expect('8', { 11: 'first' });
      await member.expect('8', { 11: 'second' });
    });

    it('with a second gap behind the first cause a second ResendRequest when the first is closed (6)', async () => {
      member.send('D', order('second'), { msgSeqNum: 3 });
      await member.expect('2', { 7: 2 });
      member.send('D', order('fourth'), { msgSeqNum: 5 });
      member.send('D', order('first'), { msgSeqNum: 2, possDup: true });
      await member.expect('2', { 7: 4, 16: 0 });
      member.send('D', order('third'), { msgSeqNum: 4, possDup: true });
      for (const clOrdId of ['first', 'second', 'third', 'fourth']) await member.expect('8', { 11: clOrdId });
    });

    it('beyond what is kept above a gap are requested again', async () => {
      const tight = await FixVenue.start({ version, limits: { maxQueuedAboveGap: 1 } });
      try {
        const client = await tight.logon();
        client.send('D', order('b'), { msgSeqNum: 3 });
        client.send('D', order('c'), { msgSeqNum: 4 });
        await client.expect('2', { 7: 2 });
        client.send('D', order('a'), { msgSeqNum: 2, possDup: true });
        await client.expect('8', { 11: 'a' });
        await client.expect('8', { 11: 'b' });
        client.send('D', order('d'), { msgSeqNum: 5 });
        await client.expect('2', { 7: 4 });
      } finally {
        await tight.stop();
      }
    });

    it('with a gap that is never filled end the session with a Logout', async () => {
      const patient = await venue.logon({ ...OTHER_MEMBER, heartBtInt: 3_600 });
      patient.send('0', {}, { msgSeqNum: 5 });
      await patient.expect('2', { 7: 2 });
      venue.advance(60_001);
      await patient.expect('5', { 58: 'no answer to the ResendRequest from 2' });
      await patient.expectClosed();
    });

    it('too low without PossDup end the session with a Logout that names both (7)', async () => {
      member.send('D', order('a'), { msgSeqNum: 1 });
      await member.expect('5', { 58: 'MsgSeqNum(34) too low, expecting 2 but received 1' });
      await member.expectClosed();
      expect(venue.submitted).to.deep.equal([]);
    });

    it('too low let a Logout through: the answer is a plain Logout, not a complaint (7, 18)', async () => {
      member.send('0');
      member.send('5', {}, { msgSeqNum: 2 });
      const answer = await member.expect('5', { 34: 2 });
      expect(answer.has(58)).to.equal(false);
      await member.expectClosed();
      await venue.settled();
      expect(venue.stored().nextInSeqNum, 'the Logout had no number of its own').to.equal(3);
    });

    it('too low of a Logout or a Logon with PossDup are ignored (7)', async () => {
      member.send('5', {}, { msgSeqNum: 1, possDup: true });
      member.sendLogon({}, { msgSeqNum: 1, possDup: true });
      member.sendLogon({ 141: 'Y' }, { msgSeqNum: 1, possDup: true });
      member.send('1', { 112: 'still here' });
      await member.expect('0', { 34: 2, 112: 'still here' });
    });

    it('missing leave a Logout answered at once, with its number or above it (6, 18)', async () => {
      for (const msgSeqNum of [2, 9]) {
        const other = await venue.logon(OTHER_MEMBER);
        other.send('0', {}, { msgSeqNum: 5 });
        await other.expect('2', { 7: 2, 16: 0 });
        other.send('5', {}, { msgSeqNum });
        await other.expect('5');
        await other.expectClosed();
        await until('the session to end', () => venue.sessionCount === 1);
        Object.assign(venue.stored(OTHER_MEMBER.senderCompId), { nextInSeqNum: 1, nextOutSeqNum: 1 });
      }
    });

    it('filled with the Logon and Logout of an earlier session, as some engines do, change nothing (6)', async () => {
      member.send('1', { 112: 'after' }, { msgSeqNum: 4 });
      await member.expect('2', { 7: 2, 16: 0 });
      member.send('5', {}, { msgSeqNum: 2, possDup: true });
      member.sendLogon({ 141: 'Y' }, { msgSeqNum: 3, possDup: true });
      await member.expect('0', { 34: 3, 112: 'after' });
      expect(venue.opens).to.have.length(1);
    });

    it('missing keep TestRequests waiting, which are answered in order (6)', async () => {
      member.send('1', { 112: 'third' }, { msgSeqNum: 3 });
      await member.expect('2', { 34: 2, 7: 2 });
      member.send('1', { 112: 'fourth' }, { msgSeqNum: 4 });
      member.send('0', {}, { msgSeqNum: 2, possDup: true });
      await member.expect('0', { 34: 3, 112: 'third' });
      await member.expect('0', { 34: 4, 112: 'fourth' });
    });

    it('missing on both sides are asked for by both, and neither waits for the other (6, 10)', async () => {
      member.send('D', order('a'));
      member.send('D', order('b'));
      await member.expect('8', { 34: 2, 11: 'a' });
      await member.expect('8', { 34: 3, 11: 'b' });
      member.send('0', {}, { msgSeqNum: 7 });
      await member.expect('2', { 34: 4, 7: 4, 16: 0 });
      member.send('2', { 7: 2, 16: 3 }, { msgSeqNum: 8 });
      await member.expect('8', { 34: 2, 43: 'Y', 11: 'a' });
      await member.expect('8', { 34: 3, 43: 'Y', 11: 'b' });
      for (const msgSeqNum of [4, 5, 6]) member.send('0', {}, { msgSeqNum, possDup: true });
      member.send('1', { 112: 'closed' }, { msgSeqNum: 9 });
      await member.expect('0', { 34: 5, 112: 'closed' });
    });

    it('that were processed are ignored with PossDup (7)', async () => {
      member.send('D', order('a'));
      await member.expect('8', { 11: 'a' });
      member.send('D', order('a'), { msgSeqNum: 2, possDup: true });
      member.send('1', { 112: 'only once' });
      await member.expect('0', { 112: 'only once' });
      expect(submittedIds()).to.deep.equal(['a']);
    });

    it('that were not processed yet are processed with PossDup, as a request that may be a repeat (7)', async () => {
      member.send('D', order('a'), { possDup: true });
      await member.expect('8', { 11: 'a' });
      expect(venue.submitted[0]?.commands[0]?.command).to.include({ clOrdId: 'a', mayBeRepeat: true });
    });

    it('with PossDup and no OrigSendingTime are rejected (8)', async () => {
      member.send('D', order('a'), { possDup: { origSendingTime: null } });
      await member.expect('3', { 45: 2, 371: 122, 372: 'D', 373: 1 });
      member.send('0', {}, { msgSeqNum: 2, possDup: { origSendingTime: null } });
      await member.expect('3', { 45: 2, 371: 122, 372: '0', 373: 1 });
      member.send('1', { 112: 'on' });
      await member.expect('0', { 112: 'on' });
      expect(venue.submitted).to.deep.equal([]);
    });

    it('that were processed, with PossDup and no OrigSendingTime, are rejected and the session goes on (8)', async () => {
      member.send('0');
      member.send('D', order('a'), { msgSeqNum: 2, possDup: { origSendingTime: null } });
      await member.expect('3', { 34: 2, 45: 2, 371: 122, 372: 'D', 373: 1 });
      member.send('1', { 112: 'on' });
      await member.expect('0', { 34: 3, 112: 'on' });
      expect(venue.submitted).to.deep.equal([]);
    });

    it('that were processed, with an OrigSendingTime later than the SendingTime, end the session too (8)', async () => {
      member.send('0');
      member.send('D', order('a'), {
        msgSeqNum: 2,
        possDup: { origSendingTime: '20260105-12:00:01.000' },
      });
      await member.expect('3', { 45: 2, 371: 122, 372: 'D', 373: 10 });
      await member.expect('5', { 34: 3 });
      await member.expectClosed();
    });

    it('with an OrigSendingTime later than the SendingTime are rejected, then logged out (8)', async () => {
      member.send('D', order('a'), { possDup: { origSendingTime: '20260105-12:00:01.000' } });
      await member.expect('3', { 45: 2, 371: 122, 373: 10 });
      await member.expect('5');
      await member.expectClosed();
      expect(venue.submitted).to.deep.equal([]);
    });

    it('that are missing end the session with a Logout', async () => {
      member.sendBody('35=0|49=100|56=ONEBOOK|52=20260105-12:00:00.000|');
      await member.expect('5', { 58: 'MsgSeqNum(34) is missing or not a positive integer' });
      await member.expectClosed();
    });

    it('of a bad message in a resend are rejected and consumed, and what waits is processed (11)', async () => {
      member.send('D', order('good'), { msgSeqNum: 3 });
      await member.expect('2', { 7: 2 });
      member.send('D', order('bad', { 38: '+1.00' }), { msgSeqNum: 2, possDup: true });
      await member.expect('3', { 45: 2, 371: 38, 373: 6 });
      await member.expect('8', { 11: 'good' });
    });
  });

  describe('SequenceReset', () => {
    let venue: FixVenue;
    let member: FixClient;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
      member = await venue.logon();
    });
    afterEach(() => venue.stop());

    async function expectNextIs(msgSeqNum: number): Promise<void> {
      member.send('1', { 112: `at ${msgSeqNum}` }, { msgSeqNum });
      await member.expect('0', { 112: `at ${msgSeqNum}` });
    }

    it('as a GapFill at the expected number moves it to NewSeqNo (9)', async () => {
      member.send('4', { 123: 'Y', 36: 10 });
      await expectNextIs(10);
    });

    it('as a GapFill above the expected number causes a ResendRequest, and counts when its turn comes (9)', async () => {
      member.send('4', { 123: 'Y', 36: 10 }, { msgSeqNum: 4 });
      await member.expect('2', { 7: 2 });
      member.send('4', { 123: 'Y', 36: 4 }, { msgSeqNum: 2, possDup: true });
      await expectNextIs(10);
    });

    it('as a GapFill below the expected number is ignored with PossDup, also without 122 (9)', async () => {
      member.send('4', { 123: 'Y', 36: 9 }, { msgSeqNum: 1, possDup: { origSendingTime: null } });
      await expectNextIs(2);
    });

    it('as a GapFill that does not go forward is rejected', async () => {
      member.send('4', { 123: 'Y', 36: 2 });
      await member.expect('3', { 45: 2, 371: 36, 372: '4', 373: 5 });
      await expectNextIs(3);
    });

    it('as a GapFill below the expected number without PossDup ends the session (9)', async () => {
      member.send('4', { 123: 'Y', 36: 20 }, { msgSeqNum: 1 });
      await member.expect('5', { 58: 'MsgSeqNum(34) too low, expecting 2 but received 1' });
      await member.expectClosed();
    });

    const reset = (fields: string) =>
      member.sendBody(`35=4|49=100|56=ONEBOOK|34=0|52=20260105-12:00:00.000|${fields}`);

    it('in reset mode may have the number 0, whichever way the new number is (9)', async () => {
      reset('36=25|');
      await expectNextIs(25);
      reset('36=26|123=N|');
      await expectNextIs(26);
      reset('36=3|');
      await member.expect('3', { 45: 0, 371: 36, 372: '4', 373: 5 });
      await expectNextIs(27);
    });

    it('in reset mode that is not valid is rejected and changes nothing', async () => {
      reset('123=N|');
      await member.expect('3', { 45: 0, 371: 36, 372: '4', 373: 1 });
      await expectNextIs(2);
    });

    it('as a GapFill may not have the number 0', async () => {
      reset('123=Y|36=9|');
      await member.expect('5', { 58: 'MsgSeqNum(34) is missing or not a positive integer' });
      await member.expectClosed();
    });

    it('in reset mode ignores its own number (9)', async () => {
      member.send('4', { 123: 'N', 36: 20 }, { msgSeqNum: 1 });
      await expectNextIs(20);
      member.send('4', { 36: 30 }, { msgSeqNum: 900 });
      await expectNextIs(30);
    });

    it('in reset mode closes a gap, and what waited above it goes on', async () => {
      member.send('D', order('waits'), { msgSeqNum: 5 });
      await member.expect('2', { 7: 2 });
      member.send('4', { 123: 'N', 36: 5 }, { msgSeqNum: 1 });
      await member.expect('8', { 11: 'waits' });
      await expectNextIs(6);
    });

    it('in reset mode to the expected number changes nothing', async () => {
      member.send('4', { 123: 'N', 36: 2 }, { msgSeqNum: 50 });
      await expectNextIs(2);
    });

    it('in reset mode to a lower number is rejected and changes nothing (9)', async () => {
      member.send('4', { 123: 'N', 36: 1 }, { msgSeqNum: 2 });
      await member.expect('3', { 45: 2, 371: 36, 372: '4', 373: 5 });
      await expectNextIs(2);
    });
  });
});

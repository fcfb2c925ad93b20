/** Logging on: points 1 to 5 of what an acceptor must do. */
import { expect } from 'chai';
import { DEFAULT_SESSION_LIMITS } from '../../../src/fix/session-limits.ts';
import { beginStringOf } from '../../../src/fix/version.ts';
import { utcTimestamp } from '../../../src/fix/writer.ts';
import { FixVenue, limitOrder, MEMBER, OTHER_MEMBER } from '../../support/fix-venue.ts';
import { forEachVersion, reasonIn } from '../../support/fix-versions.ts';
import { until } from '../../support/until.ts';

forEachVersion((version) => {
  const order = (clOrdId: string, changes: Readonly<Record<number, string>> = {}) =>
    limitOrder(clOrdId, changes, version);

  describe('Logon', () => {
    let venue: FixVenue;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
    });
    afterEach(() => venue.stop());

    it('is answered with a Logon numbered from the session’s own sequence, with the same 98 and 108 (1)', async () => {
      venue.stored().nextOutSeqNum = 41;
      venue.stored().nextInSeqNum = 12;
      const member = await venue.connect({ nextOutSeqNum: 12 });
      member.sendLogon({ 108: 17 });
      const answer = await member.expect('A', { 34: 41, 98: 0, 108: 17, 49: 'ONEBOOK', 56: '100' });
      expect(answer.has(141)).to.equal(false);
    });

    it('grants a HeartBtInt within the venue’s limits and says so', async () => {
      const member = await venue.connect();
      member.sendLogon({ 108: 0 });
      await member.expect('A', { 108: 0 });
      const other = await venue.connect(OTHER_MEMBER);
      other.sendLogon({ 108: 86_400 });
      await other.expect('A', { 108: 3600 });
    });

    it('with a number too high is answered, and the missing messages are requested (2)', async () => {
      const member = await venue.connect({ nextOutSeqNum: 5 });
      member.sendLogon();
      await member.expect('A', { 34: 1 });
      await member.expect('2', { 34: 2, 7: 1, 16: 0 });
      member.send('4', { 123: 'Y', 36: 6 }, { msgSeqNum: 1, possDup: true });
      member.send('1', { 112: 'closed' });
      await member.expect('0', { 112: 'closed' });
    });

    it('with a number too high leaves a Logout in the gap answered at once (2)', async () => {
      const member = await venue.connect({ nextOutSeqNum: 5 });
      member.sendLogon();
      await member.expect('A');
      await member.expect('2');
      member.send('5');
      await member.expect('5');
      await member.expectClosed();
      await venue.settled();
      expect(venue.stored().nextInSeqNum).to.equal(1);
    });

    it('with a number too low is told so in a Logout that counts', async () => {
      venue.stored().nextInSeqNum = 9;
      const member = await venue.connect({ nextOutSeqNum: 3 });
      member.sendLogon();
      await member.expect('5', { 34: 1, 58: 'MsgSeqNum(34) too low, expecting 9 but received 3' });
      await member.expectClosed();
      await venue.settled();
      expect(venue.stored()).to.include({ nextInSeqNum: 9, nextOutSeqNum: 2, isClean: true });
    });

    it('of a member that was disabled while its password was judged is told so in a Logout that counts', async () => {
      venue.store.isDisabled = true;
      const member = await venue.connect();
      member.sendLogon();
      await member.expect('5', { 34: 1, 58: 'this user is disabled' });
      await member.expectClosed();
    });

    it('of a session that is alive is dropped without a message, and the first connection lives on (3)', async () => {
      const first = await venue.logon();
      const second = await venue.connect();
      second.sendLogon();
      await second.expectClosed();
      first.send('D', order('a'));
      await first.expect('8', { 34: 2, 11: 'a' });
      venue.advance(1_000);
      first.send('1', { 112: 'nothing between' });
      await first.expect('0', { 34: 3, 112: 'nothing between' });
      await first.logout();
    });

    it('of a session whose connection is a dead half gets through after the probe (3)', async () => {
      const dead = await venue.logon();
      const early = await venue.connect();
      early.sendLogon();
      await early.expectClosed();
      venue.advance(DEFAULT_SESSION_LIMITS.probeAfterSilenceMs - 1);
      venue.advance(1);
      await dead.expect('1', { 34: 2 });
      venue.advance(5_000);
      await dead.expectClosed();
      await venue.settled();
      const late = await venue.connect({ nextOutSeqNum: 2 });
      late.sendLogon();
      await late.expect('A', { 34: 3 });
    });

    it('of a session that has been silent for long makes the venue probe it at once, and an answer protects it (3)', async () => {
      const first = await venue.logon({ heartBtInt: 30 });
      venue.advance(20_000);
      const second = await venue.connect();
      second.sendLogon();
      await second.expectClosed();
      const probe = await first.expect('1', { 34: 2 });
      first.send('0', { 112: probe.get(112) ?? '' });
      first.send('1', { 112: 'alive' });
      await first.expect('0', { 112: 'alive' });
      venue.advance(5_000);
      first.send('1', { 112: 'still' });
      await first.expect('0', { 112: 'still' });
    });

    it('keeps its numbers over a reconnect', async () => {
      const first = await venue.logon();
      first.send('D', order('a'));
      await first.expect('8', { 34: 2 });
      await first.logout();
      await venue.settled();
      const second = await venue.connect({ nextOutSeqNum: first.nextOutSeqNum });
      second.sendLogon();
      await second.expect('A', { 34: 4 });
      second.send('1', { 112: 'in order' });
      await second.expect('0', { 112: 'in order' });
    });

    it('with 141=Y puts both sides back to 1 and says so (5)', async () => {
      venue.stored().nextInSeqNum = 40;
      venue.stored().nextOutSeqNum = 50;
      const member = await venue.connect();
      member.sendLogon({ 141: 'Y' });
      await member.expect('A', { 34: 1, 141: 'Y' });
      member.send('1', { 112: 'second' });
      await member.expect('0', { 34: 2 });
      expect(venue.opens.map(({ reset }) => reset)).to.deep.equal([true]);
    });

    it('with 141=Y in mid-session puts both sides back to 1 once earlier requests are answered (5)', async () => {
      const answers: (() => void)[] = [];
      venue.onSubmit = (message) => answers.push(() => venue.accept(message));
      const member = await venue.logon();
      member.send('D', order('before'));
      member.nextOutSeqNum = 1;
      member.sendLogon({ 141: 'Y' });
      member.send('1', { 112: 'after' });
      await until('the order to reach the exchange', () => answers.length === 1);
      expect(venue.opens).to.have.length(1);
      for (const answer of answers) answer();
      await member.expect('8', { 34: 2, 11: 'before' });
      await member.expect('A', { 34: 1, 141: 'Y' });
      await member.expect('0', { 34: 2, 112: 'after' });
      expect(venue.opens.map(({ reset }) => reset)).to.deep.equal([false, true]);
    });

    it('of a member whose sessions always begin at 1 resets without being asked', async () => {
      venue.stored().nextInSeqNum = 40;
      venue.stored().nextOutSeqNum = 50;
      venue.settings = { ...venue.settings, resetOnLogon: true };
      const member = await venue.connect();
      member.sendLogon();
      const answer = await member.expect('A', { 34: 1 });
      expect(answer.has(141)).to.equal(false);
    });

    it('in mid-session without 141=Y is rejected and changes nothing', async () => {
      const member = await venue.logon();
      member.sendLogon();
      await member.expect('3', { 45: 2, 372: 'A', ...reasonIn(version, 99) });
      member.send('1', { 112: 'alive' });
      await member.expect('0', { 112: 'alive' });
    });

    it('that is right but cannot be granted is told why in a Logout that counts', async () => {
      for (const [fields, text] of [
        [{ 98: '1' }, /EncryptMethod\(98\)/],
        [{ 108: '-1' }, /HeartBtInt\(108\)/],
        [{ 9999: 'x' }, /9999/],
      ] as const) {
        const before = venue.stored().nextOutSeqNum;
        const member = await venue.connect({ nextOutSeqNum: venue.stored().nextInSeqNum });
        member.sendLogon(fields);
        const logout = await member.expect('5', { 34: before });
        expect(logout.get(58)).to.match(text);
        await member.expectClosed();
        await venue.settled();
        expect(venue.stored().nextOutSeqNum).to.equal(before + 1);
      }
    });

    it('is dropped while the store cannot open the session', async () => {
      venue.store.isHeld = true;
      const member = await venue.connect();
      member.sendLogon();
      await until('the session to be opened', () => venue.opens.length === 1);
      venue.advance(30_000);
      await member.expectClosed();
    });

    it('may be followed at once by orders, which wait for the answer', async () => {
      const member = await venue.connect();
      const logon = member.encode('A', {
        98: '0',
        108: '30',
        553: MEMBER.username,
        554: MEMBER.password,
        ...(version === 'FIX.5.0SP2' ? { 1137: '9' } : {}),
      });
      const orders = ['a', 'b', 'c'].map((clOrdId) => member.encode('D', order(clOrdId)));
      member.sendRaw(Buffer.concat([logon, ...orders]));
      await member.expect('A', { 34: 1 });
      for (const clOrdId of ['a', 'b', 'c']) await member.expect('8', { 11: clOrdId });
    });
  });

  describe('a peer that the venue does not know', () => {
    let venue: FixVenue;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
    });
    afterEach(async () => {
      expect(venue.opens, 'no number is consumed').to.deep.equal([]);
      expect(venue.journaled, 'no number is consumed').to.deep.equal([]);
      await venue.stop();
    });

    const strangers: Record<string, { changes?: Record<string, string>; fields?: Record<number, string> }> = {
      'with an unknown SenderCompID': { changes: { senderCompId: '999' } },
      'with a SenderCompID that is no integer': { changes: { senderCompId: 'alice' } },
      'with a SenderCompID that is written otherwise': { changes: { senderCompId: '0100' } },
      'that wants another venue': { changes: { targetCompId: 'OTHER' } },
      'with the wrong password': { fields: { 554: 'wrong' } },
      'with the password of another member': { changes: { senderCompId: '200' } },
    };
    for (const [name, { changes = {}, fields = {} }] of Object.entries(strangers)) {
      it(`${name} is disconnected without a word (4)`, async () => {
        const peer = await venue.connect(changes);
        peer.sendLogon(fields);
        await peer.expectClosed();
      });
    }

    it('without username or password is disconnected without a word (4)', async () => {
      const peer = await venue.connect();
      peer.send('A', { 98: '0', 108: '30', ...(version === 'FIX.5.0SP2' ? { 1137: '9' } : {}) });
      await peer.expectClosed();
    });

    it('whose SendingTime is stale is disconnected without a word (4)', async () => {
      const peer = await venue.connect();
      peer.sendLogon({}, { sendingTime: venue.clock.now() - 121_000 });
      await peer.expectClosed();
    });

    it('whose first message is no Logon is disconnected without a word (4)', async () => {
      const peer = await venue.connect();
      peer.send('D', order('a'));
      await peer.expectClosed();
      expect(venue.submitted).to.deep.equal([]);
    });

    it('with another BeginString is disconnected without a word (4)', async () => {
      const peer = await venue.connect();
      const time = utcTimestamp(venue.clock.now());
      peer.sendBody(`35=A|49=100|56=ONEBOOK|34=1|52=${time}|98=0|108=30|553=alice|554=secret|`, 'FIX.4.3');
      await peer.expectClosed();
    });

    it('with a wrong BodyLength is disconnected without a word (4)', async () => {
      const peer = await venue.connect();
      const time = utcTimestamp(venue.clock.now());
      const beginString = beginStringOf(version);
      peer.sendRaw(`8=${beginString}|9=20|35=A|49=100|56=ONEBOOK|34=1|52=${time}|98=0|108=30|10=123|`);
      await peer.expectClosed();
    });

    it('is disconnected without a word when the database cannot tell', async () => {
      venue.verdict = { type: 'Unavailable', reason: 'no answer' };
      const peer = await venue.connect();
      peer.sendLogon();
      await peer.expectClosed();
    });

    it('that speaks no FIX is disconnected', async () => {
      const peer = await venue.connect();
      peer.sendRaw('GET / HTTP/1.1\r\nHost: venue\r\n\r\n');
      await peer.expectClosed();
    });

    it('that announces a message of a gigabyte is disconnected before it sends it', async () => {
      const peer = await venue.connect();
      peer.sendRaw('8=FIX.4.4|9=1000000000|35=A|');
      await peer.expectClosed();
    });

    it('that says nothing is disconnected when its time is over, and not before', async () => {
      const peer = await venue.connect();
      await until('the connection to be taken', () => venue.sessionCount === 1);
      venue.advance(9_999);
      const later = await venue.connect();
      await until('the tick to be dealt with', () => venue.sessionCount === 2);
      expect(peer.isClosed).to.equal(false);
      venue.advance(1);
      await peer.expectClosed();
      later.close();
    });

    it('that sends a Logon a byte a second is disconnected when its time is over', async () => {
      const peer = await venue.connect();
      await until('the connection to be taken', () => venue.sessionCount === 1);
      for (const byte of '8=FIX.4.4|') {
        peer.sendRaw(byte);
        venue.advance(1_000);
      }
      await peer.expectClosed();
    });
  });

  describe('a member that may not trade', () => {
    it('is told so in a Logout that counts', async () => {
      const venue = await FixVenue.start({ version });
      try {
        const { userId } = MEMBER;
        const disabled = { type: 'Disabled', text: 'the account is disabled', userId } as const;
        venue.verdict = disabled;
        const member = await venue.connect();
        member.sendLogon();
        await member.expect('5', { 34: 1, 58: 'the account is disabled' });
        await member.expectClosed();
        await venue.settled();
        expect(venue.stored()).to.include({ nextInSeqNum: 2, nextOutSeqNum: 2, isClean: true });
      } finally {
        await venue.stop();
      }
    });
  });
});

/** Silence and goodbyes: points 17 and 18 of what an acceptor must do. */
import { expect } from 'chai';
import type { Address } from '../../../src/actors/protocol.ts';
import type { FixClient } from '../../support/fix-client.ts';
import { FixVenue, limitOrder, MEMBER, OTHER_MEMBER } from '../../support/fix-venue.ts';
import { forEachVersion } from '../../support/fix-versions.ts';
import { until } from '../../support/until.ts';

const GATE: Address = { type: 'gateway', name: 'gate' };

forEachVersion((version) => {
  const order = (clOrdId: string, changes: Readonly<Record<number, string>> = {}) =>
    limitOrder(clOrdId, changes, version);

  describe('a session in which nothing happens', () => {
    let venue: FixVenue;
    let member: FixClient;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
      member = await venue.logon({ heartBtInt: 10 });
    });
    afterEach(() => venue.stop());

    it('gets a Heartbeat when the venue has said nothing for HeartBtInt, and not before (17)', async () => {
      venue.advance(9_999);
      member.send('1', { 112: 'early' });
      await member.expect('0', { 34: 2, 112: 'early' });
      venue.advance(9_999);
      member.send('0');
      venue.advance(1);
      const heartbeat = await member.expect('0', { 34: 3 });
      expect(heartbeat.has(112)).to.equal(false);
    });

    it('is tested after 1.2 times HeartBtInt of silence, and an answer clears that (17)', async () => {
      venue.advance(12_000);
      const test = await member.expect('1', { 34: 2 });
      member.send('0', { 112: test.get(112) ?? '' });
      member.send('1', { 112: 'seen' });
      await member.expect('0', { 112: 'seen' });
      venue.advance(11_999);
      await member.expect('0');
      venue.advance(1);
      await member.expect('1');
    });

    it('is disconnected after 2.4 times HeartBtInt of silence, with nothing said after the TestRequest (17)', async () => {
      venue.advance(12_000);
      await member.expect('1');
      venue.advance(11_999);
      const other = await venue.logon(OTHER_MEMBER);
      expect(member.isClosed, 'just before').to.equal(false);
      other.close();
      venue.advance(1);
      await member.expectClosed();
      await venue.settled();
      expect(venue.lines.at(-1)).to.include({
        event: 'session ended',
        reason: 'nothing was received for 24000 ms',
      });
    });

    it('answers a TestRequest with the same 112 (17)', async () => {
      member.send('1', { 112: 'any text | at all' });
      await member.expect('0', { 112: 'any text | at all' });
    });

    it('saves the numbers of its Heartbeats', async () => {
      member.send('0');
      member.send('0');
      member.send('1', { 112: 'x' });
      await member.expect('0');
      venue.advance(1_000);
      await venue.journal('the numbers', ({ nextInSeqNum, nextOutSeqNum }) => {
        return nextInSeqNum === 5 && nextOutSeqNum === 3;
      });
    });
  });

  describe('Logout', () => {
    let venue: FixVenue;
    let member: FixClient;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
      member = await venue.logon();
    });
    afterEach(() => venue.stop());

    it('is answered with a Logout, then the connection is closed, with exact numbers saved (18)', async () => {
      member.send('5', { 58: 'good night' });
      await member.expect('5', { 34: 2 });
      await member.expectClosed();
      await venue.settled();
      expect(venue.stored()).to.include({ nextInSeqNum: 3, nextOutSeqNum: 3, isClean: true });
    });

    it('is answered after the reports of the requests before it', async () => {
      const answers: (() => void)[] = [];
      venue.onSubmit = (message) => answers.push(() => venue.accept(message));
      member.send('D', order('a'));
      member.send('5');
      await until('the order to reach the exchange', () => answers.length === 1);
      for (const answer of answers) answer();
      await member.expect('8', { 11: 'a' });
      await member.expect('5');
      await member.expectClosed();
    });

    it('is answered in bounded time when requests before it are not, and these show as a gap later', async () => {
      venue.onSubmit = () => {};
      member.send('D', order('a'));
      member.send('5');
      await until('the order to reach the exchange', () => venue.submitted.length === 1);
      venue.advance(2_000);
      await member.expect('5');
      await member.expectClosed();
      await venue.settled();
      expect(venue.stored().nextInSeqNum, 'the number of the unanswered order').to.equal(2);
    });

    it('of the venue waits for the member’s, and then the session is over', async () => {
      venue.system.tell(GATE, { type: 'LogoutMember', senderCompId: 100, text: 'you are disabled' });
      await member.expect('5', { 58: 'you are disabled' });
      member.send('5');
      await member.expectClosed();
      await venue.settled();
      expect(venue.stored()).to.include({ nextInSeqNum: 3, isClean: true });
    });

    it('of the venue that nobody answers ends the session all the same', async () => {
      venue.system.tell(GATE, { type: 'LogoutMember', senderCompId: 100, text: 'you are disabled' });
      await member.expect('5');
      venue.advance(2_000);
      await member.expectClosed();
    });

    it('of the venue does not keep a ResendRequest above a gap from being served', async () => {
      venue.system.tell(GATE, { type: 'LogoutMember', senderCompId: 100, text: 'closing' });
      await member.expect('5', { 34: 2 });
      member.send('2', { 7: 1, 16: 0 }, { msgSeqNum: 9 });
      await member.expect('4', { 34: 1, 36: 3 });
      member.send('5', {}, { msgSeqNum: 10 });
      await member.expectClosed();
      await venue.settled();
      expect(venue.stored().nextInSeqNum).to.equal(2);
    });

    it('of the venue leaves requests that cross it unconsumed, and serves a ResendRequest', async () => {
      venue.system.tell(GATE, { type: 'LogoutMember', senderCompId: 100, text: 'closing' });
      await member.expect('5', { 34: 2 });
      member.send('2', { 7: 1, 16: 1 });
      await member.expect('4', { 34: 1, 36: 2 });
      member.send('D', order('crossed'));
      member.send('5');
      await member.expectClosed();
      await venue.settled();
      expect(venue.submitted).to.deep.equal([]);
      expect(venue.stored().nextInSeqNum, 'the number of the order').to.equal(3);
    });

    it('is not needed: a connection that breaks leaves exact numbers too', async () => {
      member.send('D', order('a'));
      await member.expect('8');
      member.close();
      await venue.settled();
      expect(venue.stored()).to.include({ nextInSeqNum: 3, nextOutSeqNum: 3, isClean: true });
    });

    it('goes to every session when the venue drains, and no new one is taken', async () => {
      const other = await venue.logon(OTHER_MEMBER);
      const silent = await venue.connect();
      await until('three connections', () => venue.sessionCount === 3);
      const drained = venue.system.ask((replyTo) => {
        venue.system.tell(GATE, { type: 'DrainGateway', text: 'the venue closes', replyTo });
      }, 5_000);
      for (const client of [member, other]) {
        await client.expect('5', { 58: 'the venue closes' });
        client.send('5');
        await client.expectClosed();
      }
      await silent.expectClosed();
      expect(await drained).to.deep.equal({ type: 'Drained' });
      const late = await venue.connect(MEMBER);
      await late.expectClosed();
    });

    it('comes after the News of it, for whoever is logged on', async () => {
      const silent = await venue.connect();
      await until('two connections', () => venue.sessionCount === 2);
      const lines = ['all orders stay'];
      venue.system.tell(GATE, { type: 'Announce', headline: 'the venue closes in a minute', lines });
      await member.expect('B', { 148: 'the venue closes in a minute', 33: 1, 58: 'all orders stay' });
      member.send('D', order('in time'));
      await member.expect('8', { 11: 'in time' });
      const drained = venue.system.ask((replyTo) => {
        venue.system.tell(GATE, { type: 'DrainGateway', text: 'the venue closes', replyTo });
      }, 5_000);
      await member.expect('5', { 58: 'the venue closes' });
      member.send('5');
      await member.expectClosed();
      await silent.expectClosed();
      expect(await drained).to.deep.equal({ type: 'Drained' });
    });

    it('does not let a drain wait for ever', async () => {
      const patient = await FixVenue.start({
        version,
        limits: { drainTimeoutMs: 1_000, logoutTimeoutMs: 60_000 },
      });
      try {
        const client = await patient.logon();
        const drained = patient.system.ask((replyTo) => {
          patient.system.tell(GATE, { type: 'DrainGateway', text: 'closing', replyTo });
        }, 5_000);
        await client.expect('5');
        patient.advance(1_000);
        expect(await drained).to.deep.equal({ type: 'Drained' });
        await client.expectClosed();
      } finally {
        await patient.stop();
      }
    });
  });
});

/** Whether symbols trade (e, f): once, whenever it changes, or told to everybody. */
import { expect } from 'chai';
import type { FixClient } from '../../support/fix-client.ts';
import { FixVenue, OTHER_MEMBER } from '../../support/fix-venue.ts';
import { forEachVersion } from '../../support/fix-versions.ts';
import { makeInstrument } from '../../support/instruments.ts';
import { until } from '../../support/until.ts';

const GATE = { type: 'gateway', name: 'gate' } as const;
const BTC = 'BTC-USD';
const OPEN = { type: 'Open' } as const;
const HALT = { type: 'Halted', by: 'operator', reason: 'news pending' } as const;
const CRASH = { type: 'Halted', by: 'crash', reason: 'it crashed three times' } as const;
const CANCEL_ONLY = { type: 'CancelOnly', reason: 'winding down' } as const;

forEachVersion((version) => {
  /** Text (58): FIX.4.2 has none in a SecurityStatus. */
  const text = (reason: string): Readonly<Record<number, string>> =>
    version === 'FIX.4.2' ? {} : { 58: reason };

  describe('the status of a symbol', () => {
    let venue: FixVenue;
    let member: FixClient;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
      member = await venue.logon();
    });
    afterEach(() => venue.stop());

    /** What the exchange does when a symbol's status changes. */
    function change(...status: Parameters<FixVenue['securities']['set']>): void {
      venue.securities.set(...status);
      venue.system.tell(GATE, { type: 'SecurityStatusChanged', symbol: status[0] });
    }

    /** Everything before it has been dealt with when the answer is there: nothing else was sent. */
    async function expectNothing(client: FixClient = member): Promise<void> {
      client.send('1', { 112: 'nothing' });
      await client.expect('0', { 112: 'nothing' });
    }

    const states = [
      ['trades', OPEN, true, '17', undefined],
      ['is halted by the operator', HALT, true, '2', 'halted: news pending'],
      ['is halted by a crash', CRASH, false, '2', 'halted: it crashed three times'],
      ['takes cancels only', CANCEL_ONLY, true, '18', 'takes cancels only: winding down'],
      ['is being rebuilt', OPEN, false, '18', 'recovering'],
    ] as const;
    for (const [what, status, isReady, said, reason] of states) {
      it(`is ${said} while it ${what}`, async () => {
        venue.securities.set(BTC, status, isReady);
        member.send('e', { 324: 's1', 55: BTC, 263: '0' });
        const expected = { 324: 's1', 55: BTC, 325: 'N', 326: said };
        const told = await member.expect('f', { ...expected, ...(reason === undefined ? {} : text(reason)) });
        expect(told.get(60)).to.match(/^20260105-12:00:00/);
        expect(told.has(58)).to.equal(reason !== undefined && version !== 'FIX.4.2');
      });
    }

    it('is told once to whoever asks once', async () => {
      member.send('e', { 324: 's1', 55: BTC, 263: '0' });
      await member.expect('f', { 326: '17' });
      change(BTC, HALT);
      await expectNothing();
    });

    it('is told to a follower whenever it changes, by the id that it asked with', async () => {
      member.send('e', { 324: 's1', 55: BTC, 263: '1' });
      await member.expect('f', { 324: 's1', 325: 'N', 326: '17' });
      change(BTC, HALT);
      await member.expect('f', { 324: 's1', 55: BTC, 325: 'Y', 326: '2', ...text('halted: news pending') });
      change(BTC, CANCEL_ONLY);
      await member.expect('f', { 326: '18', ...text('takes cancels only: winding down') });
      change(BTC, OPEN);
      const told = await member.expect('f', { 324: 's1', 325: 'Y', 326: '17' });
      expect(told.has(58)).to.equal(false);
    });

    it('is told to followers of that symbol only', async () => {
      venue.securities.add(makeInstrument({ symbol: 'ETH-USD' }));
      const other = await venue.logon(OTHER_MEMBER);
      other.send('e', { 324: 'o1', 55: 'ETH-USD', 263: '1' });
      await other.expect('f', { 55: 'ETH-USD' });
      member.send('e', { 324: 's1', 55: BTC, 263: '1' });
      await member.expect('f', { 55: BTC });
      change(BTC, HALT);
      await member.expect('f', { 326: '2' });
      await expectNothing(other);
      change('ETH-USD', HALT);
      await other.expect('f', { 324: 'o1', 55: 'ETH-USD', 326: '2' });
      await expectNothing();
    });

    it('is not told any more when the member has had enough', async () => {
      member.send('e', { 324: 's1', 55: BTC, 263: '1' });
      await member.expect('f');
      member.send('e', { 324: 's1', 55: BTC, 263: '2' });
      await expectNothing();
      change(BTC, HALT);
      await expectNothing();
    });

    it('that nobody follows cannot be stopped: 380=1', async () => {
      member.send('e', { 324: 's1', 55: BTC, 263: '1' });
      await member.expect('f');
      member.send('e', { 324: 's2', 55: BTC, 263: '2' });
      await member.expect('j', { 45: 3, 372: 'e', 379: 's2', 380: 1 });
      change(BTC, HALT);
      await member.expect('f', { 324: 's1' });
    });

    it('is followed under the last id that asked for it', async () => {
      for (const id of ['s1', 's2']) {
        member.send('e', { 324: id, 55: BTC, 263: '1' });
        await member.expect('f', { 324: id, 325: 'N' });
      }
      change(BTC, HALT);
      await member.expect('f', { 324: 's2', 325: 'Y' });
      await expectNothing();
    });

    it('of a symbol that there is not is refused with 380=2', async () => {
      for (const kind of ['0', '1']) {
        member.send('e', { 324: 's1', 55: 'XXX-YYY', 263: kind });
        await member.expect('j', { 372: 'e', 379: 's1', 380: 2, 58: 'Symbol(55)=XXX-YYY is not known' });
      }
    });

    it('is for the session: after a reconnect it is asked for again', async () => {
      member.send('e', { 324: 's1', 55: BTC, 263: '1' });
      await member.expect('f');
      await member.logout();
      await venue.settled();
      const again = await venue.logon({ nextOutSeqNum: member.nextOutSeqNum });
      change(BTC, HALT);
      await expectNothing(again);
    });

    it('is followed through a reset of the numbers, also when it changes meanwhile', async () => {
      member.send('e', { 324: 's1', 55: BTC, 263: '1' });
      await member.expect('f', { 34: 2 });
      venue.store.isHeld = true;
      member.sendLogon({ 141: 'Y' }, { msgSeqNum: 1 });
      await until('the reset', () => venue.opens.length === 2);
      change(BTC, HALT);
      change(BTC, CANCEL_ONLY);
      venue.store.release();
      await member.expect('A', { 34: 1, 141: 'Y' });
      await member.expect('f', { 34: 2, 326: '18' });
      member.nextOutSeqNum = 2;
      await expectNothing();
    });

    it('is told when it has become another, not whenever something has happened to it', async () => {
      member.send('e', { 324: 's1', 55: BTC, 263: '1' });
      await member.expect('f', { 326: '17' });
      change(BTC, OPEN);
      await expectNothing();
      change(BTC, HALT);
      change(BTC, HALT);
      await member.expect('f', { 326: '2' });
      await expectNothing();
    });

    it('is told to every member where the venue is configured so', async () => {
      const open = await FixVenue.start({ version, securityStatusToAll: true });
      try {
        const [first, second] = [await open.logon(), await open.logon(OTHER_MEMBER)];
        second.send('e', { 324: 's1', 55: BTC, 263: '1' });
        await second.expect('f', { 324: 's1', 325: 'N' });
        open.securities.set(BTC, HALT);
        open.system.tell(GATE, { type: 'SecurityStatusChanged', symbol: BTC });
        const told = await first.expect('f', { 55: BTC, 325: 'Y', 326: '2' });
        expect(told.has(324)).to.equal(false);
        await second.expect('f', { 324: 's1', 325: 'Y', 326: '2' });
      } finally {
        await open.stop();
      }
    });

    it('can be asked for again like every message', async () => {
      member.send('e', { 324: 's1', 55: BTC, 263: '0' });
      await member.expect('f', { 34: 2 });
      member.send('2', { 7: 2, 16: 0 });
      await member.expect('f', { 34: 2, 43: 'Y', 324: 's1' });
    });
  });
});

describe('a follower that does not read', () => {
  it('is told the state as it is when it reads again, not all that was between', async () => {
    const venue = await FixVenue.start({ limits: { maxUnsentBytes: 64 * 1024 } });
    try {
      const undelivered = Array.from({ length: 20_000 }, (_, i) => venue.newReport({ clOrdId: `u${i}` }));
      venue.stored().undelivered = undelivered;
      const member = await venue.connect();
      member.stopReading();
      member.sendLogon();
      member.send('e', { 324: 's1', 55: BTC, 263: '1' });
      await until('the Logon to be answered', () => venue.journaled.length > 0);
      const changes = 500;
      for (let i = 0; i < changes; i += 1) {
        venue.securities.set(BTC, i === changes - 1 ? CANCEL_ONLY : HALT);
        venue.system.tell(GATE, { type: 'SecurityStatusChanged', symbol: BTC });
      }
      member.startReading();
      const told: (string | undefined)[] = [];
      let reportCount = 0;
      while (reportCount < undelivered.length || told.at(-1) !== '18') {
        await venue.tickFor(member);
        const message = await member.nextMessage();
        if (message.msgType === 'f') told.push(message.get(326));
        if (message.msgType === '8') reportCount += 1;
      }
      expect(told.length).to.be.lessThan(changes);
    } finally {
      await venue.stop();
    }
  });
});

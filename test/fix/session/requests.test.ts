/** Requests on their way to the exchange and answers on their way back: batches, refusals, numbers and bounds. */
import { expect } from 'chai';
import type { AccountMessage } from '../../../src/actors/protocol.ts';
import { restartFresh } from '../../../src/actors/supervision.ts';
import type { ExecutionReport } from '../../../src/matching/execution-report.ts';
import type { FixClient } from '../../support/fix-client.ts';
import { FixVenue, limitOrder, MEMBER } from '../../support/fix-venue.ts';
import { until } from '../../support/until.ts';

const GATE = { type: 'gateway', name: 'gate' } as const;
const CANCEL = { 11: 'f', 41: 'a', 55: 'BTC-USD', 54: '1', 60: '20260105-12:00:00.000' };
const STATUS = { 11: 'a', 55: 'BTC-USD', 54: '1', 790: 's1' };
const MASS_STATUS = { 584: 'm1', 585: '7' };
const REPLACE = { ...limitOrder('g'), 41: 'a' };

describe('requests', () => {
  let venue: FixVenue;
  let member: FixClient;

  beforeEach(async () => {
    venue = await FixVenue.start();
    member = await venue.logon();
  });
  afterEach(() => venue.stop());

  it('of one socket read reach the exchange as one message, under their numbers', async () => {
    member.sendRaw(
      Buffer.concat([
        member.encode('D', limitOrder('a')),
        member.encode('0'),
        member.encode('F', CANCEL),
        member.encode('G', REPLACE),
      ]),
    );
    const [submitted] = await until('the requests', () => venue.submitted.length > 0 && venue.submitted);
    expect(submitted?.userId).to.equal(7);
    const told = submitted?.commands.map(({ msgSeqNum, command }) => {
      return [msgSeqNum, command.type, 'clOrdId' in command && command.clOrdId];
    });
    expect(told).to.deep.equal([
      [2, 'NewOrderSingle', 'a'],
      [4, 'OrderCancelRequest', 'f'],
      [5, 'OrderCancelReplaceRequest', 'g'],
    ]);
  });

  it('about the state of orders go the same way', async () => {
    venue.onSubmit = () => {};
    member.sendRaw(
      Buffer.concat([
        member.encode('D', limitOrder('a')),
        member.encode('H', STATUS),
        member.encode('AF', MASS_STATUS),
      ]),
    );
    const [submitted] = await until('the requests', () => venue.submitted.length > 0 && venue.submitted);
    expect(submitted?.commands.slice(1)).to.deep.equal([
      {
        msgSeqNum: 3,
        command: {
          type: 'OrderStatusRequest',
          clOrdId: 'a',
          orderId: undefined,
          symbol: 'BTC-USD',
          side: '1',
          ordStatusReqId: 's1',
        },
      },
      {
        msgSeqNum: 4,
        command: {
          type: 'OrderMassStatusRequest',
          massStatusReqId: 'm1',
          symbol: undefined,
          side: undefined,
        },
      },
    ]);
  });

  it('about the state of orders of a kind that has no answer are refused with 380=0', async () => {
    member.send('AF', { ...MASS_STATUS, 585: '3' });
    const reject = await member.expect('j', { 45: 2, 372: 'AF', 379: 'm1', 380: 0 });
    expect(reject.get(58)).to.contain('MassStatusReqType(585)=3');
    expect(venue.submitted).to.deep.equal([]);
  });

  it('about the state of orders that cannot be taken are not told that there is no such order', async () => {
    for (const [refusal, reason] of [
      ['Overloaded', 0],
      ['Draining', 0],
      ['Unanswerable', 0],
      ['StoreUnavailable', 4],
    ] as const) {
      venue.onSubmit = (message) => venue.refuse(message, refusal, `${refusal}, come back later`);
      const text = `${refusal}, come back later`;
      const msgSeqNum = member.send('H', STATUS);
      await member.expect('j', { 45: msgSeqNum, 372: 'H', 379: 'a', 380: reason, 58: text });
      member.send('AF', MASS_STATUS);
      await member.expect('j', { 45: msgSeqNum + 1, 372: 'AF', 379: 'm1', 380: reason, 58: text });
    }
  });

  it('of which the venue has nothing true to say are turned away by a j: no report says that they were refused', async () => {
    const text = 'order 7 is closed, its OrdStatus(39) is 2';
    venue.onSubmit = (message) => venue.refuse(message, 'Unanswerable', text);
    for (const [msgType, fields, clOrdId] of [
      ['D', limitOrder('a'), 'a'],
      ['F', CANCEL, 'f'],
      ['G', REPLACE, 'g'],
    ] as const) {
      const msgSeqNum = member.send(msgType, fields, { possResend: true });
      await member.expect('j', { 45: msgSeqNum, 372: msgType, 379: clOrdId, 380: 0, 58: text });
    }
  });

  it('that the venue does not offer go to the account too, which refuses and records them', async () => {
    venue.onSubmit = () => {};
    member.send('D', limitOrder('stop', { 40: '3', 99: '90.00' }));
    const [submitted] = await until('the request', () => venue.submitted.length > 0 && venue.submitted);
    const command = submitted?.commands[0]?.command;
    expect(command).to.include({ type: 'UnsupportedRequest', msgType: 'D', clOrdId: 'stop', reason: 11 });
  });

  it('are saved as received only when their answers are committed', async () => {
    const answers: (() => void)[] = [];
    venue.onSubmit = (message) => answers.push(() => venue.accept(message));
    member.send('D', limitOrder('a'));
    await until('the first order', () => answers.length === 1);
    member.send('D', limitOrder('b'));
    await until('the second order', () => answers.length === 2);
    answers[1]?.();
    await member.expect('8', { 11: 'b' });
    const first = await venue.journal('the second answer', ({ sent }) => sent?.firstSeqNum === 2);
    expect(first.nextInSeqNum, 'the first is not answered').to.equal(2);
    answers[0]?.();
    await member.expect('8', { 11: 'a' });
    const second = await venue.journal('the first answer', ({ sent }) => sent?.firstSeqNum === 3);
    expect(second.nextInSeqNum).to.equal(4);
  });

  it('are answered in one journal entry a commit, with the last report of each source', async () => {
    const elsewhere = { ...venue.newReport({ clOrdId: 'c' }), source: 'ETH-USD', sourceSeq: 31 };
    const status = { ...venue.newReport({ clOrdId: 'd' }), sourceSeq: 0, execType: 'I' as const };
    const reports = [venue.newReport({ clOrdId: 'a' }), venue.newReport({ clOrdId: 'b' }), elsewhere, status];
    venue.commit(reports);
    for (const clOrdId of ['a', 'b', 'c', 'd']) await member.expect('8', { 11: clOrdId });
    const entry = await venue.journal('the reports', ({ sent }) => sent !== undefined);
    expect(entry.sent).to.include({ firstSeqNum: 2, lastSeqNum: 5 });
    expect(entry.delivered).to.deep.equal([
      { source: 'BTC-USD', sourceSeq: 4 },
      { source: 'ETH-USD', sourceSeq: 31 },
    ]);
    expect(venue.journaled).to.have.length(1);
  });

  it('without a database are refused with 380=4 and what to do, and may be sent again', async () => {
    venue.onSubmit = (message) => venue.refuse(message, 'StoreUnavailable', 'no database, please try again');
    member.send('D', limitOrder('a'));
    const reject = await member.expect('j', { 45: 2, 372: 'D', 379: 'a', 380: 4 });
    expect(reject.get(58)).to.equal('no database, please try again');
    member.send('F', CANCEL);
    await member.expect('j', { 45: 3, 372: 'F', 379: 'f', 380: 4 });
    member.send('G', REPLACE);
    await member.expect('j', { 45: 4, 372: 'G', 379: 'g', 380: 4 });
    await member.logout();
    await venue.settled();
    expect(venue.stored().nextInSeqNum).to.equal(6);
  });

  it('beyond what the venue can take are refused each in its own way, with ids of their own', async () => {
    venue.onSubmit = (message) => venue.refuse(message, 'Overloaded', 'too many orders, please slow down');
    member.send('D', limitOrder('a'));
    const fields = { 11: 'a', 37: 'NONE', 150: '8', 39: '8', 103: '0', 151: '0', 38: '1.00' };
    const first = await member.expect('8', { ...fields, 58: 'too many orders, please slow down' });
    member.send('D', limitOrder('a'));
    const second = await member.expect('8', fields);
    expect(first.get(17)).to.not.equal(second.get(17));
    member.send('F', CANCEL);
    await member.expect('9', { 11: 'f', 41: 'a', 37: 'NONE', 39: '8', 434: '1', 102: '2' });
    member.send('G', REPLACE);
    await member.expect('9', { 11: 'g', 41: 'a', 434: '2', 102: '2' });
  });

  it('that were refused are part of the history that can be asked for again', async () => {
    venue.onSubmit = (message) => venue.refuse(message, 'Draining', 'the venue closes');
    member.send('D', limitOrder('a'));
    await member.expect('8', { 34: 2 });
    member.send('2', { 7: 2, 16: 2 });
    await member.expect('8', { 34: 2, 43: 'Y', 11: 'a', 150: '8' });
    expect(venue.journaled.flatMap(({ delivered }) => delivered)).to.deep.equal([]);
  });

  it('that crash the session end in a Logout, and the member may log on again', async () => {
    const broken = { ...venue.newReport({ clOrdId: 'x' }), text: 'a\x01b' };
    venue.commit([broken]);
    await member.expect('5', { 58: 'internal error, please log on again' });
    await member.expectClosed();
    await until('the session to be forgotten', () => venue.sessionCount === 0);
    const again = await venue.connect({ nextOutSeqNum: 2 });
    again.sendLogon();
    await again.expect('A');
    await again.expect('2', { 7: 1, 16: 0 });
  });
});

describe('outbound numbers', () => {
  it('beyond the committed reservation stay off the wire until more are reserved', async () => {
    const venue = await FixVenue.start({ limits: { reservedSeqNums: 10 } });
    try {
      venue.store.reserveCount = 10;
      const member = await venue.logon();
      venue.store.isHeld = true;
      const reports = Array.from({ length: 12 }, (_, i) => venue.newReport({ clOrdId: `r${i}` }));
      venue.commit(reports.slice(0, 4));
      venue.commit(reports.slice(4));
      for (let i = 0; i < 9; i += 1) await member.expect('8', { 34: i + 2, 11: `r${i}` });
      const asked = await venue.journal('more numbers', ({ reservedOutSeqNum }) => reservedOutSeqNum > 10);
      expect(asked.reservedOutSeqNum).to.be.lessThan(30);
      await until('the rest to wait', () => venue.journaled.at(-1)?.nextOutSeqNum === 11);
      expect(member.waitingCount).to.equal(0);
      venue.store.release();
      for (let i = 9; i < 12; i += 1) await member.expect('8', { 34: i + 2, 11: `r${i}` });
    } finally {
      await venue.stop();
    }
  });

  it('are asked for once, before they run out', async () => {
    const venue = await FixVenue.start({ limits: { reservedSeqNums: 10 } });
    try {
      venue.store.reserveCount = 10;
      const member = await venue.logon();
      for (let i = 0; i < 100; i += 1) {
        member.send('D', limitOrder(`o${i}`));
        await member.expect('8', { 34: i + 2 });
      }
      const asked = new Set(venue.journaled.map(({ reservedOutSeqNum }) => reservedOutSeqNum));
      expect(asked.size, 'reservations for 101 numbers').to.be.within(10, 26);
    } finally {
      await venue.stop();
    }
  });
});

describe('a member that sends faster than it is answered', () => {
  const BOUND = 10;
  /** More than socket buffers and one read hold: 4 MiB of orders. */
  const COUNT = 20_000;

  it('is read no further, until half of its requests are answered', async () => {
    const venue = await FixVenue.start({ limits: { maxUnansweredRequestsPerSession: BOUND } });
    try {
      const member = await venue.logon();
      venue.onSubmit = () => {};
      const submittedCount = () => venue.submitted.reduce((sum, { commands }) => sum + commands.length, 0);
      const orders = Array.from({ length: COUNT }, (_, i) => member.encode('D', limitOrder(`o${i}`)));
      member.sendRaw(Buffer.concat(orders));
      await until('the bound to be passed', () => submittedCount() > BOUND);
      venue.onSubmit = (message) => venue.accept(message);
      expect(submittedCount(), 'requests taken before any answer').to.be.lessThan(COUNT);
      for (const message of venue.submitted.slice()) venue.accept(message);
      for (let i = 0; i < COUNT; i += 1) await member.expect('8', { 11: `o${i}` });
    } finally {
      await venue.stop();
    }
  });

  it('is read on while there is no database, since it is refused at once', async () => {
    const venue = await FixVenue.start({ limits: { maxUnansweredRequestsPerSession: 1 } });
    try {
      const member = await venue.logon();
      venue.onSubmit = () => {};
      for (const clOrdId of ['a', 'b', 'c']) {
        member.send('D', limitOrder(clOrdId));
      }
      await until('the requests before the bound', () => venue.submitted.length > 0);
      venue.onSubmit = (message) => venue.refuse(message, 'StoreUnavailable', 'no database');
      venue.system.tell(GATE, { type: 'StoreUnavailable', reason: 'gone' });
      member.send('D', limitOrder('d'));
      for (;;) {
        const reject = await member.expect('j', { 380: 4 });
        if (reject.get(379) === 'd') break;
      }
    } finally {
      await venue.stop();
    }
  });
});

describe('the answer to a mass status request', () => {
  /** As a member's account makes it. */
  function statusReports(venue: FixVenue, count: number): ExecutionReport[] {
    return Array.from({ length: count }, (_, i) => ({
      ...venue.newReport({ clOrdId: `o${i}` }),
      sourceSeq: 0,
      execType: 'I' as const,
      massStatus: { massStatusReqId: 'm1', totNumReports: count, isLast: i === count - 1 },
    }));
  }

  it('does not count as reports that a member does not read, however long it is', async () => {
    const venue = await FixVenue.start({ limits: { maxUnsentBytes: 64 * 1024, maxQueuedReports: 10 } });
    try {
      const member = await venue.logon();
      const count = 500;
      venue.commit(statusReports(venue, count));
      venue.commit(Array.from({ length: 10 }, (_, i) => venue.newReport({ clOrdId: `behind ${i}` })));
      for (let i = 0; i < count + 10; i += 1) {
        await venue.tickFor(member);
        await member.expect('8', { 34: i + 2, 11: i < count ? `o${i}` : `behind ${i - count}` });
      }
      venue.commit(statusReports(venue, count));
      venue.commit(Array.from({ length: 11 }, () => venue.newReport()));
      await until('the session to be ended', () => venue.sessionCount === 0);
    } finally {
      await venue.stop();
    }
  });

  it('is told to the account as it leaves, so that the next one may be made', async () => {
    const venue = await FixVenue.start({ limits: { maxUnsentBytes: 64 * 1024 } });
    try {
      let toldCount = 0;
      venue.system.spawn(
        { type: 'account', userId: MEMBER.userId },
        {
          initial: () => undefined,
          receive: (state: undefined, message: AccountMessage) => {
            if (message.type === 'StatusReportsTold') toldCount += message.count;
            return state;
          },
        },
        restartFresh(),
      );
      const member = await venue.logon();
      venue.commit([...statusReports(venue, 2), venue.newReport()]);
      await until('a short answer to be told', () => toldCount === 2);
      venue.commit(statusReports(venue, 2_000));
      await member.expect('8', { 34: 2 });
      expect(toldCount, 'what still waits').to.be.lessThan(1_000);
      for (let i = 1; i < 2_003; i += 1) {
        await venue.tickFor(member);
        await member.expect('8', { 34: i + 2 });
      }
      await until('the rest to be told', () => toldCount === 2_002);
    } finally {
      await venue.stop();
    }
  });

  it('is not lost when the numbers are reset before it is read', async () => {
    const venue = await FixVenue.start({ limits: { maxUnsentBytes: 64 * 1024 } });
    try {
      const member = await venue.logon();
      const count = 500;
      venue.commit(statusReports(venue, count));
      await member.expect('8', { 11: 'o0' });
      member.nextOutSeqNum = 1;
      member.sendLogon({ 141: 'Y' });
      const seen = ['o0'];
      while (seen.length < count) {
        await venue.tickFor(member);
        const message = await member.nextMessage();
        if (message.msgType === '8') seen.push(message.get(11) ?? '');
      }
      expect(seen).to.deep.equal(Array.from({ length: count }, (_, i) => `o${i}`));
    } finally {
      await venue.stop();
    }
  });

  it('may be longer than what may wait in the connection: it goes out as the member reads', async () => {
    const venue = await FixVenue.start({ limits: { maxUnsentBytes: 64 * 1024 } });
    try {
      const member = await venue.logon();
      const count = 2_000;
      venue.commit(
        Array.from({ length: count }, (_, i) => ({
          ...venue.newReport({ clOrdId: `o${i}` }),
          sourceSeq: 0,
          execType: 'I' as const,
          massStatus: { massStatusReqId: 'm1', totNumReports: count, isLast: i === count - 1 },
        })),
      );
      venue.commit([venue.newReport({ clOrdId: 'behind' })]);
      for (let i = 0; i < count; i += 1) {
        await venue.tickFor(member);
        await member.expect('8', { 34: i + 2, 11: `o${i}`, 150: 'I', 584: 'm1', 911: count });
      }
      await venue.tickFor(member);
      await member.expect('8', { 34: count + 2, 11: 'behind' });
    } finally {
      await venue.stop();
    }
  });
});

describe('a member that never reads', () => {
  it('is disconnected when too much waits for it, and every report stays in the store', async () => {
    const venue = await FixVenue.start({ limits: { maxUnsentBytes: 256 * 1024 } });
    try {
      const member = await venue.logon();
      member.stopReading();
      let commits = 0;
      await until('the session to be ended', () => {
        if (venue.sessionCount === 0) return true;
        venue.commit(Array.from({ length: 500 }, () => venue.newReport()));
        commits += 1;
        return false;
      });
      await venue.settled();
      const ended = venue.lines.find(({ event }) => event === 'session ended');
      expect(String(ended?.reason)).to.match(/^the member does not read: \d+ bytes are waiting$/);
      expect(venue.stored().isClean).to.equal(true);
      const last = venue.stored().messages.at(-1)?.lastSeqNum;
      expect(venue.stored().nextOutSeqNum, 'what was numbered is stored').to.equal((last ?? 0) + 1);
      expect(commits).to.be.greaterThan(1);
    } finally {
      await venue.stop();
    }
  });

  it('loses nothing: back again, it asks for what it did not read and gets all of it', async () => {
    const venue = await FixVenue.start({ limits: { maxUnsentBytes: 256 * 1024 } });
    try {
      const slow = await venue.logon();
      slow.stopReading();
      let count = 0;
      await until('the session to be ended', () => {
        if (venue.sessionCount === 0) return true;
        venue.commit(Array.from({ length: 500 }, () => venue.newReport({ clOrdId: `r${count++}` })));
        return false;
      });
      await venue.settled();
      const sentCount = venue.stored().nextOutSeqNum - 2;
      const member = await venue.connect({ nextOutSeqNum: 2 });
      member.sendLogon();
      await member.expect('A', { 34: sentCount + 2 });
      member.send('2', { 7: 2, 16: sentCount + 1 });
      for (let i = 0; i < sentCount; i += 1) {
        if (member.waitingCount === 0) venue.advance(0);
        await member.expect('8', { 34: i + 2, 43: 'Y', 11: `r${i}` });
      }
    } finally {
      await venue.stop();
    }
  });

  it('is disconnected when too many reports wait behind undelivered ones', async () => {
    const limits = { maxQueuedReports: 10, maxUnsentBytes: 4 * 1024 };
    const venue = await FixVenue.start({ limits });
    try {
      venue.stored().undelivered = Array.from({ length: 20_000 }, () => venue.newReport());
      venue.stored().isClean = false;
      const member = await venue.logon();
      venue.commit(Array.from({ length: 11 }, () => venue.newReport()));
      await member.expectClosed();
    } finally {
      await venue.stop();
    }
  });
});

/** A mass cancel (q) on the wire: its report (r) first, then an 8 for each order, whichever is committed first. */
import { expect } from 'chai';
import {
  accountSource,
  type ExecutionReport,
  type OrderMassCancelReport,
} from '../../../src/matching/execution-report.ts';
import type { FixClient } from '../../support/fix-client.ts';
import { FixVenue, limitOrder, MEMBER } from '../../support/fix-venue.ts';
import { forEachVersion } from '../../support/fix-versions.ts';
import { until } from '../../support/until.ts';

const SOURCE = accountSource(MEMBER.userId);
const ALL = { 530: '7', 60: '20260105-12:00:00.000' };

/** What the account says of a mass cancel. */
function massCancelReport(
  clOrdId: string,
  sourceSeq: number,
  changes: Partial<OrderMassCancelReport> = {},
): OrderMassCancelReport {
  return {
    type: 'OrderMassCancelReport',
    userId: MEMBER.userId,
    source: SOURCE,
    sourceSeq,
    at: 0,
    clOrdId,
    symbol: undefined,
    side: undefined,
    massCancelRejectReason: undefined,
    totalAffectedOrders: 1,
    unanswered: [],
    text: undefined,
    ...changes,
  };
}

forEachVersion((version) => {
  describe('a mass cancel', () => {
    let venue: FixVenue;
    let member: FixClient;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
      venue.onSubmit = () => {};
      member = await venue.logon();
    });
    afterEach(() => venue.stop());

    if (version === 'FIX.4.2') {
      it('is not known: 35=3 with 373=11, and nothing is canceled', async () => {
        member.send('q', { 11: 'q1', ...ALL });
        await member.expect('3', { 45: 2, 373: 11 });
        expect(venue.submitted).to.deep.equal([]);
      });
      return;
    }

    /** Asks, and waits until the exchange has the request; returns its MsgSeqNum. */
    async function ask(clOrdId: string, possResend = false): Promise<number> {
      const before = venue.submitted.length;
      const msgSeqNum = member.send('q', { 11: clOrdId, ...ALL }, { possResend });
      await until('the mass cancel', () => venue.submitted.length > before);
      return msgSeqNum;
    }

    /** What a book says of an order that a mass cancel has ended. */
    function canceled(massCancelId: string, clOrdId: string, source = 'BTC-USD'): ExecutionReport {
      const ended = { execType: '4', ordStatus: '4', leavesQty: '0.00' } as const;
      return { ...venue.newReport(), ...ended, source, clOrdId: massCancelId, origClOrdId: clOrdId };
    }

    it('is submitted with what it asks for', async () => {
      member.send('q', { 11: 'q1', ...ALL, 530: '1', 55: 'BTC-USD', 54: '2' });
      const [submitted] = await until('the request', () => venue.submitted.length > 0 && venue.submitted);
      expect(submitted?.commands).to.deep.equal([
        {
          msgSeqNum: 2,
          command: {
            type: 'OrderMassCancelRequest',
            clOrdId: 'q1',
            symbol: 'BTC-USD',
            side: '2',
            mayBeRepeat: false,
          },
        },
      ]);
    });

    it('is answered by its report, then by one of each order, when they were committed two commits before', async () => {
      const msgSeqNum = await ask('q1');
      venue.commit([canceled('q1', 'a')]);
      venue.commit([canceled('q1', 'b', 'ETH-USD')]);
      venue.commit([massCancelReport('q1', 1, { totalAffectedOrders: 2 })], [msgSeqNum]);
      await member.expect('r', { 34: 2, 11: 'q1', 531: '7', 533: '2' });
      await member.expect('8', { 34: 3, 150: '4', 11: 'q1', 41: 'a' });
      await member.expect('8', { 34: 4, 150: '4', 11: 'q1', 41: 'b' });
    });

    it('keeps back what books report behind its first order, and nothing before it', async () => {
      const msgSeqNum = await ask('q1');
      venue.commit([
        venue.newReport({ clOrdId: 'before' }),
        canceled('q1', 'a'),
        venue.newReport({ clOrdId: 'behind' }),
      ]);
      venue.commit([{ ...venue.newReport({ clOrdId: 'elsewhere' }), source: 'ETH-USD' }]);
      await member.expect('8', { 34: 2, 11: 'before' });
      venue.commit([massCancelReport('q1', 1)], [msgSeqNum]);
      await member.expect('r', { 34: 3, 11: 'q1' });
      await member.expect('8', { 34: 4, 41: 'a' });
      await member.expect('8', { 34: 5, 11: 'behind' });
      await member.expect('8', { 34: 6, 11: 'elsewhere' });
    });

    it('does not keep back what the account says itself, nor a status', async () => {
      const msgSeqNum = await ask('q1');
      const refusal = { ...venue.newReport({ clOrdId: 'x' }), source: SOURCE, execType: '8' as const };
      const status = { ...venue.newReport({ clOrdId: 's' }), sourceSeq: 0, execType: 'I' as const };
      venue.commit([canceled('q1', 'a'), { ...refusal, sourceSeq: 1, ordStatus: '8' as const }, status]);
      await member.expect('8', { 34: 2, 11: 'x', 150: '8' });
      await member.expect('8', { 34: 3, 11: 's', 150: 'I' });
      venue.commit([massCancelReport('q1', 2)], [msgSeqNum]);
      await member.expect('r', { 34: 4 });
      await member.expect('8', { 34: 5, 41: 'a' });
    });

    it('does not hold up a cancel of one order', async () => {
      await ask('q1');
      venue.commit([canceled('f1', 'a')]);
      await member.expect('8', { 34: 2, 11: 'f1', 41: 'a' });
    });

    it('that cancels nothing holds nothing up', async () => {
      const msgSeqNum = await ask('q1');
      venue.commit([massCancelReport('q1', 1, { totalAffectedOrders: 0 })], [msgSeqNum]);
      await member.expect('r', { 34: 2, 533: '0' });
      venue.commit([venue.newReport({ clOrdId: 'a' })]);
      await member.expect('8', { 34: 3, 11: 'a' });
    });

    it('has its orders behind its own report when there are two of them at once', async () => {
      const first = await ask('q1');
      const second = await ask('q2');
      venue.commit([canceled('q1', 'a'), canceled('q2', 'b'), canceled('q1', 'c')]);
      venue.commit([massCancelReport('q1', 1)], [first]);
      await member.expect('r', { 34: 2, 11: 'q1' });
      await member.expect('8', { 34: 3, 11: 'q1', 41: 'a' });
      venue.commit([massCancelReport('q2', 2)], [second]);
      await member.expect('r', { 34: 4, 11: 'q2' });
      await member.expect('8', { 34: 5, 11: 'q2', 41: 'b' });
      await member.expect('8', { 34: 6, 11: 'q1', 41: 'c' });
    });

    it('whose ClOrdID is used again keeps its place: the second is refused behind it', async () => {
      const first = await ask('q1');
      const second = await ask('q1');
      venue.commit([canceled('q1', 'a')]);
      venue.commit([massCancelReport('q1', 1)], [first]);
      const refused = { massCancelRejectReason: 99, text: 'ClOrdID(11)=q1 was used before' };
      venue.commit([massCancelReport('q1', 2, { ...refused, totalAffectedOrders: 0 })], [second]);
      await member.expect('r', { 34: 2, 531: '7' });
      await member.expect('8', { 34: 3, 41: 'a' });
      await member.expect('r', { 34: 4, 531: '0', 58: refused.text });
    });

    it('that is repeated while the first is on its way has its own orders behind its own report', async () => {
      const first = await ask('q1');
      const second = await ask('q1', true);
      venue.commit([canceled('q1', 'a')]);
      // The repeat is carried out when the first is answered: both may be in one commit.
      venue.commit([massCancelReport('q1', 1), canceled('q1', 'b')], [first]);
      venue.commit([canceled('q1', 'c', 'ETH-USD')]);
      await member.expect('r', { 34: 2, 531: '7' });
      await member.expect('8', { 34: 3, 41: 'a' });
      venue.commit([massCancelReport('q1', 2, { totalAffectedOrders: 2 })], [second]);
      await member.expect('r', { 34: 4, 533: '2' });
      await member.expect('8', { 34: 5, 41: 'b' });
      await member.expect('8', { 34: 6, 41: 'c' });
    });

    it('has its orders behind its report when both it and its repeat are answered at once', async () => {
      const first = await ask('q1');
      const second = await ask('q1', true);
      venue.commit([canceled('q1', 'a')]);
      venue.commit(
        [massCancelReport('q1', 1), canceled('q1', 'b'), massCancelReport('q1', 2)],
        [first, second],
      );
      await member.expect('r', { 34: 2 });
      await member.expect('8', { 34: 3, 41: 'a' });
      await member.expect('r', { 34: 4 });
      await member.expect('8', { 34: 5, 41: 'b' });
    });

    it('says in words how many orders it does not list', async () => {
      const msgSeqNum = await ask('q1');
      const text = '7 orders more may still be canceled';
      const unanswered = [{ clOrdId: 'a', orderId: 1 }];
      venue.commit([massCancelReport('q1', 1, { unanswered, text })], [msgSeqNum]);
      await member.expect('r', { 531: '7', 534: '1', 58: text });
    });

    it('has what it delivered marked source by source, in order', async () => {
      const msgSeqNum = await ask('q1');
      const report = canceled('q1', 'a');
      venue.commit([report]);
      venue.commit([massCancelReport('q1', 7)], [msgSeqNum]);
      await member.expect('r');
      await member.expect('8');
      const entry = await venue.journal('both', ({ delivered }) => delivered.length === 2);
      expect(entry.delivered).to.deep.equal([
        { source: SOURCE, sourceSeq: 7 },
        { source: 'BTC-USD', sourceSeq: report.sourceSeq },
      ]);
      expect(entry.nextInSeqNum).to.equal(msgSeqNum + 1);
    });

    it('is heard of again after a reconnect: what was kept back comes then, in the order of the store', async () => {
      await ask('q1');
      const reports = [canceled('q1', 'a'), canceled('q1', 'b')];
      venue.stored().undelivered = reports;
      venue.commit(reports);
      member.close();
      await venue.settled();
      expect(venue.stored().delivered.size, 'nothing was delivered').to.equal(0);
      const again = await venue.logon({ nextOutSeqNum: 2 });
      await again.expect('8', { 34: 3, 41: 'a' });
      await again.expect('8', { 34: 4, 41: 'b' });
    });

    it('is resent in the order in which it was sent', async () => {
      const msgSeqNum = await ask('q1');
      venue.commit([canceled('q1', 'a')]);
      venue.commit([massCancelReport('q1', 1)], [msgSeqNum]);
      await member.expect('r', { 34: 2 });
      await member.expect('8', { 34: 3 });
      member.send('2', { 7: 2, 16: 0 });
      await member.expect('r', { 34: 2, 43: 'Y', 11: 'q1' });
      await member.expect('8', { 34: 3, 43: 'Y', 41: 'a' });
    });

    it('is answered before the Logout that the member has asked for meanwhile', async () => {
      const msgSeqNum = await ask('q1');
      venue.commit([canceled('q1', 'a')]);
      member.send('5');
      venue.commit([massCancelReport('q1', 1)], [msgSeqNum]);
      await member.expect('r', { 34: 2 });
      await member.expect('8', { 34: 3 });
      await member.expect('5', { 34: 4 });
      await member.expectClosed();
    });

    it('that nobody answers keeps a member from its executions for five seconds only', async () => {
      await ask('q1');
      venue.commit([canceled('q1', 'a'), venue.newReport({ clOrdId: 'b' })]);
      member.send('1', { 112: 'kept' });
      await member.expect('0', { 34: 2, 112: 'kept' });
      venue.advance(4_999);
      member.send('1', { 112: 'still kept' });
      await member.expect('0', { 34: 3, 112: 'still kept' });
      venue.advance(1);
      await member.expect('8', { 34: 4, 41: 'a' });
      await member.expect('8', { 34: 5, 11: 'b' });
    });

    it('that the exchange cannot take is refused with an r, and holds nothing up', async () => {
      const text = 'too many orders, please slow down';
      venue.onSubmit = (message) => venue.refuse(message, 'Overloaded', text);
      member.send('q', { 11: 'q1', ...ALL, 530: '1', 55: 'BTC-USD' });
      await member.expect('r', { 11: 'q1', 530: '1', 531: '0', 533: '0', 55: 'BTC-USD', 58: text });
      venue.commit([canceled('q1', 'a')]);
      await member.expect('8', { 41: 'a' });
    });

    it('without a database is refused with 380=4', async () => {
      venue.onSubmit = (message) => venue.refuse(message, 'StoreUnavailable', 'no database');
      member.send('q', { 11: 'q1', ...ALL });
      await member.expect('j', { 45: 2, 372: 'q', 379: 'q1', 380: 4, 58: 'no database' });
    });
  });
});

describe('the reports of a mass cancel', () => {
  const q = { 11: 'q1', ...ALL };
  const canceledOf = (venue: FixVenue, clOrdId: string): ExecutionReport => ({
    ...venue.newReport(),
    execType: '4',
    ordStatus: '4',
    clOrdId: 'q1',
    origClOrdId: clOrdId,
  });

  it('are behind what the member has not read yet, and it reads all of it in order', async () => {
    const limits = { maxUnsentBytes: 64 * 1024 };
    const venue = await FixVenue.start({ limits });
    try {
      const undelivered = Array.from({ length: 400 }, (_, i) => venue.newReport({ clOrdId: `u${i}` }));
      venue.stored().undelivered = undelivered;
      venue.onSubmit = () => {};
      const member = await venue.connect();
      member.stopReading();
      member.sendLogon();
      member.send('q', q);
      await until('the mass cancel', () => venue.submitted.length === 1);
      venue.commit([canceledOf(venue, 'a')]);
      venue.commit([massCancelReport('q1', 1)], [2]);
      venue.commit([venue.newReport({ clOrdId: 'last' })]);
      member.startReading();
      await member.expect('A');
      for (let i = 0; i < 400; i += 1) {
        await venue.tickFor(member);
        await member.expect('8', { 34: i + 2, 11: `u${i}` });
      }
      await venue.tickFor(member);
      await member.expect('r', { 34: 402 });
      await member.expect('8', { 34: 403, 41: 'a' });
      await member.expect('8', { 34: 404, 11: 'last' });
    } finally {
      await venue.stop();
    }
  });

  it('are not kept beyond half of what may be queued: then they go out before its own', async () => {
    const venue = await FixVenue.start({ limits: { maxQueuedReports: 100 } });
    try {
      venue.onSubmit = () => {};
      const member = await venue.logon();
      member.send('D', limitOrder('a'));
      member.send('q', q);
      await until('the mass cancel', () =>
        venue.submitted.some(({ commands }) => commands.at(-1)?.msgSeqNum === 3),
      );
      venue.commit(Array.from({ length: 50 }, (_, i) => canceledOf(venue, `c${i}`)));
      member.send('1', { 112: 'kept' });
      await member.expect('0', { 112: 'kept' });
      venue.commit([canceledOf(venue, 'c50')]);
      for (let i = 0; i <= 50; i += 1) await member.expect('8', { 34: i + 3, 41: `c${i}` });
      venue.commit([massCancelReport('q1', 1, { totalAffectedOrders: 51 })], [3]);
      await member.expect('r', { 34: 54, 533: '51' });
    } finally {
      await venue.stop();
    }
  });
});

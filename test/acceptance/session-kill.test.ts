/**
 * `kill -9` of the real process at the exact instants between computing, storing and sending a report: each member
 * is told everything, in order, and what is told again or may be is marked as that and nothing else is.
 */
import { expect } from 'chai';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { textOf } from '../support/fix-client.ts';
import { KillableMarket, type Mark, marksOf, RESERVED_SEQ_NUMS } from '../support/killable-market.ts';
import {
  containsReports,
  type HoldPoint,
  storesMessages,
  type Transaction,
} from '../support/postgres-gate.ts';
import type { Asked, LogonWay, StrictMember } from '../support/strict-member.ts';
import { until } from '../support/until.ts';

interface Moment {
  readonly when: string;
  readonly point: HoldPoint;
  readonly isMeant: (transaction: Transaction) => boolean;
  /** Whether the reports left the venue before it died: the seller hears them, the buyer's are lost on the way. */
  readonly isSent: boolean;
  /** How what was executed comes after the restart. */
  readonly seller: Mark | 'not again';
  readonly buyer: Mark;
}

const STORED_NOT_SENT: Moment = {
  when: 'when the executions are stored, and before they are sent',
  point: 'after COMMIT',
  isMeant: containsReports,
  isSent: false,
  seller: 'with 97=Y',
  buyer: 'with 97=Y',
};

const MOMENTS: readonly Moment[] = [
  {
    when: 'before the executions are stored',
    point: 'before COMMIT',
    isMeant: containsReports,
    isSent: false,
    seller: 'as new',
    buyer: 'as new',
  },
  STORED_NOT_SENT,
  {
    when: 'when the reports are sent, and before that is stored',
    point: 'before COMMIT',
    isMeant: storesMessages(),
    isSent: true,
    seller: 'with 97=Y',
    buyer: 'with 97=Y',
  },
  {
    when: 'when the reports are sent and that is stored',
    point: 'after COMMIT',
    isMeant: storesMessages(),
    isSent: true,
    seller: 'not again',
    buyer: 'with 43=Y',
  },
];

/** Who trades, how they log on again, and the moments of their lives that are tried. */
interface Pair {
  readonly seller: string;
  readonly buyer: string;
  readonly way: LogonWay;
  readonly inWords: string;
  readonly moments: readonly Moment[];
}

const PAIRS: readonly Pair[] = [
  { seller: 'alice', buyer: 'bob', way: {}, inWords: 'FIX.4.4', moments: MOMENTS },
  {
    seller: 'alice',
    buyer: 'bob',
    way: { nextExpected: true },
    inWords: 'FIX.4.4 with 789',
    moments: MOMENTS.slice(2),
  },
  { seller: 'fiona', buyer: 'fred', way: {}, inWords: 'FIX.5.0SP2 and FIX.4.2', moments: MOMENTS.slice(2) },
];

/** What there is before. */
interface Opening {
  /** An order of the seller's. */
  readonly resting: Asked;
  /** Of the buyer's bid. */
  readonly price: string;
}

/** What the seller asks for in one write: a replace, two sales that the buyer's bid meets, a cancel. */
const SELLER_REPORT_COUNT = 6;
const BUYER_REPORT_COUNT = 2;

describe('Reports under kill -9', function () {
  this.timeout(30_000);

  let market: KillableMarket;
  let hasFailed = false;

  before(async () => {
    market = await KillableMarket.open({
      alice: 'FIX.4.4',
      bob: 'FIX.4.4',
      fiona: 'FIX.5.0SP2',
      fred: 'FIX.4.2',
    });
  });

  beforeEach('each round begins where the one before ended', () => {
    expect(hasFailed, 'whether a round before has failed').to.equal(false);
  });

  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    hasFailed = true;
    process.stderr.write(`the end of the venue's log:\n${market.venue.errorLines.slice(-30).join('\n')}\n`);
  });

  after(() => market.close());

  for (const pair of PAIRS) {
    for (const moment of pair.moments) {
      it(`come once, and again only with a mark, killed ${moment.when} (${pair.inWords})`, async () => {
        const [seller, buyer] = [market.member(pair.seller), market.member(pair.buyer)];
        const members = [seller, buyer];
        const opening = await openOrders(seller, buyer);
        const before = members.map((member) => member.reports.length);
        const expectedNumbers = members.map(({ expectedSeqNum }) => expectedSeqNum);
        await dieWhileTrading(seller, buyer, opening, moment);
        const heardOfIt = seller.reports.length - (before[0] ?? 0);
        expect(heardOfIt, 'what the seller heard').to.equal(moment.isSent ? SELLER_REPORT_COUNT : 0);
        expect(buyer.reports.length, 'what the buyer heard').to.equal(before[1]);

        await market.comeBack(members, pair.way);
        await market.settle(members);
        await market.audit(members);
        for (const [no, member] of members.entries()) {
          expect(member.disagreements).to.deep.equal([]);
          // What may have been used is skipped, and never more than was reserved.
          const passed = member.expectedSeqNum - (expectedNumbers[no] ?? 0);
          expect(passed, 'numbers that went by').to.be.within(1, RESERVED_SEQ_NUMS + 32);
        }
        const afterwards = marksOf(seller.reports.slice((before[0] ?? 0) + heardOfIt));
        expect(afterwards).to.deep.equal(
          moment.seller === 'not again' ? [] : new Array(SELLER_REPORT_COUNT).fill(moment.seller),
        );
        expect(marksOf(buyer.reports.slice(before[1]))).to.deep.equal(
          new Array(BUYER_REPORT_COUNT).fill(moment.buyer),
        );
      });
    }
  }

  it('come again with 97=Y for as long as it dies before it has stored that they went out', async () => {
    const [seller, buyer] = [market.member('alice'), market.member('bob')];
    const members = [seller, buyer];
    const opening = await openOrders(seller, buyer);
    const before = buyer.reports.length;
    await dieWhileTrading(seller, buyer, opening, STORED_NOT_SENT);
    for (const death of ['second', 'third']) {
      const hold = market.database.hold('before COMMIT', storesMessages(buyer.senderCompId));
      await market.comeBack([buyer]);
      await until(`the ${death} death`, () => hold.count === 1);
      await market.killAndRestart();
    }
    await market.comeBack(members);
    await market.settle(members);
    await market.audit(members);
    const again = buyer.reports.slice(before);
    expect(marksOf(again)).to.deep.equal(new Array(3 * BUYER_REPORT_COUNT).fill('with 97=Y'));
    expect(new Set(again.map((report) => report.get(TAG.ExecID))).size).to.equal(BUYER_REPORT_COUNT);
  });

  it('are not passed over by a GapFill while it is not stored that they went out', async () => {
    const [seller, buyer] = [market.member('alice'), market.member('bob')];
    const members = [seller, buyer];
    const { price } = await openOrders(seller, buyer);
    const [firstNumber, before] = [seller.expectedSeqNum, seller.reports.length];
    const hold = market.database.hold('before COMMIT', storesMessages());
    seller.askAtOnce([market.order('2', '1', price)]);
    await until('the reports', () => seller.unanswered.length === 0 && hold.count === 1);
    const arrivedBefore = seller.arrivals.length;
    seller.say(MSG_TYPE.ResendRequest, { [TAG.BeginSeqNo]: firstNumber, [TAG.EndSeqNo]: 0 });
    seller.say(MSG_TYPE.TestRequest, { [TAG.TestReqID]: 'after that' });
    await until('what follows', () => seller.arrivalsNow.at(-1)?.get(TAG.TestReqID) === 'after that');
    await market.killAndRestart();
    const said = seller.arrivals.slice(arrivedBefore);
    const repeats = said.filter(({ message }) => message.get(TAG.PossDupFlag) === 'Y');
    expect(repeats.map(({ message }) => textOf(message))).to.deep.equal([]);

    await market.comeBack(members);
    await market.settle(members);
    await market.audit(members);
    expect(marksOf(seller.reports.slice(before))).to.deep.equal([
      'as new',
      'as new',
      'with 97=Y',
      'with 97=Y',
    ]);
  });

  it('never make a second order of one that is sent again, and leave the books in order', async () => {
    const [alice, bob] = [market.member('alice'), market.member('bob')];
    const members = [alice, bob];
    await market.comeBack(members);
    const ordersBefore = (await market.rows()).orders.length;
    for (const member of members) for (const clOrdId of member.requests.keys()) member.repeat(clOrdId);
    const barrier = market.cancel(market.order('1', '1', '1.00'));
    for (const member of members) member.askAtOnce([barrier]);
    await market.settle(members);
    const rows = await market.audit(members);
    expect(rows.orders.length, 'orders').to.equal(ordersBefore);
    await Promise.all(members.map((member) => member.logout()));
    await market.stop();
  });

  /** Kills the venue at the moment, in the middle of the seller's requests, and starts it again. */
  async function dieWhileTrading(
    seller: StrictMember,
    buyer: StrictMember,
    { resting, price }: Opening,
    { point, isMeant, isSent }: Moment,
  ): Promise<void> {
    const hold = market.database.hold(point, isMeant);
    if (isSent) buyer.gate.holdAfter(0);
    seller.askAtOnce([
      market.replace(resting, '7'),
      market.order('2', '2', price),
      market.order('2', '1', price),
      market.cancel(resting),
    ]);
    if (isSent) {
      await until('the reports of the seller', () => seller.unanswered.length === 0);
      await until('the fills of the buyer on the wire', () => buyer.gate.heldCount >= BUYER_REPORT_COUNT);
    }
    await until('the transaction', () => hold.count === 1);
    await market.killAndRestart();
  }

  /** The seller has an order that rests far away, the buyer one that will be hit. All of it is told and stored. */
  async function openOrders(seller: StrictMember, buyer: StrictMember): Promise<Opening> {
    await market.comeBack([seller, buyer]);
    const price = market.newPrice();
    const resting = market.order('1', '5', '1.00');
    seller.askAtOnce([resting]);
    buyer.askAtOnce([market.order('1', '4', price)]);
    await market.settle([seller, buyer]);
    return { resting, price };
  }
});

/** The comparisons of a torture run: each planted difference between records, rows and memory is found and named. */
import { expect } from 'chai';
import { fixMessage } from '../support/fix-frames.ts';
import { restoredBook } from '../support/venue.ts';
import { liveDifferences, recordDifferences } from './audit.ts';
import type { LiveState } from './control.ts';
import { MemberRecord } from './record.ts';
import type { CommittedOrder, CommittedRows } from './rows.ts';
import { type CommittedReport, factsOfMessage, factsOfRow } from './told.ts';

const UNIT = 10n ** 18n;
const AT = Date.UTC(2026, 10, 24, 10);

const ORDER: CommittedOrder = {
  id: '7',
  userId: 1,
  symbol: 'BTC-USD',
  entryClOrdId: 'a-1',
  clOrdId: 'a-1',
  side: '1',
  ordType: '2',
  status: '0',
  entryPrice: '5.00',
  price: '5.00',
  entryQuantity: '2.000',
  quantity: '2.000',
  filledQuantity: '0.000',
  remainingQuantity: '2.000',
  isOpen: true,
  acceptedSeq: 1,
  at: AT,
};

const REPORT: CommittedReport = {
  source: 'BTC-USD',
  sourceSeq: 1,
  msgType: '8',
  at: AT,
  orderId: '7',
  clOrdId: 'a-1',
  execType: '0',
  ordStatus: '0',
  orderQty: '2.000',
  cumQty: '0',
  leavesQty: '2.000',
  lastQty: null,
  lastPx: null,
  tradeId: null,
  fee: null,
  totalAffectedOrders: null,
};

const ROWS: CommittedRows = {
  userIds: new Map([[1001, 1]]),
  orders: [ORDER],
  orderCounts: new Map([[1, 1]]),
  reports: new Map([[1, [REPORT]]]),
  requests: [],
  transfers: [],
  books: [],
  accounts: [{ userId: 1, lastSeq: 0, balances: [{ asset: 'USD', amount: 100n * UNIT, held: 10n * UNIT }] }],
  lastSeqs: new Map(),
};

function accepted(): ReturnType<typeof fixMessage> {
  const order = '11=a-1|55=BTC-USD|54=1|38=2|40=2|44=5|151=2|14=0|6=0|60=20261124-10:00:00.000|';
  return fixMessage(
    `35=8|49=ONEBOOK|56=1001|34=2|52=20261124-10:00:00.000|37=7|17=BTC-USD-1|150=0|39=0|${order}`,
  );
}

function cancelRefused(seqNum: number): ReturnType<typeof fixMessage> {
  const refusal = '37=NONE|11=c-1|41=c-0|39=8|434=1|102=1|60=20261124-10:00:00.000|';
  return fixMessage(`35=9|49=ONEBOOK|56=1001|34=${seqNum}|52=20261124-10:00:00.000|${refusal}`);
}

/** Alice, who has heard these messages. */
function alice(...heard: readonly ReturnType<typeof fixMessage>[]) {
  const record = new MemberRecord('FIX.4.4');
  for (const message of heard) record.take(message);
  const identity = { username: 'alice', password: '', senderCompId: 1001 };
  return { record, identity, version: 'FIX.4.4' as const };
}

describe('The audit of a torture run', () => {
  it('finds nothing where a member knows what the rows say', () => {
    expect(recordDifferences(alice(accepted()), ROWS)).to.deep.equal([]);
  });

  it('names a report that never came, and the order that its owner does not know', () => {
    const found = recordDifferences(alice(), ROWS);
    expect(found[0]).to.match(/^alice was never told 8 BTC-USD-1/);
    expect(found[1]).to.match(/^alice knows order 7 as nothing/);
  });

  it('names a report that has no row', () => {
    const found = recordDifferences(alice(accepted()), { ...ROWS, reports: new Map() });
    expect(found).to.have.lengthOf(1);
    expect(found[0]).to.match(/^alice was told 8 BTC-USD-1, which has no row/);
  });

  it('asks for a row for each refusal of a cancel, also of two in one millisecond', () => {
    const refused = {
      ...REPORT,
      source: 'user:1',
      msgType: '9' as const,
      orderId: null,
      clOrdId: 'c-1',
      ordStatus: '8',
    };
    const rows = (...reports: readonly CommittedReport[]): CommittedRows => {
      return { ...ROWS, orders: [], orderCounts: new Map(), reports: new Map([[1, reports]]) };
    };
    const told = alice(cancelRefused(2), cancelRefused(3));
    expect(told.record.violations).to.deep.equal([]);
    expect(recordDifferences(told, rows(refused, { ...refused, sourceSeq: 2 }))).to.deep.equal([]);
    expect(recordDifferences(told, rows(refused))).to.deep.equal([
      'alice was told 9 c-1 20261124-10:00:00.000, which has no row: c-1 NONE 8',
    ]);
  });

  it('names a report that says something else than its row', () => {
    const row = { ...REPORT, leavesQty: '1.999' };
    const found = recordDifferences(alice(accepted()), { ...ROWS, reports: new Map([[1, [row]]]) });
    expect(found[0]).to.match(/^alice was told of 8 BTC-USD-1/);
  });

  it('names an order that stands otherwise than its owner knows, and one that nobody was told of', () => {
    const changed = { ...ORDER, filledQuantity: '1', remainingQuantity: '1', status: '1' };
    expect(recordDifferences(alice(accepted()), { ...ROWS, orders: [changed] })[0]).to.match(
      /^alice knows order 7 as a-1 39=0/,
    );
    const two = { ...ROWS, orders: [ORDER, { ...ORDER, id: '8' }], orderCounts: new Map([[1, 2]]) };
    expect(recordDifferences(alice(accepted()), two)).to.include('alice knows 1 orders, and 2 have rows');
  });

  it('says in the words of each version what a row says', () => {
    const fill = { ...REPORT, execType: 'F', ordStatus: '1', tradeId: '9', fee: '0.10' };
    expect(factsOfRow(fill, 'FIX.4.2')).to.equal('a-1 7 1 1 2000000000000000000 0 2000000000000000000 - -');
    expect(factsOfRow(fill, 'FIX.4.4')).to.match(/^a-1 7 F 1 .* 9 100000000000000000$/);
    const trigger = { ...REPORT, execType: 'L' };
    const word = (version: 'FIX.4.2' | 'FIX.4.4' | 'FIX.5.0SP2'): string | undefined =>
      factsOfRow(trigger, version).split(' ')[2];
    expect([word('FIX.4.2'), word('FIX.4.4'), word('FIX.5.0SP2')]).to.deep.equal(['D', 'D', 'L']);
    expect(factsOfMessage(accepted(), 'FIX.4.4')).to.equal(factsOfRow(REPORT, 'FIX.4.4'));
  });

  it('finds a book in memory that is not the one that its rows make', () => {
    const book = { symbol: 'BTC-USD', lastSeq: 4, lastPrice: undefined, orders: [] };
    const rows = { ...ROWS, orders: [], books: [book] };
    const rebuilt = restoredBook({ ...book, epoch: 0 }, () => 0);
    const live = (lastSeq: number, stateHash: string): LiveState => ({
      books: [{ symbol: 'BTC-USD', lastSeq, stateHash }],
      accounts: [],
    });
    expect(liveDifferences(live(4, rebuilt.stateHash()), rows)).to.deep.equal([]);
    expect(liveDifferences(live(4, 'another'), rows)[0]).to.match(/is not the one that its rows make/);
    expect(liveDifferences(live(5, rebuilt.stateHash()), rows)[0]).to.match(/at 5, its row at 4/);
  });

  it('finds an account in memory that has other money or other orders than its rows', () => {
    const live = (available: bigint, openOrders: readonly number[]): LiveState => {
      const balances = [{ asset: 'USD', amount: `${100n * UNIT}`, available: `${available}` }];
      return { books: [], accounts: [{ userId: 1, lastSeq: 0, balances, openOrders }] };
    };
    expect(liveDifferences(live(90n * UNIT, [7]), ROWS)).to.deep.equal([]);
    expect(liveDifferences(live(91n * UNIT, [7]), ROWS)[0]).to.match(/^the account of user 1 has .* USD/);
    expect(liveDifferences(live(90n * UNIT, [7, 8]), ROWS)[0]).to.match(/open orders 7,8; its rows are 7/);
  });
});

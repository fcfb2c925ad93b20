import { expect } from 'chai';
import { reportsOf } from '../../src/accounts/reports.ts';
import type { Store } from '../../src/actors/ports.ts';
import type { Report } from '../../src/matching/execution-report.ts';
import { OrderBook } from '../../src/matching/order-book.ts';
import type {
  BookCommand,
  BookEvent,
  EnterOrder,
  OrderAccepted,
  OrderLabels,
  TradeId,
} from '../../src/matching/types.ts';
import { ORDER_RECORD_COLUMNS, type OrderRecord, toAcceptance } from '../../src/persistence/order-rows.ts';
import { createStore } from '../../src/persistence/store.ts';
import { AT, SYMBOL } from '../support/book-commands.ts';
import { bookBatch } from '../support/commit-batches.ts';
import { BTC_USD } from '../support/instruments.ts';
import { loadBook } from '../support/loaded-book.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { RandomCommands } from '../support/random-commands.ts';
import { type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

const MARKET = {
  name: 'all kinds',
  lowestPrice: 95,
  highestPrice: 105,
  largestQuantity: 20,
  openOrderAim: 30,
  hasInstructions: true,
};
const LARGEST_USER_ID = 9;
const COMMITS = 30;
const COMMANDS_PER_COMMIT = 40;

describe('orders of every kind in the store', () => {
  let venue: VenueDatabase;
  let store: Store;

  beforeEach(async () => {
    venue = await venueDatabase();
    for (let userId = 3; userId <= LARGEST_USER_ID; userId += 1) {
      await venue.query(
        "insert into users (username, password_hash, sender_comp_id) values ('user' || $1::text, '', $1::int)",
        [userId],
      );
    }
    store = await createStore({ orm: venue.orm, nodeName: 'local' });
  });
  afterEach(() => venue.drop());

  /** The book as the store has it, with ids for its next trades. */
  async function loadedBook(nextTradeId: () => TradeId): Promise<{ book: OrderBook; epoch: number }> {
    const { epoch, lastSeq, lastPrice, orders } = await loadBook(store, SYMBOL);
    const book = new OrderBook({ symbol: SYMBOL, lastSeq, lastPx: lastPrice, nextTradeId });
    for (const order of orders) book.restore(order);
    return { book, epoch };
  }

  /** A random trading day, each commit continued by the book that the store gives back. Returns all events. */
  async function trade(seed: number): Promise<readonly BookEvent[]> {
    const random = randomFrom(seed);
    const commands = new RandomCommands(random, MARKET);
    let tradeId = 0;
    const nextTradeId = (): TradeId => {
      tradeId += 1;
      return tradeId;
    };
    let { book, epoch } = await loadedBook(nextTradeId);
    const story: BookEvent[] = [];
    for (let commitNo = 1; commitNo <= COMMITS; commitNo += 1) {
      const events: BookEvent[] = [];
      for (let count = 0; count < COMMANDS_PER_COMMIT; count += 1) {
        book.execute(labelled(commands.next([...book.openOrders()]), random), AT + commitNo, events);
      }
      const batch = { ...bookBatch(commitNo, epoch, events, book.lastSeq), balances: [] };
      expect(await store.commit(batch)).deep.equal({ type: 'Committed' });
      const restored = await loadedBook(nextTradeId);
      expect([...restored.book.openOrders()]).deep.equal([...book.openOrders()]);
      expect(restored.book.stateHash()).equal(book.stateHash());
      expect([restored.book.lastSeq, restored.book.lastPx]).deep.equal([book.lastSeq, book.lastPx]);
      ({ book, epoch } = restored);
      story.push(...events);
    }
    return story;
  }

  for (const seed of [1, 2]) {
    it(`come back after each commit hash for hash, and so does what members were told (seed ${seed})`, async () => {
      const story = await trade(seed);
      expectAllKinds(story);

      const acceptances = story.filter((event) => event.type === 'OrderAccepted');
      const records = await venue.query<OrderRecord>(
        `select ${ORDER_RECORD_COLUMNS} from orders order by accepted_seq`,
      );
      expect(records.map((record) => toAcceptance(record, BTC_USD))).deep.equal(acceptances);

      const told = story.flatMap((event) => reportsOf(event, BTC_USD));
      for (let userId = 1; userId <= LARGEST_USER_ID; userId += 1) {
        const ofUser = told.filter((report) => report.userId === userId);
        expect(await undelivered(userId)).deep.equal(ofUser);
      }
    });
  }

  async function undelivered(userId: number): Promise<readonly Report[]> {
    const session = await store.openSession({
      senderCompId: userId,
      userId,
      reset: false,
      resetIfBegunBefore: undefined,
      cancelAfterMs: undefined,
      logonSeqNum: 1_000,
      nextExpectedSeqNum: undefined,
      reserveCount: 1,
    });
    return session.undelivered;
  }
});

/** The command, where it is a new order, now and then with labels of its owner, or a group and no mode. */
function labelled(command: BookCommand, random: Random): BookCommand {
  if (command.type !== 'EnterOrder' || random.chance(0.7)) return command;
  const labels: (OrderLabels & Partial<Pick<EnterOrder, 'selfTradeGroup'>>)[] = [
    { account: 'fund "7"' },
    { secondaryClOrdId: 'second\\' },
    { clOrdLinkId: '{link}', account: '\u00e9' },
    { selfTradeGroup: 5 },
  ];
  return { ...command, ...random.pick(labels) };
}

/** So that the stream proves something about each kind. */
function expectAllKinds(story: readonly BookEvent[]): void {
  const accepted = story.filter((event): event is OrderAccepted => event.type === 'OrderAccepted');
  const fields = new Set(accepted.flatMap(({ order }) => Object.keys(order)));
  expect(fields).include.all.keys(
    'stopPx',
    'maxFloor',
    'displayedQty',
    'expireTime',
    'expireDate',
    'execInst',
    'slides',
    'minQty',
    'selfTradePrevention',
    'selfTradeGroup',
    'account',
    'secondaryClOrdId',
    'clOrdLinkId',
  );
  const kinds = new Set(story.map((event) => (event.type === 'OrderRestated' ? event.reason : event.type)));
  expect(kinds).include.all.keys(
    'OrderRejected',
    'OrderReplaced',
    'OrderTriggered',
    'OrderExpired',
    'IcebergRefresh',
    'PriceSlide',
    'SelfTradeDecrement',
  );
}

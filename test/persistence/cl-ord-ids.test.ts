/** Of which days an account is given its ClOrdIDs and closed orders back. */
import { expect } from 'chai';
import type { CommitBatch, Store } from '../../src/actors/ports.ts';
import { createStore } from '../../src/persistence/store.ts';
import { buy, cancel, emptyBook, replace, run, SYMBOL } from '../support/book-commands.ts';
import { bookBatch } from '../support/commit-batches.ts';
import { loadBook } from '../support/loaded-book.ts';
import { ALICE, BOB, type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

const THURSDAY = '2024-05-02';
const FRIDAY = '2024-05-03';
const MONDAY = '2024-05-06';
const TUESDAY = '2024-05-07';

type RequestRow = CommitBatch['requests'][number];

function request(clOrdId: string, tradingDay: string, changes: Partial<RequestRow> = {}): RequestRow {
  const refused = { msgType: 'D', orderId: undefined, accepted: false } as const;
  return {
    userId: ALICE,
    clOrdId,
    tradingDay,
    at: Date.parse(`${tradingDay}T10:00:00Z`),
    ...refused,
    ...changes,
  };
}

describe('ClOrdIDs in the store', () => {
  let venue: VenueDatabase;
  let store: Store;

  beforeEach(async () => {
    venue = await venueDatabase();
    store = await createStore({ orm: venue.orm, nodeName: 'local' });
  });
  afterEach(() => venue.drop());

  /** Orders of a week, of which the one of Thursday ends on Monday, and refused requests. */
  async function commitWeek(): Promise<void> {
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    const good = { userId: ALICE, timeInForce: '1' } as const;
    const events = run(
      book,
      buy(1, 10, 9_000, { ...good, clOrdId: 'thursday', tradingDay: THURSDAY }),
      buy(2, 10, 9_000, { ...good, clOrdId: 'open', tradingDay: THURSDAY }),
      buy(3, 10, 9_000, { ...good, clOrdId: 'twice', tradingDay: FRIDAY }),
      cancel(3),
      buy(4, 10, 9_000, { ...good, clOrdId: 'friday', tradingDay: FRIDAY }),
      replace(4, 20, 9_000),
      cancel(4),
      cancel(1),
      buy(5, 10, 9_000, { ...good, clOrdId: 'twice', tradingDay: MONDAY }),
      cancel(5),
    );
    const requests = [
      request('refused on thursday', THURSDAY),
      request('refused on friday', FRIDAY),
      request('twice', FRIDAY),
      request('r4', MONDAY, { msgType: 'G', orderId: 4, accepted: true }),
      request('in vain', MONDAY, { msgType: 'F' }),
      request("another's", MONDAY, { userId: BOB }),
    ];
    const batch = { ...bookBatch(1, epoch, events, book.lastSeq), requests };
    expect(await store.commit(batch)).deep.equal({ type: 'Committed' });
  }

  async function loadOn(tradingDay: string): Promise<{ orderIds: number[]; ids: string[] }> {
    const { orders, closed, clOrdIds } = await store.loadAccount(ALICE, tradingDay);
    const ids = clOrdIds.map((used) => `${used.tradingDay} ${used.clOrdId} ${used.orderId ?? '-'}`);
    return { orderIds: [...orders, ...closed].map(({ orderId }) => orderId).sort(), ids: ids.sort() };
  }

  it('come back for the day and the last day before on which the member used any, each with its day', async () => {
    await commitWeek();
    expect(await loadOn(MONDAY)).deep.equal({
      orderIds: [2, 3, 4, 5],
      ids: [
        '2024-05-02 open 2',
        '2024-05-03 friday 4',
        '2024-05-03 refused on friday -',
        '2024-05-03 twice 3',
        '2024-05-06 in vain -',
        '2024-05-06 r4 4',
        '2024-05-06 twice 5',
      ],
    });
  });

  it('of earlier days do not come back, but for those of open orders', async () => {
    await commitWeek();
    const ids = ['2024-05-02 open 2', '2024-05-06 in vain -', '2024-05-06 r4 4', '2024-05-06 twice 5'];
    expect(await loadOn(TUESDAY)).deep.equal({ orderIds: [2, 5], ids });
    expect(await loadOn('2024-05-18')).deep.equal({ orderIds: [2, 5], ids });
  });

  it('of requests are known for two weeks, those of orders for longer', async () => {
    await commitWeek();
    const ids = ['2024-05-02 open 2', '2024-05-06 twice 5'];
    expect(await loadOn('2024-06-20')).deep.equal({ orderIds: [2, 5], ids });
  });

  it('of an order that was replaced long ago are its first and its last', async () => {
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    const good = { userId: ALICE, timeInForce: '1' } as const;
    const events = run(
      book,
      buy(1, 10, 9_000, { ...good, clOrdId: 'first', tradingDay: THURSDAY }),
      { ...replace(1, 20, 9_000), clOrdId: 'second' },
      { ...replace(1, 30, 9_000), clOrdId: 'third' },
    );
    const requests = [
      request('second', FRIDAY, { msgType: 'G', orderId: 1, accepted: true }),
      request('third', MONDAY, { msgType: 'G', orderId: 1, accepted: true }),
    ];
    await store.commit({ ...bookBatch(1, epoch, events, book.lastSeq), requests });
    const first = '2024-05-02 first 1';
    expect((await loadOn(TUESDAY)).ids).deep.equal([first, '2024-05-03 second 1', '2024-05-06 third 1']);
    expect((await loadOn('2024-06-20')).ids).deep.equal([first, '2024-05-02 third 1']);
  });

  it('of a member who never used any are none', async () => {
    expect(await loadOn(MONDAY)).deep.equal({ orderIds: [], ids: [] });
  });
});

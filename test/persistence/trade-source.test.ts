/** Trades as they are read for an amendment, and amendments as rows: what is committed comes back. */
import { expect } from 'chai';
import type { Store, TradeSource } from '../../src/actors/ports.ts';
import type { BookEvent } from '../../src/matching/types.ts';
import { lots, ticks } from '../../src/matching/types.ts';
import { createStore } from '../../src/persistence/store.ts';
import { createTradeSource } from '../../src/persistence/trade-source.ts';
import { bust, correct, lastTrade } from '../support/amend-commands.ts';
import { AT, buy, emptyBook, run, SYMBOL, sell } from '../support/book-commands.ts';
import { bookBatch } from '../support/commit-batches.ts';
import { loadBook } from '../support/loaded-book.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { ALICE, BOB, type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

const FEES = 0;

describe('trades that are amended', () => {
  let venue: VenueDatabase;
  let store: Store;
  let trades: TradeSource;
  let epoch: number;
  const book = emptyBook();
  const events = run(
    book,
    buy(1, 10, 10_000, { userId: ALICE, maxFloor: lots(5) }),
    sell(2, 4, 10_000, { userId: BOB, account: 'desk 1' }),
  );
  const trade = lastTrade(events);
  let lastCommitNo = 0;

  async function commit(batch: readonly BookEvent[]): Promise<void> {
    lastCommitNo += 1;
    expect(await store.commit(bookBatch(lastCommitNo, epoch, batch, book.lastSeq))).to.deep.equal({
      type: 'Committed',
    });
  }

  async function amountsOf(userId: number): Promise<unknown> {
    return venue.query('select asset, amount, held from balances where user_id = $1 order by asset', [
      userId,
    ]);
  }

  before(async () => {
    venue = await venueDatabase();
    store = await createStore({ orm: venue.orm, nodeName: 'local' });
    trades = createTradeSource(venue.orm, new ManualClock(AT));
    ({ epoch } = await loadBook(store, SYMBOL));
    await commit(events);
  });
  after(() => venue.drop());

  it('are read with both orders, open or closed, and the ExecIDs of the fills', async () => {
    expect(await trades.find(trade.tradeId)).to.deep.equal({
      tradeId: trade.tradeId,
      symbol: SYMBOL,
      terms: { price: ticks(10_000), quantity: lots(4) },
      maker: { username: 'alice', order: trade.maker, refSeq: trade.makerSeq },
      taker: { username: 'bob', order: trade.taker, refSeq: trade.takerSeq },
    });
    expect(await trades.find(4711)).to.equal(undefined);
  });

  it('are not read from the first day of the month after the next on', async () => {
    // The trade is of November 2023.
    const atEndOf = (month: number) => new ManualClock(Date.UTC(2023, month, 1) - 1);
    expect(await createTradeSource(venue.orm, atEndOf(12)).find(trade.tradeId)).not.to.equal(undefined);
    expect(await createTradeSource(venue.orm, atEndOf(13)).find(trade.tradeId)).to.equal(undefined);
  });

  it('have their ExecIDs in the reports where an early version wrote the trade', async () => {
    await venue.query(
      'update trades set maker_seq = null, taker_seq = null ' +
        "where set_config('onebook.append_only', 'off', true) = 'off'",
    );
    const found = await trades.find(trade.tradeId);
    expect([found?.maker.refSeq, found?.taker.refSeq]).to.deep.equal([trade.makerSeq, trade.takerSeq]);
  });

  it('are written as amendment, orders, balances, reports and audit in one commit', async () => {
    const before = { fees: await amountsOf(FEES), bob: await amountsOf(BOB) };
    const [amended] = run(book, correct(trade, 3, 9_000));
    if (amended?.type !== 'TradeAmended') throw new Error('not amended');
    await commit([amended]);

    expect(await trades.find(trade.tradeId)).to.deep.include({
      terms: { price: ticks(9_000), quantity: lots(3) },
      maker: { username: 'alice', order: amended.maker, refSeq: amended.makerSeq },
      taker: { username: 'bob', order: amended.taker, refSeq: amended.takerSeq },
    });
    expect(before).not.to.deep.equal({ fees: await amountsOf(FEES), bob: await amountsOf(BOB) });
    const loaded = await loadBook(store, SYMBOL);
    const restored = emptyBook(loaded.lastSeq);
    for (const order of loaded.orders) restored.restore(order);
    expect(restored.stateHash()).to.equal(book.stateHash());
    ({ epoch } = loaded);
    expect(await venue.query('select actor, action, details from audit')).to.deep.equal([
      {
        actor: 'olga',
        action: 'trade correct',
        details: {
          tradeId: trade.tradeId,
          symbol: SYMBOL,
          before: { price: '100.00', quantity: '0.0004' },
          after: { price: '90.00', quantity: '0.0003' },
          reason: 'fat finger',
          charges: [],
          outcome: 'done',
        },
      },
    ]);
  });

  it('come back as the latest amendment left them: busted, with the fees and charges on record', async () => {
    const standing = await trades.find(trade.tradeId);
    if (standing === undefined) throw new Error('no trade');
    const [amended] = run(book, {
      ...bust({ ...trade, ...standing.terms }, { maker: standing.maker.order, taker: standing.taker.order }),
      charges: [{ userId: ALICE, asset: 'USD', amount: 1n }],
    });
    if (amended?.type !== 'TradeAmended') throw new Error('not amended');
    await venue.query(
      "insert into balances values (0, 'USD', 1, 0) on conflict (user_id, asset) do update set amount = 1",
    );
    await commit([amended]);
    expect((await trades.find(trade.tradeId))?.terms).to.deep.equal({ price: 9_000, quantity: 0 });
    const [row] = await venue.query(
      'select kind, quantity_before, maker_fee_before, maker_fee_after, charged_to_venue, charges from trade_amendments ' +
        'order by id desc limit 1',
    );
    expect(row).to.deep.equal({
      kind: 'bust',
      quantity_before: '0.000300000000000000',
      // Three ten-thousandths at 90 are 0.027, of which the maker pays a thousandth.
      maker_fee_before: '0.000027000000000000',
      maker_fee_after: '0.000000000000000000',
      charged_to_venue: true,
      charges: [{ userId: ALICE, asset: 'USD', amount: '0.000000000000000001' }],
    });
    const [closed] = await venue.query('select status, quantity, filled_quantity from orders where id = 2');
    expect(closed).to.deep.equal({
      status: '4',
      quantity: '0.000000000000000000',
      filled_quantity: '0.000000000000000000',
    });
  });
});

/**
 * What the venue has committed, read with plain SQL and nothing of the venue's own code, and what must hold of it
 * at any commit: money is neither made nor lost, holds are what open orders need, nothing is there twice.
 */
import { expect } from 'chai';
import type pg from 'pg';
import { amendmentRow, Cells, orderRow, reportRow, tradeRow } from './venue-row-cells.ts';

/** Amounts are in units of 10^-18. */
export interface OrderRow {
  readonly id: string;
  readonly userId: number;
  readonly symbol: string;
  readonly entryClOrdId: string;
  readonly clOrdId: string;
  readonly side: string;
  readonly ordType: string;
  readonly entryPrice: bigint;
  readonly price: bigint;
  readonly entryQuantity: bigint;
  readonly quantity: bigint;
  readonly filledQuantity: bigint;
  readonly remainingQuantity: bigint;
  readonly cumNotional: bigint;
  readonly feeRate: bigint;
  readonly hold: bigint;
  readonly status: string;
  readonly isOpen: boolean;
  readonly priority: number;
  readonly acceptedSeq: number;
}

export interface TradeRow {
  readonly id: string;
  readonly symbol: string;
  readonly price: bigint;
  readonly quantity: bigint;
  readonly makerOrderId: string;
  readonly takerOrderId: string;
  readonly makerUserId: number;
  readonly takerUserId: number;
  readonly takerSide: string;
  readonly makerFee: bigint;
  readonly takerFee: bigint;
}

/** A bust or a correction. */
export interface AmendmentRow {
  readonly tradeId: string;
  readonly symbol: string;
  readonly kind: string;
  readonly priceAfter: bigint;
  readonly quantityAfter: bigint;
  readonly makerFeeAfter: bigint;
  readonly takerFeeAfter: bigint;
  readonly makerSeq: number;
  readonly takerSeq: number;
  /** What the venue paid in the place of a party. */
  readonly charges: readonly { readonly userId: number; readonly asset: string; readonly amount: bigint }[];
}

export interface ReportRow {
  readonly userId: number;
  readonly source: string;
  readonly sourceSeq: number;
  /** TransactTime (60), ms since the epoch. */
  readonly at: number;
  readonly msgType: string;
  readonly orderId: string | null;
  readonly clOrdId: string;
  readonly execType: string | null;
  /** Null in an OrderMassCancelReport (r). */
  readonly ordStatus: string | null;
  readonly orderQty: bigint | null;
  readonly cumQty: bigint | null;
  readonly leavesQty: bigint | null;
  readonly lastQty: bigint | null;
  readonly lastPx: bigint | null;
  readonly tradeId: string | null;
  readonly fee: bigint | null;
}

export interface BalanceRow {
  readonly userId: number;
  readonly asset: string;
  readonly amount: bigint;
  readonly held: bigint;
}

export interface VenueRows {
  /** `users.id` by SenderCompID (49). */
  readonly userIds: ReadonlyMap<number, number>;
  readonly assets: ReadonlyMap<string, { readonly base: string; readonly quote: string }>;
  readonly orders: readonly OrderRow[];
  /** As they were made. */
  readonly trades: readonly TradeRow[];
  /** In the order in which they were made. */
  readonly amendments: readonly AmendmentRow[];
  readonly reports: readonly ReportRow[];
  readonly balances: readonly BalanceRow[];
  readonly transfers: readonly { readonly userId: number; readonly asset: string; readonly amount: bigint }[];
  readonly requests: readonly {
    readonly userId: number;
    readonly clOrdId: string;
    readonly msgType: string;
    readonly accepted: boolean;
  }[];
  /** The last number of each source: symbols, and `user:<id>` for accounts. */
  readonly lastSeqs: ReadonlyMap<string, number>;
}

const UNIT = 10n ** 18n;
const FEE_RATE_ONE = 100_000_000n;

/** Reads everything in one snapshot. */
export async function readVenueRows(client: pg.Client): Promise<VenueRows> {
  await client.query('begin isolation level repeatable read read only');
  try {
    const all = async <Row>(from: string, read: (row: Cells) => Row): Promise<Row[]> =>
      (await client.query<Record<string, unknown>>(from)).rows.map((row) => read(new Cells(row)));
    return {
      userIds: new Map(
        await all('select id, sender_comp_id from users', (row) => [
          row.number('sender_comp_id'),
          row.number('id'),
        ]),
      ),
      assets: new Map(
        await all('select symbol, base_asset, quote_asset from instruments', (row) => [
          row.text('symbol'),
          { base: row.text('base_asset'), quote: row.text('quote_asset') },
        ]),
      ),
      orders: await all('select * from orders order by id', orderRow),
      trades: await all('select * from trades order by id', tradeRow),
      amendments: await all('select * from trade_amendments order by id', amendmentRow),
      reports: await all('select * from reports order by source, source_seq', reportRow),
      balances: await all('select * from balances', (row) => ({
        userId: row.number('user_id'),
        asset: row.text('asset'),
        amount: row.amount('amount'),
        held: row.amount('held'),
      })),
      transfers: await all('select * from transfers', (row) => ({
        userId: row.number('user_id'),
        asset: row.text('asset'),
        amount: row.amount('amount'),
      })),
      requests: await all('select * from requests', (row) => ({
        userId: row.number('user_id'),
        clOrdId: row.text('cl_ord_id'),
        msgType: row.text('msg_type'),
        accepted: row.flag('accepted'),
      })),
      lastSeqs: new Map(
        await all(
          "select symbol as source, last_seq from books union all select 'user:' || user_id, last_seq from accounts",
          (row) => [row.text('source'), row.number('last_seq')],
        ),
      ),
    };
  } finally {
    await client.query('rollback');
  }
}

/** Asserts everything that must hold of committed rows. */
export function auditRows(rows: VenueRows): void {
  auditUniqueness(rows);
  auditNumbers(rows);
  auditFills(rows);
  auditHolds(rows);
  auditMoney(rows);
}

/** What an open order needs of its owner's balance. */
export function holdNeeded(rows: VenueRows, order: OrderRow): { asset: string; amount: bigint } {
  const { base, quote } = assetsOf(rows, order.symbol);
  if (order.side === '2') return { asset: base, amount: order.remainingQuantity };
  const notional = (order.price * order.remainingQuantity) / UNIT;
  return { asset: quote, amount: notional + (notional * order.feeRate) / FEE_RATE_ONE };
}

function auditUniqueness({ orders, requests, trades, reports }: VenueRows): void {
  const used = [
    ...orders.map((order) => `${order.userId} ${order.entryClOrdId}`),
    // A refusal that is asked for again is refused again, and a mass cancel is answered again, without effect; what
    // else took effect did so once.
    ...requests
      .filter(({ accepted, msgType }) => accepted && msgType !== 'q')
      .map((request) => `${request.userId} ${request.clOrdId}`),
  ];
  expect(repeated(used), 'ClOrdIDs that are there twice').to.deep.equal([]);
  expect(repeated(trades.map(({ id }) => id)), 'trades that are there twice').to.deep.equal([]);
  const execIds = [
    ...reports.map(({ source, sourceSeq }) => `${source}-${sourceSeq}`),
    ...orders.map(({ symbol, acceptedSeq }) => `${symbol}-${acceptedSeq}`),
  ];
  expect(repeated(execIds), 'ExecIDs that are there twice').to.deep.equal([]);
}

/** The reports of each source are numbered 1, 2, 3 … without a gap. */
function auditNumbers({ orders, reports, lastSeqs }: VenueRows): void {
  const countOf = new Map<string, number>();
  const largestOf = new Map<string, number>();
  const note = (source: string, seq: number): void => {
    countOf.set(source, (countOf.get(source) ?? 0) + 1);
    largestOf.set(source, Math.max(largestOf.get(source) ?? 0, seq));
  };
  for (const { source, sourceSeq } of reports) note(source, sourceSeq);
  for (const { symbol, acceptedSeq } of orders) note(symbol, acceptedSeq);
  for (const [source, lastSeq] of lastSeqs) {
    // Unique as they are, they are complete when there are as many as the largest says.
    expect(largestOf.get(source) ?? 0, `the last number of ${source}`).to.equal(lastSeq);
    expect(countOf.get(source) ?? 0, `reports of ${source}`).to.equal(lastSeq);
  }
}

/** Orders, trades and the reports about them say the same. */
function auditFills(rows: VenueRows): void {
  const { orders, trades, reports } = rows;
  const filled = new Map<string, { quantity: bigint; notional: bigint }>();
  const fill = (orderId: string, trade: TradeRow): void => {
    const before = filled.get(orderId) ?? { quantity: 0n, notional: 0n };
    filled.set(orderId, {
      quantity: before.quantity + trade.quantity,
      notional: before.notional + (trade.price * trade.quantity) / UNIT,
    });
  };
  const told: string[] = [];
  for (const trade of standingTrades(rows)) {
    fill(trade.makerOrderId, trade);
    fill(trade.takerOrderId, trade);
  }
  for (const trade of trades) {
    const { id, price, quantity } = trade;
    told.push([id, trade.makerOrderId, trade.makerUserId, price, quantity, trade.makerFee].join(' '));
    told.push([id, trade.takerOrderId, trade.takerUserId, price, quantity, trade.takerFee].join(' '));
  }
  const fills = reports.filter(({ execType }) => execType === 'F');
  expect(
    fills
      .map((row) => [row.tradeId, row.orderId, row.userId, row.lastPx, row.lastQty, row.fee].join(' '))
      .sort(),
    'reports of fills and trades',
  ).to.deep.equal(told.sort());
  auditAmendments(rows);
  for (const order of orders) {
    const { quantity, notional } = filled.get(order.id) ?? { quantity: 0n, notional: 0n };
    expect(order.filledQuantity, `filled quantity of order ${order.id}`).to.equal(quantity);
    expect(order.cumNotional, `notional of order ${order.id}`).to.equal(notional);
  }
}

/** Trades with their latest corrections; one that was taken back has a quantity of 0 and no fees. */
function standingTrades({ trades, amendments }: VenueRows): readonly TradeRow[] {
  const latest = new Map(amendments.map((amendment) => [amendment.tradeId, amendment]));
  return trades.map((trade) => {
    const amendment = latest.get(trade.id);
    if (amendment === undefined) return trade;
    const { priceAfter, quantityAfter, makerFeeAfter, takerFeeAfter } = amendment;
    return {
      ...trade,
      price: priceAfter,
      quantity: quantityAfter,
      makerFee: makerFeeAfter,
      takerFee: takerFeeAfter,
    };
  });
}

/** Both parties of each bust and correction are told, and nobody else is. */
function auditAmendments({ trades, amendments, reports }: VenueRows): void {
  const owners = new Map(trades.map((trade) => [trade.id, trade]));
  const expected = amendments.flatMap(({ tradeId, symbol, kind, makerSeq, takerSeq }) => {
    const trade = owners.get(tradeId);
    const execType = kind === 'bust' ? 'H' : 'G';
    return [
      `${symbol}-${makerSeq} ${execType} ${trade?.makerUserId} ${trade?.makerOrderId}`,
      `${symbol}-${takerSeq} ${execType} ${trade?.takerUserId} ${trade?.takerOrderId}`,
    ];
  });
  const told = reports
    .filter(({ execType }) => execType === 'H' || execType === 'G')
    .map((row) => `${row.source}-${row.sourceSeq} ${row.execType} ${row.userId} ${row.orderId}`);
  expect(told.sort(), 'reports of busts and corrections').to.deep.equal(expected.sort());
}

function auditHolds(rows: VenueRows): void {
  const held = new Map<string, bigint>();
  for (const order of rows.orders) {
    if (!order.isOpen) continue;
    const { asset, amount } = holdNeeded(rows, order);
    expect(order.hold, `hold of order ${order.id}`).to.equal(amount);
    const key = `${order.userId} ${asset}`;
    held.set(key, (held.get(key) ?? 0n) + amount);
  }
  for (const balance of rows.balances) {
    const key = `${balance.userId} ${balance.asset}`;
    expect(balance.held, `held by ${key}`).to.equal(held.get(key) ?? 0n);
  }
}

/** Each balance is what was deposited and traded; per asset they sum to the deposits. */
function auditMoney(rows: VenueRows): void {
  const owned = new Map<string, bigint>();
  const total = new Map<string, bigint>();
  const add = (userId: number, asset: string, amount: bigint): void => {
    owned.set(`${userId} ${asset}`, (owned.get(`${userId} ${asset}`) ?? 0n) + amount);
    total.set(asset, (total.get(asset) ?? 0n) + amount);
  };
  for (const { userId, asset, amount } of rows.transfers) add(userId, asset, amount);
  const deposited = new Map(total);
  for (const { charges } of rows.amendments) {
    for (const { userId, asset, amount } of charges) {
      add(userId, asset, amount);
      add(VENUE_USER_ID, asset, -amount);
    }
  }
  for (const trade of standingTrades(rows)) {
    const { base, quote } = assetsOf(rows, trade.symbol);
    const notional = (trade.price * trade.quantity) / UNIT;
    const [buyer, seller] =
      trade.takerSide === '1'
        ? [trade.takerUserId, trade.makerUserId]
        : [trade.makerUserId, trade.takerUserId];
    add(buyer, base, trade.quantity);
    add(seller, base, -trade.quantity);
    add(buyer, quote, -notional);
    add(seller, quote, notional);
    add(trade.makerUserId, quote, -trade.makerFee);
    add(trade.takerUserId, quote, -trade.takerFee);
    add(VENUE_USER_ID, quote, trade.makerFee + trade.takerFee);
  }
  const sums = new Map<string, bigint>();
  for (const { userId, asset, amount } of rows.balances) {
    expect(amount, `${asset} of user ${userId}`).to.equal(owned.get(`${userId} ${asset}`) ?? 0n);
    sums.set(asset, (sums.get(asset) ?? 0n) + amount);
  }
  for (const [asset, amount] of deposited) expect(sums.get(asset), `sum of ${asset}`).to.equal(amount);
}

/** Earns the fees. */
const VENUE_USER_ID = 0;

function assetsOf(rows: VenueRows, symbol: string): { base: string; quote: string } {
  const assets = rows.assets.get(symbol);
  if (assets === undefined) throw new Error(`there is no instrument ${symbol}`);
  return assets;
}

function repeated(keys: readonly string[]): string[] {
  const seen = new Set<string>();
  return keys.filter((key) => seen.size === seen.add(key).size);
}

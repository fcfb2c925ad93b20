/**
 * What the venue has committed, read with plain SQL and nothing of the venue's own code, and what must hold of it
 * at any commit: money is neither made nor lost, holds are what open orders need, nothing is there twice.
 */
import { expect } from 'chai';
import type pg from 'pg';
import { type DecimalFault, parseAmount } from '../../src/platform/decimal.ts';

/** Amounts are in units of 10^-18. */
export interface OrderRow {
  readonly id: string;
  readonly userId: number;
  readonly symbol: string;
  readonly entryClOrdId: string;
  readonly clOrdId: string;
  readonly side: string;
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
  readonly ordStatus: string;
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
  readonly trades: readonly TradeRow[];
  readonly reports: readonly ReportRow[];
  readonly balances: readonly BalanceRow[];
  readonly transfers: readonly { readonly userId: number; readonly asset: string; readonly amount: bigint }[];
  readonly requests: readonly {
    readonly userId: number;
    readonly clOrdId: string;
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
    // A refusal that is asked for again is refused again; what took effect did so once.
    ...requests.filter(({ accepted }) => accepted).map((request) => `${request.userId} ${request.clOrdId}`),
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
function auditFills({ orders, trades, reports }: VenueRows): void {
  const filled = new Map<string, { quantity: bigint; notional: bigint }>();
  const fill = (orderId: string, trade: TradeRow): void => {
    const before = filled.get(orderId) ?? { quantity: 0n, notional: 0n };
    filled.set(orderId, {
      quantity: before.quantity + trade.quantity,
      notional: before.notional + (trade.price * trade.quantity) / UNIT,
    });
  };
  const told: string[] = [];
  for (const trade of trades) {
    fill(trade.makerOrderId, trade);
    fill(trade.takerOrderId, trade);
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
  for (const order of orders) {
    const { quantity, notional } = filled.get(order.id) ?? { quantity: 0n, notional: 0n };
    expect(order.filledQuantity, `filled quantity of order ${order.id}`).to.equal(quantity);
    expect(order.cumNotional, `notional of order ${order.id}`).to.equal(notional);
  }
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
  for (const trade of rows.trades) {
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

/** One row, read by column with its type checked. */
class Cells {
  readonly #row: Record<string, unknown>;

  constructor(row: Record<string, unknown>) {
    this.#row = row;
  }

  text(column: string): string {
    return String(this.#row[column]);
  }

  textOrNull(column: string): string | null {
    return this.#row[column] === null ? null : this.text(column);
  }

  number(column: string): number {
    return Number(this.#row[column]);
  }

  time(column: string): number {
    return (this.#row[column] as Date).getTime();
  }

  flag(column: string): boolean {
    return this.#row[column] === true;
  }

  amount(column: string): bigint {
    const amount: bigint | DecimalFault = parseAmount(this.text(column));
    if (typeof amount !== 'bigint') throw new Error(`${column} is ${amount}: ${this.text(column)}`);
    return amount;
  }

  amountOrNull(column: string): bigint | null {
    return this.#row[column] === null ? null : this.amount(column);
  }
}

function orderRow(row: Cells): OrderRow {
  return {
    id: row.text('id'),
    userId: row.number('user_id'),
    symbol: row.text('symbol'),
    entryClOrdId: row.text('entry_cl_ord_id'),
    clOrdId: row.text('cl_ord_id'),
    side: row.text('side'),
    entryPrice: row.amount('entry_price'),
    price: row.amount('price'),
    entryQuantity: row.amount('entry_quantity'),
    quantity: row.amount('quantity'),
    filledQuantity: row.amount('filled_quantity'),
    remainingQuantity: row.amount('remaining_quantity'),
    cumNotional: row.amount('cum_notional'),
    feeRate: BigInt(Math.max(row.number('maker_fee_rate'), row.number('taker_fee_rate'))),
    hold: row.amount('hold'),
    status: row.text('status'),
    isOpen: row.flag('is_open'),
    priority: row.number('priority'),
    acceptedSeq: row.number('accepted_seq'),
  };
}

function tradeRow(row: Cells): TradeRow {
  return {
    id: row.text('id'),
    symbol: row.text('symbol'),
    price: row.amount('price'),
    quantity: row.amount('quantity'),
    makerOrderId: row.text('maker_order_id'),
    takerOrderId: row.text('taker_order_id'),
    makerUserId: row.number('maker_user_id'),
    takerUserId: row.number('taker_user_id'),
    takerSide: row.text('taker_side'),
    makerFee: row.amount('maker_fee'),
    takerFee: row.amount('taker_fee'),
  };
}

function reportRow(row: Cells): ReportRow {
  return {
    userId: row.number('user_id'),
    source: row.text('source'),
    sourceSeq: row.number('source_seq'),
    at: row.time('at'),
    msgType: row.text('msg_type'),
    orderId: row.textOrNull('order_id'),
    clOrdId: row.text('cl_ord_id'),
    execType: row.textOrNull('exec_type'),
    ordStatus: row.text('ord_status'),
    orderQty: row.amountOrNull('order_qty'),
    cumQty: row.amountOrNull('cum_qty'),
    leavesQty: row.amountOrNull('leaves_qty'),
    lastQty: row.amountOrNull('last_qty'),
    lastPx: row.amountOrNull('last_px'),
    tradeId: row.textOrNull('trade_id'),
    fee: row.amountOrNull('fee'),
  };
}

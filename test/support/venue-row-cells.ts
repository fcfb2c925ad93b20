/** Rows of a venue's tables as plain SQL gives them, read column by column with their types checked. */
import { type DecimalFault, parseAmount } from '../../src/platform/decimal.ts';
import type { AmendmentRow, OrderRow, ReportRow, TradeRow } from './venue-rows.ts';

function amountIn(text: string): bigint {
  const amount: bigint | DecimalFault = parseAmount(text);
  if (typeof amount !== 'bigint') throw new Error(`${text} is ${amount}`);
  return amount;
}

/** One row, read by column with its type checked. */
export class Cells {
  readonly #row: Record<string, unknown>;

  constructor(row: Record<string, unknown>) {
    this.#row = row;
  }

  json<Value>(column: string): Value {
    return this.#row[column] as Value;
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
    return amountIn(this.text(column));
  }

  amountOrNull(column: string): bigint | null {
    return this.#row[column] === null ? null : this.amount(column);
  }
}

export function orderRow(row: Cells): OrderRow {
  return {
    id: row.text('id'),
    userId: row.number('user_id'),
    symbol: row.text('symbol'),
    entryClOrdId: row.text('entry_cl_ord_id'),
    clOrdId: row.text('cl_ord_id'),
    side: row.text('side'),
    ordType: row.text('ord_type'),
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

export function tradeRow(row: Cells): TradeRow {
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

export function amendmentRow(row: Cells): AmendmentRow {
  const charges = row.json<{ userId: number; asset: string; amount: string }[]>('charges');
  return {
    tradeId: row.text('trade_id'),
    symbol: row.text('symbol'),
    kind: row.text('kind'),
    priceAfter: row.amount('price_after'),
    quantityAfter: row.amount('quantity_after'),
    makerFeeAfter: row.amount('maker_fee_after'),
    takerFeeAfter: row.amount('taker_fee_after'),
    makerSeq: row.number('maker_seq'),
    takerSeq: row.number('taker_seq'),
    charges: charges.map((charge) => ({ ...charge, amount: amountIn(charge.amount) })),
  };
}

export function reportRow(row: Cells): ReportRow {
  return {
    userId: row.number('user_id'),
    source: row.text('source'),
    sourceSeq: row.number('source_seq'),
    at: row.time('at'),
    msgType: row.text('msg_type'),
    orderId: row.textOrNull('order_id'),
    clOrdId: row.text('cl_ord_id'),
    execType: row.textOrNull('exec_type'),
    ordStatus: row.textOrNull('ord_status'),
    orderQty: row.amountOrNull('order_qty'),
    cumQty: row.amountOrNull('cum_qty'),
    leavesQty: row.amountOrNull('leaves_qty'),
    lastQty: row.amountOrNull('last_qty'),
    lastPx: row.amountOrNull('last_px'),
    tradeId: row.textOrNull('trade_id'),
    fee: row.amountOrNull('fee'),
  };
}

/**
 * Money as members' engines would count it: from what they were told and what they sent, with arithmetic that is not the
 * venue's.
 */
import { expect } from 'chai';
import { type ExecutionReport, execId } from '../../src/matching/execution-report.ts';
import { BUY, type OrderId, type UserId } from '../../src/matching/types.ts';
import { units } from './judging-desk.ts';

export const VENUE = 0;
/** A rate of the whole notional. */
const ONE = 100_000_000n;

/** Fees in 10^-8 of the notional. */
export interface Rates {
  readonly maker: number;
  readonly taker: number;
}

/** What the members' engines would know. */
export class SecondCount {
  /** By ExecID (17) of the fill, or of its latest correction: what it did to its party, and its fee. */
  readonly fills = new Map<string, { userId: UserId; base: bigint; quote: bigint; fee: bigint }>();
  readonly transferred = new Map<string, bigint>();
  /** As agreed when the order was sent. */
  readonly ratesOf = new Map<OrderId, Rates>();
  readonly #sent = new Map<string, Rates>();

  ratesSent(userId: UserId, clOrdId: string): Rates {
    const rates = this.#sent.get(`${userId} ${clOrdId}`);
    if (rates === undefined) throw new Error(`nobody sent ${clOrdId}`);
    return rates;
  }

  sent(userId: UserId, clOrdId: string, rates: Rates): void {
    this.#sent.set(`${userId} ${clOrdId}`, rates);
  }

  transfer(userId: UserId, asset: string, amount: bigint): void {
    const key = `${userId} ${asset}`;
    this.transferred.set(key, (this.transferred.get(key) ?? 0n) + amount);
  }

  told(report: ExecutionReport): void {
    const { userId, orderId = 0, execType, side, fill } = report;
    if (execType === '0') {
      this.ratesOf.set(orderId, this.ratesSent(userId, report.clOrdId));
    }
    if (execType === 'G' || execType === 'H') this.fills.delete(report.execRefId ?? '');
    if (fill === undefined || execType === 'I') return;
    const base = units(fill.lastQty);
    const worth = (units(fill.lastPx) * base) / 10n ** 18n;
    const { maker, taker } = this.ratesOf.get(orderId) ?? { maker: -1, taker: -1 };
    const fee = (worth * BigInt(fill.lastLiquidityInd === 1 ? maker : taker)) / ONE;
    expect(units(fill.fee), `the fee of ${execId(report)}`).to.equal(fee);
    const sign = side === BUY ? 1n : -1n;
    this.fills.set(execId(report), { userId, base: sign * base, quote: -sign * worth - fee, fee });
  }

  amount(userId: UserId, asset: string): bigint {
    let sum = this.transferred.get(`${userId} ${asset}`) ?? 0n;
    for (const fill of this.fills.values()) {
      if (fill.userId === userId) sum += asset === 'USD' ? fill.quote : fill.base;
      if (userId === VENUE && asset === 'USD') sum += fill.fee;
    }
    return sum;
  }
}

/** In units of the asset: lots at a price with the larger fee, or the lots themselves. */
export function costIn(asset: string, { maker, taker }: Rates): (price: number, lots: number) => bigint {
  if (asset === 'BTC') return (_price, lots) => BigInt(lots) * 10n ** 9n;
  const rate = BigInt(maker > taker ? maker : taker);
  return (price, lots) => {
    const worth = BigInt(price) * BigInt(lots);
    return worth + (worth * rate) / ONE;
  };
}

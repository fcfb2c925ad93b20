/**
 * Limits and fees that the operator sets for one member, and how its orders treat each other by default: judged here,
 * shown in the same words, and put into the form in which the running venue is told. They hold for the next order.
 */
import type { TradingTerms } from '../accounts/trading-terms.ts';
import { SELF_TRADE_MODES, type User } from '../entities/user.ts';
import type { SelfTradePrevention } from '../matching/types.ts';
import { assert } from '../platform/assert.ts';
import { formatAmount, parseAmount } from '../platform/decimal.ts';
import { Refusal } from './answers.ts';
import {
  plainDecimal,
  readFee,
  readPositiveAmount,
  readPositiveCount,
  readPositivePercent,
  shownFee,
  shownPercent,
} from './values.ts';

/** As written by the operator. What is absent stays as it is; null takes a limit back. */
export interface MemberLimits {
  /** SelfMatchPreventionMode (7929) of orders that have none; null: they may trade with each other. */
  readonly selfTradePrevention?: SelfTradePrevention | null;
  /** The most that an order may be for, in the base asset whatever its symbol. */
  readonly maxOrderQty?: string | null;
  /** The most that an order may be worth, in the quote asset whatever its symbol. */
  readonly maxOrderNotional?: string | null;
  /** Over all symbols. */
  readonly maxOpenOrders?: number | null;
  /** How far from the reference price a limit may be; the narrower of it and the instrument's holds. */
  readonly priceBandPct?: string | null;
  /** In basis points, instead of the instrument's. Orders keep the rates that they were accepted with. */
  readonly makerBps?: string | null;
  readonly takerBps?: string | null;
}

/** The columns of `users` that limits and fees decide. */
export type LimitColumns = Partial<
  Pick<
    User,
    | 'selfTradePrevention'
    | 'maxOrderQuantity'
    | 'maxOrderNotional'
    | 'maxOpenOrders'
    | 'priceBandBps'
    | 'makerFeeRate'
    | 'takerFeeRate'
  >
>;

const DECIMAL_OR_NONE = { type: ['string', 'null'], maxLength: 64 } as const;

/** JSON schema of {@link MemberLimits}: shapes only. */
export const MEMBER_LIMITS_SCHEMA = {
  selfTradePrevention: { enum: [...SELF_TRADE_MODES, null] },
  maxOrderQty: DECIMAL_OR_NONE,
  maxOrderNotional: DECIMAL_OR_NONE,
  maxOpenOrders: { type: ['number', 'null'] },
  priceBandPct: DECIMAL_OR_NONE,
  makerBps: DECIMAL_OR_NONE,
  takerBps: DECIMAL_OR_NONE,
} as const;

/** The columns that the limits name, or the first thing that is wrong with them. */
export function readMemberLimits(limits: MemberLimits): LimitColumns | Refusal {
  const columns: LimitColumns = {};
  const { selfTradePrevention, maxOrderQty, maxOrderNotional, maxOpenOrders, priceBandPct } = limits;
  if (selfTradePrevention !== undefined) columns.selfTradePrevention = selfTradePrevention;
  if (maxOrderQty !== undefined) {
    const amount = maxOrderQty === null ? null : readPositiveAmount(maxOrderQty, 'max-order-qty');
    if (amount instanceof Refusal) return amount;
    columns.maxOrderQuantity = amount === null ? null : formatAmount(amount);
  }
  if (maxOrderNotional !== undefined) {
    const amount =
      maxOrderNotional === null ? null : readPositiveAmount(maxOrderNotional, 'max-order-notional');
    if (amount instanceof Refusal) return amount;
    columns.maxOrderNotional = amount === null ? null : formatAmount(amount);
  }
  if (maxOpenOrders !== undefined) {
    const count = maxOpenOrders === null ? null : readPositiveCount(maxOpenOrders, 'max-open-orders');
    if (count instanceof Refusal) return count;
    columns.maxOpenOrders = count;
  }
  if (priceBandPct !== undefined) {
    const bps = priceBandPct === null ? null : readPositivePercent(priceBandPct, 'price-band-pct');
    if (bps instanceof Refusal) return bps;
    columns.priceBandBps = bps;
  }
  const fees = readFees(limits);
  return fees instanceof Refusal ? fees : { ...columns, ...fees };
}

function readFees({ makerBps, takerBps }: MemberLimits): LimitColumns | Refusal {
  const columns: LimitColumns = {};
  if (makerBps !== undefined) {
    const rate = makerBps === null ? null : readFee(makerBps, 'maker-bps');
    if (rate instanceof Refusal) return rate;
    columns.makerFeeRate = rate;
  }
  if (takerBps !== undefined) {
    const rate = takerBps === null ? null : readFee(takerBps, 'taker-bps');
    if (rate instanceof Refusal) return rate;
    columns.takerFeeRate = rate;
  }
  return columns;
}

/** What holds for the member, in the words of {@link MemberLimits}. */
export function shownMemberLimits(user: User): Required<MemberLimits> {
  const { selfTradePrevention, maxOrderQuantity, maxOrderNotional, maxOpenOrders, priceBandBps } = user;
  const { makerFeeRate, takerFeeRate } = user;
  return {
    selfTradePrevention: selfTradePrevention ?? null,
    maxOrderQty: maxOrderQuantity == null ? null : plainDecimal(maxOrderQuantity),
    maxOrderNotional: maxOrderNotional == null ? null : plainDecimal(maxOrderNotional),
    maxOpenOrders: maxOpenOrders ?? null,
    priceBandPct: priceBandBps == null ? null : shownPercent(priceBandBps),
    makerBps: makerFeeRate == null ? null : shownFee(makerFeeRate),
    takerBps: takerFeeRate == null ? null : shownFee(takerFeeRate),
  };
}

/** The same as the running venue is told. */
export function tradingTermsOf(user: User): TradingTerms {
  return {
    selfTradePrevention: user.selfTradePrevention ?? undefined,
    maxQuantity: unitsOf(user.maxOrderQuantity),
    maxNotional: unitsOf(user.maxOrderNotional),
    maxOpenOrders: user.maxOpenOrders ?? undefined,
    priceBandBps: user.priceBandBps ?? undefined,
    makerFeeRate: user.makerFeeRate ?? undefined,
    takerFeeRate: user.takerFeeRate ?? undefined,
  };
}

function unitsOf(column: string | null | undefined): bigint | undefined {
  if (column == null) return undefined;
  const units = parseAmount(column);
  assert(typeof units === 'bigint', `the limit ${column} was checked when it was set`);
  return units;
}

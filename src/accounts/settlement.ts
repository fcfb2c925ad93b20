/**
 * What a book's events do to balances: holds taken and released, trades settled with their fees. The changes are
 * written in the transaction of the event itself.
 */

import type { Instrument } from '../matching/instrument.ts';
import {
  type BookEvent,
  BUY,
  type Lots,
  type OrderSnapshot,
  type TradeExecuted,
  type UserId,
} from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import { amendmentChanges } from './amendments.ts';
import { FEE_USER_ID, feeOn } from './fees.ts';
import { baseUnitsOf, type Hold, type HoldTerms, holdFor, notionalOf } from './holds.ts';

export { FEE_USER_ID };

/** A change of one balance, in units of 10^-18: deltas, either sign. */
export interface BalanceChange {
  readonly userId: UserId;
  readonly asset: string;
  readonly amount: bigint;
  readonly held: bigint;
}

/**
 * The changes that one event makes. Per asset their amounts sum to zero: money moves, it is never made. No change
 * is empty, but one user and asset may occur more than once: sum with {@link BalanceChanges} before writing.
 *
 * Holds follow the snapshots of the event, so that a committed event leaves exactly the hold of its orders.
 */
export function balanceChanges(event: BookEvent, instrument: Instrument): BalanceChange[] {
  return changesOf(event, instrument).filter(isNotEmpty);
}

function changesOf(event: BookEvent, instrument: Instrument): BalanceChange[] {
  switch (event.type) {
    case 'OrderAccepted':
      return [heldChange(event.order, holdFor(instrument, event.order).amount, instrument)];
    case 'TradeExecuted':
      return [
        ...settle(event, event.maker, event.maker.makerFeeRate, instrument),
        ...settle(event, event.taker, event.taker.takerFeeRate, instrument),
      ];
    case 'OrderCanceled':
      return [
        heldChange(event.order, -holdBefore(event.order, event.canceledQty, instrument).amount, instrument),
      ];
    case 'OrderExpired':
      return [
        heldChange(event.order, -holdBefore(event.order, event.expiredQty, instrument).amount, instrument),
      ];
    case 'OrderReplaced': {
      const difference = holdFor(instrument, event.order).amount - holdFor(instrument, event.before).amount;
      return [heldChange(event.order, difference, instrument)];
    }
    case 'OrderRestated': {
      const { order, priceBefore, decrementedQty } = event;
      const before = holdBefore({ ...order, price: priceBefore }, decrementedQty, instrument);
      return [heldChange(order, holdFor(instrument, order).amount - before.amount, instrument)];
    }
    case 'TradeAmended':
      return amendmentChanges(event, instrument);
    // What a refused order held was never committed; a trigger changes no price and no quantity.
    case 'OrderRejected':
    case 'OrderTriggered':
      return [];
    default:
      return assertNever(event);
  }
}

/** One party's side of a trade, and its fee as it reaches the venue. */
function settle(
  trade: TradeExecuted,
  order: OrderSnapshot,
  feeRate: number,
  instrument: Instrument,
): BalanceChange[] {
  const { userId } = order;
  const { baseAsset, quoteAsset } = instrument;
  const base = baseUnitsOf(instrument, trade.quantity);
  const notional = notionalOf(instrument, trade.price, trade.quantity);
  const fee = feeOn(notional, feeRate);
  const held = holdFor(instrument, order).amount - holdBefore(order, trade.quantity, instrument).amount;
  const feeIncome = { userId: FEE_USER_ID, asset: quoteAsset, amount: fee, held: 0n };
  if (order.side === BUY) {
    return [
      { userId, asset: baseAsset, amount: base, held: 0n },
      { userId, asset: quoteAsset, amount: -(notional + fee), held },
      feeIncome,
    ];
  }
  return [
    { userId, asset: baseAsset, amount: -base, held },
    { userId, asset: quoteAsset, amount: notional - fee, held: 0n },
    feeIncome,
  ];
}

/** The hold of an order before `goneQty` of its leaves were filled, canceled or expired. */
function holdBefore(
  { side, price, leavesQty, makerFeeRate, takerFeeRate }: HoldTerms,
  goneQty: Lots,
  instrument: Instrument,
): Hold {
  const leavesBefore = (leavesQty + goneQty) as Lots;
  return holdFor(instrument, { side, price, leavesQty: leavesBefore, makerFeeRate, takerFeeRate });
}

function heldChange(order: OrderSnapshot, held: bigint, instrument: Instrument): BalanceChange {
  const asset = order.side === BUY ? instrument.quoteAsset : instrument.baseAsset;
  return { userId: order.userId, asset, amount: 0n, held };
}

function isNotEmpty(change: BalanceChange): boolean {
  return change.amount !== 0n || change.held !== 0n;
}

/**
 * Sums changes per user and asset over many events: a row of `balances` is written once a transaction, and rows
 * are locked in one order everywhere.
 */
export class BalanceChanges {
  readonly #sums = new Map<UserId, Map<string, BalanceChange>>();

  add(changes: Iterable<BalanceChange>): void {
    for (const change of changes) {
      const { userId, asset } = change;
      let assets = this.#sums.get(userId);
      if (assets === undefined) {
        assets = new Map();
        this.#sums.set(userId, assets);
      }
      const sum = assets.get(asset);
      const amount = (sum?.amount ?? 0n) + change.amount;
      const held = (sum?.held ?? 0n) + change.held;
      assets.set(asset, { userId, asset, amount, held });
    }
  }

  /** One change per user and asset, by user id, then by the code units of the asset; empty sums are left out. */
  sorted(): BalanceChange[] {
    return [...this.#sums.values()]
      .flatMap((assets) => [...assets.values()])
      .filter(isNotEmpty)
      .sort((a, b) => a.userId - b.userId || (a.asset < b.asset ? -1 : 1));
  }
}

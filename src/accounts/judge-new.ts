/** How an account judges a NewOrderSingle (D): all checks in the venue's order, then the hold, then to the book. */
import type { Instrument } from '../matching/instrument.ts';
import type { NewOrderSingle } from '../matching/order-commands.ts';
import type { EnterOrder, Lots, OrderId, Ticks } from '../matching/types.ts';
import type { AccountState } from './account-state.ts';
import { NO_ORDER } from './cl-ord-ids.ts';
import { checkCombination } from './combination-checks.ts';
import { holdFor } from './holds.ts';
import { checkInstructions, hasInstructions } from './instruction-checks.ts';
import { asSent, type Decision, type Extra, type JudgeContext, recallOrder } from './judgement.ts';
import { checkOpenOrders, checkSize, checkWaitingStops } from './limit-checks.ts';
import {
  checkMarketOpen,
  checkQuantity,
  checkTicks,
  currencyText,
  ORD_REJ_REASON,
  type OrderFault,
  shown,
  unknownSymbolText,
} from './order-checks.ts';
import { checkBand, marketPrice, protectionPrice } from './price-checks.ts';
import { refusedBefore } from './refusals.ts';
import { refuseNew } from './refuse.ts';
import { statusReport } from './reports.ts';
import type { TradingTerms } from './trading-terms.ts';

/** Sends a good order to its book and holds its cost; refuses any other with the first fault. */
export function judgeNew(account: AccountState, command: NewOrderSingle, context: JudgeContext): Decision {
  const { clOrdId, mayBeRepeat } = command;
  const known = account.clOrdIds.orderIdOfUsed(clOrdId, context.tradingDay, mayBeRepeat);
  if (known !== undefined) return judgeKnown(account, command, known, context);
  const { market, at } = context;
  if (market === undefined) {
    const text = unknownSymbolText(command.symbol);
    return refuseNew(account, command, { ordRejReason: ORD_REJ_REASON.UnknownSymbol, text }, context);
  }
  const { instrument } = market;
  const terms = checkMarketOpen(market) ?? checkTerms(command, instrument, account.terms, context);
  if ('text' in terms) return refuseNew(account, command, terms, context);
  const { price, quantity } = terms;
  const tooMany = checkCounts(account, instrument, terms);
  if (tooMany !== undefined) return refuseNew(account, command, tooMany, context);
  const { makerFeeRate = instrument.makerFeeRate, takerFeeRate = instrument.takerFeeRate } = account.terms;
  const { side, ordType, timeInForce } = command;
  const hold = holdFor(instrument, { side, price, leavesQty: quantity, makerFeeRate, takerFeeRate });
  if (hold.amount > account.balances.available(hold.asset)) {
    const text = account.balances.shortfallText(hold.asset, hold.amount);
    return refuseNew(account, command, { ordRejReason: ORD_REJ_REASON.ExceedsLimit, text }, context);
  }
  const plain: EnterOrder = {
    type: 'EnterOrder',
    orderId: context.nextOrderId(),
    userId: account.userId,
    clOrdId,
    side,
    ordType,
    timeInForce,
    price,
    quantity,
    makerFeeRate,
    takerFeeRate,
    tradingDay: context.tradingDay,
  };
  const extra = extraOf(terms);
  const enter = extra === undefined ? plain : { ...plain, ...extra };
  account.add(asSent(plain, extra, command.symbol, at), instrument, hold);
  account.clOrdIds.send(clOrdId, enter.orderId, context.tradingDay);
  return { type: 'ToBook', symbol: command.symbol, command: enter };
}

/** Open orders, and stops that wait among them. */
function checkCounts(
  account: AccountState,
  instrument: Instrument,
  { stopPx }: CheckedTerms,
): OrderFault | undefined {
  const { symbol } = instrument;
  const { bySymbol, terms, maxWaitingStops } = account;
  const inSymbol = bySymbol.count({ symbol, side: undefined });
  const tooMany = checkOpenOrders(instrument, terms, { inSymbol, inAll: account.orders.size });
  if (tooMany !== undefined || stopPx === undefined) return tooMany;
  return checkWaitingStops(symbol, bySymbol.waitingStops(symbol), maxWaitingStops);
}

function extraOf({ stopPx, instructions }: CheckedTerms): Extra | undefined {
  return stopPx === undefined ? instructions : { stopPx, ...instructions };
}

/** A ClOrdID that was used before: in flight, repeated (43 or 97), or a duplicate. */
function judgeKnown(
  account: AccountState,
  command: NewOrderSingle,
  known: OrderId,
  context: JudgeContext,
): Decision {
  const { clOrdId } = command;
  if (account.clOrdIds.isInFlight(clOrdId)) return { type: 'WaitForRequest', clOrdId };
  const { market, at } = context;
  if (command.mayBeRepeat) {
    const order = account.find(known);
    if (order !== undefined && market?.instrument.symbol === order.symbol) {
      return { type: 'Answer', reports: [statusReport(order, market.instrument, at)] };
    }
    const ordStatus = order === undefined ? account.ordStatusOf(known) : undefined;
    // Without it neither a repeat of what was told then nor a refusal of the order would be true.
    if (ordStatus !== undefined) return recallOrder(known, ordStatus);
    if (known === NO_ORDER) {
      return { type: 'Answer', reports: [refusedBefore(command, { userId: account.userId, at })] };
    }
  }
  const text = `ClOrdID(11)=${shown(clOrdId)} was used before on this trading day`;
  return refuseNew(account, command, { ordRejReason: ORD_REJ_REASON.DuplicateOrder, text }, context);
}

/** The numbers of an order, once its text has been found to be whole ticks and lots. */
interface CheckedTerms {
  /** The limit, or the protection price. */
  readonly price: Ticks;
  readonly quantity: Lots;
  readonly stopPx: Ticks | undefined;
  /** Undefined for a plain order. */
  readonly instructions: Extra | undefined;
}

/** Everything about the order that needs neither balance nor other orders. Returns its numbers, or the first fault. */
function checkTerms(
  command: NewOrderSingle,
  instrument: Instrument,
  terms: TradingTerms,
  context: JudgeContext,
): CheckedTerms | OrderFault {
  const combination = checkCombination(command);
  if (combination !== undefined) return combination;
  const currency = currencyText(instrument, command.currency);
  if (currency !== undefined) return { ordRejReason: ORD_REJ_REASON.Other, text: currency };
  const quantity = checkQuantity(instrument, command.orderQty);
  if (typeof quantity !== 'number') return quantity;
  const stopPx =
    command.stopPx === undefined ? undefined : checkTicks(instrument, 'StopPx(99)', command.stopPx);
  if (typeof stopPx === 'object') return stopPx;
  const price = priceOf(command, instrument, stopPx, context.referencePrice);
  if (typeof price !== 'number') return price;
  const instructions = hasInstructions(command, terms)
    ? checkInstructions(command, quantity, instrument, terms, context)
    : undefined;
  if (instructions !== undefined && 'text' in instructions) return instructions;
  const limit = command.price === undefined ? undefined : { ticks: price, text: command.price };
  const fault =
    (limit === undefined ? undefined : checkBand(instrument, terms, limit, context.referencePrice)) ??
    checkSize(instrument, terms, { orderQty: command.orderQty, quantity, price });
  return fault ?? { price, quantity, stopPx, instructions };
}

/** The limit of a limit order, else the worst price at which it may trade. */
function priceOf(
  { price, side }: NewOrderSingle,
  instrument: Instrument,
  stopPx: Ticks | undefined,
  referencePrice: Ticks | undefined,
): Ticks | OrderFault {
  if (price !== undefined) return checkTicks(instrument, 'Price(44)', price);
  return stopPx === undefined
    ? marketPrice(instrument, side, referencePrice)
    : protectionPrice(instrument, side, stopPx);
}

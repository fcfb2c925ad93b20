/** How an account judges an OrderCancelReplaceRequest (G): what may change, to what, and whether it can be paid. */
import type { Instrument } from '../matching/instrument.ts';
import type { OrderCancelReplaceRequest } from '../matching/order-commands.ts';
import type { Lots, OrderSnapshot, ReplaceOrder, Ticks } from '../matching/types.ts';
import { textToSteps } from '../platform/decimal.ts';
import type { AccountState, WorkingOrder } from './account-state.ts';
import { endFieldsFault, endWithout, maxFloorFault, notWith } from './combination-checks.ts';
import { holdForReplace } from './holds.ts';
import { checkEnd, checkMaxFloor, checkSlices, type End } from './instruction-checks.ts';
import { judgeNamed } from './judge-cancel.ts';
import type { Decision, JudgeContext } from './judgement.ts';
import { checkSize } from './limit-checks.ts';
import { checkQuantity, checkTicks, currencyText, ORD_REJ_REASON, type OrderFault } from './order-checks.ts';
import { checkBand, protectionPrice } from './price-checks.ts';
import { CXL_REJ_REASON } from './refusals.ts';
import { refuseCancel } from './refuse.ts';
import type { TradingTerms } from './trading-terms.ts';

/** Text (58): CumQty (14) may fall, and OrderQty (38) is a total that contains it. */
const BEING_AMENDED = 'a trade of the order is being busted or corrected: try again';
/** Text (58) about another StopPx (99) than that at which the order was triggered. */
const TRIGGERED = 'StopPx(99) cannot be replaced: the order was triggered';

/** Sends a good replace to the order's book, and holds the most that order and replaces can come to need. */
export function judgeReplace(
  account: AccountState,
  command: OrderCancelReplaceRequest,
  context: JudgeContext,
): Decision {
  const order = judgeNamed(account, command, 'G', context);
  if ('type' in order) return order;
  const refuse = (text: string): Decision =>
    refuseCancel(account, command, 'G', { cxlRejReason: CXL_REJ_REASON.Other, text }, context);
  if (account.beingAmended.includes(order.state.orderId)) {
    const fault = { cxlRejReason: CXL_REJ_REASON.VenueOption, text: BEING_AMENDED };
    return refuseCancel(account, command, 'G', fault, context);
  }
  const instrument = context.market?.instrument ?? order.instrument;
  const fixed = changesFixed(command, order.state, instrument) ?? currencyText(instrument, command.currency);
  if (fixed !== undefined) return refuse(fixed);
  const terms = checkNewTerms(command, order, { instrument, terms: account.terms, context });
  if ('text' in terms) return refuse(terms.text);
  const { orderId, symbol } = order.state;
  const replace: ReplaceOrder = { type: 'ReplaceOrder', orderId, clOrdId: command.clOrdId, ...terms };
  const hold = holdForReplace(instrument, order.state, [...order.pending, replace]);
  const increase = hold.amount - order.hold.amount;
  if (increase > account.balances.available(hold.asset)) {
    return refuse(account.balances.shortfallText(hold.asset, increase));
  }
  account.holdAgain(order, hold);
  order.pending.push(replace);
  account.clOrdIds.send(command.clOrdId, orderId, context.tradingDay);
  return { type: 'ToBook', symbol, command: replace };
}

/** Text (58) about the first field that asks for what a replace cannot change. */
function changesFixed(
  command: OrderCancelReplaceRequest,
  state: OrderSnapshot,
  instrument: Instrument,
): string | undefined {
  const { ordType, timeInForce } = state;
  if (command.ordType !== ordType) return 'OrdType(40) cannot be replaced';
  if (ordType === '1') return 'an order with OrdType(40)=1 (market) cannot be replaced';
  if (command.timeInForce !== undefined && command.timeInForce !== timeInForce) {
    return 'TimeInForce(59) cannot be replaced';
  }
  if (command.execInst !== undefined && command.execInst !== state.execInst) {
    return 'ExecInst(18) cannot be replaced';
  }
  if (command.minQty !== undefined && textToSteps(command.minQty, instrument.lot) !== state.minQty) {
    return 'MinQty(110) cannot be replaced';
  }
  if (ordType === '3' && command.price !== undefined) return notWith('Price(44)', ordType);
  if (ordType === '2' && command.stopPx !== undefined) return notWith('StopPx(99)', ordType);
  const { expireTime, expireDate } = command;
  const end =
    timeInForce === '6' ? endFieldsFault(expireTime, expireDate) : endWithout(expireTime, expireDate);
  return end ?? maxFloorFault({ maxFloor: command.maxFloor, ordType, timeInForce });
}

/** What surrounds the checks of new terms. */
interface Surroundings {
  readonly instrument: Instrument;
  readonly terms: TradingTerms;
  readonly context: JudgeContext;
}

type NewTerms = Omit<ReplaceOrder, 'type' | 'orderId' | 'clOrdId'>;

/** The new terms in ticks and lots, with those that stay left out; or the first fault. */
function checkNewTerms(
  command: OrderCancelReplaceRequest,
  order: WorkingOrder,
  { instrument, terms, context }: Surroundings,
): NewTerms | OrderFault {
  const { orderQty } = command;
  const quantity = checkQuantity(instrument, orderQty);
  if (typeof quantity !== 'number') return quantity;
  const prices =
    order.state.ordType === '3' ? newStop(command, order, instrument) : newLimit(command, order, instrument);
  if ('text' in prices) return prices;
  const maxFloor = newMaxFloor(command, order, quantity, instrument);
  if (typeof maxFloor === 'object') return maxFloor;
  const end = newEnd(command, context);
  if (end !== undefined && 'text' in end) return end;
  const { price } = prices;
  const fault =
    (command.price === undefined
      ? undefined
      : checkBand(instrument, terms, { ticks: price, text: command.price }, context.referencePrice)) ??
    checkSize(instrument, terms, { orderQty, quantity, price });
  if (fault !== undefined) return fault;
  return { ...prices, quantity, ...(maxFloor === undefined ? {} : { maxFloor }), ...end };
}

interface NewPrices {
  readonly price: Ticks;
  readonly stopPx?: Ticks;
}

/** Limit and stop limit: Price (44), and StopPx (99) of one that waits. */
function newLimit(
  command: OrderCancelReplaceRequest,
  { state }: WorkingOrder,
  instrument: Instrument,
): NewPrices | OrderFault {
  const price = checkTicks(instrument, 'Price(44)', command.price ?? '');
  if (typeof price !== 'number') return price;
  if (command.stopPx === undefined) return { price };
  const stopPx = checkTicks(instrument, 'StopPx(99)', command.stopPx);
  if (typeof stopPx !== 'number' || state.triggered !== true) {
    return typeof stopPx === 'number' ? { price, stopPx } : stopPx;
  }
  return stopPx === state.stopPx ? { price } : { ordRejReason: ORD_REJ_REASON.Other, text: TRIGGERED };
}

/**
 * Stop (40=3): its protection price is fixed, and a new one comes with a new StopPx only. One that an earlier replace
 * asks for is repeated, so that both prices go together whatever becomes of that.
 */
function newStop(
  command: OrderCancelReplaceRequest,
  { state, pending }: WorkingOrder,
  instrument: Instrument,
): NewPrices | OrderFault {
  const before = pending.findLast((replace) => replace.stopPx !== undefined);
  const unchanged: NewPrices =
    before?.stopPx === undefined ? { price: state.price } : { price: before.price, stopPx: before.stopPx };
  if (command.stopPx === undefined) return unchanged;
  const stopPx = checkTicks(instrument, 'StopPx(99)', command.stopPx);
  if (typeof stopPx !== 'number') return stopPx;
  if (stopPx === (before?.stopPx ?? state.stopPx)) return unchanged;
  return { price: protectionPrice(instrument, state.side, stopPx), stopPx };
}

/** MaxFloor (111), or undefined when it stays; then the slices of the new quantity count. */
function newMaxFloor(
  command: OrderCancelReplaceRequest,
  { state, pending }: WorkingOrder,
  quantity: Lots,
  instrument: Instrument,
): Lots | OrderFault | undefined {
  const { maxFloor: text, orderQty } = command;
  if (text !== undefined) return checkMaxFloor(instrument, text, quantity, orderQty);
  // Which of them the order will have by then depends on whether the replaces before this one are done.
  for (const { maxFloor } of [state, ...pending]) {
    if (maxFloor === undefined) continue;
    const fault = checkSlices(instrument, maxFloor, quantity, orderQty);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function newEnd(command: OrderCancelReplaceRequest, context: JudgeContext): End | OrderFault | undefined {
  if (command.expireTime === undefined && command.expireDate === undefined) return undefined;
  return checkEnd(command, context);
}

/** Orders and what members ask of them, as they cross between nodes. */

import type { Shortfall, WantedAmendment } from '../../accounts/amendments.ts';
import type { Hold } from '../../accounts/holds.ts';
import type { TradingTerms } from '../../accounts/trading-terms.ts';
import type {
  MemberCommand,
  NewOrderSingle,
  OrderCancelReplaceRequest,
  OrderCancelRequest,
  OrderMassCancelRequest,
  OrderMassStatusRequest,
  OrderStatusRequest,
} from '../../matching/order-commands.ts';
import type {
  AmendTrade,
  BookCommand,
  CancelOrder,
  EnterOrder,
  ExpireOrders,
  Lots,
  MassCancelOrders,
  OrderSnapshot,
  OrdStatus,
  OrdType,
  ReplaceOrder,
  SelfTradePrevention,
  Side,
  Ticks,
  TimeInForce,
  TradeTerms,
  UnsolicitedCancel,
  VenueCharge,
} from '../../matching/types.ts';
import {
  bigInteger,
  type Codec,
  count,
  flag,
  integer,
  integerFrom,
  listOf,
  oneOf,
  optional,
  orUndefined,
  record,
  text,
  union,
  variant,
} from './codec.ts';

/** Prices, quantities and FIX's enumerations. */
export const ticks: Codec<Ticks> = integerFrom<Ticks>(1);
export const lots: Codec<Lots> = integerFrom<Lots>(0);
export const side: Codec<Side> = oneOf<Side>('1', '2');
export const ordType: Codec<OrdType> = oneOf<OrdType>('1', '2', '3', '4');
export const timeInForce: Codec<TimeInForce> = oneOf<TimeInForce>('0', '1', '3', '4', '6');
export const ordStatus: Codec<OrdStatus> = oneOf<OrdStatus>('0', '1', '2', '4', '8', 'C');
export const execInst: Codec<'6' | 'G'> = oneOf('6', 'G');

const selfTradePrevention = oneOf<SelfTradePrevention>(
  'CancelNewest',
  'CancelOldest',
  'CancelBoth',
  'Decrement',
);
const selfTradeGroup = integerFrom<number>(1);

/** {@link OrderLabels}. */
export const LABELS = {
  account: optional(text),
  secondaryClOrdId: optional(text),
  clOrdLinkId: optional(text),
};

const INSTRUCTIONS = {
  stopPx: optional(ticks),
  expireTime: optional(integer),
  expireDate: optional(text),
  execInst: optional(execInst),
  slides: optional(oneOf(true)),
  minQty: optional(lots),
  maxFloor: optional(lots),
  selfTradePrevention: optional(selfTradePrevention),
  selfTradeGroup: optional(selfTradeGroup),
};

export const orderSnapshot: Codec<OrderSnapshot> = record<OrderSnapshot>({
  ...INSTRUCTIONS,
  ...LABELS,
  orderId: integer,
  userId: integer,
  symbol: text,
  clOrdId: text,
  side,
  ordType,
  timeInForce,
  price: ticks,
  quantity: lots,
  cumQty: lots,
  leavesQty: lots,
  cumNotional: bigInteger,
  ordStatus,
  priority: count,
  acceptedSeq: count,
  makerFeeRate: integer,
  takerFeeRate: integer,
  tradingDay: text,
  enteredAt: integer,
  triggered: optional(oneOf(true)),
  displayedQty: optional(lots),
});

// ---- Requests of members ----------------------------------------------------------------------------------

/** Each request of a member, by its type. */
export const MEMBER_COMMANDS = {
  NewOrderSingle: variant<NewOrderSingle>('NewOrderSingle', {
    ...LABELS,
    stopPx: optional(text),
    expireTime: optional(integer),
    expireDate: optional(text),
    execInst: optional(execInst),
    minQty: optional(text),
    maxFloor: optional(text),
    selfTradePrevention: optional(
      oneOf<SelfTradePrevention | 'None'>('CancelNewest', 'CancelOldest', 'CancelBoth', 'Decrement', 'None'),
    ),
    selfTradeGroup: optional(selfTradeGroup),
    clOrdId: text,
    symbol: text,
    side,
    ordType,
    timeInForce,
    orderQty: text,
    price: orUndefined(text),
    currency: optional(text),
    mayBeRepeat: flag,
  }),
  OrderCancelRequest: variant<OrderCancelRequest>('OrderCancelRequest', {
    clOrdId: text,
    origClOrdId: orUndefined(text),
    orderId: orUndefined(text),
    symbol: text,
    side,
    mayBeRepeat: flag,
  }),
  OrderCancelReplaceRequest: variant<OrderCancelReplaceRequest>('OrderCancelReplaceRequest', {
    stopPx: optional(text),
    expireTime: optional(integer),
    expireDate: optional(text),
    execInst: optional(execInst),
    minQty: optional(text),
    maxFloor: optional(text),
    clOrdId: text,
    origClOrdId: orUndefined(text),
    orderId: orUndefined(text),
    symbol: text,
    side,
    ordType,
    timeInForce: orUndefined(timeInForce),
    orderQty: text,
    price: orUndefined(text),
    currency: optional(text),
    mayBeRepeat: flag,
  }),
  OrderStatusRequest: variant<OrderStatusRequest>('OrderStatusRequest', {
    clOrdId: orUndefined(text),
    orderId: orUndefined(text),
    symbol: text,
    side,
    ordStatusReqId: orUndefined(text),
  }),
  OrderMassStatusRequest: variant<OrderMassStatusRequest>('OrderMassStatusRequest', {
    massStatusReqId: text,
    symbol: orUndefined(text),
    side: orUndefined(side),
  }),
  OrderMassCancelRequest: variant<OrderMassCancelRequest>('OrderMassCancelRequest', {
    clOrdId: text,
    symbol: orUndefined(text),
    side: orUndefined(side),
    mayBeRepeat: flag,
  }),
} satisfies Record<MemberCommand['type'], Codec<unknown>>;

// ---- Commands to a book -----------------------------------------------------------------------------------

export const unsolicitedCancel: Codec<UnsolicitedCancel> = record<UnsolicitedCancel>({
  execRestatementReason: integer,
  text,
});

const tradeTerms = record<TradeTerms>({ price: ticks, quantity: lots });

const venueCharge = record<VenueCharge>({ userId: integer, asset: text, amount: bigInteger });

export const bookCommand: Codec<BookCommand> = union<BookCommand>({
  EnterOrder: variant<EnterOrder>('EnterOrder', {
    ...INSTRUCTIONS,
    ...LABELS,
    orderId: integer,
    userId: integer,
    clOrdId: text,
    side,
    ordType,
    timeInForce,
    price: ticks,
    quantity: lots,
    makerFeeRate: integer,
    takerFeeRate: integer,
    tradingDay: text,
  }),
  CancelOrder: variant<CancelOrder>('CancelOrder', {
    orderId: integer,
    clOrdId: orUndefined(text),
    unsolicited: orUndefined(unsolicitedCancel),
  }),
  ReplaceOrder: variant<ReplaceOrder>('ReplaceOrder', {
    orderId: integer,
    clOrdId: text,
    price: ticks,
    quantity: lots,
    stopPx: optional(ticks),
    maxFloor: optional(lots),
    expireTime: optional(integer),
    expireDate: optional(text),
  }),
  ExpireOrders: variant<ExpireOrders>('ExpireOrders', {
    tradingDay: text,
    upTo: optional(integer),
    atMost: optional(count),
  }),
  MassCancelOrders: variant<MassCancelOrders>('MassCancelOrders', {
    userId: orUndefined(integer),
    side: orUndefined(side),
    clOrdId: orUndefined(text),
    unsolicited: orUndefined(unsolicitedCancel),
    atMost: optional(count),
  }),
  AmendTrade: variant<AmendTrade>('AmendTrade', {
    tradeId: integer,
    before: tradeTerms,
    after: tradeTerms,
    makerRefSeq: count,
    takerRefSeq: count,
    charges: listOf(venueCharge),
    reason: text,
    requestedBy: text,
    maker: orderSnapshot,
    taker: orderSnapshot,
  }),
});

// ---- Money ------------------------------------------------------------------------------------------------

export const hold: Codec<Hold> = record<Hold>({ asset: text, amount: bigInteger });

export const shortfall: Codec<Shortfall> = record<Shortfall>({
  asset: text,
  amount: bigInteger,
  available: bigInteger,
});

export const wantedAmendment: Codec<WantedAmendment> = union<WantedAmendment>({
  Bust: variant('Bust', {}),
  Correct: variant<Extract<WantedAmendment, { type: 'Correct' }>>('Correct', {
    price: orUndefined(text),
    quantity: orUndefined(text),
  }),
});

export const tradingTerms: Codec<TradingTerms> = record<TradingTerms>({
  selfTradePrevention: orUndefined(selfTradePrevention),
  maxQuantity: orUndefined(bigInteger),
  maxNotional: orUndefined(bigInteger),
  maxOpenOrders: orUndefined(count),
  priceBandBps: orUndefined(count),
  makerFeeRate: orUndefined(integer),
  takerFeeRate: orUndefined(integer),
});

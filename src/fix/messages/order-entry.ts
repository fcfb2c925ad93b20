/**
 * NewOrderSingle, OrderCancelRequest and OrderCancelReplaceRequest with all that FIX.4.4 defines in them: a
 * stock engine may send any of it. What would change the order's meaning and the venue does not do is refused
 * by order-messages.ts.
 */
import { TAG } from '../tags.ts';
import {
  COMMISSION,
  FINANCING,
  INSTRUMENT,
  OTHER_QUANTITIES,
  PARTIES,
  PEG_AND_DISCRETION,
  PRE_ALLOCATIONS,
  SPREAD_AND_YIELD,
  STIPULATIONS,
  TEXT,
  TRADING_SESSIONS,
  UNDERLYINGS,
} from './blocks.ts';
import { conditional, type FieldRule, optional, required } from './field-rules.ts';

const ORDER_QTY: readonly FieldRule[] = conditional(
  'OrderQty',
  'CashOrderQty(152) and OrderPercent(516) are not there',
  (message) => !message.has(TAG.CashOrderQty) && !message.has(TAG.OrderPercent),
);

const PRICE: readonly FieldRule[] = conditional(
  'Price',
  'OrdType(40) is 2',
  (message) => message.get(TAG.OrdType) === '2',
);

const ACCOUNT_AND_ALLOCATION: readonly FieldRule[] = [
  ...optional('TradeOriginationDate TradeDate Account AcctIDSource AccountType'),
  ...optional('DayBookingInst BookingUnit PreallocMethod AllocID'),
  ...PRE_ALLOCATIONS,
  ...optional('SettlType SettlDate CashMargin ClearingFeeIndicator'),
];

/** What D and G have in common beside their ids. */
const ORDER_TERMS: readonly FieldRule[] = [
  ...PARTIES,
  ...ACCOUNT_AND_ALLOCATION,
  ...optional('HandlInst ExecInst MinQty MaxFloor MaxShow ExDestination'),
  ...TRADING_SESSIONS,
  ...INSTRUMENT,
  ...FINANCING,
  ...UNDERLYINGS,
  ...required('Side TransactTime OrdType'),
  ...ORDER_QTY,
  ...OTHER_QUANTITIES,
  ...PRICE,
  ...optional('QtyType PriceType StopPx LocateReqd TimeInForce EffectiveTime ExpireDate ExpireTime'),
  ...SPREAD_AND_YIELD,
  ...COMMISSION,
  ...PEG_AND_DISCRETION,
  ...optional('Currency ComplianceID SolicitedFlag GTBookingInst OrderCapacity OrderRestrictions'),
  ...optional('CustOrderCapacity ForexReq SettlCurrency BookingType SettlDate2 OrderQty2 Price2'),
  ...optional('PositionEffect CoveredOrUncovered TargetStrategy TargetStrategyParameters'),
  ...optional('ParticipationRate CancellationRights MoneyLaunderingStatus RegistID Designation'),
  ...TEXT,
];

/** NewOrderSingle (D). */
export const NEW_ORDER_SINGLE: readonly FieldRule[] = [
  ...required('ClOrdID'),
  ...optional('SecondaryClOrdID ClOrdLinkID ProcessCode PrevClosePx IOIID QuoteID'),
  ...STIPULATIONS,
  ...ORDER_TERMS,
];

/** OrderCancelRequest (F). OrderQty (38) is taken and not used: what is left is cancelled. */
export const ORDER_CANCEL_REQUEST: readonly FieldRule[] = [
  ...required('OrigClOrdID ClOrdID'),
  ...optional('OrderID SecondaryClOrdID ClOrdLinkID ListID OrigOrdModTime'),
  ...optional('Account AcctIDSource AccountType'),
  ...PARTIES,
  ...INSTRUMENT,
  ...FINANCING,
  ...UNDERLYINGS,
  ...required('Side TransactTime'),
  ...optional('OrderQty ComplianceID'),
  ...OTHER_QUANTITIES,
  ...TEXT,
];

/** OrderCancelReplaceRequest (G). OrderQty (38) is the new total. */
export const ORDER_CANCEL_REPLACE_REQUEST: readonly FieldRule[] = [
  ...required('OrigClOrdID ClOrdID'),
  ...optional('OrderID SecondaryClOrdID ClOrdLinkID ListID OrigOrdModTime'),
  ...ORDER_TERMS,
];

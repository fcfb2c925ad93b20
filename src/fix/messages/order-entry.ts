/**
 * NewOrderSingle, OrderCancelRequest and OrderCancelReplaceRequest with all that each version defines in them: a
 * stock engine may send any of it. What would change the order's meaning and the venue does not do is refused by
 * order-requests.ts.
 */
import { TAG } from '../tags.ts';
import type { FixVersion } from '../version.ts';
import {
  COMMISSION,
  FINANCING,
  OTHER_QUANTITIES,
  PARTIES,
  PEG_AND_DISCRETION,
  PRE_ALLOCATIONS,
  REGULATORY_TIMESTAMPS,
  SPREAD_AND_YIELD,
  STIPULATIONS,
  STRATEGY_PARAMETERS,
  TRADING_SESSIONS,
  TRIGGERING_AND_DISPLAY,
} from './blocks.ts';
import {
  calledFor,
  conditional,
  demanded,
  in42,
  in44,
  in50,
  optional,
  required,
  since44,
} from './field-rules.ts';
import { TEXT } from './header.ts';
import { INSTRUMENT, UNDERLYINGS } from './instrument.ts';

const UP_TO_44: readonly FixVersion[] = ['FIX.4.2', 'FIX.4.4'];

/** Symbol (55), by which alone the venue goes. */
export const SYMBOL = demanded(
  'Symbol',
  UP_TO_44,
  'an order is for an instrument, and instruments go by Symbol(55)',
);

const ORIG_CL_ORD_ID = [
  ...in42(required('OrigClOrdID')),
  ...in44(required('OrigClOrdID')),
  ...in50(conditional('OrigClOrdID', 'OrderID(37) is not there', (message) => !message.has(TAG.OrderID))),
];

const ORDER_QTY = [
  ...in42(
    conditional('OrderQty', 'CashOrderQty(152) is not there', (message) => !message.has(TAG.CashOrderQty)),
  ),
  ...since44(
    conditional(
      'OrderQty',
      'CashOrderQty(152) and OrderPercent(516) are not there',
      (message) => !message.has(TAG.CashOrderQty) && !message.has(TAG.OrderPercent),
    ),
  ),
];

const PRICE = calledFor('Price', 'OrdType(40) is 2 or 4', { tag: TAG.OrdType, values: ['2', '4'] });

const STOP_PX = calledFor('StopPx', 'OrdType(40) is 3 or 4', { tag: TAG.OrdType, values: ['3', '4'] });

const EXPIRY = [
  ...calledFor('ExpireTime', 'TimeInForce(59) is 6 and ExpireDate(432) is not there', {
    tag: TAG.TimeInForce,
    values: ['6'],
    unlessTag: TAG.ExpireDate,
  }),
  ...optional('ExpireDate'),
];

const ACCOUNT_AND_ALLOCATION = [
  ...optional('Account SettlType SettlDate'),
  ...PRE_ALLOCATIONS,
  ...in42(optional('ClientID ExecBroker')),
  ...since44([
    ...optional('TradeOriginationDate TradeDate AcctIDSource AccountType'),
    ...optional('DayBookingInst BookingUnit PreallocMethod AllocID CashMargin ClearingFeeIndicator'),
  ]),
];

/** What D and G have in common beside their ids, up to the price. */
const TERMS_UP_TO_PRICE = [
  ...since44(PARTIES),
  ...ACCOUNT_AND_ALLOCATION,
  ...in42(required('HandlInst')),
  ...since44(optional('HandlInst')),
  ...optional('ExecInst MinQty MaxFloor MaxShow ExDestination'),
  ...in50(optional('MatchIncrement MaxPriceLevels ExDestinationIDSource PriceProtectionScope')),
  ...in50(TRIGGERING_AND_DISPLAY),
  ...TRADING_SESSIONS,
  ...SYMBOL,
  ...INSTRUMENT,
  ...since44(FINANCING),
  ...since44(UNDERLYINGS),
  ...required('Side TransactTime OrdType'),
  ...ORDER_QTY,
  ...OTHER_QUANTITIES,
  ...PRICE,
];

/** What they have in common after StopPx (99) and the expiry, which a replace may leave as they are. */
const TERMS_AFTER_PRICE = [
  ...optional('LocateReqd TimeInForce EffectiveTime'),
  ...since44(optional('QtyType PriceType')),
  ...since44(SPREAD_AND_YIELD),
  ...COMMISSION,
  ...PEG_AND_DISCRETION,
  ...optional('Currency ComplianceID SolicitedFlag GTBookingInst ForexReq SettlCurrency'),
  ...optional('SettlDate2 OrderQty2 PositionEffect CoveredOrUncovered'),
  ...in42(optional('Rule80A CustomerOrFirm ClearingFirm ClearingAccount')),
  ...since44([
    ...optional('OrderCapacity OrderRestrictions CustOrderCapacity BookingType Price2'),
    ...optional('TargetStrategy TargetStrategyParameters ParticipationRate'),
    ...optional('CancellationRights MoneyLaunderingStatus RegistID Designation'),
  ]),
  ...in50([
    ...STRATEGY_PARAMETERS,
    ...optional('PreTradeAnonymity ManualOrderIndicator CustDirectedOrder ReceivedDeptID'),
    ...optional('CustOrderHandlingInst OrderHandlingInstSource'),
    ...REGULATORY_TIMESTAMPS,
  ]),
  ...TEXT,
];

/** NewOrderSingle (D). */
export const NEW_ORDER_SINGLE = [
  ...required('ClOrdID'),
  ...since44(optional('SecondaryClOrdID ClOrdLinkID')),
  ...optional('ProcessCode PrevClosePx IOIID QuoteID'),
  ...since44(STIPULATIONS),
  ...in50(optional('RefOrderID RefOrderIDSource')),
  ...TERMS_UP_TO_PRICE,
  ...STOP_PX,
  ...EXPIRY,
  ...optional('SelfMatchPreventionID SelfMatchPreventionMode'),
  ...TERMS_AFTER_PRICE,
];

/** OrderCancelRequest (F). OrderQty (38) is taken and not used: what is left is canceled. */
export const ORDER_CANCEL_REQUEST = [
  ...ORIG_CL_ORD_ID,
  ...required('ClOrdID'),
  ...optional('OrderID ListID Account'),
  ...since44(optional('SecondaryClOrdID ClOrdLinkID OrigOrdModTime AcctIDSource AccountType')),
  ...in42(optional('ClientID ExecBroker SolicitedFlag')),
  ...since44(PARTIES),
  ...SYMBOL,
  ...INSTRUMENT,
  ...since44(FINANCING),
  ...since44(UNDERLYINGS),
  ...required('Side TransactTime'),
  ...optional('OrderQty ComplianceID'),
  ...OTHER_QUANTITIES,
  ...TEXT,
];

/** OrderCancelReplaceRequest (G). OrderQty (38) is the new total. */
export const ORDER_CANCEL_REPLACE_REQUEST = [
  ...ORIG_CL_ORD_ID,
  ...required('ClOrdID'),
  ...optional('OrderID ListID'),
  ...since44(optional('SecondaryClOrdID ClOrdLinkID OrigOrdModTime')),
  ...TERMS_UP_TO_PRICE,
  ...optional('StopPx ExpireTime ExpireDate'),
  ...TERMS_AFTER_PRICE,
];

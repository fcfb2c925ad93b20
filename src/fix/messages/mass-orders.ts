/**
 * Requests about orders beside entering and changing one: their status, of one or of many, and the cancel of many,
 * with all that each version defines in them. Those of many came with FIX.4.3.
 */
import { TAG } from '../tags.ts';
import { FINANCING, PARTIES } from './blocks.ts';
import {
  calledFor,
  conditional,
  group,
  groupWhen,
  in42,
  in44,
  in50,
  optional,
  required,
  sentWhen,
  since44,
} from './field-rules.ts';
import { TEXT } from './header.ts';
import { INSTRUMENT, UNDERLYING, UNDERLYINGS } from './instrument.ts';
import { SYMBOL } from './order-entry.ts';

const TARGET_PARTIES = [
  ...group('NoTargetPartyIDs', optional('TargetPartyID TargetPartyIDSource TargetPartyRole')),
];

/** OrderStatusRequest (H). ClOrdID (11) is that of the order. */
export const ORDER_STATUS_REQUEST = [
  ...optional('OrderID'),
  ...in42(required('ClOrdID')),
  ...in44(required('ClOrdID')),
  ...in50(conditional('ClOrdID', 'OrderID(37) is not there', (message) => !message.has(TAG.OrderID))),
  ...in42(optional('ClientID ExecBroker')),
  ...since44(optional('SecondaryClOrdID ClOrdLinkID')),
  ...since44(PARTIES),
  ...since44(optional('OrdStatusReqID AcctIDSource')),
  ...optional('Account'),
  ...SYMBOL,
  ...INSTRUMENT,
  ...since44(FINANCING),
  ...since44(UNDERLYINGS),
  ...required('Side'),
];

/** OrderMassStatusRequest (AF). */
export const ORDER_MASS_STATUS_REQUEST = [
  ...required('MassStatusReqID MassStatusReqType'),
  ...PARTIES,
  ...in50(TARGET_PARTIES),
  ...optional('Account AcctIDSource TradingSessionID TradingSessionSubID'),
  ...calledFor('Symbol', 'MassStatusReqType(585) is 1', { tag: TAG.MassStatusReqType, values: ['1'] }),
  ...INSTRUMENT,
  ...UNDERLYING,
  ...optional('Side'),
];

/** OrderMassCancelRequest (q). */
export const ORDER_MASS_CANCEL_REQUEST = [
  ...required('ClOrdID MassCancelRequestType'),
  ...optional('SecondaryClOrdID TradingSessionID TradingSessionSubID'),
  ...in50(PARTIES),
  ...in50(TARGET_PARTIES),
  ...calledFor('Symbol', 'MassCancelRequestType(530) is 1', {
    tag: TAG.MassCancelRequestType,
    values: ['1'],
  }),
  ...INSTRUMENT,
  ...UNDERLYING,
  ...in50(optional('MarketID MarketSegmentID')),
  ...optional('Side'),
  ...required('TransactTime'),
  ...TEXT,
];

const REFUSED = 'MassCancelResponse(531) is 0';

/** OrderMassCancelReport (r) with the fields that the venue sends, in the order of the wire. */
export const ORDER_MASS_CANCEL_REPORT = [
  ...required('ClOrdID OrderID'),
  ...in50(required('MassActionReportID')),
  ...required('MassCancelRequestType MassCancelResponse'),
  ...in44(sentWhen('MassCancelRejectReason', `${REFUSED} and one character says why`)),
  ...in50(sentWhen('MassCancelRejectReason', REFUSED)),
  ...sentWhen('TotalAffectedOrders', 'no link or engine of the venue was lost over it'),
  ...groupWhen(
    'NoAffectedOrders',
    'a book has not answered in time: its orders may still be canceled',
    required('OrigClOrdID AffectedOrderID'),
  ),
  ...sentWhen('Symbol', 'the request had it'),
  ...sentWhen('Side', 'the request had it'),
  ...required('TransactTime'),
  ...sentWhen('Text', REFUSED),
];

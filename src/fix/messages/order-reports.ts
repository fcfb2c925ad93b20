/** ExecutionReport and OrderCancelReject with the fields that the venue sends, in the order of the wire. */
import { groupWhen, in42, in44, in50, optional, required, sentWhen, since44 } from './field-rules.ts';

const FILL_42 = 'ExecType(150) is 1 or 2, or ExecTransType(20) is 2';
const FILL = 'ExecType(150) is F or G';
const THE_ORDER_HAS_IT = 'the order has it';

/** ExecutionReport (8). */
export const EXECUTION_REPORT = [
  ...required('OrderID ExecID'),
  ...in42(required('ExecTransType')),
  ...in42(sentWhen('ExecRefID', 'ExecTransType(20) is 1 or 2')),
  ...since44(sentWhen('ExecRefID', 'ExecType(150) is H or G')),
  ...required('ExecType OrdStatus Symbol Side OrderQty'),
  ...sentWhen('OrdType', 'the order is known'),
  ...sentWhen('Price', 'OrdType(40) is 2 or 4'),
  ...sentWhen('TimeInForce', 'the order is known'),
  ...sentWhen('StopPx', 'OrdType(40) is 3 or 4'),
  ...sentWhen('ExpireTime', THE_ORDER_HAS_IT),
  ...sentWhen('ExpireDate', THE_ORDER_HAS_IT),
  ...sentWhen('ExecInst', THE_ORDER_HAS_IT),
  ...sentWhen('MinQty', THE_ORDER_HAS_IT),
  ...sentWhen('MaxFloor', THE_ORDER_HAS_IT),
  ...sentWhen('Account', THE_ORDER_HAS_IT),
  ...since44([
    ...sentWhen('SecondaryClOrdID', THE_ORDER_HAS_IT),
    ...sentWhen('ClOrdLinkID', THE_ORDER_HAS_IT),
    ...sentWhen('WorkingIndicator', 'OrdType(40) is 3 or 4'),
  ]),
  ...required('LeavesQty CumQty AvgPx ClOrdID'),
  ...sentWhen('OrigClOrdID', 'the report answers a cancel, a mass cancel or a replace'),
  ...required('TransactTime'),
  ...in42([...sentWhen('LastPx', FILL_42), ...sentWhen('LastQty', FILL_42)]),
  ...since44([...sentWhen('LastPx', FILL), ...sentWhen('LastQty', FILL)]),
  ...sentWhen('OrdRejReason', 'ExecType(150) is 8, or the order of a status is not known'),
  ...sentWhen('ExecRestatementReason', 'nobody asked for the cancel or the change'),
  ...optional('Text'),
  ...since44([
    ...sentWhen('OrdStatusReqID', 'the OrderStatusRequest (H) had it'),
    ...sentWhen('MassStatusReqID', 'the report answers an OrderMassStatusRequest (AF)'),
    ...sentWhen('TotNumReports', 'the report answers an OrderMassStatusRequest (AF)'),
    ...sentWhen('LastRptRequested', 'the report answers an OrderMassStatusRequest (AF)'),
    ...sentWhen('SecondaryExecID', `${FILL}: the same for both sides of the trade`),
    ...sentWhen('LastLiquidityInd', FILL),
    ...groupWhen('NoMiscFees', `${FILL} and there is a fee`, required('MiscFeeAmt MiscFeeCurr MiscFeeType')),
  ]),
];

/** OrderCancelReject (9). */
export const ORDER_CANCEL_REJECT = [
  ...required('OrderID ClOrdID'),
  ...in42(required('OrigClOrdID')),
  ...in44(required('OrigClOrdID')),
  ...in50(sentWhen('OrigClOrdID', 'the request had it')),
  ...required('OrdStatus CxlRejResponseTo CxlRejReason Text TransactTime'),
];

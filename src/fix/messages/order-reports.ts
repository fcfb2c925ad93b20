/** ExecutionReport and OrderCancelReject with the fields that the venue sends, in the order of the wire. */
import { type FieldRule, group, optional, required, sentWhen } from './field-rules.ts';

/** ExecutionReport (8). */
export const EXECUTION_REPORT: readonly FieldRule[] = [
  ...required('OrderID ExecID ExecType OrdStatus Symbol Side OrderQty'),
  ...sentWhen('OrdType', 'the order is known'),
  ...sentWhen('Price', 'OrdType(40) is 2'),
  ...sentWhen('TimeInForce', 'the order is known'),
  ...required('LeavesQty CumQty AvgPx ClOrdID'),
  ...sentWhen('OrigClOrdID', 'the report answers a cancel or a replace'),
  ...required('TransactTime'),
  ...sentWhen('LastPx', 'ExecType(150) is F'),
  ...sentWhen('LastQty', 'ExecType(150) is F'),
  ...sentWhen('OrdRejReason', 'ExecType(150) is 8'),
  ...sentWhen('ExecRestatementReason', 'nobody asked for the cancel'),
  ...optional('Text'),
  ...sentWhen('SecondaryExecID', 'ExecType(150) is F: the same for both sides of the trade'),
  ...sentWhen('LastLiquidityInd', 'ExecType(150) is F'),
  ...group('NoMiscFees', required('MiscFeeAmt MiscFeeCurr MiscFeeType')),
];

/** OrderCancelReject (9). */
export const ORDER_CANCEL_REJECT: readonly FieldRule[] = required(
  'OrderID ClOrdID OrigClOrdID OrdStatus CxlRejResponseTo CxlRejReason Text TransactTime',
);

/** ExecutionReport and OrderCancelReject with the fields that the venue sends, in the order of the wire. */
import { groupWhen, in42, in44, in50, optional, required, sentWhen, since44 } from './field-rules.ts';

const FILL_42 = 'ExecType(150) is 1 or 2';
const FILL = 'ExecType(150) is F';

/** ExecutionReport (8). */
export const EXECUTION_REPORT = [
  ...required('OrderID ExecID'),
  ...in42(required('ExecTransType')),
  ...required('ExecType OrdStatus Symbol Side OrderQty'),
  ...sentWhen('OrdType', 'the order is known'),
  ...sentWhen('Price', 'OrdType(40) is 2'),
  ...sentWhen('TimeInForce', 'the order is known'),
  ...required('LeavesQty CumQty AvgPx ClOrdID'),
  ...sentWhen('OrigClOrdID', 'the report answers a cancel or a replace'),
  ...required('TransactTime'),
  ...in42([...sentWhen('LastPx', FILL_42), ...sentWhen('LastQty', FILL_42)]),
  ...since44([...sentWhen('LastPx', FILL), ...sentWhen('LastQty', FILL)]),
  ...sentWhen('OrdRejReason', 'ExecType(150) is 8'),
  ...sentWhen('ExecRestatementReason', 'nobody asked for the cancel'),
  ...optional('Text'),
  ...since44([
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

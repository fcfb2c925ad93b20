/** Words in which a demo's steps are written: limit orders of a run in one symbol, and the reports about them. */
import { type ExpectedMessage, same } from './expectations.ts';
import type { MemberName } from './protocol.ts';

/** A request by its message's name. */
export interface StepRequest {
  readonly member: MemberName;
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** A message that one of the members must get; those to one member come in this order. */
export interface StepReport extends ExpectedMessage {
  readonly member: MemberName;
}

export interface Step {
  /** A sentence about the market. */
  readonly title: string;
  readonly request: StepRequest;
  readonly reports: readonly StepReport[];
}

/** Side (54). */
export const BUY = '1';
export const SELL = '2';
/** OrdType (40). */
export const LIMIT = '2';
/** TimeInForce (59). */
export const DAY = '0';
export const GOOD_TILL_CANCEL = '1';

interface OrderTerms {
  readonly side: string;
  readonly quantity: string;
  readonly price: string;
  readonly timeInForce?: string;
}

/** What a step of this run and symbol is made of; all trades are at `lastPx`. */
export interface StepMessages {
  /** The run's ClOrdID (11) of this name. */
  id(name: string): string;
  order(member: MemberName, name: string, terms: OrderTerms): StepRequest;
  report(member: MemberName, name: string, fields: ExpectedMessage['fields']): StepReport;
  accepted(member: MemberName, name: string, orderQty: string): StepReport;
  fill(member: MemberName, name: string, fields: ExpectedMessage['fields']): StepReport;
}

export function stepMessages(runId: string, symbol: string, lastPx: string): StepMessages {
  const id = (name: string): string => `${runId}-${name}`;
  const report: StepMessages['report'] = (member, name, fields) => ({
    member,
    name: 'ExecutionReport',
    fields: { ClOrdID: id(name), Symbol: symbol, ...fields },
  });
  return {
    id,
    report,
    order: (member, name, { side, quantity, price, timeInForce }) => ({
      member,
      name: 'NewOrderSingle',
      fields: {
        ...{ ClOrdID: id(name), Symbol: symbol, Side: side, OrderQty: quantity },
        ...{ OrdType: LIMIT, Price: price, TimeInForce: timeInForce ?? DAY },
      },
    }),
    accepted: (member, name, orderQty) =>
      report(member, name, {
        ...{ OrderID: same(`OrderID of ${name}`), ExecType: '0', OrdStatus: '0' },
        ...{ OrderQty: orderQty, CumQty: '0', LeavesQty: orderQty },
      }),
    fill: (member, name, fields) =>
      report(member, name, {
        ...{ OrderID: same(`OrderID of ${name}`), ExecType: 'F', LastPx: lastPx },
        ...fields,
      }),
  };
}

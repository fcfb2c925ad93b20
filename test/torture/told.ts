/**
 * What a report says, reduced to what every version of FIX can say of it: once from the message that a member got and
 * once from the row that the venue committed, so that the two can be compared as text.
 */
import type { FixMessage } from '../../src/fix/message.ts';
import { ORDER_MASS_CANCEL_REPORT } from '../../src/fix/messages/mass-orders.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import { typedTags } from '../../src/fix/typed-messages.ts';
import type { FixVersion } from '../../src/fix/version.ts';
import { parseAmount } from '../../src/platform/decimal.ts';

/** A row of `reports`, or the New report that is in a row of `orders`. Decimals are text. */
export interface CommittedReport {
  readonly source: string;
  readonly sourceSeq: number;
  readonly msgType: '8' | '9' | 'r';
  /** TransactTime (60), ms since the epoch. */
  readonly at: number;
  readonly orderId: string | null;
  readonly clOrdId: string;
  readonly execType: string | null;
  readonly ordStatus: string | null;
  readonly orderQty: string | null;
  readonly cumQty: string | null;
  readonly leavesQty: string | null;
  readonly lastQty: string | null;
  readonly lastPx: string | null;
  readonly tradeId: string | null;
  readonly fee: string | null;
  /** TotalAffectedOrders (533) of an r. */
  readonly totalAffectedOrders: string | null;
}

const MASS_CANCEL = typedTags(ORDER_MASS_CANCEL_REPORT);

const STATUS_ANSWER = 'I';
const REPLACED = '5';
/** ExecTypes (150) that FIX.4.2 says by the OrdStatus (39). */
const SAID_BY_STATUS_42: ReadonlySet<string> = new Set(['F', 'G', 'H', 'I']);

/** The name of a report for ever: its ExecID (17); of a cancel reject, which has none, ClOrdID (11) and time. */
export function keyOfRow(row: CommittedReport): string {
  if (row.msgType === '9') return `9 ${row.clOrdId} ${utcTimestamp(row.at)}`;
  return `${row.msgType} ${row.source}-${row.sourceSeq}`;
}

/** The same from the wire; undefined for what has no row: session messages, status answers, rejects. */
export function keyOfMessage(message: FixMessage): string | undefined {
  switch (message.msgType) {
    case MSG_TYPE.ExecutionReport:
      return isStatusAnswer(message) ? undefined : `8 ${message.get(TAG.ExecID)}`;
    case MSG_TYPE.OrderCancelReject:
      return `9 ${message.get(TAG.ClOrdID)} ${message.get(TAG.TransactTime)}`;
    case MSG_TYPE.OrderMassCancelReport:
      return `r ${message.get(TAG.OrderID)}`;
    default:
      return undefined;
  }
}

/** Where the report comes from, and its number there. */
export function originOf(key: string): { readonly source: string; readonly seq: number } | undefined {
  if (key.startsWith('9 ')) return undefined;
  const at = key.lastIndexOf('-');
  return { source: key.slice(2, at), seq: Number(key.slice(at + 1)) };
}

/** An answer to a question, which reports nothing new; FIX.4.2 says so by ExecTransType (20). */
export function isStatusAnswer(message: FixMessage): boolean {
  return message.get(TAG.ExecType) === STATUS_ANSWER || message.get(TAG.ExecTransType) === '3';
}

/** What the row says, in the words of a version. */
export function factsOfRow(row: CommittedReport, version: FixVersion): string {
  if (row.msgType === 'r') return facts([row.clOrdId, row.totalAffectedOrders]);
  const orderId = row.orderId ?? 'NONE';
  const ordStatus = ordStatusIn(version, row);
  if (row.msgType === '9') return facts([row.clOrdId, orderId, ordStatus]);
  return facts([
    row.clOrdId,
    orderId,
    execTypeIn(version, row.execType ?? '', ordStatus),
    ordStatus,
    amount(row.orderQty),
    amount(row.cumQty),
    amount(row.leavesQty),
    amount(row.lastQty),
    amount(row.lastPx),
    ...(version === 'FIX.4.2' ? [] : [row.tradeId, amount(isZero(row.fee) ? null : row.fee)]),
  ]);
}

/** What the message says. */
export function factsOfMessage(message: FixMessage, version: FixVersion): string {
  const text = (tag: number): string | null => message.get(tag) ?? null;
  const clOrdId = text(TAG.ClOrdID);
  if (message.msgType === MSG_TYPE.OrderMassCancelReport) {
    return facts([clOrdId, text(MASS_CANCEL.TotalAffectedOrders)]);
  }
  const ordStatus = text(TAG.OrdStatus);
  if (message.msgType === MSG_TYPE.OrderCancelReject) return facts([clOrdId, text(TAG.OrderID), ordStatus]);
  return facts([
    clOrdId,
    text(TAG.OrderID),
    text(TAG.ExecType),
    ordStatus,
    amount(text(TAG.OrderQty)),
    amount(text(TAG.CumQty)),
    amount(text(TAG.LeavesQty)),
    amount(text(TAG.LastQty)),
    amount(text(TAG.LastPx)),
    ...(version === 'FIX.4.2' ? [] : [text(TAG.SecondaryExecID), amount(text(TAG.MiscFeeAmt))]),
  ]);
}

/** How an order stands, as a report or a status answer says it. */
export function standingOf(message: FixMessage): string {
  const ordStatus = message.get(TAG.OrdStatus);
  const cumQty = amount(message.get(TAG.CumQty) ?? null);
  // FIX.4.2 says of an order that was replaced and not filled that it is replaced, and it works as it did before.
  const status = ordStatus === REPLACED ? '0' : ordStatus;
  return facts([
    status ?? '',
    amount(message.get(TAG.OrderQty) ?? null),
    cumQty,
    amount(message.get(TAG.LeavesQty) ?? null),
  ]);
}

function execTypeIn(version: FixVersion, execType: string, ordStatus: string | null): string | null {
  if (version === 'FIX.5.0SP2') return execType;
  if (execType === 'L') return 'D';
  return version === 'FIX.4.2' && SAID_BY_STATUS_42.has(execType) ? ordStatus : execType;
}

function ordStatusIn(version: FixVersion, { execType, ordStatus }: CommittedReport): string | null {
  return version === 'FIX.4.2' && execType === REPLACED && ordStatus === '0' ? REPLACED : ordStatus;
}

function facts(values: readonly (string | null)[]): string {
  return values.map((value) => value ?? '-').join(' ');
}

function isZero(decimal: string | null): boolean {
  return amount(decimal) === '0';
}

/** Units of 10^-18, so that 1.50 and 1.5 are one. */
function amount(decimal: string | null): string | null {
  if (decimal === null) return null;
  const units = parseAmount(decimal);
  return typeof units === 'bigint' ? `${units}` : `${decimal}?`;
}

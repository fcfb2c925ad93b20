/**
 * Compares what members were told with what the venue has committed: nothing is lost, nothing invented, nothing
 * told in the wrong order, no number used for two messages.
 */
import { expect } from 'chai';
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import { parseAmount } from '../../src/platform/decimal.ts';
import { textOf } from './fix-client.ts';
import type { RecordingMember } from './recording-member.ts';
import type { OrderRow, VenueRows } from './venue-rows.ts';

/** What is audited of a member; also of one that has more lives of numbers than a RecordingMember. */
export type AuditedMember = Pick<RecordingMember, 'identity' | 'violations' | 'heard' | 'arrivals'>;

/** A report that the rows say a member is owed. Amounts in units of 10^-18; null where the report has none. */
interface Owed {
  readonly source: string;
  readonly sourceSeq: number;
  readonly facts: Readonly<Record<string, string | bigint | null>>;
}

/** Asserts that this member has been told every committed report, and nothing else. */
export function auditMember(member: AuditedMember, rows: VenueRows): void {
  const who = member.identity.username;
  expect(member.violations, `what the venue did wrong to ${who}`).to.deep.equal([]);
  const owed = owedTo(userIdOf(member, rows), rows);
  const told = toldTo(member);
  const missing = [...owed.keys()].filter((key) => !told.has(key));
  expect(missing, `reports that ${who} never got`).to.deep.equal([]);
  for (const [key, messages] of told) {
    const report = owed.get(key);
    expect(report, `the row of ${messages.map(textOf).join(' ')}`).not.to.equal(undefined);
    for (const message of messages) expect(factsOf(message), textOf(message)).to.deep.equal(report?.facts);
    for (const again of messages.slice(1)) {
      const isMarked = again.get(TAG.PossDupFlag) === 'Y' || again.get(TAG.PossResend) === 'Y';
      expect(isMarked, `${who} is told twice without a mark: ${textOf(again)}`).to.equal(true);
    }
  }
  auditOrder(who, [...told.keys()], owed);
  auditRefusals(member, rows);
  auditSeqNums(member);
  auditLastWords(member, rows);
}

/** Whether everything that is owed has arrived; `auditMember` says what is missing. */
export function hasHeardAll(member: AuditedMember, rows: VenueRows): boolean {
  const told = toldTo(member);
  return [...owedTo(userIdOf(member, rows), rows).keys()].every((key) => told.has(key));
}

function userIdOf(member: AuditedMember, rows: VenueRows): number {
  const userId = rows.userIds.get(member.identity.senderCompId);
  if (userId === undefined) throw new Error(`${member.identity.username} is no user`);
  return userId;
}

/** By ExecID (17); a cancel reject, which has none, by ClOrdID (11) and time. */
function owedTo(userId: number, rows: VenueRows): ReadonlyMap<string, Owed> {
  const owed = new Map<string, Owed>();
  for (const order of rows.orders) {
    if (order.userId !== userId) continue;
    const { symbol: source, acceptedSeq: sourceSeq } = order;
    owed.set(`8 ${source}-${sourceSeq}`, { source, sourceSeq, facts: factsOfNew(order) });
  }
  for (const row of rows.reports) {
    if (row.userId !== userId) continue;
    const { source, sourceSeq } = row;
    const isReport = row.msgType === MSG_TYPE.ExecutionReport;
    const key = isReport ? `8 ${source}-${sourceSeq}` : `9 ${row.clOrdId} ${utcTimestamp(row.at)}`;
    owed.set(key, {
      source,
      sourceSeq,
      facts: {
        orderId: row.orderId ?? 'NONE',
        clOrdId: row.clOrdId,
        execType: row.execType,
        ordStatus: row.ordStatus,
        orderQty: row.orderQty,
        cumQty: row.cumQty,
        leavesQty: row.leavesQty,
        lastQty: row.lastQty,
        lastPx: row.lastPx,
        tradeId: row.tradeId,
        fee: row.fee === 0n ? null : row.fee,
      },
    });
  }
  return owed;
}

function factsOfNew(order: OrderRow): Owed['facts'] {
  return {
    orderId: order.id,
    clOrdId: order.entryClOrdId,
    execType: '0',
    ordStatus: '0',
    orderQty: order.entryQuantity,
    cumQty: 0n,
    leavesQty: order.entryQuantity,
    lastQty: null,
    lastPx: null,
    tradeId: null,
    fee: null,
  };
}

function factsOf(message: FixMessage): Owed['facts'] {
  return {
    orderId: textIn(message, TAG.OrderID),
    clOrdId: textIn(message, TAG.ClOrdID),
    execType: textIn(message, TAG.ExecType),
    ordStatus: textIn(message, TAG.OrdStatus),
    orderQty: amountIn(message, TAG.OrderQty),
    cumQty: amountIn(message, TAG.CumQty),
    leavesQty: amountIn(message, TAG.LeavesQty),
    lastQty: amountIn(message, TAG.LastQty),
    lastPx: amountIn(message, TAG.LastPx),
    tradeId: textIn(message, TAG.SecondaryExecID),
    fee: amountIn(message, TAG.MiscFeeAmt),
  };
}

/** What the member was told, by the keys of {@link owedTo}, in the order of first delivery. */
function toldTo(member: AuditedMember): Map<string, FixMessage[]> {
  const told = new Map<string, FixMessage[]>();
  for (const { message } of member.heard) {
    const key = keyOf(message);
    if (key === undefined) continue;
    const before = told.get(key);
    if (before === undefined) told.set(key, [message]);
    else before.push(message);
  }
  return told;
}

function keyOf(message: FixMessage): string | undefined {
  switch (message.msgType) {
    case MSG_TYPE.ExecutionReport:
      // A status answer (150=I) reports nothing new and has no row.
      return message.get(TAG.ExecType) === 'I' ? undefined : `8 ${message.get(TAG.ExecID)}`;
    case MSG_TYPE.OrderCancelReject:
      return `9 ${message.get(TAG.ClOrdID)} ${message.get(TAG.TransactTime)}`;
    default:
      return undefined;
  }
}

/** First deliveries of one source come in the order in which it committed. */
function auditOrder(who: string, keys: readonly string[], owed: ReadonlyMap<string, Owed>): void {
  const last = new Map<string, number>();
  for (const key of keys) {
    const report = owed.get(key);
    if (report === undefined) continue;
    const before = last.get(report.source) ?? 0;
    expect(report.sourceSeq, `${who}: ${key} after ${report.source}-${before}`).to.be.above(before);
    last.set(report.source, report.sourceSeq);
  }
}

/** A request that was answered with a BusinessMessageReject (j) provably changed nothing. */
function auditRefusals(member: AuditedMember, rows: VenueRows): void {
  const userId = userIdOf(member, rows);
  const known = new Set([
    ...rows.orders.filter((order) => order.userId === userId).map((order) => order.entryClOrdId),
    ...rows.requests.filter((request) => request.userId === userId).map((request) => request.clOrdId),
  ]);
  for (const { message } of member.heard) {
    if (message.msgType !== MSG_TYPE.BusinessMessageReject) continue;
    expect(message.get(TAG.BusinessRejectReason), textOf(message)).to.equal('4');
    expect(known.has(message.get(TAG.BusinessRejectRefID) ?? ''), textOf(message)).to.equal(false);
  }
}

const TIMES_AND_MARKS: ReadonlySet<number> = new Set([
  TAG.BodyLength,
  TAG.CheckSum,
  TAG.SendingTime,
  TAG.OrigSendingTime,
  TAG.PossDupFlag,
]);

/** A number stands for one message for ever; under 43=Y the same one comes again. */
function auditSeqNums(member: AuditedMember): void {
  const contents = new Map<number, string>();
  for (const { message } of member.arrivals) {
    if (!CONTENT_TYPES.has(message.msgType)) continue;
    const seqNum = message.msgSeqNum ?? 0;
    const content = contentOf(message);
    const before = contents.get(seqNum);
    if (before === undefined) {
      contents.set(seqNum, content);
      continue;
    }
    expect(message.get(TAG.PossDupFlag), `a number again: ${textOf(message)}`).to.equal('Y');
    expect(content, `what number ${seqNum} stands for`).to.equal(before);
  }
}

/** Session messages are replaced by GapFills, so that their numbers may show two contents. */
const CONTENT_TYPES: ReadonlySet<string> = new Set([
  MSG_TYPE.ExecutionReport,
  MSG_TYPE.OrderCancelReject,
  MSG_TYPE.BusinessMessageReject,
]);

function contentOf(message: FixMessage): string {
  const fields: string[] = [];
  for (let index = 0; index < message.fieldCount; index += 1) {
    const tag = message.tagAt(index);
    if (!TIMES_AND_MARKS.has(tag)) fields.push(`${tag}=${message.valueAt(index)}`);
  }
  return fields.join('|');
}

/** The last report of each order says what its row says, and on the way there CumQty never fell. */
function auditLastWords(member: AuditedMember, rows: VenueRows): void {
  const orders = new Map(rows.orders.map((order) => [order.id, order]));
  const last = new Map<string, { seq: number; message: FixMessage }>();
  for (const { message } of member.heard) {
    if (message.msgType !== MSG_TYPE.ExecutionReport || message.get(TAG.ExecType) === 'I') continue;
    const order = orders.get(message.get(TAG.OrderID) ?? '');
    if (order === undefined) continue;
    const seq = Number(message.get(TAG.ExecID)?.slice(order.symbol.length + 1));
    const before = last.get(order.id);
    if (before !== undefined && before.seq >= seq) continue;
    if (before !== undefined) {
      const cumQty = amountIn(before.message, TAG.CumQty) ?? 0n;
      expect((amountIn(message, TAG.CumQty) ?? 0n) >= cumQty, textOf(message)).to.equal(true);
      expect(OPEN_STATUSES.has(before.message.get(TAG.OrdStatus) ?? ''), textOf(message)).to.equal(true);
    }
    last.set(order.id, { seq, message });
  }
  for (const [orderId, { message }] of last) {
    const order = orders.get(orderId);
    expect(message.get(TAG.OrdStatus), textOf(message)).to.equal(order?.status);
    expect(amountIn(message, TAG.CumQty), textOf(message)).to.equal(order?.filledQuantity);
    expect(amountIn(message, TAG.LeavesQty), textOf(message)).to.equal(order?.remainingQuantity);
    expect(amountIn(message, TAG.Price), textOf(message)).to.equal(order?.price);
    const orderQty = amountIn(message, TAG.OrderQty) ?? 0n;
    expect(orderQty, textOf(message)).to.equal(order?.quantity);
  }
}

const OPEN_STATUSES: ReadonlySet<string> = new Set(['0', '1']);

function textIn(message: FixMessage, tag: number): string | null {
  return message.get(tag) ?? null;
}

function amountIn(message: FixMessage, tag: number): bigint | null {
  const text = message.get(tag);
  if (text === undefined) return null;
  const amount = parseAmount(text);
  if (typeof amount !== 'bigint') throw new Error(`${tag}=${text} in ${textOf(message)}`);
  return amount;
}

/**
 * A member's own record of a torture run: what it asked for, what was acknowledged to it, how its orders stand. Made
 * from nothing but what came over the wire, and kept over every crash; the audit holds the venue's rows against it.
 */
import type { FixMessage } from '../../src/fix/message.ts';
import { EXECUTION_REPORT } from '../../src/fix/messages/order-reports.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { typedTags } from '../../src/fix/typed-messages.ts';
import type { FixVersion } from '../../src/fix/version.ts';
import { textOf } from '../support/fix-client.ts';
import { RebuiltOrders } from '../support/rebuilt-orders.ts';
import type { ScriptedRequest } from './requests.ts';
import { factsOfMessage, isStatusAnswer, keyOfMessage, originOf, standingOf } from './told.ts';

const REPORT = typedTags(EXECUTION_REPORT);

/** Requests that were answered and may be sent again are these last ones. */
const REPEATABLE = 500;
/** Numbers further back are not sent again; a member notices a second use of one by counting. */
const CONTENTS_KEPT = 10_000;
/** They differ whenever a message goes out again. */
const TIMES_AND_MARKS: ReadonlySet<number> = new Set([
  TAG.BodyLength,
  TAG.CheckSum,
  TAG.SendingTime,
  TAG.OrigSendingTime,
  TAG.PossDupFlag,
]);
/** Session messages are replaced by GapFills, so that their numbers may show two contents. */
const CONTENT_TYPES: ReadonlySet<string> = new Set([
  MSG_TYPE.ExecutionReport,
  MSG_TYPE.OrderCancelReject,
  MSG_TYPE.OrderMassCancelReport,
  MSG_TYPE.BusinessMessageReject,
]);
/** ApplicationNotAvailable of BusinessRejectReason (380): the venue cannot now, and has taken nothing. */
const NOT_AVAILABLE = '4';
const NEW = '0';
const OPEN_STATUSES: ReadonlySet<string> = new Set(['0', '1', '5']);

/** What the venue says of a request of which it records nothing: it had no room for it, or is about to stop. */
const NOT_TAKEN = /: no new orders$|requests are on their way, try again$/;

/** A status answer, to be held against the states of the order that were committed. */
interface StatusAnswer {
  readonly orderId: string;
  readonly standing: string;
  readonly text: string;
}

export class MemberRecord {
  readonly version: FixVersion;
  /** Every D, F, G and q that was ever sent, by ClOrdID (11). */
  readonly asked = new Map<string, ScriptedRequest>();
  /** ClOrdIDs (11) of those that nobody has answered yet. */
  readonly unanswered = new Set<string>();
  /** ClOrdIDs (11) of those that the venue says it never took. */
  readonly turnedAway = new Set<string>();
  /** ClOrdIDs (11) that were answered in this trading day, the last ones. */
  repeatable: string[] = [];
  /** ClOrdIDs (11) of those that were sent a second time before they were answered: one refusal does not settle them. */
  readonly repeated = new Set<string>();
  /** One of those was refused; who repeats it takes that back. */
  isRepeatRefused = false;
  /** What each report says, by its key. */
  readonly told = new Map<string, string>();
  /**
   * Keys of {@link told} that have not been compared with rows yet, in the order in which they came; one for each time
   * that it came without a mark.
   */
  unverified: string[] = [];
  /** What no venue may do. */
  readonly violations: string[] = [];
  readonly orders = new RebuiltOrders();
  /** Orders of the last mass status answer (AF) that is complete, by OrderID (37). */
  massStatus: ReadonlySet<string> | undefined;
  statusAnswers: StatusAnswer[] = [];
  /** Orders that were accepted, reports of fills, repeats that were marked as such. */
  readonly counts = { accepted: 0, fills: 0, repeats: 0, turnedAway: 0 };
  /** What each MsgSeqNum (34) stands for. */
  readonly #contents = new Map<number, string>();
  /** Every state in which an order was reported to be. */
  readonly #standings = new Map<string, Set<string>>();
  readonly #lastSeqs = new Map<string, number>();
  /** The MsgSeqNum (34) with which the venue wanted a request again, by ClOrdID (11). */
  readonly #askedAgainBy = new Map<string, number>();
  #massStatusSoFar = new Set<string>();

  constructor(version: FixVersion) {
    this.version = version;
  }

  ask(request: ScriptedRequest): void {
    if (request.id === undefined || request.msgType === MSG_TYPE.OrderMassStatusRequest) return;
    this.asked.set(request.id, request);
    this.unanswered.add(request.id);
  }

  /**
   * The venue wants what it turned away again: it was asked before the venue remembers, and may be taken now.
   * `askedBy`: MsgSeqNum (34) of its ResendRequest.
   */
  askAgain(id: string, askedBy: number): void {
    this.#askedAgainBy.set(id, askedBy);
    if (!this.turnedAway.delete(id)) return;
    this.unanswered.add(id);
    this.counts.turnedAway -= 1;
  }

  /** A new trading day: what was asked for before may be forgotten by the venue, and is not repeated. */
  beginDay(): void {
    this.repeatable = [];
  }

  /** The venue refuses the message, and so the request in it (a Reject for its time). */
  refuse(id: string): void {
    this.#turnAway(id);
  }

  blame(what: string, message: FixMessage): void {
    this.violations.push(`${what}: ${textOf(message)}`);
  }

  /** Looks at a message as it comes in, above a gap or not, and however often. */
  note(message: FixMessage): void {
    if (!CONTENT_TYPES.has(message.msgType)) return;
    const seqNum = message.msgSeqNum ?? 0;
    const content = contentOf(message);
    const before = this.#contents.get(seqNum);
    if (before === undefined) {
      this.#contents.delete(seqNum - CONTENTS_KEPT);
      this.#contents.set(seqNum, content);
    } else if (message.get(TAG.PossDupFlag) !== 'Y') this.blame('a number is used twice', message);
    else if (before !== content) this.blame(`number ${seqNum} stood for ${before}, and now`, message);
  }

  /** Takes an application message in its turn. */
  take(message: FixMessage): void {
    if (NOT_TAKEN.test(message.get(TAG.Text) ?? '')) {
      this.#takeRefusal(message, message.get(TAG.ClOrdID) ?? message.get(TAG.BusinessRejectRefID) ?? '');
      return;
    }
    switch (message.msgType) {
      case MSG_TYPE.ExecutionReport:
        this.#takeReport(message);
        break;
      case MSG_TYPE.OrderCancelReject:
      case MSG_TYPE.OrderMassCancelReport:
        this.#remember(message);
        break;
      case MSG_TYPE.BusinessMessageReject:
        this.#takeBusinessReject(message);
        return;
      default:
        return;
    }
    this.#answer(message);
  }

  /** Compares the status answers that came since with the states that were reported; the reports have all come. */
  judgeStatusAnswers(): void {
    for (const { orderId, standing, text } of this.statusAnswers) {
      if (this.#standings.get(orderId)?.has(standing) === true) continue;
      this.violations.push(`a state that was never committed (${standing}): ${text}`);
    }
    this.statusAnswers = [];
  }

  #takeReport(message: FixMessage): void {
    const orderId = message.get(TAG.OrderID) ?? '';
    if (isStatusAnswer(message)) {
      this.#noteMassStatus(message, orderId);
      if (orderId === 'NONE') return;
      this.statusAnswers.push({ orderId, standing: standingOf(message), text: textOf(message) });
      return;
    }
    if (!this.#remember(message)) return;
    this.orders.take(message);
    this.violations.push(...this.orders.faults.splice(0));
    const standings = this.#standings.get(orderId);
    if (standings === undefined) this.#standings.set(orderId, new Set([standingOf(message)]));
    else standings.add(standingOf(message));
    if (message.get(TAG.ExecType) === NEW) this.counts.accepted += 1;
    if (message.has(TAG.LastQty)) this.counts.fills += 1;
  }

  #noteMassStatus(message: FixMessage, orderId: string): void {
    if (!message.has(TAG.MassStatusReqID)) return;
    if (orderId !== 'NONE' && OPEN_STATUSES.has(message.get(TAG.OrdStatus) ?? '')) {
      this.#massStatusSoFar.add(orderId);
    }
    if (message.get(REPORT.LastRptRequested) !== 'Y') return;
    this.massStatus = this.#massStatusSoFar;
    this.#massStatusSoFar = new Set();
  }

  /** True when the report is news. */
  #remember(message: FixMessage): boolean {
    const key = keyOfMessage(message);
    if (key === undefined) return false;
    const facts = factsOfMessage(message, this.version);
    const before = this.told.get(key);
    if (before === undefined) {
      this.told.set(key, facts);
      this.unverified.push(key);
      this.#judgeOrder(key, message);
      return true;
    }
    if (before !== facts) this.blame(`a report that said ${before} before`, message);
    if (message.get(TAG.PossDupFlag) === 'Y' || message.get(TAG.PossResend) === 'Y') this.counts.repeats += 1;
    // A cancel that was sent twice is refused twice, perhaps in one millisecond: there must be as many rows.
    else if (message.msgType === MSG_TYPE.OrderCancelReject) this.unverified.push(key);
    else this.blame('a report again without a mark', message);
    return false;
  }

  /** First deliveries of one source come in the order in which it committed. */
  #judgeOrder(key: string, message: FixMessage): void {
    const origin = originOf(key);
    if (origin === undefined) return;
    const last = this.#lastSeqs.get(origin.source) ?? 0;
    if (origin.seq < last) this.blame(`after ${origin.source}-${last}`, message);
    this.#lastSeqs.set(origin.source, Math.max(last, origin.seq));
  }

  #takeBusinessReject(message: FixMessage): void {
    if (message.get(TAG.BusinessRejectReason) !== NOT_AVAILABLE) this.blame('a request was right', message);
    this.#takeRefusal(message, message.get(TAG.BusinessRejectRefID) ?? '');
  }

  /** The request was not taken, and there is no row of that. */
  #takeRefusal(message: FixMessage, id: string): void {
    // A question about an order bears the order's ClOrdID.
    const isQuestion =
      message.msgType === MSG_TYPE.BusinessMessageReject &&
      this.asked.get(id)?.msgType !== message.get(TAG.RefMsgType);
    // What it said before it wanted the request again, and what is only heard now, is no answer to that.
    const isOutdated = (message.msgSeqNum ?? 0) < (this.#askedAgainBy.get(id) ?? 0);
    if (!this.unanswered.has(id) || isQuestion || isOutdated) return;
    // The other one may have been taken.
    if (this.repeated.has(id)) this.isRepeatRefused = true;
    else this.#turnAway(id);
  }

  #turnAway(id: string): void {
    this.unanswered.delete(id);
    this.turnedAway.add(id);
    this.counts.turnedAway += 1;
  }

  #answer(message: FixMessage): void {
    const id = message.get(TAG.ClOrdID) ?? '';
    if (this.turnedAway.has(id) && !isStatusAnswer(message)) {
      this.blame('an answer to what was never taken', message);
    }
    const request = this.asked.get(id);
    if (request === undefined || !this.unanswered.has(id)) return;
    // Its orders' reports bear its ClOrdID too; the answer is the OrderMassCancelReport.
    const isMassCancel = request.msgType === MSG_TYPE.OrderMassCancelRequest;
    if (isMassCancel && message.msgType !== MSG_TYPE.OrderMassCancelReport) return;
    this.unanswered.delete(id);
    this.repeatable.push(id);
    if (this.repeatable.length > 2 * REPEATABLE) this.repeatable = this.repeatable.slice(-REPEATABLE);
  }
}

function contentOf(message: FixMessage): string {
  const fields: string[] = [];
  for (let index = 0; index < message.fieldCount; index += 1) {
    const tag = message.tagAt(index);
    if (!TIMES_AND_MARKS.has(tag)) fields.push(`${tag}=${message.valueAt(index)}`);
  }
  return fields.join('|');
}

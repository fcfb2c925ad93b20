/**
 * Keeps the answer to a mass cancel (q) in its order on the wire: first its report (r), then an 8 for each order.
 * The books commit their cancels before the account can count them, so from the first of these on the books'
 * reports wait here until the request is answered. What the account says itself passes.
 */
import { accountSource, type Report } from '../matching/execution-report.ts';
import type { CommittedReport } from './session-state.ts';

/** ExecType (150) of an order that is canceled. */
const CANCELED = '4';

interface Held {
  readonly committed: CommittedReport;
  /** MsgSeqNum (34) of the mass cancel that it waits for; undefined of what only stands behind such a report. */
  readonly waitsFor: number | undefined;
}

/** Reports that wait for a mass cancel's, and the mass cancels that are not answered yet. */
export class HeldReports {
  /** ClOrdID (11) by MsgSeqNum (34), oldest first. */
  readonly #pending = new Map<number, string>();
  /**
   * The other way round. Several may have one ClOrdID: a repeat (43 or 97), which is answered after the first.
   * What is canceled is the first's.
   */
  readonly #byClOrdId = new Map<string, number[]>();
  #held: Held[] = [];
  #since = 0;

  /** Whether reports can be passed on without a look at them. */
  get isIdle(): boolean {
    return this.#pending.size === 0 && this.#held.length === 0;
  }

  /** Reports that wait. */
  get length(): number {
    return this.#held.length;
  }

  /** A mass cancel is on its way to the account. */
  await(msgSeqNum: number, clOrdId: string): void {
    this.#pending.set(msgSeqNum, clOrdId);
    const others = this.#byClOrdId.get(clOrdId);
    if (others === undefined) this.#byClOrdId.set(clOrdId, [msgSeqNum]);
    else others.push(msgSeqNum);
  }

  /** Whether the request is a mass cancel that is not answered. */
  isPending(msgSeqNum: number): boolean {
    return this.#pending.has(msgSeqNum);
  }

  /** The request is answered, or refused. */
  forget(msgSeqNum: number): void {
    const clOrdId = this.#pending.get(msgSeqNum);
    if (clOrdId === undefined) return;
    this.#pending.delete(msgSeqNum);
    const left = this.#byClOrdId.get(clOrdId)?.filter((other) => other !== msgSeqNum) ?? [];
    if (left.length === 0) this.#byClOrdId.delete(clOrdId);
    else this.#byClOrdId.set(clOrdId, left);
  }

  /** The oldest of the requests with this ClOrdID is answered. */
  forgetFirst(clOrdId: string): void {
    const [first] = this.#byClOrdId.get(clOrdId) ?? [];
    if (first !== undefined) this.forget(first);
  }

  /** True when the report is kept: it is a pending mass cancel's, or a book's behind one of those. */
  keep(committed: CommittedReport, now: number): boolean {
    const { report } = committed;
    if (!isFromBook(report)) return false;
    const isHolding = this.#held.length > 0;
    const waitsFor = this.#requestOf(report);
    if (!isHolding && waitsFor === undefined) return false;
    if (!isHolding) this.#since = now;
    this.#held.push({ committed, waitsFor });
    return true;
  }

  /** What need not wait any longer, in its order: everything before the first report of a pending mass cancel. */
  takeReleased(): readonly CommittedReport[] {
    if (this.#held.length === 0) return [];
    const first = this.#held.findIndex(({ waitsFor }) => waitsFor !== undefined && this.isPending(waitsFor));
    const released = this.#held.splice(0, first < 0 ? this.#held.length : first);
    return released.map(({ committed }) => committed);
  }

  /** Whether the first report has waited for so many ms. */
  isOverdue(now: number, timeoutMs: number): boolean {
    return this.#held.length > 0 && now - this.#since >= timeoutMs;
  }

  /** Waits for no mass cancel any more. */
  giveUp(): void {
    this.#pending.clear();
    this.#byClOrdId.clear();
  }

  /** MsgSeqNum (34) of the pending mass cancel that the report is of. */
  #requestOf(report: Report): number | undefined {
    if (report.type !== 'ExecutionReport' || report.execType !== CANCELED) return undefined;
    return this.#byClOrdId.get(report.clOrdId)?.[0];
  }
}

/** A status answer (0) has no place in the order of its source. */
function isFromBook(report: Report): boolean {
  return report.sourceSeq !== 0 && report.source !== accountSource(report.userId);
}

/**
 * The member's numbers: which MsgSeqNum (34) comes next, which requests are not answered yet, and what waits
 * above a gap. It decides nothing about messages; receive.ts does.
 */
import type { FixMessage } from './message.ts';

/** How a received number relates to the expected one. */
export type SeqVerdict =
  | { readonly type: 'InOrder' }
  | { readonly type: 'Gap'; readonly beginSeqNo: number; readonly endSeqNo: number }
  | { readonly type: 'AlreadyProcessed' }
  | { readonly type: 'TooLow'; readonly expected: number };

/**
 * Judges an inbound MsgSeqNum (34) against the number this session expects next.
 *
 * Returns a verdict, not a boolean: a gap, a replay and a stale number each oblige the session to act
 * differently, and the union makes the caller choose.
 */
export function judgeMsgSeqNum(expected: number, received: number, possDup: boolean): SeqVerdict {
  if (received === expected) return { type: 'InOrder' };
  // EndSeqNo 0 asks for everything: the peer may send more while our request is in flight.
  if (received > expected) return { type: 'Gap', beginSeqNo: expected, endSeqNo: 0 };
  return possDup ? { type: 'AlreadyProcessed' } : { type: 'TooLow', expected };
}

/** A message above a gap. */
export interface QueuedMessage {
  readonly message: FixMessage;
  /** Its effect has been had already (Logon, ResendRequest): at its turn it only consumes its number. */
  readonly isServed: boolean;
}

/** Numbers that are missing. */
interface Gap {
  /** The number whose arrival showed the gap: it is closed when that one has been processed. */
  readonly shownBy: number;
  /** A ResendRequest (2) is open; otherwise the member knows what to send by NextExpectedMsgSeqNum (789). */
  isAsked: boolean;
  /** When a missing number last arrived, ms since the epoch. */
  progressAt: number;
}

/** Bounds of what is kept above a gap. */
export interface InboundLimits {
  readonly maxQueuedAboveGap: number;
  readonly maxQueuedBytesAboveGap: number;
}

/** The inbound side of one session. */
export class Inbound {
  readonly #limits: InboundLimits;
  readonly #unanswered = new Set<number>();
  readonly #queue = new Map<number, QueuedMessage>();
  #queuedBytes = 0;
  #nextSeqNum = 1;
  #gap: Gap | undefined;

  constructor(limits: InboundLimits) {
    this.#limits = limits;
  }

  /** Begins at a number that was saved, with nothing queued and nothing unanswered. */
  start(nextSeqNum: number): void {
    this.#nextSeqNum = nextSeqNum;
    this.#unanswered.clear();
    this.#queue.clear();
    this.#queuedBytes = 0;
    this.#gap = undefined;
  }

  /** The MsgSeqNum (34) that is expected next. */
  get nextSeqNum(): number {
    return this.#nextSeqNum;
  }

  /** Everything before this number is committed: what may be saved as the next number expected. */
  get committedSeqNum(): number {
    // Numbers are added in ascending order, so the set's first is its smallest.
    for (const msgSeqNum of this.#unanswered) return Math.min(msgSeqNum, this.#nextSeqNum);
    return this.#nextSeqNum;
  }

  get unansweredCount(): number {
    return this.#unanswered.size;
  }

  /** Messages that wait above a gap. */
  get queuedCount(): number {
    return this.#queue.size;
  }

  /** Whether numbers are missing. */
  get hasGap(): boolean {
    return this.#gap !== undefined;
  }

  /** Consumes the expected number. */
  consume(): void {
    this.#nextSeqNum += 1;
  }

  /** Goes on to a number, as a SequenceReset (4) says. It is not lower than the expected one. */
  moveTo(nextSeqNum: number): void {
    this.#nextSeqNum = nextSeqNum;
    for (const msgSeqNum of this.#queue.keys()) {
      if (msgSeqNum < nextSeqNum) this.#unqueue(msgSeqNum);
    }
  }

  /** A request was handed on: its number is not committed before it is answered. */
  awaitAnswer(msgSeqNum: number): void {
    this.#unanswered.add(msgSeqNum);
  }

  answer(msgSeqNum: number): void {
    this.#unanswered.delete(msgSeqNum);
  }

  /** Keeps a message above a gap, if there is room; what is not kept will be requested again. */
  queue(msgSeqNum: number, queued: QueuedMessage): void {
    if (this.#queue.has(msgSeqNum)) return;
    const { byteCount } = queued.message;
    if (this.#queue.size >= this.#limits.maxQueuedAboveGap) return;
    if (this.#queuedBytes + byteCount > this.#limits.maxQueuedBytesAboveGap) return;
    this.#queue.set(msgSeqNum, { ...queued, message: queued.message.detached() });
    this.#queuedBytes += byteCount;
  }

  /** Takes the message whose turn it is, if it waits. */
  takeNext(): QueuedMessage | undefined {
    const queued = this.#queue.get(this.#nextSeqNum);
    if (queued !== undefined) this.#unqueue(this.#nextSeqNum);
    return queued;
  }

  /** Opens a gap that this number showed, and that is asked for. False when one is open already. */
  openGap(shownBy: number, now: number): boolean {
    if (this.#gap !== undefined) return false;
    this.#gap = { shownBy, isAsked: true, progressAt: now };
    return true;
  }

  /** Opens a gap that the member fills without being asked, since it has been told the number that comes next. */
  expectFill(shownBy: number, now: number): void {
    this.#gap = { shownBy, isAsked: false, progressAt: now };
  }

  /** The number that showed a gap which nobody fills by himself within `patienceMs`: once, and it counts as asked. */
  takeUnasked(now: number, patienceMs: number): number | undefined {
    const gap = this.#gap;
    if (gap === undefined || gap.isAsked || now - gap.progressAt < patienceMs) return undefined;
    gap.isAsked = true;
    gap.progressAt = now;
    return gap.shownBy;
  }

  /**
   * Notes that a number was consumed. Returns the lowest number that still waits when that closed the gap and
   * showed another one.
   */
  closeGap(now: number): number | undefined {
    if (this.#gap === undefined) return undefined;
    this.#gap.progressAt = now;
    if (this.#nextSeqNum <= this.#gap.shownBy) return undefined;
    this.#gap = undefined;
    let lowest: number | undefined;
    for (const msgSeqNum of this.#queue.keys()) {
      if (lowest === undefined || msgSeqNum < lowest) lowest = msgSeqNum;
    }
    return lowest;
  }

  /** Whether the open gap has seen no missing number for longer than `timeoutMs`. */
  isStuck(now: number, timeoutMs: number): boolean {
    return this.#gap !== undefined && now - this.#gap.progressAt > timeoutMs;
  }

  #unqueue(msgSeqNum: number): void {
    const queued = this.#queue.get(msgSeqNum);
    if (queued === undefined) return;
    this.#queue.delete(msgSeqNum);
    this.#queuedBytes -= queued.message.byteCount;
  }
}

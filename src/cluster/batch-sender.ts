/**
 * One direction of a link at its sending end: one batch is on its way, and is sent again until it is answered. With
 * nothing to say it sends an empty batch now and then, so that a link that the other end has given up is noticed.
 */
import type { CancelTimer, Clock } from '../platform/clock.ts';
import { type Carrier, CarrierError } from './carrier.ts';
import { type Batch, decodeAnswer, encodeFrame, FRAME_LINE_BYTES } from './link-frames.ts';
import { Outbox, type OutboxLimits } from './outbox.ts';

/** Bounds and times of a link. */
export interface LinkLimits extends OutboxLimits {
  /** The longest message. Of one commit, all that one member is told is one message. */
  readonly maxMessageBytes: number;
  /** What one batch carries, and so how much is sent again when an answer is late. */
  readonly maxBatchBytes: number;
  /** How long to wait for an answer at first; each time that there is none it is twice as long. */
  readonly answerTimeoutMs: number;
  /** How long to wait where nobody listens, or the other end is not ready; twice as long each time. */
  readonly retryMs: number;
  /** The longest of these waits. */
  readonly maxRetryMs: number;
  /**
   * How long a direction may be silent before it sends an empty batch. That only finds out that the other end has given
   * the link up and its word of it was lost: who lives is decided by leases, and all nodes are linked with all.
   */
  readonly pingMs: number;
}

export const LINK_LIMITS: LinkLimits = {
  maxQueuedMessages: 200_000,
  maxQueuedBytes: 128 * 1024 * 1024,
  maxMessageBytes: 64 * 1024 * 1024,
  maxBatchBytes: 256 * 1024,
  answerTimeoutMs: 300,
  retryMs: 20,
  maxRetryMs: 1_000,
  pingMs: 2_000,
};

export interface SenderPorts {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly limits: LinkLimits;
  /** Where the other end listens. */
  readonly subject: string;
}

export class BatchSender {
  readonly outbox: Outbox;
  readonly #ports: SenderPorts;
  readonly #ends: Pick<Batch, 'from' | 'to' | 'linkNo'>;
  readonly #onEnded: (reason: string) => void;
  #batchNo = 0;
  /** The batch on its way. */
  #body: Uint8Array | undefined;
  #firstSentAt = 0;
  #failureCount = 0;
  #resentCount = 0;
  #isAsking = false;
  #isScheduled = false;
  #isStopped = false;
  #cancelTimer: CancelTimer = () => undefined;

  /** `onEnded` is called once, when the other end says that there is no such link any more. */
  constructor(
    ports: SenderPorts,
    ends: Pick<Batch, 'from' | 'to' | 'linkNo'>,
    onEnded: (reason: string) => void,
  ) {
    this.#ports = ports;
    this.#ends = ends;
    this.#onEnded = onEnded;
    this.outbox = new Outbox(ports.limits);
    this.#pingLater();
  }

  get sentBatchCount(): number {
    return this.#batchNo;
  }

  get resentBatchCount(): number {
    return this.#resentCount;
  }

  /** For how long the batch on its way has had no answer; 0 when none is. */
  get unansweredMs(): number {
    return this.#body === undefined ? 0 : Math.max(0, this.#ports.clock.now() - this.#firstSentAt);
  }

  /** Takes a line to be sent; false when there is no room. What is offered in one turn travels together. */
  offer(line: Uint8Array): boolean {
    if (!this.outbox.offer(line)) return false;
    if (this.#body === undefined && !this.#isScheduled) {
      this.#isScheduled = true;
      queueMicrotask(() => {
        this.#isScheduled = false;
        this.#next();
      });
    }
    return true;
  }

  /** What carries is there again: what waits for its next attempt is sent now. */
  wake(): void {
    if (this.#body === undefined || this.#isAsking || this.#isStopped) return;
    this.#cancelTimer();
    this.#ask(this.#body);
  }

  stop(): void {
    this.#isStopped = true;
    this.#body = undefined;
    this.#cancelTimer();
  }

  #next(): void {
    if (this.#isStopped || this.#body !== undefined) return;
    const { carrier, clock, limits } = this.#ports;
    this.#cancelTimer();
    this.#batchNo += 1;
    const payload = this.outbox.take(Math.min(limits.maxBatchBytes, carrier.maxBodyBytes - FRAME_LINE_BYTES));
    const batch: Batch = { type: 'batch', ...this.#ends, batchNo: this.#batchNo };
    this.#body = encodeFrame(batch, payload);
    this.#firstSentAt = clock.now();
    this.#failureCount = 0;
    this.#ask(this.#body);
  }

  #ask(body: Uint8Array): void {
    const { carrier, limits, subject } = this.#ports;
    const timeoutMs = this.#backOff(limits.answerTimeoutMs);
    this.#isAsking = true;
    carrier.request(subject, body, timeoutMs).then(
      (answer) => {
        this.#isAsking = false;
        if (!this.#isStopped) this.#answered(answer);
      },
      (error: unknown) => {
        this.#isAsking = false;
        if (!this.#isStopped) this.#failed(error);
      },
    );
  }

  #answered(body: Uint8Array): void {
    const answer = decodeAnswer(body);
    const isOfThisLink = answer?.linkNo === this.#ends.linkNo;
    if (isOfThisLink && answer.type === 'ended') {
      this.stop();
      this.#onEnded(answer.reason);
    } else if (isOfThisLink && answer.type === 'took' && answer.batchNo === this.#batchNo) {
      this.#body = undefined;
      if (this.outbox.queuedMessageCount > 0) this.#next();
      else this.#pingLater();
    } else {
      this.#askLater();
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof CarrierError)) throw error;
    if (error.fault === 'closed') this.stop();
    else if (error.fault === 'timeout') this.#askAgain();
    else this.#askLater();
  }

  #askLater(): void {
    this.#cancelTimer = this.#ports.clock.after(this.#backOff(this.#ports.limits.retryMs), () =>
      this.#askAgain(),
    );
  }

  #askAgain(): void {
    if (this.#body === undefined) return;
    this.#failureCount += 1;
    this.#resentCount += 1;
    this.#ask(this.#body);
  }

  #backOff(firstMs: number): number {
    return Math.min(this.#ports.limits.maxRetryMs, firstMs * 2 ** Math.min(this.#failureCount, 16));
  }

  #pingLater(): void {
    this.#cancelTimer = this.#ports.clock.after(this.#ports.limits.pingMs, () => this.#next());
  }
}

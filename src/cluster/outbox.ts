/**
 * Encoded messages of one direction of a link that wait to be sent, within a bound, and cut into batches: whole lines
 * where they fit, a long one in pieces.
 */

/** What a link may keep, at each end and in each direction. */
export interface OutboxLimits {
  /** Messages that wait; one more is not taken. */
  readonly maxQueuedMessages: number;
  /** Bytes of them. */
  readonly maxQueuedBytes: number;
}

export class Outbox {
  readonly #limits: OutboxLimits;
  #lines: Uint8Array[] = [];
  /** Index of the first line that waits, and where in it. */
  #first = 0;
  #offset = 0;
  #queuedBytes = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  get queuedMessageCount(): number {
    return this.#lines.length - this.#first;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** False: no room. */
  offer(line: Uint8Array): boolean {
    const { maxQueuedMessages, maxQueuedBytes } = this.#limits;
    if (this.queuedMessageCount >= maxQueuedMessages) return false;
    if (this.#queuedBytes + line.length > maxQueuedBytes) return false;
    this.#lines.push(line);
    this.#queuedBytes += line.length;
    return true;
  }

  /** Takes the next bytes out, at most `maxBytes`; none when nothing waits. */
  take(maxBytes: number): readonly Uint8Array[] {
    const parts: Uint8Array[] = [];
    let room = maxBytes;
    while (this.#first < this.#lines.length) {
      const line = this.#lines[this.#first] as Uint8Array;
      const rest = line.length - this.#offset;
      // A line is cut only where it would not fit a batch of its own.
      if (rest > room && parts.length > 0) break;
      const part = line.subarray(this.#offset, this.#offset + Math.min(rest, room));
      parts.push(part);
      room -= part.length;
      if (part.length < rest) {
        this.#offset += part.length;
        break;
      }
      this.#offset = 0;
      this.#first += 1;
    }
    this.#queuedBytes -= maxBytes - room;
    this.#forget();
    return parts;
  }

  /** Lines that were taken are given back to memory, not at each batch: that would move all that wait each time. */
  #forget(): void {
    if (this.#first < this.#lines.length && this.#first < this.#lines.length / 2) return;
    this.#lines = this.#lines.slice(this.#first);
    this.#first = 0;
  }
}

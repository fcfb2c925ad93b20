/**
 * What has been journaled and is not in a commit yet, in its order. Apart from the writer, since how much one commit
 * takes and how much memory waits are rules of their own.
 */
import type { JournalEntry } from './commit-batch.ts';
import { isWrittenAlone } from './returned-requests.ts';

/** What an entry of a session takes beside the messages in it, roughly. */
const ENTRY_BYTES = 500;

/** Entries that wait for a commit, and the memory of all that are not written. */
export class JournalBuffer {
  readonly #maxEventsPerCommit: number;
  #entries: JournalEntry[] = [];
  /** So many entries from the front are written each alone, to find the one that cannot be. */
  #aloneCount = 0;
  #unwrittenBytes = 0;

  /** `maxEventsPerCommit`: what one commit takes at most, but for a single entry that is larger. */
  constructor(maxEventsPerCommit: number) {
    this.#maxEventsPerCommit = maxEventsPerCommit;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Memory of what sessions have sent, in bytes: of all entries from push to noteWritten. */
  get unwrittenBytes(): number {
    return this.#unwrittenBytes;
  }

  /** Whether something waits that must not: rows of sessions alone may wait for company. */
  get isUrgent(): boolean {
    return this.#entries.some((entry) => entry.type !== 'JournalSession');
  }

  push(entry: JournalEntry): void {
    this.#unwrittenBytes += storedBytesOf(entry);
    this.#entries.push(entry);
  }

  /** As many entries from the front as one commit takes, one at least; just that one when it is to be `alone`. */
  take(alone: boolean): readonly JournalEntry[] {
    if (alone || this.#aloneCount > 0) {
      this.#aloneCount = Math.max(0, this.#aloneCount - 1);
      return this.#entries.splice(0, 1);
    }
    let events = 0;
    let count = 0;
    for (const entry of this.#entries) {
      events += entry.type === 'JournalBook' ? entry.events.length : 1;
      const isAlone = isWrittenAlone(entry);
      if (count > 0 && (isAlone || events > this.#maxEventsPerCommit)) break;
      count += 1;
      if (isAlone) break;
    }
    return this.#entries.splice(0, count);
  }

  /** Entries that were taken are written, or never will be. */
  noteWritten(entries: readonly JournalEntry[]): void {
    for (const entry of entries) this.#unwrittenBytes -= storedBytesOf(entry);
  }

  /** Entries that were taken go back to the front, to be written one by one. */
  retryAlone(entries: readonly JournalEntry[]): void {
    this.#entries = [...entries, ...this.#entries];
    this.#aloneCount = entries.length;
  }

  /**
   * Puts those of `failed`, which were taken, and of what waits behind them that still hold to the front again, and lets
   * go of the others. Returns what waited.
   */
  keepOnly(
    failed: readonly JournalEntry[],
    holds: (entry: JournalEntry) => boolean,
  ): readonly JournalEntry[] {
    const behind = this.#entries;
    const all = [...failed, ...behind];
    this.#entries = all.filter(holds);
    this.noteWritten(all.filter((entry) => !holds(entry)));
    return behind;
  }
}

/**
 * Memory of what a session has sent: it grows with what members send and no commit carries away, also while nothing
 * but refusals is said. Books' and accounts' entries are bounded by the commands in flight.
 */
function storedBytesOf(entry: JournalEntry): number {
  return entry.type === 'JournalSession' ? ENTRY_BYTES + (entry.sent?.frames.length ?? 0) : 0;
}

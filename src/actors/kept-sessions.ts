/**
 * What a router keeps of all its sessions, and of which member each is: a member has one after another, and what an earlier
 * one has asked goes before what the next one asks, and before whatever is asked because it has ended.
 */
import type { UserId } from '../matching/types.ts';
import { KeptCommands } from './kept-commands.ts';

interface Waiter {
  readonly epoch: number | undefined;
  /** Of each session that had some, the last one. */
  readonly lastOf: ReadonlyMap<string, number>;
  readonly act: () => void;
}

/** Bounded by what the router keeps in all. */
export class KeptSessions {
  readonly #sessions = new Map<string, KeptCommands>();
  /** Sessions of which something is kept, the earliest of each member first. */
  readonly #ofMember = new Map<UserId, Set<string>>();
  readonly #waiters = new Map<UserId, Waiter>();
  #count = 0;
  #lastRound = 0;

  /** Commands without an answer. */
  get count(): number {
    return this.#count;
  }

  /** Undefined when nothing of it is kept. */
  get(sessionId: string): KeptCommands | undefined {
    return this.#sessions.get(sessionId);
  }

  entries(): Iterable<readonly [string, KeptCommands]> {
    return this.#sessions;
  }

  /** That of a session, which is to be given something by {@link change}. */
  open(sessionId: string, userId: UserId): KeptCommands {
    const known = this.#sessions.get(sessionId);
    if (known !== undefined) return known;
    const kept = new KeptCommands(userId, this.#lastRound, () => {
      this.#lastRound += 1;
      return this.#lastRound;
    });
    this.#sessions.set(sessionId, kept);
    const ofMember = this.#ofMember.get(userId);
    if (ofMember === undefined) this.#ofMember.set(userId, new Set([sessionId]));
    else ofMember.add(sessionId);
    return kept;
  }

  /** Keeps count, and no session of which nothing is kept. */
  change<Result>(sessionId: string, kept: KeptCommands, act: () => Result): Result {
    const before = kept.count;
    const result = act();
    this.#count += kept.count - before;
    if (kept.count === 0) this.#remove(sessionId, kept);
    if (kept.count < before) this.#wake(kept.userId);
    return result;
  }

  /** Whether nothing is kept of an earlier session of the same member. */
  isFirst(sessionId: string, { userId }: KeptCommands): boolean {
    const [first] = this.#ofMember.get(userId) ?? [];
    return first === undefined || first === sessionId;
  }

  /**
   * Acts once all that is kept of the member now has been answered, and not for an earlier call that still waits. A call
   * for the same `epoch` as that waits for no more than it did: what the member has asked since it is back is not meant.
   */
  whenAnswered(userId: UserId, act: () => void, epoch?: number): void {
    const earlier = this.#waiters.get(userId);
    const isRepeat = epoch !== undefined && earlier?.epoch === epoch;
    this.#waiters.set(userId, { epoch, lastOf: isRepeat ? earlier.lastOf : this.#lastOf(userId), act });
    this.#wake(userId);
  }

  #lastOf(userId: UserId): ReadonlyMap<string, number> {
    const lastOf = new Map<string, number>();
    for (const sessionId of this.#ofMember.get(userId) ?? []) {
      const last = this.#sessions.get(sessionId)?.lastMsgSeqNum;
      if (last !== undefined) lastOf.set(sessionId, last);
    }
    return lastOf;
  }

  #remove(sessionId: string, { userId }: KeptCommands): void {
    this.#sessions.delete(sessionId);
    const ofMember = this.#ofMember.get(userId);
    ofMember?.delete(sessionId);
    if (ofMember?.size === 0) this.#ofMember.delete(userId);
  }

  #wake(userId: UserId): void {
    const waiter = this.#waiters.get(userId);
    if (waiter === undefined || this.#isOwed(waiter)) return;
    this.#waiters.delete(userId);
    waiter.act();
  }

  #isOwed({ lastOf }: Waiter): boolean {
    for (const [sessionId, last] of lastOf) {
      const oldest = this.#sessions.get(sessionId)?.oldestMsgSeqNum;
      if (oldest !== undefined && oldest <= last) return true;
    }
    return false;
  }
}

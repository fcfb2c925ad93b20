/**
 * Members whose sessions have ended and whose orders are to be canceled for it: cancel on disconnect. Times
 * come in from outside; what is due is taken once.
 */
import type { UserId } from '../matching/types.ts';

/** A member that is gone. */
export interface Departed {
  readonly senderCompId: number;
  readonly userId: UserId;
  /** In a cluster, the epoch of the session that has ended. */
  readonly epoch?: number;
}

interface Departure {
  readonly member: Departed;
  /** When its orders are canceled, ms since the epoch. */
  readonly dueAt: number;
}

/** Who is gone, until when a return saves the orders. */
export class Departures {
  readonly #bySenderCompId = new Map<number, Departure>();

  /** The member's session ended; a later departure replaces an earlier one. */
  note(member: Departed, dueAt: number): void {
    this.#bySenderCompId.set(member.senderCompId, { member, dueAt });
  }

  /** The member is back in time: its orders stay. */
  forget(senderCompId: number): void {
    this.#bySenderCompId.delete(senderCompId);
  }

  /** Takes those that have not come back in time. */
  takeDue(now: number): readonly Departed[] {
    const due: Departed[] = [];
    for (const [senderCompId, { member, dueAt }] of this.#bySenderCompId) {
      if (dueAt > now) continue;
      due.push(member);
      this.#bySenderCompId.delete(senderCompId);
    }
    return due;
  }
}

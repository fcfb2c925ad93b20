/**
 * How many reports that answer a member's OrderMassStatusRequests (AF) are on their way to it. One request may be
 * answered by as many reports as the member has open orders, so that requests alone are no measure of what they cost.
 * It lives outside of the account's state: a crash of the account takes nothing back that is on its way.
 */

export class StatusBudget {
  readonly #limit: number;
  /** What an earlier session did not read is gone with it. */
  #sessionId: string | undefined;
  #pendingCount = 0;

  /** `limit`: beyond so many reports on their way a further request is turned away. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Why an answer of `count` reports cannot be made now, `madeCount` of which nobody else knows being made as well;
   * undefined when it can. Alone it may be as long as it needs to be.
   */
  fault(sessionId: string, madeCount: number, count: number): string | undefined {
    const pending = madeCount + (sessionId === this.#sessionId ? this.#pendingCount : 0);
    if (pending === 0 || pending + count <= this.#limit) return undefined;
    return (
      `${pending} reports of your mass status requests before this one are still on their way, ` +
      `and with this one there would be more than ${this.#limit}: send it again when you have them`
    );
  }

  /** So many are on their way to the session. */
  sent(sessionId: string, count: number): void {
    if (sessionId !== this.#sessionId) this.forget();
    this.#sessionId = sessionId;
    this.#pendingCount += count;
  }

  /** The session has put so many of them on the wire. */
  told(sessionId: string, count: number): void {
    // An answer to the session before this one may reach it too.
    if (sessionId === this.#sessionId) this.#pendingCount = Math.max(0, this.#pendingCount - count);
  }

  /** What was not committed is void, and asked for again. */
  forget(): void {
    this.#pendingCount = 0;
  }
}

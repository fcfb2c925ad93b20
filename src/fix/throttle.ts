/**
 * How many orders, replaces and questions a session may send: a bucket that fills with time and from which each
 * request takes one. Cancels are not asked. It counts in thousandths, so that no rate is rounded.
 */

/** One request costs so many units of the bucket: a millisecond adds `perSecond` units. */
const COST = 1_000;

/** What a throttle says about one request. */
export type ThrottleVerdict =
  | { readonly type: 'Passed' }
  /** Too many: the same request would pass after so many ms. */
  | { readonly type: 'TooFast'; readonly retryAfterMs: number }
  /** Sent in spite of so many rejections that the session shall end. */
  | { readonly type: 'Abuse' };

/** Rejections within a second, in multiples of the allowed rate, that count as abuse. */
const ABUSE_FACTOR = 10;
const SECOND_MS = 1_000;

const PASSED: ThrottleVerdict = { type: 'Passed' };
const ABUSE: ThrottleVerdict = { type: 'Abuse' };

/** One per member. */
export class Throttle {
  readonly #perSecond: number;
  readonly #capacity: number;
  readonly #abuseAfter: number;
  #units: number;
  #filledAt: number;
  #rejectedSince: number;
  #rejectedCount = 0;

  /**
   * A second's worth may come at once. `now` is in ms since the epoch; `minAbuseCount` is how many rejections
   * within a second are forgiven however low the rate is.
   */
  constructor(perSecond: number, minAbuseCount: number, now: number) {
    this.#perSecond = perSecond;
    this.#capacity = perSecond * COST;
    this.#abuseAfter = Math.max(perSecond * ABUSE_FACTOR, minAbuseCount);
    this.#units = this.#capacity;
    this.#filledAt = now;
    this.#rejectedSince = now;
  }

  /** Judges the next order, replace or question. */
  take(now: number): ThrottleVerdict {
    // A clock that is set back adds nothing and takes nothing.
    const elapsedMs = Math.max(0, now - this.#filledAt);
    this.#units = Math.min(this.#capacity, this.#units + elapsedMs * this.#perSecond);
    this.#filledAt = now;
    if (this.#units >= COST) {
      this.#units -= COST;
      return PASSED;
    }
    if (now - this.#rejectedSince >= SECOND_MS || now < this.#rejectedSince) {
      this.#rejectedSince = now;
      this.#rejectedCount = 0;
    }
    this.#rejectedCount += 1;
    if (this.#rejectedCount > this.#abuseAfter) return ABUSE;
    const retryAfterMs = Math.ceil((COST - this.#units) / this.#perSecond);
    return { type: 'TooFast', retryAfterMs };
  }
}

/** The throttles of a gateway's members, by SenderCompID (49): a new connection does not fill a bucket. */
export class Throttles {
  readonly #byMember = new Map<number, { readonly perSecond: number; readonly throttle: Throttle }>();

  /** The member's throttle; another one when its rate has changed. See the constructor of {@link Throttle}. */
  of(senderCompId: number, perSecond: number, minAbuseCount: number, now: number): Throttle {
    const known = this.#byMember.get(senderCompId);
    if (known?.perSecond === perSecond) return known.throttle;
    const throttle = new Throttle(perSecond, minAbuseCount, now);
    this.#byMember.set(senderCompId, { perSecond, throttle });
    return throttle;
  }
}

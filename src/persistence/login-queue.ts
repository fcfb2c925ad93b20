/**
 * Logons that wait for their turn to be hashed: how many may, and who is next. Pure; apart from the authenticator,
 * which judges them, so that no network can fill the line for all others.
 */
import type { VerifyPassword } from '../platform/passwords.ts';
import type { LoginAttempt } from './login-guard.ts';

/** How many may wait, those that are being hashed included. */
export interface LoginQueueLimits {
  readonly maxPendingLogins: number;
  /** Of one network, not counting members that have logged on from it before. */
  readonly maxPendingLoginsPerNetwork: number;
}

type Judge<Verdict> = (verifyNow: VerifyPassword) => Promise<Verdict>;

interface Waiting {
  readonly isKnown: boolean;
  run(verifyNow: VerifyPassword): Promise<void>;
}

/** Those who have logged on from where they are before go first; else it is first come, first served. */
export class LoginQueue<Verdict> {
  readonly #limits: LoginQueueLimits;
  readonly #waiting: Waiting[] = [];
  /** Each member at each network: once. */
  readonly #pairs = new Set<string>();
  /** Strangers of each network. */
  readonly #strangers = new Map<string, number>();

  constructor(limits: LoginQueueLimits) {
    this.#limits = limits;
  }

  /** Logons that wait or are being judged. Bound: maxPendingLogins. */
  get size(): number {
    return this.#pairs.size;
  }

  /** Why the attempt may not wait; undefined: it may. `isKnown`: the member has logged on from there before. */
  reasonToRefuse(attempt: LoginAttempt, isKnown: boolean): string | undefined {
    if (this.#pairs.has(pairOf(attempt))) return 'another logon of the member waits';
    if (this.#pairs.size >= this.#limits.maxPendingLogins) return 'too many logons at once';
    if (isKnown) return undefined;
    const strangerCount = this.#strangers.get(attempt.network) ?? 0;
    return strangerCount < this.#limits.maxPendingLoginsPerNetwork
      ? undefined
      : 'too many logons at once from one network';
  }

  /** Puts the attempt in line; resolves to its verdict, or rejects with what `judge` throws. */
  add(attempt: LoginAttempt, isKnown: boolean, judge: Judge<Verdict>): Promise<Verdict> {
    this.#count(attempt, isKnown);
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        isKnown,
        run: async (verifyNow) => {
          try {
            resolve(await judge(verifyNow));
          } catch (error) {
            reject(error);
          } finally {
            this.#discount(attempt, isKnown);
          }
        },
      });
    });
  }

  /** Judges the next in line; never rejects. */
  async takeNext(verifyNow: VerifyPassword): Promise<void> {
    const index = this.#waiting.findIndex(({ isKnown }) => isKnown);
    const [next] = this.#waiting.splice(Math.max(index, 0), 1);
    await next?.run(verifyNow);
  }

  #count(attempt: LoginAttempt, isKnown: boolean): void {
    this.#pairs.add(pairOf(attempt));
    if (isKnown) return;
    this.#strangers.set(attempt.network, (this.#strangers.get(attempt.network) ?? 0) + 1);
  }

  #discount(attempt: LoginAttempt, isKnown: boolean): void {
    this.#pairs.delete(pairOf(attempt));
    if (isKnown) return;
    const rest = (this.#strangers.get(attempt.network) ?? 1) - 1;
    if (rest === 0) this.#strangers.delete(attempt.network);
    else this.#strangers.set(attempt.network, rest);
  }
}

function pairOf({ senderCompId, network }: LoginAttempt): string {
  return `${senderCompId} ${network}`;
}

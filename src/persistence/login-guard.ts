/**
 * Lock-out with back-off against guessing passwords: failed logons are counted per member and per network, and past
 * a number of them further ones are refused for a time that doubles. Pure; apart from the authenticator, which looks
 * at passwords.
 *
 * A member's failures at networks that it has never logged on from are counted together, for whoever guesses; those
 * at a network from which it has logged on before are counted for that pair alone. So a stranger elsewhere can lock a
 * member out of new places, never out of where it usually is. Nobody can tell a stranger at the very same network
 * from the member.
 */

export interface LoginGuardLimits {
  /** Failures in a row that lock; a network, which may be a whole office, is allowed four times as many. */
  readonly loginFailuresToLock: number;
  /** The first lock, ms; each failure after a lock doubles it. */
  readonly lockoutFromMs: number;
  /** The longest lock, ms. */
  readonly lockoutToMs: number;
}

/** Who tries to log on. */
export interface LoginAttempt {
  /** SenderCompID (49), whether there is such a member or not. */
  readonly senderCompId: number;
  /** As `networkOf` names it. */
  readonly network: string;
}

interface Failures {
  readonly count: number;
  readonly lastAt: number;
  /** Not locked any more from this instant on. */
  readonly lockedUntil: number;
}

const NETWORK_FACTOR = 4;
/** Failures are forgotten when none has followed for so long. */
const FORGET_AFTER_MS = 24 * 3_600_000;
/** Entries of each kind; past it the one that was touched longest ago is forgotten. */
const MAX_ENTRIES = 20_000;
/** Networks remembered of one member. */
export const MAX_KNOWN_NETWORKS = 16;

export class LoginGuard {
  readonly #limits: LoginGuardLimits;
  readonly #maxEntries: number;
  readonly #members: Map<string, Failures> = new Map();
  readonly #networks: Map<string, Failures> = new Map();
  readonly #pairs: Map<string, Failures> = new Map();
  /** Networks that each member has logged on from, the latest first. */
  readonly #known: Map<number, readonly string[]> = new Map();

  #lockouts = 0;

  constructor(limits: LoginGuardLimits, maxEntries = MAX_ENTRIES) {
    this.#limits = limits;
    this.#maxEntries = maxEntries;
  }

  /** The instant (ms since the epoch) until which such attempts are refused; undefined: this one is to be judged. */
  lockedUntil(attempt: LoginAttempt, now: number): number | undefined {
    const until = Math.max(
      ...this.#countersOf(attempt).map(({ map, key }) => map.get(key)?.lockedUntil ?? 0),
    );
    return until > now ? until : undefined;
  }

  /** The attempt was refused for who or what it was. */
  failed(attempt: LoginAttempt, now: number): void {
    let isLocked = false;
    for (const { map, key, failuresToLock } of this.#countersOf(attempt)) {
      const earlier = map.get(key);
      const isForgotten = earlier === undefined || now - earlier.lastAt > FORGET_AFTER_MS;
      const count = isForgotten ? 1 : earlier.count + 1;
      const lockedUntil = now + this.#lockMs(count - failuresToLock);
      isLocked ||= lockedUntil > now;
      touch(map, key, { count, lastAt: now, lockedUntil }, this.#maxEntries);
    }
    if (isLocked) this.#lockouts += 1;
  }

  /**
   * The attempt was right: its failures are forgotten, and the network is remembered. Returns the member's networks,
   * the latest first, when this one is new; else undefined. A member that is at home says nothing about the failures
   * of others, neither of strangers that guess its password nor of those that share its network.
   */
  succeeded(attempt: LoginAttempt): readonly string[] | undefined {
    const { senderCompId, network } = attempt;
    for (const { map, key } of this.#countersOf(attempt)) map.delete(key);
    const earlier = this.#known.get(senderCompId) ?? [];
    const networks = [network, ...earlier.filter((one) => one !== network)].slice(0, MAX_KNOWN_NETWORKS);
    this.remember(senderCompId, networks);
    return earlier.includes(network) ? undefined : networks;
  }

  /** What a former process knew: the networks that a member has logged on from, the latest first. */
  remember(senderCompId: number, networks: readonly string[]): void {
    touch(this.#known, senderCompId, networks.slice(0, MAX_KNOWN_NETWORKS), this.#maxEntries);
  }

  /** Failed attempts that locked a member or a network, or locked it for longer. */
  get lockouts(): number {
    return this.#lockouts;
  }

  /** Entries of all kinds: bounded. */
  get entryCount(): number {
    return this.#members.size + this.#networks.size + this.#pairs.size + this.#known.size;
  }

  /** Whether the member has logged on from the network before. */
  isKnown({ senderCompId, network }: LoginAttempt): boolean {
    return this.#known.get(senderCompId)?.includes(network) ?? false;
  }

  #countersOf(attempt: LoginAttempt): readonly {
    readonly map: Map<string, Failures>;
    readonly key: string;
    readonly failuresToLock: number;
  }[] {
    const { senderCompId, network } = attempt;
    const { loginFailuresToLock: failuresToLock } = this.#limits;
    if (this.isKnown(attempt)) {
      return [{ map: this.#pairs, key: `${senderCompId} ${network}`, failuresToLock }];
    }
    return [
      { map: this.#members, key: String(senderCompId), failuresToLock },
      { map: this.#networks, key: network, failuresToLock: failuresToLock * NETWORK_FACTOR },
    ];
  }

  /** `excess`: failures beyond the first that locks; below 0 there is no lock. */
  #lockMs(excess: number): number {
    if (excess < 0) return 0;
    return Math.min(this.#limits.lockoutFromMs * 2 ** Math.min(excess, 40), this.#limits.lockoutToMs);
  }
}

/** Sets an entry as the one touched last, and forgets the one touched longest ago when there are too many. */
function touch<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, maxEntries: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= maxEntries) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

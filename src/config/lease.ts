/**
 * How long a node is believed to live without a word from it, and what has to be shorter than that. The same for all
 * nodes of a cluster: each judges the others by it.
 */
import { type Check, integer, object, settingOf } from './checks.ts';

/** Times that make no sense unless the first is the longest. */
export interface LeaseConfig {
  /** After this long without a renewal, other engines may take what the node owns; default 5,000. */
  readonly ttlMs?: number;
  /** How often it is renewed, at most half of `ttlMs`; default a third of it. */
  readonly renewMs?: number;
  /**
   * How long a transaction of a node that stands still keeps its locks (Postgres ends it then), below `ttlMs`;
   * default half of it.
   */
  readonly idleInTransactionMs?: number;
}

/** The same, decided. In milliseconds. */
export type LeaseTerms = Required<LeaseConfig>;

const DEFAULT_TTL_MS = 5_000;
/** Below a second, a full collection of garbage or a slow fsync would look like a death. */
const TTL = { min: 1_000, max: 60_000 } as const;

/** Each that is not configured follows from the lease, so that changing that one alone is safe. */
export function leaseTerms(lease: LeaseConfig = {}): LeaseTerms {
  const { ttlMs = DEFAULT_TTL_MS } = lease;
  return {
    ttlMs,
    renewMs: lease.renewMs ?? Math.floor(ttlMs / 3),
    idleInTransactionMs: lease.idleInTransactionMs ?? Math.floor(ttlMs / 2),
  };
}

const fields = object({
  ttlMs: integer(TTL.min, TTL.max),
  renewMs: integer(50, TTL.max / 2),
  idleInTransactionMs: integer(100, TTL.max - 1),
});

/** `lease` of the cluster. */
export const leaseCheck: Check = (value, path) => {
  const faults = [...fields(value, path)];
  const [ttl = DEFAULT_TTL_MS, renew, idle] = ['ttlMs', 'renewMs', 'idleInTransactionMs'].map((name) =>
    settingOf(value, name),
  );
  if (typeof ttl !== 'number') return faults;
  if (typeof renew === 'number' && renew * 2 > ttl) {
    faults.push(
      `${path}.renewMs must be at most half of ${path}.ttlMs (${ttl}), so that one renewal may be lost, not ${renew}`,
    );
  }
  if (typeof idle === 'number' && idle >= ttl) {
    faults.push(
      `${path}.idleInTransactionMs must be below ${path}.ttlMs (${ttl}), so that a node that stands still has lost ` +
        `its locks before others take what it owns, not ${idle}`,
    );
  }
  return faults;
};

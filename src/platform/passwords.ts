/**
 * Passwords as Argon2id hashes. Hashing is slow by intent and runs outside the event loop, a few at a time: a
 * burst of logons must not take the cores that trading needs.
 */
import { hash, type Options, verify } from '@node-rs/argon2';

/** 19 MiB, 2 passes, 1 lane: the parameters that OWASP recommends for Argon2id. */
const ARGON2ID: Options = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Hashes that are computed at the same time. */
export const MAX_CONCURRENT_HASHES = 2;

/** True when `password` is the one that `phc` was made of; false for text that is no hash at all. */
export type VerifyPassword = (phc: string, password: string) => Promise<boolean>;

/** The password's hash in PHC format, with a salt of its own. */
export function hashPassword(password: string): Promise<string> {
  return inHashingTurn(() => hash(password, ARGON2ID));
}

let runningCount = 0;
const waiting: (() => void)[] = [];

/**
 * Runs `work` when it is its turn, at most {@link MAX_CONCURRENT_HASHES} at a time: for what must be decided after the
 * wait, right before a hash is spent. The caller bounds how many wait.
 */
export async function inHashingTurn<T>(work: (verifyNow: VerifyPassword) => Promise<T>): Promise<T> {
  if (runningCount === MAX_CONCURRENT_HASHES) await new Promise<void>((resolve) => waiting.push(resolve));
  else runningCount += 1;
  try {
    return await work((phc, password) => verify(phc, password).catch(() => false));
  } finally {
    // The place goes to the next in line, or becomes free.
    const next = waiting.shift();
    if (next === undefined) runningCount -= 1;
    else next();
  }
}

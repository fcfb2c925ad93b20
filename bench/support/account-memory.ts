/**
 * What an account costs that is loaded and does nothing. In this process, over a store in memory, where the garbage can
 * be collected before each reading: from outside, the memory of a node shows mostly when it last did that.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openVenue, type Venue } from '../../test/support/venue.ts';

export interface AccountMemory {
  readonly accounts: number;
  readonly kibPerAccount: number;
}

const ACCOUNTS = 5_000;
/** Before the first reading, so that the compiler and the pools have grown. */
const WARM_UP = 1_000;
const PORTION = 500;
const FIRST_USER_ID = 10_000;
const LIMITS = { maxCommandsInFlight: 10 * PORTION };

/** Takes some 5 s. */
export async function measureAccounts(): Promise<AccountMemory> {
  const venue = await openVenue({ limits: LIMITS });
  try {
    await deposit(venue, 0, WARM_UP);
    const before = heapKib();
    await deposit(venue, WARM_UP, WARM_UP + ACCOUNTS);
    const loaded = heapKib();
    // Once more, for what the store keeps of a deposit.
    await deposit(venue, WARM_UP, WARM_UP + ACCOUNTS);
    const kept = heapKib() - loaded;
    return { accounts: ACCOUNTS, kibPerAccount: (loaded - before - kept) / ACCOUNTS };
  } finally {
    venue.shutdown();
  }
}

/** Each member's first deposit loads its account. */
async function deposit(venue: Venue, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += PORTION) {
    const users = Array.from({ length: PORTION }, (_, index) => FIRST_USER_ID + at + index);
    await Promise.all(users.map((userId) => venue.deposit(userId, 'USD', '1000')));
  }
}

function heapKib(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed / 1024;
}

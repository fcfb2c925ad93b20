/**
 * Deposits and withdrawals of a torture run, asked of the admin API until it says that they are booked or refused:
 * an answer that was lost is asked for again under the same id. Its record is held against the rows.
 */
import { delay, systemClock } from '../../src/platform/clock.ts';
import { parseAmount } from '../../src/platform/decimal.ts';
import type { ApiAnswer } from '../support/venue-process.ts';

/** Whoever answers operators; of several nodes, any. */
export interface Counter {
  api(method: 'POST', path: string, body: object): Promise<ApiAnswer>;
}

/** One transfer as it is asked for. */
export interface Wanted {
  readonly type: 'deposit' | 'withdrawal';
  readonly username: string;
  readonly senderCompId: number;
  readonly asset: string;
  readonly amount: string;
  readonly id: string;
}

type Outcome = 'booked' | 'refused';

const RETRY_MS = 100;
/** An answer that does not come is asked for again. */
const ANSWER_TIMEOUT_MS = 15_000;

export class Bank {
  readonly #counter: () => Counter;
  readonly #wanted = new Map<string, Wanted>();
  readonly #outcomes = new Map<string, Outcome>();

  /** `counter` is asked for anew with every question, and may throw while there is none. */
  constructor(counter: () => Counter) {
    this.#counter = counter;
  }

  get bookedCount(): number {
    return [...this.#outcomes.values()].filter((outcome) => outcome === 'booked').length;
  }

  /** Resolves when the transfer is booked or refused for good. */
  async transfer(wanted: Wanted): Promise<void> {
    this.#wanted.set(wanted.id, wanted);
    const { type, username, asset, amount, id } = wanted;
    for (;;) {
      const asked = this.#ask({ type, username, asset, amount, id });
      const answer = await Promise.race([asked, delay(systemClock, ANSWER_TIMEOUT_MS)]);
      // Anything else leaves it open whether it was booked.
      if (answer?.status === 200) this.#outcomes.set(id, 'booked');
      if (answer?.status === 409) this.#outcomes.set(id, 'refused');
      if (this.#outcomes.has(id)) return;
      await delay(systemClock, RETRY_MS);
    }
  }

  /** What a member begins with, by asset. */
  async open(
    { username, senderCompId }: Pick<Wanted, 'username' | 'senderCompId'>,
    amounts: Readonly<Record<string, string>>,
  ): Promise<void> {
    for (const [asset, amount] of Object.entries(amounts)) {
      const id = `opening-${username}-${asset}`;
      await this.transfer({ type: 'deposit', username, senderCompId, asset, amount, id });
    }
  }

  async #ask(body: object): Promise<ApiAnswer> {
    try {
      return await this.#counter().api('POST', '/v1/transfers', body);
    } catch {
      return { status: 503, body: {} };
    }
  }

  /** What the rows say otherwise. */
  differences(
    userIds: ReadonlyMap<number, number>,
    rows: readonly {
      readonly userId: number;
      readonly asset: string;
      readonly amount: string;
      readonly id: string;
    }[],
  ): string[] {
    const found: string[] = [];
    const seen = new Set<string>();
    for (const row of rows) {
      const wanted = this.#wanted.get(row.id);
      if (wanted === undefined) found.push(`nobody asked for the transfer ${row.id}`);
      else if (this.#outcomes.get(row.id) === 'refused') found.push(`${row.id} was refused, and is booked`);
      else if (!isAsWanted(wanted, row, userIds)) found.push(`${row.id} is not what was asked for`);
      if (seen.has(row.id)) found.push(`${row.id} is booked twice`);
      seen.add(row.id);
    }
    for (const [id, outcome] of this.#outcomes) {
      if (outcome === 'booked' && !seen.has(id)) found.push(`${id} was acknowledged, and has no row`);
    }
    return found;
  }
}

function isAsWanted(
  wanted: Wanted,
  row: { readonly userId: number; readonly asset: string; readonly amount: string },
  userIds: ReadonlyMap<number, number>,
): boolean {
  const amount = parseAmount(wanted.amount);
  if (typeof amount !== 'bigint') return false;
  return (
    row.userId === userIds.get(wanted.senderCompId) &&
    row.asset === wanted.asset &&
    parseAmount(row.amount) === (wanted.type === 'deposit' ? amount : -amount)
  );
}

/**
 * Ids from blocks of a million: one sequence value stands for a block, so that an id costs no round trip. What a
 * block has left when the venue stops is never used.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { IdSource } from '../actors/ports.ts';
import { assert } from '../platform/assert.ts';
import { type Log, silentLog } from '../platform/log.ts';
import { load, reasonOf } from './sql.ts';

/** Increment of the sequences in the schema. */
export const ID_BLOCK_SIZE = 1_000_000;

/** Reserves a block of `sequence` and resolves with its first id. */
export type ReserveBlock = (sequence: 'order_ids' | 'trade_ids') => Promise<number>;

/**
 * Opens both sequences.
 *
 * @throws StoreUnavailableError when the database does not answer.
 */
export async function createIdSource(orm: MikroORM, log: Log = silentLog): Promise<IdSource> {
  const reserve: ReserveBlock = async (sequence) => {
    const [row] = await load(
      orm,
      (sql) => sql.rows<{ first: string }>('select nextval($1::regclass) as first', [sequence]),
      'begin',
    );
    return Number(row?.first);
  };
  const orders = await IdBlocks.open('order_ids', reserve, ID_BLOCK_SIZE, log);
  const trades = await IdBlocks.open('trade_ids', reserve, ID_BLOCK_SIZE, log);
  return { nextOrderId: () => orders.next(), nextTradeId: () => trades.next() };
}

/** The ids of one sequence. The next block is fetched when half of the current one is used. */
export class IdBlocks {
  readonly #sequence: 'order_ids' | 'trade_ids';
  readonly #reserve: ReserveBlock;
  readonly #size: number;
  readonly #log: Log;
  #nextId: number;
  #endId: number;
  #nextBlock: number | undefined = undefined;
  #isFetching = false;

  private constructor(
    sequence: 'order_ids' | 'trade_ids',
    reserve: ReserveBlock,
    size: number,
    log: Log,
    first: number,
  ) {
    this.#sequence = sequence;
    this.#reserve = reserve;
    this.#size = size;
    this.#log = log;
    this.#nextId = first;
    this.#endId = first + size;
  }

  static async open(
    sequence: 'order_ids' | 'trade_ids',
    reserve: ReserveBlock,
    size: number,
    log: Log,
  ): Promise<IdBlocks> {
    return new IdBlocks(sequence, reserve, size, log, await reserve(sequence));
  }

  /** Asserts that a block is left: half a million ids pass between the first attempt to fetch one and that. */
  next(): number {
    if (this.#nextId === this.#endId) {
      assert(this.#nextBlock !== undefined, `no block of ${this.#sequence} is left`);
      this.#nextId = this.#nextBlock;
      this.#endId = this.#nextBlock + this.#size;
      this.#nextBlock = undefined;
    }
    const id = this.#nextId;
    this.#nextId += 1;
    const isHalfUsed = this.#endId - this.#nextId <= this.#size / 2;
    if (isHalfUsed && this.#nextBlock === undefined && !this.#isFetching) void this.#fetch();
    return id;
  }

  /** Failed, it is tried again when the next id is taken. */
  async #fetch(): Promise<void> {
    this.#isFetching = true;
    try {
      this.#nextBlock = await this.#reserve(this.#sequence);
    } catch (error) {
      this.#log.warn('no block of ids yet', { sequence: this.#sequence, reason: reasonOf(error) });
    } finally {
      this.#isFetching = false;
    }
  }
}

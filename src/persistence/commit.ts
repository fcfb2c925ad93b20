/**
 * The group commit: one transaction that holds everything that a batch did, or nothing of it. What the database
 * answers becomes one of four outcomes; see CommitOutcome.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { CommitBatch, CommitOutcome } from '../actors/ports.ts';
import { assert } from '../platform/assert.ts';
import {
  type CommitStatements,
  createCommitStatements,
  type GuardAnswer,
  type Statement,
  type WriteAnswer,
} from './commit-statements.ts';
import type { KnownInstruments } from './instruments.ts';
import { type Decision, isPassing, reasonOf, type Sql, sqlStateOf, transact } from './sql.ts';

/** Stands for SQLSTATE when it was not the server that refused the rows: a bug of ours. */
const NO_SQL_STATE = 'XX000';

const COMMITTED: CommitOutcome = { type: 'Committed' };

/** Writes batches under the commit numbers of `writer`. Used by one caller, one batch at a time. */
export class Committer {
  readonly #orm: MikroORM;
  readonly #writer: string;
  readonly #instruments: KnownInstruments;
  readonly #statements: CommitStatements;
  /** Balance rows that are known to exist: they are never deleted. */
  readonly #balanceKeys = new Set<string>();

  constructor(orm: MikroORM, writer: string, instruments: KnownInstruments) {
    this.#orm = orm;
    this.#writer = writer;
    this.#instruments = instruments;
    this.#statements = createCommitStatements(orm);
  }

  /** Never throws. A repeat after an unknown outcome, with the same batch and number, finds out and is safe. */
  async commit(batch: CommitBatch): Promise<CommitOutcome> {
    const outcome = await transact(this.#orm, (sql) => this.#write(sql, batch));
    switch (outcome.type) {
      case 'Committed':
        for (const { userId, asset } of batch.balances) this.#balanceKeys.add(balanceKey(userId, asset));
        return outcome.value;
      case 'RolledBack':
        return outcome.value;
      case 'Unknown':
        return {
          type: 'Unavailable',
          reason: `the answer to COMMIT ${batch.commitNo} was lost: ${reasonOf(outcome.error)}`,
        };
      default:
        return failureOutcome(outcome.error);
    }
  }

  async #write(sql: Sql, batch: CommitBatch): Promise<Decision<CommitOutcome>> {
    await this.#learnInstruments(sql, batch);
    const instrumentOf = (symbol: string) => this.#instruments.get(symbol);
    const [answer] = await run<GuardAnswer>(sql, this.#statements.guard(this.#writer, batch, instrumentOf));
    assert(answer !== undefined, 'the guard answers with one row');
    if (answer.moved === 0)
      return { end: 'rollback', value: await this.#judgeStuckNumber(sql, batch.commitNo) };
    if (answer.owned.length < batch.books.length) {
      const owned = new Set(answer.owned);
      const symbols = batch.books.map((book) => book.symbol).filter((symbol) => !owned.has(symbol));
      return { end: 'rollback', value: { type: 'NotOwner', symbols } };
    }
    await this.#openBalances(sql, batch);
    const write = this.#statements.write(batch, instrumentOf);
    if (write === undefined) return { end: 'commit', value: COMMITTED };
    const [written] = await run<WriteAnswer>(sql, write);
    assert(written !== undefined, 'the write answers with one row');
    assert(
      written.changed_orders === write.changedOrderCount,
      `${write.changedOrderCount} orders changed, and ${written.changed_orders} of them have rows`,
    );
    assert(
      written.balances === write.balanceCount,
      `${write.balanceCount} balances changed, and ${written.balances} of them have rows`,
    );
    return { end: 'commit', value: COMMITTED };
  }

  /** The number did not move: this very batch is in already, or somebody else writes under our name. */
  async #judgeStuckNumber(sql: Sql, commitNo: number): Promise<CommitOutcome> {
    const rows = await sql.rows<{ last_no: string }>('select last_no from commits where writer = $1', [
      this.#writer,
    ]);
    const lastNo = Number(rows[0]?.last_no ?? Number.NaN);
    if (lastNo === commitNo) return COMMITTED;
    return {
      type: 'Refused',
      sqlState: NO_SQL_STATE,
      reason: `commit ${commitNo} of ${this.#writer} cannot follow commit ${lastNo}`,
    };
  }

  async #learnInstruments(sql: Sql, batch: CommitBatch): Promise<void> {
    const symbols = batch.books.map((book) => book.symbol);
    if (symbols.every((symbol) => this.#instruments.has(symbol))) return;
    await this.#instruments.learn(sql, symbols);
  }

  async #openBalances(sql: Sql, batch: CommitBatch): Promise<void> {
    const missing = batch.balances.filter(
      ({ userId, asset }) => !this.#balanceKeys.has(balanceKey(userId, asset)),
    );
    if (missing.length > 0) await run(sql, this.#statements.openBalances(missing));
  }
}

function balanceKey(userId: number, asset: string): string {
  return `${userId} ${asset}`;
}

function run<Row>(sql: Sql, { statement, parameters }: Statement): Promise<readonly Row[]> {
  return sql.rows<Row>(statement, parameters);
}

function failureOutcome(error: unknown): CommitOutcome {
  const reason = reasonOf(error);
  if (isPassing(error)) return { type: 'Unavailable', reason };
  return { type: 'Refused', sqlState: sqlStateOf(error) ?? NO_SQL_STATE, reason };
}

/**
 * The group commit: one transaction that holds everything that a batch did, or nothing of it. What the database
 * answers becomes one of four outcomes; see CommitOutcome.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { CommitBatch, CommitOutcome, LostItems } from '../actors/ports.ts';
import { assertNever } from '../platform/assert.ts';
import type { ChainHead } from './audit-chain/head.ts';
import type { SealedLink } from './audit-chain/link.ts';
import { REFUSALS, type Writer } from './commit-guard.ts';
import { type CommitStatements, createCommitStatements } from './commit-statements.ts';
import { inOneFlight, type Statement } from './flight.ts';
import type { KnownInstruments } from './instruments.ts';
import { isPassing, onConnection, reasonOf, sqlStateOf } from './sql.ts';
import { atOnce, inTurns } from './turns.ts';

/** Stands for SQLSTATE when it was not the server that refused the rows: a bug of ours. */
const NO_SQL_STATE = 'XX000';

/** A commit of so many events is made in some 20 ms; one of more takes its turns. */
const MAX_EVENTS_IN_ONE_TURN = 2_000;

const COMMITTED: CommitOutcome = { type: 'Committed' };

/** Writes batches under the commit numbers of `writer`. Used by one caller, one batch at a time. */
export class Committer {
  readonly #orm: MikroORM;
  readonly #writer: Writer;
  readonly #instruments: KnownInstruments;
  readonly #statements: CommitStatements;
  /** Balance rows that are known to exist: they are never deleted. */
  readonly #balanceKeys = new Set<string>();
  /** Where the writer's chain of the audit trail ends. */
  #head: ChainHead;

  constructor(orm: MikroORM, writer: Writer, instruments: KnownInstruments, head: ChainHead) {
    this.#head = head;
    this.#orm = orm;
    this.#writer = writer;
    this.#instruments = instruments;
    this.#statements = createCommitStatements(orm);
  }

  /** Never throws. A repeat after an unknown outcome, with the same batch and number, finds out and is safe. */
  async commit(batch: CommitBatch): Promise<CommitOutcome> {
    try {
      await this.#learnInstruments(batch);
      const { statements, link } = await this.#statementsOf(batch);
      const outcome = await inOneFlight(this.#orm, statements);
      switch (outcome.type) {
        case 'Committed':
          for (const { userId, asset } of batch.balances) this.#balanceKeys.add(balanceKey(userId, asset));
          this.#follow(link);
          return COMMITTED;
        case 'Failed': {
          const judged = await this.#judgeFailure(batch, outcome.error);
          // Its answer was lost: it is in with this very link, since the same batch makes the same after the same link.
          if (judged.type === 'Committed') this.#follow(link);
          return judged;
        }
        case 'Unknown':
          return {
            type: 'Unavailable',
            reason: `the answer to COMMIT ${batch.commitNo} was lost: ${reasonOf(outcome.error)}`,
          };
        default:
          return assertNever(outcome);
      }
    } catch (error) {
      return failureOutcome(error);
    }
  }

  #follow(link: SealedLink | undefined): void {
    // A batch that is told of twice has been followed already.
    if (link === undefined || link.no <= this.#head.lastNo) return;
    this.#head = { chain: this.#head.chain, lastNo: link.no, hash: link.hash };
  }

  async #statementsOf(batch: CommitBatch): Promise<{
    readonly statements: readonly Statement[];
    readonly link: SealedLink | undefined;
  }> {
    const instrumentOf = (symbol: string) => this.#instruments.get(symbol);
    const missing = batch.balances.filter(
      ({ userId, asset }) => !this.#balanceKeys.has(balanceKey(userId, asset)),
    );
    const steps = this.#statements.write(batch, instrumentOf, this.#head);
    const isLarge = batch.events.length > MAX_EVENTS_IN_ONE_TURN;
    const { statement, link } = isLarge ? await inTurns(steps) : atOnce(steps);
    const statements = [
      this.#statements.settings(batch),
      this.#statements.guard(this.#writer, batch, instrumentOf, link),
      ...(missing.length > 0 ? [this.#statements.openBalances(missing)] : []),
      ...(statement === undefined ? [] : [statement]),
    ];
    return { statements, link };
  }

  /** Nothing was written. */
  async #judgeFailure(batch: CommitBatch, error: unknown): Promise<CommitOutcome> {
    switch (sqlStateOf(error)) {
      case REFUSALS.numberStuck:
        return this.#judgeStuckNumber(batch);
      case REFUSALS.lifeOver:
        return { type: 'NotOwner', isLifeOver: true, ...allOf(batch) };
      case REFUSALS.notOwner:
        return { type: 'NotOwner', ...lostIn(error) };
      default:
        return failureOutcome(error);
    }
  }

  /** The number did not move: this very batch is in already, or somebody else writes under our name. */
  async #judgeStuckNumber(batch: CommitBatch): Promise<CommitOutcome> {
    const { commitNo } = batch;
    const { name, incarnation } = this.#writer;
    const rows = await onConnection(this.#orm, (sql) =>
      sql.rows<{ last_no: string; incarnation: string | null }>(
        'select last_no, incarnation from commits where writer = $1',
        [name],
      ),
    );
    // A later life of this node writes, and owns all that this one had.
    if (String(rows[0]?.incarnation ?? '') !== String(incarnation ?? '')) {
      return { type: 'NotOwner', isLifeOver: true, ...allOf(batch) };
    }
    const lastNo = Number(rows[0]?.last_no ?? Number.NaN);
    if (lastNo === commitNo) return COMMITTED;
    return {
      type: 'Refused',
      sqlState: NO_SQL_STATE,
      reason: `commit ${commitNo} of ${name} cannot follow commit ${lastNo}`,
    };
  }

  async #learnInstruments(batch: CommitBatch): Promise<void> {
    const symbols = batch.books.map((book) => book.symbol);
    if (symbols.every((symbol) => this.#instruments.has(symbol))) return;
    await onConnection(this.#orm, (sql) => this.#instruments.learn(sql, symbols));
  }
}

function balanceKey(userId: number, asset: string): string {
  return `${userId} ${asset}`;
}

/** What the guard says is not ours. */
function lostIn(error: unknown): LostItems {
  const detail = error instanceof Error && 'detail' in error ? error.detail : undefined;
  const lost = typeof detail === 'string' && detail !== '' ? JSON.parse(detail) : {};
  return { symbols: lost.symbols ?? [], shards: lost.shards ?? [], sessions: lost.sessions ?? [] };
}

function allOf({ books, shards = [], sessions }: CommitBatch): LostItems {
  return {
    symbols: books.map(({ symbol }) => symbol),
    shards: [...new Set(shards.map(({ shard }) => shard))],
    sessions: [...new Set(sessions.map(({ senderCompId }) => senderCompId))],
  };
}

function failureOutcome(error: unknown): CommitOutcome {
  const reason = reasonOf(error);
  if (isPassing(error)) return { type: 'Unavailable', reason };
  return { type: 'Refused', sqlState: sqlStateOf(error) ?? NO_SQL_STATE, reason };
}

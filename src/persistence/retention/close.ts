/**
 * Closes history: proves that it agrees, notes what a later proof needs of it, proves that this says the same, and only
 * then lets it count. Nothing is deleted here, and no lock is held that a commit waits for: what is closed is over.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import { assert } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import { NO_LINK } from '../audit-chain/link.ts';
import { LINKED_TABLES } from '../audit-chain/linked-rows.ts';
import { verifyAuditWithin } from '../audit-chain/verify.ts';
import { type Reconciliation, reconcileWithin } from '../reconcile/reconcile.ts';
import { load, READ_SNAPSHOT, type Sql, WRITE_SNAPSHOT } from '../sql.ts';
import { type ClosedUpTo, rowsBetween } from './closed-rows.ts';
import { findChainEnds, writeLines, writeOperatorsBaseline } from './closing-lines.ts';
import {
  CLOSING_ACTION,
  CLOSING_HASH,
  type ClosingRecord,
  lastClosing,
  linesHash,
  readClosing,
  transfersHash,
} from './closings.ts';

/** History that does not agree is not closed: first find out why. The lines are for the operator. */
export class ClosingRefused extends Error {
  override readonly name = 'ClosingRefused';
  readonly differences: readonly string[];

  constructor(message: string, differences: readonly string[]) {
    super(message);
    this.differences = differences;
  }
}

/** Up to where is closed; undefined: that kind is left as it is. First instants of months, ISO. */
export interface ClosingTarget {
  readonly historyBefore: string | undefined;
  readonly operatorsBefore: string | undefined;
}

export interface ClosingOptions {
  readonly orm: MikroORM;
  readonly clock: Clock;
  /** For the audit. */
  readonly actor: string;
  /** Verifies the audit trail as well, row by row, which takes this process's time. */
  readonly verifiesTrail: boolean;
  /** Aborted: what runs is cancelled, and rejected; what is left is done by the next run. */
  readonly signal?: AbortSignal;
}

const TOLD_DIFFERENCES = 5;

/**
 * Makes the closing and lets it count, in two transactions: the first takes as long as the proofs, the second moves the
 * operators' chain. What a crash leaves between them does not count, and is removed by the next.
 *
 * @throws ClosingRefused; StoreUnavailableError when the database is away, and then nothing is closed.
 */
export async function closeHistory(options: ClosingOptions, target: ClosingTarget): Promise<ClosingRecord> {
  const { orm, actor, signal } = options;
  const id = await load(orm, (sql) => prepare(options, sql, target), WRITE_SNAPSHOT, signal);
  await load(orm, (sql) => seal(sql, id, actor), 'begin', signal);
  const closing = await load(orm, (sql) => readClosing(sql, id), READ_SNAPSHOT, signal);
  assert(closing !== undefined, `closing ${id} is gone`);
  return closing;
}

async function prepare(options: ClosingOptions, sql: Sql, target: ClosingTarget): Promise<number> {
  const { orm, clock, verifiesTrail } = options;
  const previous = await lastClosing(sql);
  await allowChange(sql);
  await sql.rows(
    'delete from closing_lines l using closings c where c.id = l.closing_id and c.audit_no is null',
  );
  await sql.rows('delete from closings where audit_no is null');
  const proof = { clock, limit: TOLD_DIFFERENCES };
  refuse('history does not agree, and is not closed', await reconcileWithin(sql, proof));
  if (verifiesTrail) {
    const { chains, differenceCount } = await verifyAuditWithin(orm, sql, { ...proof, noted: [] });
    const told = chains.flatMap(({ differences }) => differences);
    if (differenceCount > 0)
      throw new ClosingRefused('the audit trail does not hold, and is not closed', told);
  }
  const id = await writeClosing(sql, clock.now(), previous, target);
  const closing = await readClosing(sql, id);
  refuse(
    'what the closing says does not agree with the rows after it',
    await reconcileWithin(sql, proof, closing),
  );
  return id;
}

function refuse(message: string, { checks, differenceCount }: Reconciliation): void {
  if (differenceCount === 0) return;
  throw new ClosingRefused(
    message,
    checks.flatMap(({ differences }) => differences),
  );
}

async function writeClosing(
  sql: Sql,
  now: number,
  previous: ClosingRecord | undefined,
  target: ClosingTarget,
): Promise<number> {
  const [next] = await sql.rows<{ id: string }>(
    "select nextval(pg_get_serial_sequence('closings', 'id')) as id",
  );
  const id = Number(next?.id);
  const before = target.historyBefore ?? previous?.history?.before;
  let history: ClosedUpTo | undefined;
  let rowCounts: Record<string, number> = {};
  if (before !== undefined) {
    const chains = await findChainEnds(sql, before, previous);
    history = { before, links: chains };
    await writeLines(sql, id, previous, history, chains);
    rowCounts = await countClosed(sql, previous?.history, history);
  }
  const operatorsBefore = target.operatorsBefore ?? previous?.operators.before;
  await writeOperatorsBaseline(sql, id, operatorsBefore);
  const operators = await operatorsEnd(sql, operatorsBefore, previous);
  await sql.rows(
    `insert into closings (id, closed_at, history_before, operators_before, operators_no, operators_hash, row_counts,
      transfers_hash, lines_hash, previous_hash, hash)
    select c.*, ${CLOSING_HASH} from (
      select $1::bigint as id, $2::timestamptz as closed_at, $3::timestamptz as history_before,
        $4::timestamptz as operators_before, $5::bigint as operators_no, decode($6, 'hex') as operators_hash,
        $7::jsonb as row_counts, ${transfersHash(history)} as transfers_hash, ${linesHash(String(id))} as lines_hash,
        coalesce((select hash from closings where id = $8::bigint), decode(repeat('00', 32), 'hex')) as previous_hash
    ) c`,
    [
      id,
      new Date(now).toISOString(),
      before ?? null,
      operatorsBefore ?? null,
      operators.no,
      Buffer.from(operators.hash).toString('hex'),
      JSON.stringify({ ...rowCounts, audit: operators.no - (previous?.operators.no ?? 0) }),
      previous?.id ?? null,
    ],
  );
  return id;
}

/** Transfers are closed, but they stay. */
async function countClosed(
  sql: Sql,
  from: ClosedUpTo | undefined,
  to: ClosedUpTo,
): Promise<Record<string, number>> {
  const tables = LINKED_TABLES.filter((table) => table !== 'transfers');
  const counts = tables.map(
    (table) => `(select count(*) from ${rowsBetween(from, to, table)} t) as ${table}`,
  );
  const [row] = await sql.rows<Record<string, string>>(`select ${counts.join(', ')}`);
  return Object.fromEntries(tables.map((table) => [table, Number(row?.[table] ?? 0)]));
}

/** The last entry such that neither it nor one before it is of `before` or later. */
async function operatorsEnd(
  sql: Sql,
  before: string | undefined,
  previous: ClosingRecord | undefined,
): Promise<{ readonly no: number; readonly hash: Uint8Array }> {
  const known = previous?.operators ?? { no: 0, hash: NO_LINK };
  if (before === undefined) return known;
  const [last] = await sql.rows<{ no: string; hash: Uint8Array }>(
    'select no, hash from audit where no < coalesce((select min(no) from audit where at >= $1::timestamptz), ' +
      '9223372036854775807) and no > $2::bigint order by no desc limit 1',
    [before, known.no],
  );
  return last === undefined ? known : { no: Number(last.no), hash: last.hash };
}

/** From here on it counts: its hash is in the operators' chain. What the lines of earlier ones say is in its own. */
async function seal(sql: Sql, id: number, actor: string): Promise<void> {
  const [entry] = await sql.rows<{ no: string }>(
    `insert into audit (actor, action, details) select $2, '${CLOSING_ACTION}', jsonb_build_object('closing', id,
      'hash', encode(hash, 'hex'), 'historyBefore', history_before, 'operatorsBefore', operators_before,
      'rows', row_counts) from closings where id = $1::bigint and audit_no is null returning no`,
    [id, actor],
  );
  // A repeat after a lost answer: it counts already.
  if (entry === undefined) return;
  await allowChange(sql);
  await sql.rows('update closings set audit_no = $2::bigint where id = $1::bigint', [id, entry.no]);
  await sql.rows('delete from closing_lines where closing_id < $1::bigint', [id]);
}

/** For the transaction: what is append-only may be deleted, since it is noted. */
export async function allowChange(sql: Sql): Promise<void> {
  await sql.rows("select set_config('onebook.append_only', 'off', true)");
}

/**
 * What goes before the rows of a commit: how its transaction runs, and the guard that lets it write only the next number
 * and only what is owned. Apart from the rows, since it is what keeps two nodes, or two tries, from both writing.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { CommitBatch } from '../actors/ports.ts';
import { AccountShard } from '../entities/account-shard.ts';
import { Book } from '../entities/book.ts';
import { FixSession } from '../entities/fix-session.ts';
import { type Instrument, priceText } from '../matching/instrument.ts';
import type { SealedLink } from './audit-chain/link.ts';
import { type BulkColumns, bulkColumns, unnest } from './bulk.ts';
import type { Statement } from './flight.ts';
import { type PreparedStatement, prepared } from './sql.ts';

/** SQLSTATEs of our own, with which the statements of a commit stop it. */
export const REFUSALS = {
  /** The commit number did not move: it is not the one before this commit's. */
  numberStuck: 'OB001',
  /** Something is not owned under the epoch of the batch; the error's detail is LostItems, in JSON with nulls for none. */
  notOwner: 'OB002',
  /** A row that should change is not there. A bug of ours. */
  rowMissing: 'OB003',
  /** Others have ended the life of the node that writes. */
  lifeOver: 'OB004',
} as const;

/** Who writes. */
export interface Writer {
  /** The node's name, and that of its row of `commits`. */
  readonly name: string;
  /** Its life in the cluster; undefined for a venue of one node. */
  readonly incarnation: number | undefined;
}

/**
 * Moves the commit number and the end of the writer's chain, locks the books that are owned and writes their last
 * numbers; locks the shards of accounts, shared, and the FIX sessions. Fails with {@link REFUSALS} when the number does
 * not move or something is not owned.
 */
export type Guard = (
  writer: Writer,
  batch: CommitBatch,
  instrumentOf: (symbol: string) => Instrument,
  link: SealedLink | undefined,
) => Statement;

/** Makes the texts once. */
export function createGuard(orm: MikroORM): Guard {
  const books = bulkColumns(orm, Book, ['symbol', 'epoch', 'lastSeq', 'lastPrice', 'lastTradedAt']);
  const shards = bulkColumns(orm, AccountShard, ['shard', 'epoch']);
  const sessions = bulkColumns(orm, FixSession, ['senderCompId', 'epoch']);
  const parts = {
    books: guardedBooks(books),
    shards: guardedShards(shards),
    sessions: guardedSessions(sessions),
  };
  const statements = new Map<string, PreparedStatement>();
  return (writer, batch, instrumentOf, link) => {
    const used: UsedPart[] = [];
    const parameters = [
      writer.name,
      String(batch.commitNo),
      ...chainEnd(link),
      String(writer.incarnation ?? ''),
    ];
    function use<Row>(part: GuardPart, columns: BulkColumns<Row>, rows: readonly Row[]): void {
      if (rows.length === 0) return;
      used.push({ part, first: parameters.length + 1 });
      parameters.push(...columns.parameters(rows));
    }
    // The order in which everybody locks.
    use(parts.books, books, bookRows(batch, instrumentOf));
    use(parts.shards, shards, batch.shards ?? []);
    use(parts.sessions, sessions, heldSessions(batch));
    const key = used.map(({ part }) => part.wanted).join(' ');
    let statement = statements.get(key);
    if (statement === undefined) {
      statement = prepared(guardText(used));
      statements.set(key, statement);
    }
    return { statement, parameters };
  };
}

function bookRows(batch: CommitBatch, instrumentOf: (symbol: string) => Instrument) {
  const lastPrices = new Map(batch.lastPrices.map((last) => [last.symbol, last]));
  return batch.books.map(({ symbol, epoch, lastSeq }) => {
    const last = lastPrices.get(symbol);
    const lastPrice = last === undefined ? null : priceText(instrumentOf(symbol), last.price);
    return { symbol, epoch, lastSeq, lastPrice, lastTradedAt: last?.at ?? null };
  });
}

/** The batch's sessions that gateways take from each other, each under its epochs: a single node has none. */
function heldSessions({ sessions }: CommitBatch) {
  const held = new Map<string, { readonly senderCompId: number; readonly epoch: number }>();
  for (const { senderCompId, epoch } of sessions) {
    if (epoch !== undefined) held.set(`${senderCompId} ${epoch}`, { senderCompId, epoch });
  }
  return [...held.values()];
}

/** Where the chain ends with this commit; empty where it stays as it is. */
function chainEnd(link: SealedLink | undefined): readonly [string, string, string] {
  if (link === undefined) return ['', '', ''];
  return [String(link.no), Buffer.from(link.hash).toString('hex'), new Date(link.at).toISOString()];
}

/** The server was fit at the start; a role or database that is altered later makes new connections that are not. */
const WAIT_FOR_DISK =
  "case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', true) end";

/**
 * A statement is planned once per connection, when tables may still be empty: a plan without indexes would be ruinous as
 * soon as they are not, and each parameter is an array whose length no planner knows. So it is told to go by the
 * indexes, for the transaction only, since the connection is everybody's: less than 20 µs a commit, as measured.
 *
 * And while a flight is incomplete, the server does not count the transaction as idle: a venue that is stopped in the
 * middle of one would keep its locks. PostgreSQL knows such a bound from version 17 on. It is that of idle transactions
 * and, for a large commit, {@link settingsFor} more, so that a commit that is merely large is not tried again for ever.
 */
const [SETTINGS, LARGE_SETTINGS] = ['', ' + $1'].map((allowance) =>
  prepared(
    `select set_config('plan_cache_mode', 'force_generic_plan', true), ${['seqscan', 'hashjoin', 'mergejoin']
      .map((plan) => `set_config('enable_${plan}', 'off', true)`)
      .join(
        ', ',
      )}, ${WAIT_FOR_DISK}, case when current_setting('transaction_timeout', true) is not null then ` +
      "set_config('transaction_timeout', coalesce((nullif(extract(epoch from " +
      `current_setting('idle_in_transaction_session_timeout')::interval) * 1000, 0)${allowance})::bigint, 0)::text, ` +
      'true) end',
  ),
) as [PreparedStatement, PreparedStatement];

/** Ms by which a commit may take longer for each row, twenty times what one took in a sweep of 100,000 orders. */
const ALLOWANCE_MS_PER_ROW = 1;

/** Commits of fewer rows are held to the bound as it is. */
const LARGE_ROW_COUNT = 1_000;

/** A commit may take longer the larger it is: one sweep through a book is one commit, however many orders it meets. */
export function settingsFor({ events, reports }: CommitBatch): Statement {
  const rowCount = events.length + reports.length;
  if (rowCount < LARGE_ROW_COUNT) return { statement: SETTINGS, parameters: [] };
  return { statement: LARGE_SETTINGS, parameters: [String(rowCount * ALLOWANCE_MS_PER_ROW)] };
}

// An earlier life of the same node, which comes back, must not write in the place of the later one.
const MOVE_COMMIT_NO =
  "with moved as (update commits set last_no = $2::bigint, last_link = coalesce(nullif($3, '')::bigint, last_link), " +
  "last_hash = coalesce(decode(nullif($4, ''), 'hex'), last_hash), " +
  "last_link_at = coalesce(nullif($5, '')::timestamptz, last_link_at) " +
  "where incarnation is not distinct from nullif($6, '')::bigint " +
  'and writer = $1 and last_no = $2::bigint - 1 returning 1)';
// The number that is stored is not told: this statement may have waited for the commit that moved it, and does not
// see what that has written.
const WHEN_STUCK =
  'when not exists (select from moved) then ' +
  `refuse_commit('${REFUSALS.numberStuck}', 'the commit number did not move', null)`;

// Of what it may write under no epoch, such as a halt, nothing else would keep a node that was paused and is buried.
const WHEN_OVER =
  "when $6 <> '' and owner_is_gone($1, nullif($6, '')::bigint) then " +
  `refuse_commit('${REFUSALS.lifeOver}', 'this life of the node has ended', null)`;

/** What of one kind a commit may only write while its epochs hold. */
interface GuardPart {
  /** Name of the rows that the batch names. */
  readonly wanted: string;
  /** Name of those that were found under their epochs. */
  readonly found: string;
  /** How the refusal names what is lost: a field of LostItems and an expression over {@link wanted}. */
  readonly lostAs: string;
  readonly lost: string;
  /** Elements of the guard's `with`. */
  readonly sql: (first: number) => string;
}

/** With the number of its first parameter. */
interface UsedPart {
  readonly part: GuardPart;
  readonly first: number;
}

/**
 * The cases are tried in their order, and what they count is only then locked: books, shards, sessions, each in the order
 * of their keys whatever plan is taken.
 */
function guardText(used: readonly UsedPart[]): string {
  const elements = used.map(({ part, first }) => `, ${part.sql(first)}`).join('');
  const lost = used.map(
    ({ part }) => `'${part.lostAs}', (select json_agg(distinct ${part.lost}) from ${lostOf(part)})`,
  );
  const refusal = `refuse_commit('${REFUSALS.notOwner}', 'of another owner', json_build_object(${lost.join(', ')})::text)`;
  const cases = used.map(
    ({ part: { wanted, found } }) =>
      `when (select count(*) from ${found}) < (select count(*) from ${wanted}) then ${refusal} `,
  );
  return `${MOVE_COMMIT_NO}${elements} select case ${WHEN_STUCK} ${WHEN_OVER} ${cases.join('')}end`;
}

function lostOf({ wanted, found, lost }: GuardPart): string {
  return `${wanted} where (${lost}, epoch) not in (select ${lost}, epoch from ${found})`;
}

function guardedBooks(books: BulkColumns<never>): GuardPart {
  return {
    wanted: 'wanted',
    found: 'booked',
    lostAs: 'symbols',
    lost: 'symbol',
    sql: (first) =>
      `wanted as materialized (select * from ${unnest(books, first)}), ` +
      'locked as materialized (select w.* from books b join wanted w on w.symbol = b.symbol ' +
      'and w.epoch = b.epoch order by b.symbol for update of b), ' +
      'booked as (update books b set last_seq = l.last_seq, ' +
      'last_price = coalesce(l.last_price, b.last_price), ' +
      'last_traded_at = coalesce(l.last_traded_at, b.last_traded_at) ' +
      'from locked l where b.symbol = l.symbol returning b.symbol, b.epoch)',
  };
}

/** Several engines write for the accounts of one shard at a time: only its owner, when it changes, is kept waiting. */
function guardedShards(shards: BulkColumns<never>): GuardPart {
  return {
    wanted: 'wanted_shards',
    found: 'held_shards',
    lostAs: 'shards',
    lost: 'shard',
    sql: (first) =>
      `wanted_shards as materialized (select * from ${unnest(shards, first)}), ` +
      'held_shards as materialized (select w.* from account_shards s join wanted_shards w on w.shard = s.shard ' +
      'and w.epoch = s.epoch order by s.shard for share of s)',
  };
}

function guardedSessions(sessions: BulkColumns<never>): GuardPart {
  return {
    wanted: 'wanted_sessions',
    found: 'held_sessions',
    lostAs: 'sessions',
    lost: 'sender_comp_id',
    sql: (first) =>
      `wanted_sessions as materialized (select * from ${unnest(sessions, first)}), ` +
      'held_sessions as materialized (select w.* from fix_sessions s join wanted_sessions w ' +
      'on w.sender_comp_id = s.sender_comp_id and w.epoch = s.epoch order by s.sender_comp_id for update of s)',
  };
}

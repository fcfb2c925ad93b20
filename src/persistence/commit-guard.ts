/**
 * What goes before the rows of a commit: how its transaction runs, and the guard that lets it write only the next number
 * and only books that are owned. Apart from the rows, since it is what keeps two nodes, or two tries, from both writing.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { CommitBatch } from '../actors/ports.ts';
import { Book } from '../entities/book.ts';
import { type Instrument, priceText } from '../matching/instrument.ts';
import type { SealedLink } from './audit-chain/link.ts';
import { type BulkColumns, bulkColumns, unnest } from './bulk.ts';
import type { Statement } from './flight.ts';
import { type PreparedStatement, prepared } from './sql.ts';

/** SQLSTATEs of our own, with which the statements of a commit stop it. */
export const REFUSALS = {
  /** The commit number did not move: it is not the one before this commit's. */
  numberStuck: 'OB001',
  /** Books are not owned under the epoch of the batch; the error's detail is their symbols, a JSON array. */
  notOwner: 'OB002',
  /** A row that should change is not there. A bug of ours. */
  rowMissing: 'OB003',
} as const;

/**
 * Moves the commit number and the end of the writer's chain, locks the books that are owned and writes their last
 * numbers. Fails with {@link REFUSALS} when the number does not move or a book is not owned.
 */
export type Guard = (
  writer: string,
  batch: CommitBatch,
  instrumentOf: (symbol: string) => Instrument,
  link: SealedLink | undefined,
) => Statement;

/** Makes the texts once. */
export function createGuard(orm: MikroORM): Guard {
  const books = bulkColumns(orm, Book, ['symbol', 'epoch', 'lastSeq', 'lastPrice', 'lastTradedAt']);
  const guardWithoutBooks = prepared(`${MOVE_COMMIT_NO} select case ${WHEN_STUCK} end`);
  const guardWithBooks = prepared(guardText(books));
  return (writer, batch, instrumentOf, link) => {
    const lastPrices = new Map(batch.lastPrices.map((last) => [last.symbol, last]));
    const rows = batch.books.map(({ symbol, epoch, lastSeq }) => {
      const last = lastPrices.get(symbol);
      const lastPrice = last === undefined ? null : priceText(instrumentOf(symbol), last.price);
      return { symbol, epoch, lastSeq, lastPrice, lastTradedAt: last?.at ?? null };
    });
    const parameters = [writer, String(batch.commitNo), ...chainEnd(link)];
    if (rows.length === 0) return { statement: guardWithoutBooks, parameters };
    return { statement: guardWithBooks, parameters: [...parameters, ...books.parameters(rows)] };
  };
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

const MOVE_COMMIT_NO =
  "with moved as (update commits set last_no = $2::bigint, last_link = coalesce(nullif($3, '')::bigint, last_link), " +
  "last_hash = coalesce(decode(nullif($4, ''), 'hex'), last_hash), " +
  "last_link_at = coalesce(nullif($5, '')::timestamptz, last_link_at) " +
  'where writer = $1 and last_no = $2::bigint - 1 returning 1)';
// The number that is stored is not told: this statement may have waited for the commit that moved it, and does not
// see what that has written.
const WHEN_STUCK =
  'when not exists (select from moved) then ' +
  `refuse_commit('${REFUSALS.numberStuck}', 'the commit number did not move', null)`;

/** Rows are locked in symbol order whatever plan the update takes. */
function guardText(books: BulkColumns<never>): string {
  return (
    `${MOVE_COMMIT_NO}, wanted as materialized (select * from ${unnest(books, 6)}), ` +
    'locked as materialized (select w.* from books b join wanted w on w.symbol = b.symbol ' +
    'and w.epoch = b.epoch order by b.symbol for update of b), ' +
    'booked as (update books b set last_seq = l.last_seq, ' +
    'last_price = coalesce(l.last_price, b.last_price), ' +
    'last_traded_at = coalesce(l.last_traded_at, b.last_traded_at) ' +
    'from locked l where b.symbol = l.symbol returning b.symbol) ' +
    `select case ${WHEN_STUCK} when (select count(*) from booked) < (select count(*) from wanted) then ` +
    `refuse_commit('${REFUSALS.notOwner}', 'books of another owner', (select json_agg(symbol order by symbol)::text ` +
    'from wanted where symbol not in (select symbol from booked))) end'
  );
}

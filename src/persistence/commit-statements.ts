/**
 * The statements of a commit: planner settings, the guard, and all rows in one statement that is put together from a
 * part per table. They are sent together (`flight.ts`), and so what must stop the commit is raised by the server.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { CommitBatch } from '../actors/ports.ts';
import { Account } from '../entities/account.ts';
import { Balance } from '../entities/balance.ts';
import { Book } from '../entities/book.ts';
import { FixDelivered } from '../entities/fix-delivered.ts';
import { FixMessages } from '../entities/fix-messages.ts';
import { FixSession } from '../entities/fix-session.ts';
import { InstrumentRow } from '../entities/instrument.ts';
import { Request } from '../entities/request.ts';
import { Trade } from '../entities/trade.ts';
import { Transfer } from '../entities/transfer.ts';
import { type Instrument, priceText } from '../matching/instrument.ts';
import { formatAmount } from '../platform/decimal.ts';
import { amendmentColumns, amendmentRows, auditColumns, auditRows } from './amendment-rows.ts';
import type { ChainHead } from './audit-chain/head.ts';
import { hasRows, linkNo, type SealedLink, sealLink } from './audit-chain/link.ts';
import { LINK_SQL, linkParameters } from './audit-chain/link-row.ts';
import type { LinkedRows } from './audit-chain/linked-rows.ts';
import { RowBytes } from './audit-chain/row-bytes.ts';
import { type BulkColumns, bulkColumns, insertSql, unnest, updateSql } from './bulk.ts';
import type { Statement } from './flight.ts';
import {
  changedInstructedOrderColumns,
  changedOrderColumns,
  newInstructedOrderColumns,
  newOrderColumns,
} from './order-rows.ts';
import { reportColumns } from './report-rows.ts';
import {
  DELIVERED_KEYS,
  deliveredRows,
  MESSAGES_KEYS,
  messagesRows,
  type OrderRows,
  orderRows,
  REQUEST_KEYS,
  reportRows,
  requestRows,
  SESSION_KEYS,
  sessionRows,
  TRADE_KEYS,
  tradeRows,
} from './rows.ts';
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

export interface CommitStatements {
  /** For this transaction only: how its statements are planned, and how long it may take. */
  settings(batch: CommitBatch): Statement;
  /**
   * Moves the commit number and the end of the writer's chain, locks the books that are owned and writes their last
   * numbers. Fails with {@link REFUSALS} when the number does not move or a book is not owned.
   */
  guard(
    writer: string,
    batch: CommitBatch,
    instrumentOf: (symbol: string) => Instrument,
    link: SealedLink | undefined,
  ): Statement;
  /** Makes balance rows of zero where there are none. */
  openBalances(keys: readonly { readonly userId: number; readonly asset: string }[]): Statement;
  /** Writes the rows. The statement fails when an order or a balance that changes has no row. */
  write(batch: CommitBatch, instrumentOf: (symbol: string) => Instrument, head: ChainHead): Write;
}

export interface Write {
  /** Undefined when there are no rows. */
  readonly statement: Statement | undefined;
  /** What the statement adds to the writer's chain; undefined when nothing in it needs a link. */
  readonly link: SealedLink | undefined;
}

/** One table's part of the statement: an element of its `with`. */
interface Part<Row> {
  readonly name: string;
  readonly columns: BulkColumns<Row>;
  readonly sql: (first: number) => string;
}

/** A part of one statement, with the number of its first parameter. */
interface UsedPart {
  readonly part: Part<never>;
  readonly first: number;
}

/** Describes the tables once; the texts are made once per combination of tables that a batch writes. */
export function createCommitStatements(orm: MikroORM): CommitStatements {
  const books = bulkColumns(orm, Book, ['symbol', 'epoch', 'lastSeq', 'lastPrice', 'lastTradedAt']);
  const newBalances = bulkColumns(orm, Balance, ['userId', 'asset']);
  const parts = describeParts(orm);
  const guardWithoutBooks = prepared(`${MOVE_COMMIT_NO} select case ${WHEN_STUCK} end`);
  const guardWithBooks = prepared(guardText(books));
  const openBalances = prepared(
    'insert into balances (user_id, asset, amount, held) ' +
      `select v.user_id, v.asset, 0, 0 from ${unnest(newBalances, 1)} on conflict do nothing`,
  );
  const writes = new Map<string, PreparedStatement>();
  const rowBytes = new RowBytes();

  function writeStatement(used: readonly UsedPart[]): PreparedStatement {
    const key = used.map(({ part }) => part.name).join(' ');
    let statement = writes.get(key);
    if (statement === undefined) {
      const elements = used.map(({ part, first }) => `${part.name} as (${part.sql(first)})`);
      const checks = used.filter(({ part }) => COUNTED.has(part.name)).map(whenRowsAreMissing);
      const verdict = checks.length === 0 ? '0' : `case ${checks.join(' ')} end`;
      statement = prepared(`with ${elements.join(', ')} select ${verdict}`);
      writes.set(key, statement);
    }
    return statement;
  }

  return {
    settings: settingsFor,

    guard(writer, batch, instrumentOf, link) {
      const lastPrices = new Map(batch.lastPrices.map((last) => [last.symbol, last]));
      const rows = batch.books.map(({ symbol, epoch, lastSeq }) => {
        const last = lastPrices.get(symbol);
        const lastPrice = last === undefined ? null : priceText(instrumentOf(symbol), last.price);
        return { symbol, epoch, lastSeq, lastPrice, lastTradedAt: last?.at ?? null };
      });
      const parameters = [writer, String(batch.commitNo), ...chainEnd(link)];
      if (rows.length === 0) return { statement: guardWithoutBooks, parameters };
      return { statement: guardWithBooks, parameters: [...parameters, ...books.parameters(rows)] };
    },

    openBalances: (keys) => ({ statement: openBalances, parameters: newBalances.parameters(keys) }),

    write(batch, instrumentOf, head) {
      const orders = orderRows(batch.events, instrumentOf);
      const linked = linkedRows(batch, orders, instrumentOf);
      const link = hasRows(linked)
        ? sealLink(rowBytes, linkNo(head.chain, batch.commitNo), head.hash, linked)
        : undefined;
      const used: UsedPart[] = [];
      const parameters: string[] = [];
      if (link !== undefined) {
        used.push({ part: parts.link, first: 1 });
        parameters.push(...linkParameters(link));
      }
      function add<Row>(part: Part<Row>, rows: readonly Row[]): void {
        if (rows.length === 0) return;
        used.push({ part: part as Part<never>, first: parameters.length + 1 });
        parameters.push(...part.columns.parameters(rows));
      }
      add(parts.newOrders, orders.accepted);
      add(parts.changedOrders, orders.changed);
      add(parts.newInstructedOrders, orders.acceptedInstructed);
      add(parts.changedInstructedOrders, orders.changedInstructed);
      add(parts.trades, linked.trades);
      add(parts.amendments, linked.trade_amendments);
      add(parts.audit, auditRows(batch.events, instrumentOf));
      add(parts.reports, linked.reports);
      add(parts.requests, linked.requests);
      add(
        parts.balances,
        batch.balances.map((change) => ({
          userId: change.userId,
          asset: change.asset,
          amount: formatAmount(change.amount),
          held: formatAmount(change.held),
        })),
      );
      add(parts.transfers, linked.transfers);
      add(parts.accounts, batch.accounts);
      add(parts.sessions, sessionRows(batch));
      add(parts.messages, messagesRows(batch));
      add(parts.delivered, deliveredRows(batch));
      add(
        parts.halts,
        batch.halts.map(({ symbol, reason }) => ({ symbol, statusReason: reason })),
      );
      const statement = used.length === 0 ? undefined : { statement: writeStatement(used), parameters };
      return { statement, link };
    },
  };
}

function linkedRows(
  batch: CommitBatch,
  orders: OrderRows,
  instrumentOf: (symbol: string) => Instrument,
): LinkedRows {
  return {
    orders: [...orders.accepted, ...orders.acceptedInstructed],
    trades: tradeRows(batch.events, instrumentOf),
    trade_amendments: amendmentRows(batch.events, instrumentOf),
    reports: reportRows(batch),
    requests: requestRows(batch),
    transfers: batch.transfers.map(({ userId, transfer, at }) => ({
      userId,
      asset: transfer.asset,
      amount: formatAmount(transfer.amount),
      idempotencyKey: transfer.idempotencyKey,
      requestedBy: transfer.requestedBy,
      createdAt: at,
    })),
  };
}

/** Where the chain ends with this commit; empty where it stays as it is. */
function chainEnd(link: SealedLink | undefined): readonly [string, string] {
  if (link === undefined) return ['', ''];
  return [String(link.no), Buffer.from(link.hash).toString('hex')];
}

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
      .join(', ')}, case when current_setting('transaction_timeout', true) is not null then ` +
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
function settingsFor({ events, reports }: CommitBatch): Statement {
  const rowCount = events.length + reports.length;
  if (rowCount < LARGE_ROW_COUNT) return { statement: SETTINGS, parameters: [] };
  return { statement: LARGE_SETTINGS, parameters: [String(rowCount * ALLOWANCE_MS_PER_ROW)] };
}

const MOVE_COMMIT_NO =
  "with moved as (update commits set last_no = $2::bigint, last_link = coalesce(nullif($3, '')::bigint, last_link), " +
  "last_hash = coalesce(decode(nullif($4, ''), 'hex'), last_hash) " +
  'where writer = $1 and last_no = $2::bigint - 1 returning 1)';
// The number that is stored is not told: this statement may have waited for the commit that moved it, and does not
// see what that has written.
const WHEN_STUCK =
  'when not exists (select from moved) then ' +
  `refuse_commit('${REFUSALS.numberStuck}', 'the commit number did not move', null)`;

/** Rows are locked in symbol order whatever plan the update takes. */
function guardText(books: BulkColumns<never>): string {
  return (
    `${MOVE_COMMIT_NO}, wanted as materialized (select * from ${unnest(books, 5)}), ` +
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

/** Parts that change rows which must be there, and return a row for each. Their first parameter has one per row. */
const COUNTED: ReadonlySet<string> = new Set([
  'changed_orders',
  'changed_instructed_orders',
  'changed_balances',
]);

function whenRowsAreMissing({ part, first }: UsedPart): string {
  const hit = `(select count(*) from ${part.name})`;
  const wanted = `cardinality($${first}::${part.columns.casts[0]})`;
  const reason = `format('${part.name}: %s of %s rows are there', ${hit}, ${wanted})`;
  return `when ${hit} <> ${wanted} then refuse_commit('${REFUSALS.rowMissing}', ${reason}, null)`;
}

function describeParts(orm: MikroORM) {
  function insertPart<Row>(name: string, columns: BulkColumns<Row>, suffix = ''): Part<Row> {
    return { name, columns, sql: (first) => insertSql(columns as BulkColumns<never>, first) + suffix };
  }
  /** The first column is `id`. */
  function orderUpdatePart<Row>(name: string, columns: BulkColumns<Row>): Part<Row> {
    const sql = (first: number) => `${updateSql(columns as BulkColumns<never>, first, ['"id"'])} returning 1`;
    return { name, columns, sql };
  }
  /** Rows that name the link whose number is the first parameter. */
  function linkedPart<Row>(name: string, columns: BulkColumns<Row>): Part<Row> {
    const sql = (first: number) => insertSql(columns as BulkColumns<never>, first, ['link', '$1::bigint']);
    return { name, columns, sql };
  }
  const balances = bulkColumns(orm, Balance, ['userId', 'asset', 'amount', 'held']);
  const delivered = bulkColumns(orm, FixDelivered, DELIVERED_KEYS);
  const accounts = bulkColumns(orm, Account, ['userId', 'lastSeq']);
  const halts = bulkColumns(orm, InstrumentRow, ['symbol', 'statusReason']);
  const link: Part<never> = {
    name: 'new_link',
    columns: { table: 'audit_links', names: [], casts: [], parameters: () => [] },
    sql: () => LINK_SQL,
  };
  return {
    link,
    newOrders: linkedPart('new_orders', newOrderColumns(orm)),
    changedOrders: orderUpdatePart('changed_orders', changedOrderColumns(orm)),
    newInstructedOrders: linkedPart('new_instructed_orders', newInstructedOrderColumns(orm)),
    changedInstructedOrders: orderUpdatePart('changed_instructed_orders', changedInstructedOrderColumns(orm)),
    trades: linkedPart('new_trades', bulkColumns(orm, Trade, TRADE_KEYS)),
    amendments: linkedPart('new_amendments', amendmentColumns(orm)),
    audit: insertPart('new_audit', auditColumns(orm)),
    reports: linkedPart('new_reports', reportColumns(orm)),
    requests: linkedPart('new_requests', bulkColumns(orm, Request, REQUEST_KEYS)),
    balances: {
      name: 'changed_balances',
      columns: balances,
      sql: (first: number) =>
        // Rows are locked in key order, as everywhere, whatever plan the update takes.
        'update balances t set amount = t.amount + v.amount, held = t.held + v.held from (' +
        `select v.* from ${unnest(balances, first)} join balances b on b.user_id = v.user_id ` +
        'and b.asset = v.asset order by b.user_id, b.asset for update of b' +
        ') v where t.user_id = v.user_id and t.asset = v.asset returning 1',
    },
    transfers: linkedPart(
      'new_transfers',
      bulkColumns(orm, Transfer, ['userId', 'asset', 'amount', 'idempotencyKey', 'requestedBy', 'createdAt']),
    ),
    accounts: insertPart(
      'account_numbers',
      accounts,
      ' on conflict (user_id) do update set last_seq = excluded.last_seq',
    ),
    sessions: insertPart(
      'session_numbers',
      bulkColumns(orm, FixSession, SESSION_KEYS),
      ' on conflict (sender_comp_id) do update set next_in = excluded.next_in, next_out = excluded.next_out, ' +
        'reserved_out = excluded.reserved_out, clean = excluded.clean, updated_at = now(), ' +
        // Nothing is reserved only where a session ended with a reset.
        'began_at = case when excluded.reserved_out = 0 then now() else fix_sessions.began_at end',
    ),
    messages: insertPart('sent_messages', bulkColumns(orm, FixMessages, MESSAGES_KEYS)),
    delivered: insertPart(
      'delivered_numbers',
      delivered,
      ' on conflict (user_id, source) do update ' +
        'set source_seq = greatest(fix_delivered.source_seq, excluded.source_seq)',
    ),
    halts: {
      name: 'crash_halts',
      columns: halts,
      sql: (first: number) =>
        "update instruments t set status = 'halted', halted_by = 'crash', status_reason = v.status_reason " +
        `from ${unnest(halts, first)} where t.symbol = v.symbol`,
    },
  };
}

/**
 * The statements of a commit: planner settings, the guard, and all rows in one statement that is put together from a
 * part per table. They are sent together (`flight.ts`), and so what must stop the commit is raised by the server.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { CommitBatch } from '../actors/ports.ts';
import { Account } from '../entities/account.ts';
import { Balance } from '../entities/balance.ts';
import { FixDelivered } from '../entities/fix-delivered.ts';
import { FixMessages } from '../entities/fix-messages.ts';
import { FixSession } from '../entities/fix-session.ts';
import { InstrumentRow } from '../entities/instrument.ts';
import { Request } from '../entities/request.ts';
import { Trade } from '../entities/trade.ts';
import { Transfer } from '../entities/transfer.ts';
import type { Instrument } from '../matching/instrument.ts';
import { formatAmount } from '../platform/decimal.ts';
import { amendmentColumns, amendmentRows, auditColumns, auditRows } from './amendment-rows.ts';
import type { ChainHead } from './audit-chain/head.ts';
import { hasRows, linkNo, type SealedLink, sealLink } from './audit-chain/link.ts';
import { LINK_SQL, linkParameters } from './audit-chain/link-row.ts';
import type { LinkedRows } from './audit-chain/linked-rows.ts';
import { RowBytes } from './audit-chain/row-bytes.ts';
import { type BulkColumns, bulkColumns, insertSql, unnest, updateSql } from './bulk.ts';
import { createGuard, type Guard, REFUSALS, settingsFor } from './commit-guard.ts';
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

export interface CommitStatements {
  /** For this transaction only: how its statements are planned, and how long it may take. */
  settings(batch: CommitBatch): Statement;
  readonly guard: Guard;
  /** Makes balance rows of zero where there are none. */
  openBalances(keys: readonly { readonly userId: number; readonly asset: string }[]): Statement;
  /**
   * Writes the rows. The statement fails when an order or a balance that changes has no row. It is made in steps, since
   * that of a sweep through a large book takes longer than the event loop may stand still.
   */
  write(
    batch: CommitBatch,
    instrumentOf: (symbol: string) => Instrument,
    head: ChainHead,
  ): Generator<void, Write, void>;
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
  const newBalances = bulkColumns(orm, Balance, ['userId', 'asset']);
  const parts = describeParts(orm);
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

    guard: createGuard(orm),

    openBalances: (keys) => ({ statement: openBalances, parameters: newBalances.parameters(keys) }),

    *write(batch, instrumentOf, head) {
      const orders = orderRows(batch.events, instrumentOf);
      yield;
      const linked = linkedRows(batch, orders, instrumentOf);
      yield;
      const link = hasRows(linked)
        ? sealLink(rowBytes, linkNo(head.chain, batch.commitNo), head.hash, linked)
        : undefined;
      const used: UsedPart[] = [];
      const parameters: string[] = [];
      if (link !== undefined) {
        used.push({ part: parts.link, first: 1 });
        parameters.push(...linkParameters(link));
      }
      function* add<Row>(part: Part<Row>, rows: readonly Row[]): Generator<void, void, void> {
        if (rows.length === 0) return;
        used.push({ part: part as Part<never>, first: parameters.length + 1 });
        parameters.push(...(yield* part.columns.steps(rows)));
      }
      yield;
      yield* add(parts.newOrders, orders.accepted);
      yield* add(parts.changedOrders, orders.changed);
      yield* add(parts.newInstructedOrders, orders.acceptedInstructed);
      yield* add(parts.changedInstructedOrders, orders.changedInstructed);
      yield* add(parts.trades, linked.trades);
      yield* add(parts.amendments, linked.trade_amendments);
      yield* add(parts.audit, auditRows(batch.events, instrumentOf));
      yield* add(parts.reports, linked.reports);
      yield* add(parts.requests, linked.requests);
      yield* add(
        parts.balances,
        batch.balances.map((change) => ({
          userId: change.userId,
          asset: change.asset,
          amount: formatAmount(change.amount),
          held: formatAmount(change.held),
        })),
      );
      yield* add(parts.transfers, linked.transfers);
      // In the order of their keys, as everybody locks.
      yield* add(
        parts.accounts,
        batch.accounts.toSorted((left, right) => left.userId - right.userId),
      );
      yield* add(parts.sessions, sessionRows(batch));
      yield* add(parts.messages, messagesRows(batch));
      yield* add(parts.delivered, deliveredRows(batch));
      yield* add(
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
      kind: transfer.kind,
      reason: transfer.reason ?? null,
    })),
  };
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
    columns: {
      table: 'audit_links',
      names: [],
      casts: [],
      parameters: () => [],
      *steps() {
        yield;
        return [];
      },
    },
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
      bulkColumns(orm, Transfer, [
        'userId',
        'asset',
        'amount',
        'idempotencyKey',
        'requestedBy',
        'createdAt',
        'kind',
        'reason',
      ]),
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
        // One that has ended in order is free for any gateway.
        'owner = case when not excluded.clean then fix_sessions.owner end, ' +
        'owner_incarnation = case when not excluded.clean then fix_sessions.owner_incarnation end, ' +
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

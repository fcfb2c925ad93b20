/**
 * Closings as they are read: the last one that counts, where it lets each chain begin, and the hashes that it is told
 * again by. All hashing is the server's, so that no row of it passes through here.
 */
import { commitNoOf } from '../audit-chain/link.ts';
import type { StartingPoint } from '../reconcile/history-start.ts';
import { epochMs, type Sql } from '../sql.ts';
import { type ClosedUpTo, isClosed } from './closed-rows.ts';

export interface ClosingRecord extends StartingPoint {
  /** ISO. */
  readonly closedAt: string;
  readonly chains: readonly ClosedChain[];
  /** Of operators' actions. */
  readonly operators: { readonly before: string | undefined; readonly no: number; readonly hash: Uint8Array };
  readonly isDropped: boolean;
}

/** A writer's chain up to its last closed link. */
export interface ClosedChain {
  readonly chain: number;
  readonly writer: string;
  readonly no: number;
  readonly hash: Uint8Array;
}

interface ClosingRow {
  readonly id: string;
  readonly closed_at: string;
  readonly history_before: string | null;
  readonly operators_before: string | null;
  readonly operators_no: string;
  readonly operators_hash: Uint8Array;
  readonly is_dropped: boolean;
}

const COLUMNS =
  'id, operators_no, operators_hash, dropped_at is not null as is_dropped, ' +
  ['closed_at', 'history_before', 'operators_before'].map((name) => `${epochMs(name)} as ${name}`).join(', ');

/** The last closing that counts. */
export async function lastClosing(sql: Sql): Promise<ClosingRecord | undefined> {
  const [row] = await sql.rows<ClosingRow>(
    `select ${COLUMNS} from closings where audit_no is not null order by id desc limit 1`,
  );
  return row === undefined ? undefined : withChains(sql, row);
}

/** A closing whether it counts or not. */
export async function readClosing(sql: Sql, id: number): Promise<ClosingRecord | undefined> {
  const [row] = await sql.rows<ClosingRow>(`select ${COLUMNS} from closings where id = $1::bigint`, [id]);
  return row === undefined ? undefined : withChains(sql, row);
}

async function withChains(sql: Sql, row: ClosingRow): Promise<ClosingRecord> {
  const lines = await sql.rows<{ chain: number; writer: string; no: string; hash: Uint8Array }>(
    "select (value->>'chain')::int as chain, value->>'writer' as writer, value->>'no' as no, " +
      "decode(value->>'hash', 'hex') as hash from closing_lines where closing_id = $1::bigint and kind = 'chain' " +
      'order by 1',
    [row.id],
  );
  const chains = lines.map((line) => ({ ...line, no: Number(line.no) }));
  const before = isoOf(row.history_before);
  return {
    id: Number(row.id),
    closedAt: isoOf(row.closed_at) ?? '',
    history: before === undefined ? undefined : { before, links: chains },
    chains,
    operators: {
      before: isoOf(row.operators_before),
      no: Number(row.operators_no),
      hash: row.operators_hash,
    },
    isDropped: row.is_dropped,
  };
}

function isoOf(epochMs: string | null): string | undefined {
  return epochMs === null ? undefined : new Date(Number(epochMs)).toISOString();
}

/** `local up to commit 170`. */
export function chainText({ writer, no }: ClosedChain): string {
  return `${writer} up to commit ${commitNoOf(no)}`;
}

/** SHA-256 over the texts of rows, in an order of their own. */
function hashOfRows(cells: string, orderBy: string): string {
  return (
    `sha256(coalesce(string_agg(sha256(convert_to(jsonb_build_array(${cells})::text, 'UTF8')), ''::bytea ` +
    `order by ${orderBy}), ''::bytea))`
  );
}

/** The lines of a closing as one hash: a subquery. */
export function linesHash(closingId: string): string {
  const hash = hashOfRows('kind, key, value', 'kind collate "C", key collate "C"');
  return `(select ${hash} from closing_lines where closing_id = ${closingId})`;
}

/** All transfers that are closed as one hash: a subquery. Their rows stay, and no link covers them any more. */
export function transfersHash(upTo: ClosedUpTo | undefined): string {
  const cells =
    't.id, t.user_id, t.asset, t.amount, t.idempotency_key, t.requested_by, extract(epoch from t.created_at), ' +
    't.kind, t.reason, t.link';
  return `(select ${hashOfRows(cells, 't.id')} from transfers t where ${isClosed(upTo, 'transfers', 't')})`;
}

/** A row of `closings`, known as `c`, as its hash: what may still change in it is not in it. */
export const CLOSING_HASH =
  'sha256(c.previous_hash || convert_to(jsonb_build_array(c.id, extract(epoch from c.closed_at), ' +
  'extract(epoch from c.history_before), extract(epoch from c.operators_before), c.operators_no, ' +
  "encode(c.operators_hash, 'hex'), c.row_counts, encode(c.transfers_hash, 'hex'), encode(c.lines_hash, 'hex'))::text, " +
  "'UTF8'))";

/** What was accepted of an order, known as `o`, as a hash: text. The row of an open order outlives its link. */
export const ENTRY_HASH =
  'encode(sha256(convert_to(jsonb_build_array(o.id, o.user_id, o.symbol, o.entry_cl_ord_id, o.side, o.ord_type, ' +
  'o.time_in_force, o.entry_price, o.entry_quantity, o.maker_fee_rate, o.taker_fee_rate, o.accepted_seq, ' +
  'o.trading_day, extract(epoch from o.created_at), o.entry_stop_px, o.entry_max_floor, ' +
  'extract(epoch from o.entry_expire_at), o.entry_expire_date, o.min_qty, o.exec_inst, o.slides, o.stp_mode, ' +
  "o.stp_group, o.account, o.secondary_cl_ord_id, o.cl_ord_link_id, o.link)::text, 'UTF8')), 'hex')";

/** What the operators' chain calls a closing. */
export const CLOSING_ACTION = 'history closed';

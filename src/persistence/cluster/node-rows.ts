/** The statements of membership, and what their rows say. Each is one round trip and one transaction. */
import type {
  ClusterNode,
  ClusterView,
  Endpoint,
  NodeReport,
  Owned,
  Ownership,
  Role,
} from '../../cluster/membership.ts';
import { NODE_LOCK_CLASS } from './node-lock.ts';

/** A number that no life of a node has had. */
export const NEXT_INCARNATION = "select nextval('node_incarnations')::int as incarnation";

/** Every node of the cluster listens; the lock's connection hears it. */
const NOTIFY = "pg_notify('onebook_cluster', '')";

const REPORT_COLUMNS =
  'nats_reachable, ready, draining, connections, max_connections, clock_offset_ms, endpoints';

/** Parameters of {@link REPORT_COLUMNS}, from number `first` on. */
function reportParameters(first: number): string {
  return [0, 1, 2, 3, 4, 5]
    .map((i) => `$${first + i}`)
    .concat(`$${first + 6}::jsonb`)
    .join(', ');
}

/** A report as the parameters of a statement. */
export function reportValues(report: NodeReport): (string | number | boolean)[] {
  const { natsReachable, ready, draining, connections, maxConnections, clockOffsetMs, endpoints } = report;
  const counts = [connections, maxConnections, clockOffsetMs];
  return [natsReachable, ready, draining, ...counts, JSON.stringify(endpoints)];
}

/**
 * In leases. A node whose renewal was later than this does not judge others for a whole lease: what kept it, the database
 * perhaps, may have kept them as well, and theirs may be over a moment before its own. With the third of a lease that lies
 * between renewals it is less than a lease.
 */
const LATE_RENEWAL = 0.6;

const SET_LEASE = `clock_timestamp() + $3::int * interval '1 ms'`;

/** $1 name, $2 incarnation, $3 lease in ms, $4 roles, $5 protocol version, $6 digest of the configuration, from $7 the report. */
export const JOIN =
  'with joined as (insert into nodes as n (name, incarnation, roles, protocol_version, config_digest, started_at, ' +
  `renewed_at, lease_until, held_since, renewing_since, ${REPORT_COLUMNS}) ` +
  `values ($1, $2, $4::text[], $5, $6, clock_timestamp(), clock_timestamp(), ${SET_LEASE}, clock_timestamp(), ` +
  `clock_timestamp(), ${reportParameters(7)}) on conflict (name) do update set ended_at = null, end_reason = null, ` +
  [
    'incarnation',
    'roles',
    'protocol_version',
    'config_digest',
    'started_at',
    'renewed_at',
    'lease_until',
    'held_since',
    'renewing_since',
  ]
    .concat(REPORT_COLUMNS.split(', '))
    .map((column) => `${column} = excluded.${column}`)
    .join(', ') +
  ' where n.incarnation < excluded.incarnation and (n.ended_at is not null or n.lease_until < clock_timestamp() ' +
  `or pg_try_advisory_xact_lock_shared(${NODE_LOCK_CLASS}, n.incarnation::int)) returning 1) ` +
  `select exists (select from joined) as joined, ${NOTIFY}`;

const NODE_JSON =
  "json_build_object('name', name, 'incarnation', incarnation, 'roles', roles, 'protocolVersion', protocol_version, " +
  "'configDigest', config_digest, " +
  "'startedAt', round(extract(epoch from started_at) * 1000), 'isAlive', ended_at is null, 'endReason', end_reason, " +
  "'leaseLeftMs', case when ended_at is null then " +
  'greatest(0, ceil(extract(epoch from lease_until - clock_timestamp()) * 1000)) else 0 end, ' +
  "'leaseAgeMs', greatest(0, round(extract(epoch from clock_timestamp() - renewed_at) * 1000)), " +
  "'heldMs', greatest(0, floor(extract(epoch from clock_timestamp() - held_since) * 1000)), " +
  "'renewingMs', greatest(0, floor(extract(epoch from clock_timestamp() - renewing_since) * 1000)), " +
  "'report', json_build_object('natsReachable', nats_reachable, 'ready', ready, 'draining', draining, " +
  "'connections', connections, 'maxConnections', max_connections, 'clockOffsetMs', clock_offset_ms, " +
  "'endpoints', endpoints))";

/** Differs when any owner, epoch, placement or preparation does: every change of an owner raises its epoch. */
const OWNERSHIP_VERSION = ['books', 'account_shards']
  .map((table) => {
    const key = table === 'books' ? 'symbol' : 'shard::text';
    const wishes = table === 'books' ? ['placed_on', 'prepared_by'] : ['placed_on'];
    const sums = wishes.map(
      (wish) => `sum(hashtextextended(${key} || ' ' || ${wish}, 0)) filter (where ${wish} is not null)`,
    );
    return `(select concat_ws(' ', sum(epoch), ${sums.map((sum) => `coalesce(${sum}, 0)`).join(', ')}) from ${table})`;
  })
  .concat('(select count(*) from instruments)')
  .join(", ' ', ");

const OWNERSHIP_JSON =
  "json_build_object('symbols', (select coalesce(json_agg(json_build_array(i.symbol, b.owner, b.owner_incarnation, " +
  "coalesce(b.epoch, 0), b.placed_on, b.prepared_by) order by i.symbol), '[]') from instruments i left join books b using (symbol)), " +
  "'shards', (select json_agg(json_build_array(shard, owner, owner_incarnation, epoch, placed_on) order by shard) " +
  'from account_shards))';

/**
 * Renews the lease and reads the cluster. $1 name, $2 incarnation, $3 lease in ms, from $4 the report, $11 the version of
 * the ownership that is known, $12 whether the others should look.
 */
export const RENEW =
  'with renewed as (update nodes set renewed_at = clock_timestamp(), held_since = case when lease_until < ' +
  'clock_timestamp() then clock_timestamp() else held_since end, renewing_since = case when renewed_at < ' +
  `clock_timestamp() - ${LATE_RENEWAL} * $3::int * interval '1 ms' then clock_timestamp() else renewing_since end, ` +
  `lease_until = ${SET_LEASE}, ` +
  `(${REPORT_COLUMNS}) = row(${reportParameters(4)}) ` +
  'where name = $1 and incarnation = $2 and ended_at is null returning *), ' +
  'seen as (select * from renewed union all ' +
  'select * from nodes where name not in (select name from renewed)), ' +
  `owned as (select concat(${OWNERSHIP_VERSION}) as version) ` +
  `select exists (select from renewed) as renewed, (select json_agg(${NODE_JSON} order by name) from seen) as nodes, ` +
  `owned.version, case when owned.version <> $11 then ${OWNERSHIP_JSON} end as ownership, ` +
  'extract(epoch from clock_timestamp()) * 1000 as read_at, ' +
  `case when $12::boolean then ${NOTIFY} end from owned`;

/** What {@link RENEW} returns. */
export interface RenewedRow {
  readonly renewed: boolean;
  readonly nodes: readonly NodeJson[] | null;
  readonly version: string;
  readonly ownership: OwnershipJson | null;
  readonly read_at: string;
}

/**
 * Ends a life. $1 and $2 whose, $3 and $4 who says so, $5 the reason, $6 whether its lock is free, else its lease must be
 * over and the other's renewed without delay for $7 ms. Both are judged by the row as it is when it is locked.
 */
export const BURY =
  'with buried as (update nodes d set ended_at = clock_timestamp(), end_reason = $5 where name = $1 and ' +
  'incarnation = $2 and ended_at is null and exists (select from nodes s where s.name = $3 and s.incarnation = $4 ' +
  'and s.ended_at is null and s.lease_until >= clock_timestamp() and ' +
  "($6::boolean or s.renewing_since <= clock_timestamp() - $7::int * interval '1 ms')) and " +
  `case when $6::boolean then pg_try_advisory_xact_lock_shared(${NODE_LOCK_CLASS}, d.incarnation::int) ` +
  'else d.lease_until < clock_timestamp() end returning 1) ' +
  `select exists (select from buried) as buried, case when exists (select from buried) then ${NOTIFY} end`;

/** Ends one's own life. $1 name, $2 incarnation. */
export const LEAVE =
  "with ended as (update nodes set ended_at = clock_timestamp(), end_reason = 'left' " +
  'where name = $1 and incarnation = $2 and ended_at is null returning 1) ' +
  `select ${NOTIFY} from ended`;

/** $1 name, $2 incarnation, $3 what. */
export const TAKE_SYMBOLS = 'select symbol as key, epoch from take_books($1, $2, $3::text[])';
export const TAKE_SHARDS = 'select shard as key, epoch from take_shards($1, $2, $3::int[])';

/** $1 name, $2 incarnation, $3 what. Rows are locked in the order in which commits lock them. */
export const RELEASE_SYMBOLS = release('books', 'symbol', 'text');
export const RELEASE_SHARDS = release('account_shards', 'shard', 'int');

function release(table: string, key: string, type: string): string {
  return (
    `with locked as materialized (select ${key} from ${table} where ${key} = any($3::${type}[]) and owner = $1 ` +
    `and owner_incarnation = $2 order by ${key} for update), ` +
    `released as (update ${table} t set owner = null, owner_incarnation = null, epoch = epoch + 1 ` +
    `from locked where t.${key} = locked.${key} returning t.${key} as key, t.epoch) ` +
    `select key, epoch, ${NOTIFY} from released`
  );
}

/** $1 the node's name or an empty text, $2 what. */
export const PLACE_SYMBOLS =
  'with placed as (insert into books (symbol, placed_on) ' +
  "select symbol, nullif($1, '') from instruments where symbol = any($2::text[]) order by symbol " +
  'on conflict (symbol) do update set placed_on = excluded.placed_on, prepared_by = case when ' +
  'books.placed_on is not distinct from excluded.placed_on then books.prepared_by end returning 1) ' +
  `select case when exists (select from placed) then ${NOTIFY} end`;
export const PLACE_SHARDS =
  "with placed as (update account_shards set placed_on = nullif($1, '') where shard = any($2::int[]) returning 1) " +
  `select case when exists (select from placed) then ${NOTIFY} end`;

/** $1 incarnation, $2 symbols, $3 whether it has prepared for them, or has given up to expect them. */
export const PREPARED =
  'with locked as materialized (select symbol from books where symbol = any($2::text[]) ' +
  'and prepared_by is distinct from case when $3::boolean then $1::bigint end ' +
  'and ($3::boolean or prepared_by = $1::bigint) order by symbol for update), ' +
  'prepared as (update books b set prepared_by = case when $3::boolean then $1::bigint end ' +
  'from locked where b.symbol = locked.symbol returning 1) ' +
  `select case when exists (select from prepared) then ${NOTIFY} end`;

// ---- Rows as a view -----------------------------------------------------------------------------------------

interface NodeJson {
  readonly name: string;
  readonly incarnation: number;
  readonly roles: readonly Role[];
  readonly protocolVersion: number;
  readonly configDigest: string;
  readonly startedAt: number;
  readonly isAlive: boolean;
  readonly endReason: string | null;
  readonly leaseLeftMs: number;
  readonly leaseAgeMs: number;
  readonly heldMs: number;
  readonly renewingMs: number;
  readonly report: Omit<NodeReport, 'endpoints'> & { readonly endpoints: readonly Endpoint[] };
}

type OwnedJson<Key> = readonly [
  key: Key,
  owner: string | null,
  incarnation: number | null,
  epoch: number,
  placedOn: string | null,
  preparedBy?: number | null,
];

interface OwnershipJson {
  readonly symbols: readonly OwnedJson<string>[];
  readonly shards: readonly OwnedJson<number>[] | null;
}

/** What a renewal has read; `known` is the ownership of before, which it did not read again if nothing had changed. */
export function viewOf(row: RenewedRow, known: Ownership): ClusterView {
  const ownership = row.ownership === null ? known : ownershipOf(row.ownership);
  return { nodes: (row.nodes ?? []).map(nodeOf), ownership, readAt: Math.round(Number(row.read_at)) };
}

function nodeOf(json: NodeJson): ClusterNode {
  return { ...json, endReason: json.endReason ?? undefined, isLeaseValid: json.leaseLeftMs > 0 };
}

function ownershipOf({ symbols, shards }: OwnershipJson): Ownership {
  return { symbols: new Map(symbols.map(ownedEntry)), shards: new Map((shards ?? []).map(ownedEntry)) };
}

/** A venue of one node owns books in no life that the cluster knows: nobody does. */
function ownedEntry<Key>([key, name, incarnation, epoch, placedOn, preparedBy]: OwnedJson<Key>): readonly [
  Key,
  Owned,
] {
  const owner = name === null || incarnation === null ? undefined : { name, incarnation };
  return [key, { owner, epoch, placedOn: placedOn ?? undefined, preparedBy: preparedBy ?? undefined }];
}

/**
 * Nodes, and what they own: lives of nodes with their leases, 64 shards of accounts, owners' incarnations on books and
 * FIX sessions. Only adds: a version that knows nothing of it goes on beside it, and a venue of one node has no nodes.
 */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261124000000 extends Migration {
  override up(): void {
    for (const statement of [
      ...NODES,
      ...SHARDS,
      ...OWNERS,
      TRANSFERS,
      OWNER_IS_GONE,
      TAKE_BOOKS,
      TAKE_SHARDS,
    ]) {
      this.addSql(statement);
    }
  }
}

const NODES = [
  // Their numbers are halves of advisory locks' keys.
  'create sequence node_incarnations as integer',
  `create table nodes (
    name text not null primary key,
    incarnation bigint not null,
    roles text[] not null,
    protocol_version int not null,
    config_digest text not null,
    started_at timestamptz not null,
    renewed_at timestamptz not null,
    lease_until timestamptz not null,
    held_since timestamptz not null,
    renewing_since timestamptz not null,
    ended_at timestamptz null,
    end_reason text null,
    nats_reachable boolean not null,
    ready boolean not null,
    draining boolean not null,
    connections int not null,
    max_connections int not null,
    clock_offset_ms bigint not null,
    endpoints jsonb not null,
    constraint nodes_end_check check ((ended_at is null) = (end_reason is null)),
    constraint nodes_connections_check check (connections >= 0 and max_connections >= 0)
  )`,
];

const SHARDS = [
  `create table account_shards (
    shard int not null primary key,
    owner text null,
    owner_incarnation bigint null,
    epoch bigint not null default 0,
    placed_on text null,
    constraint account_shards_numbers_check check (shard >= 0 and shard < 64 and epoch >= 0)
  )`,
  'insert into account_shards (shard) select generate_series(0, 63)',
];

const OWNERS = [
  'alter table books add column owner_incarnation bigint null, add column placed_on text null, ' +
    'add column prepared_by bigint null',
  `alter table fix_sessions
    add column owner text null,
    add column owner_incarnation bigint null,
    add column epoch bigint not null default 0,
    add column served_epoch bigint not null default 0`,
  'alter table commits add column incarnation bigint null',
];

// Of a request that is repeated at another node the account's new owner knows by its last rows.
const TRANSFERS = 'create index transfers_by_user_index on transfers (user_id, id)';

const OWNER_IS_GONE = `create function owner_is_gone(owner text, owner_incarnation bigint) returns boolean
  language sql stable as $$
    select owner is null or not exists (select from nodes n where n.name = owner_is_gone.owner
      and n.incarnation = owner_is_gone.owner_incarnation and n.ended_at is null)
  $$`;

// Rows are locked by a statement of its own: the one that judges who owns them must not have begun to look before they
// were. What others hold locked is left out, so that one row that waits for a stopped node's transaction does not keep
// the rest waiting: whoever asks, asks again. An insert would wait too, so that there is one only where a row is missing.
const TAKE_BOOKS = `create function take_books(taker text, taker_incarnation bigint, wanted text[])
  returns table(symbol text, epoch bigint) language plpgsql volatile as $$
  declare locked text[];
  begin
    if owner_is_gone(taker, taker_incarnation) then return; end if;
    insert into books (symbol) select i.symbol from instruments i where i.symbol = any(wanted)
      and not exists (select from books b where b.symbol = i.symbol) order by i.symbol on conflict do nothing;
    locked := array(select b.symbol from books b where b.symbol = any(wanted) order by b.symbol
      for update skip locked);
    return query update books b
      set owner = taker, owner_incarnation = taker_incarnation, epoch = b.epoch + 1, prepared_by = null
      where b.symbol = any(locked) and owner_is_gone(b.owner, b.owner_incarnation)
      returning b.symbol::text, b.epoch;
    if found then perform pg_notify('onebook_cluster', ''); end if;
  end $$`;

const TAKE_SHARDS = `create function take_shards(taker text, taker_incarnation bigint, wanted int[])
  returns table(shard int, epoch bigint) language plpgsql volatile as $$
  declare locked int[];
  begin
    if owner_is_gone(taker, taker_incarnation) then return; end if;
    locked := array(select s.shard from account_shards s where s.shard = any(wanted) order by s.shard
      for update skip locked);
    return query update account_shards s
      set owner = taker, owner_incarnation = taker_incarnation, epoch = s.epoch + 1
      where s.shard = any(locked) and owner_is_gone(s.owner, s.owner_incarnation)
      returning s.shard, s.epoch;
    if found then perform pg_notify('onebook_cluster', ''); end if;
  end $$`;

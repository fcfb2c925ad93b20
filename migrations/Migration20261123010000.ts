/**
 * The audit trail: every commit's events are chained by a link, every operator's action by its own row, and rows that
 * are written once can neither be changed nor deleted by accident. Rows of before belong to link 0, which is none.
 */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261123010000 extends Migration {
  override up(): void {
    for (const statement of [
      ...LINKS,
      ...LINKED_TABLES.map(linkColumn),
      ...WINDOWS,
      ...OPERATORS,
      REFUSE_CHANGE,
      ...APPEND_ONLY.map(appendOnly),
    ]) {
      this.addSql(statement);
    }
  }
}

const LINKS = [
  // Numbers the chains, one for each writer of commits.
  `create sequence audit_chains as bigint maxvalue 8191`,
  `alter table commits
    add column chain int null,
    add column last_link bigint null,
    add column last_hash bytea null,
    add constraint commits_chain_unique unique (chain),
    add constraint commits_last_link_check check ((last_link is null) = (last_hash is null))`,
  `create table audit_links (
    no bigint not null,
    at timestamptz not null,
    previous_hash bytea not null,
    hash bytea not null,
    row_counts int[] not null,
    digests bytea not null,
    first_order_id bigint null,
    last_order_id bigint null,
    first_trade_id bigint null,
    last_trade_id bigint null,
    primary key (no, at)
  ) partition by range (at)`,
  // Nothing in them repeats that a compression would find.
  `alter table audit_links alter column digests set storage external`,
  `create table audit_links_default partition of audit_links default`,
  `create table audit_baselines (
    table_name text not null primary key,
    row_count bigint not null,
    noted_at timestamptz not null default now()
  )`,
];

const LINKED_TABLES = ['orders', 'trades', 'trade_amendments', 'reports', 'requests', 'transfers'] as const;

/** A default that is constant rewrites no table. */
function linkColumn(table: string): string {
  return `alter table ${table} add column link bigint not null default 0`;
}

// Orders and trades are found by their ids. These cost an insert next to nothing, and find rows by the block.
const WINDOWS = ['trade_amendments', 'reports', 'requests', 'transfers'].map(
  (table) => `create index ${table}_by_link_index on ${table} using brin (link)`,
);

const OPERATORS = [
  `create table audit_heads (
    name text not null primary key,
    last_no bigint not null,
    last_hash bytea not null
  )`,
  `insert into audit_heads values ('operators', 0, decode(repeat('00', 32), 'hex'))`,
  `alter table audit
    add column no bigint null,
    add column hash bytea null,
    add constraint audit_hash_check check ((no is null) = (hash is null))`,
  `insert into audit_baselines (table_name, row_count) select 'audit', count(*) from audit`,
  `create function audit_hash(
    previous_hash bytea, no bigint, id bigint, at timestamptz, actor text, action text, details jsonb
  ) returns bytea language sql immutable as $$
    select sha256(previous_hash || convert_to(
      no || ' ' || id || ' ' || (extract(epoch from at) * 1000000)::bigint || ' ' ||
      octet_length(actor) || ' ' || actor || octet_length(action) || ' ' || action || details::text, 'UTF8'))
  $$`,
  // The row of audit_heads is locked until the action is committed: two operators at once cannot fork the chain. A
  // row that moves to another partition has its hash already.
  `create function chain_audit() returns trigger language plpgsql as $$
    declare previous_hash bytea;
    begin
      if new.hash is null then
        select last_no + 1, last_hash into strict new.no, previous_hash
          from audit_heads where name = 'operators' for update;
        new.hash := audit_hash(previous_hash, new.no, new.id, new.at, new.actor, new.action, new.details);
        update audit_heads set last_no = new.no, last_hash = new.hash where name = 'operators';
      end if;
      return new;
    end $$`,
  `create trigger chain_audit before insert on audit for each row execute function chain_audit()`,
];

// Not against who owns the tables, but against mistakes: moving rows to their partition says what it does.
const REFUSE_CHANGE = `create function refuse_change() returns trigger language plpgsql as $$
  begin
    if current_setting('onebook.append_only', true) = 'off' then
      if tg_op = 'DELETE' then
        return old;
      end if;
      return new;
    end if;
    raise exception using errcode = 'OB004', message = format('rows of %s are only added', tg_table_name);
  end $$`;

const APPEND_ONLY = [
  'trades',
  'trade_amendments',
  'reports',
  'requests',
  'transfers',
  'audit',
  'audit_links',
  'audit_baselines',
];

function appendOnly(table: string): string {
  return `create trigger refuse_change before update or delete on ${table}
    for each row execute function refuse_change()`;
}

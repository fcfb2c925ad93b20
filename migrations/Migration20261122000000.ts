/**
 * What is agreed with each member about its session (schedule, throttle, cancel on disconnect, who it may be), and
 * since when a session has its numbers.
 */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261122000000 extends Migration {
  override up(): void {
    for (const statement of [USERS, FIX_SESSIONS]) this.addSql(statement);
  }
}

const USERS = `alter table users
  add column reset_on_logout boolean not null default false,
  add column validate_user_defined_fields boolean not null default true,
  add column session_schedule text null,
  add column cancel_on_disconnect boolean not null default false,
  add column cancel_grace_ms int not null default 10000,
  add column orders_per_second int null,
  add column allowed_addresses text[] null,
  add column certificate_subject text null,
  add column known_addresses text[] null,
  add constraint users_cancel_grace_ms_check check (cancel_grace_ms >= 0 and cancel_grace_ms <= 3600000),
  add constraint users_orders_per_second_check check (orders_per_second > 0),
  add constraint users_session_schedule_check check (session_schedule <> ''),
  add constraint users_allowed_addresses_check check (cardinality(allowed_addresses) > 0),
  add constraint users_certificate_subject_check check (certificate_subject <> '')`;

// Sessions of before count as begun now: a member's first schedule resets them at its next reset, not at once.
const FIX_SESSIONS = `alter table fix_sessions
  add column began_at timestamptz not null default now(),
  add column cancel_after_ms int null,
  add constraint fix_sessions_cancel_after_ms_check check (cancel_after_ms >= 0)`;

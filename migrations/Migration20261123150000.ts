/**
 * Rows that are only added cannot be emptied away either. TRUNCATE asks no row, and of a partition not its table: each
 * of both refuses by itself. `refuse_truncate` is there for partitions to come.
 */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261123150000 extends Migration {
  override up(): void {
    this.addSql(REFUSE_TRUNCATE);
    this.addSql(EXISTING);
  }
}

// Who refuses changes of its rows is known by that trigger, which Postgres gives to partitions by itself.
const REFUSE_TRUNCATE = `create function refuse_truncate(partitioned regclass) returns void
  language plpgsql as $$
  declare open_to_truncate regclass;
  begin
    for open_to_truncate in
      select r.tgrelid from pg_trigger r where r.tgname = 'refuse_change'
        and (r.tgrelid = partitioned
          or r.tgrelid in (select inhrelid from pg_inherits where inhparent = partitioned))
        and not exists (select from pg_trigger t where t.tgrelid = r.tgrelid and t.tgname = 'refuse_truncate')
    loop
      execute format('create trigger refuse_truncate before truncate on %s '
        'for each statement execute function refuse_change()', open_to_truncate);
    end loop;
  end $$`;

const EXISTING = `do $$
  declare append_only regclass;
  begin
    for append_only in select tgrelid from pg_trigger where tgname = 'refuse_change'
    loop
      perform refuse_truncate(append_only);
    end loop;
  end $$`;

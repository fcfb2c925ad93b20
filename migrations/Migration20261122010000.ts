/**
 * How a statement of a commit stops the commit: the statements of one are sent without waiting for answers, so that
 * what the first of them finds wrong must keep the server, not us, from going on.
 */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261122010000 extends Migration {
  override up(): void {
    this.addSql(REFUSE_COMMIT);
  }
}

// Never returns; the type lets it stand in an expression. Volatile, so that no planner calls it ahead of its turn.
const REFUSE_COMMIT = `create function refuse_commit(sql_state text, reason text, facts text) returns int
  language plpgsql volatile as $$
  begin
    raise exception using errcode = sql_state, message = reason, detail = coalesce(facts, '');
  end $$`;

/** What a transfer was (a deposit, a withdrawal or an adjustment), and why, in the operator's words. */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261123130000 extends Migration {
  override up(): void {
    for (const statement of TRANSFERS) this.addSql(statement);
  }
}

// The trail covers the rows of before as they are: their kind says what their sign has said.
const TRANSFERS = [
  `alter table transfers
    add column kind text null,
    add column reason text null`,
  `set local onebook.append_only = 'off'`,
  `update transfers set kind = case when amount > 0 then 'deposit' else 'withdrawal' end`,
  `set local onebook.append_only = 'on'`,
  `alter table transfers
    alter column kind set not null,
    add constraint transfers_kind_check check (kind in ('deposit', 'withdrawal', 'adjustment')),
    add constraint transfers_reason_check check (
      case kind when 'deposit' then amount > 0 when 'withdrawal' then amount < 0 else reason is not null end
    )`,
];

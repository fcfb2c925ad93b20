/** Fees that are agreed with one member, instead of those of the instruments that it trades. */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261123020000 extends Migration {
  override up(): void {
    this.addSql(USERS);
  }
}

const USERS = `alter table users
  add column maker_fee_rate int null,
  add column taker_fee_rate int null,
  add constraint users_fees_check check (
    maker_fee_rate >= 0 and maker_fee_rate <= 100000000 and taker_fee_rate >= 0 and taker_fee_rate <= 100000000
  )`;

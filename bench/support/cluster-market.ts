/** Symbols and members of the load, as rows: the venue that is started on them finds them there. */
import { hashPassword } from '../../src/platform/passwords.ts';
import { withClient } from './bench-postgres.ts';
import type { BenchMember } from './client-plan.ts';

const PASSWORD = 'the password of every member';
const FIRST_COMP_ID = 1_001;
/** More than a run can use, and far below what NUMERIC(38,18) holds. */
const AMOUNT = '1000000000000';

/** The symbol number `index`, counted from 0. */
export function loadSymbol(index: number): string {
  return `C${String(index + 1).padStart(2, '0')}-USD`;
}

/** Makes `symbols` instruments and `count` members that have of everything. */
export async function makeLoadMarket(url: string, symbols: number, count: number): Promise<BenchMember[]> {
  const members = Array.from({ length: count }, (_, index): BenchMember => {
    const compId = FIRST_COMP_ID + index;
    return { compId, username: `member-${compId}`, password: PASSWORD };
  });
  const hash = await hashPassword(PASSWORD);
  await withClient(url, async (client) => {
    await client.query(
      'insert into instruments (symbol, base_asset, quote_asset, tick_size, lot_size, min_quantity, max_quantity, ' +
        'market_protection_bps, maker_fee_rate, taker_fee_rate, created_at) ' +
        "select symbol, split_part(symbol, '-', 1), 'USD', 0.01, 0.0001, 0.0001, 1000000, 500, 0, 0, now() " +
        'from unnest($1::text[]) as symbol',
      [Array.from({ length: symbols }, (_, index) => loadSymbol(index))],
    );
    await client.query(
      `with added as (
        insert into users (username, password_hash, sender_comp_id)
        select username, $3, comp_id from unnest($1::text[], $2::int[]) as member (username, comp_id) returning id
      ) insert into accounts (user_id, last_seq) select id, 0 from added`,
      [members.map(({ username }) => username), members.map(({ compId }) => compId), hash],
    );
    await client.query(
      `insert into balances (user_id, asset, amount, held)
        select id, asset, $1, 0 from users,
          (select base_asset as asset from instruments union select 'USD') as assets where sender_comp_id >= $2`,
      [AMOUNT, FIRST_COMP_ID],
    );
    await client.query(
      `insert into transfers (user_id, asset, amount, kind, idempotency_key, requested_by, created_at)
        select user_id, asset, amount, 'deposit', 'bench ' || user_id || ' ' || asset, 'bench', now() from balances
        where amount > 0`,
    );
    await client.query('analyze');
  });
  return members;
}

/** What the venue has committed, read back with SQL on a connection of the demo's own. */
import { join } from 'node:path';
import pg from 'pg';
import { clusterDirOf, readPassword } from '../persistence/postgres/cluster.ts';
import { VENUE_NAME } from '../persistence/postgres/housekeeping.ts';
import { readPostmasterFile } from '../persistence/postgres/postmaster.ts';

/** A row by column, as Postgres writes its values. */
export type SqlRow = Readonly<Record<string, string | null>>;

/** Statements that are shown, by table; `$1` is the pattern of the run's ClOrdIDs. */
export type Statements = Readonly<Record<'orders' | 'trades' | 'balances', string>>;

/** Those of the demo of one process. */
export const STATEMENTS: Statements = {
  orders: `select o.id, u.username as member, o.cl_ord_id, o.side, trim_scale(o.price) as price,
       trim_scale(o.quantity) as quantity, trim_scale(o.filled_quantity) as filled,
       trim_scale(o.remaining_quantity) as remaining, trim_scale(o.hold) as hold, o.status
  from orders o join users u on u.id = o.user_id
 where o.entry_cl_ord_id like $1
 order by o.created_at, o.id`,
  trades: `select t.id, trim_scale(t.price) as price, trim_scale(t.quantity) as quantity,
       maker.username as maker, taker.username as taker, t.taker_side,
       trim_scale(t.maker_fee) as maker_fee, trim_scale(t.taker_fee) as taker_fee,
       to_char(t.executed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') as executed_at
  from trades t join users maker on maker.id = t.maker_user_id
                join users taker on taker.id = t.taker_user_id
 where t.taker_order_id in (select id from orders where entry_cl_ord_id like $1)
 order by t.executed_at, t.id`,
  balances: `select u.username as member, b.asset, trim_scale(b.amount) as amount, trim_scale(b.held) as held
  from balances b join users u on u.id = b.user_id
 order by u.id, b.asset`,
};

/** Deposits less withdrawals, beside what everybody owns, by asset. */
const SUMS = `select asset, trim_scale(sum(owned)) as owned, trim_scale(sum(deposited)) as deposited
  from (select asset, amount as owned, 0 as deposited from balances
        union all select asset, 0, amount from transfers) as amounts
 group by asset order by asset`;

/** What open orders need, beside what is held, by member and asset. */
const HOLDS = `select u.username as member, asset, trim_scale(sum(held)) as held, trim_scale(sum(needed)) as needed
  from (select user_id, asset, held, 0 as needed from balances
        union all
        select o.user_id, case o.side when '1' then i.quote_asset else i.base_asset end, 0, o.hold
          from orders o join instruments i on i.symbol = o.symbol where o.is_open) as holds
  join users u on u.id = user_id
 group by u.username, asset order by u.username, asset`;

/** A connection to the venue's rows. */
export interface RowReader {
  orders(runId: string): Promise<readonly SqlRow[]>;
  trades(runId: string): Promise<readonly SqlRow[]>;
  balances(): Promise<readonly SqlRow[]>;
  sums(): Promise<readonly SqlRow[]>;
  holds(): Promise<readonly SqlRow[]>;
  close(): Promise<void>;
}

/** URL of the embedded server that runs in the data directory. A secret. */
export async function embeddedDatabaseUrl(dataDir: string): Promise<string> {
  const clusterDir = clusterDirOf(dataDir);
  const [password, file] = await Promise.all([readPassword(clusterDir), readPostmasterFile(clusterDir)]);
  if (file === undefined) throw new Error(`no database runs in ${join(dataDir, 'postgres')}`);
  return `postgres://${VENUE_NAME}:${password}@127.0.0.1:${file.port}/${VENUE_NAME}`;
}

/** Parameter of {@link STATEMENTS}: matches the ClOrdIDs (11) of one run. */
export function runPattern(runId: string): string {
  return `${runId}-%`;
}

/** Connects. Rejects with the driver's error. */
export async function openRows(databaseUrl: string, statements: Statements = STATEMENTS): Promise<RowReader> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'onebook demo' });
  // A connection that breaks fails the query in progress; without a listener it would end the process too.
  client.on('error', () => {});
  await client.connect();
  const read = async (statement: string, ...parameters: string[]): Promise<readonly SqlRow[]> =>
    (await client.query<SqlRow>(statement, parameters)).rows;
  return {
    orders: (runId) => read(statements.orders, runPattern(runId)),
    trades: (runId) => read(statements.trades, runPattern(runId)),
    balances: () => read(statements.balances),
    sums: () => read(SUMS),
    holds: () => read(HOLDS),
    close: () => client.end(),
  };
}

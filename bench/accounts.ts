/**
 * `npm run bench:accounts`: how long an account takes to come back from its rows, by how many orders its member has
 * closed on the day: from a real Postgres, alone and several at once, as after the loss of an engine.
 */
import { parseArgs } from 'node:util';
import { Account } from '../src/accounts/account.ts';
import { createInstrumentSource } from '../src/persistence/instruments.ts';
import { connect } from '../src/persistence/orm.ts';
import { onConnection } from '../src/persistence/sql.ts';
import { createStore } from '../src/persistence/store.ts';
import { monotonicMs } from '../src/platform/monotonic.ts';
import { startBenchPostgres } from './support/bench-postgres.ts';
import { describeMachine } from './support/machine.ts';

const USAGE = `npm run bench:accounts -- [--closed N,N…] [--members N] [--runs N]

  --closed N,N…  closed orders of the day, each with the request that canceled it; default 300,3000,30000
  --members N    accounts that are read at once; default 8
  --runs N       default 9`;

type Orm = Awaited<ReturnType<typeof connect>>;

const DAY = '2024-05-06';
const SYMBOL = 'BTC-USD';
const OPEN_ORDERS = 100;
/** A configuration's default. */
const CLOSED_ORDERS_KEPT = 10_000;

function tell(line = ''): void {
  process.stdout.write(`${line}\n`);
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

async function fill(orm: Orm, members: number, closed: number): Promise<void> {
  await onConnection(orm, async (sql) => {
    await sql.rows(
      'insert into instruments (symbol, base_asset, quote_asset, tick_size, lot_size, min_quantity, max_quantity, ' +
        'market_protection_bps, maker_fee_rate, taker_fee_rate) ' +
        `values ('${SYMBOL}', 'BTC', 'USD', 0.01, 0.0001, 0.0001, 1000000, 500, 0, 0)`,
    );
    await sql.rows(
      'insert into users (username, password_hash, sender_comp_id) ' +
        "select 'member-' || n, '', 1000 + n from generate_series(1, $1::int) n",
      [members],
    );
    await sql.rows(
      'insert into balances (user_id, asset, amount, held) ' +
        "select id, 'USD', 1000000, 10 * $1::int from users where id > 0",
      [OPEN_ORDERS],
    );
    // Those of all members by turns, as they come in a market.
    await sql.rows(
      `insert into orders (id, user_id, symbol, entry_cl_ord_id, cl_ord_id, side, ord_type, time_in_force,
        entry_price, price, entry_quantity, quantity, filled_quantity, remaining_quantity, cum_notional, maker_fee_rate,
        taker_fee_rate, hold, status, is_open, priority, accepted_seq, trading_day, created_at, updated_at)
      select n * 1000 + users.id, users.id, $1, 'order-' || n, 'order-' || n, '1', '2', '1', 10, 10, 1, 1, 0,
        is_open::int, 0, 0, 0, 10 * is_open::int, case when is_open then '0' else '4' end, is_open, n, n, $2::date,
        now(), now()
      from generate_series(1, $3::int) n, lateral (select n > $4::int as is_open) state, users where users.id > 0`,
      [SYMBOL, DAY, closed + OPEN_ORDERS, closed],
    );
    await sql.rows(
      `insert into requests (user_id, cl_ord_id, trading_day, msg_type, order_id, accepted, created_at)
      select users.id, 'cancel-' || n, $1::date, 'F', n * 1000 + users.id, true, $1::date + interval '10 hours'
      from generate_series(1, $2::int) n, users where users.id > 0`,
      [DAY, closed],
    );
    await sql.rows('analyze');
  });
}

/** Time from the request to an account that can judge, and of this process alone. */
async function measure(url: string, members: number, runs: number): Promise<string> {
  const orm = await connect(url);
  try {
    const terms = await createInstrumentSource(orm).find(SYMBOL);
    const store = await createStore({ orm, nodeName: 'bench' });
    const load = async (userId: number): Promise<void> => {
      const loaded = await store.loadAccount(userId, DAY);
      const account = new Account(loaded, DAY, () => terms?.instrument, CLOSED_ORDERS_KEPT);
      if (account.openOrders().length !== OPEN_ORDERS) throw new Error('orders are missing');
    };
    const timed = async (userIds: readonly number[]): Promise<{ ms: number; cpuMs: number }> => {
      const [beganAt, cpu] = [monotonicMs(), process.cpuUsage()];
      await Promise.all(userIds.map(load));
      const { user, system } = process.cpuUsage(cpu);
      return { ms: monotonicMs() - beganAt, cpuMs: (user + system) / 1_000 };
    };
    const all = Array.from({ length: members }, (_, index) => index + 1);
    const of = async (userIds: readonly number[]): Promise<string> => {
      const figures = [];
      for (let run = 0; run < runs; run += 1) figures.push(await timed(userIds));
      const [ms, cpuMs] = [median(figures.map((one) => one.ms)), median(figures.map((one) => one.cpuMs))];
      return `${ms.toFixed(0)} ms (CPU of the node ${cpuMs.toFixed(0)} ms)`;
    };
    return `one account ${await of([1])}; ${members} at once ${await of(all)}`;
  } finally {
    await orm.close(true);
  }
}

const { values } = parseArgs({
  options: {
    closed: { type: 'string' },
    members: { type: 'string' },
    runs: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help === true) tell(USAGE);
else {
  const members = Number(values.members ?? 8);
  const postgres = await startBenchPostgres();
  try {
    const { cpuModel, cpuCount, memoryGiB } = describeMachine(import.meta.dirname);
    tell(`${cpuCount} × ${cpuModel}, ${memoryGiB} GiB`);
    for (const closed of (values.closed ?? '300,3000,30000').split(',').map(Number)) {
      const name = `closed_${closed}`;
      const url = await postgres.createDatabase(name);
      const orm = await connect(url);
      await fill(orm, members, closed).finally(() => orm.close(true));
      tell(`${closed} closed orders of the day: ${await measure(url, members, Number(values.runs ?? 9))}`);
      await postgres.dropDatabase(name);
    }
  } finally {
    await postgres.close();
  }
}

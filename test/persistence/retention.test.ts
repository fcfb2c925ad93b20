/**
 * Closings over a market of several months, with orders that stay open, busts, corrections, fees and transfers: proofs go
 * on from them, what was put away is gone, and whatever somebody does to them or around them is found.
 */
import { expect } from 'chai';
import { migrate } from '../../src/persistence/orm.ts';
import { ensurePartitions } from '../../src/persistence/partitions.ts';
import { ClosingRefused, closeHistory } from '../../src/persistence/retention/close.ts';
import { planRetention, type RetentionTerms } from '../../src/persistence/retention/plan.ts';
import { type RetentionRun, runRetention } from '../../src/persistence/retention/run.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { createStore } from '../../src/persistence/store.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { differencesIn as auditDifferencesIn, verified } from '../support/audit-trail.ts';
import { closingTamperings } from '../support/closing-tamperings.ts';
import { earlierDatabase } from '../support/earlier-schema.ts';
import { loadBook } from '../support/loaded-book.ts';
import { monthsOfTrading, tradedDatabase } from '../support/postgres-market.ts';
import { differencesIn, expectReconciled, reconciledWith } from '../support/reconciled.ts';
import { until } from '../support/until.ts';
import type { VenueDatabase } from '../support/venue-database.ts';

const MONTHS = 6;
const DAY_MS = 86_400_000;
const TERMS: RetentionTerms = { historyMonths: 1, operatorsMonths: undefined, fixHistoryDays: 7 };

/** Ten days into a month of the market, counted from its first. */
function inMonth(month: number): Clock {
  return standingAt((monthsOfTrading(month + 1).at(-1) ?? 0) + 10 * DAY_MS);
}

/** Says one time, and lets who waits go on. */
function standingAt(now: number): Clock {
  return { ...systemClock, now: () => now };
}

function retain(
  { orm }: VenueDatabase,
  clock: Clock,
  terms: Partial<RetentionTerms> = {},
): Promise<RetentionRun> {
  return runRetention({ orm, clock, terms: { ...TERMS, ...terms }, actor: 'olga', verifiesTrail: true });
}

/** Members have been told everything: what they have not been keeps its month. */
async function tellEverything(database: VenueDatabase): Promise<void> {
  await database.query(
    'insert into fix_delivered select user_id, source, max(source_seq) from reports group by 1, 2 ' +
      'on conflict (user_id, source) do update set source_seq = excluded.source_seq',
  );
}

async function count(database: VenueDatabase, table: string): Promise<number> {
  const [row] = await database.query<{ n: number }>(`select count(*)::int as n from ${table}`);
  return row?.n ?? 0;
}

async function partitions(database: VenueDatabase, table: string): Promise<readonly string[]> {
  const rows = await database.query<{ name: string }>(
    'select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid ' +
      `where i.inhparent = '${table}'::regclass order by 1`,
  );
  return rows.map(({ name }) => name);
}

/** A signal that is aborted when so many connections have been lent: each is one step of a run. */
async function abortedAfter({ orm }: VenueDatabase, steps: number) {
  const pool = await orm.em.getConnection().getNativeClient();
  const controller = new AbortController();
  let lent = 0;
  const onAcquire = (): void => {
    lent += 1;
    if (lent === steps) controller.abort();
  };
  pool.on('acquire', onAcquire);
  return { signal: controller.signal, done: () => pool.off('acquire', onAcquire) };
}

async function expectProven(database: VenueDatabase): Promise<void> {
  await expectReconciled(database.url);
  expect(auditDifferencesIn(await verified(database))).to.deep.equal([]);
}

describe('retention', function () {
  this.timeout(60_000);
  let database: VenueDatabase;

  before(async () => {
    database = await tradedDatabase(3, MONTHS);
    await tellEverything(database);
    await expectProven(database);
  });
  after(() => database.drop());

  it('lets nothing go where nothing is said, nor what is not old enough', async () => {
    const plan = (clock: Clock, terms: Partial<RetentionTerms>) =>
      planRetention(database.orm, { ...TERMS, ...terms }, clock.now());
    expect((await plan(inMonth(5), { historyMonths: undefined })).closing).to.equal(undefined);
    expect((await plan(inMonth(1), {})).closing).to.equal(undefined);
    expect((await plan(inMonth(5), { historyMonths: 5 })).closing).to.equal(undefined);
    expect((await plan(inMonth(2), {})).closing).to.deep.equal({
      historyBefore: '2023-12-01T00:00:00.000Z',
      operatorsBefore: undefined,
    });
    // A month that has just ended may have commits on their way.
    const justBegun = standingAt(inMonth(2).now() - 10 * DAY_MS + 1);
    expect((await plan(justBegun, {})).closing).to.equal(undefined);
  });

  it('keeps the month of a report that a member was not told, until it was or the member is disabled', async () => {
    const [oldest] = await database.query<{ user_id: number; source: string; seq: number }>(
      'select user_id, source, source_seq::int as seq from reports order by at, source_seq limit 1',
    );
    await database.query('update fix_delivered set source_seq = $3 - 1 where user_id = $1 and source = $2', [
      oldest?.user_id ?? 0,
      oldest?.source ?? '',
      oldest?.seq ?? 0,
    ]);
    const held = await planRetention(database.orm, TERMS, inMonth(3).now());
    expect(held.closing).to.equal(undefined);
    expect(held.heldBack).to.have.length(1);
    expect(held.heldBack[0]?.reportCount).to.be.above(0);
    await database.query("update users set status = 'disabled' where id = $1", [oldest?.user_id ?? 0]);
    const disabled = await planRetention(database.orm, TERMS, inMonth(3).now());
    expect(disabled).to.deep.include({ heldBack: [] });
    expect(disabled.closing).not.to.equal(undefined);
    await database.query("update users set status = 'active'  where id = $1", [oldest?.user_id ?? 0]);
    await tellEverything(database);
  });

  it('refuses to close what does not agree', async () => {
    await database.query("update balances set amount = amount + 1 where user_id = 1 and asset = 'USD'");
    const refused = await retain(database, inMonth(2)).catch((error: Error) => error);
    expect(refused).to.be.instanceOf(ClosingRefused);
    expect((refused as ClosingRefused).differences.join()).to.match(/user 1 .*USD: the balance is/);
    expect(await count(database, 'closings')).to.equal(0);
    await database.query("update balances set amount = amount - 1 where user_id = 1 and asset = 'USD'");
  });

  it('closes month after month; proofs and the venue go on with what is left', async () => {
    for (const month of [2, 3, 5]) {
      const before = await booksAndAccounts(database);
      const reports = await count(database, 'reports');
      const { closing } = await retain(database, inMonth(month));
      expect(closing?.history?.before).to.equal(new Date(monthsOfTrading(month).at(-1) ?? 0).toISOString());
      await expectProven(database);
      expect(await count(database, 'reports')).to.be.below(reports);
      expect(await booksAndAccounts(database)).to.deep.equal(before);
      expect((await retain(database, inMonth(month))).closing).to.equal(undefined);
    }
    for (const table of ['reports', 'trades', 'requests', 'audit_links']) {
      expect((await partitions(database, table))[0], table).to.equal(`${table}_2024_03`);
    }
    const kinds = await database.query<{ kind: string }>(
      'select distinct kind from closing_lines order by 1',
    );
    expect(kinds.map(({ kind }) => kind)).to.deep.equal([
      'balance',
      'baseline',
      'chain',
      'number',
      'order',
      'trade',
    ]);
    const [orders] = await database.query<{ open: number; partial: number; gone: number }>(
      "select count(*) filter (where o.is_open)::int as open, count(*) filter (where value->>'status' = '1')::int as " +
        'partial, (select count(*) from orders where created_at < now() and not is_open and updated_at < ' +
        "'2024-03-01')::int as gone from closing_lines l join orders o on o.id::text = l.key where l.kind = 'order'",
    );
    expect(orders?.open).to.be.above(0);
    expect(orders?.gone).to.equal(0);
    expect(await count(database, 'audit')).to.be.above(3);
  });

  it('closes operators by themselves, and their chain goes on', async () => {
    const { closing } = await retain(database, standingAt(Date.now() + 70 * DAY_MS), {
      historyMonths: undefined,
      operatorsMonths: 1,
    });
    expect(closing?.operators.no).to.be.above(0);
    expect(closing?.history?.before).to.equal('2024-03-01T00:00:00.000Z');
    await expectProven(database);
    const { chains } = await verified(database);
    expect(chains.at(-1)).to.include({ chain: 'operators', linkCount: 1 });
  });

  for (const [what, statements, audit, reconciled] of closingTamperings()) {
    it(`finds ${what}`, async () => {
      const told = auditDifferencesIn(await verified(database, { statements }));
      expect(
        told.filter((text) => audit.test(text)),
        told.join('\n'),
      ).to.have.length.above(0);
      if (reconciled === undefined) return;
      const found = Object.values(differencesIn(await reconciledWith(database, statements))).flat();
      expect(
        found.filter((text) => reconciled.test(text)),
        found.join('\n'),
      ).to.have.length.above(0);
    });
  }

  it('does nothing while another run is under way', async () => {
    await database.query('select 1');
    const { orm } = database;
    const client = await (await orm.em.getConnection().getNativeClient()).connect();
    try {
      await client.query('select pg_advisory_lock(1869505890, 2)');
      const refused = await retain(database, inMonth(9)).catch((error: Error) => error.name);
      expect(refused).to.equal('RetentionBusy');
    } finally {
      await client.query('select pg_advisory_unlock_all()');
      client.release();
    }
  });
});

describe('a run of retention that is interrupted', function () {
  this.timeout(60_000);
  let database: VenueDatabase;
  before(async () => {
    database = await tradedDatabase(4, 4);
    await tellEverything(database);
  });
  after(() => database.drop());

  it('leaves nothing that proofs do not understand, and the next run goes on, wherever it was', async () => {
    const { orm, query } = database;
    const clock = inMonth(3);
    // A closing that does not count yet.
    await query(
      "insert into closings select 1, now(), '2024-01-01', null, 0, '', '{}', '', '', '', '', null, null",
    );
    await query("insert into closing_lines values (1, 'order', '1', '{}')");
    await expectProven(database);
    const options = { orm, clock, actor: 'olga', verifiesTrail: false };
    await closeHistory(options, { historyBefore: '2024-01-01T00:00:00.000Z', operatorsBefore: undefined });
    await expectProven(database);
    const orders = await count(database, 'orders');
    let rest = Number.POSITIVE_INFINITY;
    for (let steps = 1; rest > 0; steps += 1) {
      const stopping = await abortedAfter(database, steps);
      const terms = { ...TERMS, historyMonths: 2 };
      const run = runRetention({ ...options, terms, signal: stopping.signal });
      await run.catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error;
      });
      stopping.done();
      await expectProven(database);
      const [row] = await query<{ n: number }>(
        'select count(*)::int as n from closings where dropped_at is null',
      );
      rest = row?.n ?? 0;
      expect(steps).to.be.below(30);
    }
    expect(await count(database, 'closings')).to.equal(1);
    expect(await count(database, 'orders')).to.be.below(orders);
    expect((await partitions(database, 'reports'))[0]).to.equal('reports_2024_01');
    // What was on its way over the end of the month.
    const kept = await query('select from reports_default union all select from trades_default');
    expect(kept.length).to.be.above(0);
    await retain(database, inMonth(4));
    await expectProven(database);
    expect(await query('select from reports_default where at < $1', ['2024-01-01'])).to.deep.equal([]);
  });

  it('gives way to those who read for long, and comes again', async () => {
    const { orm } = database;
    const client = await (await orm.em.getConnection().getNativeClient()).connect();
    const waits: (() => void)[] = [];
    try {
      await client.query('begin');
      await client.query('select from reports limit 1');
      const clock: Clock = {
        ...inMonth(5),
        after(delayMs, callback) {
          if (delayMs < 1_000) return systemClock.after(delayMs, callback);
          waits.push(callback);
          return () => {};
        },
      };
      const run = retain(database, clock);
      await until('the run to wait', () => waits.length > 0);
      // Commits do not stand behind it.
      await database.query("update fix_delivered set source_seq = source_seq where source = 'BTC-USD'");
      await database.query(
        "insert into reports (user_id, source, source_seq, at, msg_type, cl_ord_id) values (1, 'x', 1, now(), 'r', 'c')",
      );
      await client.query('rollback');
      waits.shift()?.();
      await run;
      expect((await partitions(database, 'reports'))[0]).to.equal('reports_2024_03');
    } finally {
      client.release();
    }
  });
});

describe('retention of rows that are older than the trail', function () {
  this.timeout(60_000);

  it('closes them by their month, and the trail says how many are left', async () => {
    const source = await tradedDatabase(5, 4, false);
    const earlier = await earlierDatabase(source.orm, 'Migration20261123000000');
    try {
      await migrate(earlier.orm);
      for (const month of monthsOfTrading(4)) await ensurePartitions(earlier.orm, month);
      await createStore({ orm: earlier.orm, nodeName: 'local' });
      const database = {
        ...source,
        url: earlier.url,
        orm: earlier.orm,
        query: (statement: string) => onConnection(earlier.orm, (sql) => sql.rows(statement)),
      } as VenueDatabase;
      await tellEverything(database);
      const trades = await count(database, 'trades');
      for (const month of [2, 3]) {
        await retain(database, inMonth(month));
        await expectProven(database);
      }
      const { olderRows } = await verified(database);
      expect(olderRows).to.have.property('trades', await count(database, 'trades'));
      expect(olderRows).to.have.property('trades').above(0).and.below(trades);
    } finally {
      await earlier.drop();
      await source.drop();
    }
  });
});

/** What the venue would start with. */
async function booksAndAccounts({ orm, query }: VenueDatabase): Promise<object> {
  const store = await createStore({ orm, nodeName: 'local' });
  const symbols = await query<{ symbol: string }>('select symbol from books order by symbol');
  const users = await query<{ id: number }>('select id from users where id > 0 order by id');
  const books = [];
  for (const { symbol } of symbols) {
    const { epoch: _, ...book } = await loadBook(store, symbol);
    books.push(book);
  }
  const accounts = [];
  // Of a later day: the orders that are closed by then are nobody's.
  for (const { id } of users) accounts.push(await store.loadAccount(id, '2030-01-01'));
  return { books, accounts };
}

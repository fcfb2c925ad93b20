/**
 * Every earlier schema with a venue's rows in it is brought to the newest: nothing that was there changes, the venue
 * reads the same books, accounts and sessions from it, and everything adds up. Members go on where they were.
 */
import { expect } from 'chai';
import { NO_TERMS } from '../../src/accounts/trading-terms.ts';
import type { LoadedAccount, Store } from '../../src/actors/ports.ts';
import { verifyAudit } from '../../src/persistence/audit-chain/verify.ts';
import { connect, migrate } from '../../src/persistence/orm.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { createStore } from '../../src/persistence/store.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type EarlierDatabase, earlierDatabase, MIGRATIONS } from '../support/earlier-schema.ts';
import { loadBook } from '../support/loaded-book.ts';
import { burst, identityOf, openMarket, RandomTrader } from '../support/market-day.ts';
import { tradedDatabase } from '../support/postgres-market.ts';
import { randomFrom } from '../support/random.ts';
import { expectReconciled } from '../support/reconciled.ts';
import { until } from '../support/until.ts';
import { newDataDir, removeVenue, VenueProcess } from '../support/venue-process.ts';

const [FIRST = ''] = MIGRATIONS;
/** Knows every order type, mass cancels, busts and corrections. */
const EVERY_KIND = 'Migration20261123000000';
const REQUESTS = 150;
const NODE = 'local';

/** What members agreed on that earlier schemas have no columns for. */
const LIMITS = { maxOpenOrders: 500, selfTradePrevention: 'CancelOldest', takerBps: '7', makerBps: '0' };

interface Source {
  readonly orm: Awaited<ReturnType<typeof connect>>;
  drop(): Promise<void>;
}

describe('an earlier schema', function () {
  this.timeout(90_000);

  const random = randomFrom(11);
  const traders = ['alice', 'bob'].map((name, i) => new RandomTrader(identityOf(name, i + 1), random));
  let database: TestDatabase;
  let plain: Source;
  let everyKind: Source;
  let dataDir: string;

  before(async () => {
    dataDir = await newDataDir();
    database = await testDatabase();
    await leaveVenue();
    const orm = await connect(database.url);
    plain = { orm, drop: () => orm.close(true).then(() => database.drop()) };
    everyKind = await tradedDatabase(2);
  });
  after(async () => {
    await removeVenue(dataDir);
    await plain.drop();
    await everyKind.drop();
  });

  /** A venue with plain orders, as every version has had them, is killed while its members trade. */
  async function leaveVenue(): Promise<void> {
    const venue = await VenueProcess.start(dataDir, { databaseUrl: database.url });
    await openMarket(
      venue,
      traders.map(({ member }) => member.identity),
    );
    await Promise.all(traders.map(({ member }) => member.connect(venue.fixPort)));
    await burst(traders, REQUESTS, random, () => false);
    await venue.done('POST', '/v1/users/alice/terms', {
      ...LIMITS,
      cancelGraceMs: 60_000,
      resetOnLogout: true,
    });
    await venue.done('POST', '/v1/instruments/ETH-USD/halt', { reason: 'news' });
    const trading = burst(traders, REQUESTS, random, () => venue.hasEnded);
    await until('requests', () => traders.every(({ member }) => member.unanswered.length > 0));
    await venue.kill();
    await trading;
  }

  for (const migration of MIGRATIONS) {
    for (const kinds of migration < EVERY_KIND
      ? ['plain orders']
      : ['plain orders', 'orders of every kind']) {
      it(`${migration}, with ${kinds}, keeps its rows, and the venue reads from them what it read before`, async () => {
        const source = kinds === 'plain orders' ? plain : everyKind;
        const earlier = await earlierDatabase(source.orm, migration);
        try {
          const before = await earlier.rows();
          for (const table of [
            'users',
            'instruments',
            'orders',
            'trades',
            'reports',
            'requests',
            'balances',
          ]) {
            expect(before[table], table).not.to.equal('[]');
          }
          await migrate(earlier.orm);
          expect(await earlier.orm.schema.getUpdateSchemaSQL()).to.equal('');
          expect(await earlier.rows()).to.deep.equal(before);
          const { trades = 0, reports = 0 } = (await expectReconciled(earlier.url)).rowCounts;
          expect(Math.min(trades, reports)).to.be.above(10);
          await expectSameReading(earlier, source);
          const trail = await verifyAudit(earlier.orm, { clock: systemClock, limit: 3, noted: [] });
          expect(trail.chains.flatMap(({ differences }) => differences)).to.deep.equal([]);
        } finally {
          await earlier.drop();
        }
      });
    }
  }

  it('the first one becomes the newest when a node starts on it, and its members go on where they were', async () => {
    const earlier = await earlierDatabase(plain.orm, FIRST);
    const ownDir = await newDataDir();
    try {
      const venue = await VenueProcess.start(ownDir, { databaseUrl: earlier.url });
      expect(venue.lines).to.include('bringing the schema up to date');
      await Promise.all(traders.map(({ member }) => member.connect(venue.fixPort)));
      const answered = () => traders.every(({ member }) => member.unanswered.length === 0 && member.hasNoGap);
      await until('what was unanswered', answered);
      const heard = traders.map(({ member }) => member.heard.length);
      await venue.done('POST', '/v1/instruments/ETH-USD/resume');
      await burst(traders, REQUESTS, random, () => false);
      await until('all answers', answered);
      expect(traders.every(({ member }, i) => member.heard.length > (heard[i] ?? 0) + REQUESTS / 2)).to.equal(
        true,
      );
      expect(traders.flatMap(({ member }) => member.violations)).to.deep.equal([]);
      expect(await venue.stop()).to.deep.equal({ code: 0, signal: null });
      await expectReconciled(earlier.url);
    } finally {
      await removeVenue(ownDir);
      await earlier.drop();
    }
  });

  it('that cannot be brought up to date is left as it was, by all migrations or none', async () => {
    const earlier = await earlierDatabase(plain.orm, FIRST);
    try {
      await onConnection(earlier.orm, (sql) => sql.rows('alter table orders add column stop_px int'));
      const before = await earlier.rows();
      const failed = await migrate(earlier.orm).then(
        () => 'nothing',
        (error: Error) => error.message,
      );
      expect(failed).to.contain('column "stop_px" of relation "orders" already exists');
      expect((await earlier.orm.migrator.getExecuted()).map(({ name }) => name)).to.deep.equal([FIRST]);
      expect(await earlier.rows()).to.deep.equal(before);
      await onConnection(earlier.orm, (sql) => sql.rows('alter table orders drop column stop_px'));
      await migrate(earlier.orm);
      await expectReconciled(earlier.url);
    } finally {
      await earlier.drop();
    }
  });

  it('that is newer than a node keeps the node from starting, in one line, and is left alone', async () => {
    const earlier = await earlierDatabase(plain.orm, MIGRATIONS.at(-1) ?? '');
    const ownDir = await newDataDir();
    try {
      await onConnection(earlier.orm, (sql) =>
        sql.rows("insert into mikro_orm_migrations (name) values ('Migration29991231000000')"),
      );
      const before = await earlier.rows();
      const node = await VenueProcess.spawn(ownDir, { databaseUrl: earlier.url });
      expect(await node.ended).to.deep.equal({ code: 2, signal: null });
      expect(node.errorLines.filter((line) => !line.startsWith('{'))).to.deep.equal([
        'error: the database was migrated by a newer version of onebook (Migration29991231000000): start that version, ' +
          'or restore a backup of before',
      ]);
      expect(await earlier.rows()).to.deep.equal(before);
    } finally {
      await removeVenue(ownDir);
      await earlier.drop();
    }
  });
});

/** Books, accounts and sessions as the venue would start with them, beside those of the database that was copied. */
async function expectSameReading(earlier: EarlierDatabase, source: Source): Promise<void> {
  const now = await createStore({ orm: earlier.orm, nodeName: NODE });
  const then = await createStore({ orm: source.orm, nodeName: NODE });
  expect(now.lastCommitNo).to.equal(then.lastCommitNo);
  const { symbols, users, tradingDay } = await namesIn(source);
  let openOrders = 0;
  for (const symbol of symbols) {
    const { epoch: _, ...book } = await loadBook(now, symbol);
    const { epoch: __, ...expected } = await loadBook(then, symbol);
    expect(book).to.deep.equal(expected);
    openOrders += book.orders.length;
  }
  expect(openOrders).to.be.above(0);
  const columns = earlier.columns.get('users') ?? [];
  for (const { id, senderCompId } of users) {
    const { terms, ...account } = await now.loadAccount(id, tradingDay);
    const { terms: agreed, ...expected } = await then.loadAccount(id, tradingDay);
    expect(inOrder(account)).to.deep.equal(inOrder(expected));
    for (const { orderId } of account.closed) {
      expect(await now.loadOrder(id, orderId)).to.deep.equal(await then.loadOrder(id, orderId));
    }
    const fees = columns.includes('maker_fee_rate')
      ? {}
      : { makerFeeRate: undefined, takerFeeRate: undefined };
    expect(terms).to.deep.equal(columns.includes('max_open_orders') ? { ...agreed, ...fees } : NO_TERMS);
    expect(await opened(now, id, senderCompId)).to.deep.equal(await opened(then, id, senderCompId));
    expect(await now.loadMessages(senderCompId, 1, 0)).to.deep.equal(
      await then.loadMessages(senderCompId, 1, 0),
    );
  }
}

/** Closed orders and ClOrdIDs come in any order. */
function inOrder(account: Omit<LoadedAccount, 'terms'>): object {
  const sorted = (values: readonly object[]): string[] => values.map((value) => JSON.stringify(value)).sort();
  return { ...account, closed: sorted(account.closed), clOrdIds: sorted(account.clOrdIds) };
}

function opened(store: Store, userId: number, senderCompId: number) {
  return store.openSession({
    senderCompId,
    userId,
    reset: false,
    resetIfBegunBefore: undefined,
    cancelAfterMs: 'unchanged',
    logonSeqNum: 1_000_000,
    nextExpectedSeqNum: undefined,
    reserveCount: 0,
  });
}

function namesIn({ orm }: Source) {
  return onConnection(orm, async (sql) => {
    const books = await sql.rows<{ symbol: string }>('select symbol from books order by symbol');
    const users = await sql.rows<{ id: number; senderCompId: number }>(
      'select id, sender_comp_id as "senderCompId" from users where id > 0 order by id',
    );
    const [last] = await sql.rows<{ day: string }>('select max(trading_day)::text as day from orders');
    return { symbols: books.map(({ symbol }) => symbol), users, tradingDay: last?.day ?? '' };
  });
}

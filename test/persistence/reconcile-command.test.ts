/** `onebook reconcile` as an operator runs it: beside a venue that trades, after it was killed, and on nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findProcess } from '../../src/persistence/postgres/processes.ts';
import { reconcileDatabase } from '../../src/persistence/reconcile/run.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type CliResult, fails, onebook } from '../support/cli.ts';
import { burst, identityOf, openMarket, RandomTrader } from '../support/market-day.ts';
import { randomFrom } from '../support/random.ts';
import { until } from '../support/until.ts';
import { embeddedUrl, newDataDir, removeVenue, VenueProcess, withRows } from '../support/venue-process.ts';

const NO_LIMIT = Number.MAX_SAFE_INTEGER;

describe('onebook reconcile', function () {
  this.timeout(60_000);

  const random = randomFrom(7);
  const traders = ['alice', 'bob'].map((name, i) => new RandomTrader(identityOf(name, i + 1), random));
  let dataDir: string;
  let emptyDir: string;
  let venue: VenueProcess;

  before(async () => {
    emptyDir = await mkdtemp(join(tmpdir(), 'onebook-reconcile-'));
    dataDir = await newDataDir();
    venue = await VenueProcess.start(dataDir);
    await openMarket(
      venue,
      traders.map(({ member }) => member.identity),
    );
  });
  after(async () => {
    await removeVenue(dataDir);
    await rm(emptyDir, { recursive: true, force: true });
  });

  function reconcile(...argv: readonly string[]): Promise<CliResult> {
    return onebook(['reconcile', '--data-dir', dataDir, ...argv], { cwd: dataDir });
  }

  function tradesIn({ stdout }: CliResult): number {
    return (JSON.parse(stdout) as { rowCounts: { trades: number } }).rowCounts.trades;
  }

  it('agrees while members trade, and with their trades as they come', async () => {
    await Promise.all(traders.map(({ member }) => member.connect(venue.fixPort)));
    let isOver = false;
    const trading = burst(traders, NO_LIMIT, random, () => isOver);
    const trades: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const result = await reconcile('--json');
      expect(result, result.stdout).to.include({ exitCode: 0, stderr: '' });
      trades.push(tradesIn(result));
    }
    isOver = true;
    await trading;
    expect(trades[0]).to.be.below(trades[2] ?? 0);
    await until('all answers', () => traders.every(({ member }) => member.unanswered.length === 0));
    expect(venue.hasEnded).to.equal(false);
  });

  it('waits for the database of a venue that starts it again', async () => {
    const postmaster = await venue.postgresPid();
    process.kill(postmaster, 'SIGKILL');
    await until('the end of Postgres', () => findProcess(postmaster) === undefined);
    const options = { dataDir, databaseUrl: undefined, clock: systemClock, limit: 1, onProgress: () => {} };
    const found = await reconcileDatabase(options);
    expect(found.differenceCount, JSON.stringify(found.checks)).to.equal(0);
    expect(found.rowCounts).to.have.property('trades').above(0);
    expect(await venue.postgresPid()).not.to.equal(postmaster);
    expect(venue.hasEnded).to.equal(false);
  });

  it('agrees after the venue was killed, with the database that it left and with none', async () => {
    const trading = burst(traders, NO_LIMIT, random, () => venue.hasEnded);
    await until('trades', () => traders.every(({ member }) => member.unanswered.length > 0));
    await venue.kill();
    await trading;
    for (const state of ['left running', 'stopped']) {
      const postmaster = await venue.postgresPid().catch(() => 0);
      expect(findProcess(postmaster) !== undefined, `whether Postgres runs, ${state}`).to.equal(
        state === 'left running',
      );
      const { exitCode, stdout } = await reconcile();
      expect(exitCode, stdout).to.equal(0);
      expect(stdout).to.match(
        /\neverything agrees: .* [1-9]\d* trades, .*, up to commit \d+ of local; 12 checks/,
      );
    }
  });

  it('names a difference, and ends with 1', async () => {
    venue = await VenueProcess.start(dataDir);
    await withRows(await embeddedUrl(dataDir), (client) =>
      client.query("update balances set amount = amount + 1 where asset = 'USD' and user_id > 0"),
    );
    const { exitCode, stdout, stderr } = await reconcile('--limit', '1');
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 1, stderr: 'error: 3 differences\n' });
    expect(stdout).to.match(
      /^DIFFER {2}balances and transfers of each asset: 1 difference\n {8}USD: all balances sum /,
    );
    expect(stdout).to.match(
      /\nDIFFER {2}balances, and what .*: 2 differences\n {8}user 1 \(alice\), USD: .*\n {8}and 1 more\nagree /,
    );
    expect(stdout).to.match(/\n3 differences: 6 transfers, /);
  });

  it('ends with 2 where it cannot run, and makes nothing', async () => {
    await fails(emptyDir, ['reconcile', '--data-dir', 'none'], 2, /there is no database in .*none/);
    await fails(emptyDir, ['reconcile', '--limit', '0'], 2, /a number from 1 on/);
    const secret = 'hunter2hunter2';
    const url = `postgres://onebook:${secret}@127.0.0.1:1/onebook`;
    const { stderr } = await fails(
      emptyDir,
      ['reconcile', '--database-url', url],
      2,
      /nothing was reconciled: /,
    );
    expect(stderr).not.to.include(secret);
    await fails(emptyDir, ['reconcile', '--node', 'x'], 2, /no node "x"/);
  });
});

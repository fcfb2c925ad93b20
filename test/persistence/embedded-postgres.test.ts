import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import pg from 'pg';
import {
  DataDirectoryInUse,
  type EmbeddedPostgres,
  EmbeddedPostgresError,
  startEmbeddedPostgres,
} from '../../src/persistence/embedded-postgres.ts';
import { findProcess, isAlive } from '../../src/persistence/postgres/processes.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type Log, silentLog } from '../../src/platform/log.ts';
import type { EmbeddedVenueReport } from '../support/embedded-venue.ts';
import { until } from '../support/until.ts';

const VENUE_SCRIPT = join(import.meta.dirname, '../support/embedded-venue.ts');

async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Kills without a chance to clean up, and waits until the kernel has taken the process away. */
async function killHard(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await until(`the end of process ${pid}`, () => findProcess(pid) === undefined);
}

function recordingLog(events: string[]): Log {
  const record = (event: string): void => {
    events.push(event);
  };
  const log: Log = { debug: record, info: record, warn: record, error: record, with: () => log };
  return log;
}

describe('embedded Postgres', function () {
  this.timeout(60_000);

  let dataDir: string;
  let postgres: EmbeddedPostgres | undefined;
  const venues: ChildProcess[] = [];

  async function start(
    options: { readonly settings?: Record<string, string>; readonly log?: Log } = {},
  ): Promise<EmbeddedPostgres> {
    postgres = await startEmbeddedPostgres({ dataDir, clock: systemClock, log: silentLog, ...options });
    return postgres;
  }

  function spawnVenue(directory: string, ...flags: string[]): ChildProcess {
    const venue = spawn(process.execPath, [VENUE_SCRIPT, directory, ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // As a shell does for a command: signals to the group reach all that the command has started.
      detached: true,
    });
    venues.push(venue);
    return venue;
  }

  async function reportOf(venue: ChildProcess): Promise<EmbeddedVenueReport> {
    for await (const line of createInterface({ input: venue.stdout! })) return JSON.parse(line);
    throw new Error('the venue ended without a word');
  }

  /** A venue of its own that was killed, and the process id of the server that it left running. */
  async function leaveServerBehind(...flags: string[]): Promise<number> {
    const venue = spawnVenue(dataDir, ...flags);
    const report = await reportOf(venue);
    expect(report.type).to.equal('Running');
    await killHard(venue.pid!);
    expect(findProcess(report.pid!), 'the server outlives its venue').not.to.equal(undefined);
    return report.pid!;
  }

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'onebook-embedded-'));
  });

  afterEach(async () => {
    for (const venue of venues.splice(0)) venue.kill('SIGKILL');
    await postgres?.stop();
    postgres = undefined;
  });

  after(async () => {
    await rm(dataDir, { recursive: true, force: true });
  });

  it('creates the database on first use and says so', async () => {
    const progress: string[] = [];
    postgres = await startEmbeddedPostgres({
      dataDir,
      clock: systemClock,
      log: silentLog,
      onProgress: (line) => progress.push(line),
    });
    expect(progress).to.deep.equal(['creating the database (a few seconds, once) ...']);
    const rows = await query(
      postgres.url,
      `SELECT current_user AS role, current_database() AS database, rolsuper AS superuser,
              current_setting('server_encoding') AS encoding, current_setting('data_checksums') AS checksums
       FROM pg_roles WHERE rolname = current_user`,
    );
    expect(rows).to.deep.equal([
      { role: 'onebook', database: 'onebook', superuser: false, encoding: 'UTF8', checksums: 'on' },
    ]);
  });

  it('keeps its password from other accounts of the machine and from the log', async () => {
    const { url } = await start();
    const password = new URL(url).password;
    const cluster = join(dataDir, 'postgres');
    const passwordFile = join(cluster, 'onebook.password');
    expect((await stat(cluster)).mode & 0o777).to.equal(0o700);
    expect((await stat(passwordFile)).mode & 0o777).to.equal(0o600);
    expect(await readFile(passwordFile, 'utf8')).to.equal(`${password}\n`);
    expect(await readFile(join(dataDir, 'postgres.log'), 'utf8')).not.to.contain(password);
    const wrong = await failureOf(query(url.replace(password, 'guess'), 'SELECT 1'));
    expect(wrong).to.have.property('code', '28P01');
  });

  it('syncs every commit to disk and listens on the loopback address only', async () => {
    const { url } = await start();
    const rows = await query(
      url,
      `SELECT name, setting FROM pg_settings WHERE name IN
       ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses') ORDER BY name`,
    );
    expect(rows).to.deep.equal([
      { name: 'fsync', setting: 'on' },
      { name: 'full_page_writes', setting: 'on' },
      { name: 'listen_addresses', setting: '127.0.0.1' },
      { name: 'synchronous_commit', setting: 'on' },
    ]);
  });

  it('refuses settings that would make an acknowledgement a guess', async () => {
    for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
      const failure = await failureOf(start({ settings: { [name]: 'off' } }));
      expect(failure).to.be.instanceOf(EmbeddedPostgresError);
      expect(failure).to.have.property('message').that.contains(name);
    }
  });

  it('stays durable when a file of the cluster says otherwise', async () => {
    const override = join(dataDir, 'postgres', 'postgresql.auto.conf');
    const original = await readFile(override, 'utf8');
    await writeFile(override, 'fsync = off\nsynchronous_commit = off\n');
    const { url } = await start();
    await writeFile(override, original);
    const rows = await query(
      url,
      "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit",
    );
    expect(rows).to.deep.equal([{ fsync: 'on', commit: 'on' }]);
  });

  it('keeps its rows over a stop and a start', async () => {
    const first = await start();
    const server = findProcess(first.pid!)!;
    await query(first.url, "CREATE TABLE kept AS SELECT 'GTC' AS note");
    await Promise.all([first.stop(), first.stop()]);
    expect(isAlive(server)).to.equal(false);
    expect(first.pid).to.equal(undefined);
    const second = await start();
    expect(await query(second.url, 'SELECT note FROM kept')).to.deep.equal([{ note: 'GTC' }]);
  });

  it('comes back on the same port when the server is killed', async () => {
    const events: string[] = [];
    const { url, pid } = await start({ log: recordingLog(events) });
    await query(url, "CREATE TABLE survived AS SELECT 'committed' AS note");
    await killHard(pid!);
    const rows = await until('the server to come back', () => query(url, 'SELECT note FROM survived'));
    expect(rows).to.deep.equal([{ note: 'committed' }]);
    expect(postgres!.pid).to.be.a('number').and.not.equal(pid);
    const afterDeath = events.slice(events.indexOf('postgres died'));
    expect(afterDeath[0]).to.equal('postgres died');
    expect(afterDeath[1]).to.equal('postgres is started again');
  });

  it('is not started again once the venue stops', async () => {
    const running = await start();
    const pid = running.pid!;
    process.kill(pid, 'SIGKILL');
    await running.stop();
    const text = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => `${pid}`);
    expect(findProcess(Number.parseInt(text, 10))).to.equal(undefined);
    expect(await failureOf(query(running.url, 'SELECT 1'))).to.have.property('code', 'ECONNREFUSED');
  });

  it('refuses a second venue on its data directory and names the first', async () => {
    await start();
    const refused = await reportOf(spawnVenue(dataDir));
    expect(refused).to.deep.equal({ type: 'Refused', error: 'DataDirectoryInUse', pid: process.pid });
    const again = await failureOf(startEmbeddedPostgres({ dataDir, clock: systemClock, log: silentLog }));
    expect(again).to.be.instanceOf(DataDirectoryInUse);
    expect(again).to.have.property('pid', process.pid);
  });

  it('adopts the server of a venue that was killed', async () => {
    const left = await leaveServerBehind();
    expect((await start()).pid).to.equal(left);
    expect(await query(postgres!.url, 'SELECT 1 AS one')).to.deep.equal([{ one: 1 }]);
  });

  it("outlives a terminal's Ctrl-C until the venue has drained", async () => {
    const venue = spawnVenue(dataDir);
    const report = await reportOf(venue);
    process.kill(-venue.pid!, 'SIGINT');
    await until('the end of the venue', () => findProcess(venue.pid!) === undefined);
    expect((await start()).pid).to.equal(report.pid);
  });

  it('supervises a server that it has adopted', async () => {
    const left = await leaveServerBehind();
    const { url } = await start();
    await killHard(left);
    await until('the server to come back', () => query(url, 'SELECT 1'));
    expect(postgres!.pid).to.be.a('number').and.not.equal(left);
  });

  it('lets nothing of a dead venue commit after the adoption', async () => {
    await leaveServerBehind('--busy');
    const { url } = await start();
    const sessions = await query(url, "SELECT state FROM pg_stat_activity WHERE application_name = 'busy'");
    expect(sessions).to.deep.equal([]);
    expect(await query(url, 'SELECT note FROM late')).to.deep.equal([]);
  });

  it('restarts a server that runs with other settings than configured', async () => {
    const left = await leaveServerBehind();
    const { url, pid } = await start({ settings: { work_mem: '3MB' } });
    expect(pid).to.be.a('number').and.not.equal(left);
    expect(await query(url, 'SHOW work_mem')).to.deep.equal([{ work_mem: '3MB' }]);
  });

  it('starts after venue and server were killed in the middle of a statement', async () => {
    await killHard(await leaveServerBehind('--busy'));
    const { url } = await start();
    expect(await query(url, 'SELECT note FROM survived')).to.deep.equal([{ note: 'committed' }]);
  });

  it('starts when the process id of its dead server belongs to a stranger', async () => {
    const cluster = join(dataDir, 'postgres');
    const { uid, gid } = await stat(cluster);
    // Of the server's own account, or else Postgres itself would see that it is none of its kind.
    const stranger = spawn('sleep', ['60'], { cwd: '/', uid, gid });
    venues.push(stranger);
    await until('the stranger', () => findProcess(stranger.pid!));
    const lines = [stranger.pid, '/proc/self/cwd', 1700000000, 5432, '', '127.0.0.1', '', 'ready', ''];
    await writeFile(join(cluster, 'postmaster.pid'), lines.join('\n'));
    const { url } = await start();
    expect(await query(url, 'SELECT 1 AS one')).to.deep.equal([{ one: 1 }]);
    expect(findProcess(stranger.pid!), 'the stranger is left alone').not.to.equal(undefined);
  });

  it('says what the server said when it does not start', async () => {
    const failure = await failureOf(start({ settings: { shared_buffers: 'plenty' } }));
    expect(failure).to.be.instanceOf(EmbeddedPostgresError);
    expect(failure).to.have.property('message').that.contains('shared_buffers');
    expect((await start()).pid, 'the directory is free again').to.be.a('number');
  });

  it('begins anew when its creation was killed in the middle', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'onebook-embedded-'));
    try {
      const venue = spawnVenue(directory);
      await until('initdb at work', () =>
        readdirSync(directory).some((name) => existsSync(join(directory, name, 'cluster', 'PG_VERSION'))),
      );
      await killHard(venue.pid!);
      expect(existsSync(join(directory, 'postgres')), 'no cluster yet').to.equal(false);
      const started = await startEmbeddedPostgres({ dataDir: directory, clock: systemClock, log: silentLog });
      expect(await query(started.url, 'SELECT 1 AS one')).to.deep.equal([{ one: 1 }]);
      await started.stop();
      expect(readdirSync(directory).sort()).to.deep.equal(['postgres', 'postgres.log']);
    } finally {
      await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    }
  });

  it('does not touch a directory that is no database', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'onebook-embedded-'));
    try {
      await mkdir(join(directory, 'postgres'));
      await chmod(join(directory, 'postgres'), 0o755);
      await writeFile(join(directory, 'postgres', 'holiday.txt'), 'photos');
      const failure = await failureOf(
        startEmbeddedPostgres({ dataDir: directory, clock: systemClock, log: silentLog }),
      );
      expect(failure).to.be.instanceOf(EmbeddedPostgresError);
      expect(failure).to.have.property('message').that.contains('is not a Postgres database');
      expect(readdirSync(join(directory, 'postgres'))).to.deep.equal(['holiday.txt']);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

/** The right to trade on a database: one node has it, and loses it with its connection only. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import pg from 'pg';
import { acquireTradingRight } from '../../src/persistence/database.ts';
import { createEngineLock } from '../../src/persistence/engine-lock.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

describe('the engine lock', () => {
  let database: TestDatabase;
  const losses: string[] = [];
  const lockOf = (nodeName: string) =>
    createEngineLock({ url: database.url, nodeName, onLost: () => losses.push(nodeName) });

  before(async () => {
    database = await testDatabase();
  });
  beforeEach(() => losses.splice(0));
  after(() => database.drop());

  it('is held by one node, and the other learns by which', async () => {
    const [first, second] = [lockOf('one'), lockOf('two')];
    expect(await second.holder()).equal(undefined);
    expect(await first.tryAcquire()).equal(true);
    expect(await first.tryAcquire()).equal(true);
    expect(await second.tryAcquire()).equal(false);
    expect(await second.holder()).match(/^onebook engine one \(connected since /);
    await first.release();
    await until('the lock to be free', () => second.tryAcquire());
    await second.release();
    expect(losses).deep.equal([]);
  });

  it('is lost with its connection, which the node is told once, and can be taken again', async () => {
    const lock = lockOf('one');
    await lock.tryAcquire();
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'onebook engine one'",
    );
    await until('the loss', () => losses.length > 0);
    expect(await lock.tryAcquire()).equal(true);
    expect(losses).deep.equal(['one']);
    await lock.release();
    await admin.end();
  });

  it('is taken again when Postgres has not seen yet that the connection has ended', async () => {
    const wire = await deafWire(database.url);
    const ended: string[] = [];
    const stop = new AbortController();
    const right = await acquireTradingRight({
      url: wire.url,
      nodeName: 'one',
      clock: systemClock,
      log: silentLog,
      onWaiting: () => {},
      onLost: (reason) => ended.push(reason),
      signal: stop.signal,
    });
    try {
      wire.cutOnOurSide();
      await until('the next connection to ask for the lock', () => wire.bytesSince() > 0);
      // It finds the session of before, which is its own.
      await until('it to have asked more than once', () => wire.bytesSince() > BYTES_OF_ONE_TRY);
      expect(ended).deep.equal([]);
      wire.cutOnTheServersSide();
      await until('the lock', () => right?.tryAcquire());
      expect(ended).deep.equal([]);
    } finally {
      stop.abort();
      wire.cutOnTheServersSide();
      await right?.release();
      await wire.close();
    }
  });
});

const BYTES_OF_ONE_TRY = 2_000;

/** A way to Postgres that can end on our side while the server goes on believing in it. */
async function deafWire(databaseUrl: string) {
  const url = new URL(databaseUrl);
  const ours = new Set<Socket>();
  let kept: Socket[] = [];
  let bytes = 0;
  let isCutting = false;
  const server = createServer((client) => {
    const upstream = connect(Number(url.port), url.hostname);
    ours.add(client);
    client.on('data', (chunk) => {
      bytes += chunk.length;
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => client.write(chunk));
    for (const socket of [client, upstream]) socket.on('error', () => {});
    client.on('close', () => {
      ours.delete(client);
      if (isCutting) kept.push(upstream);
      else upstream.destroy();
    });
    upstream.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxied = new URL(databaseUrl);
  proxied.hostname = '127.0.0.1';
  proxied.port = String((server.address() as AddressInfo).port);
  return {
    url: proxied.href,
    cutOnOurSide() {
      isCutting = true;
      for (const client of ours) client.destroy();
      bytes = 0;
    },
    cutOnTheServersSide() {
      isCutting = false;
      for (const upstream of kept) upstream.destroy();
      kept = [];
    },
    /** How much has been asked since our side was cut. */
    bytesSince: () => bytes,
    async close() {
      for (const client of ours) client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

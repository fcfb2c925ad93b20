import { expect } from 'chai';
import pg from 'pg';
import { createEngineLock } from '../../src/persistence/engine-lock.ts';
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
});

/** Servers that acknowledge what they may lose: real ones, and the venue's own way to a database. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { openDatabase } from '../../src/persistence/database.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { type PrivatePostgres, privatePostgres } from '../support/private-postgres.ts';

describe('a server that may lose what it acknowledges', function () {
  this.timeout(60_000);
  let server: PrivatePostgres;

  before(async () => {
    server = await privatePostgres();
  });
  after(() => server.remove());

  /** What keeps the venue from starting on the server; undefined when it started. */
  async function refusalOf(url: string): Promise<string | undefined> {
    const dataDir = join(server.scratchDir, 'venue');
    await mkdir(dataDir, { recursive: true });
    try {
      const database = await openDatabase({
        nodeName: 'careful',
        dataDir,
        databaseUrl: url,
        clock: systemClock,
        log: silentLog,
        onProgress: () => {},
      });
      await database.close();
      return undefined;
    } catch (error) {
      return String(error);
    }
  }

  async function tableCount(url: string): Promise<number> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query("select from pg_tables where schemaname = 'public'");
      return rows.length;
    } finally {
      await client.end();
    }
  }

  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    it(`since it runs with ${name} = off is refused, by name, before anything is written to it`, async () => {
      await server.running({ [name]: 'off' }, async (url) => {
        expect(await refusalOf(url)).to.match(new RegExp(`^DatabaseUnfitError: .* has ${name} = off: `));
        expect(await tableCount(url)).to.equal(0);
      });
    });
  }

  it('is taken as soon as it no longer may', async () => {
    await server.running({}, async (url) => {
      expect(await refusalOf(url)).to.equal(undefined);
      expect(await tableCount(url)).to.be.above(10);
    });
  });
});

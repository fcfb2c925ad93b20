/**
 * A process that holds an embedded Postgres as a venue does, for tests that kill it. Says on its output, as one
 * JSON line, either where its server is or why it has none. With `--busy` it also leaves a statement running
 * that would outlive it.
 */
import pg from 'pg';
import {
  DataDirectoryInUse,
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/persistence/embedded-postgres.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';

/** What the process prints. */
export type EmbeddedVenueReport =
  | { readonly type: 'Running'; readonly url: string; readonly pid: number | undefined }
  | { readonly type: 'Refused'; readonly error: string; readonly pid: number | undefined };

function report(line: EmbeddedVenueReport): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function keepBusy(postgres: EmbeddedPostgres): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.url, application_name: 'busy' });
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS late (note text)');
  client.query("SELECT pg_sleep(4); INSERT INTO late VALUES ('committed after death')").catch(() => {});
  const observer = new pg.Client({ connectionString: postgres.url });
  await observer.connect();
  const running = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'busy' AND state = 'active'";
  while ((await observer.query(running)).rowCount === 0);
  await observer.end();
}

async function run(dataDir: string, isBusy: boolean): Promise<void> {
  try {
    const postgres = await startEmbeddedPostgres({ dataDir, clock: systemClock, log: silentLog });
    if (isBusy) await keepBusy(postgres);
    report({ type: 'Running', url: postgres.url, pid: postgres.pid });
  } catch (error) {
    const pid = error instanceof DataDirectoryInUse ? error.pid : undefined;
    report({ type: 'Refused', error: error instanceof Error ? error.name : 'unknown', pid });
  }
}

if (process.argv[1] === import.meta.filename) {
  const [, , dataDir = '', flag] = process.argv;
  await run(dataDir, flag === '--busy');
}

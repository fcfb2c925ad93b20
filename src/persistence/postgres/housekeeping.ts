/**
 * What the venue does inside the running server as its superuser: the role and the database of the venue, and
 * the questions that decide whether a server that was found running may be adopted.
 */
import pg from 'pg';
import { SUPERUSER } from './cluster.ts';
import { DURABILITY } from './settings.ts';

/** Name of the venue's role and of its database. */
export const VENUE_NAME = 'onebook';

const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 60_000;
/** How long a left-over session may take to end once it was told to, and how often it is told. */
const TERMINATE_TIMEOUT_MS = 2_000;
const TERMINATE_ROUNDS = 5;
const LEFTOVER_SESSIONS = `FROM pg_stat_activity
  WHERE backend_type = 'client backend' AND datname = $1 AND pid <> pg_backend_pid()`;

/** Runs `work` on a connection of the superuser, and closes it. */
export async function asSuperuser<Result>(
  port: number,
  password: string,
  work: (client: pg.Client) => Promise<Result>,
  queryTimeoutMs = QUERY_TIMEOUT_MS,
): Promise<Result> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: SUPERUSER,
    password,
    database: 'postgres',
    application_name: 'onebook supervision',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: queryTimeoutMs,
  });
  // A connection that breaks fails the query in progress; without a listener it would end the process too.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Creates the venue's role and database unless they are there. Safe to interrupt and to repeat. */
export async function ensureDatabase(client: pg.Client): Promise<void> {
  const roles = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [VENUE_NAME]);
  if (roles.rowCount === 0) {
    // The same password as the superuser's, taken over as its stored hash: no statement ever contains it.
    await client.query(
      `DO $$ BEGIN EXECUTE (
         SELECT format('CREATE ROLE ${VENUE_NAME} LOGIN CREATEDB PASSWORD %L', rolpassword)
         FROM pg_authid WHERE rolname = '${SUPERUSER}'
       ); END $$`,
    );
  }
  const databases = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [VENUE_NAME]);
  if (databases.rowCount === 0) {
    await client.query(`CREATE DATABASE ${VENUE_NAME} OWNER ${VENUE_NAME}`);
  }
}

/** Why the server that answers here is not one to adopt, or undefined when it is. */
export async function findAdoptionFault(client: pg.Client, expectedPid: number): Promise<string | undefined> {
  const files = await client.query("SELECT pg_read_file('postmaster.pid') AS text");
  const pid = Number.parseInt(String(files.rows[0]?.text), 10);
  if (pid !== expectedPid) return `process ${pid} answers on its port`;
  const settings = await client.query('SELECT name, setting FROM pg_settings WHERE name = ANY($1)', [
    Object.keys(DURABILITY),
  ]);
  for (const { name, setting } of settings.rows) {
    if (setting !== DURABILITY[name]) return `${name} is ${setting}`;
  }
  return undefined;
}

/**
 * Ends the sessions that a killed venue left in its database, and waits until they are gone: one of them may
 * still be about to commit, and whoever reads the rows next must find all that will ever be committed.
 *
 * Returns how many there were.
 *
 * @throws Error when one does not end.
 */
export async function endLeftoverSessions(client: pg.Client): Promise<number> {
  const count = await countLeftoverSessions(client);
  for (let round = 0; round < TERMINATE_ROUNDS; round += 1) {
    // One that ends by itself meanwhile is not an error here, only a reason to look again.
    await client.query(`SELECT pg_terminate_backend(pid, ${TERMINATE_TIMEOUT_MS}) ${LEFTOVER_SESSIONS}`, [
      VENUE_NAME,
    ]);
    if ((await countLeftoverSessions(client)) === 0) return count;
  }
  throw new Error('sessions of the last run do not end');
}

async function countLeftoverSessions(client: pg.Client): Promise<number> {
  const found = await client.query(`SELECT pid ${LEFTOVER_SESSIONS}`, [VENUE_NAME]);
  return found.rows.length;
}

/**
 * One venue per database: an advisory lock that lives and dies with a connection of its own. Whoever has lost the
 * connection has lost the lock, and another node may have it. A venue of one process has it for itself; the nodes of a
 * cluster, between whom rows decide, share it.
 */
import pg from 'pg';
import { type Log, silentLog } from '../platform/log.ts';
import { reasonOf } from './sql.ts';

/** Key of the lock in the database: "onebook" and 1 for the engine. */
const LOCK_KEY = [0x6f6e6562, 1] as const;

export interface EngineLockOptions {
  readonly url: string;
  /** Shown to others who want the lock, as application_name. */
  readonly nodeName: string;
  /** Called once when a held lock is lost: the node must stop committing at once. */
  readonly onLost: (reason: string) => void;
  readonly log?: Log;
  readonly connectTimeoutMs?: number;
  /** Together with other nodes of a cluster. */
  readonly isShared?: boolean;
}

export interface EngineLock {
  /**
   * True when this node holds the lock now; false when another does. Throws when the database cannot be reached.
   */
  tryAcquire(): Promise<boolean>;
  /**
   * True while the session in which this node held the lock before is still there and has it: Postgres has not seen
   * yet that it ended, or is about to clean up behind it. Throws when the database cannot be reached.
   */
  isHeldByOwnPast(): Promise<boolean>;
  /** The node that holds the lock, and since when it is connected; undefined when nobody holds it. */
  holder(): Promise<string | undefined>;
  /** Gives the lock back and closes the connection. Does nothing when there is none. */
  release(): Promise<void>;
}

const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;

/** So that the lock of a node whose machine died is free within seconds. */
const SERVER_KEEPALIVE = '-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3';

/** A row of pg_locks. */
const IS_THE_LOCK =
  "l.locktype = 'advisory' and l.granted and l.classid = $1 and l.objid = $2 and l.objsubid = 2 " +
  'and l.database = (select oid from pg_database where datname = current_database())';

/** The lock is not taken yet. */
export function createEngineLock(options: EngineLockOptions): EngineLock {
  const log = options.log ?? silentLog;
  const tryLock = options.isShared === true ? 'pg_try_advisory_lock_shared' : 'pg_try_advisory_lock';
  let client: pg.Client | undefined;
  let isHeld = false;
  /** The server's process of the session that held the lock last. */
  let lastPid: number | undefined;

  function lose(which: pg.Client, reason: string): void {
    if (client !== which) return;
    client = undefined;
    if (!isHeld) return;
    isHeld = false;
    log.error('engine lock lost', { reason });
    options.onLost(reason);
  }

  async function connection(): Promise<pg.Client> {
    if (client !== undefined) return client;
    const fresh = new pg.Client({
      connectionString: options.url,
      application_name: `onebook engine ${options.nodeName}`,
      connectionTimeoutMillis: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      options: SERVER_KEEPALIVE,
      keepAlive: true,
    });
    fresh.on('error', (error) => lose(fresh, reasonOf(error)));
    fresh.on('end', () => lose(fresh, 'the database closed the connection'));
    await fresh.connect();
    client = fresh;
    return fresh;
  }

  return {
    async tryAcquire() {
      if (isHeld) return true;
      const own = await connection();
      const { rows } = await own.query<{ locked: boolean; pid: number }>(
        `select ${tryLock}($1, $2) as locked, pg_backend_pid() as pid`,
        [...LOCK_KEY],
      );
      isHeld = client === own && rows[0]?.locked === true;
      if (isHeld) lastPid = rows[0]?.pid;
      return isHeld;
    },

    async isHeldByOwnPast() {
      const { rows } = await (await connection()).query<{ pid: number }>(
        `select l.pid from pg_locks l where ${IS_THE_LOCK}`,
        [...LOCK_KEY],
      );
      return rows.some(({ pid }) => pid === lastPid);
    },

    async holder() {
      const { rows } = await (await connection()).query<{ holder: string }>(
        "select coalesce(nullif(a.application_name, ''), 'an unnamed session') || ' (connected since ' || " +
          "to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC)' as holder " +
          'from pg_locks l join pg_stat_activity a on a.pid = l.pid ' +
          `where ${IS_THE_LOCK}`,
        [...LOCK_KEY],
      );
      return rows[0]?.holder;
    },

    async release() {
      const own = client;
      client = undefined;
      isHeld = false;
      await own?.end();
    },
  };
}

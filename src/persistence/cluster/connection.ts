/**
 * A connection of membership's own: a lease must not wait for a place in a pool, a lock lives as long as its connection,
 * and an answer that does not come must end the connection rather than keep the node waiting.
 */
import pg from 'pg';
import { MembershipUnavailableError } from '../../cluster/membership.ts';
import type { Clock } from '../../platform/clock.ts';
import { isPassing, reasonOf } from '../sql.ts';

export interface ConnectionOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** Runs on each new connection before anything else does. */
  readonly prepare?: (client: pg.Client) => Promise<void>;
  readonly onNotification?: () => void;
  /** The connection was there and is lost. */
  readonly onLost?: () => void;
}

type Values = readonly (string | number | boolean | readonly string[] | readonly number[])[];

/** So that the locks of a node whose machine died are free within seconds. */
const SERVER_KEEPALIVE = '-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3';

/**
 * A role may have settings that the venue cannot use: no wait of ours is cut short, what is answered is on disk, and a
 * server that waits for a lock on our behalf looks now and then whether we are still there (from version 14 on).
 */
const SESSION_SETTINGS =
  "select set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false), " +
  "case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', false) end, " +
  "case when current_setting('client_connection_check_interval', true) is not null " +
  "then set_config('client_connection_check_interval', '1000', false) end";

/** Connects when it is first used, and again after it was lost. */
export class ClusterConnection {
  readonly #options: ConnectionOptions;
  #opening: Promise<pg.Client> | undefined;
  #client: pg.Client | undefined;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /**
   * The rows that a statement returns. Without an answer after `timeoutMs` (undefined: never) the connection ends.
   *
   * @throws MembershipUnavailableError when it is not known what became of the statement.
   */
  async query<Row>(text: string, values: Values = [], timeoutMs?: number): Promise<readonly Row[]> {
    let cancel = (): void => undefined;
    try {
      if (timeoutMs !== undefined) cancel = this.#options.clock.after(timeoutMs, () => this.drop());
      const client = await this.#open();
      return (await client.query(text, [...values])).rows;
    } catch (error) {
      if (error instanceof MembershipUnavailableError || !isPassing(error)) throw error;
      throw new MembershipUnavailableError(reasonOf(error), { cause: error });
    } finally {
      cancel();
    }
  }

  /** Ends the connection: what it waits for fails, its locks are free. The next query opens another. */
  drop(): void {
    const client = this.#client;
    if (client !== undefined) this.#forget(client);
  }

  /** Ends the connection, for good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const client = this.#client;
    this.#client = undefined;
    this.#opening = undefined;
    await client?.end().catch(() => undefined);
  }

  #open(): Promise<pg.Client> {
    if (this.#isClosed) return Promise.reject(new MembershipUnavailableError('the connection is closed'));
    this.#opening ??= this.#connect();
    return this.#opening;
  }

  async #connect(): Promise<pg.Client> {
    const { url, applicationName, connectTimeoutMs, prepare, onNotification } = this.#options;
    const client = new pg.Client({
      connectionString: url,
      application_name: applicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      options: SERVER_KEEPALIVE,
      keepAlive: true,
    });
    this.#client = client;
    client.on('error', () => this.#forget(client));
    client.on('end', () => this.#forget(client));
    client.on('notification', () => onNotification?.());
    try {
      await client.connect();
      await client.query(SESSION_SETTINGS);
      await prepare?.(client);
      return client;
    } catch (error) {
      this.#forget(client);
      throw error;
    }
  }

  #forget(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#opening = undefined;
    client.end().catch(() => undefined);
    this.#options.onLost?.();
  }
}

/**
 * When a cluster under torture is well: every node that runs is ready and has its books, and everything has an owner who
 * lives. Asked of the nodes and of the rows, never of the harness.
 */
import { delay, systemClock } from '../../../src/platform/clock.ts';
import type { ClusterProcess } from '../../support/cluster-process.ts';
import { until } from '../../support/until.ts';
import { withRows } from '../../support/venue-process.ts';
import type { Processes } from './processes.ts';

/** The machine may have more to do than this run. */
const READY_TIMEOUT_MS = 90_000;
const LOOK_MS = 60;

export class Health {
  readonly #cluster: ClusterProcess;
  readonly #processes: Processes;

  constructor(cluster: ClusterProcess, processes: Processes) {
    this.#cluster = cluster;
    this.#processes = processes;
  }

  /** Since when it is well without a break for `stableMs`: right after a fault it may not have noticed yet. */
  async untilWell(stableMs: number): Promise<number> {
    let reason = '';
    let wellAt: number | undefined;
    await until(
      'the cluster to be well',
      async () => {
        const before = reason;
        reason = await this.#trouble().catch((error: unknown) => String(error));
        if (reason !== before) this.#processes.note(reason === '' ? 'all is well' : `not well: ${reason}`);
        const now = systemClock.now();
        wellAt = reason === '' ? (wellAt ?? now) : undefined;
        if (wellAt !== undefined && now - wellAt >= stableMs) return true;
        await delay(systemClock, LOOK_MS);
        return false;
      },
      READY_TIMEOUT_MS,
    ).catch((error: unknown) => {
      throw new Error(`the cluster is not well again: ${reason}`, { cause: error });
    });
    return wellAt ?? systemClock.now();
  }

  /** Why it is not well; nothing when it is. */
  async #trouble(): Promise<string> {
    for (const name of this.#processes.running) {
      const { status, body } = await this.#cluster.node(name).api('GET', '/health/ready');
      if (status !== 200) return `${name}: ${JSON.stringify(body.reasons)}`;
      const { loading } = (body as { readonly books: { readonly loading: number } }).books;
      if (loading > 0) return `${name}: ${loading} books are loading`;
    }
    const rows = await withRows(this.#cluster.databaseUrl, (client) =>
      client.query<{ key: string }>(
        'select symbol as key from books where owner_is_gone(owner, owner_incarnation) union all ' +
          "select 'shard ' || shard from account_shards where owner_is_gone(owner, owner_incarnation)",
      ),
    );
    const orphans = rows.rows.map(({ key }) => key);
    return orphans.length === 0 ? '' : `nobody's: ${orphans.join(' ')}`;
  }

  /** Symbols that are halted since their book has crashed too often. */
  async haltedByCrash(): Promise<readonly string[]> {
    const statement = "select symbol from instruments where status = 'halted' and halted_by = 'crash'";
    const { rows } = await withRows(this.#cluster.databaseUrl, (client) =>
      client.query<{ symbol: string }>(statement),
    );
    return rows.map(({ symbol }) => symbol);
  }
}

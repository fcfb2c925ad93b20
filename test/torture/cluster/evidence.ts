/**
 * What the audit of a tortured cluster is held against besides its rows: the memory of the nodes, each asked for what it
 * owns, and who owns what, which all of them must say alike and no two at once.
 */

import { ownerDifferences } from '../../support/cluster-audit.ts';
import type { ClusterProcess } from '../../support/cluster-process.ts';
import { withRows } from '../../support/venue-process.ts';
import type { Evidence } from '../audit.ts';
import { type LiveState, tellVenue } from '../control.ts';
import type { Processes } from './processes.ts';

interface Owned {
  readonly symbols: ReadonlyMap<string, string>;
  /** By number. */
  readonly shards: ReadonlyMap<number, string>;
}

interface OwnersShown {
  readonly symbols: readonly {
    readonly symbol: string;
    readonly owner: string | null;
    readonly epoch: number;
  }[];
  readonly shards: readonly {
    readonly shard: number;
    readonly owner: string | null;
    readonly epoch: number;
  }[];
}

export class ClusterEvidence implements Evidence {
  readonly #cluster: ClusterProcess;
  readonly #processes: Processes;

  constructor(cluster: ClusterProcess, processes: Processes) {
    this.#cluster = cluster;
    this.#processes = processes;
  }

  databaseUrl(): Promise<string> {
    return Promise.resolve(this.#cluster.databaseUrl);
  }

  /** Books and accounts where they are owned; what a node remembers of what has left it is nobody's. */
  async liveState(): Promise<LiveState> {
    const { symbols, shards } = await this.#owned();
    const states = await Promise.all(
      this.#cluster.engines
        .filter((name) => this.#cluster.isRunning(name))
        .map(async (name) => {
          const { pid } = this.#cluster.node(name);
          return { name, state: await tellVenue(pid, { type: 'TellState' }) };
        }),
    );
    return {
      books: states.flatMap(
        ({ name, state }) => state?.books.filter(({ symbol }) => symbols.get(symbol) === name) ?? [],
      ),
      accounts: states.flatMap(
        ({ name, state }) =>
          state?.accounts.filter(({ userId }) => shards.get(userId % shards.size) === name) ?? [],
      ),
    };
  }

  #owned(): Promise<Owned> {
    return withRows(this.#cluster.databaseUrl, async (client) => {
      const books = await client.query<{ symbol: string; owner: string }>('select symbol, owner from books');
      const shards = await client.query<{ shard: number; owner: string }>(
        'select shard, owner from account_shards',
      );
      return {
        symbols: new Map(books.rows.map(({ symbol, owner }) => [symbol, owner])),
        shards: new Map(shards.rows.map(({ shard, owner }) => [shard, owner])),
      };
    });
  }

  /** Of all numbers that were ever written: who owned them, how epochs went on, and that no balance is overspent. */
  async differences(): Promise<readonly string[]> {
    const url = this.#cluster.databaseUrl;
    const found = await ownerDifferences(url);
    return [...found, ...(await withRows(url, (client) => rowsOf(client, EPOCHS_GO_BACK)))];
  }

  /** At the end of a round: exactly one living owner of everything, the same for all nodes; nothing overspent. */
  async disagreements(): Promise<readonly string[]> {
    const found = await withRows(this.#cluster.databaseUrl, async (client) => [
      ...(await rowsOf(client, ORPHANS)),
      ...(await rowsOf(client, OVERSPENT)),
    ]);
    const views = await Promise.all(
      this.#processes.running.map(async (name) => {
        const body = await this.#cluster.node(name).done('GET', '/v1/owners');
        return { name, owners: textsOf(body as unknown as OwnersShown) };
      }),
    );
    const [first, ...others] = views;
    for (const { name, owners } of others) {
      for (const [key, owner] of owners) {
        const there = first?.owners.get(key);
        if (there !== owner) found.push(`${key} is ${owner} for ${name}, and ${there} for ${first?.name}`);
      }
    }
    return found;
  }
}

const ORPHANS = `select key || ' is owned by ' || coalesce(owner || '#' || owner_incarnation, 'nobody') ||
    ', who does not live' as text
  from (select symbol as key, owner, owner_incarnation from books union all
    select 'shard ' || shard, owner, owner_incarnation from account_shards) o
  where owner_is_gone(owner, owner_incarnation)`;
const OVERSPENT = `select 'user ' || user_id || ' has ' || amount || ' ' || asset || ', of which ' || held ||
    ' are held' as text
  from balances where amount < 0 or held < 0 or held > amount`;
/** An owner begins where the one before has ended, under an epoch that is higher. */
const EPOCHS_GO_BACK = `select symbol || ' had the epoch ' || epoch || ' after ' || before as text
  from (select symbol, epoch, lag(epoch) over w as before, last_seq, lag(last_seq) over w as last_before
    from witness.owners window w as (partition by symbol order by at, epoch)) o
  where epoch <= before or last_seq < last_before`;

async function rowsOf(
  client: { query(statement: string): Promise<{ readonly rows: readonly unknown[] }> },
  statement: string,
): Promise<string[]> {
  const { rows } = await client.query(statement);
  return rows.map((row) => (row as { readonly text: string }).text);
}

function textsOf({ symbols, shards }: OwnersShown): ReadonlyMap<string, string> {
  return new Map([
    ...symbols.map(({ symbol, owner, epoch }) => [symbol, `${owner}'s under ${epoch}`] as const),
    ...shards.map(({ shard, owner, epoch }) => [`shard ${shard}`, `${owner}'s under ${epoch}`] as const),
  ]);
}

/** Who lives in a cluster and owns what, as its rows say: what tests look at where nodes may be away. */
import { withRows } from './venue-process.ts';

/** Who owns what, by the rows. */
export interface OwnerRows {
  readonly nodes: readonly {
    readonly name: string;
    readonly incarnation: number;
    readonly isAlive: boolean;
  }[];
  /** Owner and epoch of each symbol; undefined: nobody's. */
  readonly symbols: ReadonlyMap<string, { readonly owner: string | undefined; readonly epoch: number }>;
  /** How many shards of accounts each node has. */
  readonly shardCounts: ReadonlyMap<string, number>;
  /** Names of gateways that have sessions, with how many. */
  readonly sessionCounts: ReadonlyMap<string, number>;
}

/** Reads the rows; statements one after the other, so that they may differ by a moment. */
export function readOwners(url: string): Promise<OwnerRows> {
  return withRows(url, async (client) => {
    const all = async <Row>(statement: string): Promise<Row[]> =>
      (await client.query<Record<string, unknown>>(statement)).rows as Row[];
    const nodes = await all<{ name: string; incarnation: string; alive: boolean }>(
      'select name, incarnation, ended_at is null as alive from nodes',
    );
    const symbols = await all<{ symbol: string; owner: string | null; epoch: string }>(
      'select symbol, owner, epoch from books',
    );
    const shards = await all<{ owner: string; count: string }>(
      "select coalesce(owner, '(nobody)') as owner, count(*) from account_shards group by 1",
    );
    const sessions = await all<{ owner: string; count: string }>(
      'select owner, count(*) from fix_sessions where owner is not null and not owner_is_gone(owner, ' +
        'owner_incarnation) group by 1',
    );
    return {
      nodes: nodes.map(({ name, incarnation, alive }) => {
        return { name, incarnation: Number(incarnation), isAlive: alive };
      }),
      symbols: new Map(
        symbols.map(({ symbol, owner, epoch }) => [
          symbol,
          { owner: owner ?? undefined, epoch: Number(epoch) },
        ]),
      ),
      shardCounts: new Map(shards.map(({ owner, count }) => [owner, Number(count)])),
      sessionCounts: new Map(sessions.map(({ owner, count }) => [owner, Number(count)])),
    };
  });
}

/** Lives of nodes as rows alone: for tests of the store, which looks at who is alive and not at how that is found out. */
import type { Items } from '../../src/cluster/membership.ts';
import {
  RELEASE_SHARDS,
  RELEASE_SYMBOLS,
  TAKE_SHARDS,
  TAKE_SYMBOLS,
} from '../../src/persistence/cluster/node-rows.ts';
import type { VenueDatabase } from './venue-database.ts';

/** One life of a node, by its rows. */
export interface LifeInRows {
  readonly nodeName: string;
  readonly incarnation: number;
  /** Takes what is free of the symbols and shards; returns the epochs. */
  take(items: Partial<Items>): Promise<ReadonlyMap<string | number, number>>;
  release(items: Partial<Items>): Promise<void>;
  /** It is dead from now on. */
  end(): Promise<void>;
}

/** Begins the next life of `nodeName`; an earlier one has then ended. */
export async function beginLife(venue: VenueDatabase, nodeName: string): Promise<LifeInRows> {
  const [row] = await venue.query<{ incarnation: string }>(
    'insert into nodes (name, incarnation, roles, protocol_version, config_digest, started_at, renewed_at, lease_until, held_since, ' +
      'renewing_since, nats_reachable, ready, draining, connections, max_connections, clock_offset_ms, endpoints) ' +
      "select $1, nextval('node_incarnations'), '{gateway,engine}', 1, '', now(), now(), now(), now(), now(), " +
      "true, true, false, 0, 0, 0, '[]' on conflict (name) do update set incarnation = excluded.incarnation, " +
      'ended_at = null, end_reason = null returning incarnation',
    [nodeName],
  );
  const incarnation = Number(row?.incarnation);
  const ask = async (
    [ofSymbols, ofShards]: readonly [string, string],
    { symbols = [], shards = [] }: Partial<Items>,
  ) => {
    const epochs = new Map<string | number, number>();
    for (const [statement, keys] of [
      [ofSymbols, symbols],
      [ofShards, shards],
    ] as const) {
      if (keys.length === 0) continue;
      const parameters = [nodeName, incarnation, `{${keys.join()}}`];
      const rows = await venue.query<{ key: string | number; epoch: string }>(statement, parameters);
      for (const { key, epoch } of rows) epochs.set(key, Number(epoch));
    }
    return epochs;
  };
  return {
    nodeName,
    incarnation,
    take: (items) => ask([TAKE_SYMBOLS, TAKE_SHARDS], items),
    async release(items) {
      await ask([RELEASE_SYMBOLS, RELEASE_SHARDS], items);
    },
    async end() {
      await venue.query(
        "update nodes set ended_at = now(), end_reason = 'test' where name = $1 and incarnation = $2",
        [nodeName, incarnation],
      );
    },
  };
}

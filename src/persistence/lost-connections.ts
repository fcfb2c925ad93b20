/**
 * Gives the place of a connection that is lost back to the pool, whatever who borrowed it does. The ORM keeps the place for
 * ever when the connection dies inside of its transaction: each outage would cost a connection until none is left, and
 * closing the pool would wait for what never comes back.
 */
import type { Pool, PoolClient } from 'pg';

/** From now on, for all connections that are borrowed. */
export function freeLostConnections(pool: Pool): void {
  const watched = new WeakMap<PoolClient, () => void>();
  pool.on('acquire', (client) => {
    const onEnd = (): void => {
      const { release } = client;
      // Who has it may give it back once more.
      client.release = () => undefined;
      release.call(client, true);
    };
    watched.set(client, onEnd);
    client.once('end', onEnd);
  });
  pool.on('release', (_error, client) => {
    const onEnd = watched.get(client);
    if (onEnd !== undefined) client.removeListener('end', onEnd);
  });
}

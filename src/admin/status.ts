/** What the node says about itself: whether it lives, whether it can trade, and how it is doing. */
import type { FastifyInstance } from 'fastify';
import type { TradingStatus } from '../actors/protocol.ts';
import { assertNever } from '../platform/assert.ts';
import { clusterStatusReader } from './cluster-status.ts';
import type { AdminContext } from './context.ts';

/**
 * `GET /health/live`, `GET /health/ready` (503 with the reasons while it is not; books that load do not count, since
 * orders for them are answered), `GET /v1/status`, with `cluster` in a cluster ({@link ClusterStatus}).
 */
export function statusRoutes(app: FastifyInstance, { control }: AdminContext): void {
  const readCluster = clusterStatusReader(control);
  app.get('/health/live', async () => ({ live: true }));

  app.get('/health/ready', async (_request, reply) => {
    const { ready, reasons, books } = await control.readiness();
    return reply.code(ready ? 200 : 503).send({ ready, reasons, books });
  });

  app.get('/v1/status', async () => {
    const status = control.status();
    const [{ ready, reasons, databaseFault, books }, cluster] = await Promise.all([
      control.readiness(),
      control.cluster === undefined ? undefined : readCluster(control.cluster),
    ]);
    return {
      ...status,
      // A node that commits nothing notices nothing by itself.
      database: databaseFault === undefined ? status.database : { up: false, reason: databaseFault },
      ready,
      books,
      notReadyBecause: reasons,
      sessions: status.sessions.map((session) => ({
        ...session,
        since: new Date(session.since).toISOString(),
      })),
      symbols: status.symbols.map(({ status: trading, ...symbol }) => ({
        ...symbol,
        ...shownTradingStatus(trading),
      })),
      ...(cluster === undefined ? {} : { cluster }),
    };
  });
}

function shownTradingStatus(status: TradingStatus): object {
  switch (status.type) {
    case 'Open':
      return { status: 'open', haltedBy: null, reason: null };
    case 'CancelOnly':
      return { status: 'cancel_only', haltedBy: null, reason: status.reason };
    case 'Halted':
      return { status: 'halted', haltedBy: status.by, reason: status.reason };
    default:
      return assertNever(status);
  }
}

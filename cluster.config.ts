/**
 * The venue's nodes and how they run. A flag of `onebook start` outranks an environment variable (ONEBOOK_…),
 * that outranks this file, and what is missing here has the default that src/config/ documents. Bounds of
 * every kind go under `limits`, for the cluster or for one node: see src/config/limits.ts for their names.
 *
 * This is a whole venue in one process with a database of its own. cluster.example.config.ts spreads it over several.
 */
import { defineCluster } from './src/config/cluster.ts';

export default defineCluster({
  venueCompId: 'ONEBOOK',
  tradingCalendar: { timeZone: 'UTC', rollTime: '00:00' },
  // True: SecurityStatus (f) goes to every member when a symbol halts or opens, not only to those that asked.
  securityStatusToAll: false,
  // Full months of history that are kept, for ever where nothing is said: { historyMonths: 24, operatorsMonths: 120 }.
  retention: {},
  logLevel: 'info',
  limits: {},
  nodes: {
    local: {
      // Where members connect. `fix` may also be a list of listeners, which serve the same sessions:
      //   fix: [
      //     { host: '127.0.0.1', port: 9880 },
      //     { name: 'internet', host: '0.0.0.0', port: 9882,
      //       tls: { certFile: 'tls/venue.pem', keyFile: 'tls/venue.key', caFile: 'tls/members-ca.pem' } },
      //     { name: 'balanced', host: '10.0.0.5', port: 9883,
      //       proxyProtocol: true, trustedProxies: ['10.0.0.2', '10.0.0.3'] },
      //   ],
      // They are described in docs/OPERATIONS.md; files are relative to this one. `maxConnections` of the only
      // listener stands for `limits.maxConnections`, which is the bound of all listeners of a node together.
      fix: { host: '127.0.0.1', port: 9880, maxConnections: 1_000 },
      admin: { host: '127.0.0.1', port: 9881 },
      dataDir: './data/local',
    },
  },
});

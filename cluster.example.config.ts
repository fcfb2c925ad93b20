/**
 * A venue in several processes on three machines: two gateways, two engines, two DNS responders. Copy it to
 * cluster.config.ts, put your own addresses in, and start each node on its machine: `npm start -- --node gateway-1`.
 * docs/OPERATIONS.md ("Configuring a cluster") describes every setting that cluster.config.ts does not have.
 */
import { defineCluster } from './src/config/cluster.ts';

export default defineCluster({
  venueCompId: 'ONEBOOK',
  tradingCalendar: { timeZone: 'UTC', rollTime: '00:00' },
  logLevel: 'info',

  // The authority on who owns what. All nodes have the same; passwords are in files of their own, or the environment.
  databaseUrl: 'postgres://onebook@10.0.0.20:5432/onebook',
  databasePasswordFile: '/etc/onebook/database.password',

  // Carries messages between nodes. Name several servers, so that one may die.
  nats: {
    servers: ['tls://10.0.0.21:4222', 'tls://10.0.0.22:4222', 'tls://10.0.0.23:4222'],
    user: 'onebook',
    passwordFile: '/etc/onebook/nats.password',
    tls: { caFile: '/etc/onebook/nats-ca.pem' },
  },

  // These books stay on one engine; all others are spread over the engines.
  placement: { 'BTC-USD': 'engine-1', 'ETH-USD': 'engine-2' },

  // How long a node that stands still keeps what it owns. A node that crashes loses it at once.
  lease: { ttlMs: 5_000 },

  // Members connect to this name, delegated to the nodes with the role `dns`.
  dns: { name: 'fix.venue.example', ttlSeconds: 2 },

  nodes: {
    // `machine` says which nodes are together: ports of loopback and of all addresses are one set per machine.
    'gateway-1': {
      machine: 'a',
      roles: ['gateway'],
      fix: { host: '0.0.0.0', port: 9880, maxConnections: 5_000 },
      advertise: [{ host: '192.0.2.11' }, { host: '2001:db8::11' }],
      admin: { port: 9881 },
    },
    'gateway-2': {
      machine: 'b',
      roles: ['gateway'],
      fix: { host: '0.0.0.0', port: 9880, maxConnections: 5_000 },
      advertise: [{ host: '192.0.2.12' }, { host: '2001:db8::12' }],
      admin: { port: 9881 },
    },
    'engine-1': { machine: 'a', roles: ['engine'], admin: { port: 9882 } },
    'engine-2': { machine: 'b', roles: ['engine'], admin: { port: 9882 } },
    'dns-1': {
      machine: 'a',
      roles: ['dns'],
      dns: { host: '192.0.2.11', port: 53 },
      admin: { port: 9883 },
    },
    'dns-2': {
      machine: 'c',
      roles: ['dns'],
      dns: { host: '192.0.2.13', port: 53 },
      admin: { port: 9881 },
    },
  },
});

/** The venue of bench/idle-sessions.ts: the default configuration with room for its sessions. */
import { defineCluster } from '../../src/config/cluster.ts';

export default defineCluster({
  venueCompId: 'ONEBOOK',
  tradingCalendar: { timeZone: 'UTC', rollTime: '00:00' },
  logLevel: 'info',
  limits: {},
  nodes: {
    local: {
      fix: { host: '127.0.0.1', port: 9880, maxConnections: 20_000 },
      admin: { host: '127.0.0.1', port: 9881 },
      dataDir: './data/local',
    },
  },
});

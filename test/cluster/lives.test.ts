/** A life of a node in a cluster that cannot begin: what it had opened is closed, so that the next may try. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createMemoryNetwork } from '../../src/cluster/memory-carrier.ts';
import { loadNodeConfig } from '../../src/config/load.ts';
import type { NodeConfig } from '../../src/config/node-config.ts';
import { VenueMetrics } from '../../src/metrics/venue-metrics.ts';
import { beginLife } from '../../src/node/cluster-life.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { randomFrom } from '../support/random.ts';
import { type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

const HOST = '127.0.0.1';

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

describe('a life of a node', () => {
  let venue: VenueDatabase;
  let dir: string;

  beforeEach(async () => {
    venue = await venueDatabase();
    dir = await mkdtemp(join(tmpdir(), 'onebook-life-'));
  });
  afterEach(async () => {
    await venue.drop();
    await rm(dir, { recursive: true });
  });

  async function configOf(fixPort: number, dnsPort: number): Promise<NodeConfig> {
    const file = {
      nats: { servers: ['nats://127.0.0.1:4222'] },
      dns: { name: 'fix.venue.example' },
      nodes: {
        one: {
          roles: ['gateway', 'engine', 'dns'],
          fix: { host: HOST, port: fixPort },
          dns: { host: HOST, port: dnsPort },
          admin: { port: 0 },
          dataDir: join(dir, 'data'),
        },
      },
    };
    await writeFile(join(dir, 'cluster.config.ts'), `export default ${JSON.stringify(file)};`);
    const config = await loadNodeConfig({ node: 'one' }, { ONEBOOK_DATABASE_URL: venue.url }, dir);
    if (Array.isArray(config)) throw new Error(config.map(({ message }) => message).join('\n'));
    return config as NodeConfig;
  }

  it('that cannot answer names leaves the ports of members to the next', async () => {
    const taken = createSocket('udp4').bind(0, HOST);
    await once(taken, 'listening');
    const fixPort = await freePort();
    const config = await configOf(fixPort, taken.address().port);
    const { cluster: terms } = config;
    if (terms === undefined) throw new Error('no cluster');
    const begin = () =>
      beginLife({
        config,
        terms,
        clock: systemClock,
        log: silentLog,
        url: venue.url,
        orm: venue.orm,
        carrier: createMemoryNetwork(systemClock, randomFrom(1).next).carrier('one'),
        metrics: new VenueMetrics({ clock: systemClock, dataDir: dir }),
        gatewayName: 'one/fix',
        onEnded: () => undefined,
      });
    const outcome = await begin().catch((error: Error) => error.name);
    expect(outcome).to.equal('DnsPortUnavailable');
    taken.close();
    const life = await begin();
    expect(life.trading?.listeners.map(({ port }) => port)).to.deep.equal([fixPort]);
    await life.abandon();
  });
});

/** Files that a configuration names: which of them a node or a command needs, and what is told about those it lacks. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadNodeConfig } from '../../src/config/load.ts';
import type { ConfigError, NodeConfig } from '../../src/config/node-config.ts';

const CLUSTER = {
  databaseUrl: 'postgres://onebook@db/onebook',
  databasePasswordFile: 'database.password',
  nats: {
    servers: ['nats://127.0.0.1:4222'],
    user: 'onebook',
    passwordFile: 'nats.password',
    tls: { caFile: 'nats-ca.pem' },
  },
  nodes: {
    g: { machine: 'a', roles: ['gateway'], fix: { tls: { certFile: 'g.pem', keyFile: 'g.key' } } },
    e: { machine: 'b', roles: ['engine'] },
  },
};

describe('files that the configuration names', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'onebook-config-files-'));
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
    write('cluster.config.ts', `export default ${JSON.stringify(CLUSTER)};`);
    write('database.password', 'first line\nsecond\n');
    write('nats.password', 'n@ts\r\n');
    for (const name of ['nats-ca.pem', 'g.pem', 'g.key']) write(name, 'PEM');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function write(name: string, text: string): void {
    writeFileSync(join(dir, name), text);
  }

  function remove(...names: readonly string[]): void {
    for (const name of names) rmSync(join(dir, name));
  }

  function told(config: NodeConfig | ConfigError[]): string[] {
    if (!Array.isArray(config)) return [];
    return config.map(({ message }) => message.replaceAll(`${dir}/`, ''));
  }

  async function accepted(...args: Parameters<typeof loadNodeConfig>): Promise<NodeConfig> {
    const config = await loadNodeConfig(...args);
    if (Array.isArray(config)) throw new Error(told(config).join('; '));
    return config;
  }

  it('have the passwords in their first line', async () => {
    const { databaseUrl, cluster } = await accepted({ node: 'g' }, {}, dir);
    expect(databaseUrl).to.equal('postgres://onebook:first%20line@db/onebook');
    expect(cluster?.nats.login).to.deep.equal({ type: 'Password', user: 'onebook', password: 'n@ts' });
  });

  it('are outranked by the environment, and then need not be there', async () => {
    remove('nats.password');
    const { cluster } = await accepted({ node: 'g' }, { ONEBOOK_NATS_PASSWORD: 'other' }, dir);
    expect(cluster?.nats.login).to.have.property('password', 'other');
  });

  it('are asked for all at once, with every other fault', async () => {
    remove('nats-ca.pem', 'nats.password', 'g.key', 'g.pem');
    mkdirSync(join(dir, 'g.pem'));
    write('database.password', '\n');
    const cluster = { ...CLUSTER, placement: { 'BTC-USD': 'g' } };
    write('cluster.config.ts', `export default ${JSON.stringify(cluster)};`);
    const flags = { node: 'g', adminPort: 'x' };
    expect(told(await loadNodeConfig(flags, {}, dir))).to.deep.equal([
      'cluster.config.ts: placement["BTC-USD"] is "g", which is no engine (gateway); engines are e',
      'cluster.config.ts: nats.tls.caFile names nats-ca.pem, which cannot be read (ENOENT)',
      'cluster.config.ts: nodes.g.fix.tls.certFile names g.pem, which is no file',
      'cluster.config.ts: nodes.g.fix.tls.keyFile names g.key, which cannot be read (ENOENT)',
      'cluster.config.ts: nats.passwordFile names nats.password, which cannot be read (ENOENT)',
      'cluster.config.ts: databasePasswordFile names database.password, whose first line is empty',
      '--admin-port must be a port from 0 to 65535, not "x"',
    ]);
  });

  it('are those of this node only', async () => {
    remove('g.key', 'g.pem');
    expect(told(await loadNodeConfig({ node: 'e' }, {}, dir))).to.deep.equal([]);
  });

  it('are asked for only where they are needed', async () => {
    remove('nats-ca.pem', 'nats.password', 'g.key', 'g.pem');
    const rows = await accepted({ node: 'g' }, {}, dir, 'database');
    expect(rows.databaseUrl).to.contain('first%20line');
    remove('database.password');
    const found = await accepted({ node: 'g' }, {}, dir, 'address');
    expect(found.databaseUrl, 'no secret for who only wants the address').to.equal(CLUSTER.databaseUrl);
    expect(told(await loadNodeConfig({ node: 'g' }, {}, dir, 'database'))).to.have.length(1);
  });

  it('cannot be done without where a user has a password', async () => {
    const { passwordFile: _, ...nats } = CLUSTER.nats;
    write('cluster.config.ts', `export default ${JSON.stringify({ ...CLUSTER, nats })};`);
    expect(told(await loadNodeConfig({ node: 'e' }, {}, dir))).to.deep.equal([
      'cluster.config.ts: nats.passwordFile is missing beside nats.user; or set ONEBOOK_NATS_PASSWORD',
    ]);
    expect(told(await loadNodeConfig({ node: 'e' }, { ONEBOOK_NATS_PASSWORD: 'x' }, dir))).to.deep.equal([]);
  });

  it('are told about together with a node that there is not', async () => {
    const faulty = { ...CLUSTER, venueCompId: '' };
    write('cluster.config.ts', `export default ${JSON.stringify(faulty)};`);
    expect(told(await loadNodeConfig({}, {}, dir))).to.deep.equal([
      'cluster.config.ts: venueCompId must be 1 to 64 printable characters without blanks, "|" or "=", not ""',
      'no node "local" in cluster.config.ts; choose one of: g, e (--node)',
    ]);
  });
});

/** Files that a configuration names: which of them a node or a command needs, and what is told about those it lacks. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
    writeFileSync(join(dir, name), text, { mode: 0o600 });
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
    const { databaseUrl, databasePasswordFile, cluster } = await accepted({ node: 'g' }, {}, dir);
    expect(databasePasswordFile).to.equal(join(dir, 'database.password'));
    expect(databaseUrl).to.equal('postgres://onebook:first%20line@db/onebook');
    const passwordFrom = join(dir, 'nats.password');
    expect(cluster?.nats.login).to.deep.equal({
      ...{ type: 'Password', user: 'onebook', password: 'n@ts' },
      passwordFrom,
    });
  });

  it('are outranked by the environment, and then need not be there', async () => {
    remove('nats.password');
    const { cluster } = await accepted({ node: 'g' }, { ONEBOOK_NATS_PASSWORD: 'other' }, dir);
    expect(cluster?.nats.login).to.include({ password: 'other', passwordFrom: 'ONEBOOK_NATS_PASSWORD' });
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
      'cluster.config.ts: nats.tls.caFile names nats-ca.pem, which cannot be read: there is no such file',
      'cluster.config.ts: nodes.g.fix.tls.certFile names g.pem, which is no file',
      'cluster.config.ts: nodes.g.fix.tls.keyFile names g.key, which cannot be read: there is no such file',
      'cluster.config.ts: nats.passwordFile names nats.password, which cannot be read: there is no such file',
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

  it('are not where the password is from that a URL has itself', async () => {
    const env = { ONEBOOK_DATABASE_URL: 'postgres://onebook:own@db/onebook' };
    const config = await accepted({ node: 'g' }, env, dir);
    expect(config.databaseUrl).to.contain('own');
    expect(config.databasePasswordFile).to.equal(undefined);
  });

  it('are complained about where others may read a secret, and used all the same', async () => {
    expect((await accepted({ node: 'g' }, {}, dir)).warnings).to.equal(undefined);
    const modes = { 'database.password': 0o644, 'nats.password': 0o640, 'g.key': 0o604, 'g.pem': 0o644 };
    for (const [name, mode] of Object.entries(modes)) chmodSync(join(dir, name), mode);
    const { warnings = [] } = await accepted({ node: 'g' }, {}, dir);
    expect(warnings.map((text) => text.replaceAll(`${dir}/`, ''))).to.deep.equal([
      'cluster.config.ts: databasePasswordFile names database.password, which others may read (mode 0644): chmod 600 it',
      'cluster.config.ts: nats.passwordFile names nats.password, which others may read (mode 0640): chmod 600 it',
      'cluster.config.ts: nodes.g.fix.tls.keyFile names g.key, which others may read (mode 0604): chmod 600 it',
    ]);
    const other = await accepted({ node: 'e' }, { ONEBOOK_NATS_PASSWORD: 'x' }, dir);
    expect(other.warnings).to.have.length(1);
    expect((await accepted({ node: 'g' }, {}, dir, 'database')).warnings).to.equal(undefined);
  });
});

describe('a configuration that does not load', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'onebook-config-broken-'));
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  async function toldOf(text: string): Promise<string[]> {
    writeFileSync(join(dir, 'cluster.config.ts'), text);
    const config = await loadNodeConfig({}, {}, dir);
    return Array.isArray(config) ? config.map(({ message }) => message.replace(`${dir}/`, '')) : [];
  }

  it('is told with the line that is wrong: of what cannot be parsed', async () => {
    const [line, ...more] = await toldOf('export default {\n  nodes: {\n    local: {,\n  },\n};\n');
    expect(line).to.match(/^cluster\.config\.ts:3 does not load: Unexpected token `,`/);
    expect(more).to.deep.equal([]);
  });

  it('is told with the line that is wrong: of what fails', async () => {
    expect(await toldOf('const a = 1;\nconst b = nodes(a);\nexport default b;\n')).to.deep.equal([
      'cluster.config.ts:2 does not load: nodes is not defined',
    ]);
  });
});

describe('a node that answers for a name', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'onebook-config-ports-'));
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  let fileNo = 0;
  async function warningsOf(node: string, first: object, second: object): Promise<readonly string[]> {
    fileNo += 1;
    const file = join(dir, `${fileNo}.config.ts`);
    const cluster = {
      ...{ databaseUrl: 'postgres://onebook@db/onebook', nats: { servers: ['nats://127.0.0.1:4222'] } },
      dns: { name: 'fix.venue.example' },
      nodes: {
        g1: { roles: ['gateway'], machine: 'a', admin: { port: 0 }, ...first },
        g2: { roles: ['gateway'], machine: 'a', admin: { port: 0 }, ...second },
        e: { roles: ['engine'], machine: 'b', admin: { port: 0 } },
        d: { roles: ['dns'], machine: 'c', admin: { port: 0 }, dns: { host: '192.0.2.53', port: 5353 } },
      },
    };
    writeFileSync(file, `export default ${JSON.stringify(cluster)};`);
    const config = await loadNodeConfig({ node, config: file }, {}, dir);
    if (Array.isArray(config)) throw new Error(config.map(({ message }) => message).join('\n'));
    return (config.warnings ?? []).map((text) => text.replace(`${file}: `, ''));
  }

  it('warns of gateways with different ports, which A and AAAA cannot tell', async () => {
    const first = { fix: { host: '192.0.2.1', port: 9880 } };
    const second = { fix: { host: '192.0.2.1', port: 9890 } };
    expect(await warningsOf('d', first, second)).to.deep.equal([
      'gateways have different ports (g1 9880, g2 9890): A and AAAA of fix.venue.example name addresses only, so that ' +
        'members must ask for SRV, or all gateways need one port',
    ]);
    expect(await warningsOf('g1', first, second)).to.deep.equal([]);
    const advertised = { ...second, advertise: { host: '192.0.2.2', port: 9880 } };
    expect(await warningsOf('d', first, advertised)).to.deep.equal([]);
    expect(await warningsOf('d', first, { fix: { host: '192.0.2.2', port: 9880 } })).to.deep.equal([]);
  });
});

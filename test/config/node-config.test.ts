import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { BUILT_IN_CLUSTER, type ClusterConfig, type ClusterNodeConfig } from '../../src/config/cluster.ts';
import { LIMIT_RANGES, withDefaults } from '../../src/config/limits.ts';
import { loadNodeConfig } from '../../src/config/load.ts';
import {
  type ConfigError,
  type ConfigSources,
  type NodeConfig,
  resolveNodeConfig,
} from '../../src/config/node-config.ts';
import { readCluster } from '../../src/config/read-cluster.ts';

function sources(given: Partial<ConfigSources> = {}): ConfigSources {
  return {
    flags: {},
    env: {},
    cluster: BUILT_IN_CLUSTER,
    clusterFile: 'cluster.config.ts',
    clusterDir: '/etc/onebook',
    workingDir: '/home/operator',
    nodeName: 'local',
    ...given,
  };
}

function accepted(given: Partial<ConfigSources> = {}): NodeConfig {
  const config = resolveNodeConfig(sources(given));
  if (Array.isArray(config)) throw new Error(`refused: ${messages(config).join('; ')}`);
  return config;
}

function refused(given: Partial<ConfigSources>): string[] {
  const config = resolveNodeConfig(sources(given));
  if (!Array.isArray(config)) throw new Error('the configuration was accepted');
  return messages(config);
}

function messages(errors: readonly ConfigError[]): string[] {
  return errors.map((error) => error.message);
}

/** What a node listens on when nothing is said. */
const PLAIN = { name: 'fix', host: '127.0.0.1', port: 9880, tls: undefined, trustedProxies: undefined };

describe('NodeConfig', () => {
  it('has a default for everything but the database', () => {
    expect(accepted()).to.deep.equal({
      nodeName: 'local',
      roles: ['gateway', 'engine'],
      cluster: undefined,
      venueCompId: 'ONEBOOK',
      tradingCalendar: { timeZone: 'UTC', rollTime: '00:00' },
      securityStatusToAll: false,
      retention: { historyMonths: undefined, operatorsMonths: undefined },
      listeners: [PLAIN],
      admin: { host: '127.0.0.1', port: 9881 },
      dataDir: '/etc/onebook/data/local',
      databaseUrl: undefined,
      logLevel: 'info',
      limits: withDefaults({}),
    });
  });

  it('prefers the flag to the environment, that to the file, and that to the default', () => {
    const cluster: ClusterConfig = { nodes: { local: { fix: { port: 7001 }, admin: { port: 7002 } } } };
    const env = { ONEBOOK_FIX_PORT: '7003', ONEBOOK_ADMIN_PORT: '' };
    expect(accepted().listeners[0]?.port).to.equal(9880);
    expect(accepted({ cluster }).listeners[0]?.port).to.equal(7001);
    expect(accepted({ cluster, env }).listeners[0]?.port).to.equal(7003);
    expect(accepted({ cluster, env, flags: { fixPort: '0' } }).listeners[0]?.port).to.equal(0);
    expect(accepted({ cluster, env }).admin.port, 'an empty variable is not set').to.equal(7002);
  });

  it('takes each setting from its environment variable', () => {
    const config = accepted({
      env: {
        ONEBOOK_DATA_DIR: 'books',
        ONEBOOK_FIX_PORT: '1',
        ONEBOOK_FIX_HOST: '0.0.0.0',
        ONEBOOK_ADMIN_PORT: '2',
        ONEBOOK_ADMIN_HOST: '::1',
        ONEBOOK_DATABASE_URL: 'postgres://a:b@c/d',
        ONEBOOK_VENUE_COMP_ID: 'VENUE',
        ONEBOOK_LOG_LEVEL: 'warn',
      },
    });
    expect(config).to.deep.include({
      listeners: [{ ...PLAIN, host: '0.0.0.0', port: 1 }],
      admin: { host: '::1', port: 2 },
      dataDir: '/home/operator/books',
      databaseUrl: 'postgres://a:b@c/d',
      venueCompId: 'VENUE',
      logLevel: 'warn',
    });
  });

  it('says where the URL of the database is from', () => {
    const url = 'postgres://c/d';
    const source = (more: object, flags = {}, env = {}): string | undefined =>
      accepted({ cluster: { nodes: { local: {} }, ...more }, flags, env }).databaseUrlSource;
    expect(source({})).to.equal(undefined);
    expect(source({ databaseUrl: url })).to.equal('databaseUrl in cluster.config.ts');
    expect(source({ nodes: { local: { databaseUrl: url } } })).to.equal(
      'nodes.local.databaseUrl in cluster.config.ts',
    );
    expect(source({ databaseUrl: url }, {}, { ONEBOOK_DATABASE_URL: url })).to.equal('ONEBOOK_DATABASE_URL');
    expect(source({ databaseUrl: url }, { databaseUrl: url })).to.equal('--database-url');
  });

  it('is refused a port by a flag that another node, or its own responder, has in the file', () => {
    const cluster: ClusterConfig = {
      nats: { servers: ['nats://127.0.0.1:4222'] },
      databaseUrl: 'postgres://c/d',
      dns: { name: 'fix.venue.example' },
      nodes: {
        local: { roles: ['gateway', 'engine', 'dns'], dns: { port: 53 } },
        other: { roles: ['gateway'], fix: { port: 5 }, admin: { port: 6 } },
      },
    };
    expect(refused({ cluster, flags: { fixPort: '5' }, env: { ONEBOOK_ADMIN_PORT: '53' } })).to.deep.equal([
      'cluster.config.ts with --fix-port and ONEBOOK_ADMIN_PORT: nodes.local.dns listens on 127.0.0.1:53 and ' +
        'nodes.local.admin on 127.0.0.1:53; change a port',
      'cluster.config.ts with --fix-port and ONEBOOK_ADMIN_PORT: nodes.other.fix listens on 127.0.0.1:5 and ' +
        'nodes.local.fix on 127.0.0.1:5; change a port, or say on which machine each node is (machine: "a")',
    ]);
    expect(accepted({ cluster, flags: { fixPort: '7', adminPort: '0' } }).listeners[0]?.port).to.equal(7);
  });

  it('reads paths of the file from where the file is, and of flags from the working directory', () => {
    const cluster: ClusterConfig = { nodes: { local: { dataDir: './x' } } };
    expect(accepted({ cluster }).dataDir).to.equal('/etc/onebook/x');
    expect(accepted({ cluster, flags: { dataDir: './y' } }).dataDir).to.equal('/home/operator/y');
    expect(accepted({ cluster, flags: { dataDir: '/z' } }).dataDir).to.equal('/z');
  });

  it('says what is wrong with every flag at once, in a line each', () => {
    expect(
      refused({
        flags: { fixPort: '65536', adminPort: 'x', fixHost: 'a b', logLevel: 'loud', venueCompId: 'A|B' },
      }),
    ).to.have.members([
      '--fix-port must be a port from 0 to 65535, not "65536"',
      '--admin-port must be a port from 0 to 65535, not "x"',
      '--fix-host must be a host name or an IP address, not "a b"',
      '--log-level must be one of debug, info, warn, error, silent, not "loud"',
      '--venue-comp-id must be 1 to 64 printable characters without blanks, "|" or "=", not "A|B"',
    ]);
  });

  it('never shows the password of a database URL that it refuses', () => {
    const [message, ...others] = refused({ env: { ONEBOOK_DATABASE_URL: 'mysql://root:hunter2@db/x' } });
    expect(others).to.deep.equal([]);
    expect(message).to.contain('ONEBOOK_DATABASE_URL').and.not.contain('hunter2');
  });

  it('names the nodes that there are when asked for another', () => {
    const cluster: ClusterConfig = { nodes: { a: {}, b: {} } };
    for (const nodeName of ['c', 'toString', '__proto__']) {
      expect(refused({ cluster, nodeName })).to.deep.equal([
        `no node "${nodeName}" in cluster.config.ts; choose one of: a, b (--node)`,
      ]);
    }
  });

  it('refuses one port for FIX and the admin API, but not two of the system’s choice', () => {
    expect(refused({ flags: { fixPort: '9881' } })).to.deep.equal([
      'FIX and the admin API cannot both use port 9881; change --admin-port',
    ]);
    expect(accepted({ flags: { fixPort: '0', adminPort: '0' } }).admin.port).to.equal(0);
  });

  it('overrides limits of the cluster by the listener’s, and those by the node’s', () => {
    const limits = { maxConnections: 1, accountStash: 11 };
    const withListener = { fix: { maxConnections: 2 } };
    const withBoth = { fix: { maxConnections: 2 }, limits: { maxConnections: 3 } };
    expect(accepted({ cluster: { limits, nodes: { local: {} } } }).limits).to.deep.equal({
      ...withDefaults({}),
      ...limits,
    });
    expect(accepted({ cluster: { limits, nodes: { local: withListener } } }).limits.maxConnections).to.equal(
      2,
    );
    expect(accepted({ cluster: { limits, nodes: { local: withBoth } } }).limits.maxConnections).to.equal(3);
  });
});

describe('the FIX listeners of a node', () => {
  const listening = (fix: NonNullable<ClusterNodeConfig['fix']>): ClusterConfig => ({
    nodes: { local: { fix } },
  });
  const files = { certFile: 'tls/server.pem', keyFile: '/keys/server.key' };

  it('are one or several, each with its own name', () => {
    expect(accepted({ cluster: listening({ port: 1 }) }).listeners).to.deep.equal([{ ...PLAIN, port: 1 }]);
    const cluster = listening([{}, { port: 2, host: '::' }, { port: 3, name: 'inside' }]);
    expect(accepted({ cluster }).listeners).to.deep.equal([
      PLAIN,
      { ...PLAIN, name: 'fix-2', port: 2, host: '::' },
      { ...PLAIN, name: 'inside', port: 3 },
    ]);
  });

  it('are reached by flags and the environment at the first only', () => {
    const cluster = listening([
      { port: 1, tls: files },
      { port: 2, host: '192.0.2.1' },
    ]);
    const config = accepted({ cluster, env: { ONEBOOK_FIX_HOST: '::1' }, flags: { fixPort: '7' } });
    expect(config.listeners.map(({ host, port }) => `${host} ${port}`)).to.deep.equal([
      '::1 7',
      '192.0.2.1 2',
    ]);
    expect(config.listeners[0]?.tls, 'what else it is stays').to.be.an('object');
  });

  it('find their certificates from where the file is, and ask members for theirs when there is an authority', () => {
    const cluster = listening([
      { tls: files },
      { port: 1, tls: { ...files, caFile: './ca.pem', minVersion: 'TLSv1.3' } },
      { port: 2, tls: { ...files, caFile: 'ca.pem', requireClientCert: false } },
    ]);
    const absolute = { certFile: '/etc/onebook/tls/server.pem', keyFile: '/keys/server.key' };
    const caFile = '/etc/onebook/ca.pem';
    expect(accepted({ cluster }).listeners.map(({ tls }) => tls)).to.deep.equal([
      { ...absolute, caFile: undefined, requireClientCert: false, minVersion: 'TLSv1.2' },
      { ...absolute, caFile, requireClientCert: true, minVersion: 'TLSv1.3' },
      { ...absolute, caFile, requireClientCert: false, minVersion: 'TLSv1.2' },
    ]);
  });

  it('trust load balancers only where the PROXY protocol is on', () => {
    const trustedProxies = ['10.0.0.0/8'];
    const trustOf = (proxyProtocol: boolean) =>
      accepted({ cluster: listening({ proxyProtocol, trustedProxies }) }).listeners[0]?.trustedProxies;
    expect(trustOf(true)).to.deep.equal(trustedProxies);
    expect(trustOf(false)).to.equal(undefined);
  });

  it('are refused when they are in each other’s way or in that of the admin API', () => {
    const cluster = listening([{ port: 5 }, { port: 5, name: 'fix' }, { port: 9881, host: '::1' }]);
    expect(refused({ cluster })).to.deep.equal([
      'two FIX listeners are called "fix"; give each a name of its own',
      'two FIX listeners use 127.0.0.1:5; change the port of one',
      'FIX and the admin API cannot both use port 9881; change --admin-port',
    ]);
    expect(accepted({ cluster: listening([{ port: 0 }, { port: 0 }]) }).listeners).to.have.length(2);
  });
});

describe('VenueLimits', () => {
  it('are refused when the smallest of a pair is above the largest', () => {
    const cluster: ClusterConfig = { limits: { retryFromMs: 10, retryToMs: 9 }, nodes: { local: {} } };
    expect(refused({ cluster })).to.deep.equal([
      'cluster.config.ts: limits.retryFromMs must not be above limits.retryToMs (9)',
    ]);
  });

  it('have defaults inside their own range', () => {
    for (const [name, range] of Object.entries(LIMIT_RANGES)) {
      expect(range.default, name).to.be.within(range.min, range.max);
      expect(Number.isSafeInteger(range.max), name).to.equal(true);
    }
  });
});

describe('the cluster file', () => {
  function faults(exported: unknown): string[] {
    const cluster = readCluster(exported, 'f');
    return Array.isArray(cluster) ? messages(cluster) : [];
  }

  it('is accepted with all that it may contain', () => {
    expect(
      faults({
        venueCompId: 'X',
        tradingCalendar: { timeZone: 'America/New_York', rollTime: '17:00' },
        securityStatusToAll: true,
        retention: { historyMonths: 24, operatorsMonths: undefined },
        logLevel: 'debug',
        limits: { sessionFlushMs: 10 },
        nodes: {
          local: {
            fix: { host: 'localhost', port: 0, maxConnections: 5 },
            admin: { port: 1 },
            dataDir: 'd',
            databaseUrl: undefined,
            logLevel: 'error',
            limits: { bookStash: 10 },
          },
        },
      }),
    ).to.deep.equal([]);
  });

  it('is refused for every value that is wrong, each named by its path', () => {
    expect(
      faults({
        tradingCalendar: { timeZone: 'Mars/Olympus', rollTime: '24:00' },
        securityStatusToAll: 'yes',
        retention: { historyMonths: 0, operatorsMonths: '12', reportsMonths: 3 },
        limits: { maxConnections: 0, maxConections: 1 },
        nodes: { local: { fix: { port: '9880' }, databaseUrl: 'x:secret@y' }, 'a b': {} },
        node: {},
      }).map((fault) => fault.replace(/; known.*$/, '')),
    ).to.deep.equal([
      'f: tradingCalendar.timeZone must be a time zone of the IANA database, "Europe/Zurich" for example, not "Mars/Olympus"',
      'f: tradingCalendar.rollTime must be a time from "00:00" to "23:59", not "24:00"',
      'f: securityStatusToAll must be true or false, not "yes"',
      'f: retention.historyMonths must be full months to keep, an integer from 1 to 1200, not 0',
      'f: retention.operatorsMonths must be full months to keep, an integer from 1 to 1200, not "12"',
      'f: unknown setting retention.reportsMonths',
      'f: limits.maxConnections must be an integer from 1 to 100000, not 0',
      'f: unknown limit limits.maxConections',
      'f: nodes.local.fix.port must be a port from 0 to 65535, not "9880"',
      'f: nodes.local.databaseUrl must be a URL like postgres://user:password@host:5432/database',
      'f: nodes has a node "a b": a name is letters, digits, ".", "_" and "-", at most 64, and not "operators"',
      'f: unknown setting node',
    ]);
  });

  it('is accepted with listeners of every kind', () => {
    const tls = { certFile: 'a', keyFile: 'b', caFile: 'c', requireClientCert: true, minVersion: 'TLSv1.3' };
    const behind = { port: 3, proxyProtocol: true, trustedProxies: ['10.0.0.1', '2001:db8::/32'] };
    expect(faults({ nodes: { local: { fix: { name: 'x', tls, maxConnections: 1 } } } })).to.deep.equal([]);
    expect(faults({ nodes: { local: { fix: [{ port: 1 }, { port: 2, tls }, behind] } } })).to.deep.equal([]);
  });

  it('is refused for listeners that cannot be served or trusted, each fault by its path', () => {
    const fix = [
      { tls: { certFile: '', requireClientCert: true, minVersion: 'TLSv1.1', caPath: '/' } },
      { port: 1, proxyProtocol: true },
      { port: 2, trustedProxies: ['10.0.0.0/8', '10.0.0.0/33'] },
      { port: 3, trustedProxies: [] },
      { name: 'a b', proxyProtocol: 1 },
      { port: 4, maxConnections: 5 },
      'plain',
    ];
    expect(faults({ nodes: { local: { fix } } })).to.deep.equal([
      'f: nodes.local.fix[0].tls.certFile must be a file name, not ""',
      'f: nodes.local.fix[0].tls.minVersion must be "TLSv1.2" or "TLSv1.3", not "TLSv1.1"',
      'f: unknown setting nodes.local.fix[0].tls.caPath; known here: certFile, keyFile, caFile, requireClientCert, minVersion',
      'f: nodes.local.fix[0].tls.keyFile is missing',
      'f: nodes.local.fix[0].tls.requireClientCert needs nodes.local.fix[0].tls.caFile: the authorities that certify members',
      'f: nodes.local.fix[1].proxyProtocol needs nodes.local.fix[1].trustedProxies: the addresses of the load balancers that may send it',
      'f: nodes.local.fix[2].trustedProxies: "10.0.0.0/33" is not an IP address or a network like 192.0.2.0/24 or 2001:db8::/32',
      'f: nodes.local.fix[3].trustedProxies must be a list with at least one address or network, not []',
      'f: nodes.local.fix[4].name must be letters, digits, ".", "_" and "-", at most 64, not "a b"',
      'f: nodes.local.fix[4].proxyProtocol must be true or false, not 1',
      'f: nodes.local.fix[4].port is missing',
      'f: nodes.local.fix[5].maxConnections: all listeners have one bound, limits.maxConnections of the node',
      'f: nodes.local.fix[6] must be an object, not "plain"',
    ]);
    expect(faults({ nodes: { local: { fix: [] } } })).to.deep.equal([
      'f: nodes.local.fix must have at least one listener',
    ]);
  });

  it('is refused when it is no object or names no node', () => {
    expect(faults(42)).to.deep.equal(['f: the default export must be an object, not 42']);
    expect(faults({})).to.deep.equal(['f: nodes is missing; { nodes: { local: {} } } is the least']);
    expect(faults({ nodes: {} })).to.have.length(1);
  });

  describe('on disk', () => {
    let dir: string;
    beforeEach(() => {
      dir = mkdtempSync(join(tmpdir(), 'onebook-config-'));
      writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
    });
    afterEach(() => rmSync(dir, { recursive: true, force: true }));

    it('is found in the working directory, and replaced by the one that --config names', async () => {
      writeFileSync(
        join(dir, 'cluster.config.ts'),
        'export default { nodes: { local: { fix: { port: 1 } } } };',
      );
      writeFileSync(join(dir, 'other.ts'), 'export default { nodes: { local: { fix: { port: 2 } } } };');
      expect(await loadNodeConfig({}, {}, dir)).to.have.nested.property('listeners[0].port', 1);
      expect(await loadNodeConfig({ config: 'other.ts' }, {}, dir)).to.have.nested.property(
        'listeners[0].port',
        2,
      );
      expect(await loadNodeConfig({}, { ONEBOOK_CONFIG: 'other.ts' }, dir)).to.have.nested.property(
        'listeners[0].port',
        2,
      );
    });

    it('is not needed for the node "local"', async () => {
      expect(await loadNodeConfig({}, {}, dir)).to.have.property('dataDir', join(dir, 'data/local'));
      expect(await loadNodeConfig({ node: 'x' }, {}, dir)).to.deep.equal([
        { message: 'no node "x" in the built-in configuration; choose one of: local (--node)' },
      ]);
    });

    it('is told about in one line when it is missing, does not load or exports nothing', async () => {
      writeFileSync(join(dir, 'throws.ts'), 'throw new Error("no postgres://u:hunter2@h/d\\nmore");');
      writeFileSync(join(dir, 'empty.ts'), 'export {};');
      const told = async (config: string): Promise<unknown> => loadNodeConfig({ config }, {}, dir);
      expect(await told('absent.ts')).to.deep.equal([
        { message: `there is no configuration file ${join(dir, 'absent.ts')} (--config)` },
      ]);
      expect(await told('.')).to.deep.equal([
        { message: `${dir} is a directory: name the configuration file in it (--config)` },
      ]);
      expect(await told('throws.ts')).to.deep.equal([
        { message: `${join(dir, 'throws.ts')}:1 does not load: no postgres://u:[redacted]@h/d` },
      ]);
      expect(await told('empty.ts')).to.deep.equal([
        {
          message: `${join(dir, 'empty.ts')} has no default export; write: export default defineCluster({ … })`,
        },
      ]);
    });

    it('of this repository is accepted', async () => {
      expect(await loadNodeConfig({}, {}, process.cwd())).to.have.property('nodeName', 'local');
    });
  });
});

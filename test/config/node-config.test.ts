import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { BUILT_IN_CLUSTER, type ClusterConfig } from '../../src/config/cluster.ts';
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

describe('NodeConfig', () => {
  it('has a default for everything but the database', () => {
    expect(accepted()).to.deep.equal({
      nodeName: 'local',
      venueCompId: 'ONEBOOK',
      tradingCalendar: { timeZone: 'UTC', rollTime: '00:00' },
      fix: { host: '127.0.0.1', port: 9880 },
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
    expect(accepted().fix.port).to.equal(9880);
    expect(accepted({ cluster }).fix.port).to.equal(7001);
    expect(accepted({ cluster, env }).fix.port).to.equal(7003);
    expect(accepted({ cluster, env, flags: { fixPort: '0' } }).fix.port).to.equal(0);
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
      fix: { host: '0.0.0.0', port: 1 },
      admin: { host: '::1', port: 2 },
      dataDir: '/home/operator/books',
      databaseUrl: 'postgres://a:b@c/d',
      venueCompId: 'VENUE',
      logLevel: 'warn',
    });
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
        limits: { maxConnections: 0, maxConections: 1 },
        nodes: { local: { fix: { port: '9880' }, databaseUrl: 'x:secret@y' }, 'a b': {} },
        node: {},
      }).map((fault) => fault.replace(/; known.*$/, '')),
    ).to.deep.equal([
      'f: tradingCalendar.timeZone must be a time zone of the IANA database, "Europe/Zurich" for example, not "Mars/Olympus"',
      'f: tradingCalendar.rollTime must be a time from "00:00" to "23:59", not "24:00"',
      'f: limits.maxConnections must be an integer from 1 to 100000, not 0',
      'f: unknown limit limits.maxConections',
      'f: nodes.local.fix.port must be a port from 0 to 65535, not "9880"',
      'f: nodes.local.databaseUrl must be a URL like postgres://user:password@host:5432/database',
      'f: nodes has a node "a b": a name is letters, digits, ".", "_" and "-"',
      'f: unknown setting node',
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
      expect(await loadNodeConfig({}, {}, dir)).to.have.nested.property('fix.port', 1);
      expect(await loadNodeConfig({ config: 'other.ts' }, {}, dir)).to.have.nested.property('fix.port', 2);
      expect(await loadNodeConfig({}, { ONEBOOK_CONFIG: 'other.ts' }, dir)).to.have.nested.property(
        'fix.port',
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
      expect(await told('throws.ts')).to.deep.equal([
        { message: `${join(dir, 'throws.ts')} does not load: no postgres://u:[redacted]@h/d` },
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

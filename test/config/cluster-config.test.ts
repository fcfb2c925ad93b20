/** What cluster.config.ts says about several nodes: what it may contain, and everything that is refused. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import example from '../../cluster.example.config.ts';
import type { ClusterConfig, ClusterNodeConfig } from '../../src/config/cluster.ts';
import { leaseTerms } from '../../src/config/lease.ts';
import { type ConfigSources, resolveNodeConfig } from '../../src/config/node-config.ts';
import { readCluster } from '../../src/config/read-cluster.ts';
import type { Role } from '../../src/config/roles.ts';

const NATS = { servers: ['nats://127.0.0.1:4222'] };
const DATABASE = 'postgres://onebook@db/onebook';

function faults(exported: unknown, env: Record<string, string> = {}): string[] {
  const cluster = readCluster(exported, 'f', env);
  return Array.isArray(cluster) ? cluster.map(({ message }) => message) : [];
}

/** A node of these roles on a machine of its own, so that only what a case is about can clash. */
function node(roles: readonly Role[], more: ClusterNodeConfig = {}, machine?: string): ClusterNodeConfig {
  return { roles, ...(machine === undefined ? {} : { machine }), ...more };
}

/** One gateway and one engine, each on its machine. */
const APART = { g: node(['gateway'], {}, 'a'), e: node(['engine'], {}, 'b') };

function resolved(cluster: ClusterConfig, nodeName: string, more: Partial<ConfigSources> = {}) {
  const config = resolveNodeConfig({
    ...{ flags: {}, env: {}, cluster, clusterFile: 'f', clusterDir: '/etc/onebook', workingDir: '/' },
    ...{ nodeName, ...more },
  });
  if (Array.isArray(config)) throw new Error(config.map(({ message }) => message).join('; '));
  return config;
}

describe('the nodes of a cluster', () => {
  it('may be a gateway, an engine, a DNS responder or all of them', () => {
    expect(faults({ nats: NATS, nodes: APART })).to.deep.equal([]);
    expect(faults({ nats: NATS, nodes: { all: {} } })).to.deep.equal([]);
    const all = node(['gateway', 'engine', 'dns']);
    expect(faults({ nats: NATS, dns: { name: 'fix.venue.example' }, nodes: { all } })).to.deep.equal([]);
  });

  it('have roles that there are, each once', () => {
    const nodes = { a: { roles: ['gatway', 'engine', 'engine'] }, b: { roles: [] }, c: { roles: 'engine' } };
    expect(faults({ nats: NATS, nodes }).filter((fault) => fault.includes('.roles'))).to.deep.equal([
      'f: nodes.a.roles[0] must be one of gateway, engine, dns, not "gatway"',
      'f: nodes.a.roles has engine twice',
      'f: nodes.b.roles must be a list with at least one of gateway, engine, dns, not []',
      'f: nodes.c.roles must be a list with at least one of gateway, engine, dns, not "engine"',
    ]);
  });

  it('need NATS as soon as one of them is no whole venue', () => {
    expect(faults({ nodes: APART })).to.deep.equal([
      'f: nats is missing, by which nodes with roles of their own talk: g (gateway), e (engine); ' +
        'nats: { servers: ["nats://127.0.0.1:4222"] } for example',
    ]);
    expect(faults({ nodes: { a: node([...(['engine', 'gateway'] as const)]) } })).to.deep.equal([]);
  });

  it('include somebody to connect to and somebody who keeps the books, unless that cannot be told', () => {
    expect(faults({ nats: NATS, nodes: { e: node(['engine']) } })).to.deep.equal([
      'f: nodes has no node with the role "gateway": members could not connect',
    ]);
    expect(faults({ nats: NATS, nodes: { g: node(['gateway']) } })).to.deep.equal([
      'f: nodes has no node with the role "engine": nobody would keep the books',
    ]);
    expect(faults({ nats: NATS, nodes: { g: node(['gateway'], {}, 'a'), e: 5 } })).to.deep.equal([
      'f: nodes.e must be an object, not 5',
    ]);
  });

  it('have names that a directory, a commit and the audit trail can have, and that differ to everybody', () => {
    const engine = (machine: string) => node(['engine', 'gateway'], {}, machine);
    const nodes = { operators: engine('a'), 'x/y': engine('b'), Node: engine('c'), node: engine('d') };
    const expected = 'a name is letters, digits, ".", "_" and "-", at most 64, and not "operators"';
    expect(faults({ nodes })).to.deep.equal([
      `f: nodes has a node "operators": ${expected}`,
      `f: nodes has a node "x/y": ${expected}`,
      'f: nodes has "Node" and "node", which differ in capital letters only; rename one',
    ]);
  });

  it('have settings of their roles only', () => {
    const nodes = {
      g: node(['gateway'], { dns: { port: 53 } }, 'a'),
      e: node(['engine'], { fix: { port: 1 }, advertise: { host: '192.0.2.1' } }, 'b'),
    };
    expect(faults({ nats: NATS, nodes })).to.deep.equal([
      'f: nodes.g.dns needs the role "dns"; nodes.g.roles are gateway',
      'f: nodes.e.fix needs the role "gateway"; nodes.e.roles are engine',
      'f: nodes.e.advertise needs the role "gateway" or "dns"; nodes.e.roles are engine',
    ]);
  });
});

describe('addresses of nodes', () => {
  const pair = (one: ClusterNodeConfig, other: ClusterNodeConfig) => ({ nodes: { one, other } });

  it('are taken to be of one machine until the file says else', () => {
    expect(faults(pair({}, {}))).to.deep.equal([
      'f: nodes.other.fix listens on 127.0.0.1:9880 and nodes.one.fix on 127.0.0.1:9880; change a port, ' +
        'or say on which machine each node is (machine: "a")',
      'f: nodes.other.admin listens on 127.0.0.1:9881 and nodes.one.admin on 127.0.0.1:9881; change a port, ' +
        'or say on which machine each node is (machine: "a")',
    ]);
    expect(faults(pair({ machine: 'a' }, { machine: 'b' }))).to.deep.equal([]);
    expect(faults(pair({ machine: 'a' }, { machine: 'a', fix: { port: 1 } }))).to.deep.equal([
      'f: nodes.other.admin listens on 127.0.0.1:9881 and nodes.one.admin on 127.0.0.1:9881; change a port',
    ]);
  });

  it('clash across settings and spellings, but not where the system chooses the port', () => {
    const clash = (one: string, other: string): boolean =>
      faults(
        pair(
          { fix: { host: one, port: 5 }, admin: { port: 0 } },
          { fix: { port: 0 }, admin: { host: other, port: 5 } },
        ),
      ).length > 0;
    for (const [one, other] of [
      ['localhost', '127.0.0.1'],
      ['0.0.0.0', '127.0.0.1'],
      ['192.0.2.1', '0.0.0.0'],
      ['::', '127.0.0.1'],
      ['0.0.0.0', '::'],
      ['2001:db8::1', '2001:DB8:0::1'],
      ['Gw.example', 'gw.example'],
    ] as const) {
      expect(clash(one, other), `${one} ${other}`).to.equal(true);
      expect(clash(other, one), `${other} ${one}`).to.equal(true);
    }
    expect(clash('0.0.0.0', '::1')).to.equal(false);
    expect(clash('127.0.0.2', '127.0.0.1')).to.equal(false);
    expect(clash('192.0.2.1', '192.0.2.2')).to.equal(false);
    expect(
      faults(pair({ fix: { port: 0 }, admin: { port: 0 } }, { fix: { port: 0 }, admin: { port: 0 } })),
    ).to.deep.equal([]);
  });

  it('of a responder are not those of something else on its node', () => {
    const dns = { name: 'fix.venue.example' };
    const at = (port: number, host = '127.0.0.1') =>
      faults({
        nats: NATS,
        nodes: { local: { roles: ['gateway', 'engine', 'dns'], dns: { host, port } } },
        dns,
      });
    expect(at(9881)).to.deep.equal([
      'f: nodes.local.dns listens on 127.0.0.1:9881 and nodes.local.admin on 127.0.0.1:9881; change a port',
    ]);
    expect(at(9880)).to.deep.equal([
      'f: nodes.local.dns listens on 127.0.0.1:9880 and nodes.local.fix on 127.0.0.1:9880; change a port',
    ]);
    expect(at(9881, '192.0.2.1')).to.deep.equal([]);
    expect(at(53)).to.deep.equal([]);
  });

  it('that no two machines have clash on whichever machines', () => {
    const at = (machine: string): ClusterNodeConfig => ({ machine, fix: { host: '192.0.2.1', port: 5 } });
    expect(faults(pair(at('a'), at('b')))).to.deep.equal([
      'f: nodes.other.fix listens on 192.0.2.1:5 and nodes.one.fix on 192.0.2.1:5; change a port',
    ]);
  });

  it('that members are sent to are different places', () => {
    const at = (machine: string, port?: number): ClusterNodeConfig => ({
      machine,
      advertise: [{ host: '192.0.2.1', ...(port === undefined ? {} : { port }) }],
    });
    expect(faults(pair(at('a'), at('b', 9880)))).to.deep.equal([
      'f: nodes.other.advertise[0] and nodes.one.advertise[0] send members to the same place, 192.0.2.1:9880',
    ]);
    expect(faults(pair(at('a', 1), at('b', 2)))).to.deep.equal([]);
  });

  it('are followed by data directories', () => {
    const at = (dataDir: string, port: number): ClusterNodeConfig => ({
      ...{ dataDir, fix: { port }, admin: { port: port + 1 } },
    });
    expect(faults(pair(at('data/x', 1), at('./data/x/', 3)))).to.deep.equal([
      'f: nodes.other.dataDir is that of nodes.one; each node has its own, ' +
        'or say on which machine each node is (machine: "a")',
    ]);
  });

  it('are advertised as one or several, none of which is all addresses', () => {
    const advertise = [{ host: '0.0.0.0' }, { port: 1 }, { host: '::', port: 70_000 }, 'here'];
    expect(faults({ nodes: { local: { advertise } } })).to.deep.equal([
      'f: nodes.local.advertise[0].host must be where members reach the node, and nobody reaches 0.0.0.0',
      'f: nodes.local.advertise[1].host is missing',
      'f: nodes.local.advertise[2].port must be a port from 0 to 65535, not 70000',
      'f: nodes.local.advertise[2].host must be where members reach the node, and nobody reaches ::',
      'f: nodes.local.advertise[3] must be an object, not "here"',
    ]);
    expect(faults({ nodes: { local: { advertise: [] } } })).to.deep.equal([
      'f: nodes.local.advertise must have at least one address',
    ]);
  });
});

describe('placement', () => {
  it('is to engines that there are', () => {
    const placement = { 'BTC-USD': 'e', 'ETH-USD': 'g', 'LTC-USD': 'x', 'XRP-USD': 'toString', 'ADA-USD': 7 };
    expect(faults({ nats: NATS, nodes: APART, placement })).to.deep.equal([
      'f: placement["ADA-USD"] must be the name of a node, not 7',
      'f: placement["ETH-USD"] is "g", which is no engine (gateway); engines are e',
      'f: placement["LTC-USD"] is "x", which is no node; engines are e',
      'f: placement["XRP-USD"] is "toString", which is no node; engines are e',
    ]);
  });

  it('is of symbols that there may be', () => {
    expect(faults({ nodes: { local: {} }, placement: { 'btc usd': 'local' } })).to.deep.equal([
      'f: placement has "btc usd", which is no symbol: that is 1 to 32 of A-Z, 0-9, ".", "_", "/" and "-"',
    ]);
    expect(faults({ nodes: { local: {} }, placement: ['BTC-USD'] })).to.deep.equal([
      'f: placement must be an object like { "BTC-USD": "engine-1" }, not ["BTC-USD"]',
    ]);
  });
});

describe('NATS in the cluster file', () => {
  it('has servers without secrets, each once', () => {
    const servers = ['nats://h:1', 'nats://h:1', 'http://h', 'nats://u:hunter2@h', 'h:4222', 7];
    expect(faults({ nats: { servers }, nodes: { local: {} } })).to.deep.equal([
      'f: nats.servers has "nats://h:1" twice',
      'f: nats.servers[2] must be a URL like nats://host:4222 or tls://host:4222, not "http://h"',
      'f: nats.servers[3] must not have a user or a password in it: nats.user and nats.passwordFile have them',
      'f: nats.servers[4] must be a URL like nats://host:4222 or tls://host:4222, not "h:4222"',
      'f: nats.servers[5] must be a URL like nats://host:4222 or tls://host:4222',
    ]);
    expect(faults({ nats: {}, nodes: { local: {} } })).to.deep.equal([
      'f: nats.servers is missing: ["nats://127.0.0.1:4222"] for example',
    ]);
  });

  it('has no secret itself, and none is shown', () => {
    const told = faults({
      nats: { ...NATS, user: 'u', password: 'hunter2', seed: 'hunter2', token: 'hunter2' },
      nodes: { local: {} },
    });
    const elsewhere = 'must not be in the file: write it to a file';
    expect(told).to.deep.equal([
      `f: nats.password ${elsewhere} and name that in nats.passwordFile, or set ONEBOOK_NATS_PASSWORD`,
      `f: nats.seed ${elsewhere} of NATS credentials and name that in nats.credsFile`,
      `f: nats.token ${elsewhere} of NATS credentials and name that in nats.credsFile`,
    ]);
  });

  it('has one way to log on, and certificates in pairs', () => {
    const nats = { ...NATS, user: 'u', credsFile: 'c', tls: { certFile: 'c' }, subjectPrefix: 'a.*' };
    expect(faults({ nats, nodes: { local: {} } })).to.deep.equal([
      'f: nats.tls.keyFile is missing beside nats.tls.certFile',
      'f: nats.subjectPrefix must be one to four words of letters, digits, "_" and "-", with "." between them, not "a.*"',
      'f: nats has both a user and a credsFile; nodes log on with one of them',
    ]);
    expect(faults({ nats: { ...NATS, passwordFile: 'p' }, nodes: { local: {} } })).to.deep.equal([
      'f: nats.user is missing beside nats.passwordFile',
    ]);
  });
});

describe('passwords of the database', () => {
  const url = 'postgres://onebook:hunter2@db/onebook';

  it('are not in the file, in whichever spelling', () => {
    const inQuery = 'postgres://db/onebook?user=u&password=hunter2';
    const elsewhere =
      'must not have a password in it: write that to a file and name it in databasePasswordFile, or set ONEBOOK_DATABASE_URL';
    expect(faults({ databaseUrl: url, nodes: { local: { databaseUrl: inQuery } } })).to.deep.equal([
      `f: databaseUrl ${elsewhere}`,
      `f: nodes.local.databaseUrl ${elsewhere}`,
    ]);
    expect(faults({ databasePassword: 'hunter2', nodes: { local: {} } })).to.deep.equal([
      'f: databasePassword must not be in the file: write it to a file and name that in databasePasswordFile of the cluster',
    ]);
    expect(faults({ databaseUrl: DATABASE, nodes: { local: {} } })).to.deep.equal([]);
  });

  it('may come from the environment through the file', () => {
    expect(faults({ databaseUrl: url, nodes: { local: {} } }, { VENUE_DB: url })).to.deep.equal([]);
    const escaped = 'postgres://onebook:p%40ss@db/onebook';
    expect(faults({ databaseUrl: escaped, nodes: { local: {} } }, { PW: 'p@ss' })).to.deep.equal([]);
    expect(faults({ databaseUrl: escaped, nodes: { local: {} } }, { PW: 'p@s' })).to.have.length(1);
  });
});

describe('leases', () => {
  const told = (lease: unknown) => faults({ lease, nodes: { local: {} } });

  it('are ordered whatever is configured: two renewals fit, and locks are gone before', () => {
    expect(told({ ttlMs: 2_000, renewMs: 1_000, idleInTransactionMs: 1_999 })).to.deep.equal([]);
    expect(told({ ttlMs: 2_000, renewMs: 1_001, idleInTransactionMs: 2_000 })).to.deep.equal([
      'f: lease.renewMs must be at most half of lease.ttlMs (2000), so that one renewal may be lost, not 1001',
      'f: lease.idleInTransactionMs must be below lease.ttlMs (2000), so that a node that stands still has lost its ' +
        'locks before others take what it owns, not 2000',
    ]);
    expect(told({ renewMs: 2_501 }), 'against the default').to.have.length(1);
    expect(told({ idleInTransactionMs: 5_000 }), 'against the default').to.have.length(1);
  });

  it('have ranges', () => {
    expect(told({ ttlMs: 999, renewMs: 1, idleInTransactionMs: '1' })).to.deep.equal([
      'f: lease.ttlMs must be an integer from 1000 to 60000, not 999',
      'f: lease.renewMs must be an integer from 50 to 30000, not 1',
      'f: lease.idleInTransactionMs must be an integer from 100 to 59999, not "1"',
    ]);
  });

  it('have defaults that follow from the lease and are right for all of them', () => {
    expect(leaseTerms()).to.deep.equal({ ttlMs: 5_000, renewMs: 1_666, idleInTransactionMs: 2_500 });
    for (const ttlMs of [1_000, 1_001, 60_000])
      expect(told(leaseTerms({ ttlMs })), `${ttlMs}`).to.deep.equal([]);
  });
});

describe('DNS in the cluster file', () => {
  const dns = { name: 'fix.venue.example' };
  const told = (nodes: Record<string, unknown>, more: object = { dns }): string[] =>
    faults({ nats: NATS, ...more, nodes: { e: node(['engine'], {}, 'e'), ...nodes } });
  const responder = node(['dns'], {}, 'd');

  it('has a name as soon as a node answers for it', () => {
    const g = node(['gateway'], {}, 'g');
    expect(told({ g, d: responder }, {})).to.deep.equal([
      'f: dns is missing: d would have no name to answer for; dns: { name: "fix.venue.example" } for example',
    ]);
    expect(told({ g, d: responder }, { dns: { ttlSeconds: 301, service: '_fix' } })).to.deep.equal([
      'f: dns.ttlSeconds must be an integer from 0 to 300, not 301',
      'f: dns.service must be a service over TCP, "_fix._tcp" for example, not "_fix"',
      'f: dns.name is missing: a DNS name, "fix.venue.example" for example',
    ]);
    for (const name of ['fix..example', '-x.example', '192.0.2.1', '', `${'x'.repeat(64)}.example`]) {
      expect(told({ g, d: responder }, { dns: { name } }), name).to.have.length(1);
    }
    expect(told({ g, d: responder }, { dns: { name: 'fix.venue.example.' } })).to.deep.equal([]);
  });

  it('knows an address of every gateway and every responder', () => {
    const nodes = {
      g1: node(['gateway'], { fix: { host: '0.0.0.0' } }, 'a'),
      g2: node(['gateway'], { advertise: { host: 'gw.example' } }, 'f'),
      g3: node(['gateway'], { fix: [{ host: '192.0.2.3' }] }, 'c'),
      d: node(['dns'], { dns: { host: '::' } }, 'd'),
    };
    const needed = 'an IP address, which is what DNS answers with';
    expect(told(nodes)).to.deep.equal([
      `f: nodes.g1.advertise is missing: the node listens on "0.0.0.0", and others need ${needed}`,
      `f: nodes.g2.advertise.host must be ${needed}, not "gw.example"`,
      `f: nodes.d.advertise is missing: the node listens on "::", and others need ${needed}`,
    ]);
    expect(faults({ nats: NATS, nodes: { ...APART, g: nodes.g2 } }), 'without DNS').to.deep.equal([]);
  });

  it('can have the names of gateways in its answers', () => {
    expect(told({ 'gateway_1.a': node(['gateway'], {}, 'g'), d: responder })).to.deep.equal([
      'f: nodes has "gateway_1.a", which DNS answers have in them: then a name is letters, digits and "-", at most 63',
    ]);
  });
});

describe('the example of a cluster', () => {
  const secrets = { databasePassword: 'p@ss%/', natsPassword: 'n' };

  it('is accepted, as the file of the embedded venue is', async () => {
    expect(faults(example)).to.deep.equal([]);
    expect(Object.keys(example.nodes)).to.have.length(6);
    const { default: embedded } = await import('../../cluster.config.ts');
    expect(faults(embedded)).to.deep.equal([]);
    expect(Object.keys(embedded.nodes), 'one process').to.deep.equal(['local']);
  });

  it('is what a gateway, an engine and a responder run with', () => {
    const gateway = resolved(example, 'gateway-2', { secrets });
    expect(gateway).to.deep.include({
      roles: ['gateway'],
      databaseUrl: 'postgres://onebook:p%40ss%25%2F@10.0.0.20:5432/onebook',
    });
    expect(gateway.listeners).to.have.length(1);
    expect(gateway.cluster).to.deep.equal({
      nats: {
        servers: ['tls://10.0.0.21:4222', 'tls://10.0.0.22:4222', 'tls://10.0.0.23:4222'],
        login: {
          ...{ type: 'Password', user: 'onebook', password: 'n' },
          passwordFrom: '/etc/onebook/nats.password',
        },
        tls: { caFile: '/etc/onebook/nats-ca.pem', certFile: undefined, keyFile: undefined },
        subjectPrefix: 'onebook',
        releaseAfterMs: 2_000,
      },
      lease: { ttlMs: 5_000, renewMs: 1_666, idleInTransactionMs: 2_500 },
      placement: new Map([
        ['BTC-USD', 'engine-1'],
        ['ETH-USD', 'engine-2'],
      ]),
      nodes: new Map<string, readonly Role[]>([
        ['gateway-1', ['gateway']],
        ['gateway-2', ['gateway']],
        ['engine-1', ['engine']],
        ['engine-2', ['engine']],
        ['dns-1', ['dns']],
        ['dns-2', ['dns']],
      ]),
      endpoints: [
        { host: '192.0.2.12', port: 9880 },
        { host: '2001:db8::12', port: 9880 },
      ],
      dns: undefined,
      zone: { name: 'fix.venue.example', ttlSeconds: 2, service: '_fix._tcp' },
    });
    const engine = resolved(example, 'engine-1', { secrets, flags: { fixPort: '7' } });
    expect(engine.listeners, 'members connect to gateways').to.deep.equal([]);
    expect(engine.cluster?.endpoints).to.deep.equal([]);
    expect(resolved(example, 'dns-2', { secrets }).cluster?.dns).to.deep.equal({
      ...{ host: '192.0.2.13', port: 53, name: 'fix.venue.example', ttlSeconds: 2, service: '_fix._tcp' },
      nameServers: [
        { name: 'dns-1', addresses: ['192.0.2.11'] },
        { name: 'dns-2', addresses: ['192.0.2.13'] },
      ],
    });
  });

  it('is described setting by setting in docs/OPERATIONS.md', () => {
    const text = readFileSync(new URL('../../docs/OPERATIONS.md', import.meta.url), 'utf8');
    const [, section = ''] = /^## Configuring a cluster\n([\s\S]*?)(?=^## )/m.exec(text) ?? [];
    for (const name of [
      ...['roles', 'machine', 'advertise', 'dns', 'databaseUrl', 'databasePasswordFile', 'placement'],
      ...[
        'nats.servers',
        'nats.user',
        'nats.passwordFile',
        'nats.credsFile',
        'nats.tls',
        'nats.subjectPrefix',
      ],
      ...['nats.releaseAfterMs', 'lease.ttlMs', 'lease.renewMs', 'lease.idleInTransactionMs'],
      ...['dns.name', 'dns.ttlSeconds', 'dns.service'],
    ]) {
      expect(section, name).to.contain(`\`${name}\``);
    }
  });
});

describe('what a node of a cluster runs with', () => {
  const cluster = { nats: NATS, databaseUrl: DATABASE, nodes: APART };

  it('is nothing of a cluster without NATS', () => {
    expect(resolved({ nodes: { local: {} } }, 'local').cluster).to.equal(undefined);
  });

  it('is advertised from its first listener, flags included, unless that listens everywhere', () => {
    const endpointsOf = (fix: ClusterNodeConfig['fix'], flags = {}) =>
      resolved(
        { ...cluster, nodes: { ...APART, g: node(['gateway'], fix === undefined ? {} : { fix }) } },
        'g',
        {
          flags,
        },
      ).cluster?.endpoints;
    expect(endpointsOf(undefined, { fixPort: '7' })).to.deep.equal([{ host: '127.0.0.1', port: 7 }]);
    expect(endpointsOf([{ host: '192.0.2.1', port: 5 }, { port: 6 }])).to.deep.equal([
      { host: '192.0.2.1', port: 5 },
    ]);
    expect(endpointsOf({ host: '::' })).to.deep.equal([]);
  });

  it('speaks TLS to a server that is named so', () => {
    const nats = { servers: ['tls://h:4222'], credsFile: 'node.creds' };
    expect(resolved({ ...cluster, nats }, 'e').cluster?.nats).to.deep.include({
      tls: { caFile: undefined, certFile: undefined, keyFile: undefined },
      login: { type: 'Credentials', credsFile: '/etc/onebook/node.creds' },
    });
    expect(resolved(cluster, 'e').cluster?.nats).to.deep.include({ tls: undefined, login: { type: 'None' } });
  });

  it('is one database with the others, which the embedded one cannot be', () => {
    const { databaseUrl, ...without } = cluster;
    const refusal = (more: Partial<ConfigSources>) => () => resolved(without, 'g', more);
    expect(refusal({})).to.throw(
      'f: databaseUrl is missing: 2 nodes share one database, and the embedded one serves one node only; ' +
        'write it without its password, or set ONEBOOK_DATABASE_URL',
    );
    expect(refusal({ env: { ONEBOOK_DATABASE_URL: databaseUrl } })).not.to.throw();
    expect(refusal({ purpose: 'address' }), 'an operator finds the node').not.to.throw();
    expect(refusal({ purpose: 'database' })).to.throw('databaseUrl is missing');
    expect(refusal({ purpose: 'database', flags: { dataDir: 'old' } }), 'rows of before').not.to.throw();
  });

  it('is the database by its own way where it has one', () => {
    const nodes = {
      ...APART,
      g: node(['gateway'], { databaseUrl: 'postgres://onebook@127.0.0.1:6432/onebook' }),
    };
    const secrets = { databasePassword: 'x' };
    expect(resolved({ ...cluster, nodes }, 'g', { secrets }).databaseUrl).to.equal(
      'postgres://onebook:x@127.0.0.1:6432/onebook',
    );
    expect(resolved({ ...cluster, nodes }, 'e', { secrets }).databaseUrl).to.equal(
      'postgres://onebook:x@db/onebook',
    );
    const env = { ONEBOOK_DATABASE_URL: 'postgres://onebook:own@db/onebook' };
    expect(resolved(cluster, 'e', { secrets, env }).databaseUrl, 'has one').to.equal(
      env.ONEBOOK_DATABASE_URL,
    );
    const socket = { ONEBOOK_DATABASE_URL: 'postgres:///onebook?host=/run/postgresql' };
    expect(resolved(cluster, 'e', { secrets, env: socket }).databaseUrl).to.equal(
      'postgres:///onebook?host=%2Frun%2Fpostgresql&password=x',
    );
  });
});

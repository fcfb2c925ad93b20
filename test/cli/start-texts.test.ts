/** What `onebook start` says of a node of a cluster, and of what keeps one from starting. */
import { expect } from 'chai';
import { roleTexts, startFailure } from '../../src/cli/start.ts';
import { DnsPortUnavailable } from '../../src/cluster/dns/server.ts';
import { MembershipUnavailableError, NodeNameTakenError } from '../../src/cluster/membership.ts';
import { BUILT_IN_CLUSTER, type ClusterConfig } from '../../src/config/cluster.ts';
import { type NodeConfig, resolveNodeConfig } from '../../src/config/node-config.ts';
import { silentLog } from '../../src/platform/log.ts';

const CLUSTER: ClusterConfig = {
  nats: { servers: ['nats://127.0.0.1:4222'] },
  databaseUrl: 'postgres://onebook:hunter2@db.example/onebook',
  dns: { name: 'fix.venue.example' },
  nodes: {
    both: {},
    'gateway-1': { roles: ['gateway'] },
    'engine-1': { roles: ['engine'] },
    'dns-1': { roles: ['dns'], dns: { host: '192.0.2.1', port: 5353 } },
  },
};

function configOf(nodeName: string, cluster = CLUSTER): NodeConfig {
  const files = { clusterFile: 'c.ts', clusterDir: '/', workingDir: '/' };
  const config = resolveNodeConfig({ flags: {}, env: {}, cluster, nodeName, ...files });
  if (Array.isArray(config)) throw new Error(config.map(({ message }) => message).join('; '));
  return config;
}

describe('onebook start in a cluster', () => {
  it('says in a line what a node without listeners is there for', () => {
    expect(roleTexts(configOf('gateway-1'))).to.deep.equal([]);
    expect(roleTexts(configOf('both'))).to.deep.equal(['engine: keeps books and accounts of the cluster']);
    expect(roleTexts(configOf('engine-1'))).to.deep.equal([
      'engine: keeps books and accounts of the cluster; members connect to its gateways',
    ]);
    expect(roleTexts(configOf('dns-1'))).to.deep.equal([
      'DNS: answers for fix.venue.example on 192.0.2.1:5353, UDP and TCP',
    ]);
    expect(roleTexts(configOf('local', BUILT_IN_CLUSTER))).to.deep.equal([]);
  });

  it('names the file of a password that the database refuses', () => {
    const cause = Object.assign(new Error('password authentication failed'), { code: '28P01' });
    const config = { ...configOf('engine-1'), databasePasswordFile: '/etc/venue/database.password' };
    for (const error of [cause, new MembershipUnavailableError('no', { cause })]) {
      expect(startFailure(error, config, silentLog).lines).to.deep.equal([
        'the node does not start: the database server db.example:5432 refuses: password authentication failed; correct ' +
          'the password in /etc/venue/database.password (databasePasswordFile), or the user in databaseUrl in c.ts',
      ]);
    }
  });

  for (const { error, line } of [
    {
      error: new NodeNameTakenError('a node engine-1 is running already'),
      line: 'a node engine-1 is running already: end that one first, or choose another node of the configuration (--node)',
    },
    {
      error: new DnsPortUnavailable({ host: '::1', port: 53 }, new Error('bind EACCES')),
      line: 'the DNS responder cannot listen on ::1:53: bind EACCES; choose another (dns of the node in the configuration), or let the node use ports below 1024 (CAP_NET_BIND_SERVICE)',
    },
    {
      error: new DnsPortUnavailable({ host: '::1', port: 53 }, new Error('bind EADDRINUSE')),
      line: 'the DNS responder cannot listen on ::1:53: bind EADDRINUSE; choose another (dns of the node in the configuration)',
    },
    {
      error: new MembershipUnavailableError('connect ECONNREFUSED', {
        cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
      }),
      line:
        'the node does not start: the database server db.example:5432 cannot be reached (ECONNREFUSED): start it, or ' +
        'correct databaseUrl in c.ts',
    },
    {
      error: new MembershipUnavailableError('no answer at postgres://onebook:hunter2@db.example'),
      line: 'the node does not start: the database does not answer: no answer at postgres://onebook:[redacted]@db.example',
    },
  ]) {
    it(`tells ${error.name} in a line, with exit code 2: ${error.message.slice(0, 30)}`, () => {
      const { exitCode, lines } = startFailure(error, configOf('engine-1'), silentLog);
      expect([exitCode, lines]).to.deep.equal([2, [line]]);
    });
  }
});

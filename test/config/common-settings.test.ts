/** What all nodes of a cluster must have alike: whatever only one of them may have for itself is not compared. */
import { expect } from 'chai';
import example from '../../cluster.example.config.ts';
import { configDigest, differingSettings } from '../../src/cluster/config-digest.ts';
import type { ClusterConfig } from '../../src/config/cluster.ts';
import { commonSettings } from '../../src/config/common-settings.ts';
import { type ConfigSources, resolveNodeConfig } from '../../src/config/node-config.ts';

const SECRETS = { databasePassword: 'hush', natsPassword: 'hush too' };

function settingsOf(cluster: ClusterConfig, nodeName = 'engine-1', more: Partial<ConfigSources> = {}) {
  const config = resolveNodeConfig({
    ...{ flags: {}, env: {}, cluster, clusterFile: 'f', clusterDir: '/', workingDir: '/', nodeName },
    ...{ secrets: SECRETS, ...more },
  });
  if (Array.isArray(config) || config.cluster === undefined) throw new Error('not a node of a cluster');
  return commonSettings(config, config.cluster);
}

/** What a node with this file has otherwise than one with the example. */
function differing(cluster: Partial<ClusterConfig>, more: Partial<ConfigSources> = {}): readonly string[] {
  const other = settingsOf({ ...example, ...cluster }, 'engine-1', more);
  return differingSettings(configDigest(settingsOf(example)), configDigest(other));
}

describe('the settings that nodes share', () => {
  const { nats = { servers: [] }, nodes } = example;
  const { 'engine-1': engine = {}, ...otherNodes } = nodes;

  it('are the same for all nodes of a file', () => {
    const digests = Object.keys(nodes).map((name) => configDigest(settingsOf(example, name)));
    expect(new Set(digests).size).to.equal(1);
  });

  it('are these, by their names in the file', () => {
    const { nats: _nats, ...rest } = example;
    const changes: Readonly<Record<string, Partial<ClusterConfig>>> = {
      venueCompId: { venueCompId: 'OTHER' },
      tradingCalendar: { tradingCalendar: { timeZone: 'UTC', rollTime: '17:00' } },
      securityStatusToAll: { securityStatusToAll: true },
      retention: { retention: { historyMonths: 3 } },
      'nats.subjectPrefix': { nats: { ...nats, subjectPrefix: 'other' } },
      'nats.releaseAfterMs': { nats: { ...nats, releaseAfterMs: 4_000 } },
      dns: { dns: { name: 'fix.venue.example', ttlSeconds: 5 } },
      lease: { lease: { ttlMs: 6_000 } },
      placement: { placement: { 'BTC-USD': 'engine-2' } },
      nodes: { nodes: { ...nodes, 'engine-3': { roles: ['engine'] } } },
    };
    for (const [name, change] of Object.entries(changes)) {
      expect(differing(change), name).to.deep.equal([name]);
    }
    expect(Object.keys(changes)).to.have.members(Object.keys(settingsOf({ ...rest, nats })));
    const roles = { ...engine, roles: ['engine', 'gateway'] as const };
    expect(differing({ nodes: { ...otherNodes, 'engine-1': roles } })).to.deep.equal(['nodes']);
  });

  it('are what was decided: a flag counts, and a default is what it stands for', () => {
    expect(differing({}, { flags: { venueCompId: 'OTHER' } })).to.deep.equal(['venueCompId']);
    expect(differing({ securityStatusToAll: false, retention: {} })).to.deep.equal([]);
    const { placement = {} } = example;
    const reversed = Object.fromEntries(Object.entries(placement).reverse());
    expect(differing({ placement: reversed, lease: {} })).to.deep.equal([]);
  });

  it('are not what a node may have for itself', () => {
    const own = {
      ...{ machine: 'z', admin: { port: 1 }, dataDir: '/elsewhere', logLevel: 'debug' as const },
      limits: { maxCommandsInFlight: 5_000 },
    };
    expect(differing({ nodes: { ...otherNodes, 'engine-1': { ...engine, ...own } } })).to.deep.equal([]);
    const elsewhere = { nats: { ...nats, servers: ['nats://10.0.0.9:4222'] }, logLevel: 'warn' as const };
    expect(differing({ ...elsewhere, databaseUrl: 'postgres://u@pooler/onebook' })).to.deep.equal([]);
  });

  it('have no secret in them', () => {
    expect(JSON.stringify(settingsOf(example)))
      .to.not.contain('hush')
      .and.not.contain('password');
  });
});

/** Which nodes run with another configuration than others, and what a node says of it. */
import { expect } from 'chai';
import {
  type ConfiguredNode,
  configDigest,
  differencesFrom,
  differingSettings,
  oddConfigs,
} from '../../src/cluster/config-digest.ts';
import type { ClusterNode, ClusterView } from '../../src/cluster/membership.ts';
import { clusterFigures, configWatch } from '../../src/node/cluster-watch.ts';
import type { Log } from '../../src/platform/log.ts';
import { nodeInView, viewOwnedBy } from '../support/cluster-view.ts';

const USUAL = { venueCompId: 'ONEBOOK', lease: { ttlMs: 5_000, renewMs: 1_666 }, placement: {} };

/** A node that began at `startedAt`, with these settings otherwise. */
function node(name: string, startedAt: number, settings: object = {}, isAlive = true): ClusterNode {
  const digest = configDigest({ ...USUAL, ...settings });
  return {
    ...nodeInView({ name, incarnation: startedAt }, 'engine', isAlive),
    startedAt,
    configDigest: digest,
  };
}

describe('the digest of a configuration', () => {
  it('names what differs, however the same is written', () => {
    const one = configDigest(USUAL);
    const same = { placement: {}, lease: { renewMs: 1_666, ttlMs: 5_000 }, venueCompId: 'ONEBOOK' };
    expect(differingSettings(one, configDigest(same))).to.deep.equal([]);
    const other = configDigest({ ...USUAL, lease: { ttlMs: 5_001, renewMs: 1_666 }, placement: { A: 'e' } });
    expect(differingSettings(one, other)).to.deep.equal(['lease', 'placement']);
    expect(differingSettings(one, configDigest({ ...USUAL, lease: undefined }))).to.deep.equal(['lease']);
  });

  it('tells an order of what is a list', () => {
    const [one, other] = [
      ['a', 'b'],
      ['b', 'a'],
    ].map((list) => configDigest({ list }));
    expect(differingSettings(one ?? '', other ?? '')).to.deep.equal(['list']);
  });

  it('says nothing of what one version knows and another does not, or of a node that says nothing', () => {
    const newer = configDigest({ ...USUAL, more: 1 });
    expect(differingSettings(configDigest(USUAL), newer)).to.deep.equal([]);
    expect(differingSettings(newer, configDigest(USUAL))).to.deep.equal([]);
    expect(differingSettings(newer, '')).to.deep.equal([]);
  });

  it('does not have the settings in it', () => {
    expect(configDigest({ venueCompId: 'HUSH' })).to.match(/^venueCompId=[0-9a-f]{12}$/);
  });
});

describe('nodes with different configurations', () => {
  const odd = (nodes: readonly ConfiguredNode[]) =>
    [...oddConfigs(nodes)].map(([name, differences]) => [
      name,
      ...differences.map(({ than, settings }) => `${than.name}: ${settings.join()}`),
    ]);

  it('are those that few have like them', () => {
    const nodes = [node('a', 1, { venueCompId: 'X' }), node('b', 3), node('c', 2), node('d', 4)];
    expect(odd(nodes)).to.deep.equal([['a', 'c: venueCompId']]);
    expect(odd(nodes.slice(1))).to.deep.equal([]);
  });

  it('are the later ones where as many have the one as the other', () => {
    expect(odd([node('a', 9, { venueCompId: 'X', lease: 1 }), node('b', 1)])).to.deep.equal([
      ['a', 'b: lease,venueCompId'],
    ]);
  });

  it('are told what is theirs against whom, setting by setting', () => {
    const nodes = [
      node('a', 1),
      node('b', 2, { lease: 1 }),
      node('c', 3, { lease: 1, venueCompId: 'X' }),
      node('d', 4, { lease: 2 }),
      node('e', 5, { lease: 1 }),
    ];
    expect(odd(nodes)).to.deep.equal([
      ['a', 'b: lease'],
      ['d', 'b: lease'],
      ['c', 'a: venueCompId'],
    ]);
  });

  it('are alive', () => {
    const nodes = [node('a', 1), node('b', 2, { lease: 1 }, false)];
    expect(odd(nodes)).to.deep.equal([]);
    expect(differencesFrom(node('a', 1), nodes)).to.deep.equal([]);
  });

  it('say so in the log once of each life, and count each other', () => {
    const said: unknown[] = [];
    const warn = (event: string, fields: object = {}): void => {
      said.push({ event, ...fields });
    };
    const none = (): void => undefined;
    const log: Log = { debug: none, info: none, warn, error: none, with: () => log };
    const self = node('a', 1);
    const look = configWatch(self, log);
    const view = (...nodes: readonly ClusterNode[]): ClusterView => viewOwnedBy(nodes, undefined, 0);
    const event = 'another node runs with another configuration';

    look(view(self, node('b', 2)));
    expect(said).to.deep.equal([]);
    const differing = view(self, node('b', 2), node('c', 3, { lease: 1 }));
    look(differing);
    look(differing);
    expect(said.splice(0)).to.deep.equal([{ event, peer: 'c#3', settings: ['lease'] }]);
    expect(clusterFigures(self, differing)).to.deep.equal({ clockOffsetMs: 0, configDifferences: 1 });
    look(view(self, node('b', 4, { placement: 1 }), node('c', 3, { lease: 1 })));
    expect(said.splice(0)).to.deep.equal([{ event, peer: 'b#4', settings: ['placement'] }]);
    look(view(self, node('c', 5, { lease: 1 })));
    expect(said).to.deep.equal([{ event, peer: 'c#5', settings: ['lease'] }]);
  });
});

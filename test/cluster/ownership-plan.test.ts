/** What follows from a view, without a database: who may own, who takes and gives up what, who watches whom. */
import { expect } from 'chai';
import fc from 'fast-check';
import { KeptItems } from '../../src/cluster/kept-items.ts';
import type { ClusterNode, ClusterView, NodeReport, Owned } from '../../src/cluster/membership.ts';
import { isSameNode } from '../../src/cluster/node-id.ts';
import {
  eligibleEngines,
  itemsToGiveUp,
  itemsToTake,
  lapsedNodes,
  NOTHING,
  nodesToWatch,
  SETTLED_MS,
  symbolsToExpect,
} from '../../src/cluster/ownership-plan.ts';
import { rendezvous, symbolKey } from '../../src/cluster/placement.ts';
import { nodeInView } from '../support/cluster-view.ts';

const SYMBOLS = ['A-USD', 'B-USD', 'C-USD', 'D-USD'];
const LEASE_MS = 5_000;

function engine(
  name: string,
  report: Partial<NodeReport> = {},
  rest: Partial<Omit<ClusterNode, 'report'>> = {},
): ClusterNode {
  const node = nodeInView({ name, incarnation: 1 }, 'engine');
  return {
    ...node,
    leaseLeftMs: 1,
    heldMs: SETTLED_MS,
    renewingMs: SETTLED_MS,
    report: { ...node.report, ...report },
    ...rest,
  };
}

function view(nodes: readonly ClusterNode[], owned: Readonly<Record<string, Partial<Owned>>>): ClusterView {
  const entries = Object.entries(owned).map(
    ([symbol, one]) => [symbol, { owner: undefined, epoch: 1, placedOn: undefined, ...one }] as const,
  );
  return { nodes, ownership: { symbols: new Map(entries), shards: new Map() }, readAt: 0 };
}

const anyEngine = (name: string): fc.Arbitrary<ClusterNode> =>
  fc
    .record({
      ready: fc.boolean(),
      draining: fc.boolean(),
      natsReachable: fc.boolean(),
      isAlive: fc.boolean(),
      isLeaseValid: fc.boolean(),
      incarnation: fc.integer({ min: 1, max: 2 }),
      isGateway: fc.boolean(),
    })
    .map(({ ready, draining, natsReachable, isGateway, ...rest }) =>
      engine(
        name,
        { ready, draining, natsReachable },
        { ...rest, roles: isGateway ? ['gateway'] : ['gateway', 'engine'] },
      ),
    );
const names = ['a', 'b', 'c', 'd'];
const anyView = fc
  .record({
    nodes: fc.tuple(...names.map(anyEngine)),
    owned: fc.tuple(
      ...SYMBOLS.map(() =>
        fc.record({
          owner: fc.option(
            fc.record({ name: fc.constantFrom(...names, 'e'), incarnation: fc.integer({ min: 1, max: 2 }) }),
            { nil: undefined },
          ),
          placedOn: fc.option(fc.constantFrom(...names, 'e'), { nil: undefined }),
        }),
      ),
    ),
  })
  .map(({ nodes, owned }) =>
    view(nodes, Object.fromEntries(SYMBOLS.map((symbol, i) => [symbol, owned[i] ?? {}]))),
  );

describe('the plan of an engine', () => {
  it('leaves nothing that is free if anybody may own it, and gives it to one', () => {
    fc.assert(
      fc.property(anyView, (seen) => {
        const taken = seen.nodes.flatMap((node) => itemsToTake(seen, node, new Map()).symbols);
        const free = SYMBOLS.filter((symbol) => {
          const owner = seen.ownership.symbols.get(symbol)?.owner;
          return !seen.nodes.some((node) => node.isAlive && isSameNode(node, owner));
        });
        expect(taken.toSorted()).deep.equal(eligibleEngines(seen).length === 0 ? [] : free);
      }),
    );
  });

  it('gives up only what is its own, and only if another may own it', () => {
    fc.assert(
      fc.property(anyView, fc.boolean(), (seen, hasLostNats) => {
        for (const node of seen.nodes) {
          const { symbols } = itemsToGiveUp(seen, node, new Map(), hasLostNats);
          const others = eligibleEngines(seen).filter(({ name }) => name !== node.name);
          if (others.length === 0) expect(symbols).deep.equal([]);
          for (const symbol of symbols) {
            expect(isSameNode(seen.ownership.symbols.get(symbol)?.owner, node)).equal(true);
          }
        }
      }),
    );
  });

  it('expects what others will give up and it will take then', () => {
    const fixed = new Map([['A-USD', 'b']]);
    fc.assert(
      fc.property(anyView, (seen) => {
        const givenUp = seen.nodes.flatMap((node) =>
          node.isAlive ? itemsToGiveUp(seen, node, fixed, false).symbols : [],
        );
        const free = new Map(
          [...seen.ownership.symbols].map(([symbol, owned]) => [
            symbol,
            givenUp.includes(symbol) ? { ...owned, owner: undefined } : owned,
          ]),
        );
        const later = { ...seen, ownership: { ...seen.ownership, symbols: free } };
        for (const node of seen.nodes) {
          const taken = itemsToTake(later, node, fixed).symbols.filter((symbol) => givenUp.includes(symbol));
          expect(symbolsToExpect(seen, node, fixed).toSorted()).deep.equal(taken.toSorted());
        }
      }),
    );
  });

  it('asks no engine that drains, is not ready, has no lease, or lacks the NATS that another has', () => {
    const seen = view(
      [
        engine('a', { draining: true }),
        engine('b', { ready: false }),
        engine('c', {}, { isLeaseValid: false }),
        engine('d', { natsReachable: false }),
        engine('e', {}, { isAlive: false }),
        engine('f', {}, { roles: ['gateway'] }),
        engine('g'),
      ],
      {},
    );
    expect(eligibleEngines(seen).map(({ name }) => name)).deep.equal(['g']);
    const withoutNats = view(
      [engine('a', { natsReachable: false }), engine('b', { natsReachable: false })],
      {},
    );
    expect(eligibleEngines(withoutNats).map(({ name }) => name)).deep.equal(['a', 'b']);
  });

  it('follows an operator before the configuration, and either before chance', () => {
    const seen = view([engine('a'), engine('b'), engine('c')], { 'A-USD': { placedOn: 'b' }, 'B-USD': {} });
    const fixed = new Map([
      ['A-USD', 'c'],
      ['B-USD', 'c'],
    ]);
    const taken = seen.nodes.map((node) => itemsToTake(seen, node, fixed).symbols);
    expect(taken).deep.equal([[], ['A-USD'], ['B-USD']]);
  });

  it('moves a symbol to where it is wanted once that engine has been there for a while', () => {
    const self = engine('a');
    const owned = { 'A-USD': { owner: self, placedOn: 'b' }, 'B-USD': { owner: self } };
    const planned = (heldMs: number) =>
      itemsToGiveUp(view([self, engine('b', {}, { heldMs })], owned), self, new Map(), false);
    expect(planned(SETTLED_MS).symbols).deep.equal(['A-USD']);
    expect(planned(SETTLED_MS - 1)).deep.equal(NOTHING);
  });

  it('moves nothing because an engine has come', () => {
    const self = engine('a');
    const owned = Object.fromEntries(SYMBOLS.map((symbol) => [symbol, { owner: self }]));
    const seen = view([self, engine('b'), engine('c')], owned);
    expect(SYMBOLS.some((symbol) => rendezvous(symbolKey(symbol), ['a', 'b', 'c']) !== 'a')).equal(true);
    expect(itemsToGiveUp(seen, self, new Map(), false)).deep.equal(NOTHING);
  });

  it('has everybody watched by as many as each watches, round the ring of names', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e'].map((name) => engine(name));
    const watched = nodes.flatMap((node) => nodesToWatch(view(nodes, {}), node, 2).map(({ name }) => name));
    expect(watched).deep.equal(['b', 'c', 'c', 'd', 'd', 'e', 'e', 'a', 'a', 'b']);
    expect(nodesToWatch(view(nodes.slice(0, 1), {}), engine('a'), 2)).deep.equal([]);
  });

  it('judges leases only with one of its own that has been held for as long', () => {
    const lapsed = engine('b', {}, { isLeaseValid: false });
    const judged = (self: ClusterNode) => lapsedNodes(view([self, lapsed], {}), self, LEASE_MS);
    expect(judged(engine('a', {}, { renewingMs: LEASE_MS }))).deep.equal([lapsed]);
    expect(judged(engine('a', {}, { renewingMs: LEASE_MS - 1 }))).deep.equal([]);
    expect(judged(engine('a', {}, { isLeaseValid: false }))).deep.equal([]);
  });
});

describe('placement by chance', () => {
  it('gives each of four engines its part of 10,000 symbols, a tenth more or less', () => {
    const parts = new Map<string | undefined, number>();
    for (let i = 0; i < 10_000; i += 1) {
      const name = rendezvous(symbolKey(`S${i}-USD`), ['engine-1', 'engine-2', 'engine-3', 'engine-4']);
      parts.set(name, (parts.get(name) ?? 0) + 1);
    }
    expect(parts.size).equal(4);
    for (const part of parts.values()) expect(part).within(2_250, 2_750);
  });
});

describe('what an engine keeps', () => {
  const isOwn = ({ owner }: Owned): boolean => owner?.name === 'a';
  const row = (name: string | undefined, epoch: number) =>
    new Map([
      [
        'A-USD',
        { owner: name === undefined ? undefined : { name, incarnation: 1 }, epoch, placedOn: undefined },
      ],
    ]);

  it('is found once, whichever comes first, the answer or the view', () => {
    const kept = new KeptItems<string>();
    expect(kept.add(new Map([['A-USD', 3]])).size).equal(1);
    expect(kept.compare(row('a', 3), isOwn)).deep.equal({ lost: [], found: new Map(), gone: [] });
    const other = new KeptItems<string>();
    expect(other.compare(row('a', 3), isOwn).found.get('A-USD')).equal(3);
    expect(other.add(new Map([['A-USD', 3]])).size).equal(0);
  });

  it('is not lost by a view of before it was taken', () => {
    const kept = new KeptItems<string>();
    kept.add(new Map([['A-USD', 3]]));
    expect(kept.compare(row('b', 2), isOwn).lost).deep.equal([]);
    expect(kept.compare(row('b', 4), isOwn).lost).deep.equal(['A-USD']);
    expect(kept.compare(row('b', 4), isOwn).lost).deep.equal([]);
  });

  it('is not found again by a view of before it was released', () => {
    const kept = new KeptItems<string>();
    kept.add(new Map([['A-USD', 3]]));
    expect(kept.begin(['A-USD', 'B-USD'])).deep.equal(['A-USD']);
    expect(kept.begin(['A-USD'])).deep.equal([]);
    kept.end(['A-USD'], true, new Map([['A-USD', 4]]));
    expect(kept.compare(row('a', 3), isOwn).found.size).equal(0);
    expect(kept.compare(row('a', 5), isOwn).found.get('A-USD')).equal(5);
  });

  it('is found again when it was forgotten and could not be released', () => {
    const kept = new KeptItems<string>();
    kept.add(new Map([['A-USD', 3]]));
    kept.begin(['A-USD']);
    kept.end(['A-USD'], true, new Map());
    expect(kept.compare(row('a', 3), isOwn).found.get('A-USD')).equal(3);
  });
});

/** Engines that hand symbols over: the one reads beforehand what it can, the other waits for that, within a bound. */
import { expect } from 'chai';
import type { ClusterNode, ClusterView, Epochs, Items, Membership } from '../../src/cluster/membership.ts';
import { isSameNode } from '../../src/cluster/node-id.ts';
import { keepOwnership } from '../../src/cluster/ownership-keeper.ts';
import { silentLog } from '../../src/platform/log.ts';
import { nodeInView } from '../support/cluster-view.ts';
import { ManualClock } from '../support/manual-clock.ts';

const PREPARE_MS = 2_000;
const NO_SHARDS = new Map<number, never>();

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** The rows of one cluster, which every node sees at once. */
class Rows {
  view: ClusterView;
  readonly #listeners: (() => void)[] = [];

  constructor(nodes: readonly ClusterNode[], symbols: Readonly<Record<string, string>>) {
    const owned = Object.entries(symbols).map(([symbol, name]) => {
      const owner = nodes.find((node) => node.name === name);
      return [symbol, { owner, epoch: 1, placedOn: undefined }] as const;
    });
    this.view = { nodes, ownership: { symbols: new Map(owned), shards: NO_SHARDS }, readAt: 0 };
  }

  node(name: string): ClusterNode {
    const node = this.view.nodes.find((one) => one.name === name);
    if (node === undefined) throw new Error(`there is no ${name}`);
    return node;
  }

  change(symbols: readonly string[], patch: object, raise = false): ReadonlyMap<string, number> {
    const all = new Map(this.view.ownership.symbols);
    const epochs = new Map<string, number>();
    for (const symbol of symbols) {
      const before = all.get(symbol) ?? { owner: undefined, epoch: 0, placedOn: undefined };
      const epoch = before.epoch + (raise ? 1 : 0);
      all.set(symbol, { ...before, ...patch, epoch });
      epochs.set(symbol, epoch);
    }
    this.see({ ownership: { symbols: all, shards: NO_SHARDS } });
    return epochs;
  }

  see(patch: Partial<ClusterView>): void {
    this.view = { ...this.view, ...patch };
    for (const listener of this.#listeners) setImmediate(listener);
  }

  membership(name: string): Membership {
    const self = this.node(name);
    const epochs = (symbols: ReadonlyMap<string, number>): Epochs => ({ symbols, shards: NO_SHARDS });
    return {
      self,
      view: () => this.view,
      viewAgeMs: () => 0,
      onChange: (listener) => {
        this.#listeners.push(() => listener(this.view));
        return () => undefined;
      },
      report: () => undefined,
      isLeaseValid: () => true,
      claim: async ({ symbols }: Items) => {
        const free = symbols.filter((symbol) => this.view.ownership.symbols.get(symbol)?.owner === undefined);
        return epochs(this.change(free, { owner: self, preparedBy: undefined }, true));
      },
      release: async ({ symbols }: Items) => {
        const own = symbols.filter((symbol) =>
          isSameNode(this.view.ownership.symbols.get(symbol)?.owner, self),
        );
        return epochs(this.change(own, { owner: undefined }, true));
      },
      place: async ({ symbols }: Items, placedOn) => void this.change(symbols, { placedOn }),
      prepared: async (symbols, isPrepared) => {
        if (symbols.length > 0)
          this.change(symbols, { preparedBy: isPrepared ? self.incarnation : undefined });
      },
      leave: async () => undefined,
    };
  }
}

describe('a symbol that is to move', () => {
  let rows: Rows;
  let clock: ManualClock;
  let events: string[];
  let isReading: Promise<void>;
  let stops: (() => void)[];
  beforeEach(() => {
    clock = new ManualClock(0);
    events = [];
    stops = [];
    isReading = Promise.resolve();
  });
  afterEach(() => {
    for (const stop of stops) stop();
  });

  function keep(...names: readonly string[]): void {
    for (const name of names) {
      const note = (what: string, symbols: Iterable<string>): void => {
        for (const symbol of symbols) events.push(`${name} ${what} ${symbol}`);
      };
      stops.push(
        keepOwnership({
          membership: rows.membership(name),
          fixed: new Map(),
          clock,
          log: silentLog,
          prepareMs: PREPARE_MS,
          preparation: {
            async prepareBook(symbol) {
              note('reads', [symbol]);
              await isReading;
              note('has read', [symbol]);
            },
            forgetPreparedBook: (symbol) => note('forgets', [symbol]),
          },
          handlers: {
            onTaken: ({ symbols }) => note('takes', symbols.keys()),
            giveUp: async ({ symbols }) => note('gives up', symbols),
            onReleased: ({ symbols }) => note('releases', symbols),
            onLost: ({ symbols }) => note('loses', symbols),
          },
        }),
      );
    }
  }

  function engines(...names: readonly string[]): readonly ClusterNode[] {
    return names.map((name, index) => nodeInView({ name, incarnation: index + 1 }, 'engine'));
  }

  it('stays until the engine that is to have it has read it', async () => {
    rows = new Rows(engines('a', 'b'), { X: 'a', Y: 'a' });
    keep('a', 'b');
    await turns();
    events = [];
    let end = (): void => undefined;
    isReading = new Promise((resolve) => {
      end = resolve;
    });
    await rows.membership('a').place({ symbols: ['X'], shards: [] }, 'b');
    await turns();
    clock.advance(PREPARE_MS - 1);
    await turns();
    expect(events).to.deep.equal(['b reads X']);
    end();
    await turns();
    expect(events).to.deep.equal(['b reads X', 'b has read X', 'a gives up X', 'a releases X', 'b takes X']);
    expect(rows.view.ownership.symbols.get('X')).to.deep.include({ epoch: 3, preparedBy: undefined });
  });

  it('goes all the same when that takes too long', async () => {
    rows = new Rows(engines('a', 'b'), { X: 'a' });
    keep('a', 'b');
    await turns();
    events = [];
    isReading = new Promise(() => undefined);
    await rows.membership('a').place({ symbols: ['X'], shards: [] }, 'b');
    await turns();
    clock.advance(PREPARE_MS);
    await turns();
    expect(events).to.deep.equal(['b reads X', 'a gives up X', 'a releases X', 'b takes X']);
  });

  it('is forgotten by an engine that is not to have it after all, and read anew when it is again', async () => {
    rows = new Rows(engines('a', 'b', 'c'), { X: 'a' });
    // The owner does not look yet.
    keep('b');
    await rows.membership('a').place({ symbols: ['X'], shards: [] }, 'b');
    await turns();
    expect(rows.view.ownership.symbols.get('X')?.preparedBy).to.equal(2);
    await rows.membership('a').place({ symbols: ['X'], shards: [] }, 'c');
    await turns();
    expect(rows.view.ownership.symbols.get('X')?.preparedBy).to.equal(undefined);
    await rows.membership('a').place({ symbols: ['X'], shards: [] }, 'b');
    await turns();
    expect(events).to.deep.equal(['b reads X', 'b has read X', 'b forgets X', 'b reads X', 'b has read X']);
  });

  it('is read before by whoever will have it when its owner drains, and by nobody else', async () => {
    const symbols = ['A', 'B', 'C', 'D', 'E', 'F'];
    rows = new Rows(engines('a', 'b', 'c'), Object.fromEntries(symbols.map((symbol) => [symbol, 'a'])));
    keep('a', 'b', 'c');
    await turns();
    events = [];
    rows.see({
      nodes: rows.view.nodes.map((node) =>
        node.name === 'a' ? { ...node, report: { ...node.report, draining: true } } : node,
      ),
    });
    await turns();
    const of = (what: string) => events.filter((event) => event.slice(2).startsWith(`${what} `)).toSorted();
    const keysOf = (what: string) => of(what).map((event) => event.replace(` ${what}`, ''));
    expect(
      keysOf('takes')
        .map((event) => event.slice(2))
        .toSorted(),
    ).to.deep.equal(symbols);
    expect(keysOf('takes')).to.deep.equal(keysOf('has read'));
    for (const symbol of symbols) {
      const ofSymbol = events
        .filter((event) => event.endsWith(` ${symbol}`))
        .map((event) => event.slice(2, -2));
      expect(ofSymbol).to.deep.equal(['reads', 'has read', 'gives up', 'releases', 'takes']);
    }
  });
});

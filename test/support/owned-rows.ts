/**
 * Who owns what, as rows of a cluster have it, in memory: and the store in memory as several engines write to it, each
 * under the epochs that it has.
 */
import type { ClaimedBook, CommitBatch, CommitOutcome, Store } from '../../src/actors/ports.ts';
import {
  ACCOUNT_SHARD_COUNT,
  type Epochs,
  type Items,
  type Owned,
  type Ownership,
} from '../../src/cluster/membership.ts';
import { isSameNode, type NodeId } from '../../src/cluster/node-id.ts';
import type { MemoryStore } from './memory-store.ts';

const NOBODYS: Owned = { owner: undefined, epoch: 0, placedOn: undefined };

export class OwnedRows {
  readonly #store: MemoryStore;
  readonly #symbols = new Map<string, Owned>();
  readonly #shards = new Map<number, Owned>();
  /** Of each writer, the last of its commits. */
  readonly #commits = new Map<string, number>();
  /** How often accounts have been read. */
  accountLoads = 0;
  #lastCommit: Promise<unknown> = Promise.resolve();

  constructor(store: MemoryStore, symbols: readonly string[]) {
    this.#store = store;
    for (const symbol of symbols) this.#symbols.set(symbol, NOBODYS);
    for (let shard = 0; shard < ACCOUNT_SHARD_COUNT; shard += 1) this.#shards.set(shard, NOBODYS);
  }

  /** As it is now. */
  ownership(): Ownership {
    return { symbols: new Map(this.#symbols), shards: new Map(this.#shards) };
  }

  /** The next owner of all of them, or nobody, under their next epochs. */
  put({ symbols, shards }: Items, owner: NodeId | undefined): Epochs {
    const epochs = { symbols: new Map<string, number>(), shards: new Map<number, number>() };
    for (const symbol of symbols) {
      const epoch = (this.#symbols.get(symbol)?.epoch ?? 0) + 1;
      this.#symbols.set(symbol, { owner, epoch, placedOn: undefined });
      this.#store.takeOver(symbol);
      epochs.symbols.set(symbol, epoch);
    }
    for (const shard of shards) {
      const epoch = (this.#shards.get(shard)?.epoch ?? 0) + 1;
      this.#shards.set(shard, { owner, epoch, placedOn: undefined });
      epochs.shards.set(shard, epoch);
    }
    return epochs;
  }

  /** What of the items `owner` has. */
  ownedBy(owner: NodeId, { symbols, shards }: Items): Items {
    return {
      symbols: symbols.filter((symbol) => isSameNode(this.#symbols.get(symbol)?.owner, owner)),
      shards: shards.filter((shard) => isSameNode(this.#shards.get(shard)?.owner, owner)),
    };
  }

  /** The store as an engine has it: commits of all one after the other, each engine with numbers of its own. */
  writer(self: NodeId): Store {
    const store = this.#store;
    const writer = self.name;
    const lastCommitNo = this.#commits.get(writer) ?? 0;
    this.#commits.set(writer, lastCommitNo);
    return {
      writer,
      hasOtherWriters: true,
      lastCommitNo,
      commit: (batch) => {
        const commit = this.#lastCommit.then(() => this.#commit(writer, batch));
        this.#lastCommit = commit;
        return commit;
      },
      claimBooks: async (symbols) => this.#read(self, symbols),
      loadOrders: (book, after) => store.loadOrders(book, after),
      loadAccount: async (userId, tradingDay) => {
        this.accountLoads += 1;
        const loaded = await store.loadAccount(userId, tradingDay);
        return { ...loaded, commits: new Map(this.#commits) };
      },
      loadOrder: (userId, orderId) => store.loadOrder(userId, orderId),
      openSession: (request) => store.openSession(request),
      loadMessages: () => store.loadMessages(),
      pendingCancels: () => store.pendingCancels(),
      loadUndelivered: () => store.loadUndelivered(),
      resetSession: () => store.resetSession(),
      succeeded: () => store.succeeded(),
    };
  }

  async #commit(writer: string, batch: CommitBatch): Promise<CommitOutcome> {
    const stale = (batch.shards ?? []).filter(({ shard, epoch }) => this.#shards.get(shard)?.epoch !== epoch);
    if (stale.length > 0) {
      return { type: 'NotOwner', symbols: [], shards: stale.map(({ shard }) => shard), sessions: [] };
    }
    const outcome = await this.#store.commit({ ...batch, commitNo: this.#store.lastCommitNo + 1 });
    if (outcome.type === 'Committed') this.#commits.set(writer, batch.commitNo);
    return outcome;
  }

  async #read(self: NodeId, symbols: readonly string[]): Promise<readonly ClaimedBook[]> {
    const owned = this.ownedBy(self, { symbols, shards: [] });
    return this.#store.readBooks(owned.symbols);
  }
}

/**
 * What an engine's actors do when rows make symbols and shards of accounts theirs, or others'. It knows what this node has
 * as its actors have been told, which is what it may act upon; who keeps the rows is src/cluster/ownership-keeper.ts.
 */
import type { UserId } from '../matching/types.ts';
import type { CancelTimer, Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ActorSystem } from './actor-system.ts';
import type { CommandsInFlight } from './commands-in-flight.ts';
import type { CommandsUnderWay } from './commands-under-way.ts';
import type { Address, ShardEpoch } from './protocol.ts';

export interface OwnershipOptions {
  readonly system: Pick<ActorSystem, 'tell' | 'ask'>;
  readonly clock: Clock;
  readonly log: Log;
  /** What gateways have asked of accounts here. */
  readonly underWay: Pick<CommandsUnderWay, 'countOf'>;
  /** What operators have asked of them. */
  readonly inFlight: Pick<CommandsInFlight, 'countOf'>;
  /** The number of the shard of a member's account. */
  readonly shardNoOf: (userId: UserId) => number;
  /** While commands run again after a refused commit nothing can leave. */
  readonly isRedoing: () => boolean;
  /** Another has symbols of this node though it lives: this life is over. */
  readonly onOwnershipLost: (symbols: readonly string[], shards: readonly number[]) => void;
  /** How long what is on its way may take to end before it stays; then all of it stays, ms. */
  readonly giveUpMs?: number;
  /** Absent: no other node commits what concerns accounts. */
  readonly others?: {
    /** Members whose accounts live here. */
    readonly accounts: () => Iterable<UserId>;
    /** Until then every living node has seen who owns what was taken, ms: a lease. */
    readonly seenAfterMs: number;
  };
}

interface Items {
  readonly symbols: readonly string[];
  readonly shards: readonly number[];
}

interface Epochs {
  readonly symbols: ReadonlyMap<string, number>;
  readonly shards: ReadonlyMap<number, number>;
}

/** The handlers of a keeper, and what they have learnt from it. */
export interface OwnershipOfNode {
  onTaken(taken: Epochs): void;
  giveUp(items: Items, withinMs?: number): Promise<void>;
  onReleased(items: Items): void;
  onLost(items: Items): void;
  /** By what right the account of a member lives here; undefined: it does not. */
  shardOf(userId: UserId): ShardEpoch | undefined;
  /** Whether new commands for the account are taken: not while it is about to leave. */
  ownsAccount(userId: UserId): boolean;
  /** Under which this node has the book; undefined: it does not. */
  epochOfBook(symbol: string): number | undefined;
}

const DEFAULT_GIVE_UP_MS = 2_000;
/** How often it is looked whether the commands of accounts that leave are answered. */
const LOOK_MS = 5;
const EXCHANGE: Address = { type: 'exchange' };

export function ownershipHandlers(options: OwnershipOptions): OwnershipOfNode {
  const { system, clock, log, underWay, inFlight, shardNoOf, isRedoing } = options;
  const { giveUpMs = DEFAULT_GIVE_UP_MS } = options;
  const books = new Map<string, number>();
  const shards = new Map<number, number>();
  const leavingShards = new Set<number>();

  function onTaken(taken: Epochs): void {
    for (const [symbol, epoch] of taken.symbols) {
      books.set(symbol, epoch);
      system.tell({ type: 'book', symbol }, { type: 'BookTaken', epoch });
    }
    const outdated: number[] = [];
    for (const [shard, epoch] of taken.shards) {
      const before = shards.get(shard);
      // In between it may have been another's, who has changed what the accounts here know.
      if (before !== undefined && before !== epoch) outdated.push(shard);
      shards.set(shard, epoch);
      leavingShards.delete(shard);
    }
    stopAccounts(outdated);
    if (taken.shards.size > 0) loadAgainWhenSeen(taken.shards);
    log.info('taken', { symbols: taken.symbols.size, shards: taken.shards.size });
  }

  /**
   * An engine that does not know yet where an account lives tells nobody of what it commits for it: the account reads that
   * once all know. Until then it knows of too few free funds and of orders that are closed, never of too much.
   */
  function loadAgainWhenSeen(taken: ReadonlyMap<number, number>): void {
    const { others } = options;
    if (others === undefined) return;
    clock.after(others.seenAfterMs, () => {
      for (const userId of others.accounts()) {
        const own = shardOf(userId);
        if (own === undefined || taken.get(own.shard) !== own.epoch) continue;
        const readAgain = { type: 'JudgeAgain', moved: undefined, lastMoveNo: 0, asked: [] } as const;
        system.tell({ type: 'account', userId }, readAgain);
      }
    });
  }

  function stopAccounts(gone: readonly number[]): void {
    if (gone.length > 0) system.tell(EXCHANGE, { type: 'AccountsGone', shards: gone });
  }

  // ---- Giving up ------------------------------------------------------------------------------------------

  /** Accounts first: their commands may need the books. */
  async function giveUp(items: Items, withinMs = giveUpMs): Promise<void> {
    for (const shard of items.shards) leavingShards.add(shard);
    try {
      refuseWhileRedoing();
      await untilAnswered(new Set(items.shards), withinMs);
      await Promise.all(items.symbols.map(leave));
      // A book that has left has waited for its commits itself.
      if (items.shards.length > 0) await untilCommitted();
      refuseWhileRedoing();
    } catch (error) {
      stay(items);
      throw error;
    }
  }

  function untilCommitted(): Promise<void> {
    return told((replyTo) =>
      system.tell(
        { type: 'persistence' },
        { type: 'AwaitCommits', to: replyTo, message: { type: 'Drained' } },
      ),
    );
  }

  function refuseWhileRedoing(): void {
    if (isRedoing()) throw new Error('commands run again after a refused commit');
  }

  function stay(items: Items): void {
    for (const shard of items.shards) leavingShards.delete(shard);
    for (const symbol of items.symbols) {
      const epoch = books.get(symbol);
      if (epoch !== undefined) system.tell({ type: 'book', symbol }, { type: 'BookTaken', epoch });
    }
  }

  function untilAnswered(leaving: ReadonlySet<number>, withinMs: number): Promise<void> {
    const isLeaving = (userId: UserId): boolean => leaving.has(shardNoOf(userId));
    const countLeft = (): number =>
      leaving.size === 0 ? 0 : underWay.countOf(isLeaving) + inFlight.countOf(isLeaving);
    if (countLeft() === 0) return Promise.resolve();
    const deadline = clock.now() + withinMs;
    return new Promise((resolve, reject) => {
      const stop: CancelTimer = clock.every(LOOK_MS, () => {
        const left = countLeft();
        if (left > 0 && clock.now() < deadline && !isRedoing()) return;
        stop();
        if (left === 0) resolve();
        else reject(new Error(`${left} commands of the accounts are under way`));
      });
    });
  }

  function leave(symbol: string): Promise<void> {
    return told((replyTo) => system.tell({ type: 'book', symbol }, { type: 'BookLeaving', replyTo }));
  }

  async function told(tellIt: (replyTo: Address) => void): Promise<void> {
    const reply = await system.ask(tellIt, giveUpMs);
    if (reply.type !== 'Drained') throw new Error(reply.type === 'CommandRejected' ? reply.text : reply.type);
  }

  // ---- Gone -----------------------------------------------------------------------------------------------

  function onReleased(items: Items): void {
    for (const symbol of items.symbols) {
      books.delete(symbol);
      system.tell({ type: 'book', symbol }, { type: 'BookGone' });
    }
    forget(items.shards);
  }

  function forget(gone: readonly number[]): void {
    for (const shard of gone) {
      shards.delete(shard);
      leavingShards.delete(shard);
    }
    stopAccounts(gone);
  }

  function onLost(items: Items): void {
    log.error('others have what this node had', { symbols: items.symbols, shards: items.shards });
    forget(items.shards);
    if (items.symbols.length > 0) options.onOwnershipLost(items.symbols, items.shards);
  }

  function shardOf(userId: UserId): ShardEpoch | undefined {
    const shard = shardNoOf(userId);
    const epoch = shards.get(shard);
    return epoch === undefined ? undefined : { shard, epoch };
  }

  return {
    onTaken,
    giveUp,
    onReleased,
    onLost,
    shardOf,
    ownsAccount: (userId) => shardOf(userId) !== undefined && !leavingShards.has(shardNoOf(userId)),
    epochOfBook: (symbol) => books.get(symbol),
  };
}

/**
 * Acts on the plans of ownership-plan.ts for one engine: takes what is its to take, hands over what should be elsewhere,
 * and says when something is another's. The engine's actors are behind {@link OwnershipHandlers}.
 */
import type { CancelTimer, Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { KeptItems } from './kept-items.ts';
import type { ClusterView, Epochs, Items, Membership, Owned } from './membership.ts';
import { isSameNode } from './node-id.ts';
import {
  eligibleEngines,
  type FixedPlacement,
  itemCount,
  itemsToGiveUp,
  itemsToTake,
  symbolsToExpect,
} from './ownership-plan.ts';

export interface OwnershipHandlers {
  /** These are owned from now on, under these epochs: load and serve them. */
  onTaken(taken: Epochs): void;
  /**
   * Finish what is on its way in these, within so many ms, and forget them; they are released when this resolves, kept when
   * it rejects.
   */
  giveUp(items: Items, withinMs?: number): Promise<void>;
  /** What was given up is released in rows: others can take it. */
  onReleased(items: Items): void;
  /** Another owns these, or nobody: what memory holds of them is void. */
  onLost(items: Items): void;
}

/** What shortens the load of a symbol that comes from another engine. */
export interface Preparation {
  prepareBook(symbol: string): Promise<void>;
  forgetPreparedBook(symbol: string): void;
}

export interface OwnershipKeeperOptions {
  readonly membership: Membership;
  readonly handlers: OwnershipHandlers;
  readonly fixed: FixedPlacement;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: there is nothing to do before a symbol comes. */
  readonly preparation?: Preparation | undefined;
  /** For how long a symbol stays for the node that is to have it to prepare, ms. */
  readonly prepareMs?: number;
  /** For how long an engine without NATS keeps what others, which have it, could take. */
  readonly natsGraceMs?: number;
  /** It could not give that up in order: what is on its way needs NATS. Its life should end, as if it had crashed. */
  readonly onCutOff?: (reason: string) => void;
}

const DEFAULT_NATS_GRACE_MS = 2_000;
/** Without NATS what has not ended by then will not end: answers of other nodes do not come. */
const CUT_OFF_GIVE_UP_MS = 200;
/** Time passes without any change of a view, and a database may have been away. */
const LOOK_INTERVAL_MS = 1_000;
const DEFAULT_PREPARE_MS = 2_000;
/** Symbols that are prepared for before their owners are told so, together. */
const PREPARED_TOGETHER = 20;
/** After a claim that has left out what others had locked. */
const RETRY_MS = 50;

/** Begins to act with the view that there is. Returns what ends it; what is owned stays so. */
export function keepOwnership(options: OwnershipKeeperOptions): () => void {
  const keeper = new OwnershipKeeper(options);
  keeper.start();
  return () => keeper.stop();
}

class OwnershipKeeper {
  readonly #options: OwnershipKeeperOptions;
  readonly #symbols = new KeptItems<string>();
  readonly #shards = new KeptItems<number>();
  readonly #stops: CancelTimer[] = [];
  #isStopped = false;
  /** Of others, for which this node has prepared. */
  readonly #prepared = new Set<string>();
  /** Own ones that are to go, and since when. */
  readonly #leavingSince = new Map<string, number>();
  #isClaiming = false;
  #isPreparing = false;
  #hasLostNats = false;
  #stopNatsTimer: CancelTimer | undefined;
  #stopRetry: CancelTimer = () => undefined;

  constructor(options: OwnershipKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    const { membership, clock } = this.#options;
    this.#stops.push(membership.onChange(() => this.#look()));
    this.#stops.push(clock.every(LOOK_INTERVAL_MS, () => this.#look()));
    this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    for (const stop of this.#stops) stop();
    this.#stopNatsTimer?.();
    this.#stopRetry();
  }

  #look(): void {
    if (this.#isStopped) return;
    const { membership, fixed } = this.#options;
    const view = membership.view();
    this.#watchNats(view);
    this.#compare(view);
    void this.#claim(itemsToTake(view, membership.self, fixed));
    void this.#giveUp(this.#whatMayGo(view, itemsToGiveUp(view, membership.self, fixed, this.#hasLostNats)));
    void this.#prepare(view);
  }

  /**
   * Counted from when others could take what this engine has: NATS that was away from all comes back to one after the
   * other, and that is no reason to move anything.
   */
  #watchNats(view: ClusterView): void {
    const { membership, clock, natsGraceMs = DEFAULT_NATS_GRACE_MS } = this.#options;
    const own = view.nodes.find((node) => isSameNode(node, membership.self));
    const isReached = own === undefined || own.report.natsReachable;
    if (isReached || !eligibleEngines(view).some(({ report }) => report.natsReachable)) {
      this.#stopNatsTimer?.();
      this.#stopNatsTimer = undefined;
      this.#hasLostNats = false;
      return;
    }
    this.#stopNatsTimer ??= clock.after(natsGraceMs, () => {
      this.#hasLostNats = true;
      this.#look();
    });
  }

  /** Rows know best: an answer may have been lost, and a claim may have been younger than the view. */
  #compare({ ownership }: ClusterView): void {
    const { membership, handlers } = this.#options;
    const isOwn = ({ owner }: Owned): boolean => isSameNode(owner, membership.self);
    const symbols = this.#symbols.compare(ownership.symbols, isOwn);
    const shards = this.#shards.compare(ownership.shards, isOwn);
    const gone = { symbols: symbols.gone, shards: shards.gone };
    if (itemCount(gone) > 0) handlers.onReleased(gone);
    const lost = { symbols: symbols.lost, shards: shards.lost };
    if (itemCount(lost) > 0) handlers.onLost(lost);
    if (symbols.found.size + shards.found.size > 0) {
      handlers.onTaken({ symbols: symbols.found, shards: shards.found });
    }
  }

  async #claim(items: Items): Promise<void> {
    const { membership, handlers, log, clock } = this.#options;
    if (itemCount(items) === 0 || this.#isClaiming || !membership.isLeaseValid()) return;
    this.#isClaiming = true;
    try {
      const begun = clock.now();
      const taken = await membership.claim(items);
      if (this.#isStopped) return;
      const counts = { symbols: taken.symbols.size, shards: taken.shards.size };
      log.info('claimed', { ...counts, claimMs: clock.now() - begun });
      const symbols = this.#symbols.add(taken.symbols);
      const shards = this.#shards.add(taken.shards);
      if (symbols.size + shards.size > 0) handlers.onTaken({ symbols, shards });
      if (counts.symbols + counts.shards < itemCount(items)) {
        this.#stopRetry();
        this.#stopRetry = clock.after(RETRY_MS, () => this.#look());
      }
    } catch (error) {
      log.warn('claim failed', { reason: reasonOf(error) });
    } finally {
      this.#isClaiming = false;
    }
  }

  /** Symbols stay until who is to have them is prepared: members do not wait for what can be done before. */
  #whatMayGo(view: ClusterView, { symbols, shards }: Items): Items {
    const { membership, clock, prepareMs = DEFAULT_PREPARE_MS } = this.#options;
    const now = clock.now();
    const leaving = new Set(symbols);
    for (const symbol of this.#leavingSince.keys()) {
      if (!leaving.has(symbol)) this.#leavingSince.delete(symbol);
    }
    if (symbols.length === 0 || this.#hasLostNats) return { symbols, shards };
    const others = eligibleEngines(view).filter((engine) => !isSameNode(engine, membership.self));
    const lives = new Set(others.map(({ incarnation }) => incarnation));
    const mayGo = (symbol: string): boolean => {
      const since = this.#leavingSince.get(symbol) ?? now;
      this.#leavingSince.set(symbol, since);
      const by = view.ownership.symbols.get(symbol)?.preparedBy;
      return (by !== undefined && lives.has(by)) || now - since >= prepareMs;
    };
    return { symbols: symbols.filter(mayGo), shards };
  }

  async #prepare(view: ClusterView): Promise<void> {
    const { membership, fixed, clock, log, preparation } = this.#options;
    if (this.#isPreparing) return;
    const expected = symbolsToExpect(view, membership.self, fixed);
    const forgotten = this.#noLongerExpected(view, new Set(expected));
    const symbols = expected.filter((symbol) => !this.#prepared.has(symbol)).slice(0, PREPARED_TOGETHER);
    if (symbols.length + forgotten.length === 0 || !membership.isLeaseValid()) return;
    this.#isPreparing = true;
    const begun = clock.now();
    for (const symbol of symbols) this.#prepared.add(symbol);
    try {
      await membership.prepared(forgotten, false);
      for (const symbol of symbols) await preparation?.prepareBook(symbol);
      await membership.prepared(symbols, true);
      if (symbols.length > 0) log.info('prepared', { symbols: symbols.length, tookMs: clock.now() - begun });
    } catch (error) {
      for (const symbol of symbols) this.#prepared.delete(symbol);
      log.warn('not prepared', { symbols, reason: reasonOf(error) });
    } finally {
      this.#isPreparing = false;
    }
  }

  /** What is ours, or free, is about to be loaded; what another keeps is not. */
  #noLongerExpected({ nodes, ownership }: ClusterView, expected: ReadonlySet<string>): readonly string[] {
    const { membership, preparation } = this.#options;
    const forgotten: string[] = [];
    for (const symbol of this.#prepared) {
      if (expected.has(symbol)) continue;
      const owner = ownership.symbols.get(symbol)?.owner;
      if (isSameNode(owner, membership.self)) this.#prepared.delete(symbol);
      else if (nodes.some((node) => node.isAlive && isSameNode(node, owner))) {
        this.#prepared.delete(symbol);
        preparation?.forgetPreparedBook(symbol);
        forgotten.push(symbol);
      }
    }
    return forgotten;
  }

  async #giveUp({ symbols, shards }: Items): Promise<void> {
    const items = { symbols: this.#symbols.begin(symbols), shards: this.#shards.begin(shards) };
    if (itemCount(items) === 0) return;
    const { membership, handlers, clock, log } = this.#options;
    let isForgotten = false;
    let released: Epochs = { symbols: new Map(), shards: new Map() };
    log.info('giving up', { symbols: items.symbols.length, shards: items.shards.length });
    const begun = clock.now();
    try {
      await handlers.giveUp(items, this.#hasLostNats ? CUT_OFF_GIVE_UP_MS : undefined);
      isForgotten = true;
      const drained = clock.now();
      released = await membership.release(items);
      const counts = { symbols: released.symbols.size, shards: released.shards.size };
      log.info('given up', { ...counts, drainMs: drained - begun, releaseMs: clock.now() - drained });
    } catch (error) {
      log.warn('not given up', { ...items, reason: reasonOf(error) });
      if (this.#hasLostNats && !this.#isStopped) this.#options.onCutOff?.(reasonOf(error));
    } finally {
      this.#symbols.end(items.symbols, isForgotten, released.symbols);
      this.#shards.end(items.shards, isForgotten, released.shards);
      const left = { symbols: [...released.symbols.keys()], shards: [...released.shards.keys()] };
      if (itemCount(left) > 0) handlers.onReleased(left);
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Acts on the plans of ownership-plan.ts for one engine: takes what is its to take, hands over what should be elsewhere,
 * and says when something is another's. The engine's actors are behind {@link OwnershipHandlers}.
 */
import type { CancelTimer, Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { KeptItems } from './kept-items.ts';
import type { ClusterView, Epochs, Items, Membership, Owned } from './membership.ts';
import { isSameNode } from './node-id.ts';
import { type FixedPlacement, itemCount, itemsToGiveUp, itemsToTake } from './ownership-plan.ts';

export interface OwnershipHandlers {
  /** These are owned from now on, under these epochs: load and serve them. */
  onTaken(taken: Epochs): void;
  /** Finish what is on its way in these and forget them; they are released when this resolves, kept when it rejects. */
  giveUp(items: Items): Promise<void>;
  /** Another owns these, or nobody: what memory holds of them is void. */
  onLost(items: Items): void;
}

export interface OwnershipKeeperOptions {
  readonly membership: Membership;
  readonly handlers: OwnershipHandlers;
  readonly fixed: FixedPlacement;
  readonly clock: Clock;
  readonly log: Log;
  /** For how long an engine without NATS keeps what others could take. */
  readonly natsGraceMs?: number;
}

const DEFAULT_NATS_GRACE_MS = 2_000;
/** Time passes without any change of a view, and a database may have been away. */
const LOOK_INTERVAL_MS = 1_000;
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
  #isClaiming = false;
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
    void this.#giveUp(itemsToGiveUp(view, membership.self, fixed, this.#hasLostNats));
  }

  #watchNats({ nodes }: ClusterView): void {
    const { membership, clock, natsGraceMs = DEFAULT_NATS_GRACE_MS } = this.#options;
    const own = nodes.find((node) => isSameNode(node, membership.self));
    if (own === undefined || own.report.natsReachable) {
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
      const taken = await membership.claim(items);
      if (this.#isStopped) return;
      const symbols = this.#symbols.add(taken.symbols);
      const shards = this.#shards.add(taken.shards);
      if (symbols.size + shards.size > 0) handlers.onTaken({ symbols, shards });
      if (taken.symbols.size + taken.shards.size < itemCount(items)) {
        this.#stopRetry();
        this.#stopRetry = clock.after(RETRY_MS, () => this.#look());
      }
    } catch (error) {
      log.warn('claim failed', { reason: reasonOf(error) });
    } finally {
      this.#isClaiming = false;
    }
  }

  async #giveUp({ symbols, shards }: Items): Promise<void> {
    const items = { symbols: this.#symbols.begin(symbols), shards: this.#shards.begin(shards) };
    if (itemCount(items) === 0) return;
    const { membership, handlers, log } = this.#options;
    let isForgotten = false;
    let released: Epochs = { symbols: new Map(), shards: new Map() };
    try {
      await handlers.giveUp(items);
      isForgotten = true;
      released = await membership.release(items);
    } catch (error) {
      log.warn('not given up', { ...items, reason: reasonOf(error) });
    } finally {
      this.#symbols.end(items.symbols, isForgotten, released.symbols);
      this.#shards.end(items.shards, isForgotten, released.shards);
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * What an exchange of a cluster passes on: operators ask any node, and what they ask is done where the account or the book
 * lives. Nothing is kept here, and nothing goes further than once: whoever asks waits for a bounded time and may ask again.
 */
import { FEE_USER_ID } from '../accounts/fees.ts';
import type { UserId } from '../matching/types.ts';
import type { BookRoute } from './book-proxy-options.ts';
import type { EngineRoute } from './order-router.ts';
import type {
  CancelSymbolOrders,
  ShardEpoch,
  SubmitAccountCommand,
  SubmitTradeAmendment,
  Tell,
  TradingTermsChanged,
} from './protocol.ts';

/** What the exchange of a node in a cluster knows of the others. */
export interface ExchangeCluster {
  /** The name of this node. */
  readonly self: string;
  /** From where this life of the node counts what others answer by number; default: 0. */
  readonly firstNo?: number;
  /** It has accounts and books. The exchange of a node that is only a gateway owns nothing. */
  readonly isEngine: boolean;
  /** The shard of a member's account, and by what right it lives here; undefined: it does not. */
  readonly shardOf: (userId: UserId) => ShardEpoch | undefined;
  /** Whether new commands for a member's account are taken here: not while that is about to leave. */
  readonly ownsAccount: (userId: UserId) => boolean;
  /** The number of the shard, whoever has it. */
  readonly shardNoOf: (userId: UserId) => number;
  /** Undefined while nobody has it who can be reached. */
  readonly routeOfAccount: (userId: UserId) => EngineRoute | undefined;
  readonly routeOfBook: (symbol: string) => BookRoute | undefined;
  /** The living node that has the book, reachable or not. */
  readonly ownerOfBook: (symbol: string) => string | undefined;
  /** The other nodes to which there is a link. */
  readonly peers: () => readonly string[];
}

/** What is told to whoever asks for something that no engine can be asked for. */
export const NOBODY_HAS_IT = 'no engine of the venue that has it can be reached now: try again';

/** True from any of these: the message is no longer this node's affair. */
export class Forwarding {
  readonly #tell: Tell;
  readonly #cluster: ExchangeCluster | undefined;

  /** Without a cluster everything is done here. */
  constructor(tell: Tell, cluster: ExchangeCluster | undefined) {
    this.#tell = tell;
    this.#cluster = cluster;
  }

  accountCommand(message: SubmitAccountCommand): boolean {
    const { userId } = message;
    if (this.#cluster === undefined || this.#cluster.ownsAccount(userId)) return false;
    return this.#pass(message, this.#cluster.routeOfAccount(userId));
  }

  /** What has come from another node is done by an engine even if the book is gone again: its proxy knows the way. */
  symbolCancels(message: CancelSymbolOrders): boolean {
    const cluster = this.#cluster;
    if (cluster === undefined || cluster.ownerOfBook(message.symbol) === cluster.self) return false;
    if (message.isForwarded === true && cluster.isEngine) return false;
    return this.#pass(message, cluster.routeOfBook(message.symbol));
  }

  /**
   * Trades are amended one at a time in the whole venue, and so where the venue's own account lives: each amendment is
   * committed under the epoch of that.
   */
  amendment(message: SubmitTradeAmendment): boolean {
    if (this.#cluster === undefined || this.#cluster.ownsAccount(FEE_USER_ID)) return false;
    return this.#pass(message, this.#cluster.routeOfAccount(FEE_USER_ID));
  }

  /** Nobody waits for it, and an account that does not live will read its rows. */
  terms(message: TradingTermsChanged): void {
    const { userId, isForwarded } = message;
    if (this.#cluster === undefined || isForwarded === true) return;
    const route = this.#cluster.routeOfAccount(userId);
    if (route === undefined || route.node === this.#cluster.self) return;
    this.#tell({ type: 'exchange', node: route.node }, { ...message, isForwarded: true });
  }

  #pass(
    message: SubmitAccountCommand | CancelSymbolOrders | SubmitTradeAmendment,
    route: EngineRoute | undefined,
  ): true {
    if (message.isForwarded === true || route === undefined || route.node === this.#cluster?.self) {
      this.#tell(message.replyTo, { type: 'CommandRejected', text: NOBODY_HAS_IT });
    } else {
      this.#tell({ type: 'exchange', node: route.node }, { ...message, isForwarded: true });
    }
    return true;
  }
}

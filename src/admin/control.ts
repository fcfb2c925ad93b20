/**
 * The venue as its operators' API sees it: committed rows, a way to tell actors something, and what the node
 * knows about itself. The node implements it; tests put a fake in its place.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Address, Reply, Tell, TradingStatus } from '../actors/protocol.ts';
import type { BooksStatus } from './books-status.ts';
import type { ClusterControl } from './cluster-control.ts';

/** What a node says about itself; from memory, never from the database, so that it answers without one. */
export interface VenueStatus {
  readonly node: string;
  readonly venueCompId: string;
  readonly uptimeMs: number;
  /** No new orders are taken, since the node is stopping. */
  readonly draining: boolean;
  readonly database: { readonly up: boolean; readonly reason?: string | undefined };
  /** Of the first listener. */
  readonly fixPort: number;
  /** Where members connect. */
  readonly listeners: readonly ListenerStatus[];
  /** Connections, logged on or not. */
  readonly sessions: readonly SessionStatus[];
  readonly symbols: readonly SymbolStatus[];
  readonly commits: {
    /** Number of the last commit. */
    readonly lastNo: number;
    /** Events in the last commit. */
    readonly lastBatch: number;
  };
  /** Commands taken and not committed yet. */
  readonly commandsInFlight: number;
}

export interface ListenerStatus {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: 'none' | 'server' | 'client certificates';
  /** Members come through a load balancer that says who they are. */
  readonly proxyProtocol: boolean;
}

export interface SessionStatus {
  /** SenderCompID (49); undefined before the Logon. */
  readonly compId: number | undefined;
  /** When the connection was opened, ms since the epoch. */
  readonly since: number;
  readonly remoteAddress: string;
}

export interface SymbolStatus {
  readonly symbol: string;
  readonly status: TradingStatus;
  /** False while the book is being built from rows. */
  readonly ready: boolean;
  /** Decimal text; undefined when there is none. */
  readonly referencePrice: string | undefined;
}

export interface Readiness {
  /** Members can log on and trade; a book that is still loading answers when it is loaded. */
  readonly ready: boolean;
  /** Why not, in words for an operator. */
  readonly reasons: readonly string[];
  /** Of the database, which is among the reasons. */
  readonly databaseFault?: string | undefined;
  readonly books: BooksStatus;
}

export interface VenueControl {
  /** Read and written through a fork per request. */
  readonly orm: MikroORM;
  /** Ms since the epoch. */
  now(): number;
  /** The gateway that members' sessions belong to; in a cluster, this node's. */
  readonly gatewayName: string;
  /** Undefined: the node is a venue by itself. */
  readonly cluster?: ClusterControl | undefined;
  readonly tell: Tell;
  /** Resolves with the actors' answer to what `tellIt` sends; rejects when none comes within a bound. */
  ask(tellIt: (replyTo: Address) => void): Promise<Reply>;
  /** Figures of the node, as text of the type that it says. */
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  status(): VenueStatus;
  /** Whether the database answers now, in words for an operator when it does not; takes about a second at most. */
  databaseFault(): Promise<string | undefined>;
  readiness(): Promise<Readiness>;
  /** Argon2id in PHC format. */
  hashPassword(password: string): Promise<string>;
}

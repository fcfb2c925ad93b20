/**
 * Who is in the cluster and who owns what, as a port: everything that a node may rely on when it talks about others.
 * The rows behind it are in src/persistence/cluster; what follows from a view is in placement.ts and ownership-plan.ts.
 */
import type { NodeId } from './node-id.ts';

/** What a node does for the venue. */
export type Role = 'gateway' | 'engine' | 'dns';

/** Accounts are owned by the shard. */
export const ACCOUNT_SHARD_COUNT = 64;

/** The shard in which the account of a user lives. */
export function shardOf(userId: number): number {
  return userId % ACCOUNT_SHARD_COUNT;
}

/** Where members reach a gateway. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What a node says of itself with every renewal of its lease. */
export interface NodeReport {
  readonly natsReachable: boolean;
  /** It can serve: a gateway members, an engine books and accounts. */
  readonly ready: boolean;
  /** It gives up what it has and takes nothing. */
  readonly draining: boolean;
  /** FIX connections that are open, and how many it takes at most. */
  readonly connections: number;
  readonly maxConnections: number;
  /** By how much its clock is ahead of the database's, ms (clock-offset.ts); membership itself finds it out. */
  readonly clockOffsetMs: number;
  readonly endpoints: readonly Endpoint[];
}

/** A node in its latest life. */
export interface ClusterNode extends NodeId {
  readonly roles: readonly Role[];
  /** Of the messages between nodes. */
  readonly protocolVersion: number;
  /** Of what all nodes must have alike in their configurations (config-digest.ts). */
  readonly configDigest: string;
  /** Ms since the epoch, as the database counts them. */
  readonly startedAt: number;
  /** False once this life has ended: for good, it owns nothing any more. */
  readonly isAlive: boolean;
  /** Why it ended; undefined while it is alive. */
  readonly endReason: string | undefined;
  /** A node that is alive may have let its lease pass: it takes nothing until it has renewed it, or is buried. */
  readonly isLeaseValid: boolean;
  /** Until the lease is over, ms; 0 when it is. */
  readonly leaseLeftMs: number;
  /** Since the last renewal, by the database's clock, ms. */
  readonly leaseAgeMs: number;
  /** For how long the lease has been held without a break, ms. */
  readonly heldMs: number;
  /** For how long no renewal was late, ms: only such a node judges the leases of others. */
  readonly renewingMs: number;
  readonly report: NodeReport;
}

/** Who owns a symbol or a shard, and what placement an operator has asked for. */
export interface Owned {
  /** Undefined: nobody does. */
  readonly owner: NodeId | undefined;
  /** Grows with every change of the owner, a release included. */
  readonly epoch: number;
  /** The name of the node that an operator wants it on. */
  readonly placedOn: string | undefined;
  /** The incarnation of the life that expects it next and has read beforehand what it can. */
  readonly preparedBy?: number | undefined;
}

/** Everything that engines own. */
export interface Ownership {
  /** Every symbol that has an instrument. */
  readonly symbols: ReadonlyMap<string, Owned>;
  /** Every shard of accounts. */
  readonly shards: ReadonlyMap<number, Owned>;
}

/** The cluster at one instant, as rows had it. */
export interface ClusterView {
  /** In order of their names; nodes of the past among them. */
  readonly nodes: readonly ClusterNode[];
  readonly ownership: Ownership;
  /** By the database's clock, ms since the epoch. */
  readonly readAt: number;
}

/** Symbols and shards that are asked for, taken or given up together. */
export interface Items {
  readonly symbols: readonly string[];
  readonly shards: readonly number[];
}

/** What a claim has got, or a release has left, with the epochs from then on. */
export interface Epochs {
  readonly symbols: ReadonlyMap<string, number>;
  readonly shards: ReadonlyMap<number, number>;
}

/** The database does not answer, or not in time: nothing is known, and the same may be asked again. */
export class MembershipUnavailableError extends Error {
  override readonly name = 'MembershipUnavailableError';
}

/** A living node has the name already. */
export class NodeNameTakenError extends Error {
  override readonly name = 'NodeNameTakenError';
}

/** One life of this node in the cluster. */
export interface Membership {
  readonly self: NodeId;
  /** As it was read last. */
  view(): ClusterView;
  /** Since then, by this machine's own count, ms. */
  viewAgeMs(): number;
  /** Called with every view that differs in more than ages and connection counts. Returns what ends it. */
  onChange(listener: (view: ClusterView) => void): () => void;
  /** Tells the others with the next renewal, at once where it changes what the node may be used for. */
  report(patch: Partial<NodeReport>): void;
  /** False: what this node has in memory may be another's by now; nothing may be said from it. */
  isLeaseValid(): boolean;
  /**
   * Takes those of the items that nobody alive owns, under their next epochs; a part of them may be missing in the
   * answer and is free to be asked for again. Nothing is taken without a valid lease.
   *
   * @throws MembershipUnavailableError when it is not known what has been taken: the next view tells.
   */
  claim(items: Items): Promise<Epochs>;
  /**
   * Gives up what this life owns of the items, under their next epochs: a commit that is still on its way is refused.
   * What it did not own is missing in the answer.
   *
   * @throws MembershipUnavailableError when it is not known whether they were.
   */
  release(items: Items): Promise<Epochs>;
  /**
   * Says where an operator wants the items, undefined for nowhere in particular. Their owner gives them up when that
   * node can take them.
   *
   * @throws MembershipUnavailableError
   */
  place(items: Items, nodeName: string | undefined): Promise<void>;
  /**
   * Tells the owners of symbols that this life expects them and has prepared for them; or that it expects them no more.
   *
   * @throws MembershipUnavailableError
   */
  prepared(symbols: readonly string[], isPrepared: boolean): Promise<void>;
  /** Ends this life: whatever it still owns is free. The lease and the listeners end, whether the database answers or not. */
  leave(): Promise<void>;
}

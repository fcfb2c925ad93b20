/**
 * What the operators' API of a node in a cluster may see of the others and do to them, as a port: the node implements it,
 * tests put a fake in its place. Types only.
 */
import type { LinkStatus } from '../cluster/link.ts';
import type { ClusterView, Items } from '../cluster/membership.ts';

/** What a node that drains has not given up yet. */
export interface DrainProgress {
  readonly symbols: number;
  /** Of accounts. */
  readonly shards: number;
  /** Members' sessions that are connected here. */
  readonly sessions: number;
}

/** The cluster as this node sees it, and what an operator may ask of it. */
export interface ClusterControl {
  /** The name of this node. */
  readonly self: string;
  /** Symbols that the configuration places, with the names of their engines. */
  readonly fixedPlacement: ReadonlyMap<string, string>;
  /** As it was read last. */
  view(): ClusterView;
  /** Since then, ms; undefined: this node is out of the cluster, and has no view. */
  viewAgeMs(): number | undefined;
  /** How often it is read while the database answers, ms. */
  readonly renewMs: number;
  /** Like Membership.place, errors too. */
  place(items: Items, nodeName: string | undefined): Promise<void>;
  /**
   * This node only, until {@link endDrain} or its end: it says that it drains and gives everything up; a gateway logs its
   * sessions out, with a text, and takes no new ones.
   */
  beginDrain(): void;
  /** It takes what comes its way again. */
  endDrain(): void;
  /** Begun, and neither ended nor forgotten: it is a matter of this life of the node. */
  readonly isDraining: boolean;
  drainProgress(): DrainProgress;
  /** The actors' names of all living gateways, this node's among them if it is one. */
  gatewayNames(): readonly string[];
  /** The actor's name of the gateway of a node. */
  gatewayOf(nodeName: string): string;
  links(): readonly LinkStatus[];
  /** Whether what carries messages between nodes can be reached from here. */
  readonly carrierReachable: boolean;
  /** Why it cannot, in a sentence with what to do; undefined when it can, or nothing has failed yet. */
  readonly carrierFault: string | undefined;
}

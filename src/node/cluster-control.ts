/** The cluster as the operators' API of one of its nodes sees it, over whatever life the node is in. */
import type { ClusterControl } from '../admin/cluster-control.ts';
import { gatewayName } from '../cluster/addresses.ts';
import type { Carrier } from '../cluster/carrier.ts';
import { type ClusterView, MembershipUnavailableError } from '../cluster/membership.ts';
import { isSameNode } from '../cluster/node-id.ts';
import type { ClusterTerms } from '../config/cluster-terms.ts';
import { GATEWAY } from './cluster-actors.ts';
import type { Life } from './cluster-life.ts';

export interface ClusterControlOptions {
  /** Undefined between two lives. */
  readonly life: () => Life | undefined;
  readonly carrier: Carrier;
  /** Name of this node. */
  readonly self: string;
  readonly terms: ClusterTerms;
}

const NOBODY: ClusterView = { nodes: [], ownership: { symbols: new Map(), shards: new Map() }, readAt: 0 };

export function clusterControl({ life, carrier, self, terms }: ClusterControlOptions): ClusterControl {
  const view = (): ClusterView => life()?.membership.view() ?? NOBODY;
  return {
    self,
    fixedPlacement: terms.placement,
    view,
    viewAgeMs: () => life()?.membership.viewAgeMs(),
    renewMs: terms.lease.renewMs,
    async place(items, nodeName) {
      const present = life();
      if (present === undefined) throw new MembershipUnavailableError('the node is out of the cluster now');
      await present.membership.place(items, nodeName);
    },
    beginDrain: () => life()?.beginDrain(),
    endDrain: () => life()?.endDrain(),
    get isDraining() {
      return life()?.isDraining ?? false;
    },
    drainProgress() {
      const { ownership } = view();
      const own = life()?.membership.self;
      const isOwn = ({ owner }: { readonly owner: typeof own }): boolean =>
        own !== undefined && isSameNode(owner, own);
      return {
        symbols: [...ownership.symbols.values()].filter(isOwn).length,
        shards: [...ownership.shards.values()].filter(isOwn).length,
        sessions: life()?.trading?.gateway?.sessions().length ?? 0,
      };
    },
    gatewayNames: () =>
      view()
        .nodes.filter(({ isAlive, roles }) => isAlive && roles.includes('gateway'))
        .map(({ name }) => gatewayName(name, GATEWAY)),
    gatewayOf: (nodeName) => gatewayName(nodeName, GATEWAY),
    links: () => life()?.links.status() ?? [],
    get carrierReachable() {
      return carrier.isReachable;
    },
    get carrierFault() {
      return carrier.fault;
    },
  };
}

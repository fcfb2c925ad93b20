/**
 * On which node an address is, as a function of a view: sessions and gateways say it in their names, accounts live where
 * their shard does, and whoever tells the actors that each node has names the node. Pure, apart from what sends.
 */
import type { Address } from '../actors/protocol.ts';
import { assertNever } from '../platform/assert.ts';
import { type ClusterView, shardOf } from './membership.ts';
import { isSameNode, type NodeId } from './node-id.ts';

/** Where a message goes. */
export type Place = NodeId | 'here' | 'nobody';

/** Ends the node's name in the names of gateways and sessions; no node's name has it. */
const NODE_END = '/';

/** The name of a gateway of a cluster's node; its sessions' ids begin with it. */
export function gatewayName(nodeName: string, name: string): string {
  return `${nodeName}${NODE_END}${name}`;
}

/** The node in the name of a gateway or in the id of a session; undefined for one that names none, which is this node's. */
export function nodeInName(name: string): string | undefined {
  const end = name.indexOf(NODE_END);
  return end < 0 ? undefined : name.slice(0, end);
}

/** Finds places in one view; to be made anew for the next. */
export interface Locator {
  /** Of a book without a node it is always `here`: where the book is not, its proxy is. */
  place(address: Address): Place;
  /** Where the account of a member lives, and the epoch of its owner. */
  account(userId: number): { readonly place: Place; readonly epoch: number };
  /** Whether the life says of itself that it can be reached. */
  reaches(node: NodeId): boolean;
  /** Who has the book of a symbol. */
  book(symbol: string): { readonly place: Place; readonly epoch: number };
}

export function createLocator({ nodes, ownership }: ClusterView, self: NodeId): Locator {
  const living = new Map(nodes.filter(({ isAlive }) => isAlive).map((node) => [node.name, node]));

  function placeOfNode(name: string | undefined): Place {
    if (name === undefined || name === self.name) return 'here';
    const node = living.get(name);
    return node === undefined ? 'nobody' : { name, incarnation: node.incarnation };
  }

  function placeOfOwner(owner: NodeId | undefined): Place {
    if (owner === undefined) return 'nobody';
    if (isSameNode(owner, self)) return 'here';
    // What a life that has ended owns is free.
    return isSameNode(living.get(owner.name), owner) ? owner : 'nobody';
  }

  const owned = (one: { readonly owner: NodeId | undefined; readonly epoch: number } | undefined) => ({
    place: placeOfOwner(one?.owner),
    epoch: one?.epoch ?? 0,
  });

  const account = (userId: number) => owned(ownership.shards.get(shardOf(userId)));

  return {
    account,
    reaches({ name }) {
      return living.get(name)?.report.natsReachable ?? false;
    },
    book: (symbol) => owned(ownership.symbols.get(symbol)),
    place(address) {
      switch (address.type) {
        case 'exchange':
        case 'router':
        case 'persistence':
        case 'book':
        case 'reply':
          return placeOfNode(address.node);
        case 'account':
          return address.node === undefined ? account(address.userId).place : placeOfNode(address.node);
        case 'gateway':
          return placeOfNode(nodeInName(address.name));
        case 'session':
          return placeOfNode(nodeInName(address.sessionId));
        default:
          return assertNever(address);
      }
    },
  };
}

/**
 * An actor system of which a part lives on other nodes: what is told is dispatched here, or sent over the link to where
 * its receiver lives. Nobody is told that a message was lost: what was lost with a link is found in rows, or sent again
 * by whoever keeps it, so that a message which must not be lost and cannot be sent ends its link.
 */
import type { ActorSystem } from '../actors/actor-system.ts';
import type { Address, Message, SessionMessage, Tell } from '../actors/protocol.ts';
import { assert } from '../platform/assert.ts';
import type { Log } from '../platform/log.ts';
import { createLocator, type Locator, type Place } from './addresses.ts';
import type { TellOutcome } from './link.ts';
import type { Links } from './links.ts';
import type { ClusterView } from './membership.ts';
import { type NodeId, nodeText } from './node-id.ts';
import { type CrossingMessage, MESSAGES } from './wire/messages.ts';

/** Sees what sessions are told across nodes, where somebody keeps count of their commands. */
export interface SessionGate {
  /** On the engine, before it leaves; returns it as it should leave. */
  readonly leaving?: (sessionId: string, message: Message) => Message;
  /** On the gateway, before the session sees it; undefined: it shall not. The router tells its sessions past this. */
  readonly arriving?: (sessionId: string, message: Message) => Message | undefined;
}

export interface ClusterSystemOptions {
  /** The actors of this node. */
  readonly inner: ActorSystem;
  readonly self: NodeId;
  readonly links: Pick<Links, 'tell' | 'end'>;
  readonly view: () => ClusterView;
  /** Without a valid lease another may have what this node has in memory: it says nothing. */
  readonly isLeaseValid: () => boolean;
  /** Whether anything leaves this node at all: while nothing does there is no route to another. Default: it does. */
  readonly isReachable?: () => boolean;
  /** Whether an account lives here, as the actors know who have been told so: the view may be older. Default: by the view. */
  readonly hasAccount?: (userId: number) => boolean;
  readonly log: Log;
  readonly sessions?: SessionGate;
}

/** Where to send what an engine should do. */
export interface Route {
  readonly node: string;
  /** Another one whenever what was sent before may not arrive: other owner, other epoch, other link. */
  readonly key: string;
  /** The owner's life and epoch. */
  readonly owner: string;
  readonly epoch: number;
  /** Which no other link of this node has had; 0 for what is here. */
  readonly linkNo: number;
}

export interface ClusterSystem {
  /** To be used by every actor of the node in the place of the inner one. */
  readonly system: ActorSystem;
  /** What links bring; told in the order in which it came. */
  arrived(from: NodeId, to: Address, message: CrossingMessage): void;
  /** A link is up, and another one than before. */
  linkUp(peer: NodeId): void;
  linkDown(peer: NodeId): void;
  /** To the account of a member, if somebody has it who can be reached. */
  routeOfAccount(userId: number): Route | undefined;
  /** To the book of a symbol. */
  routeOfBook(symbol: string): Route | undefined;
  /** The living node that has the book, reachable or not. */
  ownerOfBook(symbol: string): string | undefined;
  /** The other nodes to which there is a link. */
  peers(): readonly string[];
  /** For the router: what it tells the sessions of this node does not pass the gate, which would ask the router. */
  readonly tellPastGate: Tell;
  /** Messages for which there was no link, or nobody: rows tell. */
  readonly droppedCount: number;
}

export function createClusterSystem(options: ClusterSystemOptions): ClusterSystem {
  const { inner, self, links, view, isLeaseValid, log, sessions = {} } = options;
  const { isReachable = () => true } = options;
  /** Links that are up: by name, with a number that no other link has had. */
  const up = new Map<string, { readonly incarnation: number; readonly linkNo: number }>();
  const unspoken = new Set<string>();
  let lastLinkNo = 0;
  let droppedCount = 0;
  let seen: ClusterView | undefined;
  let locator: Locator | undefined;

  function locate(): Locator {
    const now = view();
    if (locator === undefined || now !== seen) {
      seen = now;
      locator = createLocator(now, self);
    }
    return locator;
  }

  function tell(address: Address, message: Message): void {
    const place = locate().place(address);
    if (address.type === 'session') tellSession(place, address, message as SessionMessage);
    else if (place === 'here' || isAccountHere(address)) inner.tell(address, message);
    // What accounts are told by their own node only means nothing to one that has left it.
    else if (address.type === 'account' && !crosses(message)) inner.tell(address, message);
    else if (place === 'nobody') droppedCount += 1;
    else send(place, address, message);
  }

  function isAccountHere(address: Address): boolean {
    if (address.type !== 'account' || address.node !== undefined) return false;
    return options.hasAccount?.(address.userId) === true;
  }

  /** Where a node is engine and gateway, what its engine tells passes the same gates as if it came from elsewhere. */
  function tellSession(place: Place, address: SessionAddress, message: SessionMessage): void {
    // Counted as answered even where nobody hears it.
    const leaving = sessions.leaving?.(address.sessionId, message) ?? message;
    if (place === 'here') arriveAt(address, leaving as SessionMessage);
    else if (place === 'nobody') droppedCount += 1;
    else send(place, address, leaving);
  }

  function arriveAt(address: SessionAddress, message: SessionMessage): void {
    const passed = sessions.arriving === undefined ? message : sessions.arriving(address.sessionId, message);
    if (passed !== undefined) inner.tell(address, passed);
  }

  function send(peer: NodeId, address: Address, message: Message): void {
    assert(crosses(message), `${message.type} does not leave its node`);
    if (!isLeaseValid()) {
      droppedCount += 1;
      // Later messages must not arrive without this one.
      links.end(peer, 'the lease of this node is over');
      return;
    }
    handle(links.tell(peer, address, message), peer, message);
  }

  function handle(outcome: TellOutcome, peer: NodeId, { type }: CrossingMessage): void {
    if (outcome === 'Queued') return;
    droppedCount += 1;
    if (outcome === 'Full' || outcome === 'TooLarge') {
      log.error('a message could not be sent: the link ends, rows are read', {
        peer: nodeText(peer),
        type,
        outcome,
      });
      links.end(peer, `${type} could not be sent: ${outcome}`);
    } else if (outcome === 'NotSpoken' && !unspoken.has(`${nodeText(peer)} ${type}`)) {
      // A new link would not know it either.
      unspoken.add(`${nodeText(peer)} ${type}`);
      log.error('an older node does not know a message', { alarm: true, peer: nodeText(peer), type });
    }
  }

  function routeTo({ place, epoch }: { readonly place: Place; readonly epoch: number }): Route | undefined {
    if (place === 'nobody') return undefined;
    if (place === 'here')
      return {
        node: self.name,
        key: ownerText(self, epoch),
        owner: ownerText(self, epoch),
        epoch,
        linkNo: 0,
      };
    const link = up.get(place.name);
    if (link?.incarnation !== place.incarnation || !isReachable() || !locate().reaches(place))
      return undefined;
    // What was sent by it would be lost with its link, and nobody could say any more that it was never sent.
    if (!isLeaseValid()) return undefined;
    const owner = ownerText(place, epoch);
    const { linkNo } = link;
    return { node: place.name, key: `${owner} ${linkNo}`, owner, epoch, linkNo };
  }

  /** As it is now: by the time at which an actor handles what came by it there may be another. */
  function linkTo({ name, incarnation }: NodeId): { readonly linkNo?: number } {
    const link = up.get(name);
    return link?.incarnation === incarnation ? { linkNo: link.linkNo } : {};
  }

  return {
    system: {
      ...inner,
      tell,
      ask: (tellIt, timeoutMs) =>
        inner.ask((replyTo) => tellIt({ ...replyTo, node: self.name } as Address), timeoutMs),
    },
    arrived(from, to, message) {
      if (to.type === 'session') arriveAt(to, message as SessionMessage);
      else if (message.type === 'BookHandedOver' || message.type === 'BookTakenOver')
        inner.tell(to, { type: message.type, epoch: message.epoch, ...linkTo(from) });
      else inner.tell(to, message);
    },
    linkUp({ name, incarnation }) {
      lastLinkNo += 1;
      up.set(name, { incarnation, linkNo: lastLinkNo });
    },
    linkDown({ name, incarnation }) {
      if (up.get(name)?.incarnation === incarnation) up.delete(name);
    },
    routeOfAccount: (userId) => routeTo(locate().account(userId)),
    routeOfBook: (symbol) => routeTo(locate().book(symbol)),
    ownerOfBook(symbol) {
      const { place } = locate().book(symbol);
      if (place === 'here') return self.name;
      return place === 'nobody' ? undefined : place.name;
    },
    peers: () => [...up.keys()],
    tellPastGate(address, message) {
      if (address.type === 'session' && locate().place(address) === 'here') inner.tell(address, message);
      else tell(address, message);
    },
    get droppedCount() {
      return droppedCount;
    },
  };
}

type SessionAddress = Extract<Address, { readonly type: 'session' }>;

function crosses(message: Message): message is CrossingMessage {
  return MESSAGES.has(message.type);
}

function ownerText(owner: NodeId, epoch: number): string {
  return `${nodeText(owner)} ${epoch}`;
}

/**
 * All links of a node: one to each life of another node of which membership says that it is alive. Everything that
 * arrives for the node comes in here, and what is not from one of them is refused.
 */
import type { Address } from '../actors/protocol.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { LINK_LIMITS, type LinkLimits } from './batch-sender.ts';
import type { Answer, Carrier } from './carrier.ts';
import { Link, type LinkEvents, type LinkStatus, type TellOutcome } from './link.ts';
import { decodeFrame, encodeAnswer, type Frame, type FrameAnswer, subjectOf } from './link-frames.ts';
import { isSameNode, type NodeId } from './node-id.ts';
import { WireError } from './wire/codec.ts';
import type { CrossingMessage } from './wire/messages.ts';
import { createWire, type Wire } from './wire.ts';

export interface Links {
  /** Anything but `Queued`: it was not sent, and the caller decides what follows. */
  tell(peer: NodeId, to: Address, message: CrossingMessage): TellOutcome;
  /** Who is alive, by membership. Links to others end; this node itself may be among them. */
  expect(peers: readonly NodeId[]): void;
  /** Ends a link though both ends live, where what must not be lost could not be told: both sides read rows. */
  end(peer: NodeId, reason: string): void;
  status(): readonly LinkStatus[];
  /** Bytes that were no frame for this node. */
  readonly garbageCount: number;
  /** Ends all links; the carrier stays open. */
  close(): Promise<void>;
}

export interface LinksTerms {
  readonly self: NodeId;
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: LinkEvents;
  /** First part of every subject, so that venues may share what carries. */
  readonly subjectPrefix?: string;
  readonly limits?: Partial<LinkLimits>;
  /** Whether this node may say anything from its memory: its lease is valid. While it may not it begins no link. Default: it may. */
  readonly maySpeak?: () => boolean;
  /** Of another version, for tests. */
  readonly wire?: Wire;
}

/** Listens from now on; there is a link to nobody until {@link Links.expect} names somebody. */
export function createLinks(terms: LinksTerms): Links {
  return new NodeLinks(terms);
}

class NodeLinks implements Links {
  garbageCount = 0;
  readonly #terms: LinksTerms;
  readonly #prefix: string;
  readonly #limits: LinkLimits;
  readonly #wire: Wire;
  /** By name, of the last life that was alive: also when it no longer is, so that its old messages are known. */
  readonly #links = new Map<string, Link>();
  readonly #stopListening: () => void;
  readonly #stopWatching: () => void;
  #lastLinkNo = 0;

  constructor(terms: LinksTerms) {
    const { self, carrier, limits, subjectPrefix, wire } = terms;
    this.#terms = terms;
    this.#prefix = subjectPrefix ?? 'onebook';
    this.#limits = { ...LINK_LIMITS, ...limits };
    this.#wire = wire ?? createWire();
    this.#stopListening = carrier.listen(subjectOf(this.#prefix, self), (body, answer) =>
      this.#receive(body, answer),
    );
    this.#stopWatching = carrier.onReachable((isReachable) => {
      if (isReachable) for (const link of this.#links.values()) link.wake();
    });
  }

  tell(peer: NodeId, to: Address, message: CrossingMessage): TellOutcome {
    return this.#find(peer)?.tell({ to, message }) ?? 'Down';
  }

  expect(peers: readonly NodeId[]): void {
    const { self } = this.#terms;
    const alive = new Map(peers.filter(({ name }) => name !== self.name).map((peer) => [peer.name, peer]));
    for (const [name, link] of this.#links) {
      const now = alive.get(name);
      if (now === undefined) link.giveUp('the node is gone');
      else if (!isSameNode(now, link.peer)) link.giveUp('the node has started again');
    }
    for (const peer of alive.values()) this.#linkTo(peer)?.expect();
  }

  end(peer: NodeId, reason: string): void {
    this.#find(peer)?.end(reason);
  }

  status(): readonly LinkStatus[] {
    return [...this.#links.values()].map((link) => link.status());
  }

  close(): Promise<void> {
    for (const link of this.#links.values()) link.giveUp('the node closes');
    this.#stopListening();
    this.#stopWatching();
    return Promise.resolve();
  }

  #find(peer: NodeId): Link | undefined {
    const link = this.#links.get(peer.name);
    return link !== undefined && isSameNode(link.peer, peer) ? link : undefined;
  }

  /** Undefined for a life before the one that is known. */
  #linkTo(peer: NodeId): Link | undefined {
    const { self, carrier, clock, log, events, maySpeak = () => true } = this.#terms;
    const known = this.#links.get(peer.name);
    if (known !== undefined && known.peer.incarnation >= peer.incarnation) return this.#find(peer);
    const link = new Link(peer, {
      self,
      carrier,
      clock,
      log,
      events,
      limits: this.#limits,
      wire: this.#wire,
      maySpeak,
      subject: subjectOf(this.#prefix, peer),
      nextLinkNo: () => {
        this.#lastLinkNo += 1;
        return this.#lastLinkNo;
      },
    });
    this.#links.set(peer.name, link);
    return link;
  }

  #receive(body: Uint8Array, answer: Answer): void {
    try {
      const { frame, payload } = decodeFrame(body);
      if (!isSameNode(frame.to, this.#terms.self)) throw new WireError('meant for another node');
      const link = this.#find(frame.from);
      const answered = link === undefined ? this.#stranger(frame) : link.receive(frame, payload);
      if (answered !== undefined) answer?.(encodeAnswer(answered));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.garbageCount += 1;
    }
  }

  #stranger({ type, from, linkNo }: Frame): FrameAnswer {
    const known = this.#links.get(from.name);
    const isOver = known !== undefined && known.peer.incarnation > from.incarnation;
    if (type === 'open' && !isOver) return { type: 'wait', linkNo, reason: 'not a live node yet' };
    return { type: 'ended', linkNo, reason: isOver ? 'a later life of the node is known' : 'no such link' };
  }
}

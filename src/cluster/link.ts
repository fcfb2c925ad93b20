/**
 * The link of this node to one life of another: opened by the end whose name sorts first, and then the same at both. It
 * neither loses nor reorders while it is up; when it ends both sides are told, and what was in it may have arrived or not.
 *
 *     opener          Opening ──opened──▶ Up ──ended, by either end──▶ Opening …
 *     the other end   Waiting ───open───▶ Up ──ended, by either end──▶ Waiting …
 *
 * While one of the ends may not speak, which is while the lease of its node is over, no link is begun.
 */
import type { Address } from '../actors/protocol.ts';
import type { CancelTimer } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { BatchSender, type SenderPorts } from './batch-sender.ts';
import { CarrierError } from './carrier.ts';
import { Inbox } from './inbox.ts';
import {
  type Batch,
  decodeAnswer,
  encodeFrame,
  type Frame,
  type FrameAnswer,
  type Open,
} from './link-frames.ts';
import { type NodeId, nodeText } from './node-id.ts';
import { WireError } from './wire/codec.ts';
import type { CrossingMessage } from './wire/messages.ts';
import { commonVersion, type Wire, type WireMessage } from './wire.ts';

/** What links tell; each is called in its own turn of the link, and may tell, end or close in return. */
export interface LinkEvents {
  /** Each message once, in the order in which it was told. */
  onMessage(from: NodeId, to: Address, message: CrossingMessage): void;
  /** A new link: nothing of an earlier one comes any more. */
  onUp(peer: NodeId): void;
  /** The link is gone. What was told and not yet acted on may have arrived or not: rows say. */
  onDown(peer: NodeId, reason: string): void;
}

/** What became of a message that was told. */
export type TellOutcome =
  /** It arrives unless the link ends. */
  | 'Queued'
  /** There is no link. */
  | 'Down'
  /** The bound is reached; nothing was queued. */
  | 'Full'
  /** Longer than a message may be. */
  | 'TooLarge'
  /** The other end's version does not know it. */
  | 'NotSpoken';

export interface LinkStatus {
  readonly peer: NodeId;
  readonly phase: 'Opening' | 'Waiting' | 'Up' | 'Gone';
  /** The version that both speak, while up. */
  readonly version: number | undefined;
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  /** For how long the other end has been silent although it was asked, ms. */
  readonly unansweredMs: number;
  readonly sentBatches: number;
  readonly resentBatches: number;
  readonly receivedMessages: number;
  /** Batches that came again. */
  readonly repeatedBatches: number;
  /** Links that ended because a message could not be understood. */
  readonly protocolErrors: number;
  /** Why the last link ended, or cannot be opened. */
  readonly lastFault: string | undefined;
}

/** What a link needs of its node. */
export interface LinkPorts extends SenderPorts {
  readonly self: NodeId;
  readonly wire: Wire;
  readonly events: LinkEvents;
  readonly log: Log;
  /** A number that this node has used for no link. */
  nextLinkNo(): number;
  /** False: this node may say nothing from its memory now, and a link would end at the first message. */
  maySpeak(): boolean;
}

interface Running {
  readonly linkNo: number;
  readonly version: number;
  readonly sender: BatchSender;
  readonly inbox: Inbox;
  readonly since: number;
}

/** A link that lived shorter counts as a failed attempt. */
const SETTLED_MS = 10_000;
/** How often a node that may not speak looks whether it may. */
const REST_MS = 100;
const MAX_REASON_LENGTH = 100;

export class Link {
  readonly peer: NodeId;
  readonly #ports: LinkPorts;
  readonly #isOpener: boolean;
  #isExpected = false;
  #up: Running | undefined;
  /** The last link that was begun, or that is being opened. */
  #linkNo = 0;
  #isOpening = false;
  #failureCount = 0;
  #cancelTimer: CancelTimer = () => undefined;
  #receivedMessages = 0;
  #repeatedBatches = 0;
  #protocolErrors = 0;
  #lastFault: string | undefined;

  constructor(peer: NodeId, ports: LinkPorts) {
    this.peer = peer;
    this.#ports = ports;
    this.#isOpener = ports.self.name < peer.name;
  }

  /** The other end lives: there shall be a link. */
  expect(): void {
    if (this.#isExpected) return;
    this.#isExpected = true;
    this.#failureCount = 0;
    if (this.#isOpener) this.#begin();
  }

  /** It does not, or this node does not want it. */
  giveUp(reason: string): void {
    if (!this.#isExpected) return;
    this.#isExpected = false;
    this.#cancelTimer();
    if (this.#up !== undefined) this.end(reason);
  }

  tell(sent: WireMessage): TellOutcome {
    const up = this.#up;
    if (up === undefined) return 'Down';
    const line = this.#ports.wire.encode(sent, up.version);
    if (line === undefined) return 'NotSpoken';
    if (line.length > this.#ports.limits.maxMessageBytes) return 'TooLarge';
    return up.sender.offer(line) ? 'Queued' : 'Full';
  }

  /** Ends the link on both sides, though both live; another follows. */
  end(reason: string): void {
    const up = this.#up;
    if (up === undefined) return;
    const { carrier, self, subject } = this.#ports;
    const end: Frame = {
      type: 'end',
      from: self,
      to: this.peer,
      linkNo: up.linkNo,
      reason: reason.slice(0, MAX_REASON_LENGTH),
    };
    carrier.publish(subject, encodeFrame(end));
    this.#down(reason);
  }

  /** What carries is there again. */
  wake(): void {
    this.#up?.sender.wake();
    if (this.#up === undefined && this.#isOpener && this.#isExpected && !this.#isOpening) this.#open();
  }

  /** Of the other end. Undefined: nothing is to be answered. Throws {@link WireError} when it makes no sense. */
  receive(frame: Frame, payload: Uint8Array): FrameAnswer | undefined {
    switch (frame.type) {
      case 'open':
        return this.#receiveOpen(frame);
      case 'batch':
        return this.#receiveBatch(frame, payload);
      case 'end':
        if (frame.linkNo === this.#up?.linkNo) this.#down(frame.reason);
        return undefined;
    }
  }

  status(): LinkStatus {
    const up = this.#up;
    const waiting = this.#isOpener ? 'Opening' : 'Waiting';
    return {
      peer: this.peer,
      phase: up !== undefined ? 'Up' : this.#isExpected ? waiting : 'Gone',
      version: up?.version,
      queuedMessages: up?.sender.outbox.queuedMessageCount ?? 0,
      queuedBytes: up?.sender.outbox.queuedBytes ?? 0,
      unansweredMs: up?.sender.unansweredMs ?? 0,
      sentBatches: up?.sender.sentBatchCount ?? 0,
      resentBatches: up?.sender.resentBatchCount ?? 0,
      receivedMessages: this.#receivedMessages,
      repeatedBatches: this.#repeatedBatches,
      protocolErrors: this.#protocolErrors,
      lastFault: this.#lastFault,
    };
  }

  // ---- Opening --------------------------------------------------------------------------------------------

  #begin(): void {
    this.#linkNo = this.#ports.nextLinkNo();
    if (!this.#isOpening) this.#open();
  }

  #open(): void {
    this.#cancelTimer();
    if (!this.#ports.maySpeak()) {
      this.#cancelTimer = this.#ports.clock.after(REST_MS, () => this.#open());
      return;
    }
    const { carrier, self, wire, limits, subject } = this.#ports;
    const { version, minVersion } = wire;
    const open: Open = { type: 'open', from: self, to: this.peer, linkNo: this.#linkNo, version, minVersion };
    this.#isOpening = true;
    carrier.request(subject, encodeFrame(open), limits.answerTimeoutMs).then(
      (body) => {
        this.#isOpening = false;
        if (this.#isExpected && this.#up === undefined) this.#openAnswered(body);
      },
      (error: unknown) => {
        this.#isOpening = false;
        if (!(error instanceof CarrierError)) throw error;
        if (error.fault !== 'closed') this.#openLater();
      },
    );
  }

  #openAnswered(body: Uint8Array): void {
    const answer = decodeAnswer(body);
    if (answer?.linkNo === this.#linkNo) {
      const version = answer.type === 'opened' ? commonVersion(this.#ports.wire, answer) : undefined;
      if (version !== undefined && this.#ports.maySpeak()) {
        this.#started(this.#linkNo, version);
        return;
      }
      if (answer.type === 'ended') this.#linkNo = this.#ports.nextLinkNo();
      if (answer.type === 'incompatible') this.#refuse(answer.version);
    }
    this.#openLater();
  }

  #openLater(): void {
    if (!this.#isExpected || this.#up !== undefined) return;
    const { retryMs, maxRetryMs } = this.#ports.limits;
    const delayMs = Math.min(maxRetryMs, retryMs * 2 ** Math.min(this.#failureCount, 16));
    this.#failureCount += 1;
    this.#cancelTimer();
    this.#cancelTimer = this.#ports.clock.after(delayMs, () => this.#open());
  }

  #receiveOpen({ linkNo, version, minVersion }: Open): FrameAnswer {
    if (this.#isOpener) throw new WireError('an open from the end that does not open');
    if (!this.#isExpected) return { type: 'wait', linkNo, reason: 'not a live node yet' };
    const { wire } = this.#ports;
    const own = { version: wire.version, minVersion: wire.minVersion };
    const common = commonVersion(wire, { version, minVersion });
    if (common === undefined) {
      this.#refuse(version);
      return { type: 'incompatible', linkNo, ...own };
    }
    const isUp = this.#up?.linkNo === linkNo;
    if (linkNo < this.#linkNo || (linkNo === this.#linkNo && !isUp)) {
      return { type: 'ended', linkNo, reason: 'an earlier link' };
    }
    if (!isUp) {
      if (this.#up !== undefined) this.#down('the other end has begun a new link');
      if (!this.#ports.maySpeak()) return { type: 'wait', linkNo, reason: 'the lease of the node is over' };
      this.#linkNo = linkNo;
      this.#started(linkNo, common);
    }
    return { type: 'opened', linkNo, ...own };
  }

  #refuse(version: number): void {
    const { version: own, minVersion } = this.#ports.wire;
    const fault = `protocol ${version} does not go with ${minVersion} to ${own} of this node`;
    if (this.#lastFault !== fault)
      this.#ports.log.error('link_incompatible', { peer: nodeText(this.peer), fault });
    this.#lastFault = fault;
  }

  // ---- While it is up -------------------------------------------------------------------------------------

  #started(linkNo: number, version: number): void {
    const { clock, events, limits, log, self } = this.#ports;
    const ends = { from: self, to: this.peer, linkNo };
    const sender = new BatchSender(this.#ports, ends, (reason) => {
      if (this.#up?.sender === sender) this.#down(reason);
    });
    const inbox = new Inbox(limits.maxMessageBytes);
    this.#up = { linkNo, version, sender, inbox, since: clock.now() };
    log.info('link_up', { peer: nodeText(this.peer), linkNo, version });
    events.onUp(this.peer);
  }

  #down(reason: string): void {
    const up = this.#up;
    if (up === undefined) return;
    const { clock, events, log } = this.#ports;
    this.#up = undefined;
    this.#lastFault = reason;
    up.sender.stop();
    if (clock.now() - up.since >= SETTLED_MS) this.#failureCount = 0;
    log.warn('link_down', { peer: nodeText(this.peer), linkNo: up.linkNo, reason });
    if (this.#isOpener && this.#isExpected) {
      this.#linkNo = this.#ports.nextLinkNo();
      this.#openLater();
    }
    events.onDown(this.peer, reason);
  }

  #receiveBatch({ linkNo, batchNo }: Batch, payload: Uint8Array): FrameAnswer {
    const up = this.#up;
    if (up?.linkNo !== linkNo) {
      // The other end has opened what it was asked to, and its answer is still on its way here.
      if (this.#isOpener && up === undefined && this.#isExpected && linkNo === this.#linkNo) {
        return { type: 'wait', linkNo, reason: 'not open yet' };
      }
      return {
        type: 'ended',
        linkNo,
        reason: this.#lastFault?.slice(0, MAX_REASON_LENGTH) ?? 'no such link',
      };
    }
    try {
      this.#deliver(up, batchNo, payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#protocolErrors += 1;
      this.#ports.log.error('link_protocol_error', { peer: nodeText(this.peer), fault: error.message });
      this.end(`protocol error: ${error.message}`);
    }
    return this.#up === up
      ? { type: 'took', linkNo, batchNo }
      : { type: 'ended', linkNo, reason: this.#lastFault?.slice(0, MAX_REASON_LENGTH) ?? '' };
  }

  #deliver(up: Running, batchNo: number, payload: Uint8Array): void {
    const lines = up.inbox.take(batchNo, payload);
    if (lines === undefined) {
      this.#repeatedBatches += 1;
      return;
    }
    for (const line of lines) {
      const { to, message } = this.#ports.wire.decode(line);
      this.#receivedMessages += 1;
      this.#ports.events.onMessage(this.peer, to, message);
      // Whoever was told may have ended the link.
      if (this.#up !== up) return;
    }
  }
}

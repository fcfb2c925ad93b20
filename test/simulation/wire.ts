/**
 * What goes over a simulated connection, and the connection itself: two queues that keep their order until they are
 * cut. FIX without bytes: numbers, repeats and gaps are as in FIX, and nothing else is.
 */
import type { SubmitCommands } from '../../src/actors/protocol.ts';
import type { Report } from '../../src/matching/execution-report.ts';
import type { UserId } from '../../src/matching/types.ts';
import { line } from '../support/member-commands.ts';
import { reportKey } from './rows.ts';

export type WireCommand = SubmitCommands['commands'][number]['command'];

/** From the member to the venue. */
export type ToVenue =
  /** `possDup`: sent before under this number (43=Y). What is sent before under another number says so in the command. */
  | {
      readonly type: 'Request';
      readonly seqNum: number;
      readonly possDup: boolean;
      readonly command: WireCommand;
    }
  /** Stands for numbers of which the member keeps nothing: the next one is this. */
  | { readonly type: 'GapFill'; readonly seqNum: number; readonly newSeqNo: number }
  | { readonly type: 'ResendRequest'; readonly beginSeqNo: number }
  | { readonly type: 'Logout' };

/** What an application message says to the member. */
export type Said =
  | { readonly type: 'Report'; readonly report: Report; readonly possResend: boolean }
  /** The venue did nothing with this request (35=j); `isFinal`: and never will. */
  | {
      readonly type: 'Refused';
      readonly refSeqNum: number;
      readonly command: WireCommand;
      readonly isFinal: boolean;
    };

/** From the venue to the member. */
export type ToMember =
  | { readonly type: 'Logon'; readonly seqNum: number; readonly nextExpected: number }
  | { readonly type: 'Message'; readonly seqNum: number; readonly possDup: boolean; readonly said: Said }
  | { readonly type: 'GapFill'; readonly seqNum: number; readonly newSeqNo: number }
  | { readonly type: 'Logout' };

/** For the trace of a history. */
export function inShort(message: ToVenue | ToMember): string {
  switch (message.type) {
    case 'Request':
      return `${message.seqNum}: ${message.command.type} ${idOf(message.command)}${message.possDup ? ' again' : ''}`;
    case 'Message': {
      const { seqNum, possDup, said } = message;
      const text = said.type === 'Report' ? `${line(said.report)} (${reportKey(said.report)})` : 'refused';
      return `${seqNum}: ${text}${possDup ? ' again' : ''}`;
    }
    default:
      return JSON.stringify(message);
  }
}

/** What a member knows a request by; undefined for what it cannot have sent. */
export function idOf(command: WireCommand): string | undefined {
  if (command.type === 'OrderStatusRequest') return command.ordStatusReqId;
  return command.type === 'OrderMassStatusRequest' ? command.massStatusReqId : command.clOrdId;
}

/** One connection of one member. */
export class Wire {
  readonly userId: UserId;
  readonly sessionId: string;
  readonly toVenue: ToVenue[] = [];
  readonly toMember: ToMember[] = [];
  /** Cut for both sides: what is said from now on is lost. */
  isCut = false;

  constructor(userId: UserId, sessionId: string) {
    this.userId = userId;
    this.sessionId = sessionId;
  }

  sayToVenue(message: ToVenue): void {
    if (!this.isCut) this.toVenue.push(message);
  }

  sayToMember(message: ToMember): void {
    if (!this.isCut) this.toMember.push(message);
  }
}

/** One application message as it was sent. */
export interface SentMessage {
  readonly seqNum: number;
  readonly said: Said;
}

const FRAME_BYTES = 3;

/** Application messages as stored bytes: what they say is in a list, and a frame is its place there. */
export class FrameTable {
  readonly #sent: SentMessage[] = [];

  /** Frames back to back, of the same size whatever is said. */
  encode(messages: readonly SentMessage[]): Uint8Array {
    const frames = new Uint8Array(messages.length * FRAME_BYTES);
    let at = 0;
    for (const message of messages) {
      const place = this.#sent.push(message) - 1;
      frames[at] = place >> 16;
      frames[at + 1] = place >> 8;
      frames[at + 2] = place;
      at += FRAME_BYTES;
    }
    return frames;
  }

  decode(frames: Uint8Array): SentMessage[] {
    const messages: SentMessage[] = [];
    for (let at = 0; at < frames.length; at += FRAME_BYTES) {
      const [high = 0, middle = 0, low = 0] = frames.subarray(at, at + FRAME_BYTES);
      messages.push(this.#sent[(high << 16) | (middle << 8) | low] as SentMessage);
    }
    return messages;
  }
}

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

/** Application messages as stored bytes: what they say is in a list, and a frame is its place there. */
export class FrameTable {
  readonly #said: { readonly seqNum: number; readonly said: Said }[] = [];

  /** Four bytes, whatever is said. */
  encode(seqNum: number, said: Said): Uint8Array {
    this.#said.push({ seqNum, said });
    const frame = Buffer.alloc(4);
    frame.writeUInt32BE(this.#said.length - 1);
    return frame;
  }

  decode(frames: Uint8Array): { readonly seqNum: number; readonly said: Said }[] {
    const bytes = Buffer.from(frames);
    return Array.from({ length: bytes.length / 4 }, (_, index) => {
      const place = bytes.readUInt32BE(index * 4);
      return this.#said[place] as { seqNum: number; said: Said };
    });
  }
}

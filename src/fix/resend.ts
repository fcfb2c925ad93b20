/**
 * Filling gaps, both ways: the venue's ResendRequest (2) for what it missed, and the answer to the member's.
 * Application messages are read from the store in portions and sent again; every run of other numbers is one
 * GapFill.
 */
import { flush } from './ending.ts';
import { FrameDecoder } from './framing.ts';
import type { FixMessage } from './message.ts';
import type { MessagesLoadedInput, StoredFrames } from './session-protocol.ts';
import { identityOf, outboundOf, type SessionState, sayOften, sendAdmin } from './session-state.ts';
import { MSG_TYPE, TAG } from './tags.ts';

/** EndSeqNo (16): up to the last message sent. */
const INFINITY = 0;

/** Asks for everything from the expected number on; exactly once while the gap is open. */
export function requestMissing(state: SessionState, shownBy: number): void {
  if (state.inbound.openGap(shownBy, state.now)) sendResendRequest(state, shownBy);
}

/** Asks after all for what a member that uses NextExpectedMsgSeqNum (789) has not sent by itself. */
export function requestUnasked(state: SessionState): void {
  const shownBy = state.inbound.takeUnasked(state.now, state.config.limits.settleMs);
  if (shownBy !== undefined) sendResendRequest(state, shownBy);
}

function sendResendRequest(state: SessionState, shownBy: number): void {
  state.counts.resendsRequested += 1;
  const beginSeqNo = state.inbound.nextSeqNum;
  sendAdmin(state, MSG_TYPE.ResendRequest, (writer) => {
    writer.field(TAG.BeginSeqNo, beginSeqNo).field(TAG.EndSeqNo, INFINITY);
  });
  sayOften(state, 'info', 'resend requested', { beginSeqNo, shownBy });
}

/** What a ResendRequest (2) asks for, or the field that makes no sense (373=5). */
export type ResendReading =
  | { readonly type: 'Range'; readonly begin: number; readonly end: number }
  | { readonly type: 'WrongField'; readonly tag: number; readonly text: string };

/** Reads a validated ResendRequest (2) against the last number that was sent. */
export function readResendRequest(message: FixMessage, lastSeqNum: number): ResendReading {
  const begin = message.getInt(TAG.BeginSeqNo) ?? 0;
  const end = message.getInt(TAG.EndSeqNo) ?? 0;
  if (begin < 1 || begin > lastSeqNum) {
    const text = `BeginSeqNo(7) must be from 1 to ${lastSeqNum}, the last number sent`;
    return { type: 'WrongField', tag: TAG.BeginSeqNo, text };
  }
  if (end !== INFINITY && end < begin) {
    return { type: 'WrongField', tag: TAG.EndSeqNo, text: 'EndSeqNo(16) is below BeginSeqNo(7)' };
  }
  return { type: 'Range', begin, end: end === INFINITY ? lastSeqNum : Math.min(end, lastSeqNum) };
}

/** Begins to send a range again, or does so after the one under way. */
export function resendRange(state: SessionState, begin: number, end: number): void {
  sayOften(state, 'info', 'resend asked for', { beginSeqNo: begin, endSeqNo: end });
  if (state.resend === undefined) {
    state.resend = { sentUpTo: begin, loadFrom: begin, end };
    loadPortion(state);
    return;
  }
  // However often a member asks, one range waits: what it holds twice goes out once.
  const waiting = state.nextResend;
  const from = Math.min(begin, waiting?.loadFrom ?? begin);
  state.nextResend = { sentUpTo: from, loadFrom: from, end: Math.max(end, waiting?.end ?? end) };
}

/** A portion has been read from the store. */
export function takePortion(state: SessionState, portion: MessagesLoadedInput): void {
  const { resend } = state;
  if (resend?.loadFrom !== portion.beginSeqNum) return;
  const { endSeqNum } = portion;
  const isWanted = ({ msgSeqNum = 0 }: FixMessage) => msgSeqNum >= resend.sentUpTo && msgSeqNum <= resend.end;
  state.loadedPortion = { messages: storedMessages(portion).filter(isWanted), sentCount: 0, endSeqNum };
}

/** Sends as much of the loaded portion as the member reads, and asks for the next one when it is through. */
export function continueResend(state: SessionState): void {
  const { resend, loadedPortion } = state;
  if (resend === undefined || loadedPortion === undefined) return;
  const outbound = outboundOf(state);
  const { messages } = loadedPortion;
  let { sentCount } = loadedPortion;
  let { sentUpTo } = resend;
  while (sentCount < messages.length && state.unsentBytes + outbound.byteCount <= roomFor(state)) {
    const message = messages[sentCount] as FixMessage;
    const seqNum = message.msgSeqNum as number;
    sentCount += 1;
    if (seqNum < sentUpTo) continue;
    if (seqNum > sentUpTo) outbound.fillGap(sentUpTo, seqNum, state.now);
    outbound.resend(message, state.now);
    state.counts.messagesResent += 1;
    sentUpTo = seqNum + 1;
  }
  if (sentCount < messages.length) {
    state.resend = { ...resend, sentUpTo };
    state.loadedPortion = { ...loadedPortion, sentCount };
    return;
  }
  state.loadedPortion = undefined;
  const loadFrom = loadedPortion.endSeqNum + 1;
  if (loadFrom <= resend.end) {
    state.resend = { sentUpTo, loadFrom, end: resend.end };
  } else {
    if (sentUpTo <= resend.end) outbound.fillGap(sentUpTo, resend.end + 1, state.now);
    state.resend = state.nextResend;
    state.nextResend = undefined;
    state.backlogHeldUntil = undefined;
  }
  if (state.resend !== undefined) loadPortion(state);
}

/** How many bytes may wait in the connection before more of a resend or of a backlog is added. */
export function roomFor(state: SessionState): number {
  return state.config.limits.maxUnsentBytes / 4;
}

function loadPortion(state: SessionState): void {
  const { resend } = state;
  if (resend === undefined) return;
  // What was sent in this step is journaled before the store is asked for it.
  flush(state);
  if (state.phase === 'Ended') return;
  state.effects.push({
    type: 'LoadMessages',
    senderCompId: identityOf(state).senderCompId,
    beginSeqNum: resend.loadFrom,
    endSeqNum: Math.min(resend.end, resend.loadFrom + state.config.limits.resendPortion - 1),
  });
}

function storedMessages(portion: MessagesLoadedInput): FixMessage[] {
  const messages = portion.messages.flatMap(splitFrames);
  return messages.sort((a, b) => (a.msgSeqNum ?? 0) - (b.msgSeqNum ?? 0));
}

function splitFrames(stored: StoredFrames): FixMessage[] {
  const decoder = new FrameDecoder({ maxFrameBytes: stored.frames.length });
  decoder.push(Buffer.from(stored.frames.buffer, stored.frames.byteOffset, stored.frames.length));
  const messages: FixMessage[] = [];
  for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
    if (frame.type === 'FixMessage') messages.push(frame);
  }
  return messages;
}

/**
 * How one step becomes effects, and how a session ends: everything said is one write, everything to be
 * remembered is one journal entry, and the last words of a session are in both.
 */
import type { SessionEnd } from './session-counts.ts';
import {
  enter,
  identityOf,
  inSeqNumToSave,
  outboundOf,
  type SessionState,
  say,
  sendAdmin,
} from './session-state.ts';
import { MSG_TYPE, TAG } from './tags.ts';

/** Hands over the requests, the bytes and the journal entry of what has happened since the last flush. */
export function flush(state: SessionState): void {
  submitCommands(state);
  if (state.phase === 'Ended' || state.outbound === undefined) return;
  if (!writeBytes(state)) return;
  const { outbound } = state;
  if (!hasNumbers(state)) return;
  const needsNumbers = outbound.askForNumbers();
  if (needsNumbers || outbound.hasSent) journal(state, false);
}

/** Journals numbers that have moved without a report: session messages, and answers that came meanwhile. */
export function journalIfMoved(state: SessionState): void {
  if (hasMoved(state)) journal(state, false);
}

/** Whether numbers have moved since they were journaled. */
export function hasMoved(state: SessionState): boolean {
  return (
    inSeqNumToSave(state) !== state.journaledInSeqNum ||
    outboundOf(state).nextSeqNum !== state.journaledOutSeqNum
  );
}

/** Closes the connection without another word. Everything that was said before is journaled. */
export function end(state: SessionState, reason: string): void {
  endAs(state, state.phase === 'LoggingOut' ? 'ByVenue' : 'Lost', reason);
}

/**
 * Another gateway has the session: closes the connection, and journals nothing. What the member has sent is its next
 * session's affair.
 */
export function lose(state: SessionState): void {
  state.commands = [];
  state.outbound?.takeBytes();
  finish(state, 'Lost', 'another gateway has the session', false, false);
}

function endAs(state: SessionState, how: SessionEnd, reason: string): void {
  if (state.phase === 'Ended') return;
  submitCommands(state);
  if (state.outbound !== undefined && !writeBytes(state)) return;
  finish(state, how, reason, false);
}

/** Both sides have said Logout (5): closes the connection, and cuts the numbers if that is agreed. */
export function endLoggedOut(state: SessionState, reason: string): void {
  if (state.phase === 'Ended') return;
  submitCommands(state);
  const how = state.phase === 'LoggingOut' ? 'ByVenue' : 'LoggedOut';
  if (writeBytes(state)) finish(state, how, reason, state.settings.resetOnLogout);
}

/** Logout (5) with the text, then the connection is closed at once: what follows an error of the member's. */
export function logOutAndEnd(state: SessionState, text: string): void {
  if (state.phase === 'Ended') return;
  sendLogout(state, text);
  endAs(state, 'ByVenue', text);
}

/** Logout (5) with the text; the member's own Logout, or a time-out, closes the connection. */
export function logOut(state: SessionState, text: string): void {
  sendLogout(state, text);
  enter(state, 'LoggingOut');
}

/** Answers the member's Logout (5) and closes the connection. */
export function answerLogout(state: SessionState): void {
  sendLogout(state);
  endLoggedOut(state, 'the member logged out');
}

function sendLogout(state: SessionState, text = ''): void {
  sendAdmin(state, MSG_TYPE.Logout, (writer) => {
    if (text !== '') writer.field(TAG.Text, text);
  });
  say(state, 'info', 'logout sent', { text });
}

function submitCommands(state: SessionState): void {
  if (state.commands.length === 0) return;
  for (const { command } of state.commands) state.counts.requests[command.type] += 1;
  state.effects.push({ type: 'Submit', userId: identityOf(state).userId, commands: state.commands });
  state.commands = [];
}

/** False when the member reads too slowly, and the session has therefore ended. */
function writeBytes(state: SessionState): boolean {
  const outbound = outboundOf(state);
  const { frameCount } = outbound;
  const bytes = outbound.takeBytes();
  if (bytes === undefined) return true;
  if (state.unsentBytes + bytes.length > state.config.limits.maxUnsentBytes) {
    // The numbers are used and journaled: the member will ask for them when it is back.
    finish(state, 'Lost', `the member does not read: ${state.unsentBytes} bytes are waiting`, false);
    return false;
  }
  state.unsentBytes += bytes.length;
  state.lastSentAt = state.now;
  state.counts.messagesOut += frameCount;
  state.effects.push({ type: 'Write', bytes });
  return true;
}

/** Whether the numbers at hand are the store's: not before it opened the session, and not while it resets it. */
function hasNumbers(state: SessionState): boolean {
  return state.isOpenInStore && state.phase !== 'Opening';
}

function finish(
  state: SessionState,
  how: SessionEnd,
  reason: string,
  resetAfter: boolean,
  isOurs = true,
): void {
  state.counts.ends[state.isOpenInStore ? how : 'BeforeLogon'] += 1;
  if (isOurs && hasNumbers(state)) journal(state, isCertain(state), resetAfter);
  if (state.isOpenInStore) state.effects.push({ type: 'CloseStored', userId: identityOf(state).userId });
  if (state.isClaimed) {
    state.effects.push({ type: 'Release', senderCompId: identityOf(state).senderCompId });
  }
  say(state, 'info', 'session ended', { reason });
  state.effects.push({ type: 'Disconnect', reason });
  enter(state, 'Ended');
}

/**
 * Whether the next session may take what is undelivered for never sent. Not while reports of an uncertain end
 * before this one still wait: they keep their 97=Y.
 */
function isCertain(state: SessionState): boolean {
  return state.backlog[state.backlogSent]?.isPossResend !== true && outboundOf(state).waitingCount === 0;
}

function journal(state: SessionState, isClean: boolean, resetAfter = false): void {
  const outbound = outboundOf(state);
  state.journaledInSeqNum = inSeqNumToSave(state);
  state.journaledOutSeqNum = outbound.nextSeqNum;
  state.effects.push({
    type: 'Journal',
    journal: {
      ...identityOf(state),
      ...(state.epoch === undefined ? {} : { epoch: state.epoch }),
      nextInSeqNum: state.journaledInSeqNum,
      nextOutSeqNum: state.journaledOutSeqNum,
      reservedOutSeqNum: outbound.reservedSeqNum,
      clean: isClean,
      resetAfter,
      sent: outbound.takeSent(),
      delivered: outbound.takeDelivered(),
    },
  });
}

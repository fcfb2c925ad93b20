/**
 * The FIX session as a state machine: (state, inputs, now) → effects. It reads no clock and no socket; what to
 * do in which phase stands in session-table.ts, and what that means in the files beside it.
 */
import { assert, assertNever } from '../platform/assert.ts';
import { holdReports, readMissed, releaseHeld, takeReports, takeUndelivered } from './catch-up.ts';
import { answerLogout, end, flush, logOut, logOutAndEnd, lose } from './ending.ts';
import { countUnanswered, forgetUnanswered, needsPause } from './fair-reading.ts';
import { keepAlive, probe, timeOut } from './liveness.ts';
import { beginLogon, keep, open, start, takeVerdict } from './logon.ts';
import type { FixMessage } from './message.ts';
import { announce } from './news.ts';
import { announceOwnReset, beginOwnReset, cutNumbers, isSettled } from './numbers-reset.ts';
import { receive, receiveLast } from './receive.ts';
import { noteAnswers, sendBacklog, sendReleased, tellStatusReports } from './reports.ts';
import { sendRefusals } from './request-refusals.ts';
import { continueResend, takePortion } from './resend.ts';
import { noteSecurityStatus, sendSecurityStatus } from './security-status.ts';
import type { SessionEffect, SessionInput } from './session-protocol.ts';
import { outboundOf, type SessionState, say, sayOften } from './session-state.ts';
import { actionFor, type SessionAction } from './session-table.ts';

/**
 * Takes everything that one message of the actor, or one read of the socket, contained. `now` is in ms since
 * the epoch; `unsentBytes` is what the connection has not sent yet. The effects are to be done in their order.
 */
export function step(
  state: SessionState,
  inputs: readonly SessionInput[],
  now: number,
  unsentBytes: number,
): readonly SessionEffect[] {
  state.now = now;
  state.unsentBytes = unsentBytes;
  for (const input of inputs) act(state, actionFor(state.phase, input.type), input);
  if (state.phase !== 'Ended') continueResend(state);
  releaseHeld(state);
  settle(state);
  sendSecurityStatus(state);
  // Last: what is sent again for a ResendRequest comes before what is new.
  sendBacklog(state);
  tellStatusReports(state);
  flush(state);
  readMissed(state);
  countUnanswered(state);
  regulateReading(state);
  return takeEffects(state);
}

function takeEffects(state: SessionState): readonly SessionEffect[] {
  const { effects } = state;
  state.effects = [];
  return effects;
}

/**
 * Last effects of a session that broke: Logout if that can still be said, and nothing is journaled as clean. One that
 * broke after its end has only left to do what belongs to that.
 */
export function farewell(state: SessionState, now: number): readonly SessionEffect[] {
  forgetUnanswered(state);
  if (state.phase === 'Ended') return takeEffects(state);
  state.counts.ends[state.isOpenInStore ? 'Lost' : 'BeforeLogon'] += 1;
  const { outbound, identity } = state;
  const effects: SessionEffect[] = [];
  if (state.phase === 'Active' && outbound !== undefined) {
    // What was gathered when it broke is not to be trusted: its numbers are skipped.
    outbound.takeBytes();
    outbound.sayLastWords('internal error, please log on again', now);
    const bytes = outbound.takeBytes();
    if (bytes !== undefined) effects.push({ type: 'Write', bytes });
  }
  if (state.isOpenInStore && identity?.userId !== undefined) {
    effects.push({ type: 'CloseStored', userId: identity.userId });
  }
  if (state.isClaimed && identity !== undefined) {
    effects.push({ type: 'Release', senderCompId: identity.senderCompId });
  }
  effects.push({ type: 'Disconnect', reason: 'internal error' });
  return effects;
}

function act(state: SessionState, action: SessionAction, input: SessionInput): void {
  switch (action) {
    case 'ignore':
      return;
    case 'drop':
      end(state, reasonToDrop(input));
      return;
    case 'readLogon':
      beginLogon(state, as(input, 'Message').message);
      return;
    case 'keep':
      keep(state, as(input, 'Message').message);
      return;
    case 'receive':
      receive(state, as(input, 'Message').message);
      return;
    case 'receiveLast':
      receiveLast(state, as(input, 'Message').message);
      return;
    case 'noteGarbled':
      state.counts.garbled += 1;
      sayOften(state, 'warn', 'garbled message ignored', { reason: as(input, 'Garbled').reason });
      return;
    case 'refuseOversize': {
      const { announced } = as(input, 'Oversize');
      const { maxFrameBytes } = state.config.limits;
      logOutAndEnd(
        state,
        `BodyLength(9) ${announced} is too long, messages have up to ${maxFrameBytes} bytes`,
      );
      return;
    }
    case 'takeVerdict':
      takeVerdict(state, as(input, 'LoginJudged').verdict);
      return;
    case 'open':
      open(state);
      return;
    case 'start': {
      const { opened } = as(input, 'SessionOpened');
      process(state, state.ownReset === 'Due' ? announceOwnReset(state, opened) : start(state, opened));
      return;
    }
    case 'resetNumbers':
      beginOwnReset(state);
      return;
    case 'probe':
      probe(state);
      return;
    case 'timeOut':
      timeOut(state);
      return;
    case 'keepAlive':
      keepAlive(state);
      return;
    case 'finish':
      if (state.now - state.phaseSince >= state.config.limits.answerWaitMs) answerLogout(state);
      return;
    case 'resend':
      takePortion(state, as(input, 'MessagesLoaded'));
      return;
    case 'holdReports':
      holdReports(state, as(input, 'ReportsCommitted'));
      return;
    case 'sendReports':
      takeReports(state, as(input, 'ReportsCommitted'));
      return;
    case 'noteMissed': {
      const { writer, commitNo } = as(input, 'CatchUp');
      state.missed.want(writer, commitNo);
      return;
    }
    case 'takeUndelivered':
      takeUndelivered(state, as(input, 'UndeliveredLoaded').undelivered);
      return;
    case 'lose':
      lose(state);
      return;
    case 'noteAnswers':
      noteAnswers(state, as(input, 'ReportsCommitted'));
      return;
    case 'sendRefusals':
      sendRefusals(state, as(input, 'CommandsRefused'));
      sendReleased(state);
      return;
    case 'grantNumbers':
      outboundOf(state).grant(as(input, 'NumbersReserved').reservedOutSeqNum, state.now);
      return;
    case 'sayGoodbye':
      logOut(state, as(input, 'EndSession').text);
      return;
    case 'sayGoodbyeLater':
      state.farewell = as(input, 'EndSession').text;
      return;
    case 'announce':
      announce(state, as(input, 'Announce'));
      return;
    case 'noteStatus':
      noteSecurityStatus(state, as(input, 'SecurityStatusChanged').symbol);
      return;
    case 'endBroken':
      say(state, 'error', 'stored messages cannot be read', { reason: as(input, 'LoadFailed').reason });
      logOutAndEnd(state, 'the messages that were asked for cannot be read');
      return;
    case 'end':
      end(state, input.type === 'PeerClosed' ? 'the connection was closed' : input.type);
      return;
    case 'noteStore':
      state.isStoreUp = input.type === 'StoreAvailable';
      return;
    default:
      assertNever(action);
  }
}

/** What the member has sent while its session was not ready for it. */
function process(state: SessionState, messages: readonly FixMessage[]): void {
  for (const message of messages) {
    act(state, actionFor(state.phase, 'Message'), { type: 'Message', message });
  }
}

/** What waited for the answers to earlier requests goes on when the last one is there. */
function settle(state: SessionState): void {
  if (state.phase !== 'Resetting' && state.phase !== 'Finishing') return;
  // Requests of this step are not answered before they are submitted.
  if (!isSettled(state)) return;
  if (state.phase === 'Resetting') process(state, cutNumbers(state));
  else answerLogout(state);
}

function regulateReading(state: SessionState): void {
  if (state.phase === 'Ended') return;
  const isPauseDue = needsPause(state);
  if (isPauseDue === state.isPaused) return;
  state.isPaused = isPauseDue;
  if (!isPauseDue) state.lastReceivedAt = state.now;
  state.effects.push({ type: isPauseDue ? 'PauseReading' : 'ResumeReading' });
}

function reasonToDrop(input: SessionInput): string {
  switch (input.type) {
    case 'Garbled':
      return `what came is no FIX: ${input.reason}`;
    case 'Oversize':
      return `a message of ${input.announced} bytes was announced`;
    case 'SessionBusy':
      return 'the session is alive on another connection';
    case 'LoadFailed':
      return `the session cannot be read: ${input.reason}`;
    case 'EndSession':
      return input.text;
    default:
      return input.type;
  }
}

function as<Type extends SessionInput['type']>(
  input: SessionInput,
  type: Type,
): Extract<SessionInput, { type: Type }> {
  assert(input.type === type, `${type} expected, not ${input.type}`);
  return input as Extract<SessionInput, { type: Type }>;
}

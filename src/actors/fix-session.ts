/**
 * The actor of one connection: cuts bytes into messages, runs the session machine of src/fix and performs its
 * effects. It knows no FIX beyond that.
 */
import type { Connection } from '../fix/connection.ts';
import { roomToRead } from '../fix/fair-reading.ts';
import { FrameDecoder } from '../fix/framing.ts';
import { dueAt } from '../fix/liveness.ts';
import { farewell, step } from '../fix/session.ts';
import { loadOf, type SessionLoad } from '../fix/session-load.ts';
import type { SessionConfig, SessionEffect, SessionInput } from '../fix/session-protocol.ts';
import { newSession, type SessionState } from '../fix/session-state.ts';
import { wireText } from '../fix/wire-text.ts';
import { assertNever } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Behavior } from './actor-system.ts';
import type { Authenticator } from './ports.ts';
import type { Address, BytesReceived, SessionMessage, Tell } from './protocol.ts';

/** What the session of one connection needs from outside. */
export interface FixSessionOptions {
  readonly config: SessionConfig;
  readonly connection: Connection;
  readonly tell: Tell;
  /** The gateway that spawned the session: told when it ends. */
  readonly gateway: Address & { readonly type: 'gateway' };
  /** Who takes the member's requests. */
  readonly commandsTo: Address;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether commands can be committed at the moment. */
  readonly isStoreUp: boolean;
  /** Every message in and out as a debug line, passwords hidden. Costs throughput. */
  readonly logMessages: boolean;
}

/** The session's actor, and its last words for the crash policy. */
export interface FixSession {
  readonly behavior: Behavior<SessionState, SessionMessage>;
  /** When the session next needs a Tick, ms since the epoch. */
  dueAt(): number;
  /** Undefined before its birth. */
  load(): SessionLoad | undefined;
  /** Logout if it can, then closes the connection: for `stopAfter`. */
  sayFarewell(): void;
}

/** Makes the actor of a connection that has just been opened. */
export function fixSession(options: FixSessionOptions): FixSession {
  const { config, connection, clock } = options;
  const decoder = new FrameDecoder({ maxFrameBytes: config.limits.maxFrameBytes });
  const log = options.log.with({ sessionId: config.sessionId, remoteAddress: connection.peer.remoteAddress });
  const perform = performer(options, log);
  /** What the socket has read and the session not: the first chunk is perhaps half cut. */
  const chunks: BytesReceived[] = [];
  let isCutting = false;
  let current: SessionState | undefined;

  /** At most so many messages of what waits; with the bytes that are thereby done with. */
  const readFrames = (most: number): { readonly inputs: SessionInput[]; readonly byteCount: number } => {
    const inputs: SessionInput[] = [];
    let messageCount = 0;
    let byteCount = 0;
    while (inputs.length < most) {
      const [chunk] = chunks;
      if (chunk === undefined) break;
      if (!isCutting) decoder.push(asBuffer(chunk.bytes));
      const frame = decoder.next();
      isCutting = frame !== undefined;
      if (frame === undefined) {
        chunks.shift();
        byteCount += chunk.bytes.length;
      } else if (frame.type !== 'FixMessage') {
        inputs.push(frame);
      } else {
        if (options.logMessages) log.debug('fix in', { message: wireText(frame.frame) });
        inputs.push({ type: 'Message', message: frame });
        messageCount += 1;
      }
    }
    if (config.counts !== undefined) config.counts.messagesIn += messageCount;
    return { inputs, byteCount };
  };

  const takeStep = (state: SessionState, inputs: readonly SessionInput[]): void => {
    for (const effect of step(state, inputs, clock.now(), connection.unsentBytes())) perform(effect);
  };

  /** As much of what has been read as the session may take now; all of it at the end. */
  const readOn = (state: SessionState, isEnd = false): void => {
    while (chunks.length > 0) {
      const { inputs, byteCount } = readFrames(isEnd ? Number.POSITIVE_INFINITY : roomToRead(state));
      if (inputs.length > 0) takeStep(state, inputs);
      if (byteCount > 0) connection.consumed(byteCount);
      else if (inputs.length === 0) return;
    }
  };

  return {
    behavior: {
      initial() {
        current = newSession(config, clock.now(), options.isStoreUp);
        return current;
      },
      receive(state, message) {
        if (message.type === 'BytesReceived') {
          chunks.push(message);
        } else {
          // Nobody will answer for what is left, and what was sent before the end came before it.
          if (message.type === 'PeerClosed') readOn(state, true);
          takeStep(state, [message]);
        }
        readOn(state);
        return state;
      },
    },
    load: () => (current === undefined ? undefined : loadOf(current)),
    dueAt: () => (current === undefined ? Number.POSITIVE_INFINITY : dueAt(current)),
    sayFarewell() {
      if (current === undefined) return;
      for (const effect of farewell(current, clock.now())) perform(effect);
    },
  };
}

/** Does what the machine says. */
function performer(options: FixSessionOptions, log: Log): (effect: SessionEffect) => void {
  const { connection, tell, gateway, authenticator } = options;
  const { sessionId, counts } = options.config;
  return (effect) => {
    switch (effect.type) {
      case 'Write':
        if (options.logMessages) log.debug('fix out', { message: wireText(effect.bytes) });
        connection.write(effect.bytes);
        return;
      case 'Authenticate':
        void authenticator.judge({ ...effect.credentials, peer: connection.peer }).then((verdict) => {
          if (counts !== undefined) counts.logins[verdict.type] += 1;
          tell({ type: 'session', sessionId }, { type: 'LoginJudged', verdict });
        });
        return;
      case 'Claim':
        tell(gateway, { type: 'ClaimSession', sessionId, senderCompId: effect.senderCompId });
        return;
      case 'Open': {
        const { type: _, ...request } = effect;
        tell({ type: 'persistence' }, { type: 'OpenSession', sessionId, ...request });
        return;
      }
      case 'LoggedOn': {
        const { type: _, ...member } = effect;
        tell(gateway, { type: 'MemberLoggedOn', sessionId, ...member });
        return;
      }
      case 'Submit': {
        const { userId, commands } = effect;
        tell(options.commandsTo, { type: 'SubmitCommands', sessionId, userId, commands });
        return;
      }
      case 'Journal':
        tell({ type: 'persistence' }, { type: 'JournalSession', sessionId, ...effect.journal });
        return;
      case 'LoadMessages': {
        const { senderCompId, beginSeqNum, endSeqNum } = effect;
        tell(
          { type: 'persistence' },
          { type: 'LoadMessages', sessionId, senderCompId, beginSeqNum, endSeqNum },
        );
        return;
      }
      case 'LoadUndelivered': {
        const { senderCompId, userId } = effect;
        tell({ type: 'persistence' }, { type: 'LoadUndelivered', sessionId, senderCompId, userId });
        return;
      }
      case 'PauseReading':
        connection.pause();
        return;
      case 'ResumeReading':
        connection.resume();
        return;
      case 'Log':
        log[effect.level](effect.event, effect.fields);
        return;
      case 'StatusReportsTold': {
        const { userId, count } = effect;
        tell({ type: 'account', userId }, { type: 'StatusReportsTold', sessionId, count });
        return;
      }
      case 'CloseStored':
        tell({ type: 'persistence' }, { type: 'CloseSession', sessionId, userId: effect.userId });
        return;
      case 'Release':
        tell(gateway, { type: 'ReleaseSession', sessionId, senderCompId: effect.senderCompId });
        return;
      case 'Disconnect':
        connection.close();
        tell(gateway, { type: 'ConnectionEnded', sessionId });
        return;
      default:
        assertNever(effect);
    }
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * The router of a gateway's node in a cluster: it sends the commands of its sessions to the engine where their member's
 * account lives, which may be this node, and keeps each until it is answered. When the owner changes or the link is a new
 * one it sends again, in order and marked, what has no answer: the engine's rows say what was done. Bounded in number and,
 * for what was never sent, in time.
 */
import type { UserId } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Behavior } from './actor-system.ts';
import { type Admission, admit, admitCancels } from './admission.ts';
import type { KeptCommands } from './kept-commands.ts';
import { KeptSessions } from './kept-sessions.ts';
import type {
  Address,
  CommandsMisrouted,
  CommandsRefused,
  Message,
  RouterMessage,
  SubmitCommands,
  Tell,
} from './protocol.ts';
import { type CrashPolicy, restartFresh } from './supervision.ts';

/** A way to an engine. */
export interface EngineRoute {
  readonly node: string;
  /** Another one whenever what was sent before may not arrive: other owner, other epoch, other link. */
  readonly key: string;
  /** Under which the engine has the account. */
  readonly epoch?: number;
}

export interface RouterLimits {
  /** Commands without an answer that a gateway keeps, of all its sessions; a tenth is for cancels. */
  readonly maxRoutedCommands: number;
  /** How long a command waits for an engine that takes it; then it is refused, ms. */
  readonly routeWaitMs: number;
  /** After which time what came back, or has no way, is tried again, ms. */
  readonly routeRetryMs: number;
}

export interface OrderRouterOptions {
  /** Past {@link OrderRouter.arriving} for the sessions of this node: what the router itself says is true. */
  readonly tell: Tell;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: RouterLimits;
  /** To the account of a member; undefined while nobody has it who can be reached. */
  readonly routeOfAccount: (userId: UserId) => EngineRoute | undefined;
  /** This node has lost the database, and with it its right to say anything to others: waiting is of no use. Default: never. */
  readonly isCutOff?: () => boolean;
}

/** What the operator sees of it. */
export interface RouterStatus {
  /** Commands without an answer. */
  readonly keptCommands: number;
  /** Of these, sessions with some that are on no way to an engine. */
  readonly waitingSessions: number;
  readonly isDraining: boolean;
}

type RouterState = Record<never, never>;

export interface OrderRouter {
  readonly behavior: Behavior<RouterState, RouterMessage>;
  readonly policy: CrashPolicy<RouterMessage>;
  /** To be shown what sessions are told from elsewhere, before they see it; undefined: the session shall not see it. */
  arriving(sessionId: string, message: Message): Message | undefined;
  status(): RouterStatus;
}

const NO_ENGINE = 'no engine of the venue that has your account can be reached now: try again';
const EARLIER_WAITS = 'an earlier request of yours has no answer yet, and this one goes after it: try again';
const CUT_OFF = 'the gateway does not reach the database now: try again';

/** A command that has had no answer for longer, while there is a way to its engine, is an alarm. */
const LONGEST_ANSWER_MS = 30_000;
const WATCH_INTERVAL_MS = 5_000;
const WHAT_TO_DO =
  'see what the log of that engine says of this member; mend the rows that cannot be read, then restart that engine';

export function orderRouter(options: OrderRouterOptions): OrderRouter {
  const { tell, clock, log, limits, routeOfAccount } = options;
  const self: Address = { type: 'router' };
  const sessions = new KeptSessions();
  let drainedTo: Address | undefined;
  let isWaking = false;
  let isWatching = false;

  function receive(state: RouterState, message: RouterMessage): RouterState {
    switch (message.type) {
      case 'SubmitCommands':
        submit(message);
        break;
      case 'CommandsMisrouted':
        onMisrouted(message);
        break;
      case 'RoutesChanged':
        sendAll();
        break;
      case 'RoutesDue':
        isWaking = false;
        sendAll();
        refuseExpired();
        break;
      case 'AnswersDue':
        isWatching = false;
        tellOverdue();
        watch();
        break;
      case 'DrainExchange':
        drainedTo = message.replyTo;
        answerDrain();
        break;
      case 'AwaitAnswers': {
        const { userId, replyTo, epoch } = message;
        sessions.whenAnswered(userId, () => tell(replyTo, { type: 'Drained' }), epoch);
        break;
      }
      default:
        assertNever(message);
    }
    return state;
  }

  // ---- What comes in --------------------------------------------------------------------------------------

  function submit(message: SubmitCommands): void {
    const { sessionId, userId } = message;
    const admission = drainedTo === undefined ? admitAll(message) : admitCancels(message.commands);
    refuse(sessionId, 'Draining', 'the gateway is about to stop: no new orders', admission.refused);
    const { taken, refused } = admit(
      admission.taken,
      limits.maxRoutedCommands - sessions.count,
      limits.maxRoutedCommands,
    );
    const text = `the gateway is busy: ${limits.maxRoutedCommands} requests are on their way, try again`;
    refuse(sessionId, 'Overloaded', text, refused);
    if (taken.length === 0) return;
    const kept = sessions.open(sessionId, userId);
    change(sessionId, kept, () => kept.add(taken, clock.now()));
    send(sessionId, kept);
    watch();
  }

  function admitAll({ commands }: SubmitCommands): Admission {
    return { taken: commands, refused: [] };
  }

  function onMisrouted({ sessionId, commands, isInDoubt = false }: CommandsMisrouted): void {
    const kept = sessions.get(sessionId);
    if (kept === undefined) return;
    for (const { msgSeqNum, sendingNo } of commands) kept.misrouted(msgSeqNum, sendingNo, isInDoubt);
    wakeLater();
  }

  function arriving(sessionId: string, message: Message): Message | undefined {
    if (message.type !== 'ReportsCommitted' && message.type !== 'CommandsRefused') return message;
    const kept = sessions.get(sessionId);
    if (message.type === 'ReportsCommitted') {
      const answered =
        kept === undefined ? [] : change(sessionId, kept, () => kept.answered(message.answered));
      return answered.length + message.reports.length === 0 ? undefined : { ...message, answered };
    }
    if (kept === undefined) return undefined;
    const refused = change(sessionId, kept, () => kept.refused(message));
    if (kept.isHeld) wakeLater();
    return refused.length === 0 ? undefined : { ...message, commands: refused };
  }

  // ---- What goes out --------------------------------------------------------------------------------------

  /** In order: what is on another way, or on none, goes before what came later. */
  function send(sessionId: string, kept: KeptCommands): void {
    const mustWait = kept.isHeld || !sessions.isFirst(sessionId, kept);
    const route = mustWait ? undefined : routeOfAccount(kept.userId);
    if (route === undefined) {
      if (options.isCutOff?.() === true) refuseUnsent(sessionId, kept, clock.now(), CUT_OFF);
      if (kept.hasUnsent(undefined)) wakeLater();
      return;
    }
    if (!kept.hasUnsent(route.key)) return;
    const commands = kept.takeUnsent(route);
    if (commands.length === 0) {
      wakeLater();
      return;
    }
    const again = commands.filter(({ sending }) => sending?.isAgain === true).length;
    if (again > 0 && kept.loggedRoute !== route.key) {
      kept.loggedRoute = route.key;
      log.info('commands are sent again', { sessionId, count: again, to: route.node });
    }
    const { userId } = kept;
    tell({ type: 'exchange', node: route.node }, { type: 'SubmitCommands', sessionId, userId, commands });
    if (kept.hasUnsent(route.key)) wakeLater();
  }

  function sendAll(): void {
    for (const [sessionId, kept] of sessions.entries()) {
      kept.isHeld = false;
      send(sessionId, kept);
    }
  }

  function refuseExpired(): void {
    const until = clock.now() - limits.routeWaitMs;
    for (const [sessionId, kept] of sessions.entries()) refuseUnsent(sessionId, kept, until);
  }

  /** What has waited since `until` or before, and was never sent. Without a text: for an engine, or for an answer. */
  function refuseUnsent(sessionId: string, kept: KeptCommands, until: number, text?: string): void {
    const unsent = change(sessionId, kept, () => kept.takeExpired(until));
    if (unsent.length === 0) return;
    // Where there is a way, only what is behind another is not on it.
    const why = routeOfAccount(kept.userId) === undefined ? NO_ENGINE : EARLIER_WAITS;
    refuse(sessionId, 'StoreUnavailable', text ?? why, unsent);
  }

  function tellOverdue(): void {
    for (const [sessionId, kept] of sessions.entries()) {
      const { userId } = kept;
      const route = routeOfAccount(userId);
      const overdue = kept.overdue(route?.key, clock.now(), LONGEST_ANSWER_MS);
      if (overdue === undefined) continue;
      const fields = { userId, sessionId, engine: route?.node, ...overdue, whatToDo: WHAT_TO_DO };
      log.error('a request has had no answer for long', { alarm: true, ...fields });
    }
  }

  function watch(): void {
    if (isWatching || sessions.count === 0) return;
    isWatching = true;
    clock.after(WATCH_INTERVAL_MS, () => tell(self, { type: 'AnswersDue' }));
  }

  function refuse(
    sessionId: string,
    refusal: CommandsRefused['refusal'],
    text: string,
    commands: CommandsRefused['commands'],
  ): void {
    if (commands.length === 0) return;
    tell({ type: 'session', sessionId }, { type: 'CommandsRefused', refusal, text, commands });
  }

  function wakeLater(): void {
    if (isWaking) return;
    isWaking = true;
    clock.after(limits.routeRetryMs, () => tell(self, { type: 'RoutesDue' }));
  }

  function change<Result>(sessionId: string, kept: KeptCommands, act: () => Result): Result {
    const before = kept.count;
    const result = sessions.change(sessionId, kept, act);
    if (kept.count < before) answerDrain();
    return result;
  }

  function answerDrain(): void {
    if (drainedTo !== undefined && sessions.count === 0) tell(drainedTo, { type: 'Drained' });
  }

  return {
    behavior: { initial: () => ({}), receive },
    policy: restartFresh(),
    arriving,
    status: () => ({
      keptCommands: sessions.count,
      waitingSessions: [...sessions.entries()].filter(([, kept]) => kept.hasUnsent(undefined)).length,
      isDraining: drainedTo !== undefined,
    }),
  };
}

/**
 * The exchange of a node that is only a gateway: it sends the commands of its sessions to the engine where their member's
 * account lives, and keeps each until it is answered. When the owner changes or the link is a new one it sends again, in
 * order and marked, what has no answer: the engine's rows say what was done. Bounded in number and, for what was never
 * sent, in time.
 */
import type { UserId } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Behavior } from './actor-system.ts';
import { type Admission, admit, admitCancels } from './admission.ts';
import { KeptCommands } from './kept-commands.ts';
import type {
  Address,
  CancelSymbolOrders,
  CommandsMisrouted,
  CommandsRefused,
  ExchangeMessage,
  Message,
  SubmitAccountCommand,
  SubmitCommands,
  Tell,
} from './protocol.ts';
import { type CrashPolicy, restartFresh } from './supervision.ts';

/** A way to an engine. */
export interface EngineRoute {
  readonly node: string;
  /** Another one whenever what was sent before may not arrive: other owner, other epoch, other link. */
  readonly key: string;
}

export interface RouterLimits {
  /** Commands without an answer that a gateway keeps, of all its sessions; a tenth is for cancels. */
  readonly maxKeptCommands: number;
  /** How long a command waits for an engine that takes it; then it is refused, ms. */
  readonly routeWaitMs: number;
  /** After which time what came back is sent again, ms. */
  readonly routeRetryMs: number;
}

export const ROUTER_LIMITS: RouterLimits = {
  maxKeptCommands: 50_000,
  routeWaitMs: 5_000,
  routeRetryMs: 50,
};

export interface OrderRouterOptions {
  readonly tell: Tell;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: RouterLimits;
  /** To the account of a member; undefined while nobody has it who can be reached. */
  readonly routeOfAccount: (userId: UserId) => EngineRoute | undefined;
  readonly routeOfBook: (symbol: string) => EngineRoute | undefined;
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
  readonly behavior: Behavior<RouterState, ExchangeMessage>;
  readonly policy: CrashPolicy<ExchangeMessage>;
  /** To be shown what sessions are told from elsewhere, before they see it; undefined: the session shall not see it. */
  arriving(sessionId: string, message: Message): Message | undefined;
  status(): RouterStatus;
}

const NO_ENGINE = 'no engine of the venue has your account now: try again';

export function orderRouter(options: OrderRouterOptions): OrderRouter {
  const { tell, clock, log, limits, routeOfAccount, routeOfBook } = options;
  const self: Address = { type: 'exchange' };
  const sessions = new Map<string, KeptCommands>();
  let keptCount = 0;
  let drainedTo: Address | undefined;
  let isWaking = false;

  function receive(state: RouterState, message: ExchangeMessage): RouterState {
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
      case 'SubmitAccountCommand':
        forward(message, routeOfAccount(message.userId));
        break;
      case 'CancelSymbolOrders':
        forward(message, routeOfBook(message.symbol));
        break;
      case 'SubmitTradeAmendment':
        tell(message.replyTo, { type: 'CommandRejected', text: 'trades are amended on an engine' });
        break;
      case 'DrainExchange':
        drainedTo = message.replyTo;
        answerDrain();
        break;
      case 'CommandsCompleted':
      case 'StoreUnavailable':
      case 'StoreAvailable':
      case 'InstrumentChanged':
      case 'InstrumentLoaded':
      case 'SetTradingStatus':
      case 'BookReady':
      case 'BookHalted':
      case 'BeginRedo':
      case 'BookVoid':
      case 'RedoCommand':
      case 'RedoBookRequest':
      case 'RefuseCommand':
      case 'EndRedo':
      case 'RollTradingDay':
      case 'ExpireDue':
      case 'TradingTermsChanged':
      case 'TradeLoaded':
      case 'FundsReserved':
      case 'AmendmentAnswered':
      case 'BookMassCanceled':
      case 'StatusCheckDue':
      case 'StatusRead':
        // Of accounts and books, of which there are none here.
        break;
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
      limits.maxKeptCommands - keptCount,
      limits.maxKeptCommands,
    );
    const text = `the gateway is busy: ${limits.maxKeptCommands} requests are on their way, try again`;
    refuse(sessionId, 'Overloaded', text, refused);
    if (taken.length === 0) return;
    let kept = sessions.get(sessionId);
    if (kept === undefined) {
      kept = new KeptCommands(userId);
      sessions.set(sessionId, kept);
    }
    change(sessionId, kept, () => kept.add(taken, clock.now()));
    send(sessionId, kept);
  }

  function admitAll({ commands }: SubmitCommands): Admission {
    return { taken: commands, refused: [] };
  }

  function onMisrouted({ sessionId, commands }: CommandsMisrouted): void {
    const kept = sessions.get(sessionId);
    if (kept === undefined) return;
    for (const { msgSeqNum, sendingNo } of commands) kept.misrouted(msgSeqNum, sendingNo);
    wakeLater();
  }

  function arriving(sessionId: string, message: Message): Message | undefined {
    if (message.type !== 'ReportsCommitted' && message.type !== 'CommandsRefused') return message;
    const kept = sessions.get(sessionId);
    if (message.type === 'ReportsCommitted') {
      if (kept !== undefined) change(sessionId, kept, () => kept.answered(message.answered));
      return message;
    }
    if (kept === undefined) return undefined;
    const refused = change(sessionId, kept, () => kept.refused(message));
    if (kept.isHeld) wakeLater();
    return refused.length === 0 ? undefined : { ...message, commands: refused };
  }

  function forward(message: SubmitAccountCommand | CancelSymbolOrders, route: EngineRoute | undefined): void {
    // Not kept: whoever asks waits for a bounded time, and may ask again.
    if (route !== undefined) tell({ type: 'exchange', node: route.node }, message);
    else
      tell(message.replyTo, {
        type: 'CommandRejected',
        text: 'no engine can be reached that has it: try again',
      });
  }

  // ---- What goes out --------------------------------------------------------------------------------------

  /** In order: what is on another way, or on none, goes before what came later. */
  function send(sessionId: string, kept: KeptCommands): void {
    const route = kept.isHeld ? undefined : routeOfAccount(kept.userId);
    if (route === undefined) {
      if (kept.hasUnsent(undefined)) wakeLater();
      return;
    }
    if (!kept.hasUnsent(route.key)) return;
    const commands = kept.takeUnsent(route.key);
    const again = commands.filter(({ sending }) => sending?.isAgain === true).length;
    if (again > 0) log.info('commands are sent again', { sessionId, count: again, to: route.node });
    const { userId } = kept;
    tell({ type: 'exchange', node: route.node }, { type: 'SubmitCommands', sessionId, userId, commands });
  }

  function sendAll(): void {
    for (const [sessionId, kept] of sessions) {
      kept.isHeld = false;
      send(sessionId, kept);
    }
  }

  function refuseExpired(): void {
    const until = clock.now() - limits.routeWaitMs;
    for (const [sessionId, kept] of sessions) {
      const expired = change(sessionId, kept, () => kept.takeExpired(until));
      refuse(sessionId, 'StoreUnavailable', NO_ENGINE, expired);
    }
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

  /** Keeps count, and no session of which nothing is kept. */
  function change<Result>(sessionId: string, kept: KeptCommands, act: () => Result): Result {
    const before = kept.count;
    const result = act();
    keptCount += kept.count - before;
    if (kept.count === 0) sessions.delete(sessionId);
    if (kept.count < before) answerDrain();
    return result;
  }

  function answerDrain(): void {
    if (drainedTo !== undefined && keptCount === 0) tell(drainedTo, { type: 'Drained' });
  }

  return {
    behavior: { initial: () => ({}), receive },
    policy: restartFresh(),
    arriving,
    status: () => ({
      keptCommands: keptCount,
      waitingSessions: [...sessions.values()].filter((kept) => kept.hasUnsent(undefined)).length,
      isDraining: drainedTo !== undefined,
    }),
  };
}

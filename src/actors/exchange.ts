/**
 * The supervisor and symbol router of the node: it stamps and numbers what sessions and operators ask for, spawns
 * or looks up exactly one account per user and exactly one book per symbol, and refuses what is beyond its bounds.
 * What it knows lives outside of nact, so that a restart of it loses nothing.
 */

import type { Account } from '../accounts/account.ts';
import type { UserId } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { accountActor } from './account.ts';
import type { ActorSystem, Behavior } from './actor-system.ts';
import type { Markets } from './markets.ts';
import type { MatchingBook } from './order-book.ts';
import { orderBookActor } from './order-book.ts';
import type { IdSource, InstrumentSource, InstrumentTerms, LoadedBook, TradingCalendar } from './ports.ts';
import type {
  AccountCommand,
  Address,
  BeginRedo,
  BookVoid,
  CancelSymbolOrders,
  CommandOrigin,
  CommandsCompleted,
  CommandsRefused,
  ExchangeMessage,
  RoutedCommand,
  SetTradingStatus,
  SubmitAccountCommand,
  SubmitCommands,
} from './protocol.ts';
import { type CrashPolicy, restartFresh } from './supervision.ts';

export interface ExchangeLimits {
  /** Commands that are on their way to a commit; a tenth of it is kept for cancels. */
  readonly maxCommandsInFlight: number;
  readonly accountStash: number;
  readonly bookStash: number;
  readonly closedOrdersKept: number;
  readonly incidentsToHalt: number;
  readonly incidentWindowMs: number;
}

export interface ExchangeOptions {
  readonly system: Pick<ActorSystem, 'spawn' | 'isAlive' | 'tell'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly markets: Markets;
  readonly calendar: TradingCalendar;
  readonly ids: IdSource;
  readonly instruments: InstrumentSource;
  readonly limits: ExchangeLimits;
  readonly createBook: (loaded: LoadedBook) => MatchingBook;
  readonly createAccount?: (...args: ConstructorParameters<typeof Account>) => Account;
}

/** What the operator sees of the router. */
export interface ExchangeStatus {
  readonly commandsInFlight: number;
  readonly isDraining: boolean;
  readonly storeFault: string | undefined;
}

type ExchangeState = Record<never, never>;
/** What waits while kept commands run again. */
type Waiting = SubmitCommands | SubmitAccountCommand | CancelSymbolOrders;
type Submitted = SubmitCommands['commands'][number];

/** The share of a bound that only cancels may use. */
const KEPT_FOR_CANCELS = 0.1;

export function exchangeActor(options: ExchangeOptions): {
  readonly behavior: Behavior<ExchangeState, ExchangeMessage>;
  readonly policy: CrashPolicy<ExchangeMessage>;
  /** Takes a symbol in and spawns its book: at start, before any message. */
  readonly open: (terms: InstrumentTerms) => void;
  readonly status: () => ExchangeStatus;
} {
  const { system, clock, log, markets, calendar, limits } = options;
  const { tell } = system;
  const accounts = new Set<UserId>();
  let lastCommandNo = 0;
  let commandsInFlight = 0;
  let generation = 0;
  let storeFault: string | undefined;
  let isRedoing = false;
  let booksToVoid = new Set<string>();
  let waiting: Waiting[] = [];
  let waitingCount = 0;
  let drainedTo: Address | undefined;

  function receive(state: ExchangeState, message: ExchangeMessage): ExchangeState {
    switch (message.type) {
      case 'SubmitCommands':
        submit(message);
        break;
      case 'SubmitAccountCommand':
        submitAccountCommand(message);
        break;
      case 'CancelSymbolOrders':
        cancelSymbol(message);
        break;
      case 'CommandsCompleted':
        onCompleted(message);
        break;
      case 'StoreUnavailable':
        storeFault = message.reason;
        break;
      case 'StoreAvailable':
        storeFault = undefined;
        break;
      case 'InstrumentChanged':
        reread(message.symbol);
        break;
      case 'InstrumentLoaded':
        open(message.terms);
        break;
      case 'SetTradingStatus':
        setStatus(message);
        break;
      case 'BookReady':
        markets.setReady(message.symbol, true);
        if (message.lastPrice !== undefined) markets.setReferencePrice(message.symbol, message.lastPrice);
        break;
      case 'BookHalted':
        markets.setReady(message.symbol, false);
        markets.setStatus(message.symbol, { type: 'Halted', by: 'crash', reason: message.reason });
        break;
      case 'RollTradingDay':
        for (const symbol of markets.symbols()) {
          const command = { type: 'ExpireOrders', tradingDay: message.tradingDay } as const;
          const requests = [{ command, cause: undefined }];
          tell({ type: 'book', symbol }, { type: 'BookRequests', requests });
        }
        break;
      case 'DrainExchange':
        drainedTo = message.replyTo;
        answerDrain();
        break;
      case 'BeginRedo':
        beginRedo(message);
        break;
      case 'BookVoid':
        onBookVoid(message);
        break;
      case 'RedoCommand':
        route(message.routed);
        break;
      case 'RedoBookRequest':
        tell({ type: 'book', symbol: message.symbol }, { type: 'BookRequests', requests: [message.request] });
        break;
      case 'RefuseCommand':
        spawnAccount(message.routed.userId);
        tell({ type: 'account', userId: message.routed.userId }, message);
        break;
      case 'EndRedo':
        endRedo();
        break;
      default:
        assertNever(message);
    }
    return state;
  }

  // ---- Commands -------------------------------------------------------------------------------------------

  function submit(message: SubmitCommands): void {
    const { sessionId, userId } = message;
    if (storeFault !== undefined) {
      refuse(message, 'StoreUnavailable', 'the venue cannot store orders now: try again', message.commands);
      return;
    }
    let commands = message.commands;
    if (drainedTo !== undefined) {
      refuse(message, 'Draining', 'the venue is about to stop: no new orders', commands.filter(isNotCancel));
      commands = commands.filter((one) => !isNotCancel(one));
    }
    const room = roomLeft();
    if (room - limits.maxCommandsInFlight * KEPT_FOR_CANCELS < commands.length) {
      commands = withinBound(message, commands, room);
    }
    if (commands.length === 0) return;
    if (isRedoing) {
      keepWaiting({ ...message, commands }, commands.length);
      return;
    }
    const routed = commands.map((one) => stamp(userId, one.command, { sessionId, msgSeqNum: one.msgSeqNum }));
    spawnAccount(userId);
    tell({ type: 'account', userId }, { type: 'AccountCommands', commands: routed });
  }

  function roomLeft(): number {
    return limits.maxCommandsInFlight - commandsInFlight - waitingCount;
  }

  function keepWaiting(message: Waiting, commandCount: number): void {
    waiting.push(message);
    waitingCount += commandCount;
  }

  /** Takes what there is room for; the rest is refused. Cancels may use all of the bound, others nine tenths. */
  function withinBound(message: SubmitCommands, commands: readonly Submitted[], room: number): Submitted[] {
    const taken: Submitted[] = [];
    const refused: Submitted[] = [];
    const kept = limits.maxCommandsInFlight * KEPT_FOR_CANCELS;
    for (const one of commands) {
      const left = room - taken.length - (isNotCancel(one) ? kept : 0);
      if (left > 0) taken.push(one);
      else refused.push(one);
    }
    const text = `the venue is busy: ${limits.maxCommandsInFlight} requests are on their way, try again`;
    refuse(message, 'Overloaded', text, refused);
    return taken;
  }

  function refuse(
    { sessionId }: SubmitCommands,
    refusal: CommandsRefused['refusal'],
    text: string,
    commands: readonly Submitted[],
  ): void {
    if (commands.length === 0) return;
    tell({ type: 'session', sessionId }, { type: 'CommandsRefused', refusal, text, commands });
  }

  function submitAccountCommand(message: SubmitAccountCommand): void {
    if (mustRejectOrWait(message)) return;
    route(stamp(message.userId, message.command, undefined, message.replyTo));
  }

  function cancelSymbol(message: CancelSymbolOrders): void {
    const { symbol, unsolicited, replyTo } = message;
    if (mustRejectOrWait(message)) return;
    const requests = [
      { command: { type: 'CancelAllOrders', unsolicited } as const, cause: undefined, replyTo },
    ];
    tell({ type: 'book', symbol }, { type: 'BookRequests', requests });
  }

  /** An operator's command: true when it was rejected, or kept until the redo has ended. */
  function mustRejectOrWait(message: SubmitAccountCommand | CancelSymbolOrders): boolean {
    const reject = (text: string): void => tell(message.replyTo, { type: 'CommandRejected', text });
    if (storeFault !== undefined) reject(`the database does not answer: ${storeFault}`);
    else if (roomLeft() <= 0) reject('the venue is busy: try again');
    else if (isRedoing) keepWaiting(message, 1);
    else return false;
    return true;
  }

  function stamp(
    userId: UserId,
    command: AccountCommand,
    origin: CommandOrigin | undefined,
    replyTo?: Address,
  ): RoutedCommand {
    lastCommandNo += 1;
    commandsInFlight += 1;
    const referencePrice = 'symbol' in command ? markets.find(command.symbol)?.referencePrice : undefined;
    const tradingDay = calendar.tradingDayAt(clock.now());
    return { commandNo: lastCommandNo, userId, origin, replyTo, command, referencePrice, tradingDay };
  }

  function route(routed: RoutedCommand): void {
    spawnAccount(routed.userId);
    tell({ type: 'account', userId: routed.userId }, { type: 'AccountCommands', commands: [routed] });
  }

  function onCompleted({ count, lastPrices }: CommandsCompleted): void {
    commandsInFlight -= count;
    for (const { symbol, price } of lastPrices) markets.setReferencePrice(symbol, price);
    answerDrain();
  }

  function answerDrain(): void {
    if (drainedTo !== undefined && commandsInFlight + waitingCount === 0)
      tell(drainedTo, { type: 'Drained' });
  }

  // ---- Accounts and books ---------------------------------------------------------------------------------

  function spawnAccount(userId: UserId): void {
    const address = { type: 'account', userId } as const;
    if (accounts.has(userId)) return;
    accounts.add(userId);
    const actor = accountActor({
      userId,
      tell,
      clock,
      log,
      markets,
      ids: options.ids,
      tradingDayAt: (at) => calendar.tradingDayAt(at),
      generation,
      stashCapacity: limits.accountStash,
      closedOrdersKept: limits.closedOrdersKept,
      ...(options.createAccount === undefined ? {} : { createAccount: options.createAccount }),
    });
    system.spawn(address, actor.behavior, actor.policy);
  }

  function open(terms: InstrumentTerms): void {
    const { symbol } = terms.instrument;
    markets.put(terms);
    if (system.isAlive({ type: 'book', symbol })) return;
    const { status } = terms;
    const actor = orderBookActor({
      symbol,
      tell,
      clock,
      log,
      createBook: options.createBook,
      tradingDayAt: (at) => calendar.tradingDayAt(at),
      haltedBecause: status.type === 'Halted' && status.by === 'crash' ? status.reason : undefined,
      generation,
      stashCapacity: limits.bookStash,
      incidentsToHalt: limits.incidentsToHalt,
      incidentWindowMs: limits.incidentWindowMs,
    });
    system.spawn({ type: 'book', symbol }, actor.behavior, actor.policy);
  }

  function reread(symbol: string): void {
    options.instruments.find(symbol).then(
      (terms) => {
        if (terms !== undefined) tell({ type: 'exchange' }, { type: 'InstrumentLoaded', terms });
      },
      (error: unknown) => log.error('instrument cannot be read', { symbol, err: error }),
    );
  }

  function setStatus({ symbol, status }: SetTradingStatus): void {
    markets.setStatus(symbol, status);
    log.info('trading status changed', { symbol, status });
    // To a book that trades it means nothing; it may have crashed while the operator's halt was in force.
    if (status.type === 'Open') tell({ type: 'book', symbol }, { type: 'ResumeBook' });
  }

  // ---- A lasting commit failure ---------------------------------------------------------------------------

  /** Books first: what they gave back until then is in the accounts' mailboxes before VoidAccount is. */
  function beginRedo(message: BeginRedo): void {
    isRedoing = true;
    generation = message.generation;
    booksToVoid = new Set(markets.symbols());
    const fenceCount = accounts.size + 1;
    for (const symbol of booksToVoid) {
      tell({ type: 'book', symbol }, { type: 'VoidFence', generation, fenceCount });
    }
    if (booksToVoid.size === 0) voidAccounts();
  }

  function onBookVoid(message: BookVoid): void {
    if (message.generation !== generation) return;
    booksToVoid.delete(message.symbol);
    if (booksToVoid.size === 0) voidAccounts();
  }

  function voidAccounts(): void {
    const fenceCount = accounts.size + 1;
    for (const userId of accounts) {
      tell({ type: 'account', userId }, { type: 'VoidAccount', generation, fenceCount });
    }
  }

  function endRedo(): void {
    isRedoing = false;
    const messages = waiting;
    waiting = [];
    waitingCount = 0;
    for (const message of messages) receive({}, message);
    answerDrain();
  }

  return {
    behavior: { initial: () => ({}), receive },
    policy: restartFresh(),
    open,
    status: () => ({ commandsInFlight, isDraining: drainedTo !== undefined, storeFault }),
  };
}

function isNotCancel({ command }: Submitted): boolean {
  return command.type !== 'OrderCancelRequest';
}

/**
 * The supervisor and symbol router of the node: it stamps and numbers what sessions and operators ask for, spawns
 * or looks up exactly one account per user and exactly one book per symbol, and refuses what is beyond its bounds.
 * What it knows lives outside of nact, so that a restart of it loses nothing.
 */

import type { UserId } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import type { Behavior } from './actor-system.ts';
import { admit, admitCancels } from './admission.ts';
import { InstrumentRows } from './instrument-rows.ts';
import type { Markets } from './markets.ts';
import { OperatorCancels } from './operator-cancels.ts';
import type { InstrumentSource, InstrumentTerms, TradeSource } from './ports.ts';
import type {
  AccountCommand,
  Address,
  BeginRedo,
  BookReady,
  BookRequest,
  CancelSymbolOrders,
  CommandOrigin,
  CommandsCompleted,
  CommandsRefused,
  ExchangeMessage,
  ExpireDue,
  RoutedCommand,
  SetTradingStatus,
  SubmitAccountCommand,
  SubmitCommands,
  SubmitTradeAmendment,
  TradingStatus,
} from './protocol.ts';
import { markSentAgain, type RemoteGateways } from './remote-gateways.ts';
import { Spawner, type SpawnerOptions, type SpawnLimits } from './spawning.ts';
import { type CrashPolicy, restartFresh } from './supervision.ts';
import { TradeAmendments } from './trade-amendments.ts';
import { Voiding } from './voiding.ts';

export interface ExchangeLimits extends SpawnLimits {
  /** Commands that are on their way to a commit; a tenth of it is kept for cancels. */
  readonly maxCommandsInFlight: number;
}

export interface ExchangeOptions extends SpawnerOptions {
  /** Absent on a node that has its sessions itself. */
  readonly remote?: RemoteGateways;
  readonly markets: Markets;
  /** Gateways of the node, told when a symbol opens, halts, or takes cancels only. */
  readonly gateways: readonly string[];
  readonly instruments: InstrumentSource;
  readonly trades: TradeSource;
  readonly limits: ExchangeLimits;
}

/** What the operator sees of the router. */
export interface ExchangeStatus {
  readonly commandsInFlight: number;
  /** Commands that wait until kept ones have run again; they count for the same bound. */
  readonly commandsWaiting: number;
  readonly isDraining: boolean;
  readonly storeFault: string | undefined;
}

type ExchangeState = Record<never, never>;
/** What waits while kept commands run again. */
type Waiting = SubmitCommands | SubmitAccountCommand | CancelSymbolOrders;
type Submitted = SubmitCommands['commands'][number];

export function exchangeActor(options: ExchangeOptions): {
  readonly behavior: Behavior<ExchangeState, ExchangeMessage>;
  readonly policy: CrashPolicy<ExchangeMessage>;
  /** Takes a symbol in and spawns its book: at start, before any message. */
  readonly open: (terms: InstrumentTerms) => void;
  readonly status: () => ExchangeStatus;
  /** Pieces of work in the fullest stash of all accounts, and of all books. */
  readonly largestStashes: () => { readonly account: number; readonly book: number };
} {
  const { system, clock, log, markets, calendar, limits, remote } = options;
  const { tell } = system;
  const spawner = new Spawner(options);
  const { accounts } = spawner;
  const voiding = new Voiding({ tell, symbols: () => markets.symbols(), accounts });
  let lastCommandNo = 0;
  let commandsInFlight = 0;
  let storeFault: string | undefined;
  let isRedoing = false;
  let waiting: Waiting[] = [];
  let waitingCount = 0;
  let drainedTo: Address | undefined;
  const operatorCancels = new OperatorCancels(tell);
  const rows = new InstrumentRows({ tell, log, instruments: options.instruments, applyStatus });
  const amendments = new TradeAmendments({
    tell,
    log,
    trades: options.trades,
    instrumentOf: (symbol) => markets.instrumentOf(symbol),
    openAccount: spawnAccount,
    onIdle: answerDrain,
  });

  function receive(state: ExchangeState, message: ExchangeMessage): ExchangeState {
    switch (message.type) {
      case 'SubmitCommands':
        submit(message);
        break;
      case 'CommandsMisrouted':
      case 'RoutesChanged':
      case 'RoutesDue':
        // For a router, which stands in the place of the exchange where there is a gateway only.
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
        rows.reread(message);
        break;
      case 'InstrumentLoaded':
        open(message.terms);
        if (message.replyTo !== undefined) tell(message.replyTo, { type: 'TermsInForce' });
        break;
      case 'SetTradingStatus':
        setStatus(message);
        break;
      case 'BookReady':
        onBookReady(message);
        break;
      case 'BookHalted':
        rows.halted(message.symbol);
        markets.setReady(message.symbol, false);
        markets.setStatus(message.symbol, { type: 'Halted', by: 'crash', reason: message.reason });
        tellStatus(message.symbol);
        break;
      case 'RollTradingDay':
        expire({ type: 'ExpireDue', upTo: clock.now() });
        break;
      case 'ExpireDue':
        expire(message);
        break;
      case 'TradingTermsChanged':
        // An account that does not live will read them from its rows.
        if (accounts.has(message.userId)) tell({ type: 'account', userId: message.userId }, message);
        break;
      case 'DrainExchange':
        drainedTo = message.replyTo;
        answerDrain();
        break;
      case 'BeginRedo':
        beginRedo(message);
        break;
      case 'BookVoid':
        voiding.bookIsVoid(message);
        break;
      case 'RedoCommand':
        route(message.routed);
        break;
      case 'RedoBookRequest':
        if (message.request.command.type === 'AmendTrade') {
          amendments.drop(message.symbol, message.request, voiding.generation);
          break;
        }
        tellBook(message.symbol, message.request);
        break;
      case 'RefuseCommand':
        spawnAccount(message.routed.userId);
        tell({ type: 'account', userId: message.routed.userId }, message);
        break;
      case 'EndRedo':
        endRedo();
        break;
      case 'SubmitTradeAmendment':
        amendTrade(message);
        break;
      case 'TradeLoaded':
      case 'FundsReserved':
      case 'AmendmentAnswered':
        amendments.receive(message);
        break;
      case 'BookMassCanceled':
        operatorCancels.bookAnswered(message);
        answerDrain();
        break;
      case 'StatusCheckDue':
      case 'StatusRead':
        rows.receive(message);
        break;
      default:
        assertNever(message);
    }
    return state;
  }

  // ---- Commands -------------------------------------------------------------------------------------------

  function submit(arrived: SubmitCommands): void {
    const message = remote === undefined ? arrived : remote.take(arrived, tell);
    if (message === undefined) return;
    const { sessionId, userId } = message;
    if (storeFault !== undefined) {
      refuse(message, 'StoreUnavailable', 'the venue cannot store orders now: try again', message.commands);
      return;
    }
    let { commands } = message;
    if (drainedTo !== undefined) {
      const { taken, refused } = admitCancels(commands);
      refuse(message, 'Draining', 'the venue is about to stop: no new orders', refused);
      commands = taken;
    }
    const { taken, refused } = admit(commands, roomLeft(), limits.maxCommandsInFlight);
    if (refused.length > 0) {
      const text = `the venue is busy: ${limits.maxCommandsInFlight} requests are on their way, try again`;
      refuse(message, 'Overloaded', text, refused);
    }
    commands = taken;
    if (commands.length === 0) return;
    if (isRedoing) {
      keepWaiting({ ...message, commands }, commands.length);
      return;
    }
    const routed = commands.map((one) =>
      markSentAgain(stamp(userId, one.command, { sessionId, msgSeqNum: one.msgSeqNum }), one.sending),
    );
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
    const { symbol, userId, side, unsolicited, replyTo } = message;
    if (mustRejectOrWait(message)) return;
    lastCommandNo += 1;
    operatorCancels.begin(lastCommandNo, replyTo);
    const command = { type: 'MassCancelOrders', userId, side, clOrdId: undefined, unsolicited } as const;
    const gatheredBy = { userId: undefined, commandNo: lastCommandNo };
    tellBook(symbol, { command, cause: undefined, gatheredBy });
  }

  function tellBook(symbol: string, request: BookRequest): void {
    tell({ type: 'book', symbol }, { type: 'BookRequests', requests: [request] });
  }

  /** An operator's command: true when it was rejected, or kept until the redo has ended. */
  function mustRejectOrWait(message: SubmitAccountCommand | CancelSymbolOrders): boolean {
    const reject = (text: string): void => tell(message.replyTo, { type: 'CommandRejected', text });
    if (storeFault !== undefined) reject(`the database does not answer: ${storeFault}`);
    else if (roomLeft() <= 0) reject('the venue is busy: try again');
    else if ('symbol' in message && markets.find(message.symbol) === undefined) reject('no such symbol');
    else if (isRedoing) keepWaiting(message, 1);
    else return false;
    return true;
  }

  function amendTrade(message: SubmitTradeAmendment): void {
    const reject = (text: string): void => tell(message.replyTo, { type: 'CommandRejected', text });
    if (storeFault !== undefined) reject(`the database does not answer: ${storeFault}`);
    else if (drainedTo !== undefined) reject('the venue is about to stop');
    else if (isRedoing) reject('the venue runs commands again after a refused commit: try again');
    else amendments.submit(message);
  }

  function stamp(
    userId: UserId,
    command: AccountCommand,
    origin: CommandOrigin | undefined,
    replyTo?: Address,
  ): RoutedCommand {
    lastCommandNo += 1;
    commandsInFlight += 1;
    const symbol = 'symbol' in command ? command.symbol : undefined;
    const referencePrice = symbol === undefined ? undefined : markets.find(symbol)?.referencePrice;
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
    const isIdle = commandsInFlight + waitingCount === 0 && !amendments.isBusy && operatorCancels.isIdle;
    if (drainedTo !== undefined && isIdle) tell(drainedTo, { type: 'Drained' });
  }

  // ---- Accounts and books ---------------------------------------------------------------------------------

  function spawnAccount(userId: UserId): void {
    spawner.account(userId, voiding.generation);
  }

  function open(terms: InstrumentTerms): void {
    markets.put(terms);
    spawner.book(terms.instrument.symbol, terms.status, voiding.generation);
  }

  function setStatus({ symbol, status }: SetTradingStatus): void {
    const present = markets.find(symbol)?.status;
    if (present?.type === 'Halted' && present.by === 'crash') rows.checkStatus(symbol);
    else applyStatus(symbol, status);
  }

  function applyStatus(symbol: string, status: TradingStatus): void {
    markets.setStatus(symbol, status);
    log.info('trading status changed', { symbol, status });
    tellStatus(symbol);
    // To a book that trades it means nothing; it may have crashed while the operator's halt was in force.
    if (status.type !== 'Halted') tell({ type: 'book', symbol }, { type: 'ResumeBook' });
  }

  function onBookReady({ symbol, lastPrice }: BookReady): void {
    const wasReady = markets.find(symbol)?.ready;
    markets.setReady(symbol, true);
    if (lastPrice !== undefined) markets.setReferencePrice(symbol, lastPrice);
    if (wasReady === false) tellStatus(symbol);
  }

  function tellStatus(symbol: string): void {
    for (const name of options.gateways) {
      tell({ type: 'gateway', name }, { type: 'SecurityStatusChanged', symbol });
    }
  }

  function expire(message: ExpireDue): void {
    for (const symbol of markets.symbols()) tell({ type: 'book', symbol }, message);
  }

  // ---- A lasting commit failure ---------------------------------------------------------------------------

  function beginRedo(message: BeginRedo): void {
    isRedoing = true;
    amendments.abort('a commit was refused by the database, nothing was done: try again');
    voiding.begin(message);
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
    status: () => ({
      commandsInFlight,
      commandsWaiting: waitingCount,
      isDraining: drainedTo !== undefined,
      storeFault,
    }),
    largestStashes: () => spawner.largestStashes(),
  };
}

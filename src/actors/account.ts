/**
 * The actor of one member's account: it keeps the member's commands in order, lets the pure account judge them,
 * and passes what is good to the books. It is loaded when first needed and rebuilt behind a fence when it throws.
 */
import { Account } from '../accounts/account.ts';
import type { TradingTerms } from '../accounts/trading-terms.ts';
import type { OrderId, UserId } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import { isContained, NO_COMMITS } from '../platform/commit-numbers.ts';
import type { Log } from '../platform/log.ts';
import { Judge } from './account-judge.ts';
import {
  addWaiting,
  commandsOf,
  newOutbox,
  type Outbox,
  splitWork,
  takeAllWaiting,
  takeWaiting,
  type Work,
} from './account-work.ts';
import type { Behavior } from './actor-system.ts';
import { AmendmentReserve } from './amendment-reserve.ts';
import { MassCancels } from './mass-cancels.ts';
import type { IdSource, LoadedAccount, MarketDirectory, TradingCalendar } from './ports.ts';
import type {
  AccountMessage,
  CommandsRefused,
  JudgeAgain,
  RoutedCommand,
  Settle,
  Tell,
  VoidAccount,
} from './protocol.ts';
import { RebuildCell } from './rebuild-cell.ts';
import { EVERY_GENERATION } from './redo.ts';
import { StatusBudget } from './status-budget.ts';
import { type Crash, type CrashPolicy, rebuildWith } from './supervision.ts';

export interface AccountOptions {
  readonly userId: UserId;
  readonly tell: Tell;
  readonly clock: Clock;
  readonly log: Log;
  readonly markets: MarketDirectory;
  readonly ids: Pick<IdSource, 'nextOrderId'>;
  readonly calendar: Pick<TradingCalendar, 'tradingDayAt' | 'endOf'>;
  /** The generation of state that the account is born into: higher after each lasting commit failure. */
  readonly generation: number;
  /** Batches that may wait while the account is loaded. */
  readonly stashCapacity: number;
  readonly closedOrdersKept: number;
  readonly refusedCancelsKept: number;
  readonly maxWaitingStopsPerMember: number;
  /** Reports that answer mass status requests (AF) and have not left; see {@link StatusBudget}. */
  readonly maxStatusReportsPerMember: number;
  /** How long a mass cancel (q) waits for its books. */
  readonly massCancelWaitMs: number;
  /** Builds the account; tests put one that fails here. */
  readonly createAccount?: (...args: ConstructorParameters<typeof Account>) => Account;
}

type AccountState =
  | {
      readonly phase: 'loading';
      readonly settlements: readonly Settle[];
      /** What the operator has set meanwhile: the rows may have been read before. */
      readonly terms: TradingTerms | undefined;
    }
  | { readonly phase: 'ready'; readonly account: Account }
  | { readonly phase: 'unreadable'; readonly reason: string };

const FAILED_TEXT = 'the venue failed on this command: refused, nothing was done';

/** The behaviour of the account and the policy that goes with it. */
export function accountActor(options: AccountOptions): {
  readonly behavior: Behavior<AccountState, AccountMessage>;
  readonly policy: CrashPolicy<AccountMessage>;
  /** Pieces of work that wait while it is loaded. */
  readonly stashed: () => number;
} {
  const { userId, tell, clock, log, markets, calendar } = options;
  const cell = new RebuildCell<Work>(options.stashCapacity);
  const statusBudget = new StatusBudget(options.maxStatusReportsPerMember);
  const judge = new Judge({ ...options, statusBudget });
  const createAccount = options.createAccount ?? ((...args) => new Account(...args));
  /** Requests that wait for the answer to an earlier one with the same ClOrdID. */
  const waitingForRequest = new Map<string, RoutedCommand[]>();
  /** Cancels and replaces that wait until their order's end is committed. */
  const waitingForOrder = new Map<OrderId, RoutedCommand[]>();
  const massCancels = new MassCancels(options);
  const reserve = new AmendmentReserve(userId, tell);
  let generation = options.generation;
  let fenceNo = 0;
  let loadedCommits = NO_COMMITS;
  /** Loads that were asked for and not answered: the account is good with the last answer only. */
  let loadsOwed = 0;
  let isRebuild = false;
  let restoring = false;
  let unreadableBecause: string | undefined;
  let culprit: Work | undefined;
  let isRefusingCulprit = false;

  function initial(): AccountState {
    if (unreadableBecause !== undefined) return becomeUnreadable(unreadableBecause);
    requestLoad();
    return { phase: 'loading', settlements: [], terms: undefined };
  }

  /** The first load asks at once; a rebuild lets what it has in flight reach the rows first. */
  function requestLoad(): void {
    loadsOwed += 1;
    const tradingDay = calendar.tradingDayAt(clock.now());
    const symbols = markets.symbols();
    if (!isRebuild || symbols.length === 0) {
      tell({ type: 'persistence' }, { type: 'LoadAccount', userId, tradingDay });
      return;
    }
    fenceNo += 1;
    const fence = { type: 'Fence', userId, fenceNo, bookCount: symbols.length, tradingDay } as const;
    for (const symbol of symbols) tell({ type: 'book', symbol }, fence);
  }

  function receive(state: AccountState, message: AccountMessage): AccountState {
    switch (message.type) {
      case 'AccountCommands':
      case 'RequestsBounced':
      case 'RefuseCommand':
        return onWork(state, message);
      case 'JudgeAgain':
        return onJudgeAgain(state, message);
      case 'Settle':
        return onSettle(state, message);
      case 'AccountLoaded':
        loadsOwed -= 1;
        if (loadsOwed > 0 || state.phase !== 'loading') return state;
        return restore(state, message.loaded);
      case 'LoadFailed':
        loadsOwed -= 1;
        return loadsOwed > 0 ? state : becomeUnreadable(message.reason);
      case 'VoidAccount':
        return onVoid(state, message);
      case 'BookMassCanceled':
        massCancels.bookAnswered(message);
        return onMassCanceled(state);
      case 'MassCancelDue':
        massCancels.timeIsOver(message.commandNo);
        return onMassCanceled(state);
      case 'MassCancelReported':
        massCancels.forget([message]);
        return state;
      case 'StatusReportsTold':
        statusBudget.told(message.sessionId, message.count);
        return state;
      case 'ReserveFunds':
        if (state.phase === 'ready') reserve.take(state.account, message);
        else reserve.wait(message);
        if (state.phase === 'unreadable')
          reserve.refuseWaiting(`the account of user ${userId} cannot be read`);
        return state;
      case 'ReleaseFunds':
        reserve.release(message.amendmentNo, state.phase === 'ready' ? state.account : undefined);
        return state;
      case 'TradingTermsChanged':
        if (state.phase === 'loading') return { ...state, terms: message.terms };
        if (state.phase === 'ready') state.account.setTerms(message.terms);
        return state;
      default:
        return assertNever(message);
    }
  }

  function onWork(state: AccountState, message: Work): AccountState {
    switch (state.phase) {
      case 'loading':
        if (cell.isFull)
          turnAway(commandsOf(message), 'Overloaded', 'the account is being loaded: try again');
        else cell.push(message);
        return state;
      case 'ready':
        cell.push(message);
        work(state.account);
        return state;
      case 'unreadable':
        turnAway(commandsOf(message), 'StoreUnavailable', `the account cannot be read: ${state.reason}`);
        return state;
      default:
        return assertNever(state);
    }
  }

  /** Rows say what became of these: they come before what waits, which came after them. */
  function onJudgeAgain(state: AccountState, { symbol, commands }: JudgeAgain): AccountState {
    if (state.phase === 'unreadable') {
      turnAway(commands, 'StoreUnavailable', `the account cannot be read: ${state.reason}`);
      return state;
    }
    const isConcerned = (account: Account) => account.openOrders().some((order) => order.symbol === symbol);
    if (commands.length === 0 && state.phase === 'ready' && !isConcerned(state.account)) return state;
    const waiting = cell.takeAll();
    if (commands.length > 0) cell.push({ type: 'AccountCommands', commands });
    for (const piece of waiting) cell.push(piece);
    requestLoad();
    return state.phase === 'loading' ? state : { phase: 'loading', settlements: [], terms: undefined };
  }

  function onSettle(state: AccountState, message: Settle): AccountState {
    if (state.phase === 'loading') return { ...state, settlements: [...state.settlements, message] };
    if (state.phase === 'ready') {
      settle(state.account, message);
      work(state.account);
    }
    return state;
  }

  function settle(account: Account, message: Settle): void {
    if (isContained(loadedCommits, message)) return;
    const closed = account.settle(message);
    release(
      closed.flatMap((orderId) => takeWaiting(waitingForOrder, orderId)),
      message.answered.flatMap((clOrdId) => takeWaiting(waitingForRequest, clOrdId)),
    );
  }

  /** What waited is work again: of cancels and replaces the order has closed, of repeats the first is answered. */
  function release(tooLate: readonly RoutedCommand[], repeats: readonly RoutedCommand[]): void {
    if (tooLate.length > 0) {
      const reason = { type: 'NoSuchOrder' } as const;
      cell.push({ type: 'RequestsBounced', bounced: tooLate.map((routed) => ({ routed, reason })) });
    }
    if (repeats.length > 0) cell.push({ type: 'AccountCommands', commands: repeats });
  }

  /** The books of a mass cancel have answered, or had their time: what is left is work like any command. */
  function onMassCanceled(state: AccountState): AccountState {
    if (state.phase !== 'ready') return state;
    takeMassCanceled();
    work(state.account);
    return state;
  }

  function takeMassCanceled(): void {
    const commands = massCancels.takeFinished();
    if (commands.length > 0) cell.push({ type: 'AccountCommands', commands });
  }

  function restore(waited: AccountState & { phase: 'loading' }, loaded: LoadedAccount): AccountState {
    restoring = true;
    const account = createAccount(
      loaded,
      calendar.tradingDayAt(clock.now()),
      (symbol) => markets.find(symbol)?.instrument,
      options.closedOrdersKept,
      options.refusedCancelsKept,
      options.maxWaitingStopsPerMember,
    );
    loadedCommits = loaded.commits;
    if (waited.terms !== undefined) account.setTerms(waited.terms);
    for (const settlement of waited.settlements) settle(account, settlement);
    reserve.restore(account);
    for (const { command, tradingDay } of massCancels.unreported()) {
      if (command.type === 'OrderMassCancelRequest') account.massCancelUnderWay(command, tradingDay);
    }
    takeMassCanceled();
    // What they waited for may be in the rows that were loaded, and never be told.
    release(takeAllWaiting(waitingForOrder), takeAllWaiting(waitingForRequest));
    restoring = false;
    isRebuild = true;
    refuseCulprit(account);
    work(account);
    reserve.answerWaiting(account);
    return { phase: 'ready', account };
  }

  function work(account: Account): void {
    cell.drain((piece) => {
      const outbox = newOutbox();
      switch (piece.type) {
        case 'AccountCommands':
          for (const routed of piece.commands) {
            judge.command(account, routed, outbox, massCancels.resultOf(routed));
          }
          break;
        case 'RequestsBounced':
          for (const { routed, reason } of piece.bounced) judge.bounced(account, routed, reason, outbox);
          break;
        case 'RefuseCommand':
          judge.refuse(account, piece.routed, piece.text, outbox, massCancels.resultOf(piece.routed));
          break;
        default:
          assertNever(piece);
      }
      send(account, outbox);
    });
  }

  function send(account: Account, outbox: Outbox): void {
    const { refusals, massCancels: reported, answers, transfers, done, replies } = outbox;
    for (const routed of done) {
      if (massCancels.resultOf(routed) === undefined) continue;
      const reply = { type: 'MassCancelReported', commandNo: routed.commandNo } as const;
      replies.push({ to: { type: 'account', userId }, reply });
    }
    if (done.length > 0) {
      const entry = { type: 'JournalAccount', userId, generation, lastSeq: account.lastSeq } as const;
      const told = { refusals, massCancels: reported, answers, transfers, done, replies };
      tell({ type: 'persistence' }, { ...entry, ...told });
    }
    for (const [symbol, requests] of outbox.toBooks) {
      tell({ type: 'book', symbol }, { type: 'BookRequests', requests });
    }
    for (const [clOrdId, routed] of outbox.waitForRequest) addWaiting(waitingForRequest, clOrdId, routed);
    for (const [orderId, routed] of outbox.waitForOrder) addWaiting(waitingForOrder, orderId, routed);
    for (const [routed, symbols] of outbox.gather) massCancels.begin(routed, symbols);
    for (const [sessionId, count] of outbox.statusReports) statusBudget.sent(sessionId, count);
    for (const { routed, refusal, text } of outbox.turnedAway) turnAway([routed], refusal, text);
    release(
      [],
      [...refusals, ...reported].flatMap(({ report }) => takeWaiting(waitingForRequest, report.clOrdId)),
    );
  }

  /** Without a loaded account nothing can be refused durably: the session says that nothing was done. */
  function turnAway(
    commands: readonly RoutedCommand[],
    refusal: CommandsRefused['refusal'],
    text: string,
  ): void {
    for (const { origin, command, replyTo } of commands) {
      if (replyTo !== undefined) tell(replyTo, { type: 'CommandRejected', text });
      if (origin === undefined || command.type === 'TransferFunds' || command.type === 'CancelMemberOrders') {
        continue;
      }
      const { sessionId, msgSeqNum } = origin;
      const refused = [{ msgSeqNum, command }];
      tell({ type: 'session', sessionId }, { type: 'CommandsRefused', refusal, text, commands: refused });
    }
    massCancels.forget(commands);
    // The session is told already, so that only the count and a redo that waits for the command need to hear.
    const done = commands.map((routed) => ({ ...routed, origin: undefined }));
    const generation = EVERY_GENERATION;
    const entry = { type: 'JournalAccount', userId, generation, lastSeq: 0 } as const;
    const nothing = { refusals: [], massCancels: [], answers: [], transfers: [], replies: [] };
    tell({ type: 'persistence' }, { ...entry, ...nothing, done });
  }

  function becomeUnreadable(reason: string): AccountState {
    log.error('account cannot be read', { userId, reason });
    unreadableBecause = reason;
    const waiting = [
      ...massCancels.takeAll(),
      ...takeAllWaiting(waitingForRequest),
      ...takeAllWaiting(waitingForOrder),
    ];
    const failed = culprit === undefined ? [] : commandsOf(culprit);
    culprit = undefined;
    const commands = [...failed, ...cell.takeAll().flatMap(commandsOf), ...waiting];
    turnAway(commands, 'StoreUnavailable', `the account cannot be read: ${reason}`);
    reserve.refuseWaiting(`the account of user ${userId} cannot be read: ${reason}`);
    return { phase: 'unreadable', reason };
  }

  function onVoid(state: AccountState, message: VoidAccount): AccountState {
    generation = message.generation;
    unreadableBecause = undefined;
    massCancels.waitWithoutEnd();
    reserve.forget();
    statusBudget.forget();
    const waiting = [...takeAllWaiting(waitingForRequest), ...takeAllWaiting(waitingForOrder)];
    const commands = [...cell.takeAll().flatMap(commandsOf), ...waiting];
    if (commands.length > 0) tell({ type: 'persistence' }, { type: 'CommandsUnanswered', commands });
    const fence = { type: 'VoidFence', generation, fenceCount: message.fenceCount } as const;
    for (const symbol of markets.symbols()) tell({ type: 'book', symbol }, fence);
    loadsOwed += 1;
    const tradingDay = calendar.tradingDayAt(clock.now());
    tell({ type: 'persistence' }, { type: 'LoadAccount', userId, tradingDay });
    return state.phase === 'loading' ? state : { phase: 'loading', settlements: [], terms: undefined };
  }

  function refuseCulprit(account: Account): void {
    if (culprit === undefined) return;
    isRefusingCulprit = true;
    const outbox = newOutbox();
    for (const routed of commandsOf(culprit)) {
      judge.refuse(account, routed, FAILED_TEXT, outbox, massCancels.resultOf(routed));
    }
    send(account, outbox);
    isRefusingCulprit = false;
    culprit = undefined;
  }

  /** The crash policy. A settlement that failed needs no second run: the load will contain it. */
  function onCrash({ error }: Crash<AccountMessage>): void {
    if (restoring) {
      restoring = false;
      unreadableBecause = error.message;
      return;
    }
    if (isRefusingCulprit) {
      isRefusingCulprit = false;
      if (culprit !== undefined) turnAway(commandsOf(culprit), 'StoreUnavailable', FAILED_TEXT);
      culprit = undefined;
      return;
    }
    if (!cell.isIdle) culprit = cell.failed(splitWork).culprit;
  }

  return { behavior: { initial, receive }, policy: rebuildWith(onCrash), stashed: () => cell.size };
}

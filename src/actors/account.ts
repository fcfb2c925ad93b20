/**
 * The actor of one member's account: it keeps the member's commands in order, lets the pure account judge them,
 * and passes what is good to the books. It is loaded when first needed and rebuilt behind a fence when it throws.
 */
import { Account } from '../accounts/account.ts';
import type { TradingTerms } from '../accounts/trading-terms.ts';
import { assertNever } from '../platform/assert.ts';
import { Judge } from './account-judge.ts';
import { AccountLoads } from './account-loads.ts';
import type { AccountOptions } from './account-options.ts';
import {
  commandsOf,
  inOrder,
  journalOf,
  newOutbox,
  type Outbox,
  splitWork,
  sweepsOf,
  type Work,
  workAgain,
} from './account-work.ts';
import type { Behavior } from './actor-system.ts';
import { AmendmentReserve } from './amendment-reserve.ts';
import { MassCancels } from './mass-cancels.ts';
import { MissedCommits } from './missed-commits.ts';
import type { LoadedAccount } from './ports.ts';
import type {
  AccountMessage,
  CommandsRefused,
  JudgeAgain,
  OrderLoaded,
  RoutedCommand,
  Settle,
  VoidAccount,
} from './protocol.ts';
import { RebuildCell } from './rebuild-cell.ts';
import { Recalls } from './recalls.ts';
import { StatusBudget } from './status-budget.ts';
import { type Crash, type CrashPolicy, rebuildWith } from './supervision.ts';
import { currentWork, turnAway as turnAwayFrom } from './turned-away.ts';
import { WaitingCommands } from './waiting-commands.ts';

type AccountState =
  | {
      readonly phase: 'loading';
      readonly settlements: readonly Settle[];
      /** What the operator has set meanwhile: the rows may have been read before. */
      readonly terms: TradingTerms | undefined;
    }
  | { readonly phase: 'ready'; readonly account: Account }
  | { readonly phase: 'unreadable'; readonly reason: string };

type Refusal = CommandsRefused['refusal'];

const FAILED_TEXT = 'the venue failed on this command: refused, nothing was done';

/** The behaviour of the account and the policy that goes with it. */
export function accountActor(options: AccountOptions): {
  readonly behavior: Behavior<AccountState, AccountMessage>;
  readonly policy: CrashPolicy<AccountMessage>;
  /** Pieces of work that wait while it is loaded. */
  readonly stashed: () => number;
} {
  const { userId, tell, clock, log, markets, calendar, shard, moves } = options;
  const cell = new RebuildCell<Work>(options.stashCapacity);
  const statusBudget = new StatusBudget(options.maxStatusReportsPerMember);
  const judge = new Judge({ ...options, statusBudget });
  const createAccount = options.createAccount ?? ((...args) => new Account(...args));
  const recalls = new Recalls(userId, tell, shard);
  const waiting = new WaitingCommands(recalls);
  const massCancels = new MassCancels(options);
  const reserve = new AmendmentReserve(userId, tell, shard, options.inFlight);
  const loads = new AccountLoads(options);
  const missed = new MissedCommits(moves);
  let generation = options.generation;
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
  function requestLoad(behindFence = isRebuild): void {
    missed.willRead();
    loads.ask(behindFence);
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
        if (!loads.isLastAnswer(message) || state.phase !== 'loading') return state;
        return restore(state, message.loaded);
      case 'OrderLoaded':
        return onOrderLoaded(state, message);
      case 'LoadFailed':
        return loads.isLastAnswer(message) ? becomeUnreadable(message.reason) : state;
      case 'VoidAccount':
        return onVoid(state, message);
      case 'BookMassCanceled':
      case 'MassCancelDue':
      case 'MassCancelReported':
        massCancels.receive(message);
        return onMassCanceled(state);
      case 'StatusReportsTold':
        statusBudget.told(message.sessionId, message.count);
        return state;
      case 'ReserveFunds':
        if (state.phase === 'ready') reserve.take(state.account, message);
        else reserve.wait(message);
        if (loads.isAsleep) requestLoad();
        if (state.phase === 'unreadable')
          reserve.refuseWaiting(`the account of user ${userId} cannot be read`);
        return state;
      case 'ReleaseFunds':
        reserve.release(message, state.phase === 'ready' ? state.account : undefined);
        return state;
      case 'ReservesVoid':
        reserve.releaseAllOf(message.node, state.phase === 'ready' ? state.account : undefined);
        return state;
      case 'TradingTermsChanged':
        if (state.phase === 'loading') return { ...state, terms: message.terms };
        if (state.phase === 'ready') state.account.setTerms(message.terms);
        return state;
      default:
        return assertNever(message);
    }
  }

  function onWork(state: AccountState, arrived: Work): AccountState {
    const message = shard === undefined ? arrived : currentWork(arrived, options);
    switch (state.phase) {
      case 'loading':
        if (cell.isFull)
          turnAway(commandsOf(message), 'Overloaded', 'the account is being loaded: try again');
        else cell.push(message);
        if (loads.isAsleep) requestLoad();
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
  function onJudgeAgain(state: AccountState, message: JudgeAgain): AccountState {
    const { asked } = message;
    const pieces = workAgain(asked).map((piece) => currentWork(piece, options));
    if (state.phase === 'unreadable') {
      turnAway(pieces.flatMap(commandsOf), 'StoreUnavailable', `the account cannot be read: ${state.reason}`);
      massCancels.drop(sweepsOf(pieces));
      return state;
    }
    if (asked.length === 0) {
      const isOld = missed.mayBeOld(message);
      const isConcerned = state.phase !== 'ready' || missed.concern(state.account, message);
      missed.willKnow(message);
      if (!isOld || !isConcerned || loads.isAsleep) return state;
    } else missed.willKnow(message);
    for (const piece of inOrder(cell.takeAll(), pieces)) cell.push(piece);
    return readAgain(state, asked.length > 0);
  }

  /** What it knows may be old: the rows are read when there is something to do. */
  function readAgain(state: AccountState, isHurried: boolean): AccountState & { phase: 'loading' } {
    const isIdle = waiting.isEmpty && massCancels.unreported().length === 0;
    if (state.phase === 'ready' && isIdle && !isHurried) loads.sleep();
    else requestLoad();
    return state.phase === 'loading' ? state : { phase: 'loading', settlements: [], terms: undefined };
  }

  function onSettle(state: AccountState, message: Settle): AccountState {
    if (state.phase === 'unreadable') return state;
    if (state.phase === 'ready') {
      if (settle(state.account, message)) {
        work(state.account);
        return state;
      }
      return onSettle(readAgain(state, false), message);
    }
    // Rows have it where they are read later.
    return loads.isAsleep ? state : { ...state, settlements: [...state.settlements, message] };
  }

  /** False: something was committed before it of which the account knows nothing. */
  function settle(account: Account, message: Settle): boolean {
    if (missed.isKnown(message)) return true;
    if (missed.isAfterMissed(message)) return false;
    missed.learn(message);
    const closed = account.settle(message);
    recalls.amended((message.amendedOrders ?? []).map(({ orderId }) => orderId));
    release(waiting.takeClosed(closed), waiting.takeAnswered(message.answered));
    return true;
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

  /** What waits for the order is work again. While the account is loaded it stays, and is judged anew then. */
  function onOrderLoaded(state: AccountState, message: OrderLoaded): AccountState {
    const { orderId, order } = message;
    if (!recalls.isLastAnswer(message) || state.phase !== 'ready') return state;
    const recalled = recalls.take(orderId);
    if (order === undefined) {
      for (const { routed, text } of recalled) turnAway([routed], 'Unanswerable', text);
      return state;
    }
    cell.push({ type: 'AccountCommands', commands: recalled.map(({ routed }) => routed) });
    state.account.recall(order);
    work(state.account);
    state.account.recall(undefined);
    return state;
  }

  function restore(waited: AccountState & { phase: 'loading' }, loaded: LoadedAccount): AccountState {
    restoring = true;
    const { closedOrdersKept, refusedCancelsKept, maxWaitingStopsPerMember } = options;
    const bounds = [closedOrdersKept, refusedCancelsKept, maxWaitingStopsPerMember] as const;
    const instrumentOf = (symbol: string) => markets.find(symbol)?.instrument;
    const account = createAccount(loaded, calendar.tradingDayAt(clock.now()), instrumentOf, ...bounds);
    missed.loaded(loaded.commits);
    if (waited.terms !== undefined) account.setTerms(waited.terms);
    const after = waited.settlements.findIndex((settlement) => !settle(account, settlement));
    if (after >= 0) {
      restoring = false;
      requestLoad();
      return { ...waited, settlements: waited.settlements.slice(after) };
    }
    reserve.restore(account);
    for (const { command, tradingDay } of massCancels.unreported()) {
      if (command.type === 'OrderMassCancelRequest') account.massCancelUnderWay(command, tradingDay);
    }
    takeMassCanceled();
    // What they waited for may be in the rows that were loaded, and never be told.
    release(waiting.takeAllClosed(), [...waiting.takeAllAnswered(), ...recalls.takeAll()]);
    restoring = false;
    isRebuild = true;
    refuseCulprit(account);
    loads.finished(loaded);
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
        case 'SweepAgain':
          massCancels.sweepAgain(piece, judge.hasAnyAnswered(account, piece.later), outbox);
          break;
        default:
          assertNever(piece);
      }
      send(account, outbox);
    });
  }

  function send(account: Account, outbox: Outbox): void {
    const { refusals, massCancels: reported, done, replies } = outbox;
    replies.push(...massCancels.whenReported(done));
    if (done.length > 0) {
      const right = shard === undefined ? {} : { shard };
      const from = { userId, ...right, generation, lastSeq: account.lastSeq };
      tell({ type: 'persistence' }, journalOf(from, outbox));
    }
    for (const [symbol, requests] of outbox.toBooks) {
      tell({ type: 'book', symbol }, { type: 'BookRequests', requests });
    }
    waiting.add(outbox);
    for (const [routed, symbols] of outbox.gather) massCancels.begin(routed, symbols);
    for (const [sessionId, count] of outbox.statusReports) statusBudget.sent(sessionId, count);
    for (const { routed, refusal, text } of outbox.turnedAway) turnAway([routed], refusal, text);
    release([], waiting.takeAnswered([...refusals, ...reported].map(({ report }) => report.clOrdId)));
  }

  function turnAway(commands: readonly RoutedCommand[], refusal: Refusal, text: string): void {
    massCancels.forget(commands);
    turnAwayFrom(userId, commands, { refusal, text }, tell);
  }

  function becomeUnreadable(reason: string): AccountState {
    log.error('account cannot be read', { userId, reason });
    unreadableBecause = reason;
    const failed = culprit === undefined ? [] : commandsOf(culprit);
    culprit = undefined;
    const pieces = cell.takeAll();
    massCancels.drop(sweepsOf(pieces));
    const others = [...massCancels.takeAll(), ...waiting.takeAll()];
    const commands = [...failed, ...pieces.flatMap(commandsOf), ...others];
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
    const pieces = cell.takeAll();
    const commands = [...pieces.flatMap(commandsOf), ...waiting.takeAll()];
    const sweeps = sweepsOf(pieces);
    if (commands.length + sweeps.length > 0) {
      tell({ type: 'persistence' }, { type: 'CommandsUnanswered', commands, sweeps });
    }
    const fence = { type: 'VoidFence', generation, fenceCount: message.fenceCount } as const;
    for (const symbol of markets.symbols()) tell({ type: 'book', symbol }, fence);
    requestLoad(false);
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

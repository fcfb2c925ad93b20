/**
 * The supervisor and symbol router of the node: it stamps and numbers what sessions and operators ask for, spawns
 * or looks up exactly one account per user and exactly one book per symbol, and refuses what is beyond its bounds.
 * What it knows lives outside of nact, so that a restart of it loses nothing.
 */
import type { UserId } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import type { Behavior } from './actor-system.ts';
import { admit, admitCancels } from './admission.ts';
import { CommandsInFlight } from './commands-in-flight.ts';
import { ExchangeRedo } from './exchange-redo.ts';
import { type ExchangeCluster, Forwarding } from './forwarding.ts';
import { MarketDesk } from './market-desk.ts';
import type { Markets } from './markets.ts';
import { MovedBooks } from './moved-books.ts';
import { OperatorCancels } from './operator-cancels.ts';
import type { InstrumentSource, InstrumentTerms, TradeSource } from './ports.ts';
import type {
  AccountCommand,
  AccountMessage,
  AccountsGone,
  Address,
  BookRequest,
  CancelSymbolOrders,
  CommandOrigin,
  CommandsCompleted,
  CommandsRefused,
  ExchangeMessage,
  ExpireDue,
  ReserveFunds,
  RoutedCommand,
  SubmitAccountCommand,
  SubmitCommands,
  SubmitTradeAmendment,
} from './protocol.ts';
import { markSentAgain, type RemoteGateways } from './remote-gateways.ts';
import { Spawner, type SpawnerCluster, type SpawnerOptions, type SpawnLimits } from './spawning.ts';
import { type CrashPolicy, restartFresh } from './supervision.ts';
import { TradeAmendments } from './trade-amendments.ts';

export interface ExchangeLimits extends SpawnLimits {
  /** Commands that are on their way to a commit; a tenth of it is kept for cancels. */
  readonly maxCommandsInFlight: number;
}

export interface ExchangeOptions extends SpawnerOptions {
  /** Absent on a node that has its sessions itself. */
  readonly remote?: RemoteGateways;
  /** Absent where this node is the venue. */
  readonly cluster?: ExchangeCluster & SpawnerCluster;
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
type Submitted = SubmitCommands['commands'][number];

export function exchangeActor(options: ExchangeOptions): {
  readonly behavior: Behavior<ExchangeState, ExchangeMessage>;
  readonly policy: CrashPolicy<ExchangeMessage>;
  /** Takes a symbol in and spawns its book: at start, before any message. */
  readonly open: (terms: InstrumentTerms) => void;
  readonly status: () => ExchangeStatus;
  /** Members whose accounts live here. */
  readonly accounts: () => Iterable<UserId>;
  /** Pieces of work in the fullest stash of all accounts, and of all books. */
  readonly largestStashes: () => { readonly account: number; readonly book: number };
} {
  const { clock, markets, calendar, limits, remote, cluster, inFlight = new CommandsInFlight() } = options;
  const { tell } = options.system;
  const spawner = new Spawner(options);
  const { accounts } = spawner;
  const forwarding = new Forwarding(tell, cluster);
  let lastCommandNo = cluster?.firstNo ?? 0;
  let storeFault: string | undefined;
  let drainedTo: Address | undefined;
  const operatorCancels = new OperatorCancels(tell);
  const movedBooks = new MovedBooks({
    tell,
    clock,
    tellAccounts: (message) => spawner.tellAccounts(message),
  });
  const desk = new MarketDesk({ ...options, tell, cluster, spawnBook });
  const amendments = new TradeAmendments({
    tell,
    log: options.log,
    trades: options.trades,
    instrumentOf: (symbol) => markets.instrumentOf(symbol),
    openAccount: (userId) => spawner.account(userId, redo.generation),
    onIdle: answerDrain,
    inFlight,
    cluster,
  });
  const redo = new ExchangeRedo({
    tell,
    symbols: bookSymbols,
    accounts,
    cluster,
    onBegin: () => amendments.abort('a commit was refused by the database, nothing was done: try again'),
    route,
    refuse: (message) => tellAccount(message.routed.userId, message),
    tellBook,
    onEnd(waiting) {
      // What a session sent has been taken already, and is no repeat of itself.
      for (const one of waiting) {
        if (one.type === 'SubmitCommands') accept(one);
        else receive({}, one);
      }
      answerDrain();
    },
  });

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
        desk.storeAvailable();
        break;
      case 'InstrumentChanged':
      case 'InstrumentLoaded':
      case 'InstrumentsReread':
      case 'SetTradingStatus':
      case 'BookReady':
      case 'BookHalted':
      case 'PricesTraded':
      case 'PriceNewsDue':
      case 'StatusCheckDue':
      case 'StatusRead':
        desk.receive(message);
        break;
      case 'PeerUp':
        desk.peerUp(message.node);
        break;
      case 'PeerDown':
        desk.peerDown(message.node);
        remote?.peerDown(message.node);
        amendments.lookForParties();
        spawner.tellAccounts({ type: 'ReservesVoid', node: message.node });
        break;
      case 'OwnersChanged':
        desk.ownersChanged();
        amendments.lookForParties();
        break;
      case 'BookMoved':
      case 'MovedBooksDue':
        movedBooks.receive(message);
        break;
      case 'AccountsGone':
        accountsGone(message);
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
        else forwarding.terms(message);
        break;
      case 'DrainExchange':
        drainedTo = message.replyTo;
        answerDrain();
        break;
      case 'BeginRedo':
      case 'BookVoid':
      case 'RedoCommand':
      case 'RedoBookRequest':
      case 'RefuseCommand':
      case 'EndRedo':
        redo.receive(message);
        break;
      case 'SubmitTradeAmendment':
        amendTrade(message);
        break;
      case 'ReserveFunds':
        reserveFunds(message);
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
      default:
        assertNever(message);
    }
    return state;
  }

  // ---- Commands -------------------------------------------------------------------------------------------

  function submit(arrived: SubmitCommands): void {
    const message = remote === undefined ? arrived : remote.take(arrived, tell, drainedTo !== undefined);
    if (message !== undefined) accept(message);
  }

  /** Of commands that are this node's affair, and no repeats of such as are under way. */
  function accept(message: SubmitCommands): void {
    let { sessionId, userId, commands } = message;
    if (storeFault !== undefined) {
      if (remote?.giveBackInDoubt(message, commands, tell)) return;
      refuse(message, 'StoreUnavailable', 'the venue cannot store orders now: try again', commands);
      return;
    }
    if (drainedTo !== undefined) {
      const { taken, refused } = admitCancels(commands);
      refuse(message, 'Draining', 'the venue is about to stop: no new orders', refused);
      commands = taken;
    }
    const { taken, refused } = admit(commands, roomLeft(), limits.maxCommandsInFlight);
    if (remote?.giveBackInDoubt(message, refused, tell)) return;
    if (refused.length > 0) {
      const text = `the venue is busy: ${limits.maxCommandsInFlight} requests are on their way, try again`;
      refuse(message, 'Overloaded', text, refused);
    }
    if (taken.length === 0) return;
    if (redo.isRunning) {
      redo.keepWaiting({ ...message, commands: taken });
      return;
    }
    const routed = taken.map((one) =>
      markSentAgain(stamp(userId, one.command, { sessionId, msgSeqNum: one.msgSeqNum }), one.sending),
    );
    tellAccount(userId, { type: 'AccountCommands', commands: routed });
  }

  function roomLeft(): number {
    return limits.maxCommandsInFlight - inFlight.count - redo.waitingCount;
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
    if (forwarding.accountCommand(message) || mustRejectOrWait(message)) return;
    route(stamp(message.userId, message.command, undefined, message.replyTo));
  }

  function cancelSymbol(message: CancelSymbolOrders): void {
    const { symbol, userId, side, unsolicited, replyTo } = message;
    if (forwarding.symbolCancels(message) || mustRejectOrWait(message)) return;
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
    else if (redo.isRunning) redo.keepWaiting(message);
    else return false;
    return true;
  }

  function amendTrade(message: SubmitTradeAmendment): void {
    if (forwarding.amendment(message)) return;
    const reject = (text: string): void => tell(message.replyTo, { type: 'CommandRejected', text });
    if (storeFault !== undefined) reject(`the database does not answer: ${storeFault}`);
    else if (drainedTo !== undefined) reject('the venue is about to stop');
    else if (redo.isRunning) reject('the venue runs commands again after a refused commit: try again');
    else amendments.submit(message);
  }

  function stamp(
    userId: UserId,
    command: AccountCommand,
    origin: CommandOrigin | undefined,
    replyTo?: Address,
  ): RoutedCommand {
    lastCommandNo += 1;
    const symbol = 'symbol' in command ? command.symbol : undefined;
    const referencePrice = symbol === undefined ? undefined : markets.find(symbol)?.referencePrice;
    const tradingDay = calendar.tradingDayAt(clock.now());
    const routed = { commandNo: lastCommandNo, userId, origin, replyTo, command, referencePrice, tradingDay };
    inFlight.begin(routed);
    const shard = cluster?.shardOf(userId);
    return shard === undefined ? routed : { ...routed, shard };
  }

  function route(routed: RoutedCommand): void {
    inFlight.begin(routed);
    tellAccount(routed.userId, { type: 'AccountCommands', commands: [routed] });
  }

  function onCompleted({ commandNos, lastPrices }: CommandsCompleted): void {
    inFlight.end(commandNos);
    desk.traded(lastPrices);
    answerDrain();
  }

  function answerDrain(): void {
    const isIdle = inFlight.count + redo.waitingCount === 0 && !amendments.isBusy && operatorCancels.isIdle;
    if (drainedTo !== undefined && isIdle) tell(drainedTo, { type: 'Drained' });
  }

  // ---- Accounts and books ---------------------------------------------------------------------------------

  /** One that does not live comes to life. */
  function tellAccount(userId: UserId, message: AccountMessage): void {
    spawner.account(userId, redo.generation);
    tell({ type: 'account', userId }, message);
  }

  function bookSymbols(): readonly string[] {
    return cluster?.isEngine === false ? [] : markets.symbols();
  }

  function spawnBook({ instrument, status }: InstrumentTerms): void {
    if (cluster?.isEngine !== false) spawner.book(instrument.symbol, status, redo.generation);
  }

  function expire(message: ExpireDue): void {
    for (const symbol of bookSymbols()) tell({ type: 'book', symbol }, message);
  }

  function accountsGone({ shards }: AccountsGone): void {
    const isGone = (userId: UserId): boolean => shards.includes(cluster?.shardNoOf(userId) ?? -1);
    spawner.forgetAccounts(isGone);
    remote?.forget(isGone, tell);
    redo.forget(isGone);
    inFlight.forget(isGone, tell);
    amendments.lookForParties();
    answerDrain();
  }

  /** The exchange of another node amends a trade, of which the account of a party lives here. */
  function reserveFunds(message: ReserveFunds): void {
    const { userId, amendmentNo, node } = message;
    if (cluster?.ownsAccount(userId) === true) {
      tellAccount(userId, message);
    } else if (node !== undefined) {
      const fault = `the account of user ${userId} is on another engine now: try again`;
      tell({ type: 'exchange', node }, { type: 'FundsReserved', amendmentNo, userId, shortfalls: [], fault });
    }
  }

  return {
    behavior: { initial: () => ({}), receive },
    policy: restartFresh(),
    open: (terms) => desk.open(terms),
    status: () => ({
      commandsInFlight: inFlight.count,
      commandsWaiting: redo.waitingCount,
      isDraining: drainedTo !== undefined,
      storeFault,
    }),
    accounts: () => accounts.keys(),
    largestStashes: () => spawner.largestStashes(),
  };
}

/**
 * A venue without sockets and without a database: the real actor system, exchange, accounts, books and persistence
 * over a store in memory and a clock that stands still. Members are actors that write down what they are told.
 */
import { Account } from '../../src/accounts/account.ts';
import { type ActorSystem, type Behavior, startActorSystem } from '../../src/actors/actor-system.ts';
import {
  type ExchangeLimits,
  type ExchangeOptions,
  type ExchangeStatus,
  exchangeActor,
} from '../../src/actors/exchange.ts';
import { Markets } from '../../src/actors/markets.ts';
import { type Meter, NO_METER } from '../../src/actors/meter.ts';
import type { MatchingBook } from '../../src/actors/order-book.ts';
import { type PersistenceStatus, persistenceActor } from '../../src/actors/persistence.ts';
import type { InstrumentTerms, LoadedBook, Store } from '../../src/actors/ports.ts';
import type {
  Address,
  CommandsRefused,
  GatewayMessage,
  Message,
  Reply,
  SessionMessage,
  Tell,
} from '../../src/actors/protocol.ts';
import type { RemoteGateways } from '../../src/actors/remote-gateways.ts';
import { restartFresh } from '../../src/actors/supervision.ts';
import { isOfMassStatus } from '../../src/fix/reports.ts';
import type { Report } from '../../src/matching/execution-report.ts';
import type { Instrument } from '../../src/matching/instrument.ts';
import { OrderBook } from '../../src/matching/order-book.ts';
import type { MemberCommand } from '../../src/matching/order-commands.ts';
import type { UserId } from '../../src/matching/types.ts';
import { parseAmount } from '../../src/platform/decimal.ts';
import type { Log, LogFields } from '../../src/platform/log.ts';
import { createTradingCalendar } from '../../src/platform/trading-calendar.ts';
import { BTC_USD, makeInstrument } from './instruments.ts';
import { ManualClock } from './manual-clock.ts';
import { line } from './member-commands.ts';
import { MemoryStore } from './memory-store.ts';
import { memoryTrades } from './memory-trades.ts';

/** 2024-05-06 12:00 UTC; the trading day rolls at midnight. */
export const START_AT = Date.UTC(2024, 4, 6, 12);
export const DAY_MS = 86_400_000;
const GATEWAY = 'fix';
export const ETH_USD = makeInstrument({ symbol: 'ETH-USD', baseAsset: 'ETH' });

const LIMITS: ExchangeLimits = {
  maxCommandsInFlight: 1_000,
  accountStash: 100,
  bookStash: 100,
  closedOrdersKept: 100,
  refusedCancelsKept: 100,
  maxWaitingStopsPerMember: 100,
  maxStatusReportsPerMember: 1_000,
  massCancelWaitMs: 2_000,
  sweepPortion: 1_000,
  incidentsToHalt: 3,
  incidentWindowMs: 60_000,
};

export interface VenueOptions {
  readonly store?: MemoryStore;
  /** Whose writes go into the same rows, of one writer of several. */
  readonly storeOf?: (store: MemoryStore) => Store;
  /** Puts its books into seats, and its exchange among others. */
  readonly cluster?: NonNullable<ExchangeOptions['cluster']>;
  readonly clock?: ManualClock;
  readonly instruments?: readonly InstrumentTerms[];
  readonly limits?: Partial<ExchangeLimits>;
  readonly maxEventsPerCommit?: number;
  readonly maxWaitingStops?: number;
  readonly meter?: Meter;
  /** Puts the venue on one of several nodes: the system that its actors are to use, around theirs. */
  readonly joined?: (inner: ActorSystem) => ActorSystem;
  /** Of an engine that has gateways elsewhere. */
  readonly remote?: RemoteGateways;
  /** Commands on their way, where others look at them too. */
  readonly inFlight?: NonNullable<ExchangeOptions['inFlight']>;
  /** Puts a book that fails in place of one that does not. */
  readonly wrapBook?: (book: MatchingBook, symbol: string) => MatchingBook;
  readonly createAccount?: (...args: ConstructorParameters<typeof Account>) => Account;
}

/** A FIX session as the venue sees it, without its connection. */
export interface Member {
  readonly userId: UserId;
  readonly reports: readonly Report[];
  readonly refusals: readonly CommandsRefused[];
  /** MsgSeqNums (34) that were answered by a commit. */
  readonly answered: readonly number[];
  /** Whether answers to mass status requests (AF) leave the venue when they come. */
  isReading: boolean;
  /** Sends commands as one socket read; returns the number of the first. */
  send(...commands: readonly MemberCommand[]): number;
  /** All reports so far, one line each. */
  lines(): string[];
  /** Forgets what was told so far. */
  clear(): void;
  /** Waits for a report that `matches`. */
  report(matches: (report: Report) => boolean): Promise<Report>;
}

export interface Venue {
  readonly system: ActorSystem;
  readonly store: MemoryStore;
  readonly clock: ManualClock;
  readonly markets: Markets;
  /** The book of a symbol as it lives now, and each account. */
  readonly books: ReadonlyMap<string, OrderBook>;
  readonly accounts: ReadonlyMap<UserId, Account>;
  /** Lines that were logged as errors. */
  readonly errors: readonly { readonly event: string; readonly fields: LogFields }[];
  /** What the gateway was told of symbols and of the database, in order. */
  readonly news: readonly GatewayMessage[];
  /** Symbols that another node took, when persistence noticed. */
  readonly lostSymbols: readonly string[];
  readonly tell: Tell;
  /** A member whose session, of this id, is open. */
  member(userId: UserId, sessionId?: string): Promise<Member>;
  ask(tellIt: (replyTo: Address) => void): Promise<Reply>;
  deposit(userId: UserId, asset: string, amount: string, idempotencyKey?: string): Promise<Reply>;
  exchangeStatus(): ExchangeStatus;
  /** Pieces of work in the fullest stash of all accounts, and of all books. */
  largestStashes(): { readonly account: number; readonly book: number };
  persistenceStatus(): PersistenceStatus;
  /** Waits until no message is under way; what a closed gate holds stays held. */
  quiet(): Promise<void>;
  /** Waits until nothing is in flight at all. */
  settled(): Promise<void>;
  shutdown(): void;
}

/** An instrument that is open, without a reference price unless one is given. */
export function openTerms(instrument: Instrument, changes: Partial<InstrumentTerms> = {}): InstrumentTerms {
  return { instrument, status: { type: 'Open' }, referencePrice: undefined, ...changes };
}

/** Polls that a wait lasts at most: it fails by then, with what is still under way. */
const MAX_POLLS = 200_000;

/** Starts a venue with BTC-USD and ETH-USD. */
export async function openVenue(options: VenueOptions = {}): Promise<Venue> {
  const store = options.store ?? new MemoryStore();
  const clock = options.clock ?? new ManualClock(START_AT);
  const errors: { event: string; fields: LogFields }[] = [];
  const log = errorRecorder(errors);
  const { meter = NO_METER } = options;
  const host = startActorSystem(log, (delayMs, callback) => clock.after(delayMs, callback), meter);
  const traffic = countTraffic(host);
  const system = options.joined?.(traffic.system) ?? traffic.system;
  const markets = new Markets();
  const books = new Map<string, OrderBook>();
  const accounts = new Map<UserId, Account>();
  const lostSymbols: string[] = [];
  const news: GatewayMessage[] = [];
  const terms = options.instruments ?? [openTerms(BTC_USD), openTerms(ETH_USD)];

  const persistence = persistenceActor({
    tell: system.tell,
    clock,
    log,
    meter,
    store: options.storeOf?.(store) ?? store,
    instrumentOf: (symbol) => markets.instrumentOf(symbol),
    symbols: () => markets.symbols(),
    gateways: [GATEWAY],
    isRunning: () => system.isAlive({ type: 'persistence' }),
    onOwnershipLost: (symbols) => lostSymbols.push(...symbols),
    sessionFlushMs: 5,
    maxEventsPerCommit: options.maxEventsPerCommit ?? 10_000,
    retryFromMs: 100,
    retryToMs: 1_000,
    reservedSeqNums: 1_000,
  });
  const exchange = exchangeActor({
    system,
    clock,
    log,
    markets,
    calendar: createTradingCalendar({ timeZone: 'UTC', rollTime: '00:00' }),
    gateways: [GATEWAY],
    ids: { nextOrderId: () => store.nextId(), nextTradeId: () => store.nextId() },
    instruments: {
      async find(symbol) {
        const found = terms.find(({ instrument }) => instrument.symbol === symbol);
        const status = store.statuses.get(symbol);
        return found === undefined || status === undefined ? found : { ...found, status };
      },
      all: async () => terms,
    },
    trades: memoryTrades(store),
    meter,
    ...(options.remote === undefined ? {} : { remote: options.remote }),
    ...(options.inFlight === undefined ? {} : { inFlight: options.inFlight }),
    ...(options.cluster === undefined ? {} : { cluster: options.cluster }),
    limits: { ...LIMITS, ...options.limits },
    createBook(loaded) {
      const book = restoredBook(loaded, () => store.nextId(), options.maxWaitingStops);
      books.set(loaded.symbol, book);
      return options.wrapBook?.(book, loaded.symbol) ?? book;
    },
    createAccount(...args) {
      const account = options.createAccount?.(...args) ?? new Account(...args);
      accounts.set(account.userId, account);
      return account;
    },
  });
  system.spawn({ type: 'persistence' }, persistence.behavior, persistence.policy);
  system.spawn({ type: 'exchange' }, exchange.behavior, exchange.policy);
  const gateway: Behavior<undefined, GatewayMessage> = {
    initial: () => undefined,
    receive: (state, message) => {
      news.push(message);
      return state;
    },
  };
  system.spawn({ type: 'gateway', name: GATEWAY }, gateway, restartFresh());
  for (const one of terms) exchange.open(one);

  const isQuiet = (): boolean => traffic.isQuiet() && store.busyCount === 0;
  const isSettled = (): boolean =>
    isQuiet() &&
    store.commitGate.waitingCount + store.loadGate.waitingCount === 0 &&
    exchange.status().commandsInFlight === 0 &&
    persistence.status().bufferedEntries === 0 &&
    !persistence.status().isRedoing;
  const describe = (): string =>
    JSON.stringify({ exchange: exchange.status(), persistence: persistence.status(), quiet: isQuiet() });
  const wait = (what: string, isDone: () => boolean) => waitUntil(what, isDone, describe);

  const venue: Venue = {
    system,
    store,
    clock,
    markets,
    books,
    accounts,
    errors,
    news,
    lostSymbols,
    tell(address, message) {
      // The operator's row comes first, and then this message.
      if (message.type === 'SetTradingStatus') store.statuses.set(message.symbol, message.status);
      system.tell(address, message);
    },
    async member(userId, sessionId = `session of ${userId}`) {
      const member = startMember(system, userId, sessionId, wait);
      await wait(`the session of ${userId}`, member.isOpen);
      return member;
    },
    ask: (tellIt) => system.ask(tellIt, DAY_MS),
    deposit(userId, asset, amount, idempotencyKey = `key ${store.nextId()}`) {
      const units = parseAmount(amount);
      if (typeof units === 'string') throw new Error(`${amount} is ${units}`);
      const command = {
        type: 'TransferFunds',
        kind: units < 0n ? 'withdrawal' : 'deposit',
        asset,
        amount: units,
        idempotencyKey,
        requestedBy: 'test',
        reason: undefined,
      } as const;
      return venue.ask((replyTo) =>
        system.tell({ type: 'exchange' }, { type: 'SubmitAccountCommand', userId, command, replyTo }),
      );
    },
    exchangeStatus: () => exchange.status(),
    largestStashes: () => exchange.largestStashes(),
    persistenceStatus: () => persistence.status(),
    quiet: () => wait('quiet', isQuiet),
    settled: () => wait('nothing in flight', isSettled),
    shutdown: () => system.shutdown(),
  };
  await venue.quiet();
  return venue;
}

/** A book with the loaded orders in it. */
export function restoredBook(
  loaded: LoadedBook,
  nextTradeId: () => number,
  maxWaitingStops?: number,
): OrderBook {
  const { symbol, lastSeq, lastPrice: lastPx } = loaded;
  const book = new OrderBook({ symbol, lastSeq, lastPx, nextTradeId, maxWaitingStops });
  for (const order of loaded.orders) book.restore(order);
  return book;
}

type Wait = (what: string, isDone: () => boolean) => Promise<void>;

function startMember(
  system: ActorSystem,
  userId: UserId,
  sessionId: string,
  wait: Wait,
): Member & { isOpen(): boolean } {
  const reports: Report[] = [];
  const refusals: CommandsRefused[] = [];
  const answered: number[] = [];
  let isOpen = false;
  let lastSeqNum = 0;
  const behavior: Behavior<undefined, SessionMessage> = {
    initial: () => undefined,
    receive(state, message) {
      if (message.type === 'SessionOpened') isOpen = true;
      if (message.type === 'CommandsRefused') refusals.push(message);
      if (message.type === 'ReportsCommitted') {
        for (const report of message.reports) reports.push(report);
        for (const msgSeqNum of message.answered) answered.push(msgSeqNum);
        const count = message.reports.filter(isOfMassStatus).length;
        const told = { type: 'StatusReportsTold', sessionId, count } as const;
        if (count > 0 && member.isReading) system.tell({ type: 'account', userId }, told);
      }
      return state;
    },
  };
  system.spawn({ type: 'session', sessionId }, behavior, restartFresh());
  const open = { type: 'OpenSession', sessionId, senderCompId: userId, userId } as const;
  const terms = {
    reset: false,
    resetIfBegunBefore: undefined,
    cancelAfterMs: undefined,
    logonSeqNum: 1,
    nextExpectedSeqNum: undefined,
  } as const;
  system.tell({ type: 'persistence' }, { ...open, ...terms });
  const member: Member & { isOpen(): boolean } = {
    userId,
    reports,
    refusals,
    answered,
    isReading: true,
    isOpen: () => isOpen,
    send(...commands) {
      const first = lastSeqNum + 1;
      const numbered = commands.map((command, index) => ({ msgSeqNum: first + index, command }));
      lastSeqNum += commands.length;
      system.tell({ type: 'exchange' }, { type: 'SubmitCommands', sessionId, userId, commands: numbered });
      return first;
    },
    lines: () => reports.map(line),
    clear() {
      reports.length = 0;
      refusals.length = 0;
      answered.length = 0;
    },
    async report(matches) {
      await wait(`a report to ${userId}`, () => reports.some(matches));
      return reports.find(matches) as Report;
    },
  };
  return member;
}

/** Counts messages that were told and handled: the system is quiet when the numbers agree. */
function countTraffic(inner: ActorSystem): { readonly system: ActorSystem; isQuiet(): boolean } {
  let told = 0;
  let handled = 0;
  const tell: Tell = (address: Address, message: Message) => {
    if (address.type !== 'reply' && inner.isAlive(address)) told += 1;
    inner.tell(address, message);
  };
  const system: ActorSystem = {
    ...inner,
    tell,
    spawn(address, behavior, policy) {
      inner.spawn(
        address,
        {
          initial: () => behavior.initial(),
          receive(state, message) {
            handled += 1;
            return behavior.receive(state, message);
          },
        },
        policy,
      );
    },
  };
  return { system, isQuiet: () => told === handled };
}

async function waitUntil(what: string, isDone: () => boolean, describe: () => string): Promise<void> {
  for (let poll = 0; poll < MAX_POLLS; poll += 1) {
    if (isDone()) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  throw new Error(`waited in vain for ${what}: ${describe()}`);
}

function errorRecorder(errors: { event: string; fields: LogFields }[], base: LogFields = {}): Log {
  return {
    debug() {},
    info() {},
    warn() {},
    error: (event, fields) => errors.push({ event, fields: { ...base, ...fields } }),
    with: (fields) => errorRecorder(errors, { ...base, ...fields }),
  };
}

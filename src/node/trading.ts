/**
 * The part of a node that trades: store, actors, FIX listeners and upkeep, in the order in which they need each other,
 * and their end in the reverse order. The same for a venue of one process and for a gateway or an engine of a cluster,
 * which hands in what is different there.
 */
import type { Account } from '../accounts/account.ts';
import type { ActorSystem } from '../actors/actor-system.ts';
import { exchangeActor } from '../actors/exchange.ts';
import { createGateway, type Gateway } from '../actors/gateway.ts';
import { loadOfSessions } from '../actors/gateway-load.ts';
import { Markets } from '../actors/markets.ts';
import type { MatchingBook } from '../actors/order-book.ts';
import { type PersistenceStatus, persistenceActor } from '../actors/persistence.ts';
import type { LoadedBook } from '../actors/ports.ts';
import type { Address } from '../actors/protocol.ts';
import { type Rehearsed, rehearsed } from '../actors/rehearsal.ts';
import { startScheduler } from '../actors/scheduler.ts';
import { restartFresh } from '../actors/supervision.ts';
import { type BooksStatus, booksStatus } from '../admin/books-status.ts';
import type { VenueControl, VenueStatus } from '../admin/control.ts';
import type { VenueLimits } from '../config/limits.ts';
import type { NodeConfig } from '../config/node-config.ts';
import { type Listeners, type ServedListener, startListeners } from '../fix/listeners.ts';
import { DEFAULT_SESSION_LIMITS } from '../fix/session-limits.ts';
import { priceText } from '../matching/instrument.ts';
import { OrderBook } from '../matching/order-book.ts';
import type { TradeId } from '../matching/types.ts';
import type { VenueMetrics } from '../metrics/venue-metrics.ts';
import { createAuthenticator } from '../persistence/authenticator.ts';
import { startHistoryUpkeep } from '../persistence/history.ts';
import { createIdSource } from '../persistence/id-blocks.ts';
import { createInstrumentSource } from '../persistence/instruments.ts';
import { startRetentionUpkeep } from '../persistence/retention/upkeep.ts';
import { createStore } from '../persistence/store.ts';
import { createTradeSource } from '../persistence/trade-source.ts';
import { AssertionError } from '../platform/assert.ts';
import { type Clock, delay } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { createTradingCalendar } from '../platform/trading-calendar.ts';
import type { ClusterActors } from './cluster-actors.ts';

/** Faults that tests inject. */
export interface InjectedFaults {
  readonly createBook?: (loaded: LoadedBook, nextTradeId: () => TradeId) => MatchingBook;
  readonly createAccount?: (...args: ConstructorParameters<typeof Account>) => Account;
}

export interface TradingOptions {
  readonly config: NodeConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly orm: VenueControl['orm'];
  readonly metrics: VenueMetrics;
  /** As the actors use it: of a cluster's node, with the other nodes behind it. */
  readonly system: ActorSystem;
  readonly gatewayName: string;
  /** Undefined: a venue of one process. */
  readonly cluster?: ClusterActors | undefined;
  /** Others have what this node was owner of: it must not go on as it is. */
  readonly onOwnershipLost: (reason: string) => void;
  readonly faults?: InjectedFaults;
}

/** What trades, and what it says of itself. */
export interface Trading {
  readonly status: () => Omit<VenueStatus, 'node' | 'venueCompId' | 'uptimeMs' | 'draining' | 'database'>;
  readonly persistence: () => PersistenceStatus;
  readonly notReady: () => readonly string[];
  readonly books: () => BooksStatus;
  readonly markets: Markets;
  /** For books that come from other engines. */
  readonly preparation: Rehearsed | undefined;
  readonly listeners: readonly ServedListener[];
  /** Undefined where the node is no gateway. */
  readonly gateway: Gateway | undefined;
  reloadCertificates(): void;
  /** No new orders, what is in flight is committed and answered, sessions are logged out; actors and ports end. */
  stop(): Promise<void>;
  /** As {@link stop}, but at once and without a word: what is in memory is void. */
  abandon(): Promise<void>;
}

/** How often a stopping node looks whether everything is committed. */
const IDLE_POLL_MS = 10;
const EXCHANGE = { type: 'exchange' } as const;

/** Resolves when members can connect; books are loaded meanwhile, and those who ask for one wait for it. */
export async function startTrading(options: TradingOptions): Promise<Trading> {
  const { config, clock, log, orm, metrics, system, gatewayName, cluster, faults = {} } = options;
  const { limits } = config;
  const isGateway = config.roles.includes('gateway');
  const isEngine = config.roles.includes('engine');
  const gateways = isGateway ? [gatewayName] : [];
  const calendar = createTradingCalendar(config.tradingCalendar);
  const instruments = createInstrumentSource(orm);
  const [store, ids, authenticator] = await Promise.all([
    createStore({ orm, nodeName: config.nodeName, incarnation: cluster?.self.incarnation }),
    createIdSource(orm, log),
    createAuthenticator(orm, { clock, limits }),
  ]);
  const markets = new Markets();
  const persistence = persistenceActor({
    tell: system.tell,
    clock,
    log,
    meter: metrics.meter,
    store,
    instrumentOf: (symbol) => markets.instrumentOf(symbol),
    symbols: () => (isEngine ? markets.symbols() : []),
    gateways,
    isRunning: () => system.isAlive({ type: 'persistence' }),
    onOwnershipLost: (symbols) => options.onOwnershipLost(`another node owns ${symbols.join(', ')} now`),
    sessionFlushMs: limits.sessionFlushMs,
    maxEventsPerCommit: limits.maxEventsPerCommit,
    retryFromMs: limits.retryFromMs,
    retryToMs: limits.retryToMs,
    commitStallMs: limits.commitStallMs,
    maxJournalBytes: limits.maxJournalBytes,
    reservedSeqNums: limits.reservedSeqNums,
    sessionAnswerMs: limits.sessionAnswerMs,
    ...cluster?.persistence,
  });
  const nextTradeId = (): TradeId => ids.nextTradeId();
  const openBook = (loaded: LoadedBook): MatchingBook =>
    faults.createBook?.(loaded, nextTradeId) ?? restoreBook(loaded, nextTradeId, limits);
  const noTrades = (): TradeId => {
    throw new AssertionError('a copy of a book trades');
  };
  const openCopy = (loaded: LoadedBook): MatchingBook => restoreBook(loaded, noTrades, limits);
  const exchange = exchangeActor({
    system,
    clock,
    log,
    markets,
    calendar,
    gateways,
    ids,
    instruments,
    trades: createTradeSource(orm, clock),
    limits,
    createBook: openBook,
    meter: metrics.meter,
    ...(faults.createAccount === undefined ? {} : { createAccount: faults.createAccount }),
    ...cluster?.exchange({
      isRedoing: () => persistence.status().isRedoing,
      accounts: () => exchange.accounts(),
    }),
  });
  const gateway = isGateway
    ? createGateway({
        name: gatewayName,
        system,
        venueCompId: config.venueCompId,
        limits: { ...DEFAULT_SESSION_LIMITS, ...limits },
        markets,
        securityStatusToAll: config.securityStatusToAll,
        authenticator,
        counts: metrics.sessionCounts,
        isJournalFull: persistence.isJournalFull,
        clock,
        log,
        logMessages: config.logLevel === 'debug',
        ...cluster?.gateway(store),
      })
    : undefined;
  system.spawn({ type: 'persistence' }, persistence.behavior, persistence.policy);
  system.spawn(EXCHANGE, exchange.behavior, exchange.policy);
  if (gateway !== undefined) {
    system.spawn({ type: 'gateway', name: gatewayName }, gateway.behavior, restartFresh());
  }
  cluster?.spawn();
  let listeners: Listeners | undefined;
  metrics.watch({
    bounds: limits,
    markets,
    exchange,
    persistence: persistence.status,
    gateway: gateway ?? { load: () => loadOfSessions([], 0) },
    logins: () => authenticator.status(),
    mostPendingHandshakes: () => listeners?.mostPendingHandshakes() ?? 0,
  });
  for (const terms of await instruments.all()) exchange.open(terms);
  if (isGateway) {
    // Their sessions died with the process before this one: from now on they have their time to come back.
    for (const pending of await store.pendingCancels(cluster?.hasOtherGateways() ?? false)) {
      system.tell({ type: 'gateway', name: gatewayName }, { type: 'MemberGone', ...pending });
    }
  }

  const opened = await startListeners(isGateway ? config.listeners : [], {
    onConnection: (connection) => connectionsOf(gateway).onConnection(connection),
    log,
    clock,
    limits,
    maxUnreadBytes: limits.maxUnreadBytes,
  });
  listeners = opened;
  const stopScheduler = startScheduler({ tell: system.tell, clock, calendar, gateways });
  const stopUpkeep = isEngine ? startUpkeep(options) : () => Promise.resolve();

  async function end(): Promise<void> {
    stopScheduler();
    // Nobody may be kept waiting by what has no voice any more while a statement of the upkeep ends.
    const upkeepStopped = stopUpkeep();
    await opened.close();
    system.shutdown();
    await upkeepStopped;
  }

  async function logOutAll(ask: Ask): Promise<void> {
    if (gateway === undefined) return;
    const text = 'the venue is stopping';
    const address = { type: 'gateway', name: gatewayName } as const;
    await ask((replyTo) => system.tell(address, { type: 'DrainGateway', text, replyTo }));
  }

  /** Members hear of it while they can still do something. */
  async function announceEnd(): Promise<void> {
    if (gateway?.sessions().some(({ senderCompId }) => senderCompId !== undefined) !== true) return;
    const lines = [`orders are taken for another ${limits.drainNoticeMs} ms, then sessions are logged out`];
    const announcement = { type: 'Announce', headline: 'the venue is stopping', lines } as const;
    system.tell({ type: 'gateway', name: gatewayName }, announcement);
    await delay(clock, limits.drainNoticeMs);
  }

  return {
    listeners: opened.served,
    gateway,
    markets,
    preparation: store.preparation && rehearsed(store.preparation, { clock, createBook: openCopy }),
    reloadCertificates: opened.reloadCertificates,
    persistence: persistence.status,
    notReady() {
      const reasons: string[] = [];
      const { storeFault, isRedoing } = persistence.status();
      if (storeFault !== undefined) reasons.push(`commits fail: ${storeFault}`);
      if (isRedoing) reasons.push('running commands again after a refused commit');
      return reasons;
    },
    books: () => booksStatus(markets),
    status: () => ({
      fixPort: opened.served[0]?.port ?? 0,
      listeners: opened.served,
      sessions: gateway === undefined ? [] : sessionsOf(gateway),
      symbols: symbolsOf(markets),
      commits: {
        lastNo: persistence.status().lastCommitNo,
        lastBatch: persistence.status().lastBatchEvents,
      },
      commandsInFlight: exchange.status().commandsInFlight,
    }),
    async stop() {
      const ask: Ask = (tellIt) =>
        system.ask(tellIt, limits.drainTimeoutMs).catch((error: unknown) => {
          log.warn('drain goes on without an answer', { err: error });
        });
      await announceEnd();
      for (const address of cluster?.drainFirst ?? []) {
        await ask((replyTo) => system.tell(address, { type: 'DrainExchange', replyTo }));
      }
      await ask((replyTo) => system.tell(EXCHANGE, { type: 'DrainExchange', replyTo }));
      await logOutAll(ask);
      await untilCommitted(persistence.status, clock, limits.drainTimeoutMs);
      await end();
    },
    abandon: end,
  };
}

type Ask = (tellIt: (replyTo: Address) => void) => Promise<unknown>;

/** History and retention are the engines': each run takes a lock, so that several do no harm. */
function startUpkeep({ config, clock, log, orm }: TradingOptions): () => Promise<void> {
  const { limits } = config;
  const stopHistory = startHistoryUpkeep({ orm, clock, log, limits });
  const stopRetention = startRetentionUpkeep({
    orm,
    clock,
    log,
    terms: { ...config.retention, fixHistoryDays: limits.fixHistoryDays },
    nodeName: config.nodeName,
  });
  return async () => {
    await stopHistory();
    await stopRetention();
  };
}

function connectionsOf(gateway: Gateway | undefined): Gateway {
  if (gateway === undefined) throw new Error('a connection where there is no gateway');
  return gateway;
}

function restoreBook(
  loaded: LoadedBook,
  nextTradeId: () => TradeId,
  { maxWaitingStops, maxHiddenSlices }: VenueLimits,
): MatchingBook {
  const { symbol, lastSeq, lastPrice: lastPx } = loaded;
  const book = new OrderBook({ symbol, lastSeq, lastPx, nextTradeId, maxWaitingStops, maxHiddenSlices });
  for (const order of loaded.orders) book.restore(order);
  return book;
}

async function untilCommitted(
  status: () => PersistenceStatus,
  clock: Clock,
  timeoutMs: number,
): Promise<void> {
  const deadline = clock.now() + timeoutMs;
  while (!status().isIdle && clock.now() < deadline) await delay(clock, IDLE_POLL_MS);
}

function sessionsOf(gateway: Gateway): VenueStatus['sessions'] {
  return gateway.sessions().map(({ senderCompId, since, remoteAddress }) => {
    return { compId: senderCompId, since, remoteAddress };
  });
}

function symbolsOf(markets: Markets): VenueStatus['symbols'] {
  return markets.symbols().flatMap((symbol) => {
    const market = markets.find(symbol);
    if (market === undefined) return [];
    const { status, ready, referencePrice, instrument } = market;
    const price = referencePrice === undefined ? undefined : priceText(instrument, referencePrice);
    return [{ symbol, status, ready, referencePrice: price }];
  });
}

/**
 * Wires one node: database, actors, FIX listener and admin API, in the order in which they need each other, and
 * takes them down in the reverse order. Apart from main.ts the only file that may import everything.
 */
import { mkdir } from 'node:fs/promises';
import type { Account } from './accounts/account.ts';
import { startActorSystem } from './actors/actor-system.ts';
import { exchangeActor } from './actors/exchange.ts';
import { createGateway, type Gateway } from './actors/gateway.ts';
import { Markets } from './actors/markets.ts';
import type { MatchingBook } from './actors/order-book.ts';
import { type PersistenceStatus, persistenceActor } from './actors/persistence.ts';
import type { LoadedBook } from './actors/ports.ts';
import { startScheduler } from './actors/scheduler.ts';
import { restartFresh } from './actors/supervision.ts';
import { type BooksStatus, booksStatus, NO_BOOKS } from './admin/books-status.ts';
import type { VenueControl, VenueStatus } from './admin/control.ts';
import { startAdminServer } from './admin/server.ts';
import { loadOrCreateAdminToken } from './admin/token.ts';
import type { VenueLimits } from './config/limits.ts';
import type { NodeConfig } from './config/node-config.ts';
import { type Listeners, type ServedListener, startListeners } from './fix/listeners.ts';
import { DEFAULT_SESSION_LIMITS } from './fix/session-limits.ts';
import { readTlsFiles } from './fix/tls.ts';
import { priceText } from './matching/instrument.ts';
import { OrderBook } from './matching/order-book.ts';
import type { TradeId } from './matching/types.ts';
import { VenueMetrics } from './metrics/venue-metrics.ts';
import { createAuthenticator } from './persistence/authenticator.ts';
import { acquireTradingRight, openDatabase } from './persistence/database.ts';
import { startHistoryUpkeep } from './persistence/history.ts';
import { createIdSource } from './persistence/id-blocks.ts';
import { createInstrumentSource } from './persistence/instruments.ts';
import { startRetentionUpkeep } from './persistence/retention/upkeep.ts';
import { createStore } from './persistence/store.ts';
import { createTradeSource } from './persistence/trade-source.ts';
import { type Clock, delay, systemClock } from './platform/clock.ts';
import type { Log } from './platform/log.ts';
import { hashPassword } from './platform/passwords.ts';
import { createTradingCalendar } from './platform/trading-calendar.ts';

export interface NodeOptions {
  readonly log: Log;
  readonly clock?: Clock;
  /** What the node is doing, in words for people. */
  readonly onProgress?: (line: string) => void;
  /** Aborted when the node is told to stop before it has started; then `startNode` rejects. */
  readonly signal?: AbortSignal;
  /** The node cannot go on: the process should end with a failure. */
  readonly onFatal?: (reason: string) => void;
  /** Tests inject faults here. */
  readonly createBook?: (loaded: LoadedBook, nextTradeId: () => TradeId) => MatchingBook;
  readonly createAccount?: (...args: ConstructorParameters<typeof Account>) => Account;
}

export interface RunningNode {
  /** Of the first listener. */
  readonly fixPort: number;
  readonly listeners: readonly ServedListener[];
  readonly adminPort: number;
  /** No new orders, what is in flight is committed and answered, Logout to every session; then all is closed. */
  drain(): Promise<void>;
  /** Reads the listeners' certificates again; a bad one leaves the old in use and is logged. */
  reloadCertificates(): void;
}

/** What exists once the node trades; before that it only says why it does not. */
interface Trading {
  readonly status: () => Omit<VenueStatus, 'node' | 'venueCompId' | 'uptimeMs' | 'draining' | 'database'>;
  readonly persistence: () => PersistenceStatus;
  readonly notReady: () => readonly string[];
  readonly books: () => BooksStatus;
  readonly listeners: readonly ServedListener[];
  reloadCertificates(): void;
  stop(): Promise<void>;
}

/**
 * Starts a node and resolves when members can connect; books are loaded meanwhile, and those who ask for one wait for it.
 *
 * @throws typed errors whose message is one line for the operator: data directory or port in use, database unfit.
 */
export async function startNode(config: NodeConfig, options: NodeOptions): Promise<RunningNode> {
  const { log } = options;
  const clock = options.clock ?? systemClock;
  const startedAt = clock.now();
  const metrics = new VenueMetrics({ clock, dataDir: config.dataDir });
  const onProgress = options.onProgress ?? (() => {});
  // Before a database is started for them: the listeners come last.
  for (const { tls } of config.listeners) if (tls !== undefined) readTlsFiles(tls);
  await mkdir(config.dataDir, { recursive: true });
  const database = await openDatabase({ ...config, clock, log, onProgress, signal: options.signal });
  const stopWaiting = new AbortController();
  const stopSignal =
    options.signal === undefined ? stopWaiting.signal : AbortSignal.any([options.signal, stopWaiting.signal]);
  const system = startActorSystem(log, clock.after, metrics.meter);
  let trading: Trading | undefined;
  let waitingFor: string | undefined = 'the node is starting';
  let isDraining = false;

  const idle = {
    fixPort: 0,
    listeners: [],
    sessions: [],
    symbols: [],
    commits: { lastNo: 0, lastBatch: 0 },
    commandsInFlight: 0,
  };
  const control: VenueControl = {
    orm: database.orm,
    now: () => clock.now(),
    gatewayName: GATEWAY,
    tell: system.tell,
    ask: (tellIt) => system.ask(tellIt, config.limits.operatorTimeoutMs),
    hashPassword,
    metrics,
    status() {
      const fault = trading?.persistence().storeFault;
      return {
        ...(trading?.status() ?? idle),
        node: config.nodeName,
        venueCompId: config.venueCompId,
        uptimeMs: clock.now() - startedAt,
        draining: isDraining,
        database: { up: fault === undefined, reason: fault },
      };
    },
    databaseFault: () => database.fault(),
    async readiness() {
      const reasons: string[] = [];
      if (isDraining) reasons.push('the node is stopping');
      if (waitingFor !== undefined) reasons.push(waitingFor);
      const fault = await database.fault();
      if (fault !== undefined) reasons.push(fault);
      reasons.push(...(trading?.notReady() ?? []));
      return { ready: reasons.length === 0, reasons, books: trading?.books() ?? NO_BOOKS };
    },
  };

  const close: (() => Promise<unknown>)[] = [() => database.close()];
  const closeAll = async (): Promise<void> => {
    for (const one of close.splice(0).reverse()) await one();
  };
  try {
    const { host, port } = config.admin;
    const token = loadOrCreateAdminToken(config.dataDir);
    const openMetrics = config.admin.openMetrics ?? false;
    const admin = await startAdminServer({
      host,
      port,
      token,
      control,
      log,
      limits: config.limits,
      openMetrics,
    });
    close.push(() => admin.close());
    const right = await acquireTradingRight({
      url: database.url,
      nodeName: config.nodeName,
      clock,
      log,
      signal: stopSignal,
      onWaiting(holder) {
        waitingFor = `${holder} trades on this database; this node takes over when it stops`;
        onProgress(waitingFor);
      },
      onLost: (reason) => options.onFatal?.(reason),
    });
    if (right === undefined) throw new Error('told to stop before the node had started');
    close.push(() => right.release());
    onProgress('opening the books');
    const started = await startTrading(config, options, clock, database.orm, system, metrics);
    trading = started;
    waitingFor = undefined;
    metrics.started();
    return {
      fixPort: firstPort(started.listeners),
      listeners: started.listeners,
      adminPort: admin.port,
      reloadCertificates: started.reloadCertificates,
      async drain() {
        if (isDraining) return;
        isDraining = true;
        stopWaiting.abort();
        await started.stop();
        await closeAll();
      },
    };
  } catch (error) {
    stopWaiting.abort();
    system.shutdown();
    await closeAll();
    throw error;
  }
}

const GATEWAY = 'fix';
/** How often a stopping node looks whether everything is committed. */
const IDLE_POLL_MS = 10;

async function startTrading(
  config: NodeConfig,
  options: NodeOptions,
  clock: Clock,
  orm: VenueControl['orm'],
  system: ReturnType<typeof startActorSystem>,
  metrics: VenueMetrics,
): Promise<Trading> {
  const { log } = options;
  const { limits } = config;
  const calendar = createTradingCalendar(config.tradingCalendar);
  const instruments = createInstrumentSource(orm);
  const [store, ids, authenticator] = await Promise.all([
    createStore({ orm, nodeName: config.nodeName }),
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
    symbols: () => markets.symbols(),
    gateways: [GATEWAY],
    isRunning: () => system.isAlive({ type: 'persistence' }),
    onOwnershipLost: (symbols) => options.onFatal?.(`another node owns ${symbols.join(', ')} now`),
    sessionFlushMs: limits.sessionFlushMs,
    maxEventsPerCommit: limits.maxEventsPerCommit,
    retryFromMs: limits.retryFromMs,
    retryToMs: limits.retryToMs,
    commitStallMs: limits.commitStallMs,
    maxJournalBytes: limits.maxJournalBytes,
    reservedSeqNums: limits.reservedSeqNums,
  });
  const nextTradeId = (): TradeId => ids.nextTradeId();
  const openBook = (loaded: LoadedBook): MatchingBook =>
    options.createBook?.(loaded, nextTradeId) ?? restoreBook(loaded, nextTradeId, limits);
  const exchange = exchangeActor({
    system,
    clock,
    log,
    markets,
    calendar,
    gateways: [GATEWAY],
    ids,
    instruments,
    trades: createTradeSource(orm, clock),
    limits,
    createBook: openBook,
    ...(options.createAccount === undefined ? {} : { createAccount: options.createAccount }),
  });
  const gateway = createGateway({
    name: GATEWAY,
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
  });
  system.spawn({ type: 'persistence' }, persistence.behavior, persistence.policy);
  system.spawn({ type: 'exchange' }, exchange.behavior, exchange.policy);
  system.spawn({ type: 'gateway', name: GATEWAY }, gateway.behavior, restartFresh());
  let listeners: Listeners | undefined;
  metrics.watch({
    bounds: limits,
    markets,
    exchange,
    persistence: persistence.status,
    gateway,
    logins: () => authenticator.status(),
    mostPendingHandshakes: () => listeners?.mostPendingHandshakes() ?? 0,
  });
  for (const terms of await instruments.all()) exchange.open(terms);
  // Their sessions died with the process before this one: from now on they have their time to come back.
  for (const pending of await store.pendingCancels()) {
    system.tell({ type: 'gateway', name: GATEWAY }, { type: 'MemberGone', ...pending });
  }

  const opened = await startListeners(config.listeners, {
    onConnection: (connection) => gateway.onConnection(connection),
    log,
    clock,
    limits,
    maxUnreadBytes: limits.maxUnreadBytes,
  });
  listeners = opened;
  const stopScheduler = startScheduler({ tell: system.tell, clock, calendar, gateways: [GATEWAY] });
  const stopHistoryUpkeep = startHistoryUpkeep({ orm, clock, log, limits });
  const stopRetentionUpkeep = startRetentionUpkeep({
    orm,
    clock,
    log,
    terms: { ...config.retention, fixHistoryDays: limits.fixHistoryDays },
    nodeName: config.nodeName,
  });

  return {
    listeners: opened.served,
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
      fixPort: firstPort(opened.served),
      listeners: opened.served,
      sessions: sessionsOf(gateway),
      symbols: symbolsOf(markets),
      commits: {
        lastNo: persistence.status().lastCommitNo,
        lastBatch: persistence.status().lastBatchEvents,
      },
      commandsInFlight: exchange.status().commandsInFlight,
    }),
    async stop() {
      const ask = (tellIt: Parameters<typeof system.ask>[0]): Promise<unknown> =>
        system.ask(tellIt, limits.drainTimeoutMs).catch((error: unknown) => {
          log.warn('drain goes on without an answer', { err: error });
        });
      const text = 'the venue is stopping';
      if (gateway.sessions().some(({ senderCompId }) => senderCompId !== undefined)) {
        const lines = [
          `orders are taken for another ${limits.drainNoticeMs} ms, then sessions are logged out`,
        ];
        const announcement = { type: 'Announce', headline: text, lines } as const;
        system.tell({ type: 'gateway', name: GATEWAY }, announcement);
        await delay(clock, limits.drainNoticeMs);
      }
      await ask((replyTo) => system.tell({ type: 'exchange' }, { type: 'DrainExchange', replyTo }));
      await ask((replyTo) =>
        system.tell({ type: 'gateway', name: GATEWAY }, { type: 'DrainGateway', text, replyTo }),
      );
      await untilCommitted(persistence.status, clock, limits.drainTimeoutMs);
      stopScheduler();
      await stopHistoryUpkeep();
      await stopRetentionUpkeep();
      await opened.close();
      system.shutdown();
    },
  };
}

function firstPort(listeners: readonly ServedListener[]): number {
  return listeners[0]?.port ?? 0;
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

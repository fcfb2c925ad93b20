/**
 * One life of a simulated venue: exchange, accounts, books and persistence as they are, from start to crash. All that
 * it knows is in memory and is gone with it.
 */
import type { Account } from '../../src/accounts/account.ts';
import type { StandingTrade, TradeParty } from '../../src/accounts/amendments.ts';
import type { Behavior } from '../../src/actors/actor-system.ts';
import { type ExchangeLimits, type ExchangeStatus, exchangeActor } from '../../src/actors/exchange.ts';
import { Markets } from '../../src/actors/markets.ts';
import type { MatchingBook } from '../../src/actors/order-book.ts';
import { type PersistenceStatus, persistenceActor } from '../../src/actors/persistence.ts';
import type { InstrumentTerms, LoadedBook, Store, TradingCalendar } from '../../src/actors/ports.ts';
import type { GatewayMessage } from '../../src/actors/protocol.ts';
import { restartFresh } from '../../src/actors/supervision.ts';
import { OrderBook } from '../../src/matching/order-book.ts';
import type { TradeAmended, TradeExecuted, TradeId, UserId } from '../../src/matching/types.ts';
import { silentLog } from '../../src/platform/log.ts';
import type { Random } from '../support/random.ts';
import type { SimulatedClock } from './clock.ts';
import type { Database, Life } from './database.ts';
import type { Rows } from './rows.ts';
import { type DeliveryOrder, SimulatedActors } from './simulated-actors.ts';
import { REFERENCE_PRICES } from './venue-rows.ts';

const GATEWAY = 'fix';
const DAY_MS = 86_400_000;
/** Small, so that its bounds are met: see the histories. */
export const RESERVED_SEQ_NUMS = 8;
const MASS_CANCEL_WAIT_MS = 2_000;

/** Days of UTC, by arithmetic: the venue's own calendar asks an Intl.DateTimeFormat, which every history paid for. */
export const CALENDAR: TradingCalendar = {
  tradingDayAt: (at) => dateOf(Math.floor(at / DAY_MS)),
  nextRollAfter: (at) => (Math.floor(at / DAY_MS) + 1) * DAY_MS,
  endOf: (tradingDay) => Date.parse(`${tradingDay}T00:00:00Z`) + DAY_MS,
};

const DATES = new Map<number, string>();

function dateOf(day: number): string {
  const known = DATES.get(day);
  if (known !== undefined) return known;
  const date = new Date(day * DAY_MS).toISOString().slice(0, 10);
  DATES.set(day, date);
  return date;
}

export interface NodeOptions {
  readonly rows: Rows;
  readonly database: Database;
  readonly clock: SimulatedClock;
  readonly random: Random;
  readonly order: DeliveryOrder;
  readonly maxEventsPerCommit: number;
  readonly limits: Partial<ExchangeLimits>;
  readonly trace: ((line: string) => void) | undefined;
  readonly wrapStore: (store: Store) => Store;
  readonly wrapBook: (book: MatchingBook, symbol: string) => MatchingBook;
  readonly createAccount: (...args: ConstructorParameters<typeof Account>) => Account;
  readonly onCrash: (actor: string, messageType: string | undefined, error: Error) => void;
}

const LIMITS: ExchangeLimits = {
  maxCommandsInFlight: 1_000,
  accountStash: 100,
  bookStash: 100,
  closedOrdersKept: 100,
  refusedCancelsKept: 100,
  maxWaitingStopsPerMember: 100,
  maxStatusReportsPerMember: 1_000,
  massCancelWaitMs: MASS_CANCEL_WAIT_MS,
  sweepPortion: 3,
  incidentsToHalt: 1_000,
  incidentWindowMs: 60_000,
};

export class VenueNode {
  readonly life: Life = { isOver: false, isOvertaken: false };
  readonly system: SimulatedActors;
  readonly markets = new Markets();
  readonly books = new Map<string, OrderBook>();
  readonly accounts = new Map<UserId, Account>();
  /** Another node owns books of this one: it must end itself. */
  hasLostBooks = false;
  readonly #exchangeStatus: () => ExchangeStatus;
  readonly #persistenceStatus: () => PersistenceStatus;

  constructor(options: NodeOptions) {
    const { rows, database, clock, random, order, trace, onCrash } = options;
    this.system = new SimulatedActors({ random, order, trace, onCrash });
    const { system, life, markets } = this;
    const log = silentLog;
    const persistence = persistenceActor({
      tell: system.tell,
      clock,
      log,
      store: options.wrapStore(database.connect(life)),
      instrumentOf: (symbol) => markets.instrumentOf(symbol),
      symbols: () => markets.symbols(),
      gateways: [GATEWAY],
      isRunning: () => !life.isOver,
      onOwnershipLost: () => {
        this.hasLostBooks = true;
      },
      sessionFlushMs: 5,
      maxEventsPerCommit: options.maxEventsPerCommit,
      retryFromMs: 100,
      retryToMs: 1_000,
      reservedSeqNums: RESERVED_SEQ_NUMS,
    });
    const terms = [...rows.instruments.values()].map((instrument): InstrumentTerms => {
      const status = rows.statuses.get(instrument.symbol) ?? { type: 'Open' };
      return { instrument, status, referencePrice: REFERENCE_PRICES[instrument.symbol] };
    });
    const exchange = exchangeActor({
      system,
      clock,
      log,
      markets,
      calendar: CALENDAR,
      gateways: [GATEWAY],
      ids: { nextOrderId: () => rows.nextId(), nextTradeId: () => rows.nextId() },
      instruments: {
        find: (symbol) =>
          database.read(life, `terms of ${symbol}`, () =>
            terms.find(({ instrument }) => instrument.symbol === symbol),
          ),
        all: () => database.read(life, 'terms', () => terms),
      },
      trades: {
        find: (tradeId) => database.read(life, `trade ${tradeId}`, () => standingTrade(rows, tradeId)),
      },
      limits: { ...LIMITS, ...options.limits },
      createBook: (loaded) => {
        const book = restoredBook(loaded, () => rows.nextId());
        this.books.set(loaded.symbol, book);
        return options.wrapBook(book, loaded.symbol);
      },
      createAccount: (...args) => {
        const account = options.createAccount(...args);
        this.accounts.set(account.userId, account);
        return account;
      },
    });
    this.#exchangeStatus = exchange.status;
    this.#persistenceStatus = persistence.status;
    system.spawn({ type: 'persistence' }, persistence.behavior, persistence.policy);
    system.spawn({ type: 'exchange' }, exchange.behavior, exchange.policy);
    const gateway: Behavior<undefined, GatewayMessage> = {
      initial: () => undefined,
      receive: (state) => state,
    };
    system.spawn({ type: 'gateway', name: GATEWAY }, gateway, restartFresh());
    for (const one of terms) exchange.open(one);
  }

  /** Nothing that was asked is without an answer, and nothing is to be written. */
  get isIdle(): boolean {
    return this.#exchangeStatus().commandsInFlight === 0 && this.#persistenceStatus().isIdle;
  }

  describe(): string {
    return JSON.stringify({ exchange: this.#exchangeStatus(), persistence: this.#persistenceStatus() });
  }

  end(): void {
    this.life.isOver = true;
    this.system.shutdown();
  }
}

/** A book with the loaded orders in it. */
export function restoredBook(loaded: LoadedBook, nextTradeId: () => number): OrderBook {
  const { symbol, lastSeq, lastPrice: lastPx } = loaded;
  const book = new OrderBook({ symbol, lastSeq, lastPx, nextTradeId });
  for (const order of loaded.orders) book.restore(order);
  return book;
}

function standingTrade(rows: Rows, tradeId: TradeId): StandingTrade | undefined {
  const events = rows.events.filter(
    (event): event is TradeExecuted | TradeAmended => 'tradeId' in event && event.tradeId === tradeId,
  );
  const trade = events.find((event) => event.type === 'TradeExecuted');
  const latest = events.at(-1);
  if (trade === undefined || latest === undefined) return undefined;
  const party = (orderId: number, refSeq: number): TradeParty => {
    const order = rows.orders.get(orderId);
    if (order === undefined) throw new Error(`no row of order ${orderId}`);
    return { username: `user ${order.userId}`, order, refSeq };
  };
  const { price, quantity } = latest.type === 'TradeAmended' ? latest.after : trade;
  return {
    tradeId,
    symbol: trade.symbol,
    terms: { price, quantity },
    maker: party(trade.maker.orderId, latest.makerSeq),
    taker: party(trade.taker.orderId, latest.takerSeq),
  };
}

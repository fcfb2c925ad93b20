/**
 * The market as the node's exchange keeps it: terms, trading status, whether books are ready, last prices, and who is told
 * of a change. In a cluster every node has all of it, from rows and from the news of those that have the books; only the
 * node with the book decides whether a symbol that has crashed trades again.
 */
import { assertNever } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ExchangeCluster } from './forwarding.ts';
import { InstrumentRows } from './instrument-rows.ts';
import { MarketNews } from './market-news.ts';
import type { Markets } from './markets.ts';
import type { InstrumentSource, InstrumentTerms } from './ports.ts';
import type {
  BookHalted,
  BookReady,
  CommandsCompleted,
  ExchangeMessage,
  SetTradingStatus,
  Tell,
  TradingStatus,
} from './protocol.ts';

export interface MarketDeskOptions {
  readonly tell: Tell;
  readonly clock: Clock;
  readonly log: Log;
  readonly markets: Markets;
  readonly instruments: InstrumentSource;
  /** Gateways of the node, told when a symbol opens, halts, or takes cancels only. */
  readonly gateways: readonly string[];
  /** Makes sure that the book of the symbol lives, or its stand-in. */
  readonly spawnBook: (terms: InstrumentTerms) => void;
  readonly cluster: ExchangeCluster | undefined;
}

/** What is told to the exchange and is the desk's affair. */
export type MarketMessage = Extract<
  ExchangeMessage,
  {
    readonly type:
      | 'InstrumentChanged'
      | 'InstrumentLoaded'
      | 'InstrumentsReread'
      | 'SetTradingStatus'
      | 'BookReady'
      | 'BookHalted'
      | 'PricesTraded'
      | 'PriceNewsDue'
      | 'StatusCheckDue'
      | 'StatusRead';
  }
>;

export class MarketDesk {
  readonly #options: MarketDeskOptions;
  readonly #rows: InstrumentRows;
  readonly #news: MarketNews | undefined;
  /** Symbols that were ready once: that a book is on its way to another node is no news for members. */
  readonly #everReady = new Set<string>();
  /** In a cluster: symbols whose books this node was seen to have. */
  readonly #taken = new Set<string>();

  constructor(options: MarketDeskOptions) {
    const { tell, clock, log, markets, instruments, cluster } = options;
    this.#options = options;
    this.#rows = new InstrumentRows({
      tell,
      log,
      instruments,
      applyStatus: (symbol, status) => this.#decideStatus(symbol, status),
    });
    this.#news = cluster === undefined ? undefined : new MarketNews({ tell, clock, markets, cluster });
  }

  receive(message: MarketMessage): void {
    switch (message.type) {
      case 'InstrumentChanged': {
        const { symbol, isForwarded } = message;
        if (isForwarded !== true) {
          this.#news?.tellPeers({ type: 'InstrumentChanged', symbol, isForwarded: true });
        }
        this.#rows.reread(message);
        break;
      }
      case 'InstrumentLoaded':
        this.open(message.terms);
        this.#rows.changed(message.terms.instrument.symbol);
        if (message.replyTo !== undefined) this.#options.tell(message.replyTo, { type: 'TermsInForce' });
        break;
      case 'InstrumentsReread':
        this.#onReread(message.all);
        break;
      case 'SetTradingStatus':
        this.#setStatus(message);
        break;
      case 'BookReady':
        this.#onBookReady(message);
        break;
      case 'BookHalted':
        this.#onBookHalted(message);
        break;
      case 'PricesTraded':
        this.#setPrices(message.lastPrices);
        break;
      case 'PriceNewsDue':
        this.#news?.tellPrices();
        break;
      case 'StatusCheckDue':
      case 'StatusRead':
        this.#rows.receive(message);
        break;
      default:
        assertNever(message);
    }
  }

  /** Takes a symbol in, or new terms of one. */
  open(terms: InstrumentTerms): void {
    this.#options.markets.put(terms);
    this.#options.spawnBook(terms);
  }

  /** Trades of this node's books are committed. */
  traded(lastPrices: CommandsCompleted['lastPrices']): void {
    this.#setPrices(lastPrices);
    this.#news?.traded(lastPrices);
  }

  /** There is a new link: each side says what it has, and what the other has said meanwhile is in the rows. */
  peerUp(node: string): void {
    this.#news?.greet(node);
    this.#rows.rereadAll();
  }

  /** Its books are not known to be ready. It may have died with news that only the rows have. */
  peerDown(node: string): void {
    this.#news?.forget(node);
    this.ownersChanged();
    this.#rows.rereadAll();
  }

  /** What could not be read while the database was away is read now. */
  storeAvailable(): void {
    this.#rows.storeAvailable();
  }

  /** Each book is as its owner of now says. */
  ownersChanged(): void {
    for (const symbol of this.#options.markets.symbols()) {
      this.#compare(symbol);
      const isTaken = this.#hasBook(symbol);
      // The operator may have let it trade again while nobody had it.
      if (isTaken && !this.#taken.has(symbol) && this.#isCrashed(symbol)) this.#rows.checkStatus(symbol);
      if (isTaken) this.#taken.add(symbol);
      else this.#taken.delete(symbol);
    }
  }

  #setPrices(lastPrices: CommandsCompleted['lastPrices']): void {
    for (const { symbol, price } of lastPrices) this.#options.markets.setReferencePrice(symbol, price);
  }

  // ---- Books ----------------------------------------------------------------------------------------------

  #onBookReady(message: BookReady): void {
    const { symbol, lastPrice } = message;
    this.#news?.said(message);
    if (lastPrice !== undefined) this.#options.markets.setReferencePrice(symbol, lastPrice);
    if (this.#news === undefined) this.#setReady(symbol);
    else this.#compare(symbol);
  }

  #onBookHalted(message: BookHalted): void {
    this.#news?.said(message);
    if (this.#news === undefined) this.#halt(message);
    else this.#compare(message.symbol);
  }

  /** In a cluster: with what the owner of the book says. */
  #compare(symbol: string): void {
    const { markets } = this.#options;
    const word = this.#news?.wordOn(symbol);
    if (word?.type === 'Ready') {
      this.#setReady(symbol);
    } else if (word?.type === 'Halted' && !word.isNoted) {
      word.isNoted = true;
      this.#halt({ symbol, reason: word.reason });
    } else {
      markets.setReady(symbol, false);
    }
  }

  #setReady(symbol: string): void {
    const { markets } = this.#options;
    const isNews = markets.find(symbol)?.ready === false;
    markets.setReady(symbol, true);
    if (isNews && !(this.#news !== undefined && this.#everReady.has(symbol))) this.#tellStatus(symbol);
    this.#everReady.add(symbol);
  }

  #halt({ symbol, reason }: Pick<BookHalted, 'symbol' | 'reason'>): void {
    const { markets } = this.#options;
    this.#rows.halted(symbol);
    markets.setReady(symbol, false);
    markets.setStatus(symbol, { type: 'Halted', by: 'crash', reason });
    this.#tellStatus(symbol);
  }

  // ---- Trading status -------------------------------------------------------------------------------------

  #setStatus(message: SetTradingStatus): void {
    const { symbol, status, from } = message;
    if (from === undefined) this.#news?.tellPeers({ ...message, from: 'operator' });
    const isCrashed = this.#isCrashed(symbol);
    if (from === 'owner' || !isCrashed) this.#applyStatus(symbol, status);
    if (from === 'owner' || !this.#hasBook(symbol)) return;
    // Of several words, on their way through several nodes, the rows know the last.
    if (isCrashed || this.#news !== undefined) this.#rows.checkStatus(symbol);
  }

  /** The rows have said it to the node with the book. */
  #decideStatus(symbol: string, status: TradingStatus): void {
    if (this.#news === undefined || !isSame(this.#options.markets.find(symbol)?.status, status)) {
      this.#applyStatus(symbol, status);
    }
    if (this.#hasBook(symbol))
      this.#news?.tellPeers({ type: 'SetTradingStatus', symbol, status, from: 'owner' });
  }

  #applyStatus(symbol: string, status: TradingStatus): void {
    const { markets, log, tell } = this.#options;
    markets.setStatus(symbol, status);
    this.#rows.changed(symbol);
    log.info('trading status changed', { symbol, status });
    this.#tellStatus(symbol);
    // To a book that trades it means nothing; it may have crashed while the operator's halt was in force.
    if (status.type !== 'Halted') tell({ type: 'book', symbol }, { type: 'ResumeBook' });
  }

  /** News may have been lost: what differs in the rows, and has not changed since they were read, is as they say. */
  #onReread(all: readonly InstrumentTerms[]): void {
    const changed = this.#rows.rereadDone();
    for (const terms of all) {
      const { symbol } = terms.instrument;
      if (changed.has(symbol)) continue;
      const before = this.#options.markets.find(symbol)?.status;
      this.open(terms);
      if (before === undefined || isSame(before, terms.status)) continue;
      if (!this.#isCrashed(symbol)) this.#applyStatus(symbol, terms.status);
      else if (this.#hasBook(symbol)) this.#rows.checkStatus(symbol);
      else if (this.#news?.wordOn(symbol)?.type === 'Ready') this.#applyStatus(symbol, terms.status);
    }
  }

  #isCrashed(symbol: string): boolean {
    const status = this.#options.markets.find(symbol)?.status;
    return status?.type === 'Halted' && status.by === 'crash';
  }

  #hasBook(symbol: string): boolean {
    const { cluster } = this.#options;
    return cluster === undefined || cluster.ownerOfBook(symbol) === cluster.self;
  }

  #tellStatus(symbol: string): void {
    for (const name of this.#options.gateways) {
      this.#options.tell({ type: 'gateway', name }, { type: 'SecurityStatusChanged', symbol });
    }
  }
}

function isSame(left: TradingStatus | undefined, right: TradingStatus): boolean {
  return left !== undefined && JSON.stringify(left) === JSON.stringify(right);
}

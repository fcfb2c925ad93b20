/**
 * What the nodes of a cluster tell each other of the market: which books are ready or halted, and where symbols traded
 * last. A book is what its owner says of it: the words of others are kept, since an owner may speak before the rows are
 * read that say it is one.
 */
import type { Ticks } from '../matching/types.ts';
import type { Clock } from '../platform/clock.ts';
import type { ExchangeCluster } from './forwarding.ts';
import type { MarketDirectory } from './ports.ts';
import type { BookHalted, BookReady, CommandsCompleted, Message, Tell } from './protocol.ts';

/** For so long last prices are gathered before others are told: they judge prices by them, and one in a while is enough. */
const PRICES_GATHERED_MS = 50;

/** The last word of a node on its book. */
export type BookWord =
  | { readonly type: 'Ready' }
  | {
      readonly type: 'Halted';
      readonly reason: string;
      /** The halt has been taken note of: the operator's word may have come since. */
      isNoted: boolean;
    };

export interface MarketNewsOptions {
  readonly tell: Tell;
  readonly clock: Clock;
  readonly markets: MarketDirectory;
  readonly cluster: Pick<ExchangeCluster, 'self' | 'ownerOfBook' | 'peers'>;
}

export class MarketNews {
  readonly #options: MarketNewsOptions;
  /** By node, and then by symbol. */
  readonly #words = new Map<string, Map<string, BookWord>>();
  readonly #prices = new Map<string, Ticks>();
  #isDue = false;

  constructor(options: MarketNewsOptions) {
    this.#options = options;
  }

  /** Notes the word of a node; all others are told when it is this one's. */
  said(message: BookReady | BookHalted): void {
    const { self } = this.#options.cluster;
    const { symbol, node = self } = message;
    const word: BookWord =
      message.type === 'BookReady'
        ? { type: 'Ready' }
        : { type: 'Halted', reason: message.reason, isNoted: false };
    let words = this.#words.get(node);
    if (words === undefined) {
      words = new Map();
      this.#words.set(node, words);
    }
    words.set(symbol, word);
    if (message.node === undefined) this.tellPeers({ ...message, node: self });
  }

  /** What the owner of a book says of it; undefined while nobody has it, or its owner has said nothing. */
  wordOn(symbol: string): BookWord | undefined {
    const owner = this.#options.cluster.ownerOfBook(symbol);
    return owner === undefined ? undefined : this.#words.get(owner)?.get(symbol);
  }

  /** The link to a node has ended: with the next one it says everything again. */
  forget(node: string): void {
    this.#words.delete(node);
  }

  /** There is a new link to a node: it is told of every book of this one. */
  greet(node: string): void {
    const { tell, cluster, markets } = this.#options;
    const { self } = cluster;
    for (const [symbol, word] of this.#words.get(self) ?? []) {
      if (cluster.ownerOfBook(symbol) !== self) continue;
      const lastPrice = markets.find(symbol)?.referencePrice;
      const news =
        word.type === 'Ready'
          ? ({ type: 'BookReady', symbol, lastPrice, node: self } as const)
          : ({ type: 'BookHalted', symbol, reason: word.reason, node: self } as const);
      tell({ type: 'exchange', node }, news);
    }
  }

  tellPeers(message: Message): void {
    for (const node of this.#options.cluster.peers()) this.#options.tell({ type: 'exchange', node }, message);
  }

  /** Symbols have traded here: others are told, once in a while. */
  traded(lastPrices: CommandsCompleted['lastPrices']): void {
    const { clock, tell } = this.#options;
    for (const { symbol, price } of lastPrices) this.#prices.set(symbol, price);
    if (this.#prices.size === 0 || this.#isDue) return;
    this.#isDue = true;
    clock.after(PRICES_GATHERED_MS, () => tell({ type: 'exchange' }, { type: 'PriceNewsDue' }));
  }

  /** PriceNewsDue has come. */
  tellPrices(): void {
    this.#isDue = false;
    const lastPrices = Array.from(this.#prices, ([symbol, price]) => ({ symbol, price }));
    this.#prices.clear();
    if (lastPrices.length > 0) this.tellPeers({ type: 'PricesTraded', lastPrices });
  }
}

/** The books that `bench/matching.ts` compares, each driven by the same stream. */
import { OrderBook } from '../../src/matching/order-book.ts';
import {
  type BookEvent,
  BUY,
  type EnterOrder,
  type Lots,
  SELL,
  type Ticks,
} from '../../src/matching/types.ts';
import { CoreContender } from './matching-core-contender.ts';
import { CANCEL, ENTER, type Stream } from './matching-stream.ts';
import { TradeChecksum } from './trade-checksum.ts';

/** A book in the benchmark. */
export interface Contender {
  /** Carries out one operation of the stream and reads everything that it reports. */
  run(operation: number): void;
  /** Lots traded since the beginning: must be the same for all. */
  readonly tradedQuantity: number;
  /** Of all trades in their order: must be the same for all too. */
  readonly checksum: TradeChecksum;
}

export interface ContenderKind {
  readonly name: string;
  /** What it does per operation, in one line. */
  readonly does: string;
  create(stream: Stream): Contender;
}

/** The books of this project. */
export const OWN_CONTENDERS: readonly ContenderKind[] = [
  {
    name: 'onebook, core',
    does: 'every event written as a record of numbers and read',
    create: (stream) => new CoreContender(stream),
  },
  {
    name: 'onebook, events as objects',
    does: 'what the book actor uses: commands and events as objects with snapshots of the orders',
    create: (stream) => new BookContender(stream),
  },
];

class BookContender implements Contender {
  readonly checksum = new TradeChecksum();
  tradedQuantity = 0;
  readonly #stream: Stream;
  readonly #events: BookEvent[] = [];
  #tradeId = 0;
  readonly #book = new OrderBook({
    symbol: 'BTC-USD',
    lastSeq: 0,
    nextTradeId: () => {
      this.#tradeId += 1;
      return this.#tradeId;
    },
  });

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  run(operation: number): void {
    const { kind } = this.#stream;
    const orderId = this.#stream.orderId[operation]!;
    const price = this.#stream.price[operation] as Ticks;
    const quantity = this.#stream.quantity[operation] as Lots;
    const at = 1_700_000_000_000;
    const events = this.#events;
    events.length = 0;
    if (kind[operation] === ENTER) this.#book.execute(this.#enter(operation), at, events);
    else if (kind[operation] === CANCEL)
      this.#book.execute({ type: 'CancelOrder', orderId, clOrdId: 'x', unsolicited: undefined }, at, events);
    else this.#book.execute({ type: 'ReplaceOrder', orderId, clOrdId: 'r', price, quantity }, at, events);
    for (const event of events) {
      if (event.type !== 'TradeExecuted') continue;
      this.tradedQuantity += event.quantity;
      this.checksum.add(event.maker.orderId, event.taker.orderId, event.price, event.quantity);
    }
  }

  #enter(operation: number): EnterOrder {
    const stream = this.#stream;
    return {
      type: 'EnterOrder',
      orderId: stream.orderId[operation]!,
      userId: 100 + (operation & 63),
      clOrdId: 'c',
      side: stream.side[operation] === 1 ? BUY : SELL,
      ordType: '2',
      timeInForce: '1',
      price: stream.price[operation] as Ticks,
      quantity: stream.quantity[operation] as Lots,
      makerFeeRate: 100_000,
      takerFeeRate: 200_000,
      tradingDay: '2024-05-06',
    };
  }
}

interface PeerOrder {
  readonly id: string;
  readonly price: number;
  readonly size: number;
}

/** Orders that are filled, makers in the order in which they traded, and the one that is filled in part. */
interface PeerResponse {
  readonly done: readonly PeerOrder[];
  readonly partial: PeerOrder | null;
  readonly partialQuantityProcessed: number;
  readonly err: unknown;
}

/** The part of nodejs-order-book that is used. */
interface PeerBook {
  limit(order: object): PeerResponse;
  modify(orderId: string, update: { readonly price: number; readonly size: number }): PeerResponse;
  cancel(orderId: string): unknown;
}

/** The book of the package `nodejs-order-book`, from where it is installed. */
export async function peerContender(specifier: string): Promise<ContenderKind> {
  const peer = (await import(specifier)) as { OrderBook: new () => PeerBook };
  return {
    name: 'nodejs-order-book',
    does: 'one object of orders done and partly done per operation',
    create: (stream) => new PeerContender(stream, new peer.OrderBook()),
  };
}

class PeerContender implements Contender {
  readonly checksum = new TradeChecksum();
  tradedQuantity = 0;
  readonly #stream: Stream;
  readonly #book: PeerBook;

  constructor(stream: Stream, book: PeerBook) {
    this.#stream = stream;
    this.#book = book;
  }

  run(operation: number): void {
    const { kind, leaves, price } = this.#stream;
    const id = String(this.#stream.orderId[operation]);
    if (kind[operation] === CANCEL) {
      this.#book.cancel(id);
      return;
    }
    const size = leaves[operation]!;
    const side = this.#stream.side[operation] === 1 ? 'buy' : 'sell';
    const result =
      kind[operation] === ENTER
        ? this.#book.limit({ id, side, size, price: price[operation]! })
        : this.#book.modify(id, { price: price[operation]!, size });
    if (result.err !== null)
      throw new Error(`nodejs-order-book refused operation ${operation}: ${result.err}`);
    const { done, partial, partialQuantityProcessed } = result;
    // The new order itself is listed too.
    for (const maker of done) if (maker.id !== id) this.#trade(maker, operation, maker.size);
    if (partial !== null && partial.id !== id) this.#trade(partial, operation, partialQuantityProcessed);
  }

  #trade(maker: PeerOrder, operation: number, quantity: number): void {
    this.tradedQuantity += quantity;
    this.checksum.add(Number(maker.id), this.#stream.orderId[operation]!, maker.price, quantity);
  }
}

/** The core of src/matching in the benchmark: orders as slots, events as records that are all read. */
import {
  KIND,
  LAST_PX,
  LAST_QTY,
  ORDER_ID,
  RECORD_STRIDE,
  TAKER_FILLED,
} from '../../src/matching/event-buffer.ts';
import { MatchingCore, type NewTerms } from '../../src/matching/matching-core.ts';
import { GOOD_TILL_CANCEL, LIMIT } from '../../src/matching/order-pool.ts';
import { CANCEL, ENTER, type Stream } from './matching-stream.ts';
import { TradeChecksum } from './trade-checksum.ts';

/** Carries operations out; {@link checksum} tells what traded. */
export class CoreContender {
  tradedQuantity = 0;
  readonly checksum = new TradeChecksum();
  readonly core = new MatchingCore({ lastSeq: 0, lastPx: 0, maxWaitingStops: 10_000 });
  readonly #stream: Stream;
  readonly #terms: NewTerms = { price: 0, quantity: 0, stopPx: 0, maxFloor: 0, expireTime: 0, expireDate: 0 };

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  run(operation: number): void {
    const { kind, orderId } = this.#stream;
    const { core } = this;
    core.book.events.clear();
    if (kind[operation] === ENTER) this.#enter(operation);
    else {
      const slot = core.book.index.get(orderId[operation]!);
      if (kind[operation] === CANCEL) core.cancel(slot);
      else {
        this.#terms.price = this.#stream.price[operation]!;
        this.#terms.quantity = this.#stream.quantity[operation]!;
        core.replace(slot, this.#terms);
      }
    }
    this.#read();
  }

  #enter(operation: number): void {
    const { orderId, side, price, quantity } = this.#stream;
    const { orders } = this.core.book;
    const slot = orders.allocate();
    orders.orderId[slot] = orderId[operation]!;
    orders.userId[slot] = 100 + (operation & 63);
    orders.side[slot] = side[operation]!;
    orders.ordType[slot] = LIMIT;
    orders.timeInForce[slot] = GOOD_TILL_CANCEL;
    orders.price[slot] = price[operation]!;
    orders.quantity[slot] = quantity[operation]!;
    orders.tradingDay[slot] = 20_240_506;
    orders.enteredAt[slot] = 1_700_000_000_000;
    orders.makerFeeRate[slot] = 100_000;
    orders.takerFeeRate[slot] = 200_000;
    this.core.enter(slot);
  }

  #read(): void {
    const { records, count } = this.core.book.events;
    for (let start = 0; start < count * RECORD_STRIDE; start += RECORD_STRIDE) {
      if (records[start + KIND] !== TAKER_FILLED) continue;
      this.tradedQuantity += records[start + LAST_QTY]!;
      const makerId = records[start - RECORD_STRIDE + ORDER_ID]!;
      this.checksum.add(
        makerId,
        records[start + ORDER_ID]!,
        records[start + LAST_PX]!,
        records[start + LAST_QTY]!,
      );
    }
  }
}

/** Busts and corrections of the last trades of a book, as an operator who makes many mistakes good would ask for them. */
import {
  type AmendTrade,
  type BookEvent,
  lots,
  type OrderId,
  type OrderSnapshot,
  type TradeExecuted,
  type TradeTerms,
  ticks,
} from '../../src/matching/types.ts';
import type { Random } from './random.ts';

/** Trades that can still be amended: older ones are forgotten. */
const REMEMBERED_TRADES = 40;

interface RememberedTrade {
  readonly trade: TradeExecuted;
  terms: TradeTerms;
  makerRefSeq: number;
  takerRefSeq: number;
}

export class RandomAmendments {
  readonly #random: Random;
  #trades: RememberedTrade[] = [];
  /** The orders of these trades as they were last left. */
  #orders = new Map<OrderId, OrderSnapshot>();

  constructor(random: Random) {
    this.#random = random;
  }

  observe(events: readonly BookEvent[]): void {
    for (const event of events) {
      if (event.type === 'TradeExecuted') this.#remember(event);
      else if (event.type === 'TradeAmended') {
        const known = this.#trades.find(({ trade }) => trade.tradeId === event.tradeId);
        if (known !== undefined)
          Object.assign(known, {
            terms: event.after,
            makerRefSeq: event.makerSeq,
            takerRefSeq: event.takerSeq,
          });
      }
      for (const order of 'order' in event ? [event.order] : [event.maker, event.taker]) {
        if (event.type === 'TradeExecuted' || this.#orders.has(order.orderId))
          this.#orders.set(order.orderId, order);
      }
    }
  }

  /** A bust or a correction; undefined when there is no trade to amend. */
  next(): AmendTrade | undefined {
    const random = this.#random;
    const standing = this.#trades.filter(({ terms }) => terms.quantity > 0);
    if (standing.length === 0) return undefined;
    const { trade, terms, makerRefSeq, takerRefSeq } = random.pick(standing);
    const [maker, taker] = [trade.maker, trade.taker].map(({ orderId }) => this.#orders.get(orderId));
    if (maker === undefined || taker === undefined) return undefined;
    const corrected = {
      price: ticks(Math.max(1, terms.price + random.integer(-2, 2))),
      quantity: lots(random.integer(1, terms.quantity)),
    };
    return {
      type: 'AmendTrade',
      tradeId: trade.tradeId,
      before: terms,
      after: random.chance(0.5) ? { price: terms.price, quantity: lots(0) } : corrected,
      makerRefSeq,
      takerRefSeq,
      charges: [],
      reason: 'an error',
      requestedBy: 'an operator',
      maker,
      taker,
    };
  }

  #remember(trade: TradeExecuted): void {
    const { price, quantity, makerSeq, takerSeq } = trade;
    this.#trades.push({
      trade,
      terms: { price, quantity },
      makerRefSeq: makerSeq,
      takerRefSeq: takerSeq,
    });
    if (this.#trades.length <= 2 * REMEMBERED_TRADES) return;
    this.#trades = this.#trades.slice(-REMEMBERED_TRADES);
    const parties = this.#trades.flatMap(({ trade: { maker, taker } }) => [maker.orderId, taker.orderId]);
    const kept = new Set(parties);
    for (const orderId of this.#orders.keys()) if (!kept.has(orderId)) this.#orders.delete(orderId);
  }
}

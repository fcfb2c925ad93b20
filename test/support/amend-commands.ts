/** Short ways to amend a trade that a book has just made. */
import {
  type AmendTrade,
  type BookEvent,
  lots,
  type OrderSnapshot,
  type TradeExecuted,
  ticks,
} from '../../src/matching/types.ts';

/** The last trade among the events. */
export function lastTrade(events: readonly BookEvent[]): TradeExecuted {
  const trade = events.findLast((event) => event.type === 'TradeExecuted');
  if (trade === undefined) throw new Error('no trade');
  return trade;
}

/** Makes `quantity` at `price` of a trade; its orders are as committed: as they stood after it, unless told. */
export function correct(
  trade: TradeExecuted,
  quantity: number,
  price: number = trade.price,
  committed: { readonly maker?: OrderSnapshot; readonly taker?: OrderSnapshot } = {},
): AmendTrade {
  return {
    type: 'AmendTrade',
    tradeId: trade.tradeId,
    before: { price: trade.price, quantity: trade.quantity },
    after: { price: ticks(price), quantity: lots(quantity) },
    maker: committed.maker ?? trade.maker,
    taker: committed.taker ?? trade.taker,
    makerRefSeq: trade.makerSeq,
    takerRefSeq: trade.takerSeq,
    charges: [],
    reason: 'fat finger',
    requestedBy: 'olga',
  };
}

/** Takes a trade back. */
export function bust(
  trade: TradeExecuted,
  committed: { readonly maker?: OrderSnapshot; readonly taker?: OrderSnapshot } = {},
): AmendTrade {
  return correct(trade, 0, trade.price, committed);
}

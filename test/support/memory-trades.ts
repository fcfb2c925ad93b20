/** The TradeSource port over the store in memory: trades as its events and orders say. */
import type { StandingTrade, TradeParty } from '../../src/accounts/amendments.ts';
import { StoreUnavailableError, type TradeSource } from '../../src/actors/ports.ts';
import type { TradeAmended, TradeExecuted } from '../../src/matching/types.ts';
import type { MemoryStore } from './memory-store.ts';

/** Members are called `user 1`, `user 2` and so on. */
export function memoryTrades(store: MemoryStore): TradeSource {
  return {
    async find(tradeId) {
      if (store.isAway) throw new StoreUnavailableError('the test took the database away');
      const events = store.events.filter(
        (event): event is TradeExecuted | TradeAmended => 'tradeId' in event && event.tradeId === tradeId,
      );
      const trade = events.find((event) => event.type === 'TradeExecuted');
      const latest = events.at(-1);
      if (trade === undefined || latest === undefined) return undefined;
      const party = (orderId: number, refSeq: number): TradeParty => {
        const row = store.orders.get(orderId);
        if (row === undefined) throw new Error(`no row of order ${orderId}`);
        return { username: `user ${row.order.userId}`, order: row.order, refSeq };
      };
      const standing: StandingTrade = {
        tradeId,
        symbol: trade.symbol,
        terms:
          latest.type === 'TradeAmended' ? latest.after : { price: trade.price, quantity: trade.quantity },
        maker: party(trade.maker.orderId, latest.makerSeq),
        taker: party(trade.taker.orderId, latest.takerSeq),
      };
      return standing;
    },
  };
}

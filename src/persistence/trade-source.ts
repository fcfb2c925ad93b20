/** Trades as they stand, with both orders: what a bust or a correction begins with. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { amendableFrom, type StandingTrade, type TradeParty } from '../accounts/amendments.ts';
import type { TradeSource } from '../actors/ports.ts';
import type { TradeId } from '../matching/types.ts';
import { assert } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import { KnownInstruments, lotsOf, ticksOf } from './instruments.ts';
import { ORDER_RECORD_COLUMNS, type OrderRecord, toSnapshot } from './order-rows.ts';
import { load, type Sql } from './sql.ts';

/** A trade with its latest amendment, as the driver gives it. */
interface TradeRecord {
  readonly symbol: string;
  readonly price: string;
  readonly quantity: string;
  readonly maker_order_id: string;
  readonly taker_order_id: string;
  readonly maker_username: string;
  readonly taker_username: string;
  readonly maker_seq: string | null;
  readonly taker_seq: string | null;
}

/** Trades of early versions have no ExecIDs: those are in the reports of the fills. */
const SEQ_IN_REPORTS =
  "(select r.source_seq from reports r where r.at = t.executed_at and r.trade_id = t.id and r.exec_type = 'F' " +
  'and r.user_id = t.%_user_id and r.order_id = t.%_order_id)';

function seqOf(party: 'maker' | 'taker'): string {
  const inReports = SEQ_IN_REPORTS.replaceAll('%', party);
  return `coalesce(a.${party}_seq, t.${party}_seq, ${inReports}) as ${party}_seq`;
}

const FIND_TRADE =
  'select t.symbol, coalesce(a.price_after, t.price) as price, coalesce(a.quantity_after, t.quantity) as quantity, ' +
  't.maker_order_id, t.taker_order_id, m.username as maker_username, k.username as taker_username, ' +
  `${seqOf('maker')}, ${seqOf('taker')} from trades t ` +
  'join users m on m.id = t.maker_user_id join users k on k.id = t.taker_user_id ' +
  'left join lateral (select * from trade_amendments where trade_id = t.id order by id desc limit 1) a on true ' +
  'where t.id = $1 and t.executed_at >= $2::timestamptz';

/** Reads one consistent state. Passing failures are StoreUnavailableError. */
export function createTradeSource(orm: MikroORM, clock: Clock): TradeSource {
  const instruments = new KnownInstruments();
  return {
    find: (tradeId) =>
      load(orm, async (sql) => {
        const [trade] = await sql.rows<TradeRecord>(FIND_TRADE, [
          tradeId,
          amendableFrom(clock.now()).toISOString(),
        ]);
        if (trade === undefined) return undefined;
        await instruments.learn(sql, [trade.symbol]);
        return standingTrade(sql, tradeId, trade, instruments);
      }),
  };
}

async function standingTrade(
  sql: Sql,
  tradeId: TradeId,
  trade: TradeRecord,
  instruments: KnownInstruments,
): Promise<StandingTrade> {
  const instrument = instruments.get(trade.symbol);
  const records = await sql.rows<OrderRecord>(
    `select ${ORDER_RECORD_COLUMNS} from orders where id = any($1::bigint[])`,
    [[trade.maker_order_id, trade.taker_order_id]],
  );
  const party = (orderId: string, username: string, seq: string | null): TradeParty => {
    const record = records.find(({ id }) => id === orderId);
    assert(record !== undefined && seq !== null, `trade ${tradeId} has no order ${orderId} with a report`);
    return { username, order: toSnapshot(record, instrument), refSeq: Number(seq) };
  };
  return {
    tradeId,
    symbol: trade.symbol,
    terms: {
      price: ticksOf(instrument, trade.price),
      quantity: lotsOf(instrument, trade.quantity),
    },
    maker: party(trade.maker_order_id, trade.maker_username, trade.maker_seq),
    taker: party(trade.taker_order_id, trade.taker_username, trade.taker_seq),
  };
}

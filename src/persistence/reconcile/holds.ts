/**
 * Holds: each open order holds what its terms need, and each member's held amount is what its orders need. Computed by
 * the rule that the accounts follow (src/accounts/holds.ts), and so order by order, here and not in SQL.
 */
import { type Hold, holdFor } from '../../accounts/holds.ts';
import type { Instrument } from '../../matching/instrument.ts';
import { lots, type Side, ticks } from '../../matching/types.ts';
import { formatAmount, textToSteps } from '../../platform/decimal.ts';
import { KnownInstruments, unitsOf } from '../instruments.ts';
import { type CheckContext, type CheckGroup, Differences, plain, stream, userText } from './check.ts';

interface OpenOrderRow {
  readonly id: string;
  readonly user_id: number;
  readonly username: string | null;
  readonly symbol: string;
  readonly side: Side;
  readonly price: string;
  readonly remaining_quantity: string;
  readonly maker_fee_rate: number;
  readonly taker_fee_rate: number;
  readonly hold: string;
}

interface HeldRow {
  readonly user_id: number;
  readonly username: string | null;
  readonly asset: string;
  readonly held: string;
}

/** What users need to hold for their open orders, by user and asset. */
type Needs = Map<string, { readonly userId: number; readonly username: string | null } & Hold>;

const OPEN_ORDERS =
  'select o.id, o.user_id, u.username, o.symbol, o.side, o.price, o.remaining_quantity, o.maker_fee_rate, ' +
  'o.taker_fee_rate, o.hold from orders o left join users u on u.id = o.user_id where o.is_open order by o.id';
const HELD =
  'select b.user_id, u.username, b.asset, b.held from balances b left join users u on u.id = b.user_id ' +
  'order by b.user_id, b.asset';

export const checkHolds: CheckGroup = async (context) => {
  const needs: Needs = new Map();
  return [await checkOrders(context, needs), await checkBalances(context, needs)];
};

async function checkOrders({ sql, limit }: CheckContext, needs: Needs) {
  const instruments = new KnownInstruments();
  const symbols = await sql.rows<{ symbol: string }>('select symbol from instruments');
  await instruments.learn(
    sql,
    symbols.map(({ symbol }) => symbol),
  );
  const found = new Differences('holds of open orders, and what their terms need', limit);
  for await (const row of stream<OpenOrderRow>(sql, OPEN_ORDERS)) {
    const needed = holdNeeded(row, instruments.get(row.symbol));
    const who = (): string => `order ${row.id} of ${userText(row.user_id, row.username)} in ${row.symbol}`;
    if (typeof needed === 'string') {
      found.add(() => `${who()}: ${needed}`);
      continue;
    }
    const { asset, amount } = needed;
    if (unitsOf(row.hold) !== amount) {
      found.add(() => `${who()}: it holds ${plain(row.hold)} ${asset}, but needs ${formatAmount(amount)}`);
    }
    const key = `${row.user_id} ${asset}`;
    const sum = (needs.get(key)?.amount ?? 0n) + amount;
    needs.set(key, { userId: row.user_id, username: row.username, asset, amount: sum });
  }
  return found.result();
}

/** The hold of an open order as its row is; a sentence when its price or quantity is none of the instrument. */
function holdNeeded(row: OpenOrderRow, instrument: Instrument): Hold | string {
  const price = textToSteps(row.price, instrument.tick);
  if (typeof price === 'string' || price === 0) {
    return `the price ${plain(row.price)} is no multiple of the tick ${formatAmount(instrument.tick.units)}`;
  }
  const leavesQty = textToSteps(row.remaining_quantity, instrument.lot);
  if (typeof leavesQty === 'string') {
    const lot = formatAmount(instrument.lot.units);
    return `the remaining quantity ${plain(row.remaining_quantity)} is no multiple of the lot ${lot}`;
  }
  return holdFor(instrument, {
    side: row.side,
    price: ticks(price),
    leavesQty: lots(leavesQty),
    makerFeeRate: row.maker_fee_rate,
    takerFeeRate: row.taker_fee_rate,
  });
}

/** Takes out of `needs` what is there. */
async function checkBalances({ sql, limit }: CheckContext, needs: Needs) {
  const found = new Differences('held balances, and what open orders need', limit);
  const compare = (userId: number, username: string | null, asset: string, held: bigint, needed: bigint) => {
    if (held === needed) return;
    found.add(
      () =>
        `${userText(userId, username)}, ${asset}: ${formatAmount(held)} is held, ` +
        `but the open orders need ${formatAmount(needed)}`,
    );
  };
  for await (const { user_id: userId, username, asset, held } of stream<HeldRow>(sql, HELD)) {
    const key = `${userId} ${asset}`;
    const needed = needs.get(key)?.amount ?? 0n;
    needs.delete(key);
    compare(userId, username, asset, unitsOf(held), needed);
  }
  for (const { userId, username, asset, amount } of needs.values()) {
    compare(userId, username, asset, 0n, amount);
  }
  return found.result();
}

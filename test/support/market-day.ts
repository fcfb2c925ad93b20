/**
 * A market in a venue process: two instruments with fees, members with money, and seeded bursts of requests as
 * members at speed send them.
 */
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import { delay, systemClock } from '../../src/platform/clock.ts';
import type { Random } from './random.ts';
import { type MemberIdentity, RecordingMember } from './recording-member.ts';
import type { VenueProcess } from './venue-process.ts';

/** Instruments of the market; everything is traded against USD. */
export const SYMBOLS = ['BTC-USD', 'ETH-USD'] as const;

const DEPOSITS: readonly (readonly [asset: string, amount: string])[] = [
  ['USD', '1000000'],
  ['BTC', '5000'],
  ['ETH', '5000'],
];

/** Identity of the member number 1, 2, 3 …. */
export function identityOf(username: string, no: number): MemberIdentity {
  return { username, password: `${username}-password`, senderCompId: 1000 + no };
}

/** Lists the instruments and lets the members in, with money. */
export async function openMarket(venue: VenueProcess, members: readonly MemberIdentity[]): Promise<void> {
  for (const symbol of SYMBOLS) {
    const [base, quote] = symbol.split('-');
    const fees = { makerBps: '10', takerBps: '20' };
    await venue.done('POST', '/v1/instruments', { symbol, base, quote, tick: '0.01', lot: '0.001', ...fees });
  }
  for (const { username, password, senderCompId } of members) {
    await venue.done('POST', '/v1/users', { username, password, compId: senderCompId });
    for (const [asset, amount] of DEPOSITS) {
      const id = `${username}-${asset}`;
      await venue.done('POST', '/v1/transfers', { type: 'deposit', username, asset, amount, id });
    }
  }
}

/** The terms of a NewOrderSingle (D); limit and good till cancel unless said otherwise. */
export interface OrderTerms {
  readonly clOrdId: string;
  readonly symbol: string;
  readonly side: '1' | '2';
  readonly orderQty: string;
  readonly price: string;
  readonly timeInForce?: string;
}

/** The fields of a D. */
export function newOrder(terms: OrderTerms): Record<number, string> {
  return {
    [TAG.ClOrdID]: terms.clOrdId,
    [TAG.Symbol]: terms.symbol,
    [TAG.Side]: terms.side,
    [TAG.TransactTime]: utcTimestamp(systemClock.now()),
    [TAG.OrderQty]: terms.orderQty,
    [TAG.OrdType]: '2',
    [TAG.Price]: terms.price,
    [TAG.TimeInForce]: terms.timeInForce ?? '1',
  };
}

/** The fields of an F. */
export function cancelOf(clOrdId: string, origClOrdId: string, symbol: string, side: string) {
  return {
    [TAG.ClOrdID]: clOrdId,
    [TAG.OrigClOrdID]: origClOrdId,
    [TAG.Symbol]: symbol,
    [TAG.Side]: side,
    [TAG.TransactTime]: utcTimestamp(systemClock.now()),
  };
}

/** Sends random requests of one member: mostly orders around one price, some cancels, replaces and nonsense. */
export class RandomTrader {
  readonly member: RecordingMember;
  readonly #random: Random;
  /** ClOrdIDs (11) that a cancel or replace may name, with their order's symbol and side. */
  readonly #names: { readonly clOrdId: string; readonly symbol: string; readonly side: '1' | '2' }[] = [];
  #lastNo = 0;

  constructor(identity: MemberIdentity, random: Random) {
    this.member = new RecordingMember(identity);
    this.#random = random;
  }

  /** Sends one request. */
  act(): void {
    const random = this.#random;
    this.#lastNo += 1;
    const clOrdId = `${this.member.identity.username}-${this.#lastNo}`;
    const named = this.#names.length > 0 ? random.pick(this.#names.slice(-40)) : undefined;
    const choice = random.next();
    if (named !== undefined && choice < 0.12) {
      this.member.ask(
        MSG_TYPE.OrderCancelRequest,
        cancelOf(clOrdId, named.clOrdId, named.symbol, named.side),
      );
      return;
    }
    if (named !== undefined && choice < 0.24) {
      const replacement = newOrder({ ...named, clOrdId, orderQty: this.#quantity(), price: this.#price() });
      this.member.ask(MSG_TYPE.OrderCancelReplaceRequest, {
        ...replacement,
        [TAG.OrigClOrdID]: named.clOrdId,
      });
      this.#names.push({ ...named, clOrdId });
      return;
    }
    const symbol = random.pick(SYMBOLS);
    const side = random.pick(['1', '2'] as const);
    const timeInForce = choice > 0.95 ? '4' : choice > 0.85 ? '3' : '1';
    // One in a hundred is beyond what any member owns.
    const orderQty = random.chance(0.01) ? '900000' : this.#quantity();
    this.member.ask(
      MSG_TYPE.NewOrderSingle,
      newOrder({ clOrdId, symbol, side, orderQty, price: this.#price(), timeInForce }),
    );
    this.#names.push({ clOrdId, symbol, side });
  }

  #quantity(): string {
    return `${this.#random.integer(0, 1)}.${this.#random.integer(1, 999).toString().padStart(3, '0')}`;
  }

  #price(): string {
    return `${this.#random.integer(98, 101)}.${this.#random.pick(['00', '25', '37', '99'])}`;
  }
}

/** Requests that a trader has unanswered at most: enough to keep the venue busy at every instant. */
export const WINDOW = 100;
const PAUSE_MS = 1;

/**
 * Lets the traders send `count` requests each, until `isOver`, as fast as they are answered: no more than
 * `windowNow` are unanswered. A trader whose connection is gone stops.
 */
export async function burst(
  traders: readonly RandomTrader[],
  count: number,
  random: Random,
  isOver: () => boolean,
  windowNow: () => number = () => WINDOW,
): Promise<void> {
  const left = new Map(traders.map((trader) => [trader, count]));
  while (left.size > 0) {
    for (const [trader, leftCount] of left) {
      const room = windowNow() - trader.member.unansweredCount;
      const lot = trader.member.isOn ? Math.min(leftCount, room, random.integer(1, 12)) : leftCount;
      for (let i = 0; i < lot && trader.member.isOn && !isOver(); i += 1) trader.act();
      if (isOver()) return;
      if (lot === leftCount) left.delete(trader);
      else left.set(trader, leftCount - Math.max(lot, 0));
    }
    // Answers come in meanwhile.
    await delay(systemClock, PAUSE_MS);
  }
}

/**
 * A random market through the real actors whose every commit is also written to Postgres, statement by statement as a
 * venue writes it: rows of all kinds, for those who read rows.
 */
import type { WantedAmendment } from '../../src/accounts/amendments.ts';
import { FEE_USER_ID } from '../../src/accounts/fees.ts';
import { NO_TERMS } from '../../src/accounts/trading-terms.ts';
import type { ClaimedBook, CommitBatch, CommitOutcome, Store } from '../../src/actors/ports.ts';
import type { TradeId } from '../../src/matching/types.ts';
import { ensurePartitions } from '../../src/persistence/partitions.ts';
import { createStore } from '../../src/persistence/store.ts';
import { amendTrade, BUST } from './amending-venue.ts';
import { makeInstrument } from './instruments.ts';
import { AT } from './judging-desk.ts';
import { ManualClock } from './manual-clock.ts';
import { buyOrder, sellOrder } from './member-commands.ts';
import { MemoryStore } from './memory-store.ts';
import { type Random, randomFrom } from './random.ts';
import { RandomRequests } from './random-requests.ts';
import { ETH_USD, openTerms, openVenue, type Venue } from './venue.ts';
import { type VenueDatabase, venueDatabase } from './venue-database.ts';

/** Those who trade at random; the one after them is the {@link SPENDER}. */
const USER_IDS = [1, 2, 3, 4];
const ROUNDS = 40;
/** What each member begins with: enough to trade, too little to do everything that it asks for. */
const DEPOSITS = { USD: '6000', BTC: '60', ETH: '60' };
const BTC_USD = makeInstrument({ postOnlySlides: true });
/** Agreed with one of them instead of the instruments' fees. */
const OWN_FEES = { ...NO_TERMS, makerFeeRate: 0, takerFeeRate: 333_333 };

/** Gives every batch that is in memory to Postgres as well, under the epochs that Postgres knows. */
class TwofoldStore extends MemoryStore {
  readonly #rows: Store;
  readonly #epochs = new Map<string, number>();

  constructor(rows: Store) {
    super();
    this.#rows = rows;
  }

  override async commit(batch: CommitBatch): Promise<CommitOutcome> {
    const outcome = await super.commit(batch);
    if (outcome.type !== 'Committed') throw new Error(`a commit in memory was ${JSON.stringify(outcome)}`);
    const books = batch.books.map((book) => ({ ...book, epoch: this.#epochs.get(book.symbol) ?? 0 }));
    return this.#rows.commit({ ...batch, books });
  }

  override async claimBooks(symbols: readonly string[]): Promise<readonly ClaimedBook[]> {
    for (const { symbol, epoch } of await this.#rows.claimBooks(symbols)) this.#epochs.set(symbol, epoch);
    return super.claimBooks(symbols);
  }
}

/** First instants of the months in which {@link tradedDatabase} lets members trade. */
export function monthsOfTrading(count: number): readonly number[] {
  return Array.from({ length: count }, (_, month) => Date.UTC(2023, 10 + month, 1));
}

/**
 * Lets four members trade in a fresh database, with busts and corrections in between; all of it is committed. With
 * several months each has its partitions, and the clock is set back once soon after it has begun.
 */
export async function tradedDatabase(
  seed: number,
  monthCount = 1,
  isClockSetBack = true,
): Promise<VenueDatabase> {
  const database = await venueDatabase();
  try {
    for (const userId of [...USER_IDS.slice(2), SPENDER]) {
      await database.query(
        "insert into users (username, password_hash, sender_comp_id) values ('user' || $1::text, '', $1::int)",
        [userId],
      );
    }
    await database.query('delete from balances');
    const store = new TwofoldStore(await createStore({ orm: database.orm, nodeName: 'local' }));
    store.terms.set(USER_IDS[0] ?? 0, OWN_FEES);
    const clock = new ManualClock(AT);
    const months = monthsOfTrading(monthCount);
    if (monthCount > 1) for (const month of months) await ensurePartitions(database.orm, month);
    const instruments = [openTerms(BTC_USD), openTerms(ETH_USD)];
    const venue = await openVenue({ store, clock, instruments });
    try {
      await trade(venue, randomFrom(seed), months, isClockSetBack);
    } finally {
      venue.shutdown();
    }
    return database;
  } catch (error) {
    await database.drop();
    throw error;
  }
}

async function trade(
  venue: Venue,
  random: Random,
  months: readonly number[],
  isClockSetBack: boolean,
): Promise<void> {
  const traders = [];
  for (const userId of USER_IDS) {
    traders.push({ member: await venue.member(userId), requests: new RandomRequests(random) });
    for (const [asset, amount] of Object.entries(DEPOSITS)) await venue.deposit(userId, asset, amount);
  }
  let setBackTo: number | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { member, requests } of traders) {
      member.send(...Array.from({ length: random.integer(1, 8) }, () => requests.next()));
    }
    const month = months[Math.floor((round * months.length) / ROUNDS)];
    if (setBackTo !== undefined) {
      venue.clock.set(setBackTo);
      setBackTo = undefined;
    } else if (month !== undefined && month > venue.clock.now()) {
      venue.clock.set(month);
      if (isClockSetBack) setBackTo = month - 1_000;
    }
    await venue.settled();
    if (random.chance(0.5)) await amendOne(venue, random);
    if (random.chance(0.3)) await venue.deposit(random.pick(USER_IDS), 'USD', `-${random.integer(1, 50)}`);
    venue.clock.advance(random.integer(0, 10));
    venue.tell({ type: 'exchange' }, { type: 'ExpireDue', upTo: venue.clock.now() });
  }
  const [maker, taker] = traders;
  maker?.member.send(buyOrder('eth 1', '1', '10', { symbol: 'ETH-USD', timeInForce: '1' }));
  taker?.member.send(sellOrder('eth 2', '0.4', '10', { symbol: 'ETH-USD', timeInForce: '1' }));
  await venue.settled();
  // The third one meets itself, and loses a part of what rests.
  const [, , itself] = traders;
  const meetsItself = { symbol: 'ETH-USD', selfTradePrevention: 'Decrement' } as const;
  itself?.member.send(buyOrder('eth 3', '1', '11', { symbol: 'ETH-USD', timeInForce: '1' }));
  itself?.member.send(sellOrder('eth 4', '0.4', '11', meetsItself));
  await venue.settled();
  await chargeVenue(venue);
}

/** Has no money but what it earns, so that a bust finds it without: the venue pays. */
const SPENDER = 5;

async function chargeVenue(venue: Venue): Promise<void> {
  const spender = await venue.member(SPENDER);
  await venue.deposit(SPENDER, 'ETH', '1');
  await venue.deposit(FEE_USER_ID, 'USD', '100');
  spender.send(sellOrder('eth 5', '0.5', '10', { symbol: 'ETH-USD' }));
  await venue.settled();
  await venue.deposit(SPENDER, 'USD', '-4');
  await amendTrade(venue, lastTradeId(venue), BUST, { chargesVenue: true });
  await venue.settled();
}

function lastTradeId(venue: Venue): TradeId {
  return venue.store.events.findLast((event) => event.type === 'TradeExecuted')?.tradeId ?? 0;
}

/** Takes a trade back or corrects it, at the venue's cost where a party cannot pay; not all of them can be. */
async function amendOne(venue: Venue, random: Random): Promise<void> {
  const trades = venue.store.events.filter((event) => event.type === 'TradeExecuted');
  if (trades.length === 0) return;
  const { tradeId } = random.pick(trades.slice(-10));
  const correction: WantedAmendment = {
    type: 'Correct',
    price: `${random.integer(95, 105)}`,
    quantity: undefined,
  };
  await amendTrade(venue, tradeId, random.pick([BUST, correction]), { chargesVenue: true });
  await venue.settled();
}

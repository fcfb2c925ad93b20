/**
 * Three nodes that write at the same time for the same members, while books, shards of accounts and FIX sessions move
 * between them: nobody waits for anybody for ever, sums are right, and what was lost is written by its owner alone.
 */
import { expect } from 'chai';
import { BalanceChanges } from '../../src/accounts/settlement.ts';
import type { CommitBatch, LostItems, OpenSessionRequest, Store } from '../../src/actors/ports.ts';
import { SessionElsewhereError, StoreUnavailableError } from '../../src/actors/ports.ts';
import { createStore } from '../../src/persistence/store.ts';
import { beginLife, type LifeInRows } from '../support/cluster-lives.ts';
import { commitBatch, journalSession } from '../support/commit-batches.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

const UNIT = 10n ** 18n;
const USERS = [1, 2, 3, 4, 5, 6];
const SYMBOLS = ['BTC-USD', 'ETH-USD', 'LTC-USD', 'XRP-USD'];
/** Only the first has rows at the start. */
const ASSETS = ['USD', 'BTC', 'ETH', 'LTC', 'XRP', 'EUR', 'CHF'];
/** Each member has a shard of its own. */
const SHARDS = USERS;
const ROUNDS = 120;

/** What must be true of the rows, gathered from what was answered. */
class Ledger {
  readonly amounts = new Map<string, bigint>();
  /** Commits that wrote for a book, and numbers that accounts gave. */
  readonly bookCommits = new Map<string, number>();
  readonly accountCommits = new Map<number, number>();
  readonly sentCounts = new Map<number, number>();
  /** USD that commits under one epoch of a shard have held. */
  readonly heldUnder = new Map<string, bigint>();
  /** What was held when the shard's owner read it, by epoch. */
  readonly readAt = new Map<string, bigint>();
  readonly lostCounts = { symbols: 0, shards: 0, sessions: 0 };
  commitCount = 0;

  committed(batch: CommitBatch): void {
    this.commitCount += 1;
    for (const { userId, asset, amount, held } of batch.balances) {
      add(this.amounts, `${userId} ${asset}`, amount);
      const shard = batch.shards?.find((one) => one.shard === userId);
      if (held > 0n) add(this.heldUnder, `${userId} ${shard?.epoch}`, held);
    }
    for (const { symbol } of batch.books)
      this.bookCommits.set(symbol, (this.bookCommits.get(symbol) ?? 0) + 1);
    for (const { userId } of batch.accounts) {
      this.accountCommits.set(userId, (this.accountCommits.get(userId) ?? 0) + 1);
    }
    for (const { userId } of batch.sessions)
      this.sentCounts.set(userId, (this.sentCounts.get(userId) ?? 0) + 1);
  }

  lost({ symbols, shards, sessions }: LostItems): void {
    this.lostCounts.symbols += symbols.length;
    this.lostCounts.shards += shards.length;
    this.lostCounts.sessions += sessions.length;
  }
}

function add<Key>(sums: Map<Key, bigint>, key: Key, amount: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount);
}

/** One node: what it believes to own, some of which it has lost. */
class Node {
  readonly #venue: VenueDatabase;
  readonly #life: LifeInRows;
  readonly #store: Store;
  readonly #random: Random;
  readonly #ledger: Ledger;
  /** Epochs of accounts as their owners have told everybody. */
  readonly #told: Map<number, number>;
  readonly #books = new Map<string, { readonly epoch: number; lastSeq: number }>();
  readonly #accounts = new Map<number, { readonly epoch: number; lastSeq: number }>();
  readonly #sessions = new Map<number, { readonly epoch: number; nextInSeqNum: number }>();
  #commitNo = 0;

  constructor(
    venue: VenueDatabase,
    life: LifeInRows,
    store: Store,
    random: Random,
    ledger: Ledger,
    told: Map<number, number>,
  ) {
    this.#venue = venue;
    this.#life = life;
    this.#store = store;
    this.#random = random;
    this.#ledger = ledger;
    this.#told = told;
  }

  async run(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const what = this.#random.next();
      if (what < 0.2) await this.#take();
      else if (what < 0.3) await this.#release();
      else if (what < 0.4) await this.#openSession();
      else await this.#commit();
    }
  }

  async #take(): Promise<void> {
    const symbols = this.#some(SYMBOLS);
    const shards = this.#some(SHARDS);
    const taken = await this.#life.take({ symbols, shards });
    for (const { symbol, epoch, lastSeq } of await this.#store.claimBooks(symbols)) {
      if (taken.has(symbol)) this.#books.set(symbol, { epoch, lastSeq });
    }
    for (const shard of shards) {
      const epoch = taken.get(shard);
      if (epoch === undefined) continue;
      const [row] = await this.#venue.query<{ held: string; last_seq: string }>(
        'select trunc(sum(held) * 1e18)::text as held, (select coalesce(max(last_seq), 0) from accounts where user_id = $1)::text as last_seq from balances where user_id = $1',
        [shard],
      );
      this.#ledger.readAt.set(`${shard} ${epoch}`, BigInt(row?.held ?? 0));
      this.#accounts.set(shard, { epoch, lastSeq: Number(row?.last_seq) });
      this.#told.set(shard, epoch);
    }
  }

  /** It may not have noticed that it has released them. */
  async #release(): Promise<void> {
    const symbols = this.#some([...this.#books.keys()]);
    const shards = this.#some([...this.#accounts.keys()]);
    await this.#life.release({ symbols, shards });
    for (const symbol of symbols) if (this.#random.chance(0.5)) this.#books.delete(symbol);
    for (const shard of shards) if (this.#random.chance(0.5)) this.#accounts.delete(shard);
  }

  async #openSession(): Promise<void> {
    const userId = this.#random.pick(USERS);
    const request: OpenSessionRequest = {
      senderCompId: 1_000 + userId,
      userId,
      reset: false,
      resetIfBegunBefore: undefined,
      cancelAfterMs: undefined,
      logonSeqNum: 1_000_000,
      nextExpectedSeqNum: undefined,
      reserveCount: 10,
    };
    try {
      const { epoch = 0, nextInSeqNum } = await this.#opened(request);
      this.#sessions.set(userId, { epoch, nextInSeqNum });
    } catch (error) {
      // Another has changed the row meanwhile: the gateway would try again.
      if (!(error instanceof StoreUnavailableError || error instanceof SessionElsewhereError)) throw error;
      expect(error.message).not.contain('deadlock');
    }
  }

  async #opened(request: OpenSessionRequest) {
    try {
      return await this.#store.openSession(request);
    } catch (error) {
      if (!(error instanceof SessionElsewhereError)) throw error;
      return await this.#store.openSession({ ...request, takeOverFrom: error.owner });
    }
  }

  async #commit(): Promise<void> {
    const symbols = this.#some([...this.#books.keys()]).sort();
    const own = this.#some([...this.#accounts.keys()]);
    const members = this.#some([...this.#sessions.keys()]);
    const holding = this.#some([...this.#told.keys()]);
    const shards = new Map<string, { readonly shard: number; readonly epoch: number }>();
    const need = (shard: number, epoch = 0): void => void shards.set(`${shard} ${epoch}`, { shard, epoch });
    for (const userId of own) need(userId, this.#accounts.get(userId)?.epoch);
    const changes = new BalanceChanges();
    for (const userId of holding) {
      // Its own accounts it knows better than what was told, and holds under one epoch.
      if (own.includes(userId)) continue;
      need(userId, this.#told.get(userId));
      changes.add([{ userId, asset: 'USD', amount: 0n, held: UNIT }]);
    }
    for (let count = this.#random.integer(1, 8); count > 0; count -= 1) {
      const amount = UNIT * BigInt(this.#random.integer(1, 9));
      const asset = this.#random.pick(ASSETS);
      changes.add([{ userId: this.#random.pick(USERS), asset, amount, held: 0n }]);
    }
    const batch = commitBatch(this.#commitNo + 1, {
      books: symbols.map((symbol) => {
        const { epoch = 0, lastSeq = 0 } = this.#books.get(symbol) ?? {};
        return { symbol, epoch, lastSeq: lastSeq + 1 };
      }),
      shards: [...shards.values()],
      accounts: own.map((userId) => ({ userId, lastSeq: (this.#accounts.get(userId)?.lastSeq ?? 0) + 1 })),
      balances: changes.sorted(),
      sessions: members.map((userId) => {
        const { epoch, nextInSeqNum = 1 } = this.#sessions.get(userId) ?? {};
        const nextOut = { nextOutSeqNum: 1, reservedOutSeqNum: 1_000 };
        return journalSession(1_000 + userId, userId, { epoch, nextInSeqNum: nextInSeqNum + 1, ...nextOut });
      }),
    });
    const outcome = await this.#store.commit(batch);
    if (outcome.type === 'NotOwner') {
      this.#ledger.lost(outcome);
      expect(outcome.symbols.length + outcome.shards.length + outcome.sessions.length).above(0);
      for (const symbol of outcome.symbols) this.#books.delete(symbol);
      for (const shard of outcome.shards) this.#accounts.delete(shard);
      for (const senderCompId of outcome.sessions) this.#sessions.delete(senderCompId - 1_000);
      return;
    }
    expect(outcome, JSON.stringify(outcome)).deep.equal({ type: 'Committed' });
    this.#commitNo += 1;
    this.#ledger.committed(batch);
    for (const symbol of symbols) bump(this.#books.get(symbol));
    for (const userId of own) bump(this.#accounts.get(userId));
    for (const userId of members) {
      const session = this.#sessions.get(userId);
      if (session !== undefined) session.nextInSeqNum += 1;
    }
  }

  /** In any order. */
  #some<Item>(items: readonly Item[]): Item[] {
    return items
      .filter(() => this.#random.chance(0.4))
      .map((item) => ({ item, place: this.#random.next() }))
      .sort((left, right) => left.place - right.place)
      .map(({ item }) => item);
  }
}

function bump(row: { lastSeq: number } | undefined): void {
  if (row !== undefined) row.lastSeq += 1;
}

describe('three writers of one database', () => {
  let venue: VenueDatabase;

  beforeEach(async () => {
    venue = await venueDatabase();
    await venue.query(
      'insert into users (username, password_hash, sender_comp_id) ' +
        "select 'member ' || n, '', 1000 + n from generate_series(3, 6) n",
    );
    await venue.query(
      'insert into instruments (symbol, base_asset, quote_asset, tick_size, lot_size, min_quantity, max_quantity, ' +
        'market_protection_bps, maker_fee_rate, taker_fee_rate) select base || $1, base, quote_asset, tick_size, ' +
        'lot_size, min_quantity, max_quantity, market_protection_bps, maker_fee_rate, taker_fee_rate ' +
        "from instruments, unnest('{LTC,XRP}'::text[]) base where symbol = 'BTC-USD'",
      ['-USD'],
    );
    await venue.query('delete from balances');
    await venue.query(
      "insert into balances (user_id, asset, amount, held) select n, 'USD', 1000000, 0 from generate_series(1, 6) n",
    );
  });
  afterEach(() => venue.drop());

  for (const seed of [1, 2, 3]) {
    it(`never wait for each other in a circle, and write what they own (seed ${seed})`, async () => {
      const ledger = new Ledger();
      const told = new Map<number, number>();
      const nodes: Node[] = [];
      for (const [index, nodeName] of ['one', 'two', 'three'].entries()) {
        const life = await beginLife(venue, nodeName);
        const store = await createStore({ orm: venue.orm, ...life });
        nodes.push(new Node(venue, life, store, randomFrom(seed * 10 + index), ledger, told));
      }
      await Promise.all(nodes.map((node) => node.run()));
      await expectRows(ledger);
      // Otherwise it has shown nothing.
      const { symbols, shards, sessions } = ledger.lostCounts;
      expect(Math.min(symbols, shards, sessions, ledger.commitCount)).above(0);
    });
  }

  async function expectRows(ledger: Ledger): Promise<void> {
    const amounts = await venue.query<{ key: string; amount: string }>(
      "select user_id || ' ' || asset as key, trunc(amount * 1e18)::text as amount from balances order by 1",
    );
    const wanted = new Map(ledger.amounts);
    for (const userId of USERS) add(wanted, `${userId} USD`, 1_000_000n * UNIT);
    expect(new Map(amounts.map(({ key, amount }) => [key, BigInt(amount)]))).deep.equal(wanted);

    const books = await venue.query<{ symbol: string; last_seq: string }>(
      'select symbol, last_seq from books where last_seq > 0',
    );
    expect(new Map(books.map((row) => [row.symbol, Number(row.last_seq)]))).deep.equal(ledger.bookCommits);
    const accounts = await venue.query<{ user_id: number; last_seq: string }>(
      'select user_id, last_seq from accounts',
    );
    expect(new Map(accounts.map((row) => [row.user_id, Number(row.last_seq)]))).deep.equal(
      ledger.accountCommits,
    );
    const sessions = await venue.query<{ user_id: number; next_in: string }>(
      'select sender_comp_id - 1000 as user_id, next_in from fix_sessions where next_in > 1',
    );
    expect(new Map(sessions.map((row) => [row.user_id, Number(row.next_in) - 1]))).deep.equal(
      ledger.sentCounts,
    );

    // What an owner read under its epoch is all that was held under those before it.
    for (const [key, held] of ledger.readAt) {
      const [shard, epoch] = key.split(' ').map(Number);
      let before = 0n;
      for (const [under, sum] of ledger.heldUnder) {
        const [ofShard, at] = under.split(' ').map(Number);
        if (ofShard === shard && (at ?? 0) < (epoch ?? 0)) before += sum;
      }
      expect(held, `held in shard ${shard} when epoch ${epoch} began`).equal(before);
    }
  }
});

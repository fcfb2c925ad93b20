/** One database and several nodes that write: each what it owns, under its epochs, and nothing after it has lost it. */
import { expect } from 'chai';
import type { SessionElsewhereError, Store } from '../../src/actors/ports.ts';
import { createStore } from '../../src/persistence/store.ts';
import { buy, cancel, emptyBook, run } from '../support/book-commands.ts';
import { beginLife, type LifeInRows } from '../support/cluster-lives.ts';
import { bookBatch, commitBatch, journalSession } from '../support/commit-batches.ts';
import { until } from '../support/until.ts';
import {
  ALICE,
  ALICE_COMP_ID,
  BOB,
  BOB_COMP_ID,
  type VenueDatabase,
  venueDatabase,
} from '../support/venue-database.ts';

const BTC = 'BTC-USD';
const ETH = 'ETH-USD';
const NOTHING = { symbols: [], shards: [], sessions: [] };

describe('stores of several nodes', () => {
  let venue: VenueDatabase;
  let one: LifeInRows;
  let two: LifeInRows;
  let first: Store;
  let second: Store;

  const storeOf = ({ nodeName, incarnation }: LifeInRows): Promise<Store> =>
    createStore({ orm: venue.orm, nodeName, incarnation });
  const request = (senderCompId: number, userId: number) => ({
    senderCompId,
    userId,
    reset: false,
    resetIfBegunBefore: undefined,
    cancelAfterMs: undefined,
    logonSeqNum: 1_000,
    nextExpectedSeqNum: undefined,
    reserveCount: 100,
  });
  const alice = request(ALICE_COMP_ID, ALICE);
  const failure = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

  beforeEach(async () => {
    venue = await venueDatabase();
    one = await beginLife(venue, 'one');
    two = await beginLife(venue, 'two');
    [first, second] = [await storeOf(one), await storeOf(two)];
  });
  afterEach(() => venue.drop());

  it('commit what they own, each by its own numbers, and a load tells what of each it contains', async () => {
    const btc = (await one.take({ symbols: [BTC] })).get(BTC) ?? 0;
    const eth = (await two.take({ symbols: [ETH] })).get(ETH) ?? 0;
    const shard = ALICE % 64;
    const epoch = (await one.take({ shards: [shard] })).get(shard) ?? 0;
    const bought = {
      balances: [{ userId: ALICE, asset: 'BTC', amount: 1n, held: 0n }],
      shards: [{ shard, epoch }],
    };
    expect(
      await first.commit(commitBatch(1, { books: [{ symbol: BTC, epoch: btc, lastSeq: 1 }], ...bought })),
    ).deep.equal({ type: 'Committed' });
    for (const commitNo of [1, 2]) {
      const books = [{ symbol: ETH, epoch: eth, lastSeq: commitNo }];
      const outcome = await second.commit(commitBatch(commitNo, { books, ...bought }));
      expect(outcome).deep.equal({ type: 'Committed' });
    }
    const account = await second.loadAccount(ALICE, '2024-05-06');
    expect(account.commits).deep.equal(
      new Map([
        ['one', 1],
        ['two', 2],
      ]),
    );
    expect(account.balances.find(({ asset }) => asset === 'BTC')?.amount).equal(3n);
  });

  it('write nothing of a batch of which anything is lost, and say all that is', async () => {
    const taken = await one.take({ symbols: [BTC, ETH], shards: [1, 2] });
    const { epoch = 0 } = await first.openSession(alice);
    await one.release({ symbols: [BTC], shards: [2] });
    await two.take({ symbols: [BTC], shards: [2] });
    await second.openSession({ ...alice, takeOverFrom: { name: 'one', incarnation: one.incarnation } });
    const batch = commitBatch(1, {
      books: [BTC, ETH].map((symbol) => ({ symbol, epoch: taken.get(symbol) ?? 0, lastSeq: 7 })),
      shards: [1, 2].map((shard) => ({ shard, epoch: taken.get(shard) ?? 0 })),
      sessions: [journalSession(ALICE_COMP_ID, ALICE, { epoch, nextOutSeqNum: 50 })],
      balances: [{ userId: ALICE, asset: 'USD', amount: 1n, held: 0n }],
    });
    expect(await first.commit(batch)).deep.equal({
      type: 'NotOwner',
      symbols: [BTC],
      shards: [2],
      sessions: [ALICE_COMP_ID],
    });
    const [row] = await venue.query(
      'select (select last_no from commits where writer = $1)::int as no, ' +
        '(select max(last_seq) from books)::int as seq, (select amount::text from balances where user_id = 1) as amount',
      ['one'],
    );
    expect(row).deep.equal({ no: 0, seq: 0, amount: '1000000.000000000000000000' });
    const rest = commitBatch(1, { books: batch.books.slice(1), shards: batch.shards?.slice(0, 1) ?? [] });
    expect(await first.commit(rest)).deep.equal({ type: 'Committed' });
  });

  it('refuse a batch that names a shard under two epochs', async () => {
    const taken = await one.take({ shards: [1] });
    const epoch = taken.get(1) ?? 0;
    const shards = [
      { shard: 1, epoch: epoch - 1 },
      { shard: 1, epoch },
    ];
    const books = [{ symbol: BTC, epoch: (await one.take({ symbols: [BTC] })).get(BTC) ?? 0, lastSeq: 1 }];
    expect(await first.commit(commitBatch(1, { books, shards }))).deep.equal({
      type: 'NotOwner',
      ...NOTHING,
      shards: [1],
    });
  });

  it('let a life that others have ended write nothing, though no epoch is against it', async () => {
    const epoch = (await one.take({ symbols: [BTC] })).get(BTC) ?? 0;
    expect(await first.commit(commitBatch(1, {}))).deep.equal({ type: 'Committed' });
    await one.end();
    for (const batch of [
      commitBatch(2, { halts: [{ symbol: BTC, reason: 'test' }] }),
      commitBatch(2, { books: [{ symbol: BTC, epoch, lastSeq: 1 }] }),
    ]) {
      const symbols = batch.books.map(({ symbol }) => symbol);
      expect(await first.commit(batch)).deep.equal({
        type: 'NotOwner',
        isLifeOver: true,
        ...NOTHING,
        symbols,
      });
    }
    expect(await venue.query("select symbol from instruments where status = 'halted'")).deep.equal([]);
  });

  it('let no earlier life of a node write in the place of its next one, nor take its commits for its own', async () => {
    await one.end();
    const life = await beginLife(venue, 'one');
    const later = await storeOf(life);
    const halts = [{ symbol: BTC, reason: 'test' }];
    expect(await first.commit(commitBatch(1, { halts }))).deep.equal({
      type: 'NotOwner',
      isLifeOver: true,
      ...NOTHING,
    });
    expect(await later.commit(commitBatch(1, {}))).deep.equal({ type: 'Committed' });
    expect(await first.commit(commitBatch(1, { halts }))).deep.equal({
      type: 'NotOwner',
      isLifeOver: true,
      ...NOTHING,
    });
    expect(await venue.query("select symbol from instruments where status = 'halted'")).deep.equal([]);
    expect(String(await failure(storeOf(one)))).contain('a later life of one has begun');
    // Its rows do not say so yet.
    await storeOf({ ...life, incarnation: life.incarnation + 1 });
    expect(await later.commit(commitBatch(2, {}))).deep.equal({
      type: 'NotOwner',
      isLifeOver: true,
      ...NOTHING,
    });
  });

  it('load the books that this life of theirs owns, under the epochs that it took, as often as they like', async () => {
    const epoch = (await one.take({ symbols: [BTC] })).get(BTC) ?? 0;
    await two.take({ symbols: [ETH] });
    for (let time = 0; time < 2; time += 1) {
      const books = await first.claimBooks([BTC, ETH]);
      expect(books).deep.equal([{ symbol: BTC, epoch, lastSeq: 0, lastPrice: undefined }]);
    }
    await one.release({ symbols: [BTC] });
    expect(await first.claimBooks([BTC])).deep.equal([]);
    await one.take({ symbols: [BTC] });
    expect((await first.claimBooks([BTC])).map((book) => book.epoch)).deep.equal([epoch + 2]);
    const later = await storeOf(await beginLife(venue, 'one'));
    expect(await later.claimBooks([BTC]), 'of its life before').deep.equal([]);
  });

  it('keep the next owner of a shard waiting until what they write under its epoch is in', async () => {
    const epoch = (await one.take({ shards: [1] })).get(1) ?? 0;
    const client = await (await venue.orm.em.getConnection().getNativeClient()).connect();
    const waitingCount = async (): Promise<number> => {
      const rows = await venue.query(
        "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
      );
      return rows.length;
    };
    const told: string[] = [];
    try {
      await client.query('begin');
      await client.query('select from balances for update');
      const balances = [{ userId: ALICE, asset: 'USD', amount: 0n, held: 1n }];
      const commit = second.commit(commitBatch(1, { shards: [{ shard: 1, epoch }], balances }));
      await until('the commit to be past its guard', async () => (await waitingCount()) === 1);
      const release = one.release({ shards: [1] });
      await until('the owner to wait', async () => (await waitingCount()) === 2);
      await client.query('rollback');
      await Promise.all([
        commit.then(({ type }) => told.push(type)),
        release.then(() => told.push('released')),
      ]);
    } finally {
      client.release(true);
    }
    expect(told).deep.equal(['Committed', 'released']);
  });

  describe('whose gateways share members', () => {
    const elsewhere = () => ({
      name: 'SessionElsewhereError',
      owner: { name: 'one', incarnation: one.incarnation },
    });

    it('open a session that another has only when it is given up or its gateway is dead', async () => {
      await first.openSession(alice);
      expect(await failure(second.openSession(alice))).deep.include(elsewhere());
      expect(
        await failure(second.openSession({ ...alice, takeOverFrom: { name: 'one', incarnation: 0 } })),
      ).deep.include(elsewhere());
      expect((await first.openSession(alice)).epoch).equal(2);
      const takeOverFrom = { name: 'one', incarnation: one.incarnation };
      expect(await second.openSession({ ...alice, takeOverFrom })).include({ epoch: 3, nextOutSeqNum: 203 });
      await two.end();
      expect((await first.openSession(alice)).epoch).equal(4);
      expect(await failure(second.openSession(alice))).include({ name: 'StoreUnavailableError' });
    });

    it('leave a session that ended in order to any of them', async () => {
      const { epoch = 0 } = await first.openSession(alice);
      const end = journalSession(ALICE_COMP_ID, ALICE, { epoch, clean: true, nextOutSeqNum: 5 });
      await first.commit(commitBatch(1, { sessions: [end] }));
      expect(await second.openSession(alice)).include({
        epoch: 2,
        nextOutSeqNum: 5,
        deliveryUncertain: false,
      });
      expect(await first.commit(commitBatch(2, { sessions: [end] }))).deep.equal({
        type: 'NotOwner',
        ...NOTHING,
        sessions: [ALICE_COMP_ID],
      });
    });

    it('count as theirs to cancel for only the members whom nobody else serves', async () => {
      await first.openSession({ ...alice, cancelAfterMs: 1_000 });
      await second.openSession({ ...request(BOB_COMP_ID, BOB), cancelAfterMs: 2_000 });
      const of = async (store: Store) => (await store.pendingCancels()).map(({ userId }) => userId);
      expect([await of(first), await of(second)]).deep.equal([[], []]);
      await two.end();
      expect(await first.pendingCancels()).deep.equal([
        { userId: BOB, senderCompId: BOB_COMP_ID, cancelAfterMs: 2_000, epoch: 1 },
      ]);
      one = await beginLife(venue, 'one');
      expect(await of(await storeOf(one)), 'after its own restart').deep.equal([ALICE, BOB]);
    });

    it('look no more after members whose session ended in order long before another gateway died', async () => {
      for (const [senderCompId, userId] of [
        [ALICE_COMP_ID, ALICE],
        [BOB_COMP_ID, BOB],
      ] as const) {
        const { epoch = 0 } = await first.openSession({
          ...request(senderCompId, userId),
          cancelAfterMs: 60_000,
        });
        const end = journalSession(senderCompId, userId, { epoch, clean: true });
        await first.commit(commitBatch(userId, { sessions: [end] }));
      }
      const of = async (recentOnly: boolean) =>
        (await second.pendingCancels(recentOnly)).map(({ userId }) => userId);
      const ended = (ago: string) =>
        venue.query(
          `update fix_sessions set updated_at = now() - interval '${ago}' where sender_comp_id = $1`,
          [ALICE_COMP_ID],
        );
      await ended('23 hours');
      expect(await of(true)).deep.equal([ALICE, BOB]);
      await ended('25 hours');
      expect([await of(true), await of(false)]).deep.equal([[BOB], [ALICE, BOB]]);
    });

    it('know whose members have been let in again, and that a refused Logon is no session', async () => {
      const { epoch = 0 } = await first.openSession({ ...alice, cancelAfterMs: 1_000 });
      const wanted = [
        { senderCompId: ALICE_COMP_ID, epoch },
        { senderCompId: BOB_COMP_ID, epoch: 0 },
      ];
      expect([...(await second.succeeded(wanted))]).deep.equal([]);
      await first.openSession({ ...alice, cancelAfterMs: 'unchanged' });
      expect([...(await second.succeeded(wanted))], 'refused for its text').deep.equal([]);
      await first.openSession({ ...alice, logonSeqNum: 0, cancelAfterMs: 1_000 });
      expect([...(await second.succeeded(wanted))], 'refused for its number').deep.equal([]);
      const takeOverFrom = { name: 'one', incarnation: one.incarnation };
      await second.openSession({ ...alice, cancelAfterMs: 1_000, takeOverFrom });
      expect([...(await first.succeeded(wanted))]).deep.equal([ALICE_COMP_ID]);
      expect([...(await first.succeeded([]))]).deep.equal([]);
    });

    it('take over only the session that was given up, and not one that has begun there since', async () => {
      await first.openSession(alice);
      const found = (await failure(second.openSession(alice))) as SessionElsewhereError;
      expect(found).include({ name: 'SessionElsewhereError', epoch: 1 });
      await first.openSession(alice);
      const takeOverFrom = { ...found.owner, epoch: found.epoch };
      expect(await failure(second.openSession({ ...alice, takeOverFrom }))).include({ epoch: 2 });
      expect(await second.openSession({ ...alice, takeOverFrom: { ...takeOverFrom, epoch: 2 } })).include({
        epoch: 3,
      });
    });

    it('put the numbers of a member back to 1 that no other has, under its next epoch', async () => {
      const { epoch = 0 } = await first.openSession(alice);
      const frames = Buffer.from('x');
      const sent = { firstSeqNum: 1, lastSeqNum: 7, frames };
      const entry = journalSession(ALICE_COMP_ID, ALICE, {
        epoch,
        nextInSeqNum: 9,
        nextOutSeqNum: 8,
        reservedOutSeqNum: 101,
        sent,
      });
      await first.commit(commitBatch(1, { sessions: [entry] }));
      expect(await failure(second.resetSession(ALICE_COMP_ID))).deep.include(elsewhere());
      await first.resetSession(ALICE_COMP_ID);
      expect(await first.loadMessages(ALICE_COMP_ID, 1, 10)).deep.equal([]);
      expect(await first.commit(commitBatch(2, { sessions: [entry] }))).deep.include({
        sessions: [ALICE_COMP_ID],
      });
      await second.resetSession(BOB_COMP_ID);
      expect(await second.openSession(alice)).include({
        epoch: 3,
        nextInSeqNum: 1,
        nextOutSeqNum: 1,
        deliveryUncertain: true,
      });
      await two.end();
      expect(await failure(second.resetSession(ALICE_COMP_ID))).include({ name: 'StoreUnavailableError' });
      await first.resetSession(ALICE_COMP_ID);
    });

    it('read again what was committed and not delivered, with the commits that it contains', async () => {
      const { epoch = 0 } = await first.openSession(alice);
      const btc = (await two.take({ symbols: [BTC] })).get(BTC) ?? 0;
      const book = emptyBook();
      const events = run(
        book,
        buy(1, 1, 100, { userId: ALICE }),
        buy(2, 1, 101, { userId: ALICE }),
        cancel(1),
      );
      expect(await second.commit(bookBatch(1, btc, events, book.lastSeq))).deep.equal({ type: 'Committed' });
      const { commits, reports } = await first.loadUndelivered(ALICE_COMP_ID, ALICE);
      expect(reports.map(({ source, sourceSeq }) => [source, sourceSeq])).deep.equal([
        [BTC, 1],
        [BTC, 2],
        [BTC, 3],
      ]);
      expect(commits.get('two')).equal(1);
      const delivered = [{ source: BTC, sourceSeq: 2 }];
      await first.commit(
        commitBatch(1, { sessions: [journalSession(ALICE_COMP_ID, ALICE, { epoch, delivered })] }),
      );
      const later = await first.loadUndelivered(ALICE_COMP_ID, ALICE);
      expect(later.reports.map(({ sourceSeq }) => sourceSeq)).deep.equal([3]);
      expect(later.reports).deep.equal(reports.slice(2));
    });
  });
});

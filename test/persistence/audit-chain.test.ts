/** How a chain of the audit trail grows: over restarts, lost answers and partitions, and whatever text is in its rows. */
import { expect } from 'chai';
import { verifyAudit } from '../../src/persistence/audit-chain/verify.ts';
import { connect, migrate } from '../../src/persistence/orm.ts';
import { ensurePartitions } from '../../src/persistence/partitions.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { createStore } from '../../src/persistence/store.ts';
import { differencesIn, options, verified } from '../support/audit-trail.ts';
import { AT, buy, emptyBook, run, SYMBOL } from '../support/book-commands.ts';
import { bookBatch, commitBatch, journalSession } from '../support/commit-batches.ts';
import { testDatabase } from '../support/database.ts';
import { loadBook } from '../support/loaded-book.ts';
import { postgresProxy } from '../support/postgres-proxy.ts';
import { ALICE, ALICE_COMP_ID, type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

describe('a chain of the audit trail', () => {
  let venue: VenueDatabase;
  beforeEach(async () => {
    venue = await venueDatabase();
  });
  afterEach(() => venue.drop());

  it('goes on after a restart, has no link for commits of sessions only, and every writer has its own', async () => {
    for (const nodeName of ['one', 'two', 'one']) {
      const store = await createStore({ orm: venue.orm, nodeName });
      const { epoch, lastSeq } = await loadBook(store, SYMBOL);
      const orderId =
        Number((await venue.query<{ n: number }>('select count(*)::int as n from orders'))[0]?.n) + 1;
      const book = emptyBook(lastSeq);
      const events = run(book, buy(orderId, 1, 100, { userId: ALICE }));
      const no = store.lastCommitNo;
      expect(await store.commit(bookBatch(no + 1, epoch, events, book.lastSeq))).to.deep.equal({
        type: 'Committed',
      });
      const sessions = [journalSession(ALICE_COMP_ID, ALICE)];
      await store.commit(commitBatch(no + 2, { sessions }));
    }
    const found = await verified(venue);
    expect(differencesIn(found)).to.deep.equal([]);
    expect(found.chains.map(({ chain, linkCount, head }) => [chain, linkCount, head?.no])).to.deep.equal([
      ['one', 2, 3],
      ['two', 1, 1],
      ['operators', 0, undefined],
    ]);
  });

  it('goes on after commits whose answers were lost, that did not arrive, or that are told of twice', async () => {
    const proxy = await postgresProxy(venue.url);
    const orm = await connect(proxy.url, { maxConnections: 1, connectTimeoutMs: 2_000 });
    try {
      const store = await createStore({ orm, nodeName: 'one' });
      const { epoch } = await loadBook(store, SYMBOL);
      const book = emptyBook();
      for (const [index, cut] of [
        () => {},
        proxy.cutAfterCommit,
        proxy.cutBeforeCommit,
        () => {},
      ].entries()) {
        const no = index + 1;
        const batch = bookBatch(no, epoch, run(book, buy(no, 1, 100, { userId: ALICE })), book.lastSeq);
        cut.call(proxy);
        if ((await store.commit(batch)).type === 'Committed')
          expect(proxy.commitCutCount).to.be.oneOf([0, 2]);
        expect(await store.commit(batch)).to.deep.equal({ type: 'Committed' });
      }
      expect(proxy.commitCutCount).to.equal(2);
      const found = await verified(venue);
      expect(differencesIn(found)).to.deep.equal([]);
      expect(found.chains[0]).to.include({ linkCount: 4 });
    } finally {
      await orm.close(true);
      await proxy.close();
    }
  });

  it('is the same for text and numbers as they were said, however PostgreSQL keeps them', async () => {
    const store = await createStore({ orm: venue.orm, nodeName: 'one' });
    const numbers = ['007.50', '.5', '5.', '-0', '-.0', '0.000', '1', '0', '-00.10', '0.', '1000', '99.'];
    const texts = [
      '',
      ' ',
      'a\0b',
      '\ud800',
      'é',
      'x'.repeat(300),
      'y'.repeat(200_000),
      '€'.repeat(100),
      '"\\',
      '\u007f\n',
    ];
    const reports = [...numbers, ...texts].map((text, index) => ({
      type: 'ExecutionReport' as const,
      userId: ALICE,
      source: `user:${ALICE}`,
      sourceSeq: index + 1,
      at: AT + index,
      orderId: undefined,
      clOrdId: text,
      origClOrdId: undefined,
      execType: '8' as const,
      ordStatus: '8' as const,
      symbol: text,
      side: (text.length === 1 ? text : '1') as '1',
      ordType: undefined,
      timeInForce: undefined,
      orderQty: text,
      price: text,
      cumQty: '0',
      leavesQty: '0',
      avgPx: '0',
      fill: undefined,
      ordRejReason: 99,
      execRestatementReason: undefined,
      text,
      instructions: {
        account: text,
        secondaryClOrdId: text,
        isWorking: false,
        expireTime: 253_402_300_799_999,
      },
    }));
    expect(await store.commit(commitBatch(1, { reports }))).to.deep.equal({ type: 'Committed' });
    expect(differencesIn(await verified(venue))).to.deep.equal([]);
  });

  it('is found whole when rows move to the partition of their month', async () => {
    const store = await createStore({ orm: venue.orm, nodeName: 'one' });
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    await store.commit(bookBatch(1, epoch, run(book, buy(1, 1, 100, { userId: ALICE })), book.lastSeq));
    await venue.query(
      "insert into audit (at, actor, action, details) values (to_timestamp($1::bigint / 1000), 'op', 'x', '{}')",
      [AT],
    );
    await ensurePartitions(venue.orm, AT);
    const [row] = await venue.query<{ name: string }>('select tableoid::regclass::text as name from audit');
    expect(row?.name).to.match(/^audit_\d{4}_\d\d$/);
    const found = await verified(venue);
    expect(differencesIn(found)).to.deep.equal([]);
    expect(found.chains.map(({ linkCount }) => linkCount)).to.deep.equal([1, 1]);
  });

  it('of operators is not forked by two of them at once', async () => {
    const entry = "insert into audit (actor, action, details) values ('op', 'x', '{}')";
    await Promise.all(Array.from({ length: 20 }, () => venue.query(entry)));
    const [operators] = (await verified(venue)).chains;
    expect(operators).to.include({ chain: 'operators', linkCount: 20, differenceCount: 0 });
  });

  it('begins with the migration where rows are older, and says how many it does not vouch for', async () => {
    const database = await testDatabase();
    const orm = await connect(database.url);
    try {
      await orm.migrator.up({ to: 'Migration20261123000000' });
      await onConnection(orm, async (sql) => {
        await sql.rows(
          "insert into users (username, password_hash, sender_comp_id) values ('carol', 'x', 7)",
        );
        await sql.rows("insert into audit (actor, action, details) values ('op', 'x', '{}')");
        await sql.rows(
          "insert into transfers (user_id, asset, amount, idempotency_key, requested_by, created_at) values (1, 'USD', 1, 'k', 'op', now())",
        );
      });
      await migrate(orm);
      await createStore({ orm, nodeName: 'one' });
      await createStore({ orm, nodeName: 'one' });
      const found = await verifyAudit(orm, options());
      expect(found.differenceCount).to.equal(0);
      expect(found.olderRows).to.include({ transfers: 1, audit: 1, orders: 0, reports: 0 });
    } finally {
      await orm.close(true);
      await database.drop();
    }
  });
});

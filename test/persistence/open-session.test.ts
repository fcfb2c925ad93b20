import { expect } from 'chai';
import { reportsOf } from '../../src/accounts/reports.ts';
import type { OpenSessionRequest, Store } from '../../src/actors/ports.ts';
import type {
  ExecutionReport,
  OrderCancelReject,
  OrderMassCancelReport,
  Report,
} from '../../src/matching/execution-report.ts';
import { createStore } from '../../src/persistence/store.ts';
import { AT, buy, cancel, emptyBook, replace, run, SYMBOL, sell } from '../support/book-commands.ts';
import { bookBatch, commitBatch, journalSession } from '../support/commit-batches.ts';
import { BTC_USD } from '../support/instruments.ts';
import { loadBook } from '../support/loaded-book.ts';
import {
  ALICE,
  ALICE_COMP_ID,
  BOB,
  BOB_COMP_ID,
  type VenueDatabase,
  venueDatabase,
} from '../support/venue-database.ts';

const alice = { userId: ALICE };
const bob = { userId: BOB };
const open: OpenSessionRequest = {
  senderCompId: ALICE_COMP_ID,
  userId: ALICE,
  reset: false,
  resetIfBegunBefore: undefined,
  cancelAfterMs: undefined,
  logonSeqNum: 1_000,
  nextExpectedSeqNum: undefined,
  reserveCount: 100,
};

/** More than a function takes as arguments. */
const MANY = 130_000;

describe('a FIX session in the store', () => {
  let venue: VenueDatabase;
  let store: Store;

  beforeEach(async () => {
    venue = await venueDatabase();
    store = await createStore({ orm: venue.orm, nodeName: 'local' });
  });
  afterEach(() => venue.drop());

  /** Commits alice's and bob's trading and returns all that alice has to be told of it, in order. */
  async function trade(): Promise<readonly Report[]> {
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    const events = run(
      book,
      sell(1, 50, 10_000, bob),
      buy(2, 30, 10_000, alice),
      buy(3, 10, 9_000, alice),
      buy(4, 5, 8_000, { ...alice, ordType: '1', timeInForce: '3' }),
      replace(3, 20, 9_100),
    );
    await store.commit(bookBatch(1, epoch, events, book.lastSeq));
    return events.flatMap((event) => reportsOf(event, BTC_USD)).filter((report) => report.userId === ALICE);
  }

  const refusal: OrderCancelReject = {
    type: 'OrderCancelReject',
    userId: ALICE,
    source: `user:${ALICE}`,
    sourceSeq: 1,
    at: AT,
    orderId: undefined,
    clOrdId: 'f1',
    origClOrdId: 'nothing',
    ordStatus: '8',
    cxlRejResponseTo: 1,
    cxlRejReason: 1,
    text: 'no such order',
  };

  it('begins with number 1 on both sides and reserves numbers', async () => {
    expect(await store.openSession(open)).deep.equal({
      commits: new Map([['local', 0]]),
      nextInSeqNum: 1,
      nextOutSeqNum: 1,
      reservedOutSeqNum: 101,
      undelivered: [],
      deliveryUncertain: false,
      wasReset: false,
      isDisabled: false,
    });
  });

  it('opens with more undelivered New reports than a function takes as arguments', async function () {
    this.timeout(60_000);
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    const events = run(book, buy(1, 1, 100, { ...alice, timeInForce: '1' }));
    await store.commit(bookBatch(1, epoch, events, book.lastSeq));
    const columns = await venue.query<{ name: string }>(
      "select column_name as name from information_schema.columns where table_name = 'orders' " +
        "and table_schema = current_schema() and is_generated = 'NEVER' order by ordinal_position",
    );
    const names = columns.map(({ name }) => name);
    const values = names.map((name) => {
      if (name === 'id' || name === 'priority' || name === 'accepted_seq') return 'n';
      return name === 'cl_ord_id' || name === 'entry_cl_ord_id' ? "'c' || n" : `o.${name}`;
    });
    await venue.query(
      `insert into orders (${names.join()}) select ${values.join()} from orders o, generate_series(2, ${MANY}) n`,
    );
    const { undelivered } = await store.openSession(open);
    expect(undelivered.length).to.equal(MANY);
    expect(undelivered.at(-1)?.sourceSeq).to.equal(MANY);
  });

  it('tells all that is undelivered after the clock was ahead and has been set back', async () => {
    await store.openSession(open);
    // What a Logon noted while the clock was ahead.
    await venue.query("update fix_sessions set told_before = '2100-01-01T00:00:00Z'");
    const told = await trade();
    expect((await store.openSession(open)).undelivered).to.have.deep.members(told);
  });

  it('goes on with the next number after it ended in order', async () => {
    await store.openSession(open);
    const ended = journalSession(ALICE_COMP_ID, ALICE, {
      nextInSeqNum: 7,
      nextOutSeqNum: 9,
      reservedOutSeqNum: 101,
      clean: true,
    });
    await store.commit(commitBatch(1, { sessions: [ended] }));
    expect(await store.openSession(open)).include({
      nextInSeqNum: 7,
      nextOutSeqNum: 9,
      reservedOutSeqNum: 109,
      deliveryUncertain: false,
    });
  });

  it('leaves out every reserved number when it did not end in order', async () => {
    await store.openSession(open);
    await store.commit(
      commitBatch(1, {
        sessions: [
          journalSession(ALICE_COMP_ID, ALICE, { nextInSeqNum: 7, nextOutSeqNum: 9, reservedOutSeqNum: 101 }),
        ],
      }),
    );
    expect(await store.openSession(open)).include({
      nextInSeqNum: 7,
      nextOutSeqNum: 102,
      reservedOutSeqNum: 202,
      deliveryUncertain: true,
    });
    expect(await store.openSession(open)).include({ nextOutSeqNum: 203, deliveryUncertain: true });
  });

  it('tells a member who was away everything, the New of each order included, in the order of its source', async () => {
    const told = await trade();
    await store.commit(commitBatch(2, { reports: [refusal], accounts: [{ userId: ALICE, lastSeq: 1 }] }));
    const { undelivered, commits } = await store.openSession(open);
    expect(commits).deep.equal(new Map([['local', 2]]));
    expect(undelivered).deep.equal([...told, refusal]);
    expect(told.map((report) => (report.type === 'ExecutionReport' ? report.execType : '9'))).deep.equal([
      '0',
      'F',
      '0',
      '0',
      'C',
      '5',
    ]);
  });

  it('tells a member only what is beyond the last report delivered of each source', async () => {
    const told = await trade();
    await store.commit(commitBatch(2, { reports: [refusal] }));
    const second = told[1];
    expect(second).not.equal(undefined);
    const session = journalSession(ALICE_COMP_ID, ALICE, {
      delivered: [
        { source: SYMBOL, sourceSeq: second?.sourceSeq ?? 0 },
        { source: `user:${ALICE}`, sourceSeq: 1 },
      ],
    });
    await store.commit(commitBatch(3, { sessions: [session] }));
    expect((await store.openSession(open)).undelivered).deep.equal(told.slice(2));
    const stale = journalSession(ALICE_COMP_ID, ALICE, { delivered: [{ source: SYMBOL, sourceSeq: 1 }] });
    await store.commit(commitBatch(4, { sessions: [stale] }));
    expect((await store.openSession(open)).undelivered).deep.equal(told.slice(2));
  });

  it('tells a member who was away of its mass cancels, and of what an order that is not plain was asked for', async () => {
    const answer: OrderMassCancelReport = {
      type: 'OrderMassCancelReport',
      userId: ALICE,
      source: `user:${ALICE}`,
      sourceSeq: 1,
      at: AT,
      clOrdId: 'q1',
      symbol: SYMBOL,
      side: '1',
      massCancelRejectReason: undefined,
      totalAffectedOrders: 3,
      unanswered: [{ clOrdId: 'c9', orderId: 9 }],
      text: undefined,
    };
    const refused: OrderMassCancelReport = {
      ...answer,
      sourceSeq: 2,
      clOrdId: 'q2',
      symbol: 'X'.repeat(100),
      side: undefined,
      massCancelRejectReason: 1,
      totalAffectedOrders: 0,
      unanswered: [],
      text: 'there is no such symbol',
    };
    const unsupported: OrderMassCancelReport = { ...refused, sourceSeq: 4, massCancelRequestType: '3' };
    const busted: ExecutionReport = {
      ...(reportsOf(run(emptyBook(), buy(1, 10, 9_000, alice))[0]!, BTC_USD)[0] as ExecutionReport),
      source: `user:${ALICE}`,
      sourceSeq: 3,
      execType: 'H',
      execRefId: 'BTC-USD-7',
      instructions: { stopPx: '1.50', isWorking: false, expireTime: AT, execInst: 'G', clOrdLinkId: 'l' },
    };
    const reports = [answer, refused, busted, unsupported];
    await store.commit(commitBatch(1, { reports }));
    const { undelivered } = await store.openSession(open);
    expect(undelivered).deep.equal(reports);
  });

  it('tells nobody of the orders of others', async () => {
    const told = await trade();
    const forBob = (await store.openSession({ ...open, senderCompId: BOB_COMP_ID, userId: BOB })).undelivered;
    expect(forBob.map((report) => report.userId)).deep.equal([BOB, BOB]);
    expect(told.some((report) => report.userId === BOB)).equal(false);
  });

  it('tells the New of an order that was closed while the member was away', async () => {
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    const events = run(book, buy(1, 10, 9_000, alice));
    await store.commit(bookBatch(1, epoch, events, book.lastSeq));
    const later = run(book, cancel(1));
    await store.commit(bookBatch(2, epoch, later, book.lastSeq));
    const { undelivered } = await store.openSession(open);
    expect(undelivered).deep.equal([...events, ...later].flatMap((event) => reportsOf(event, BTC_USD)));
  });

  it('cuts numbers and stored messages at a reset, and no undelivered report', async () => {
    const told = await trade();
    const sent = { firstSeqNum: 1, lastSeqNum: 3, frames: Buffer.from('abc') };
    await store.commit(
      commitBatch(2, {
        sessions: [
          journalSession(ALICE_COMP_ID, ALICE, { sent, nextInSeqNum: 5, nextOutSeqNum: 4, clean: true }),
        ],
      }),
    );
    const opened = await store.openSession({ ...open, reset: true });
    expect(opened).include({ wasReset: true, nextInSeqNum: 1, nextOutSeqNum: 1, reservedOutSeqNum: 101 });
    expect(opened.undelivered).deep.equal(told);
    expect(await store.loadMessages(ALICE_COMP_ID, 1, 0)).deep.equal([]);
  });

  it('goes back to 1 when its numbers began before the last reset of the schedule, once a reset', async () => {
    const ended = { nextInSeqNum: 7, nextOutSeqNum: 9, clean: true };
    const sent = { firstSeqNum: 8, lastSeqNum: 8, frames: Buffer.from('abc') };
    // A reset that this server's clock has not reached: the session that it began is not reset again.
    const reset = Date.now() + 60_000;
    expect(await store.openSession({ ...open, resetIfBegunBefore: 1 })).include({ wasReset: false });
    for (const [index, [resetIfBegunBefore, wasReset]] of (
      [
        [1, false],
        [reset, true],
        [reset, false],
        [reset + 1, true],
        [reset, false],
        [undefined, false],
      ] as const
    ).entries()) {
      const session = journalSession(ALICE_COMP_ID, ALICE, { ...ended, sent });
      await store.commit(commitBatch(index + 1, { sessions: [session] }));
      const opened = await store.openSession({ ...open, resetIfBegunBefore });
      expect(opened, `opening ${index}`).include(
        wasReset
          ? { wasReset, nextInSeqNum: 1, nextOutSeqNum: 1, reservedOutSeqNum: 101 }
          : { wasReset, nextInSeqNum: 7, nextOutSeqNum: 9 },
      );
      expect((await store.loadMessages(ALICE_COMP_ID, 1, 0)).length > 0).equal(!wasReset);
      await venue.query('delete from fix_messages');
    }
  });

  it('goes back to 1 with an end that says so, with what it delivered and without what it sent', async () => {
    const told = await trade();
    await store.openSession(open);
    const sent = { firstSeqNum: 1, lastSeqNum: 3, frames: Buffer.from('abc') };
    const midway = journalSession(ALICE_COMP_ID, ALICE, { sent, nextInSeqNum: 5, nextOutSeqNum: 4 });
    await store.commit(commitBatch(2, { sessions: [midway] }));
    const [before] = await venue.query<{ began_at: string }>('select began_at::text from fix_sessions');
    const end = journalSession(ALICE_COMP_ID, ALICE, {
      sent: { ...sent, firstSeqNum: 4, lastSeqNum: 6 },
      nextInSeqNum: 8,
      nextOutSeqNum: 7,
      clean: true,
      delivered: [{ source: SYMBOL, sourceSeq: told.at(-1)?.sourceSeq ?? 0 }],
      resetAfter: true,
    });
    expect(await store.commit(commitBatch(3, { sessions: [end] }))).deep.equal({ type: 'Committed' });
    const [row] = await venue.query(
      'select next_in, next_out, reserved_out, clean, began_at > $1::timestamptz as is_new from fix_sessions',
      [before?.began_at ?? ''],
    );
    expect(row).deep.equal({ next_in: '1', next_out: '1', reserved_out: '0', clean: true, is_new: true });
    expect(await store.openSession(open)).deep.include({
      nextInSeqNum: 1,
      nextOutSeqNum: 1,
      reservedOutSeqNum: 101,
      undelivered: [],
      deliveryUncertain: false,
      wasReset: false,
      isDisabled: false,
    });
    expect(await store.loadMessages(ALICE_COMP_ID, 1, 0)).deep.equal([]);
  });

  it('remembers for whom orders are to be cancelled when it ends, until the next one says else', async () => {
    const alice = { userId: ALICE, senderCompId: ALICE_COMP_ID };
    expect(await store.pendingCancels()).deep.equal([]);
    await store.openSession({ ...open, senderCompId: BOB_COMP_ID, userId: BOB });
    await store.openSession({ ...open, cancelAfterMs: 5_000 });
    expect(await store.pendingCancels()).deep.equal([{ ...alice, cancelAfterMs: 5_000 }]);
    await store.openSession({ ...open, cancelAfterMs: 'unchanged' });
    const ended = journalSession(ALICE_COMP_ID, ALICE, { clean: true });
    await store.commit(commitBatch(1, { sessions: [ended] }));
    expect(await store.pendingCancels()).deep.equal([{ ...alice, cancelAfterMs: 5_000 }]);
    // A Logon whose numbers do not fit is refused, and changes nothing.
    await store.openSession({ ...open, cancelAfterMs: undefined, logonSeqNum: 0 });
    await store.openSession({ ...open, cancelAfterMs: undefined, nextExpectedSeqNum: 1_000_000 });
    expect(await store.pendingCancels()).deep.equal([{ ...alice, cancelAfterMs: 5_000 }]);
    await store.openSession({ ...open, cancelAfterMs: 0 });
    expect(await store.pendingCancels()).deep.equal([{ ...alice, cancelAfterMs: 0 }]);
    await store.openSession(open);
    expect(await store.pendingCancels()).deep.equal([]);
    await store.openSession({ ...open, cancelAfterMs: 'unchanged' });
    expect(await store.pendingCancels()).deep.equal([]);
  });

  it('has the messages that were sent, byte for byte', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const sent = [
      { firstSeqNum: 2, lastSeqNum: 4, frames: all },
      { firstSeqNum: 6, lastSeqNum: 6, frames: Buffer.from('8=FIX.4.4\u0001') },
      { firstSeqNum: 7, lastSeqNum: 9, frames: Buffer.from('z') },
    ];
    for (const [index, one] of sent.entries()) {
      await store.commit(
        commitBatch(index + 1, { sessions: [journalSession(ALICE_COMP_ID, ALICE, { sent: one })] }),
      );
    }
    expect(await store.loadMessages(ALICE_COMP_ID, 4, 6)).deep.equal(sent.slice(0, 2));
    expect(await store.loadMessages(ALICE_COMP_ID, 5, 0)).deep.equal(sent.slice(1));
    expect(await store.loadMessages(BOB_COMP_ID, 1, 0)).deep.equal([]);
  });

  it('is one row when its end and its successor meet in one commit', async () => {
    const ended = journalSession(ALICE_COMP_ID, ALICE, {
      nextOutSeqNum: 4,
      clean: true,
      delivered: [{ source: SYMBOL, sourceSeq: 8 }],
    });
    const begun = journalSession(ALICE_COMP_ID, ALICE, {
      sessionId: 'next',
      nextOutSeqNum: 5,
      clean: true,
      delivered: [{ source: SYMBOL, sourceSeq: 7 }],
    });
    expect(await store.commit(commitBatch(1, { sessions: [ended, begun] }))).deep.equal({
      type: 'Committed',
    });
    expect((await store.openSession(open)).nextOutSeqNum).equal(5);
    expect(await venue.query('select source_seq from fix_delivered')).deep.equal([{ source_seq: '8' }]);
  });
});

/**
 * Everything that a venue asks its database for, through the code that asks it: the start, logons, recovery of books and
 * accounts, resends, commits, upkeep, busts, and the operators' lists. What each step made the server do is kept.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { CommitBatch, OpenSessionRequest, Store } from '../../src/actors/ports.ts';
import type { VenueControl } from '../../src/admin/control.ts';
import { buildAdminServer } from '../../src/admin/server.ts';
import { withDefaults } from '../../src/config/limits.ts';
import { OrderBook } from '../../src/matching/order-book.ts';
import type { BookEvent } from '../../src/matching/types.ts';
import { createAuthenticator } from '../../src/persistence/authenticator.ts';
import { trimHistory } from '../../src/persistence/history.ts';
import { createIdSource } from '../../src/persistence/id-blocks.ts';
import { createInstrumentSource } from '../../src/persistence/instruments.ts';
import { ensurePartitions } from '../../src/persistence/partitions.ts';
import { createStore } from '../../src/persistence/store.ts';
import { createTradeSource } from '../../src/persistence/trade-source.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { buy, cancel, sell } from '../../test/support/book-commands.ts';
import { bookBatch, journalSession } from '../../test/support/commit-batches.ts';
import { loadBook } from '../../test/support/loaded-book.ts';
import { FIRST_COMP_ID, FIRST_SYMBOL } from './growth-market.ts';
import type { ExecutedPlan, PlanWatch } from './plans.ts';

/** What one step of the venue made the server do. */
export interface Step {
  readonly name: string;
  readonly plans: readonly ExecutedPlan[];
}

/** Members of the market: the first has orders on both sides of the commit. */
const [ALICE, BOB] = [1, 2];
const TOKEN = 'ab'.repeat(32);
const LISTS = [
  '/v1/users',
  '/v1/users/member-1',
  '/v1/instruments',
  '/v1/orders',
  '/v1/orders?all=true',
  `/v1/orders?symbol=${FIRST_SYMBOL}&all=true`,
  '/v1/orders?username=member-1&all=true',
  '/v1/trades',
  `/v1/trades?symbol=${FIRST_SYMBOL}`,
  '/v1/balances',
  '/v1/balances?username=member-1',
];

/** Does everything once at the time of `clock`, and tells what it was. */
export async function askEverything(orm: MikroORM, watch: PlanWatch, clock: Clock): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const step = async <Value>(name: string, work: () => Promise<Value>): Promise<Value> => {
    watch.take();
    const value = await work();
    steps.push({ name, plans: watch.take() });
    return value;
  };
  const limits = withDefaults({});
  const day = new Date(clock.now()).toISOString().slice(0, 10);
  await step('partitions of the months to come', () => ensurePartitions(orm, clock.now()));
  // Counts, once in the life of a database, what is older than the audit trail.
  await createStore({ orm, nodeName: 'local' });
  const store = await step('start: the store', () => createStore({ orm, nodeName: 'local' }));
  await step('start: ids', () => createIdSource(orm));
  await step('start: instruments', () => createInstrumentSource(orm).all());
  await step('start: members whose orders are to be canceled', () => store.pendingCancels());
  const authenticator = await step('start: known addresses', () =>
    createAuthenticator(orm, { clock, limits }),
  );
  const { epoch, lastSeq } = await step('a book', () => loadBook(store, FIRST_SYMBOL));
  await step('commit', () => commitOfAllKinds(store, epoch, lastSeq, clock.now()));
  await step('an account', () => store.loadAccount(ALICE, day));
  await step('an account, on the day after', () => store.loadAccount(BOB, nextDay(clock)));
  await step('a closed order of an account', () => store.loadOrder(ALICE, 4_711));
  await step('logon: the password', () =>
    authenticator.judge({
      senderCompId: FIRST_COMP_ID,
      username: 'member-1',
      password: 'x',
      peer: { remoteAddress: '127.0.0.1:1', certificateSubject: undefined } as never,
    }),
  );
  // A member's first one after an upgrade looks everywhere once.
  for (const userId of [ALICE, BOB]) await store.openSession(request(userId));
  await step('logon: the session', () => store.openSession(request(ALICE)));
  await step('logon with reset', () => store.openSession({ ...request(BOB), reset: true }));
  await step('resend', () => store.loadMessages(FIRST_COMP_ID, 1, 0));
  await step('upkeep of sent messages', () => trimHistory({ orm, clock, limits }));
  await step('a trade to be busted', () => createTradeSource(orm, clock).find(4_711));
  await askAsOperator(orm, clock, step);
  return steps;
}

function nextDay(clock: Clock): string {
  return new Date(clock.now() + 86_400_000).toISOString().slice(0, 10);
}

function request(userId: number): OpenSessionRequest {
  return {
    senderCompId: FIRST_COMP_ID - 1 + userId,
    userId,
    reset: false,
    resetIfBegunBefore: undefined,
    cancelAfterMs: undefined,
    logonSeqNum: 2,
    nextExpectedSeqNum: undefined,
    reserveCount: 100,
  };
}

/** Rows in every table that a commit writes. */
async function commitOfAllKinds(store: Store, epoch: number, lastSeq: number, at: number): Promise<void> {
  let tradeId = 8_000_000_000;
  const nextTradeId = (): number => {
    tradeId += 1;
    return tradeId;
  };
  const book = new OrderBook({ symbol: FIRST_SYMBOL, lastSeq, lastPx: undefined, nextTradeId });
  const tradingDay = new Date(at).toISOString().slice(0, 10);
  const id = 8_000_000_000;
  const terms = { tradingDay, makerFeeRate: 0, takerFeeRate: 0 };
  const events: BookEvent[] = [];
  for (const command of [
    sell(id + 1, 10_000, 10_000, { ...terms, userId: BOB }),
    buy(id + 2, 20_000, 10_000, { ...terms, userId: ALICE }),
    cancel(id + 2),
  ]) {
    book.execute(command, at, events);
  }
  const sent = { firstSeqNum: 2_000_000_001, lastSeqNum: 2_000_000_001, frames: Buffer.from('8=FIX') };
  const batch: CommitBatch = {
    ...bookBatch(store.lastCommitNo + 1, epoch, events, book.lastSeq),
    requests: [
      { userId: ALICE, clOrdId: 'x', tradingDay, msgType: 'F', orderId: id + 2, accepted: true, at },
    ],
    sessions: [
      journalSession(FIRST_COMP_ID, ALICE, {
        nextInSeqNum: 3,
        nextOutSeqNum: 2_000_000_002,
        reservedOutSeqNum: 2_000_000_100,
        clean: true,
        sent,
        delivered: [{ source: FIRST_SYMBOL, sourceSeq: book.lastSeq }],
      }),
      journalSession(FIRST_COMP_ID + 1, BOB, {
        nextInSeqNum: 3,
        nextOutSeqNum: 2_000_000_002,
        reservedOutSeqNum: 2_000_000_100,
        clean: true,
        delivered: [{ source: FIRST_SYMBOL, sourceSeq: book.lastSeq }],
      }),
    ],
  };
  const outcome = await store.commit(batch);
  if (outcome.type !== 'Committed') throw new Error(`the commit was ${JSON.stringify(outcome)}`);
}

async function askAsOperator(
  orm: MikroORM,
  clock: Clock,
  step: <Value>(name: string, work: () => Promise<Value>) => Promise<Value>,
): Promise<void> {
  const control = { orm, now: () => clock.now() } as VenueControl;
  const app = buildAdminServer({ token: TOKEN, control, log: silentLog });
  try {
    for (const url of LISTS) {
      const { statusCode } = await step(`GET ${url}`, () =>
        app.inject({ method: 'GET', url, headers: { authorization: `Bearer ${TOKEN}` } }),
      );
      if (statusCode !== 200) throw new Error(`GET ${url} was answered with ${statusCode}`);
    }
  } finally {
    await app.close();
  }
}

/** A month that is over for so long that nobody asks for it: by then clocks are set and repeats are judged. */
const CLOSED_AFTER_DAYS = 14;
/** Trades can be busted until the month after theirs is over. */
const TRADES_CLOSED_AFTER_DAYS = 31;

/** What of a step lies in partitions of months that are over. */
export function closedPartitions({ plans }: Step, now: number): readonly string[] {
  const touched = plans.flatMap(({ rowsRead }) => [...rowsRead.keys()]);
  return [...new Set(touched)].filter((name) => {
    const match = /_(\d{4})_(\d{2})$/.exec(name);
    if (match === null) return false;
    const days = name.startsWith('trades_') ? TRADES_CLOSED_AFTER_DAYS : CLOSED_AFTER_DAYS;
    return Date.UTC(Number(match[1]), Number(match[2])) < now - days * 86_400_000;
  });
}

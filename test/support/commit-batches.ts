/** Commit batches for tests: what a book did, with the reports and balance changes that follow from it. */
import { reportsOf } from '../../src/accounts/reports.ts';
import { BalanceChanges, balanceChanges } from '../../src/accounts/settlement.ts';
import type { CommitBatch } from '../../src/actors/ports.ts';
import type { JournalSession } from '../../src/actors/protocol.ts';
import type { BookEvent } from '../../src/matching/types.ts';
import { BTC_USD } from './instruments.ts';

/** A batch that writes nothing but what `parts` has. */
export function commitBatch(commitNo: number, parts: Partial<CommitBatch> = {}): CommitBatch {
  return {
    commitNo,
    books: [],
    events: [],
    reports: [],
    requests: [],
    balances: [],
    transfers: [],
    accounts: [],
    sessions: [],
    halts: [],
    lastPrices: [],
    ...parts,
  };
}

/** The batch of a BTC-USD book that made `events` under `epoch`. */
export function bookBatch(
  commitNo: number,
  epoch: number,
  events: readonly BookEvent[],
  lastSeq: number,
): CommitBatch {
  const changes = new BalanceChanges();
  for (const event of events) changes.add(balanceChanges(event, BTC_USD));
  const trades = events.filter((event) => event.type === 'TradeExecuted');
  const lastTrade = trades.at(-1);
  return commitBatch(commitNo, {
    books: [{ symbol: BTC_USD.symbol, epoch, lastSeq }],
    events,
    reports: events.flatMap((event) => reportsOf(event, BTC_USD)).filter((report) => report.execType !== '0'),
    balances: changes.sorted(),
    lastPrices:
      lastTrade === undefined ? [] : [{ symbol: BTC_USD.symbol, price: lastTrade.price, at: lastTrade.at }],
  });
}

/** A session row with nothing sent or delivered, unless `changes` say otherwise. */
export function journalSession(
  senderCompId: number,
  userId: number,
  changes: Partial<JournalSession> = {},
): JournalSession {
  return {
    type: 'JournalSession',
    sessionId: `session-${senderCompId}`,
    senderCompId,
    userId,
    nextInSeqNum: 1,
    nextOutSeqNum: 1,
    reservedOutSeqNum: 100,
    clean: false,
    resetAfter: false,
    sent: undefined,
    delivered: [],
    ...changes,
  };
}

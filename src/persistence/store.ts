/** The store of the actors, on Postgres: commits and loads of one node. */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Store } from '../actors/ports.ts';
import { openChain } from './audit-chain/head.ts';
import { Claims } from './claims.ts';
import { Committer } from './commit.ts';
import { KnownInstruments } from './instruments.ts';
import { loadAccount, loadOrder } from './load-account.ts';
import { claimBooks, loadMessages, ownedBooks } from './loads.ts';
import { openSession } from './open-session.ts';
import { PreparedBooks } from './prepared-books.ts';
import { pendingCancels, resetSession, succeeded } from './session-ends.ts';
import { load, type Sql } from './sql.ts';
import { loadUndelivered } from './undelivered.ts';

export interface StoreOptions {
  readonly orm: MikroORM;
  /** Names this node's commits and owns its books: unique, and the same after a restart. */
  readonly nodeName: string;
  /**
   * This life of the node in a cluster: books are then what membership has claimed, FIX sessions are taken from other
   * gateways under epochs, and an earlier life writes nothing more. Undefined: the only node of its venue.
   */
  readonly incarnation?: number | undefined;
}

/**
 * Opens the store of a node on a migrated database.
 *
 * @throws StoreUnavailableError when the database does not answer.
 */
export async function createStore({ orm, nodeName, incarnation }: StoreOptions): Promise<Store> {
  const { lastCommitNo, head } = await load(
    orm,
    async (sql) => ({
      lastCommitNo: await claimCommitNo(sql, nodeName, incarnation),
      head: await openChain(sql, nodeName),
    }),
    'begin',
  );
  const instruments = new KnownInstruments();
  const writer = { name: nodeName, incarnation };
  const claims = new Claims(nodeName);
  const books = new PreparedBooks(orm, instruments);
  const committer = new Committer(orm, writer, instruments, head);
  return {
    writer: nodeName,
    hasOtherWriters: incarnation !== undefined,
    lastCommitNo,
    commit: (batch) => committer.commit(batch),
    claimBooks: (symbols) =>
      incarnation === undefined
        ? claimBooks(orm, symbols, nodeName, claims, instruments)
        : ownedBooks(orm, symbols, { name: nodeName, incarnation }, instruments),
    loadOrders: (book, after) => books.loadOrders(book, after),
    preparation: incarnation === undefined ? undefined : books,
    loadAccount: (userId, tradingDay) => loadAccount(orm, userId, tradingDay, instruments),
    loadOrder: (userId, orderId) => loadOrder(orm, userId, orderId, instruments),
    openSession: (request) => openSession(orm, request, writer, instruments),
    loadMessages: (senderCompId, beginSeqNum, endSeqNum) =>
      loadMessages(orm, senderCompId, beginSeqNum, endSeqNum),
    loadUndelivered: (senderCompId, userId) =>
      loadUndelivered(orm, senderCompId, userId, nodeName, instruments),
    resetSession: (senderCompId) => resetSession(orm, senderCompId, writer),
    pendingCancels: (recentOnly = false) => pendingCancels(orm, writer, recentOnly),
    succeeded: (sessions) => succeeded(orm, sessions),
  };
}

/**
 * The number of the last commit. Written, not only read: a commit of our previous life that is still on its way
 * holds the row, and must have ended before a number is counted on from. One that comes later is refused.
 */
async function claimCommitNo(sql: Sql, writer: string, incarnation: number | undefined): Promise<number> {
  await sql.rows('insert into commits (writer, last_no) values ($1, 0) on conflict do nothing', [writer]);
  const [row] = await sql.rows<{ last_no: string }>(
    'update commits set incarnation = $2::bigint where writer = $1 ' +
      'and ($2::bigint is null or incarnation is null or incarnation <= $2::bigint) returning last_no',
    [writer, incarnation ?? null],
  );
  if (row === undefined) throw new Error(`a later life of ${writer} has begun`);
  return Number(row.last_no);
}

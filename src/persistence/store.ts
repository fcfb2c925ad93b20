/** The store of the actors, on Postgres: commits and loads of one node. */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Store } from '../actors/ports.ts';
import { openChain } from './audit-chain/head.ts';
import { Claims } from './claims.ts';
import { Committer } from './commit.ts';
import { KnownInstruments } from './instruments.ts';
import { claimBooks, loadAccount, loadMessages, loadOrders } from './loads.ts';
import { openSession, pendingCancels } from './open-session.ts';
import { load, type Sql } from './sql.ts';

export interface StoreOptions {
  readonly orm: MikroORM;
  /** Names this node's commits and owns its books: unique, and the same after a restart. */
  readonly nodeName: string;
}

/**
 * Opens the store of a node on a migrated database.
 *
 * @throws StoreUnavailableError when the database does not answer.
 */
export async function createStore({ orm, nodeName }: StoreOptions): Promise<Store> {
  const { lastCommitNo, head } = await load(
    orm,
    async (sql) => ({
      lastCommitNo: await claimCommitNo(sql, nodeName),
      head: await openChain(sql, nodeName),
    }),
    'begin',
  );
  const instruments = new KnownInstruments();
  const claims = new Claims(nodeName);
  const committer = new Committer(orm, nodeName, instruments, head);
  return {
    lastCommitNo,
    commit: (batch) => committer.commit(batch),
    claimBooks: (symbols) => claimBooks(orm, symbols, nodeName, claims, instruments),
    loadOrders: (book, after) => loadOrders(orm, book, after, instruments),
    loadAccount: (userId, tradingDay) => loadAccount(orm, userId, tradingDay, nodeName, instruments),
    openSession: (request) => openSession(orm, request, nodeName, instruments),
    loadMessages: (senderCompId, beginSeqNum, endSeqNum) =>
      loadMessages(orm, senderCompId, beginSeqNum, endSeqNum),
    pendingCancels: () => pendingCancels(orm),
  };
}

/**
 * The number of the last commit. Written, not only read: a commit of our previous life that is still on its way
 * holds the row, and must have ended before a number is counted on from.
 */
async function claimCommitNo(sql: Sql, writer: string): Promise<number> {
  await sql.rows('insert into commits (writer, last_no) values ($1, 0) on conflict do nothing', [writer]);
  const [row] = await sql.rows<{ last_no: string }>(
    'update commits set last_no = last_no where writer = $1 returning last_no',
    [writer],
  );
  return Number(row?.last_no ?? 0);
}

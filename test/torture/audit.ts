/**
 * Holds against each other, when a fault is over: what members recorded, what the rows say, what lives in the venue's
 * memory. Nothing acknowledged is lost, nothing is there twice, nothing appears from nowhere.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import { TAG } from '../../src/fix/tags.ts';
import { verifyAudit } from '../../src/persistence/audit-chain/verify.ts';
import { connect } from '../../src/persistence/orm.ts';
import { reconcile } from '../../src/persistence/reconcile/reconcile.ts';
import { delay, systemClock } from '../../src/platform/clock.ts';
import { parseAmount } from '../../src/platform/decimal.ts';
import { stateOf } from '../support/rebuilt-orders.ts';
import { restoredBook } from '../support/venue.ts';
import { withRows } from '../support/venue-process.ts';
import { auditRows, readVenueRows } from '../support/venue-rows.ts';
import type { Bank } from './bank.ts';
import type { LiveState } from './control.ts';
import type { TortureMember } from './member.ts';
import { Pace } from './pace.ts';
import {
  type CommittedOrder,
  type CommittedRows,
  type Compared,
  NOTHING_COMPARED,
  readRows,
} from './rows.ts';
import { factsOfRow, keyOfRow } from './told.ts';

/** Something does not agree. */
export class Difference extends Error {
  override readonly name = 'Difference';
}

/** What there is besides the members' records. */
export interface Evidence {
  databaseUrl(): Promise<string>;
  /** What lives in memory; undefined: nobody tells. */
  liveState(): Promise<LiveState | undefined>;
  /** What else does not hold, of whoever has several nodes; looked at as rarely as the proofs. */
  differences?(): Promise<readonly string[]>;
}

/** What is on its way arrives within this time; what differs after it differs. */
const TIMEOUT_MS = 20_000;
const MIN_ATTEMPTS = 5;
const RETRY_MS = 50;
/** What was read is compared within a transaction, which takes a while when it is much. */
const IDLE_TIMEOUT_MS = 120_000;
const MAX_DIFFERENCES = 5;

export class Auditor {
  readonly #evidence: Evidence;
  readonly #members: readonly TortureMember[];
  readonly #bank: Bank;
  #compared: Compared = NOTHING_COMPARED;
  /** OrderIDs (37) of orders that have been compared in their last state. */
  #closed = new Set<string>();
  /** The order (37) of each ClOrdID (11) that has one, by user. */
  readonly #entered = new Map<string, string>();
  /** `onebook reconcile` and `onebook audit verify`. */
  readonly #proofs = new Pace(4);
  /** The slow one, which shares no code with the venue. */
  readonly #independent = new Pace(9);

  constructor(evidence: Evidence, members: readonly TortureMember[], bank: Bank) {
    this.#evidence = evidence;
    this.#members = members;
    this.#bank = bank;
  }

  /** How often it was found that everything agrees. */
  auditCount = 0;

  /** How often all rows have been read through, and how long the last time took. */
  get proofs(): { readonly count: number; readonly lastTookMs: number } {
    return this.#proofs;
  }

  /** Compares what has happened since; nothing is being asked for any more, and all members are on. */
  async audit(): Promise<void> {
    await this.#compare(false);
  }

  /** Compares everything that ever was, once more. */
  async auditAll(): Promise<void> {
    this.#compared = NOTHING_COMPARED;
    this.#closed = new Set();
    this.#entered.clear();
    await this.#compare(true);
  }

  async #compare(isLast: boolean): Promise<void> {
    const url = await this.#evidence.databaseUrl();
    const orm = await connect(url, {
      applicationName: 'torture',
      idleInTransactionTimeoutMs: IDLE_TIMEOUT_MS,
    });
    try {
      const rows = await this.#untilAgreed(orm);
      for (const { record, identity } of this.#members) {
        record.judgeStatusAnswers();
        failOn(record.violations, `the venue to ${identity.username}`);
      }
      failOn(this.#appearances(rows), 'what nobody has asked for');
      this.#noteCompared(rows);
      failOn(this.#bank.differences(rows.userIds, rows.transfers), 'transfers');
      await this.#proofs.run(() => this.#prove(orm), isLast);
      await this.#independent.run(async () => auditRows(await withRows(url, readVenueRows)), isLast);
      this.auditCount += 1;
    } finally {
      await orm.close(true);
    }
  }

  /** Both of an operator's proofs, and what else there is to prove. */
  async #prove(orm: MikroORM): Promise<void> {
    const options = { clock: systemClock, limit: MAX_DIFFERENCES };
    const { checks } = await reconcile(orm, options);
    failOn(
      checks.flatMap(({ differences }) => differences),
      'onebook reconcile',
    );
    const { chains } = await verifyAudit(orm, { ...options, noted: [] });
    failOn(
      chains.flatMap(({ differences }) => differences),
      'onebook audit verify',
    );
    failOn((await this.#evidence.differences?.()) ?? [], 'owners');
  }

  #noteCompared({ orders, lastSeqs, requests }: CommittedRows): void {
    for (const order of orders) if (!order.isOpen) this.#closed.add(order.id);
    this.#compared = {
      lastSeqs,
      openOrders: orders.filter(({ isOpen }) => isOpen).map(({ id }) => id),
      lastRequestId: requests.at(-1)?.id ?? this.#compared.lastRequestId,
    };
    for (const { record } of this.#members) record.unverified = [];
  }

  /** Time goes on, and orders expire meanwhile: what does not agree is looked at again. */
  async #untilAgreed(orm: MikroORM): Promise<CommittedRows> {
    const deadline = systemClock.now() + TIMEOUT_MS;
    for (let attempt = 1; ; attempt += 1) {
      const live = await this.#evidence.liveState();
      const rows = await readRows(orm, this.#compared);
      const differences = [
        ...this.#members.flatMap((member) => recordDifferences(member, rows, this.#closed)),
        ...(live === undefined ? ['the venue tells no state'] : liveDifferences(live, rows)),
      ];
      if (differences.length === 0) return rows;
      // Where reading alone takes that long, it has a few more chances.
      if (attempt >= MIN_ATTEMPTS && systemClock.now() > deadline)
        failOn(differences, 'records, rows and books');
      await delay(systemClock, RETRY_MS);
    }
  }

  /** Rows that no member's request accounts for, and requests that have more than one. */
  #appearances(rows: CommittedRows): string[] {
    const found: string[] = [];
    for (const { identity, record } of this.#members) {
      const userId = rows.userIds.get(identity.senderCompId);
      for (const order of rows.orders) {
        if (order.userId !== userId) continue;
        const request = record.asked.get(order.entryClOrdId);
        if (request === undefined) found.push(`order ${order.id} (${order.entryClOrdId})`);
        else if (!this.#closed.has(order.id) && !isAsAsked(order, request.fields)) {
          found.push(`the terms of order ${order.id}`);
        }
        const entry = `${userId} ${order.entryClOrdId}`;
        const first = this.#entered.get(entry) ?? order.id;
        this.#entered.set(entry, first);
        if (first !== order.id) found.push(`a second order ${order.id} (${order.entryClOrdId})`);
        if (record.turnedAway.has(order.entryClOrdId)) {
          found.push(`order ${order.id}, which the venue said it had not taken`);
        }
      }
      for (const request of rows.requests) {
        if (request.userId !== userId) continue;
        if (!record.asked.has(request.clOrdId)) found.push(`the request ${request.clOrdId}`);
      }
    }
    return found;
  }
}

/** What a member was told and the rows do not say, or the other way round; `closed` orders agreed before. */
export function recordDifferences(
  { record, identity, version }: Pick<TortureMember, 'record' | 'identity' | 'version'>,
  rows: CommittedRows,
  closed: ReadonlySet<string> = new Set(),
): string[] {
  const { username: who } = identity;
  const userId = rows.userIds.get(identity.senderCompId) ?? -1;
  const found: string[] = [];
  const owed = new Map<string, number>();
  for (const report of rows.reports.get(userId) ?? []) {
    const key = keyOfRow(report);
    owed.set(key, (owed.get(key) ?? 0) + 1);
    const told = record.told.get(key);
    const facts = factsOfRow(report, version);
    if (told === undefined) found.push(`${who} was never told ${key}: ${facts}`);
    else if (told !== facts) found.push(`${who} was told of ${key}: ${told}; its row says: ${facts}`);
  }
  for (const key of record.unverified) {
    const rowsLeft = owed.get(key) ?? 0;
    if (rowsLeft === 0) found.push(`${who} was told ${key}, which has no row: ${record.told.get(key)}`);
    else owed.set(key, rowsLeft - 1);
  }
  for (const order of rows.orders) {
    if (order.userId !== userId || closed.has(order.id)) continue;
    const known = describe(record.orders.orders.get(order.id));
    const committed = describe(stateOf(amountsOf(order)));
    if (known !== committed)
      found.push(`${who} knows order ${order.id} as ${known}; its row is ${committed}`);
  }
  const count = rows.orderCounts.get(userId) ?? 0;
  if (count !== record.orders.orders.size) {
    found.push(`${who} knows ${record.orders.orders.size} orders, and ${count} have rows`);
  }
  return found;
}

/** What lives and is not what would be rebuilt. */
export function liveDifferences(live: LiveState, rows: CommittedRows): string[] {
  const found: string[] = [];
  for (const committed of rows.books) {
    const { symbol, lastSeq, lastPrice, orders } = committed;
    const book = live.books.find((one) => one.symbol === symbol);
    const rebuilt = restoredBook({ symbol, epoch: 0, lastSeq, lastPrice, orders }, () => 0);
    if (book?.lastSeq !== lastSeq)
      found.push(`the book of ${symbol} is at ${book?.lastSeq}, its row at ${lastSeq}`);
    else if (book.stateHash !== rebuilt.stateHash()) {
      found.push(`the book of ${symbol} at ${lastSeq} is not the one that its rows make`);
    }
  }
  for (const account of live.accounts) {
    const who = `the account of user ${account.userId}`;
    const committed = rows.accounts.find(({ userId }) => userId === account.userId);
    for (const { asset, amount, available } of account.balances) {
      const balance = committed?.balances.find((one) => one.asset === asset) ?? { amount: 0n, held: 0n };
      if (amount !== `${balance.amount}` || available !== `${balance.amount - balance.held}`) {
        const should = `${balance.amount} of which ${balance.amount - balance.held} are free`;
        found.push(`${who} has ${amount} ${asset} of which ${available} are free; its row says ${should}`);
      }
    }
    const open = rows.orders
      .filter((order) => order.isOpen && order.userId === account.userId)
      .map(({ id }) => Number(id))
      .sort((left, right) => left - right);
    if (open.join() !== account.openOrders.join()) {
      found.push(`${who} has the open orders ${account.openOrders.join()}; its rows are ${open.join()}`);
    }
  }
  return found;
}

function failOn(differences: readonly string[], where: string): void {
  if (differences.length === 0) return;
  const [first] = differences;
  const others = differences.slice(1, MAX_DIFFERENCES).map((one) => `\n  and ${one}`);
  const rest = differences.length - 1 - others.length;
  throw new Difference(
    `${where}: ${first}${others.join('')}${rest > 0 ? `\n  and ${rest} more differences` : ''}`,
  );
}

/** Whether the order has the terms that its member sent; a limit that slides on entry has another price. */
function isAsAsked(order: CommittedOrder, fields: Readonly<Record<number, string>>): boolean {
  const { symbol, side, ordType, entryQuantity, entryPrice } = order;
  if (fields[TAG.Symbol] !== symbol || fields[TAG.Side] !== side || fields[TAG.OrdType] !== ordType)
    return false;
  if (amountOf(fields[TAG.OrderQty] ?? '') !== amountOf(entryQuantity)) return false;
  const price = fields[TAG.Price];
  const slides = fields[TAG.ExecInst] === '6';
  return price === undefined || slides || amountOf(price) === amountOf(entryPrice);
}

function amountsOf(order: CommittedOrder): Parameters<typeof stateOf>[0] {
  const { clOrdId, status, ordType } = order;
  return {
    clOrdId,
    status,
    ordType,
    price: amountOf(order.price),
    quantity: amountOf(order.quantity),
    filledQuantity: amountOf(order.filledQuantity),
    remainingQuantity: amountOf(order.remainingQuantity),
  };
}

function amountOf(text: string): bigint {
  const amount = parseAmount(text);
  if (typeof amount !== 'bigint') throw new Error(`${text} is ${amount}`);
  return amount;
}

function describe(state: ReturnType<typeof stateOf> | undefined): string {
  if (state === undefined) return 'nothing';
  const { clOrdId, ordStatus, orderQty, cumQty, leavesQty, price } = state;
  return `${clOrdId} 39=${ordStatus} 38=${orderQty} 14=${cumQty} 151=${leavesQty} 44=${price}`;
}

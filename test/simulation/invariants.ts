/**
 * What must hold of a venue at every moment, and what must hold when all is quiet: its promises, computed from the
 * committed rows without the venue's own arithmetic. Each breach is one line of text.
 *
 * | promise | checked |
 * |---|---|
 * | 1 one book per symbol | each commit: only the book's owner writes it, and its numbers go on without a gap or repeat; at the end: books are what rows make of them |
 * | 2 acknowledged is durable | each message to a session: its report has a row that says the same, a status is not ahead of its row; an operator's answer comes after its row |
 * | 3 money is exact | at the end: each balance is its transfers, trades and fees, and each asset sums to its transfers |
 * | 4 nobody trades what they do not have | each commit: 0 <= held <= amount, and held is what open orders need; the database never has to refuse |
 * | 5 a crash loses nothing and invents nothing | at the end: one effect per ClOrdID and transfer, none of what was never sent or was turned away, no request unanswered, members' orders in their order, accounts are what rows make of them |
 * | 6 a fill reaches its owner | at the end: each event has its reports, and each member was told all of its own, in order, once or marked |
 */
import type { CommitBatch } from '../../src/actors/ports.ts';
import type { ReportsCommitted } from '../../src/actors/protocol.ts';
import type { ExecutionReport, Report } from '../../src/matching/execution-report.ts';
import type { Instrument } from '../../src/matching/instrument.ts';
import { BUY, type OrderSnapshot, type TradeTerms } from '../../src/matching/types.ts';
import type { MemberEngine } from './member.ts';
import { restoredBook, type VenueNode } from './node.ts';
import { isOpen, NODE_NAME, type Rows, reportKey } from './rows.ts';
import { idOf } from './wire.ts';

export type Blame = (text: string) => void;

const ONE = 100_000_000n;

/** One book per symbol and epoch: a commit goes on where the last one ended, without a gap or a second beginning. */
export function checkCommit(
  rows: Rows,
  batch: CommitBatch,
  seqsBefore: readonly number[],
  blame: Blame,
): void {
  for (const [index, { symbol, lastSeq }] of batch.books.entries()) {
    if (rows.book(symbol).owner !== NODE_NAME) blame(`${symbol} is written by a node that has lost it`);
    let next = (seqsBefore[index] ?? 0) + 1;
    for (const event of batch.events) {
      if (symbolOf(event) !== symbol) continue;
      const seqs = 'makerSeq' in event ? [event.makerSeq, event.takerSeq] : [event.seq];
      for (const seq of seqs) {
        if (seq !== next) blame(`${symbol}: report ${seq} is committed where ${next} comes next`);
        next = seq + 1;
      }
    }
    if (lastSeq !== next - 1) blame(`${symbol}: the last number is ${lastSeq}, and not ${next - 1}`);
  }
  if (batch.events.length > 0 || batch.balances.length > 0) checkBalances(rows, blame);
}

function symbolOf(event: CommitBatch['events'][number]): string {
  return 'order' in event ? event.order.symbol : event.symbol;
}

/** 0 <= held <= amount, and what is held is what open orders need. */
function checkBalances(rows: Rows, blame: Blame): void {
  const needed = new Map<string, bigint>();
  for (const order of rows.orders.values()) {
    if (!isOpen(order)) continue;
    const { asset, amount } = needOf(order, rows.instruments.get(order.symbol) as Instrument);
    const key = `${order.userId} ${asset}`;
    needed.set(key, (needed.get(key) ?? 0n) + amount);
  }
  for (const [key, { amount, held }] of rows.balances) {
    if (held < 0n || held > amount) blame(`balance ${key}: ${held} of ${amount} is held`);
    const need = needed.get(key) ?? 0n;
    if (held !== need) blame(`balance ${key}: ${held} is held, and open orders need ${need}`);
    needed.delete(key);
  }
  for (const [key, need] of needed) if (need !== 0n) blame(`balance ${key} is missing, and ${need} needed`);
}

function needOf(order: OrderSnapshot, instrument: Instrument): { asset: string; amount: bigint } {
  const { baseAsset, quoteAsset } = instrument;
  if (order.side !== BUY) return { asset: baseAsset, amount: BigInt(order.leavesQty) * instrument.lot.units };
  const notional = worth(instrument, { price: order.price, quantity: order.leavesQty });
  const rate = BigInt(Math.max(order.makerFeeRate, order.takerFeeRate));
  return { asset: quoteAsset, amount: notional + (notional * rate) / ONE };
}

function worth({ tick, lot }: Instrument, { price, quantity }: TradeTerms): bigint {
  return (BigInt(price) * tick.units * BigInt(quantity) * lot.units) / 10n ** 18n;
}

/** Nothing is told before its commit: reports have rows by now, answers about orders say what rows have said. */
export function checkTold(rows: Rows, { reports }: ReportsCommitted, blame: Blame): void {
  for (const report of reports) {
    if (report.sourceSeq > 0) {
      const row = rows.reports.get(reportKey(report));
      if (row === undefined) blame(`report ${reportKey(report)} is told and not committed`);
      else if (!isSame(row, report)) blame(`report ${reportKey(report)} is told otherwise than committed`);
    } else if (report.type === 'ExecutionReport' && report.orderId !== undefined) {
      checkStatus(rows, report, blame);
    }
  }
}

function checkStatus(rows: Rows, report: ExecutionReport, blame: Blame): void {
  const order = rows.orders.get(report.orderId ?? 0);
  const said = `the answer that order ${report.orderId} is ${report.ordStatus}`;
  if (order === undefined) {
    // One that only its book could refuse has no order row.
    const isRefused = rows.requests.some(({ orderId, accepted }) => orderId === report.orderId && !accepted);
    if (!isRefused || report.ordStatus !== '8') blame(`${said} has no row`);
    return;
  }
  const wasAmended = rows.events.some((event) => event.type === 'TradeAmended');
  const isAhead = Number(report.cumQty) > lotsAsNumber(rows, order.symbol, order.cumQty);
  if (isAhead && !wasAmended) blame(`${said} with CumQty ${report.cumQty} is ahead of its row`);
  const saysEnd = report.ordStatus !== '0' && report.ordStatus !== '1';
  if (saysEnd && isOpen(order)) blame(`${said} is told while its row is open`);
}

function isSame(left: Report, right: Report): boolean {
  return left === right || isSameValue(left, right);
}

/** Of what reports are made of: an absent property is as good as an undefined one. */
function isSameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  const [ours, theirs] = [left as Record<string, unknown>, right as Record<string, unknown>];
  for (const key in ours) if (!isSameValue(ours[key], theirs[key])) return false;
  for (const key in theirs) if (theirs[key] !== undefined && ours[key] === undefined) return false;
  return true;
}

/** Per asset, balances sum to the transfers; per user, they are the transfers and trades less fees. */
export function checkMoney(rows: Rows, blame: Blame): void {
  const expected = new Map<string, bigint>();
  const add = (userId: number, asset: string, amount: bigint): void => {
    const key = `${userId} ${asset}`;
    expected.set(key, (expected.get(key) ?? 0n) + amount);
  };
  for (const { userId, transfer } of rows.transfers.values()) add(userId, transfer.asset, transfer.amount);
  const settle = (order: OrderSnapshot, rate: number, terms: TradeTerms, sign: bigint): void => {
    const instrument = rows.instruments.get(order.symbol) as Instrument;
    const direction = order.side === BUY ? sign : -sign;
    const notional = worth(instrument, terms);
    const fee = (notional * BigInt(rate)) / ONE;
    add(order.userId, instrument.baseAsset, direction * BigInt(terms.quantity) * instrument.lot.units);
    add(order.userId, instrument.quoteAsset, -direction * notional - sign * fee);
    add(0, instrument.quoteAsset, sign * fee);
  };
  for (const event of rows.events) {
    if (event.type !== 'TradeExecuted' && event.type !== 'TradeAmended') continue;
    const { maker, taker } = event;
    const isTrade = event.type === 'TradeExecuted';
    const after = isTrade ? { price: event.price, quantity: event.quantity } : event.after;
    if (!isTrade) {
      settle(maker, maker.makerFeeRate, event.before, -1n);
      settle(taker, taker.takerFeeRate, event.before, -1n);
      for (const { userId, asset, amount } of event.charges) {
        add(userId, asset, amount);
        add(0, asset, -amount);
      }
    }
    settle(maker, maker.makerFeeRate, after, 1n);
    settle(taker, taker.takerFeeRate, after, 1n);
  }
  const sums = new Map<string, bigint>();
  for (const { userId, asset, amount } of rows.balances.values()) {
    const due = expected.get(`${userId} ${asset}`) ?? 0n;
    if (amount !== due) blame(`user ${userId} has ${amount} ${asset}, and is due ${due}`);
    sums.set(asset, (sums.get(asset) ?? 0n) + amount);
  }
  for (const { transfer } of rows.transfers.values()) {
    sums.set(transfer.asset, (sums.get(transfer.asset) ?? 0n) - transfer.amount);
  }
  for (const [asset, sum] of sums) if (sum !== 0n) blame(`${sum} ${asset} came from nowhere`);
}

/** Whatever happened to an order has a report to its owner that says so: a trade has two. */
export function checkReports(rows: Rows, blame: Blame): void {
  for (const event of rows.events) {
    const told: [OrderSnapshot, number][] =
      'makerSeq' in event
        ? [
            [event.maker, event.makerSeq],
            [event.taker, event.takerSeq],
          ]
        : [[event.order, event.seq]];
    for (const [{ userId, symbol: source, orderId, ordStatus, cumQty }, sourceSeq] of told) {
      const report = rows.reports.get(reportKey({ source, sourceSeq }));
      const isRight =
        report?.type === 'ExecutionReport' &&
        report.userId === userId &&
        report.orderId === orderId &&
        report.ordStatus === ordStatus &&
        Number(report.cumQty) === lotsAsNumber(rows, source, cumQty);
      if (!isRight)
        blame(`${event.type} ${source} ${sourceSeq} has no report to user ${userId} that is right`);
    }
  }
}

/** Exact enough for the small quantities of a history. */
function lotsAsNumber(rows: Rows, symbol: string, quantity: number): number {
  return (quantity * Number((rows.instruments.get(symbol) as Instrument).lot.units)) / 1e18;
}

/** What lives in memory is what the rows say; nothing is in flight. */
export function checkMemory(rows: Rows, node: VenueNode, blame: Blame): void {
  for (const [symbol, live] of node.books) {
    const market = node.markets.find(symbol);
    if (market?.ready === false) continue;
    const { epoch, lastSeq, lastPrice } = rows.book(symbol);
    const orders = rows
      .openOrders()
      .filter((order) => order.symbol === symbol)
      .sort((left, right) => left.priority - right.priority);
    const rebuilt = restoredBook({ symbol, epoch, lastSeq, lastPrice, orders }, () => 0);
    if (live.stateHash() !== rebuilt.stateHash()) blame(`the book of ${symbol} is not what its rows say`);
    if (live.lastSeq !== lastSeq) blame(`the book of ${symbol} is at ${live.lastSeq}, its row at ${lastSeq}`);
  }
  for (const [userId, account] of node.accounts) {
    const { balances } = account;
    for (const { userId: owner, asset, amount, held } of rows.balances.values()) {
      if (owner !== userId) continue;
      const live = balances.amount(asset);
      if (live !== amount) blame(`the account of ${userId} has ${live} ${asset}, its row ${amount}`);
      const free = balances.available(asset);
      if (free !== amount - held) {
        blame(`the account of ${userId} has ${free} ${asset} free, its row ${amount - held}`);
      }
    }
    const known = account.openOrders().map(statusLine);
    const open = rows.openOrders().filter((order) => order.userId === userId);
    if (known.sort().join() !== open.map(statusLine).sort().join()) {
      blame(
        `the account of ${userId} knows the orders ${known.join()}, and not ${open.map(statusLine).join()}`,
      );
    }
  }
}

function statusLine({ orderId, cumQty, leavesQty, price }: OrderSnapshot): string {
  return `${orderId}:${cumQty}/${leavesQty}@${price}`;
}

/** Nothing acknowledged is lost, nothing invented, and no repeat of a ClOrdID has had an effect of its own. */
export function checkMember(rows: Rows, member: MemberEngine, blame: Blame): void {
  const { userId } = member;
  const owed = rows.reportsOf.get(userId) ?? [];
  for (const report of owed) {
    const told = member.told.get(reportKey(report));
    if (told === undefined) blame(`member ${userId} was never told ${reportKey(report)}`);
    else if (!isSame(told, report)) blame(`member ${userId} was told ${reportKey(report)} otherwise`);
  }
  if (member.told.size > owed.length) {
    for (const key of member.told.keys()) {
      if (!rows.reports.has(key)) blame(`member ${userId} was told ${key}, which has no row`);
    }
  }
  checkEffects(rows, member, blame);
  checkTurns(rows, member, blame);
}

/** Orders of one member reach a book in the order in which they were sent; repeats have their own. */
function checkTurns(rows: Rows, member: MemberEngine, blame: Blame): void {
  const { userId, requests } = member;
  const shared = sharedIds(member);
  const last = new Map<string, number>();
  for (const event of rows.events) {
    if (event.type !== 'OrderAccepted' || event.order.userId !== userId) continue;
    const { clOrdId, symbol } = event.order;
    const request = requests.get(clOrdId);
    if (request === undefined || request.wasResent || request.seqNums.size !== 1) continue;
    if (shared.has(clOrdId)) continue;
    const [seqNum = 0] = request.seqNums;
    if (seqNum < (last.get(symbol) ?? 0)) blame(`${clOrdId} of user ${userId} was overtaken`);
    last.set(symbol, seqNum);
  }
}

function checkEffects(rows: Rows, member: MemberEngine, blame: Blame): void {
  const { userId } = member;
  /** By ClOrdID: the trading days on which it had one. */
  const effects = new Map<string, string[]>();
  const traces = new Set<string>();
  const note = (clOrdId: string, tradingDay: string, isEffect: boolean): void => {
    traces.add(clOrdId);
    if (isEffect) effects.set(clOrdId, [...(effects.get(clOrdId) ?? []), tradingDay]);
  };
  for (const event of rows.events) {
    if (event.type !== 'OrderAccepted' || event.order.userId !== userId) continue;
    note(event.order.clOrdId, event.order.tradingDay, true);
  }
  for (const { userId: owner, clOrdId, tradingDay, accepted, msgType } of rows.requests) {
    // A repeated mass cancel is carried out again.
    if (owner === userId) note(clOrdId, tradingDay, accepted && msgType !== 'q');
  }
  const shared = sharedIds(member);
  for (const [clOrdId, days] of effects) {
    if (isOneTooMany(days, rows.daysOf(userId), shared.has(clOrdId))) {
      blame(`ClOrdID ${clOrdId} had ${days.length} effects for user ${userId}, on ${days.join(' and ')}`);
    }
  }
  for (const clOrdId of traces) {
    if (!member.requests.has(clOrdId)) blame(`ClOrdID ${clOrdId} of user ${userId} was never sent`);
  }
  for (const { id, seqNums, refused, wasResent } of member.requests.values()) {
    const wasTurnedAway = !wasResent && refused.size > 0 && refused.size === seqNums.size;
    if (wasTurnedAway && !shared.has(id) && traces.has(id))
      blame(`${id} of user ${userId} was turned away, and done`);
  }
}

/**
 * Whether a ClOrdID had two effects on one day, or one by a repeat on the next day on which the member used any. A
 * ClOrdID that a new request bears as well may have one on each day; a repeat after two days is as good as new.
 */
function isOneTooMany(days: readonly string[], daysOfMember: readonly string[], isShared: boolean): boolean {
  const ofEach = days.map((day) => daysOfMember.indexOf(day)).sort((left, right) => left - right);
  const least = isShared ? 1 : 2;
  return ofEach.some((day, index) => index > 0 && day - (ofEach[index - 1] as number) < least);
}

/** What another request bears the id of may have been done in its place. */
function sharedIds({ requests }: MemberEngine): ReadonlySet<string | undefined> {
  const shared = [...requests.values()].filter(({ id, command }) => idOf(command) !== id);
  return new Set(shared.map(({ command }) => idOf(command)));
}

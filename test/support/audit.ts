/**
 * What must hold of a venue whenever nothing is in flight: money is neither made nor lost, holds are what open orders
 * need, numbers have no gaps, and what lives in memory is what the rows say.
 */
import { expect } from 'chai';
import { holdFor } from '../../src/accounts/holds.ts';
import type { Instrument } from '../../src/matching/instrument.ts';
import type { OrderSnapshot } from '../../src/matching/types.ts';
import type { MemoryStore } from './memory-store.ts';
import { restoredBook, type Venue } from './venue.ts';

/** Asserts all of it; nothing must be in flight. Halted books are not compared: they have no live state. */
export function audit(venue: Venue): void {
  const { store, markets } = venue;
  const instrumentOf = (symbol: string): Instrument => {
    const instrument = markets.instrumentOf(symbol);
    if (instrument === undefined) throw new Error(`no instrument ${symbol}`);
    return instrument;
  };
  auditMoney(store);
  auditHolds(store, instrumentOf);
  auditNumbers(store, markets.symbols());
  auditBooks(venue);
  auditAccounts(venue);
}

/** Per asset, balances sum to the transfers. */
function auditMoney(store: MemoryStore): void {
  const transferred = new Map<string, bigint>();
  for (const { transfer } of store.transfers) {
    transferred.set(transfer.asset, (transferred.get(transfer.asset) ?? 0n) + transfer.amount);
  }
  const owned = new Map<string, bigint>();
  for (const { asset, amount } of store.balances.values()) {
    owned.set(asset, (owned.get(asset) ?? 0n) + amount);
  }
  for (const [asset, amount] of owned) {
    expect(amount, `sum of ${asset}`).to.equal(transferred.get(asset) ?? 0n);
  }
}

function auditHolds(store: MemoryStore, instrumentOf: (symbol: string) => Instrument): void {
  const needed = new Map<string, bigint>();
  for (const order of store.openOrders()) {
    const { asset, amount } = holdFor(instrumentOf(order.symbol), order);
    const key = `${order.userId} ${asset}`;
    needed.set(key, (needed.get(key) ?? 0n) + amount);
  }
  for (const { userId, asset, held } of store.balances.values()) {
    expect(held, `hold of ${userId} in ${asset}`).to.equal(needed.get(`${userId} ${asset}`) ?? 0n);
  }
}

/** The numbers of each source's reports are 1, 2, 3 … without a gap. */
function auditNumbers(store: MemoryStore, symbols: readonly string[]): void {
  const numbers = new Map<string, number[]>(symbols.map((symbol) => [symbol, []]));
  for (const event of store.events) {
    if (event.type === 'TradeExecuted' || event.type === 'TradeAmended') {
      numbers.get(event.symbol)?.push(event.makerSeq, event.takerSeq);
    } else numbers.get(event.order.symbol)?.push(event.seq);
  }
  for (const [symbol, seqs] of numbers) {
    expect(store.lastSeqOf(symbol), `last number of ${symbol}`).to.equal(seqs.length);
  }
  for (const report of store.reports) {
    if (numbers.has(report.source) && symbols.includes(report.source)) continue;
    const ofAccount = numbers.get(report.source) ?? [];
    ofAccount.push(report.sourceSeq);
    numbers.set(report.source, ofAccount);
  }
  for (const [source, seqs] of numbers) {
    expect(seqs, `numbers of ${source}`).to.deep.equal(seqs.map((_, index) => index + 1));
  }
}

/** A book made from the rows equals the one that lives. */
function auditBooks({ store, books, markets }: Venue): void {
  for (const [symbol, live] of books) {
    if (markets.find(symbol)?.status.type === 'Halted') continue;
    const orders = openOrdersOf(store, (order) => order.symbol === symbol).sort(
      (left, right) => left.priority - right.priority,
    );
    const lastSeq = store.lastSeqOf(symbol);
    const rebuilt = restoredBook({ symbol, epoch: 0, lastSeq, lastPrice: undefined, orders }, () => 0);
    expect(live.stateHash(), `book of ${symbol}`).to.equal(rebuilt.stateHash());
    expect(live.lastSeq, `last number of the book of ${symbol}`).to.equal(lastSeq);
  }
}

function auditAccounts({ store, accounts }: Venue): void {
  const assets = new Set([...store.balances.values()].map((balance) => balance.asset));
  for (const [userId, live] of accounts) {
    // What lives of it is the account that crashed, which nobody asks any more.
    if (store.brokenLoads.has(`user:${userId}`)) continue;
    for (const asset of assets) {
      const { amount, held } = store.balance(userId, asset);
      expect(live.balances.amount(asset), `${asset} of ${userId}`).to.equal(amount);
      expect(live.balances.available(asset), `available ${asset} of ${userId}`).to.equal(amount - held);
    }
    const orders = openOrdersOf(store, (order) => order.userId === userId);
    expect(byId(live.openOrders()), `orders of ${userId}`).to.deep.equal(byId(orders));
  }
}

function openOrdersOf(store: MemoryStore, matches: (order: OrderSnapshot) => boolean): OrderSnapshot[] {
  return store.openOrders().filter(matches);
}

function byId(orders: readonly OrderSnapshot[]): OrderSnapshot[] {
  return [...orders].sort((left, right) => left.orderId - right.orderId);
}

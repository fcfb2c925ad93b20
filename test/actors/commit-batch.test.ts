/** By what right a commit writes for accounts: which shards, under which epochs, its guard has to look at. */
import { expect } from 'chai';
import { type JournalEntry, prepareCommit } from '../../src/actors/commit-batch.ts';
import type { AccountCommand, JournalBook, RoutedCommand, ShardEpoch } from '../../src/actors/protocol.ts';
import { buy, emptyBook, run } from '../support/book-commands.ts';
import { BTC_USD } from '../support/instruments.ts';
import { buyOrder, cancelOrder } from '../support/member-commands.ts';

describe('a commit in a cluster', () => {
  const shardsOf = (...entries: readonly JournalEntry[]) =>
    prepareCommit(1, entries, () => BTC_USD, 0).batch.shards;

  /** The entry of a book that has done what this command asked for. */
  function done(command: AccountCommand, shard: ShardEpoch | undefined): JournalBook {
    const book = emptyBook();
    const asked = buy(1, 1, 100, { userId: 1 });
    const cause: RoutedCommand = {
      commandNo: 1,
      userId: 1,
      origin: undefined,
      replyTo: undefined,
      command,
      referencePrice: undefined,
      tradingDay: '2024-05-06',
      ...(shard === undefined ? {} : { shard }),
    };
    return {
      type: 'JournalBook',
      symbol: BTC_USD.symbol,
      epoch: 1,
      generation: 0,
      events: run(book, asked),
      lastSeq: book.lastSeq,
      done: [{ command: asked, cause }],
      replies: [],
    };
  }

  function refused(shard: ShardEpoch, isRefused: boolean): JournalEntry {
    const transfer = {
      type: 'TransferFunds',
      kind: 'deposit',
      asset: 'USD',
      amount: 1n,
      idempotencyKey: 'k',
      requestedBy: 'test',
      reason: undefined,
    } as const;
    return {
      type: 'JournalAccount',
      userId: 1,
      shard,
      generation: 0,
      lastSeq: 1,
      refusals: [],
      massCancels: [],
      answers: [],
      transfers: isRefused ? [] : [{ transfer, at: 0 }],
      done: [],
      replies: [],
    };
  }

  it('names the shards whose accounts make a book hold, once per epoch and in order', () => {
    const order = buyOrder('a', '1', '1');
    const entries = [
      done(order, { shard: 7, epoch: 2 }),
      done(order, { shard: 3, epoch: 9 }),
      done(order, { shard: 7, epoch: 1 }),
      done(order, { shard: 7, epoch: 2 }),
    ];
    expect(shardsOf(...entries)).deep.equal([
      { shard: 3, epoch: 9 },
      { shard: 7, epoch: 1 },
      { shard: 7, epoch: 2 },
    ]);
  });

  it('needs no account for a cancel, which only frees what is held', () => {
    expect(shardsOf(done(cancelOrder('x', 'a'), { shard: 7, epoch: 2 }))).equal(undefined);
  });

  it('names the shard of an account that writes rows of its own, and not of one that only answers', () => {
    expect(shardsOf(refused({ shard: 1, epoch: 4 }, false))).deep.equal([{ shard: 1, epoch: 4 }]);
    expect(shardsOf(refused({ shard: 1, epoch: 4 }, true))).equal(undefined);
  });

  it('of a single node names none', () => {
    expect(shardsOf(done(buyOrder('a', '1', '1'), undefined))).equal(undefined);
  });
});

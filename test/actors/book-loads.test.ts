/** In which order books are loaded, and what becomes of loads that fail or are asked for again. */
import { expect } from 'chai';
import { BookLoads } from '../../src/actors/book-loads.ts';
import { type ClaimedBook, type LoadedOrders, StoreUnavailableError } from '../../src/actors/ports.ts';
import type { Message } from '../../src/actors/protocol.ts';
import type { OrderSnapshot } from '../../src/matching/types.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ManualClock } from '../support/manual-clock.ts';

async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Answers when it is told to, in the order in which it was asked. */
class ScriptedStore {
  readonly claims: string[][] = [];
  readonly reads: string[] = [];
  readonly unknown = new Set<string>();
  readonly broken = new Set<string>();
  /** Portions of a book; 1 when it is not here. */
  readonly portions = new Map<string, number>();
  isAway = false;
  #epoch = 0;
  #pending: (() => void)[] = [];

  claimBooks(symbols: readonly string[]): Promise<readonly ClaimedBook[]> {
    this.claims.push([...symbols]);
    return this.#answer(() => {
      if (symbols.some((symbol) => this.broken.has(symbol))) throw new Error('the rows make no sense');
      this.#epoch += 1;
      const known = symbols.filter((symbol) => !this.unknown.has(symbol));
      return known.map((symbol) => ({ symbol, epoch: this.#epoch, lastSeq: 9, lastPrice: undefined }));
    });
  }

  loadOrders({ symbol }: ClaimedBook, after: number): Promise<LoadedOrders> {
    this.reads.push(`${symbol} ${after}`);
    return this.#answer(() => {
      const isLast = after + 1 >= (this.portions.get(symbol) ?? 1);
      return { orders: [{ priority: after + 1 } as OrderSnapshot], isLast };
    });
  }

  /** Answers the next call, and lets what follows from it happen. */
  async answerOne(): Promise<void> {
    this.#pending.shift()?.();
    await turns();
  }

  async answerAll(): Promise<void> {
    while (this.#pending.length > 0) await this.answerOne();
  }

  #answer<Answer>(make: () => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#pending.push(() => {
        try {
          if (this.isAway) throw new StoreUnavailableError('the test took the database away');
          resolve(make());
        } catch (error) {
          reject(error);
        }
      });
    });
  }
}

describe('loads of books', () => {
  let store: ScriptedStore;
  let told: { readonly symbol: string; readonly message: Message }[];
  let loads: BookLoads;
  const clock = new ManualClock(0);

  beforeEach(() => {
    store = new ScriptedStore();
    told = [];
    loads = new BookLoads({
      tell(address, message) {
        if (address.type === 'book') told.push({ symbol: address.symbol, message });
      },
      clock,
      log: silentLog,
      store,
      onOwnershipLost: (symbols) => expect(symbols).to.deep.equal([]),
      retryFromMs: 100,
      retryToMs: 300,
    });
  });

  function load(...symbols: string[]): void {
    for (const symbol of symbols) loads.load({ type: 'LoadBook', symbol, loadNo: 1 });
  }

  function kinds(): string[] {
    return told.map(({ symbol, message }) => `${symbol} ${message.type}`);
  }

  it('claims together what is asked for while a claim is on its way', async () => {
    load('A', 'B', 'C', 'D');
    await store.answerAll();
    expect(store.claims).to.deep.equal([['A'], ['B', 'C', 'D']]);
    expect(kinds()).to.have.members(['A', 'B', 'C', 'D'].map((symbol) => `${symbol} BookLoaded`));
  });

  it('reads one book after the other to its end, a few portions at a time', async () => {
    store.portions.set('A', 3).set('B', 3).set('C', 3);
    load('A', 'B', 'C', 'D');
    await store.answerAll();
    expect(store.reads.map((read) => read[0]).join('')).to.equal('AABABCBCDC');
    expect(told.filter(({ symbol }) => symbol === 'A').map(({ message }) => message.type)).to.deep.equal([
      'BookLoaded',
      'BookOrdersLoaded',
      'BookOrdersLoaded',
    ]);
  });

  it('reads a book that somebody waits for before all others, in the middle of a large one too', async () => {
    store.portions.set('A', 5).set('B', 5);
    load('A', 'B', 'C', 'D', 'E');
    while (store.reads.length < 4) await store.answerOne();
    loads.hurry('E');
    await store.answerAll();
    expect(store.reads.slice(4)[0]).to.equal('E 0');
    expect(store.reads.slice(4).filter((read) => read.startsWith('A'))).not.to.have.length(0);
  });

  it('lets those that are waited for take turns, so that a small one is not behind a large one', async () => {
    store.portions.set('A', 9).set('B', 9);
    for (const symbol of ['A', 'B', 'C']) loads.hurry(symbol);
    load('A', 'B', 'C');
    await store.answerOne();
    await store.answerOne();
    await store.answerAll();
    expect(store.reads.indexOf('C 0')).to.be.lessThan(5);
  });

  it('tells the last question’s answer only, when a book asks again', async () => {
    store.portions.set('A', 2);
    load('A');
    await store.answerOne();
    loads.load({ type: 'LoadBook', symbol: 'A', loadNo: 2 });
    await store.answerAll();
    expect(store.claims).to.deep.equal([['A'], ['A']]);
    const epochs = told.map(({ message }) =>
      message.type === 'BookLoaded' ? [message.loadNo, message.loaded.epoch] : [],
    );
    expect(epochs).to.deep.equal([[2, 2], []]);
  });

  it('asks again while the store is away, later and later up to a bound', async () => {
    store.isAway = true;
    load('A');
    await store.answerAll();
    for (const delayMs of [100, 200, 300]) {
      clock.advance(delayMs - 1);
      expect(clock.timerCount).to.equal(1);
      clock.advance(1);
      await store.answerAll();
    }
    expect(store.claims).to.have.length(4);
    store.isAway = false;
    clock.advance(300);
    await store.answerOne();
    store.isAway = true;
    await store.answerOne();
    store.isAway = false;
    clock.advance(300);
    await store.answerAll();
    expect(store.reads).to.deep.equal(['A 0', 'A 0']);
    expect(kinds()).to.deep.equal(['A BookLoaded']);
  });

  it('fails the book that cannot be claimed or is not there, and no other', async () => {
    store.broken.add('C');
    store.unknown.add('D');
    load('A', 'B', 'C', 'D', 'E');
    await store.answerAll();
    expect(kinds()).to.have.members([
      'A BookLoaded',
      'B BookLoaded',
      'C BookLoadFailed',
      'D BookLoadFailed',
      'E BookLoaded',
    ]);
    expect(told.find(({ symbol }) => symbol === 'D')?.message).to.deep.include({
      reason: 'there is no instrument D',
    });
  });
});

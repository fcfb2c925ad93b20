/** The stand-in for a book on another node: what it sends, keeps, has judged again, and lets pass. */
import { expect } from 'chai';
import { NO_WAY, OTHER, openProxy, ROUTE, sweep, sweepOfSymbol, WAIT_MS } from '../support/proxied-book.ts';

describe('the proxy of a book', () => {
  it('sends requests in order under numbers, and counts what is answered', () => {
    const { ask, answer, told, proxy } = openProxy();
    ask(5, 6);
    ask(7);
    expect(told()).to.deep.equal(['book@engine-2: 5#1 for 1, 6#2 for 1', 'book@engine-2: 7#3 for 1']);
    answer([1, 3], [2]);
    answer([1]);
    expect(told()).to.deep.equal(['account 2: bounced 6 NoSuchOrder', 'persistence: 2 done']);
    expect(proxy.keptCount()).to.equal(0);
  });

  it('keeps requests while nobody has the book, within a bound', () => {
    const { ask, goBy, told } = openProxy('nowhere');
    ask(...Array.from({ length: 10 }, (_, index) => index + 1));
    ask(11);
    expect(told()).to.deep.equal(['account 1: bounced 11 BookUnavailable']);
    goBy(ROUTE);
    // What the owner has done until now nobody could tell the accounts.
    expect(told().map((line) => line.split(' ').slice(0, 3).join(' '))).to.deep.equal([
      'exchange: BookMoved',
      'book@engine-2: 1#1 for',
    ]);
  });

  it('gives back what has found no way in time, and lets fences pass that waited for it', () => {
    const { ask, goBy, tell, wait, proxy, clock } = openProxy('nowhere');
    ask(5);
    expect(wait(600)).to.deep.equal([]);
    ask(6);
    tell(sweep(7));
    tell({ type: 'Fence', userId: 1, fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' });
    expect(wait(399)).to.deep.equal([]);
    expect(wait(1)).to.deep.equal(['account 1: bounced 5 BookUnavailable']);
    expect(wait(600)).to.deep.equal([
      'account 2: bounced 6 BookUnavailable',
      `persistence: ${NO_WAY}`,
      'persistence: FenceReached',
    ]);
    expect([proxy.keptCount(), clock.timerCount]).to.deep.equal([0, 0]);
    goBy(ROUTE);
    expect(wait(0)).to.not.include('book@engine-2: 5#1 for 1');
  });

  it('has an account judge its part of a mass cancel again in its turn, so that it overtakes no order', () => {
    const { ask, goBy, tell, told } = openProxy();
    tell(sweep(4));
    ask(5);
    tell(sweep(6));
    tell(sweepOfSymbol(7));
    told();
    goBy(OTHER);
    expect(told()).to.deep.equal([
      'exchange: BookMoved',
      'account 1: judge sweep of 4 5! sweep of 6',
      // The operator's is nobody's to judge.
      'book@engine-3: sweep#5 for 2',
    ]);
    // The account has not heard of it, and asks by what it knew.
    ask(9);
    tell(sweep(11));
    expect(told()).to.deep.equal(['account 1: judge 9', 'account 1: judge sweep of 11']);
    tell({ type: 'Fence', userId: 1, fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' });
    tell(sweep(12));
    expect(told()).to.include('book@engine-3: sweep#6 for 2');
  });

  it('waits without end for the answer to what was sent, which may have been done', () => {
    const { ask, answer, goBy, wait, told } = openProxy();
    ask(5);
    goBy(undefined);
    ask(6);
    told();
    expect(wait(WAIT_MS)).to.deep.equal(['account 2: bounced 6 BookUnavailable']);
    expect(wait(100 * WAIT_MS)).to.deep.equal([]);
    answer([1]);
    expect(told()).to.deep.equal(['persistence: 1 done']);
  });

  it('has a timer only while something waits for a way that there is not', () => {
    const { ask, goBy, clock, proxy, wait } = openProxy('nowhere');
    expect(clock.timerCount).to.equal(0);
    ask(5, 6);
    ask(7);
    expect(clock.timerCount).to.equal(1);
    goBy(ROUTE);
    expect(clock.timerCount).to.equal(0);
    goBy(undefined);
    expect(clock.timerCount).to.equal(0);
    ask(8);
    expect(clock.timerCount).to.equal(1);
    proxy.leave(1, true);
    expect(clock.timerCount).to.equal(0);
    expect(wait(WAIT_MS)).to.not.include('account 2: bounced 8 BookUnavailable');
  });

  it('keeps what it is asked while the view has not heard that the book has left this node', () => {
    const { ask, goBy, told } = openProxy({ ...ROUTE, node: 'engine-1' });
    ask(5);
    expect(told()).to.deep.equal([]);
    goBy(ROUTE);
    expect(told()).to.include('book@engine-2: 5#1 for 1');
  });

  it('has every account judge again, after the next owner has the book, what the last one has not answered', () => {
    const { ask, answer, goBy, tell, told } = openProxy();
    ask(5, 6, 7);
    answer([1]);
    goBy(undefined);
    ask(9);
    told();
    goBy(OTHER);
    expect(told()).to.deep.equal(['exchange: BookMoved', 'account 2: judge 6!', 'account 1: judge 7! 9']);
    ask(16);
    tell({ type: 'Fence', userId: 2, fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' });
    ask(12);
    // An account that has not begun to load has asked by what it knew before.
    expect(told()).to.deep.equal([
      'account 2: judge 16',
      'persistence: FenceReached',
      'book@engine-3: 12#5 for 2',
    ]);
  });

  it('waits for a fence when only the link is a new one, and believes what is answered before it', () => {
    const { ask, answer, goBy, tell, told } = openProxy();
    ask(5, 6);
    told();
    goBy({ ...ROUTE, key: 'e2 1 2', linkNo: 2 });
    ask(8);
    expect(told()).to.deep.equal(['book@engine-2: fence 1 of engine-1']);
    answer([1]);
    tell({ type: 'BookFenced', fenceNo: 1 });
    expect(told()).to.deep.equal(['persistence: 1 done', 'exchange: BookMoved', 'account 2: judge 6! 8']);
    tell({ type: 'BookFenced', fenceNo: 1 });
    tell({ type: 'Fence', userId: 2, fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' });
    ask(10);
    expect(told()).to.deep.equal(['persistence: FenceReached', 'book@engine-2: 10#4 for 1']);
  });

  it('has what a refused commit gave back judged again, marked where it was in it', () => {
    const { ask, answer, tell, told } = openProxy();
    ask(5);
    told();
    answer([], [], [1]);
    expect(told()).to.deep.equal(['account 1: judge 5!<']);
    ask(6);
    told();
    // It came behind that commit.
    const returned = [{ requestNo: 2, isSuspect: false }];
    tell({ type: 'BookRequestsAnswered', committed: [], bounced: [], returned });
    expect(told()).to.deep.equal(['account 2: judge 6!']);
  });

  it('sends nothing behind what is given back, and all of it again in its order', () => {
    const { ask, tell, told, answer, goBy } = openProxy();
    ask(5, 6, 8);
    told();
    // Sent by an account that has not heard of it.
    tell({
      type: 'BookRequestsAnswered',
      committed: [],
      bounced: [],
      returned: [{ requestNo: 1, isSuspect: false }],
      voids: { epoch: 1, count: 2 },
    });
    expect(told()).to.deep.equal(['account 1: judge 5!']);
    ask(10);
    // Until it is known what becomes of the others.
    expect(told()).to.deep.equal([]);
    tell({
      type: 'BookRequestsAnswered',
      committed: [],
      bounced: [],
      returned: [{ requestNo: 2, isSuspect: false }],
      voids: { epoch: 1, count: 2 },
    });
    expect(told()).to.deep.equal(['account 2: judge 6! 10']);
    tell({ type: 'Fence', userId: 1, fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' });
    ask(5);
    answer([3]);
    expect(told()).to.deep.equal([
      'persistence: 1 done',
      'book@engine-2: 5#5 for 1 (2)',
      'persistence: FenceReached',
    ]);
    goBy(OTHER);
    told();
    tell({ type: 'Fence', userId: 1, fenceNo: 2, bookCount: 1, tradingDay: '2024-05-06' });
    ask(11);
    expect(told()).to.include('book@engine-3: 11#6 for 2');
  });

  it('lets an account pass its fence only when all that was asked before is answered', () => {
    const { ask, answer, tell, told } = openProxy();
    ask(5);
    told();
    tell({ type: 'Fence', userId: 1, fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' });
    expect(told()).to.deep.equal([]);
    answer([1]);
    expect(told()).to.deep.equal(['persistence: 1 done', 'persistence: FenceReached']);
  });

  it('lets it pass though others go on asking', () => {
    const { ask, answer, tell, told } = openProxy();
    ask(5);
    tell({ type: 'Fence', userId: 1, fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' });
    ask(6);
    told();
    answer([1]);
    expect(told()).to.deep.equal(['persistence: 1 done', 'persistence: FenceReached']);
  });

  it('gives back at once, when it is void, what has gone nowhere', () => {
    const { ask, goBy, tell, told, proxy } = openProxy();
    goBy(undefined);
    ask(5);
    tell({ type: 'VoidFence', generation: 1, fenceCount: 1 });
    expect(told()).to.deep.equal(['exchange: BookVoid', 'persistence: VoidFenceReached']);
    expect(proxy.keptCount()).to.equal(0);
  });

  it('is void when all that was sent is answered, and gives back what came after', () => {
    const { ask, answer, tell, told } = openProxy();
    ask(5);
    told();
    tell({ type: 'VoidFence', generation: 1, fenceCount: 2 });
    ask(7);
    expect(told()).to.deep.equal([]);
    answer([1]);
    expect(told()).to.deep.equal(['persistence: 1 done', 'exchange: BookVoid']);
    tell({ type: 'VoidFence', generation: 1, fenceCount: 2 });
    expect(told()).to.deep.equal(['persistence: VoidFenceReached']);
  });
});

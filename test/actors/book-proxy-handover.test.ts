/** The stand-in for a book on another node while the book goes from one owner to the next in order, and while it does not. */
import { expect } from 'chai';
import type { BookRoute } from '../../src/actors/book-proxy-options.ts';
import { openProxy, ROUTE } from '../support/proxied-book.ts';

describe('the proxy of a book that changes hands in order', () => {
  const NEXT: BookRoute = { node: 'engine-3', key: 'e3 3 2', owner: 'e3 3', epoch: 3, linkNo: 2 };
  const LAST_WORD = { type: 'BookHandedOver', epoch: 1, linkNo: 1 } as const;
  const FIRST_WORD = { type: 'BookTakenOver', epoch: 3, linkNo: 2 } as const;

  it('sends on in order, without a word to anybody, what was not done', () => {
    const { ask, answer, goBy, tell, told } = openProxy();
    ask(5, 6, 7);
    answer([1]);
    told();
    tell(LAST_WORD);
    // The view has not heard of it.
    ask(9);
    tell(FIRST_WORD);
    expect(told()).to.deep.equal([]);
    goBy(undefined);
    goBy(NEXT);
    ask(11);
    expect(told()).to.deep.equal([
      'book@engine-3: 6#4 for 3, 7#5 for 3, 9#6 for 3',
      'book@engine-3: 11#7 for 3',
    ]);
    // That it had no room for it the owner before says late.
    answer([], [2]);
    expect(told()).to.deep.equal([]);
    answer([4]);
    expect(told()).to.deep.equal(['persistence: 1 done']);
  });

  it('gives them to the book of this node when that comes here', () => {
    const { ask, tell, told, proxy } = openProxy();
    ask(5, 6);
    told();
    tell(LAST_WORD);
    const given = proxy.leave(3, false);
    const requests = given.flatMap((one) => (one.type === 'BookRequests' ? one.requests : []));
    const asked = requests.map(({ cause }) => [cause?.commandNo, cause?.isSentAgain]);
    expect(asked).to.deep.equal([
      [5, undefined],
      [6, undefined],
    ]);
    expect(told()).to.deep.equal([]);
  });

  it('has accounts read their rows where the first words of the next owner are lost', () => {
    const { ask, goBy, tell, told } = openProxy();
    ask(5);
    told();
    tell(LAST_WORD);
    goBy(NEXT);
    expect(told()).to.deep.equal(['book@engine-3: fence 1 of engine-1', 'book@engine-3: 5#2 for 3']);
    // It came by a link that has ended since.
    tell({ ...FIRST_WORD, linkNo: 3 });
    tell({ type: 'BookFenced', fenceNo: 1 });
    expect(told()).to.deep.equal(['exchange: BookMoved']);
  });

  it('needs none to when they only come later than the view', () => {
    const { goBy, tell, told } = openProxy();
    tell(LAST_WORD);
    goBy(NEXT);
    tell(FIRST_WORD);
    tell({ type: 'BookFenced', fenceNo: 1 });
    expect(told()).to.deep.equal(['book@engine-3: fence 1 of engine-1']);
  });

  it('believes no last words before it knows that it has heard the first', () => {
    const { ask, goBy, tell, told } = openProxy();
    tell(LAST_WORD);
    goBy(NEXT);
    tell({ type: 'BookHandedOver', epoch: 3, linkNo: 2 });
    ask(5);
    told();
    goBy({ ...ROUTE, key: 'e2 5 1', owner: 'e2 5', epoch: 5 });
    expect(told()).to.deep.equal(['exchange: BookMoved', 'account 1: judge 5!']);
  });

  for (const [what, word, next] of [
    ['the last words came by another link', { ...LAST_WORD, linkNo: 3 }, NEXT],
    ['they are of another time', { ...LAST_WORD, epoch: 3 }, NEXT],
    ['another may have had the book in between', LAST_WORD, { ...NEXT, owner: 'e3 5', epoch: 5 }],
    ['the owner before has died', LAST_WORD, { ...NEXT, owner: 'e3 2', epoch: 2 }],
  ] as const) {
    it(`has rows read where ${what}`, () => {
      const { ask, goBy, tell, told } = openProxy();
      ask(5);
      told();
      tell(word);
      tell({ ...FIRST_WORD, epoch: next.epoch });
      goBy(next);
      const [first, judge] = told();
      expect([first, judge?.slice(0, 16)]).to.deep.equal(['exchange: BookMoved', 'account 1: judge']);
    });
  }

  it('has rows read where a fence was under way over a new link', () => {
    const { ask, goBy, tell, told } = openProxy();
    ask(5);
    goBy({ ...ROUTE, key: 'e2 1 3', linkNo: 3 });
    tell({ ...LAST_WORD, linkNo: 3 });
    tell({ type: 'BookFenced', fenceNo: 1 });
    told();
    goBy(NEXT);
    expect(told()).to.deep.equal(['exchange: BookMoved']);
  });

  it('has rows read where a commit of this node was refused', () => {
    const { ask, goBy, tell, told } = openProxy();
    ask(5);
    tell({ type: 'VoidFence', generation: 1, fenceCount: 2 });
    tell(LAST_WORD);
    told();
    goBy(NEXT);
    expect(told().slice(0, 2)).to.deep.equal(['exchange: BookMoved', 'account 1: judge 5!']);
  });

  it('has an account that is about to read its rows judge again what it asked before, in its order', () => {
    const { ask, goBy, tell, told } = openProxy();
    ask(5, 6);
    tell({ type: 'Fence', userId: 1, fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' });
    told();
    tell(LAST_WORD);
    expect(told()).to.deep.equal(['account 1: judge 5', 'persistence: FenceReached']);
    goBy(NEXT);
    ask(7);
    // It has not heard that it is to judge again.
    expect(told().slice(1)).to.deep.equal(['book@engine-3: 6#3 for 3', 'account 1: judge 7']);
  });
});

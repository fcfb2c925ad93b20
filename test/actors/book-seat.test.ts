/** The place of a book on an engine of a cluster: who sits there, and what becomes of what comes while the book moves. */
import { expect } from 'chai';
import { firstNumberOf } from '../../src/cluster/node-id.ts';
import { fence, OTHER, openSeat, ROUTE_WAIT_MS, request, VOID_FENCE } from '../support/seated-book.ts';

describe('the seat of a book', () => {
  it('has the book where the node has it from the start, and its proxy where another has', () => {
    const here = openSeat(1);
    here.ask(5);
    expect(here.book().taken()).to.deep.equal(['load 1', '5']);
    const elsewhere = openSeat();
    elsewhere.goBy(OTHER);
    elsewhere.told();
    elsewhere.ask(5);
    expect(elsewhere.told()).to.deep.equal(['book@engine-2: 5*']);
  });

  it('takes no answer to what an earlier life of its node has asked', () => {
    const [earlier, later] = [3, 4].map((incarnation) => firstNumberOf({ name: 'engine-1', incarnation }));
    const { ask, tell, goBy, told, seat } = openSeat(undefined, 10, later);
    goBy(OTHER);
    ask(5);
    told();
    const late = (earlier ?? 0) + 1;
    tell({
      type: 'BookRequestsAnswered',
      committed: [],
      bounced: [],
      returned: [{ requestNo: late, isSuspect: false }],
    });
    tell({ type: 'BookRequestsAnswered', committed: [late], bounced: [], returned: [] });
    expect([told(), seat.stashed()]).to.deep.equal([[], 1]);
    tell({ type: 'BookRequestsAnswered', committed: [(later ?? 0) + 1], bounced: [], returned: [] });
    expect(seat.stashed()).to.equal(0);
  });

  it('gives up a book when it has finished, and keeps what comes meanwhile for the next owner', () => {
    const { ask, leave, gone, goBy, tell, told, book } = openSeat(1);
    book().isBusy = true;
    leave();
    ask(5);
    tell(fence(1));
    ask(7);
    tell({ type: 'ExpireDue', upTo: 1 });
    expect(book().taken()).to.deep.equal(['load 1']);
    expect(told()).to.deep.equal([]);
    book().isBusy = false;
    tell({ type: 'ContinueBook' });
    expect(book().taken()).to.deep.equal(['ContinueBook']);
    expect(told()).to.deep.equal(['persistence: StopBookLoad', 'persistence: then Drained']);
    // Not released yet: the view may still show an earlier owner.
    goBy(OTHER);
    ask(9);
    expect(told()).to.deep.equal([]);
    gone();
    expect(told()).to.deep.equal(['exchange: BookMoved', 'book@engine-2: 5* 7* 9*']);
    tell({ type: 'BookRequestsAnswered', committed: [1], bounced: [], returned: [] });
    expect(told()).to.deep.equal(['persistence: JournalAccount', 'persistence: fence of 1']);
  });

  it('gives back what comes when the book has left, and nobody takes it in time', () => {
    const { ask, leave, take, told, wait, book } = openSeat(1);
    leave();
    ask(5);
    wait(ROUTE_WAIT_MS - 1);
    ask(7);
    told();
    wait(1);
    expect(told()).to.deep.equal(['account 1: RequestsBounced']);
    take(1);
    expect(book().taken()).to.deep.equal(['load 2', '7']);
    wait(ROUTE_WAIT_MS);
    expect(told()).to.deep.equal([]);
  });

  it('has what its proxy has sent judged again by the rows when the book comes', () => {
    const { ask, goBy, take, tell, told, book } = openSeat();
    goBy(OTHER);
    ask(5);
    goBy(undefined);
    ask(7, 8);
    told();
    take(4);
    expect(told()).to.deep.equal(['exchange: BookMoved', 'account 1: judge 5!,7', 'account 2: judge 8']);
    // Asked by what they knew before, and they have not heard of it.
    ask(9);
    expect(told()).to.deep.equal(['account 1: judge 9']);
    tell(fence(1));
    ask(11, 12);
    expect(told()).to.deep.equal(['account 2: judge 12']);
    expect(book().taken()).to.deep.equal(['load 1', 'fence of 1', '11']);
  });

  it('goes on with the book when that is not given up after all', () => {
    const { ask, askFrom, leave, take, tell, told, book } = openSeat(1);
    book().isBusy = true;
    leave();
    ask(5);
    askFrom('engine-2', 1, 6);
    tell(fence(1));
    tell({ type: 'ResumeBook' });
    take(1);
    expect(book().taken()).to.deep.equal(['load 1', '5', 'fence of 1', 'ResumeBook', '6*']);
    expect(told()).to.deep.equal(['reply: CommandRejected']);
    leave();
    book().isBusy = false;
    tell({ type: 'ContinueBook' });
    told();
    ask(7);
    tell(fence(2));
    askFrom('engine-2', 1, 8);
    take(1);
    // A new one from the rows, with all that nobody has seen.
    expect(book().taken()).to.deep.equal(['load 2', '7', 'fence of 2', '8*']);
    expect(told()).to.deep.equal([]);
  });

  it('has all judged again when another node may have had the book before it comes back', () => {
    const { ask, askFrom, leave, take, told, book } = openSeat(1);
    leave();
    ask(5);
    askFrom('engine-2', 1, 6);
    told();
    take(5);
    // Their proxy learns that the owner is another one.
    expect(told()).to.deep.equal(['exchange: BookMoved', 'account 1: judge 5']);
    expect(book().taken()).to.deep.equal(['load 2']);
  });

  it('goes on with what accounts here ask when the book was released and nobody else has had it', () => {
    const { ask, askFrom, leave, take, told, book } = openSeat(1);
    leave();
    ask(5);
    askFrom('engine-2', 1, 6);
    told();
    take(3);
    expect(told()).to.deep.equal([]);
    expect(book().taken()).to.deep.equal(['load 2', '5']);
  });

  it('says to the other engines when it has given the book up, and when it has it, each once', () => {
    const { leave, gone, take, told } = openSeat(1, 10, 0, ['engine-2', 'engine-3']);
    leave();
    told();
    // It was not released.
    take(1);
    leave();
    expect(told()).to.deep.equal(['persistence: StopBookLoad', 'persistence: then Drained']);
    gone();
    expect(told()).to.deep.equal(['book@engine-2: BookHandedOver 1', 'book@engine-3: BookHandedOver 1']);
    take(5);
    expect(told()).to.deep.equal([
      'book@engine-2: BookTakenOver 5',
      'book@engine-3: BookTakenOver 5',
      'exchange: BookMoved',
    ]);
  });

  it('sends to the next owner without a word what accounts here ask, who have missed nothing', () => {
    const { ask, leave, gone, goBy, tell, told } = openSeat(1);
    leave();
    ask(5);
    told();
    gone();
    tell({ type: 'BookTakenOver', epoch: 3, linkNo: 1 });
    goBy({ ...OTHER, owner: 'e2 3', epoch: 3 });
    ask(7);
    expect(told()).to.deep.equal(['book@engine-2: 5*', 'book@engine-2: 7*']);
  });

  it('lets a fence of a node that has heard of it first wait until it has the book', () => {
    const { take, tell, told, book } = openSeat();
    tell({ type: 'Fence', userId: 0, fenceNo: 1, bookCount: 1, tradingDay: '', proxy: 'engine-2', epoch: 3 });
    expect(told()).to.deep.equal([]);
    take(3);
    expect(book().taken()).to.deep.equal(['load 1', 'fence of engine-2']);
    // For a time that is over there is nothing to wait for.
    const late = openSeat(5);
    late.leave();
    late.gone();
    late.told();
    late.tell({
      type: 'Fence',
      userId: 0,
      fenceNo: 1,
      bookCount: 1,
      tradingDay: '',
      proxy: 'engine-2',
      epoch: 5,
    });
    expect(late.told()).to.deep.equal(['persistence: fence of engine-2']);
  });

  it('takes from other nodes only what is for the epoch under which it has the book', () => {
    const { askFrom, take, leave, gone, tell, told, book } = openSeat();
    // They have seen its claim before it has heard of it itself.
    askFrom('engine-2', 3, 1);
    askFrom('engine-3', 1, 2);
    tell(fence(0, 'engine-3'));
    expect(told()).to.deep.equal([]);
    take(3);
    expect(book().taken()).to.deep.equal(['load 1', '1*', 'fence of engine-3']);
    askFrom('engine-3', 1, 2);
    askFrom('engine-3', 5, 3);
    askFrom('engine-2', 3, 4);
    expect(book().taken()).to.deep.equal(['4*']);
    leave();
    gone();
    told();
    askFrom('engine-2', 3, 5);
    // Nothing is kept that it could be behind but what is for the next time.
    tell(fence(0, 'engine-2'));
    expect(told()).to.deep.equal([]);
    take(5);
    expect(book().taken()).to.deep.equal(['load 2', '3*', 'fence of engine-2']);
  });

  it('gives back what other nodes have asked before all was taken back here, until they know of it', () => {
    const { askFrom, tell, told, book } = openSeat(3);
    askFrom('engine-2', 3, 1);
    book().generationNow = 2;
    askFrom('engine-2', 3, 2, 3);
    expect(told()).to.deep.equal(['book@engine-2: returned 2 3, voids 2 under 3']);
    const known = { ...request(4), from: { node: 'engine-2', requestNo: 4, epoch: 3, voids: 2 } };
    tell({ type: 'BookRequests', requests: [known] });
    expect(told()).to.deep.equal([]);
    expect(book().taken()).to.deep.equal(['load 1', '1*', '4*']);
  });

  it('lets fences of other nodes pass where no book sits: rows have all that was done', () => {
    const { tell, told, askFrom, leave } = openSeat(1);
    leave();
    told();
    tell(fence(0, 'engine-2'));
    expect(told()).to.deep.equal(['persistence: fence of engine-2']);
    askFrom('engine-2', 1, 5);
    tell(fence(0, 'engine-2'));
    expect(told()).to.deep.equal([]);
    tell({ type: 'BookGone' });
    expect(told()).to.deep.equal(['persistence: fence of engine-2']);
  });

  it('refuses what is beyond its bounds', () => {
    const { ask, askFrom, leave, told, book } = openSeat(1, 2);
    book().isBusy = true;
    leave();
    ask(1, 3);
    ask(5);
    askFrom('engine-2', 1, 2, 4);
    askFrom('engine-2', 1, 6);
    expect(told()).to.deep.equal(['account 1: RequestsBounced', 'persistence: bounced 6']);
  });

  it('says at once that it has nothing to give up', () => {
    const { leave, told } = openSeat();
    leave();
    expect(told()).to.deep.equal(['persistence: then Drained']);
  });

  describe('while commands run again after a refused commit', () => {
    it('keeps the book, with what has been kept', () => {
      const { ask, leave, tell, told, book } = openSeat(1);
      book().isBusy = true;
      leave();
      ask(5);
      tell(VOID_FENCE);
      expect(told()).to.deep.equal(['reply: CommandRejected']);
      expect(book().taken()).to.deep.equal(['load 1', '5', 'VoidFence']);
      leave();
      expect(told()).to.deep.equal(['reply: CommandRejected']);
    });

    it('gives back what was kept for a book that has left already', () => {
      const { ask, leave, tell, told } = openSeat(1);
      leave();
      ask(5);
      told();
      tell(VOID_FENCE);
      expect(told()).to.deep.equal(['exchange: BookVoid', 'persistence: void, unanswered 5']);
    });

    it('takes a book when all fences have come, into the state that is true then', () => {
      const { ask, goBy, take, leave, tell, told, book } = openSeat();
      goBy(OTHER);
      ask(5);
      tell({ ...VOID_FENCE, fenceCount: 2 });
      told();
      take(4);
      expect(told()).to.deep.equal(['exchange: BookMoved', 'account 1: judge 5!', 'exchange: BookVoid']);
      leave();
      expect(told()).to.deep.equal(['reply: CommandRejected']);
      ask(6);
      tell({ ...VOID_FENCE, fenceCount: 2 });
      expect(told()).to.deep.equal(['persistence: void, unanswered 6']);
      expect(book().taken()).to.deep.equal(['load 1']);
      expect(book().generation()).to.equal(1);
    });
  });

  describe('when who sits there fails', () => {
    it('begins the book anew, and loses nothing of what it was to be given', () => {
      const { ask, leave, take, tell, book } = openSeat(1);
      book().isBusy = true;
      leave();
      ask(5);
      ask(7);
      ask(9);
      book().failsOn = '7';
      take(1);
      expect(book().crashes).to.equal(1);
      expect(book().taken()).to.deep.equal(['load 1', '5', '7', 'load 1', '9', 'RoutesChanged']);
      tell(fence(1));
      expect(book().taken()).to.deep.equal(['fence of 1']);
    });

    it('still gives the book up when that is quiet again', () => {
      const { ask, leave, gone, goBy, tell, told, book } = openSeat(1);
      book().isBusy = true;
      leave();
      ask(5);
      book().failsOn = 'ContinueBook';
      tell({ type: 'ContinueBook' });
      book().isBusy = false;
      tell({ type: 'ContinueBook' });
      expect(book().taken().slice(-1)).to.deep.equal(['ContinueBook']);
      expect(told()).to.deep.equal(['persistence: StopBookLoad', 'persistence: then Drained']);
      gone();
      goBy(OTHER);
      expect(told()).to.include('book@engine-2: 5*');
    });
  });
});

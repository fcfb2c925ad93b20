/** The place of a book on an engine of a cluster: who sits there, and what becomes of what comes while the book moves. */
import { expect } from 'chai';
import type { BookActor, BookState } from '../../src/actors/book-actor.ts';
import { bookProxy } from '../../src/actors/book-proxy.ts';
import type { BookRoute } from '../../src/actors/book-proxy-options.ts';
import { bookSeat } from '../../src/actors/book-seat.ts';
import type { Address, BookMessage, BookRequest, Message, RoutedCommand } from '../../src/actors/protocol.ts';
import { firstNumberOf } from '../../src/cluster/node-id.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { buyOrder } from '../support/member-commands.ts';

const ASKER: Address = { type: 'reply', requestId: '1' };
const OTHER: BookRoute = { node: 'engine-2', key: 'e2 2 1', owner: 'e2 2', epoch: 2, linkNo: 1 };

/** A book that does nothing: what it is given is written down, and the test says when it is quiet. */
class ScriptedBook implements BookActor {
  readonly given: string[] = [];
  isBusy = false;
  failsOn: string | undefined;
  crashes = 0;
  generationNow: number;
  readonly #loadNo: number;

  constructor(generation: number, loads: { lastNo: number }) {
    this.generationNow = generation;
    loads.lastNo += 1;
    this.#loadNo = loads.lastNo;
  }

  readonly behavior = {
    initial: (): BookState => {
      this.given.push(`load ${this.#loadNo}`);
      return { phase: 'recovering', building: undefined };
    },
    receive: (state: BookState, message: BookMessage): BookState => {
      const text = brief(message);
      this.given.push(text);
      if (text === this.failsOn) {
        this.failsOn = undefined;
        throw new Error('the test makes the book fail');
      }
      return message.type === 'VoidFence' ? { phase: 'void', fencesSeen: 1, unanswered: [] } : state;
    },
  };
  readonly policy = (): 'restart' => {
    this.crashes += 1;
    return 'restart';
  };
  readonly stashed = (): number => 0;
  readonly isQuiet = ({ phase }: BookState): boolean => !this.isBusy && phase !== 'void';
  readonly generation = (): number => this.generationNow;

  taken(): string[] {
    return this.given.splice(0);
  }
}

const ROUTE_WAIT_MS = 1_000;

function open(epoch?: number, maxKeptRequests = 10, firstNo = 0) {
  const told: [Address, Message][] = [];
  const books: ScriptedBook[] = [];
  const clock = new ManualClock(0);
  const view: { route: BookRoute | undefined } = { route: undefined };
  const tellOut = (address: Address, message: Message): void => void told.push([address, message]);
  const seat = bookSeat({
    symbol: 'BTC-USD',
    tell: tellOut,
    log: silentLog,
    epoch,
    firstNo,
    generation: 0,
    maxKeptRequests,
    route: () => view.route,
    makeBook({ generation, loads }) {
      const book = new ScriptedBook(generation, loads);
      books.push(book);
      return book;
    },
    makeProxy: (parts) =>
      bookProxy({
        symbol: 'BTC-USD',
        node: 'engine-1',
        tell: tellOut,
        clock,
        log: silentLog,
        maxKeptRequests,
        routeWaitMs: ROUTE_WAIT_MS,
        ...parts,
      }),
  });
  let state = seat.behavior.initial();
  const mailbox: BookMessage[] = [];
  /** As the actor system does it: after a crash the message is lost, the rest of the mailbox is not. */
  function handle(message: BookMessage): void {
    try {
      state = seat.behavior.receive(state, message);
    } catch (error) {
      seat.policy({ message, error: error as Error });
      state = seat.behavior.initial();
    }
    for (const [to, own] of told.splice(0)) {
      if (to.type === 'book' && to.node === undefined) mailbox.push(own as BookMessage);
      else out.push([to, own]);
    }
    const next = mailbox.shift();
    if (next !== undefined) handle(next);
  }
  const out: [Address, Message][] = [];
  return {
    seat,
    tell: handle,
    /** Time passes, and what becomes due is told to the seat. */
    wait(ms: number) {
      clock.advance(ms);
      for (const [, due] of told.splice(0)) handle(due as BookMessage);
    },
    ask: (...commandNos: number[]) =>
      handle({ type: 'BookRequests', requests: commandNos.map((no) => request(no)) }),
    /** From the proxy of another node, for the book under this epoch. */
    askFrom: (node: string, forEpoch: number, ...commandNos: number[]) =>
      handle({
        type: 'BookRequests',
        requests: commandNos.map((no) => ({
          ...request(no),
          from: { node, requestNo: no, epoch: forEpoch },
        })),
      }),
    goBy(route: BookRoute | undefined) {
      view.route = route;
      handle({ type: 'RoutesChanged' });
    },
    take: (taken: number) => handle({ type: 'BookTaken', epoch: taken }),
    leave: () => handle({ type: 'BookLeaving', replyTo: ASKER }),
    gone: () => handle({ type: 'BookGone' }),
    /** What sits there now. */
    book(): ScriptedBook {
      const last = books.at(-1);
      if (last === undefined) throw new Error('no book has ever been there');
      return last;
    },
    told: () => out.splice(0).map(([to, message]) => `${placeOf(to)}: ${brief(message)}`),
  };
}

function request(commandNo: number): BookRequest {
  const cause: RoutedCommand = {
    commandNo,
    userId: commandNo % 2 === 0 ? 2 : 1,
    origin: undefined,
    replyTo: undefined,
    command: buyOrder(`c${commandNo}`, '1', '100'),
    referencePrice: undefined,
    tradingDay: '2024-05-06',
  };
  return { command: { type: 'CancelOrder', orderId: 7, clOrdId: 'c', unsolicited: undefined }, cause };
}

function fence(userId: number, proxy?: string): BookMessage {
  const common = { type: 'Fence', userId, fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' } as const;
  return proxy === undefined ? common : { ...common, proxy };
}

const VOID_FENCE = { type: 'VoidFence', generation: 1, fenceCount: 1 } as const;

function placeOf(to: Address): string {
  if (to.type === 'book') return `book@${to.node}`;
  return to.type === 'account' ? `account ${to.userId}` : to.type;
}

function brief(message: Message): string {
  switch (message.type) {
    case 'BookRequests':
      return message.requests.map(({ cause, from }) => `${cause?.commandNo}${from ? '*' : ''}`).join(' ');
    case 'JournalBook':
      return `bounced ${message.bounced?.map(({ request: { from } }) => from?.requestNo)}`;
    case 'JudgeAgain':
      return `judge ${message.asked.map(({ request: { cause } }) => `${cause?.commandNo}${cause?.isSentAgain ? '!' : ''}`)}`;
    case 'BookRequestsAnswered':
      return `returned ${message.returned.map(({ requestNo }) => requestNo).join(' ')}, voids ${message.voids?.count} under ${message.voids?.epoch}`;
    case 'AwaitCommits':
      return `then ${message.message.type}`;
    case 'FenceReached':
      return `fence of ${message.fence.proxy ?? message.fence.userId}`;
    case 'Fence':
      return `fence of ${message.proxy ?? message.userId}`;
    case 'VoidFenceReached':
      return `void, unanswered ${message.unanswered.map(({ cause }) => cause?.commandNo)}`;
    default:
      return message.type;
  }
}

describe('the seat of a book', () => {
  it('has the book where the node has it from the start, and its proxy where another has', () => {
    const here = open(1);
    here.ask(5);
    expect(here.book().taken()).to.deep.equal(['load 1', '5']);
    const elsewhere = open();
    elsewhere.goBy(OTHER);
    elsewhere.told();
    elsewhere.ask(5);
    expect(elsewhere.told()).to.deep.equal(['book@engine-2: 5*']);
  });

  it('takes no answer to what an earlier life of its node has asked', () => {
    const [earlier, later] = [3, 4].map((incarnation) => firstNumberOf({ name: 'engine-1', incarnation }));
    const { ask, tell, goBy, told, seat } = open(undefined, 10, later);
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
    const { ask, leave, gone, goBy, tell, told, book } = open(1);
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
    const { ask, leave, take, told, wait, book } = open(1);
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
    const { ask, goBy, take, tell, told, book } = open();
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
    const { ask, askFrom, leave, take, tell, told, book } = open(1);
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
    const { ask, askFrom, leave, take, told, book } = open(1);
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
    const { ask, askFrom, leave, take, told, book } = open(1);
    leave();
    ask(5);
    askFrom('engine-2', 1, 6);
    told();
    take(3);
    expect(told()).to.deep.equal([]);
    expect(book().taken()).to.deep.equal(['load 2', '5']);
  });

  it('takes from other nodes only what is for the epoch under which it has the book', () => {
    const { askFrom, take, leave, gone, tell, told, book } = open();
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
    const { askFrom, tell, told, book } = open(3);
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
    const { tell, told, askFrom, leave } = open(1);
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
    const { ask, askFrom, leave, told, book } = open(1, 2);
    book().isBusy = true;
    leave();
    ask(1, 3);
    ask(5);
    askFrom('engine-2', 1, 2, 4);
    askFrom('engine-2', 1, 6);
    expect(told()).to.deep.equal(['account 1: RequestsBounced', 'persistence: bounced 6']);
  });

  it('says at once that it has nothing to give up', () => {
    const { leave, told } = open();
    leave();
    expect(told()).to.deep.equal(['persistence: then Drained']);
  });

  describe('while commands run again after a refused commit', () => {
    it('keeps the book, with what has been kept', () => {
      const { ask, leave, tell, told, book } = open(1);
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
      const { ask, leave, tell, told } = open(1);
      leave();
      ask(5);
      told();
      tell(VOID_FENCE);
      expect(told()).to.deep.equal(['exchange: BookVoid', 'persistence: void, unanswered 5']);
    });

    it('takes a book when all fences have come, into the state that is true then', () => {
      const { ask, goBy, take, leave, tell, told, book } = open();
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
      const { ask, leave, take, tell, book } = open(1);
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
      const { ask, leave, gone, goBy, tell, told, book } = open(1);
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

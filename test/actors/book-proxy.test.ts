/** The stand-in for a book on another node: what it sends, keeps, has judged again, and lets pass. */
import { expect } from 'chai';
import { bookProxy } from '../../src/actors/book-proxy.ts';
import type { BookRoute } from '../../src/actors/book-proxy-options.ts';
import type {
  Address,
  BookMessage,
  BookRequest,
  JudgeAgain,
  Message,
  RoutedCommand,
} from '../../src/actors/protocol.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { buyOrder } from '../support/member-commands.ts';

const WAIT_MS = 1_000;
const NO_WAY = 'no engine that has BTC-USD can be reached now: try again';
const ROUTE: BookRoute = { node: 'engine-2', key: 'e2 1 1', owner: 'e2 1', epoch: 1, linkNo: 1 };
/** To another engine, that has it next. */
const OTHER: BookRoute = { node: 'engine-3', key: 'e3 2 2', owner: 'e3 2', epoch: 2, linkNo: 2 };

function open(first: BookRoute | 'nowhere' = ROUTE) {
  const told: [Address, Message][] = [];
  const clock = new ManualClock(0);
  const state: { route: BookRoute | undefined } = {
    route: first === 'nowhere' ? undefined : first,
  };
  const proxy = bookProxy({
    symbol: 'BTC-USD',
    node: 'engine-1',
    tell: (address, message) => told.push([address, message]),
    clock,
    log: silentLog,
    route: () => state.route,
    generation: 0,
    maxKeptRequests: 10,
    routeWaitMs: WAIT_MS,
  });
  const tell = (message: BookMessage): void => void proxy.behavior.receive({}, message);
  tell({ type: 'RoutesChanged' });
  told.splice(0);
  return {
    state,
    proxy,
    clock,
    tell,
    /** Time passes; returns what was told but for what wakes the proxy itself. */
    wait(ms: number) {
      clock.advance(ms);
      const others: [Address, Message][] = [];
      for (const [to, message] of told.splice(0)) {
        if (to.type === 'book' && to.node === undefined) tell(message as BookMessage);
        else others.push([to, message]);
      }
      return [...others, ...told.splice(0)].map(([to, message]) => `${placeOf(to)}: ${brief(message)}`);
    },
    ask: (...commandNos: number[]) => tell({ type: 'BookRequests', requests: commandNos.map(request) }),
    answer: (committed: number[], bounced: number[] = [], returned: number[] = []) =>
      tell({
        type: 'BookRequestsAnswered',
        committed,
        bounced: bounced.map((requestNo) => ({ requestNo, reason: { type: 'NoSuchOrder' } })),
        returned: returned.map((requestNo) => ({ requestNo, isSuspect: true })),
      }),
    goBy(route: BookRoute | undefined) {
      state.route = route;
      tell({ type: 'RoutesChanged' });
    },
    /** What was told since this was asked last. */
    told: () => told.splice(0).map(([to, message]) => `${placeOf(to)}: ${brief(message)}`),
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
  return {
    command: { type: 'CancelOrder', orderId: commandNo, clOrdId: 'c', unsolicited: undefined },
    cause,
  };
}

/** A mass cancel's part, for the account of user 1. */
function sweep(commandNo: number): BookMessage {
  return sweepFor(1, commandNo);
}

/** An operator's cancel of all orders in the symbol. */
function sweepOfSymbol(commandNo: number): BookMessage {
  return sweepFor(undefined, commandNo);
}

function sweepFor(userId: number | undefined, commandNo: number): BookMessage {
  const command = {
    type: 'MassCancelOrders',
    userId,
    side: undefined,
    clOrdId: undefined,
    unsolicited: undefined,
  } as const;
  const request: BookRequest = { command, cause: undefined, gatheredBy: { userId, commandNo } };
  return { type: 'BookRequests', requests: [request] };
}

function placeOf(to: Address): string {
  if (to.type === 'book') return `book@${to.node}`;
  return to.type === 'account' ? `account ${to.userId}` : to.type;
}

function brief(message: Message): string {
  switch (message.type) {
    case 'BookRequests':
      return message.requests
        .map(
          ({ cause, from }) =>
            `${cause?.commandNo ?? 'sweep'}#${from?.requestNo} for ${from?.epoch}${from?.voids === undefined ? '' : ` (${from.voids})`}`,
        )
        .join(', ');
    case 'JudgeAgain':
      return `judge ${message.asked.map(askedText).join(' ')}`;
    case 'RequestsBounced':
      return `bounced ${message.bounced.map(({ routed, reason }) => `${routed.commandNo} ${reason.type}`).join(', ')}`;
    case 'JournalBook':
      return message.replies
        .map(({ reply }) => (reply.type === 'BookMassCanceled' ? reply.fault : ''))
        .join();
    case 'JournalAccount':
      return `${message.done.length} done`;
    case 'Fence':
      return `fence ${message.fenceNo} of ${message.proxy}`;
    default:
      return message.type;
  }
}

function askedText({ request: { cause, gatheredBy } }: JudgeAgain['asked'][number]): string {
  if (cause === undefined) return `sweep of ${gatheredBy?.commandNo}`;
  const { commandNo, isSentAgain, returnCount = 0 } = cause;
  return `${commandNo}${isSentAgain ? '!' : ''}${'<'.repeat(returnCount)}`;
}

describe('the proxy of a book', () => {
  it('sends requests in order under numbers, and counts what is answered', () => {
    const { ask, answer, told, proxy } = open();
    ask(5, 6);
    ask(7);
    expect(told()).to.deep.equal(['book@engine-2: 5#1 for 1, 6#2 for 1', 'book@engine-2: 7#3 for 1']);
    answer([1, 3], [2]);
    answer([1]);
    expect(told()).to.deep.equal(['account 2: bounced 6 NoSuchOrder', 'persistence: 2 done']);
    expect(proxy.keptCount()).to.equal(0);
  });

  it('keeps requests while nobody has the book, within a bound', () => {
    const { ask, goBy, told } = open('nowhere');
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
    const { ask, goBy, tell, wait, proxy, clock } = open('nowhere');
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
    const { ask, goBy, tell, told } = open();
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
    const { ask, answer, goBy, wait, told } = open();
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
    const { ask, goBy, clock, proxy, wait } = open('nowhere');
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
    const { ask, goBy, told } = open({ ...ROUTE, node: 'engine-1' });
    ask(5);
    expect(told()).to.deep.equal([]);
    goBy(ROUTE);
    expect(told()).to.include('book@engine-2: 5#1 for 1');
  });

  it('has every account judge again, after the next owner has the book, what the last one has not answered', () => {
    const { ask, answer, goBy, tell, told } = open();
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
    const { ask, answer, goBy, tell, told } = open();
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
    const { ask, answer, tell, told } = open();
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
    const { ask, tell, told, answer, goBy } = open();
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
    const { ask, answer, tell, told } = open();
    ask(5);
    told();
    tell({ type: 'Fence', userId: 1, fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' });
    expect(told()).to.deep.equal([]);
    answer([1]);
    expect(told()).to.deep.equal(['persistence: 1 done', 'persistence: FenceReached']);
  });

  it('lets it pass though others go on asking', () => {
    const { ask, answer, tell, told } = open();
    ask(5);
    tell({ type: 'Fence', userId: 1, fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' });
    ask(6);
    told();
    answer([1]);
    expect(told()).to.deep.equal(['persistence: 1 done', 'persistence: FenceReached']);
  });

  it('gives back at once, when it is void, what has gone nowhere', () => {
    const { ask, goBy, tell, told, proxy } = open();
    goBy(undefined);
    ask(5);
    tell({ type: 'VoidFence', generation: 1, fenceCount: 1 });
    expect(told()).to.deep.equal(['exchange: BookVoid', 'persistence: VoidFenceReached']);
    expect(proxy.keptCount()).to.equal(0);
  });

  it('is void when all that was sent is answered, and gives back what came after', () => {
    const { ask, answer, tell, told } = open();
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

  describe('of a book that changes hands in order', () => {
    const NEXT: BookRoute = { node: 'engine-3', key: 'e3 3 2', owner: 'e3 3', epoch: 3, linkNo: 2 };
    const LAST_WORD = { type: 'BookHandedOver', epoch: 1, linkNo: 1 } as const;
    const FIRST_WORD = { type: 'BookTakenOver', epoch: 3, linkNo: 2 } as const;

    it('sends on in order, without a word to anybody, what was not done', () => {
      const { ask, answer, goBy, tell, told } = open();
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
      const { ask, tell, told, proxy } = open();
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
      const { ask, goBy, tell, told } = open();
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
      const { goBy, tell, told } = open();
      tell(LAST_WORD);
      goBy(NEXT);
      tell(FIRST_WORD);
      tell({ type: 'BookFenced', fenceNo: 1 });
      expect(told()).to.deep.equal(['book@engine-3: fence 1 of engine-1']);
    });

    it('believes no last words before it knows that it has heard the first', () => {
      const { ask, goBy, tell, told } = open();
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
        const { ask, goBy, tell, told } = open();
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
      const { ask, goBy, tell, told } = open();
      ask(5);
      goBy({ ...ROUTE, key: 'e2 1 3', linkNo: 3 });
      tell({ ...LAST_WORD, linkNo: 3 });
      tell({ type: 'BookFenced', fenceNo: 1 });
      told();
      goBy(NEXT);
      expect(told()).to.deep.equal(['exchange: BookMoved']);
    });

    it('has rows read where a commit of this node was refused', () => {
      const { ask, goBy, tell, told } = open();
      ask(5);
      tell({ type: 'VoidFence', generation: 1, fenceCount: 2 });
      tell(LAST_WORD);
      told();
      goBy(NEXT);
      expect(told().slice(0, 2)).to.deep.equal(['exchange: BookMoved', 'account 1: judge 5!']);
    });

    it('has an account that is about to read its rows judge again what it asked before, in its order', () => {
      const { ask, goBy, tell, told } = open();
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
});

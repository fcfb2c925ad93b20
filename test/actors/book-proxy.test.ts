/** The stand-in for a book on another node: what it sends, keeps, has judged again, and lets pass. */
import { expect } from 'chai';
import { type BookRoute, bookProxy } from '../../src/actors/book-proxy.ts';
import type { Address, BookMessage, BookRequest, Message, RoutedCommand } from '../../src/actors/protocol.ts';
import { silentLog } from '../../src/platform/log.ts';
import { buyOrder } from '../support/member-commands.ts';

const ROUTE: BookRoute = { node: 'engine-2', key: 'e2 1 1', owner: 'e2 1' };

function open() {
  const told: [Address, Message][] = [];
  const state: { route: BookRoute | undefined } = { route: ROUTE };
  const proxy = bookProxy({
    symbol: 'BTC-USD',
    node: 'engine-1',
    tell: (address, message) => told.push([address, message]),
    log: silentLog,
    route: () => state.route,
    accounts: () => [1, 2, 3],
    generation: 0,
    maxKeptRequests: 10,
  });
  const tell = (message: BookMessage): void => void proxy.behavior.receive({}, message);
  return {
    state,
    proxy,
    tell,
    ask: (...commandNos: number[]) => tell({ type: 'BookRequests', requests: commandNos.map(request) }),
    answer: (committed: number[], bounced: number[] = [], returned: number[] = []) =>
      tell({ type: 'BookRequestsAnswered', committed, bounced, returned }),
    goBy(route: BookRoute | undefined) {
      state.route = route;
      tell({ type: 'RoutesChanged' });
    },
    /** What was told since this was asked last, but for BookReady. */
    told: () =>
      told
        .splice(0)
        .map(([to, message]) => `${placeOf(to)}: ${brief(message)}`)
        .filter((line) => !line.includes('BookReady')),
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

function placeOf(to: Address): string {
  if (to.type === 'book') return `book@${to.node}`;
  return to.type === 'account' ? `account ${to.userId}` : to.type;
}

function brief(message: Message): string {
  switch (message.type) {
    case 'BookRequests':
      return message.requests
        .map(({ cause, from }) => `${cause?.commandNo ?? 'sweep'}#${from?.requestNo}`)
        .join(' ');
    case 'JudgeAgain':
      return `judge ${message.commands.map(({ commandNo, isSentAgain, returnCount = 0 }) => `${commandNo}${isSentAgain ? '!' : ''}${'<'.repeat(returnCount)}`).join(' ')}`;
    case 'CommandsCompleted':
      return `${message.count} done`;
    case 'Fence':
      return `fence ${message.fenceNo} of ${message.proxy}`;
    default:
      return message.type;
  }
}

describe('the proxy of a book', () => {
  it('sends requests in order under numbers, and counts what is answered', () => {
    const { ask, answer, told, proxy } = open();
    ask(5, 6);
    ask(7);
    expect(told()).to.deep.equal(['book@engine-2: 5#1 6#2', 'book@engine-2: 7#3']);
    answer([1, 3], [2]);
    answer([1]);
    expect(told()).to.deep.equal(['exchange: 2 done']);
    expect(proxy.keptCount()).to.equal(0);
  });

  it('keeps requests while nobody has the book, within a bound', () => {
    const { ask, goBy, told, state } = open();
    state.route = undefined;
    ask(...Array.from({ length: 10 }, (_, index) => index + 1));
    ask(11);
    expect(told()).to.deep.equal(['account 1: RequestsBounced']);
    goBy(ROUTE);
    expect(told()).to.have.lengthOf(1);
  });

  it('has every account judge again, after the next owner has the book, what the last one has not answered', () => {
    const { ask, answer, goBy, told } = open();
    ask(5, 6, 7);
    answer([1]);
    goBy(undefined);
    ask(9);
    told();
    goBy({ node: 'engine-3', key: 'e3 2 1', owner: 'e3 2' });
    expect(told()).to.deep.equal(['account 1: judge 7! 9', 'account 2: judge 6!', 'account 3: judge ']);
    ask(12);
    expect(told()).to.deep.equal(['book@engine-3: 12#5']);
  });

  it('waits for a fence when only the link is a new one, and believes what is answered before it', () => {
    const { ask, answer, goBy, tell, told } = open();
    ask(5, 6);
    told();
    goBy({ ...ROUTE, key: 'e2 1 2' });
    ask(8);
    expect(told()).to.deep.equal(['book@engine-2: fence 1 of engine-1']);
    answer([1]);
    tell({ type: 'BookFenced', fenceNo: 1 });
    expect(told()).to.deep.equal([
      'exchange: 1 done',
      'account 1: judge ',
      'account 2: judge 6! 8',
      'account 3: judge ',
    ]);
    tell({ type: 'BookFenced', fenceNo: 1 });
    ask(10);
    expect(told()).to.deep.equal(['book@engine-2: 10#4']);
  });

  it('has what a refused commit gave back judged again, marked', () => {
    const { ask, answer, told } = open();
    ask(5);
    told();
    answer([], [], [1]);
    expect(told()).to.deep.equal(['account 1: judge 5!<']);
  });

  it('lets an account pass its fence only when all that was asked before is answered', () => {
    const { ask, answer, tell, told } = open();
    ask(5);
    told();
    tell({ type: 'Fence', userId: 1, fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' });
    expect(told()).to.deep.equal([]);
    answer([1]);
    expect(told()).to.deep.equal(['exchange: 1 done', 'persistence: FenceReached']);
  });

  it('is void when all that was sent is answered, and gives back what came after', () => {
    const { ask, answer, tell, told } = open();
    ask(5);
    told();
    tell({ type: 'VoidFence', generation: 1, fenceCount: 2 });
    ask(7);
    expect(told()).to.deep.equal([]);
    answer([1]);
    expect(told()).to.deep.equal(['exchange: 1 done', 'exchange: BookVoid']);
    tell({ type: 'VoidFence', generation: 1, fenceCount: 2 });
    expect(told()).to.deep.equal(['persistence: VoidFenceReached']);
  });
});

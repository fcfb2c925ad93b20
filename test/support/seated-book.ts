/** The place of a book on an engine of a cluster, as its tests drive it: with a book that does nothing by itself. */
import type { BookActor, BookState } from '../../src/actors/book-actor.ts';
import { bookProxy } from '../../src/actors/book-proxy.ts';
import type { BookRoute } from '../../src/actors/book-proxy-options.ts';
import { bookSeat } from '../../src/actors/book-seat.ts';
import type { Address, BookMessage, BookRequest, Message, RoutedCommand } from '../../src/actors/protocol.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ManualClock } from './manual-clock.ts';
import { buyOrder } from './member-commands.ts';

const ASKER: Address = { type: 'reply', requestId: '1' };
export const OTHER: BookRoute = { node: 'engine-2', key: 'e2 2 1', owner: 'e2 2', epoch: 2, linkNo: 1 };

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

export const ROUTE_WAIT_MS = 1_000;

/** The seat of a book on `engine-1`, which has it from the start where there is an epoch. */
export function openSeat(epoch?: number, maxKeptRequests = 10, firstNo = 0, engines: readonly string[] = []) {
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
    engines: () => engines,
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

export function request(commandNo: number): BookRequest {
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

export function fence(userId: number, proxy?: string): BookMessage {
  const common = { type: 'Fence', userId, fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' } as const;
  return proxy === undefined ? common : { ...common, proxy };
}

export const VOID_FENCE = { type: 'VoidFence', generation: 1, fenceCount: 1 } as const;

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
    case 'BookHandedOver':
    case 'BookTakenOver':
      return `${message.type} ${message.epoch}`;
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

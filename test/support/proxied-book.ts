/** The stand-in for a book on another node, as its tests drive it: what it is told, and what it tells, in short words. */
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
import { ManualClock } from './manual-clock.ts';
import { buyOrder } from './member-commands.ts';

export const WAIT_MS = 1_000;
export const NO_WAY = 'no engine that has BTC-USD can be reached now: try again';
export const ROUTE: BookRoute = { node: 'engine-2', key: 'e2 1 1', owner: 'e2 1', epoch: 1, linkNo: 1 };
/** To another engine, that has it next. */
export const OTHER: BookRoute = { node: 'engine-3', key: 'e3 2 2', owner: 'e3 2', epoch: 2, linkNo: 2 };

/** A proxy on `engine-1` that knows this way to the book. */
export function openProxy(first: BookRoute | 'nowhere' = ROUTE) {
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
export function sweep(commandNo: number): BookMessage {
  return sweepFor(1, commandNo);
}

/** An operator's cancel of all orders in the symbol. */
export function sweepOfSymbol(commandNo: number): BookMessage {
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

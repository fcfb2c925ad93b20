/**
 * The stand-in for a book that lives on another node: what accounts of this node ask of it goes over the link in order and
 * under a number, and is kept until it is answered. When its owner changes, or the link is a new one, nobody guesses: once
 * rows say everything, the accounts are loaded again and judge again what the rows do not have.
 */
import type { UserId } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import type { Log } from '../platform/log.ts';
import type { Behavior } from './actor-system.ts';
import { rejectionsOf } from './book-answers.ts';
import { BookOutput } from './book-output.ts';
import type {
  BookMessage,
  BookRequest,
  BookRequestsAnswered,
  Fence,
  RoutedCommand,
  Tell,
  VoidFence,
} from './protocol.ts';
import { type CrashPolicy, restartFresh } from './supervision.ts';

/** A way to the book. */
export interface BookRoute {
  readonly node: string;
  /** Another one with every new link as well. */
  readonly key: string;
  /** The owner's life and epoch: with another one, what the rows have is all that the owner before has done. */
  readonly owner: string;
}

export interface BookProxyOptions {
  readonly symbol: string;
  /** The name of this node. */
  readonly node: string;
  readonly tell: Tell;
  readonly log: Log;
  /** Undefined while nobody has the book who can be reached. */
  readonly route: () => BookRoute | undefined;
  /** Members whose accounts live here. */
  readonly accounts: () => Iterable<UserId>;
  /** The book has answered it to the session itself. */
  readonly onAnswered?: (routed: RoutedCommand) => void;
  /** Of the state from which entries come. */
  readonly generation: number;
  /** Requests without an answer. */
  readonly maxKeptRequests: number;
}

interface Kept {
  readonly request: BookRequest;
  isSent: boolean;
}

/** A commit of this node was refused for good: nothing goes on before all that was sent is answered. */
interface Voiding {
  readonly fence: VoidFence;
  fencesSeen: number;
  isTold: boolean;
  readonly unanswered: BookRequest[];
}

type ProxyState = Record<never, never>;

const GONE = 'the engine went away: look whether it was done, and ask again';

export interface BookProxy {
  readonly behavior: Behavior<ProxyState, BookMessage>;
  readonly policy: CrashPolicy<BookMessage>;
  /** Requests without an answer. */
  readonly keptCount: () => number;
}

export function bookProxy(options: BookProxyOptions): BookProxy {
  const { symbol, node, tell, log, route: findRoute } = options;
  const output = new BookOutput(symbol, tell, options.generation);
  const kept = new Map<number, Kept>();
  let lastRequestNo = 0;
  let lastFenceNo = 0;
  let current: BookRoute | undefined;
  /** The fence that is on its way over a new link to the same owner. */
  let fencing: number | undefined;
  const waitingFences: Fence[] = [];
  let voiding: Voiding | undefined;

  function receive(state: ProxyState, message: BookMessage): ProxyState {
    switch (message.type) {
      case 'BookRequests':
        take(message.requests);
        break;
      case 'BookRequestsAnswered':
        onAnswered(message);
        break;
      case 'BookFenced':
        if (message.fenceNo !== fencing) break;
        fencing = undefined;
        giveBack();
        break;
      case 'RoutesChanged':
        break;
      case 'Fence':
        waitingFences.push(message);
        break;
      case 'VoidFence':
        onVoidFence(message);
        break;
      case 'ExpireDue':
      case 'BookLoaded':
      case 'BookOrdersLoaded':
      case 'BookLoadFailed':
      case 'HaltBook':
      case 'ContinueBook':
      case 'ResumeBook':
        // Of a book that lives here.
        break;
      default:
        assertNever(message);
    }
    go();
    return state;
  }

  function take(requests: readonly BookRequest[]): void {
    if (voiding !== undefined) {
      voiding.unanswered.push(...requests);
    } else if (kept.size + requests.length > options.maxKeptRequests) {
      output.bounce(requests, {
        type: 'BookUnavailable',
        text: `the engine of ${symbol} is busy: try again`,
      });
    } else {
      for (const request of requests) keep(request);
    }
  }

  function keep(request: BookRequest): void {
    lastRequestNo += 1;
    kept.set(lastRequestNo, { request, isSent: false });
  }

  function onAnswered({ committed, bounced, returned }: BookRequestsAnswered): void {
    let completedCount = 0;
    for (const requestNo of committed) {
      const cause = remove(requestNo)?.request.cause;
      if (cause === undefined) continue;
      completedCount += 1;
      options.onAnswered?.(cause);
    }
    for (const requestNo of bounced) remove(requestNo);
    if (completedCount > 0) {
      tell({ type: 'exchange' }, { type: 'CommandsCompleted', count: completedCount, lastPrices: [] });
    }
    const again = returned.flatMap((requestNo) => remove(requestNo) ?? []);
    for (const { request } of again) if (request.cause === undefined) refuse(request);
    judgeAgain(again, (routed) => ({ ...routed, returnCount: (routed.returnCount ?? 0) + 1 }));
  }

  function remove(requestNo: number): Kept | undefined {
    const one = kept.get(requestNo);
    kept.delete(requestNo);
    return one;
  }

  /** Whatever can be done now. */
  function go(): void {
    const found = findRoute();
    if (found !== undefined && found.key !== current?.key) changeRoute(found);
    if (found !== undefined && fencing === undefined) send(found);
    if (kept.size > 0) return;
    for (const fence of waitingFences.splice(0)) output.passFence(fence);
    if (voiding !== undefined && !voiding.isTold) {
      voiding.isTold = true;
      tell({ type: 'exchange' }, { type: 'BookVoid', symbol, generation: voiding.fence.generation });
    }
  }

  function changeRoute(found: BookRoute): void {
    const before = current;
    current = found;
    if (before === undefined) {
      tell({ type: 'exchange' }, { type: 'BookReady', symbol, lastPrice: undefined });
    } else if (before.owner === found.owner) {
      // What is on its way inside the owner's node has to reach the rows before they are read.
      lastFenceNo += 1;
      fencing = lastFenceNo;
      const fence = {
        type: 'Fence',
        userId: 0,
        fenceNo: fencing,
        bookCount: 1,
        tradingDay: '',
        proxy: node,
      } as const;
      tell({ type: 'book', symbol, node: found.node }, fence);
    } else {
      fencing = undefined;
      giveBack();
    }
  }

  function send(to: BookRoute): void {
    const requests: BookRequest[] = [];
    for (const [requestNo, one] of kept) {
      if (one.isSent) continue;
      one.isSent = true;
      requests.push({ ...one.request, from: { node, requestNo } });
    }
    if (requests.length > 0)
      tell({ type: 'book', symbol, node: to.node }, { type: 'BookRequests', requests });
  }

  /** Rows have all that the book has done until now: every account that has something here reads them. */
  function giveBack(): void {
    const all = [...kept.values()];
    kept.clear();
    log.info('requests to a book are judged again', { symbol, count: all.length });
    judgeAgain(all, (routed) => routed, options.accounts());
    for (const { request } of all) {
      if (request.cause !== undefined) continue;
      // A mass cancel does no harm when it is done again.
      if (request.amendmentNo === undefined) keep(request);
      else refuse(request);
    }
  }

  /** Of what the venue itself asked for: who waits is told. */
  function refuse(request: BookRequest): void {
    for (const { to, reply } of rejectionsOf(request, symbol, GONE)) tell(to, reply);
  }

  /** Tells the accounts of these, and others that may have missed something. */
  function judgeAgain(
    requests: readonly Kept[],
    change: (routed: RoutedCommand) => RoutedCommand,
    others: Iterable<UserId> = [],
  ): void {
    const byUser = new Map<UserId, RoutedCommand[]>();
    for (const userId of others) byUser.set(userId, []);
    for (const { request, isSent } of requests) {
      const { cause } = request;
      if (cause === undefined) continue;
      const commands = byUser.get(cause.userId) ?? [];
      commands.push(change(isSent ? { ...cause, isSentAgain: true } : cause));
      byUser.set(cause.userId, commands);
    }
    for (const [userId, commands] of byUser) {
      tell({ type: 'account', userId }, { type: 'JudgeAgain', symbol, commands });
    }
  }

  function onVoidFence(fence: VoidFence): void {
    const { generation, fenceCount } = fence;
    if (generation <= output.generation) return;
    voiding ??= { fence, fencesSeen: 0, isTold: false, unanswered: [] };
    voiding.fencesSeen += 1;
    if (voiding.fencesSeen < fenceCount) return;
    const { unanswered } = voiding;
    voiding = undefined;
    output.generation = generation;
    tell({ type: 'persistence' }, { type: 'VoidFenceReached', generation, symbol, unanswered });
  }

  return {
    behavior: { initial: () => ({}), receive },
    policy: restartFresh(),
    keptCount: () => kept.size,
  };
}

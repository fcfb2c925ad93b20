/**
 * The stand-in for a book that lives on another node: what accounts of this node ask of it goes over the link in order and
 * under a number, and is kept until it is answered; what has gone nowhere in time is given back. An owner that hands the book
 * over in order leaves the rest to the next one. Otherwise, when the owner changes or the link is a new one, nobody guesses:
 * once rows say everything, the accounts are loaded again and judge again what the rows do not have.
 */
import { assertNever } from '../platform/assert.ts';
import type { CancelTimer } from '../platform/clock.ts';
import type { Behavior } from './actor-system.ts';
import { rejectionsOf } from './book-answers.ts';
import { BookOutput } from './book-output.ts';
import type { BookProxyOptions, BookRoute } from './book-proxy-options.ts';
import { epochOfNextOwner, Handover } from './handover.ts';
import { askerOf, JudgingAgain } from './judging-again.ts';
import { askedBefore, KeptRequests } from './kept-requests.ts';
import type {
  BookFenced,
  BookHandedOver,
  BookMessage,
  BookRequest,
  BookRequestsAnswered,
  Fence,
  RoutedCommand,
  VoidFence,
} from './protocol.ts';
import { endedElsewhere, sweepEnded } from './redo.ts';
import { KnownVoids, returnedOnceMore } from './returned-requests.ts';
import { type CrashPolicy, restartFresh } from './supervision.ts';

/** An account's fence, and the last request that had come before it. */
interface WaitingFence {
  readonly fence: Fence;
  readonly behindNo: number;
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
  /** Of the state from which entries come. */
  readonly generation: () => number;
  /** A refused commit has made the node's state void, and this has not seen all fences. */
  readonly isVoiding: () => boolean;
  /**
   * The book comes to this node, under this epoch. Where nothing can have been missed, since nobody else has had the book or
   * who had it has handed it over in order, requests are for that book; otherwise rows tell what was done, and accounts
   * judge again. Returns what the book is to be given.
   */
  leave(epoch: number, isNothingSent: boolean): readonly BookMessage[];
}

export function bookProxy(options: BookProxyOptions): BookProxy {
  const { symbol, node, tell, clock, log, numbers = { lastRequestNo: 0, lastFenceNo: 0 } } = options;
  const { again = new JudgingAgain(symbol, tell) } = options;
  const output = new BookOutput(symbol, tell, options.generation);
  const kept = new KeptRequests(clock, numbers);
  let current: BookRoute | undefined;
  const known = new KnownVoids();
  const handover = new Handover(options.leftEpoch);
  /** The fence that is on its way over a new link to the same owner. */
  let fencing: number | undefined;
  /** The one that will come behind the first word of an owner to whom the book was handed over in order. */
  let probing: number | undefined;
  const waitingFences: WaitingFence[] = [];
  let voiding: Voiding | undefined;
  /** Runs only while something waits that has gone nowhere, and there is no way. */
  let wake: CancelTimer | undefined;

  function receive(state: ProxyState, message: BookMessage): ProxyState {
    switch (message.type) {
      case 'BookRequests':
        take(again.filter(message.requests));
        break;
      case 'BookRequestsAnswered':
        onAnswered(message);
        break;
      case 'BookFenced':
        onFenced(message);
        break;
      case 'BookHandedOver':
        onHandedOver(message);
        break;
      case 'BookTakenOver':
        handover.taken(message);
        break;
      case 'RoutesChanged':
        giveUpWaiting();
        break;
      case 'Fence':
        again.onFence(message);
        waitingFences.push({ fence: message, behindNo: numbers.lastRequestNo });
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
      case 'BookTaken':
      case 'BookLeaving':
      case 'BookGone':
        // Of a book that lives here, or of its seat.
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
    } else if (kept.count + requests.length > options.maxKeptRequests) {
      output.bounce(requests, {
        type: 'BookUnavailable',
        text: `the engine of ${symbol} is busy: try again`,
      });
    } else {
      for (const request of requests) kept.keep(request);
    }
  }

  function onAnswered({ committed, bounced, returned, voids }: BookRequestsAnswered): void {
    if (voids !== undefined && voids.epoch === current?.epoch) known.learn(voids, numbers.lastRequestNo);
    const ended: RoutedCommand[] = [];
    for (const requestNo of committed) {
      const request = kept.remove(requestNo)?.request;
      if (request?.cause !== undefined) ended.push(request.cause);
      else if (request !== undefined) tell({ type: 'persistence' }, sweepEnded({ symbol, request }));
    }
    for (const { requestNo, reason } of bounced) {
      const request = kept.remove(requestNo)?.request;
      if (request !== undefined) output.bounce([request], reason);
    }
    const [first] = ended;
    // Their sessions hear of it from here as well: the other node's word may be lost with a link of its own.
    if (first !== undefined) {
      tell({ type: 'persistence' }, { ...endedElsewhere(first.userId, ended), done: ended });
    }
    const given = returned.flatMap(({ requestNo, isSuspect }) => {
      const request = askedBefore(kept.remove(requestNo));
      if (request === undefined) return [];
      return isSuspect ? returnedOnceMore(request) : request;
    });
    for (const request of given) if (askerOf(request) === undefined) refuse(request);
    const askers = new Set(given.map(askerOf));
    askers.delete(undefined);
    // What they have asked since stays behind it.
    again.judge([...given, ...kept.takeUnsent(({ request }) => askers.has(askerOf(request)))]);
  }

  /** Who has had the book will do nothing more: what it has not answered goes to the next owner, in the same order. */
  function onHandedOver(message: BookHandedOver): void {
    const isSure = fencing === undefined && !isProbing() && voiding === undefined;
    if (!isSure || !handover.isWhole(message, current)) return;
    handover.left(message.epoch);
    again.complete(epochOfNextOwner(message.epoch));
    const all = kept.takeAll().map(({ request }) => request);
    // Accounts that are about to read their rows may have to judge again what these came after.
    const reading = new Set(waitingFences.map(({ fence }) => fence.userId));
    const isEarly = (request: BookRequest): boolean => {
      const asker = askerOf(request);
      return asker !== undefined && reading.has(asker);
    };
    again.judge(all.filter(isEarly));
    for (const request of again.filter(all.filter((one) => !isEarly(one)))) kept.keep(request);
    for (const { fence } of waitingFences.splice(0)) output.passFence(fence);
  }

  function onFenced({ fenceNo }: BookFenced): void {
    if (fenceNo === fencing) {
      fencing = undefined;
      giveBack();
    } else if (fenceNo === probing && current !== undefined) {
      if (isProbing()) again.moved(current.epoch);
      probing = undefined;
    }
  }

  /** Whether it is not known yet that all that the owner has said has come. */
  function isProbing(): boolean {
    return probing !== undefined && current !== undefined && !handover.isKnownFromStart(current);
  }

  /** Whatever can be done now. */
  function go(): void {
    const found = findRoute();
    if (found !== undefined && found.key !== current?.key) changeRoute(found);
    if (found !== undefined && fencing === undefined) send(found);
    passFences();
    if (kept.count === 0) tellVoid();
    wakeInTime(found);
  }

  /** What has waited for long enough for a way that there still is not. */
  function giveUpWaiting(): void {
    if (findRoute() !== undefined) return;
    const until = clock.now() - options.routeWaitMs;
    const expired = kept.takeUnsent(({ since }) => since <= until);
    if (expired.length === 0) return;
    log.info('requests to a book have found no way', { symbol, count: expired.length });
    const text = `no engine that has ${symbol} can be reached now: try again`;
    output.bounce(expired, { type: 'BookUnavailable', text });
  }

  function wakeInTime(found: BookRoute | undefined): void {
    if (found !== undefined || kept.count === 0) {
      stopWaiting();
      return;
    }
    if (wake !== undefined) return;
    const oldest = kept.firstUnsent?.since;
    if (oldest === undefined) return;
    wake = clock.after(Math.max(0, oldest + options.routeWaitMs - clock.now()), () => {
      wake = undefined;
      tell({ type: 'book', symbol }, { type: 'RoutesChanged' });
    });
  }

  function stopWaiting(): void {
    wake?.();
    wake = undefined;
  }

  /** Nothing comes back from here any more. */
  function tellVoid(): void {
    if (voiding === undefined || voiding.isTold) return;
    voiding.isTold = true;
    tell({ type: 'exchange' }, { type: 'BookVoid', symbol, generation: voiding.fence.generation });
  }

  function findRoute(): BookRoute | undefined {
    const found = options.route();
    // The book has left that node, or this one, and the view does not say so yet.
    return found === undefined || found.node === node || handover.isOver(found.epoch) ? undefined : found;
  }

  /** Those with no unanswered request before them. */
  function passFences(): void {
    const [oldestNo] = kept.oldest ?? [Number.POSITIVE_INFINITY];
    while (waitingFences[0] !== undefined && waitingFences[0].behindNo < oldestNo) {
      const [{ fence }] = waitingFences.splice(0, 1) as [WaitingFence];
      output.passFence(fence);
    }
  }

  function changeRoute(found: BookRoute): void {
    const before = current;
    current = found;
    if (before?.owner !== found.owner) known.forget();
    probing = undefined;
    const isHandedOver = handover.isNext(found.epoch);
    handover.forget();
    if (isHandedOver) {
      if (!handover.isKnownFromStart(found)) probing = sendFence(found, { epoch: found.epoch });
    } else if (before === undefined) {
      // Until now nobody could tell the accounts here what this owner has done.
      again.moved(found.epoch);
    } else if (before.owner === found.owner) {
      // What is on its way inside the owner's node has to reach the rows before they are read.
      fencing = sendFence(found);
    } else {
      fencing = undefined;
      giveBack();
    }
  }

  function sendFence(to: BookRoute, when: Pick<Fence, 'epoch'> = {}): number {
    numbers.lastFenceNo += 1;
    const fenceNo = numbers.lastFenceNo;
    const fence = {
      type: 'Fence',
      userId: 0,
      fenceNo,
      bookCount: 1,
      tradingDay: '',
      proxy: node,
      ...when,
    } as const;
    tell({ type: 'book', symbol, node: to.node }, fence);
    return fenceNo;
  }

  function send(to: BookRoute): void {
    const [oldestNo = 0, oldest] = kept.oldest ?? [];
    if (oldest?.isSent && known.isBefore(oldestNo)) return;
    const { epoch } = to;
    const requests = kept.send().map(([requestNo, request]) => ({
      ...request,
      from: { node, requestNo, epoch, ...known.voids },
    }));
    if (requests.length > 0)
      tell({ type: 'book', symbol, node: to.node }, { type: 'BookRequests', requests });
  }

  /** Rows have all that the book has done until now: every account that has something here reads them. */
  function giveBack(): void {
    for (const request of judgeAll(current?.epoch ?? 0)) keepOrVoid(request);
  }

  /** Returns what no account can judge, and does no harm when it is done again; the rest of that is refused. */
  function judgeAll(epoch: number): readonly BookRequest[] {
    const all = kept.takeAll().flatMap((one) => askedBefore(one) ?? []);
    if (all.length > 0) log.info('requests to a book are judged again', { symbol, count: all.length });
    again.moved(epoch);
    again.judge(all);
    const nobodys = all.filter((request) => askerOf(request) === undefined);
    for (const request of nobodys) if (request.amendmentNo !== undefined) refuse(request);
    return nobodys.filter(({ amendmentNo }) => amendmentNo === undefined);
  }

  function keepOrVoid(request: BookRequest): void {
    if (voiding === undefined) kept.keep(request);
    else voiding.unanswered.push(request);
  }

  /** Of what the venue itself asked for: who waits is told. */
  function refuse(request: BookRequest): void {
    for (const { to, reply } of rejectionsOf(request, symbol, GONE)) tell(to, reply);
  }

  function onVoidFence(fence: VoidFence): void {
    const { generation, fenceCount } = fence;
    if (generation <= output.generation) return;
    // What has gone nowhere was judged by a state that is void now.
    voiding ??= { fence, fencesSeen: 0, isTold: false, unanswered: kept.takeUnsent() };
    voiding.fencesSeen += 1;
    if (voiding.fencesSeen < fenceCount) return;
    tellVoid();
    const { unanswered } = voiding;
    voiding = undefined;
    output.generation = generation;
    tell({ type: 'persistence' }, { type: 'VoidFenceReached', generation, symbol, unanswered });
  }

  function leave(epoch: number, isNothingSent: boolean): readonly BookMessage[] {
    const isWhole = isNothingSent || handover.isNext(epoch);
    const requests = isWhole ? kept.takeUnsent() : judgeAll(epoch);
    if (isWhole) again.complete(epoch);
    current = undefined;
    fencing = undefined;
    stopWaiting();
    if (voiding !== undefined) {
      voiding.unanswered.push(...requests);
      go();
      return [];
    }
    const fences = waitingFences.splice(0).map(({ fence }) => fence);
    return requests.length === 0 ? fences : [{ type: 'BookRequests', requests }, ...fences];
  }

  return {
    behavior: { initial: () => ({}), receive },
    policy: restartFresh(),
    keptCount: () => kept.count,
    generation: () => output.generation,
    isVoiding: () => voiding !== undefined,
    leave,
  };
}

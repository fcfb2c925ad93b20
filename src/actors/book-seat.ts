/**
 * The place of a symbol's book on an engine of a cluster: one actor with one mailbox, in which the book itself sits while
 * this node has it, and its proxy while another has, so that whoever asks for the book never needs to know. What is kept
 * here outlives a crash of whoever sits in it, and no move loses or doubles what is in the mailbox.
 *
 * | place     | sits there | requests of accounts here | requests of other nodes, by the epoch that they are for    |
 * |-----------|------------|---------------------------|------------------------------------------------------------|
 * | Elsewhere | the proxy  | go to the owner           | later than all that were ours: kept; else dropped          |
 * | Taking    | the proxy  | wait for the end of a redo| for the epoch that is taken, or later: kept; else dropped  |
 * | Here      | the book   | go to the book            | ours: to the book; later: kept; else dropped               |
 * | Leaving   | the book   | kept                      | ours or later: kept; else dropped                          |
 * | Left      | the proxy  | kept by it, sent to nobody| ours or later: kept; else dropped                          |
 *
 * BookTaken: Elsewhere, Left → Here (by way of Taking where a redo is under way), Leaving → Here. BookLeaving: Here →
 * Leaving, and Left as soon as the book is quiet. BookGone: Left → Elsewhere.
 */
import { assertNever } from '../platform/assert.ts';
import type { Behavior } from './actor-system.ts';
import type { BookActor, BookState } from './book-actor.ts';
import { BookOutput } from './book-output.ts';
import type { BookProxy } from './book-proxy.ts';
import type { ProxyNumbers } from './book-proxy-options.ts';
import type { BookSeatOptions } from './book-seat-options.ts';
import { epochOfNextOwner } from './handover.ts';
import { HeldRequests } from './held-requests.ts';
import { JudgingAgain } from './judging-again.ts';
import type {
  Address,
  BookHandedOver,
  BookMessage,
  BookRequest,
  BookRequests,
  BookTakenOver,
  Fence,
} from './protocol.ts';
import { takeCurrent } from './returned-requests.ts';
import type { Crash, CrashPolicy, Decision } from './supervision.ts';

export interface BookSeat {
  readonly behavior: Behavior<SeatState, BookMessage>;
  readonly policy: CrashPolicy<BookMessage>;
  /** Pieces of work that wait. */
  readonly stashed: () => number;
}

/** Of the book that sits there: begun anew after a crash. */
type SeatState = { readonly book: BookState | undefined };

interface Seated {
  readonly actor: BookActor;
  readonly epoch: number;
  /** Of the state with which the book began. */
  readonly firstGeneration: number;
}

type Place =
  | { readonly type: 'Elsewhere'; readonly proxy: BookProxy }
  | {
      readonly type: 'Taking';
      readonly proxy: BookProxy;
      readonly epoch: number;
      /** What the proxy has for the book. */
      readonly kept: BookMessage[];
    }
  | ({ readonly type: 'Here' } & Seated)
  | ({
      readonly type: 'Leaving';
      /** Of accounts here, and what would keep the book from being quiet. */
      readonly kept: BookMessage[];
      keptCount: number;
      replyTo: Address;
    } & Seated)
  | { readonly type: 'Left'; readonly proxy: BookProxy; readonly epoch: number };

type PlaceOf<Type extends Place['type']> = Extract<Place, { readonly type: Type }>;

const REDOING = 'commands run again after a refused commit';

export function bookSeat(options: BookSeatOptions): BookSeat {
  const { symbol, tell, log, maxKeptRequests, firstNo = 0 } = options;
  const self: Address = { type: 'book', symbol };
  const again = new JudgingAgain(symbol, tell, options.moves);
  const numbers: ProxyNumbers = { lastRequestNo: firstNo, lastFenceNo: firstNo };
  const loads = { lastNo: 0 };
  const fromOthers = new HeldRequests();
  /** What whoever sits there is to be given before anything else. */
  const feed: BookMessage[] = [];
  /** The last under which this node has had the book. */
  let lastEpoch = options.epoch ?? 0;
  let place: Place = firstPlace(options.epoch);

  function firstPlace(epoch: number | undefined): Place {
    const { generation } = options;
    if (epoch === undefined) return { type: 'Elsewhere', proxy: newProxy(generation) };
    again.complete(epoch);
    return here(generation, epoch);
  }

  function newProxy(generation: number, leftEpoch?: number): BookProxy {
    const route = () => (place.type === 'Elsewhere' ? options.route() : undefined);
    return options.makeProxy({ generation, numbers, again, leftEpoch, route });
  }

  function here(firstGeneration: number, epoch: number): PlaceOf<'Here'> {
    const actor = options.makeBook({ generation: firstGeneration, loads });
    return { type: 'Here', actor, epoch, firstGeneration };
  }

  function initial(): SeatState {
    return { book: 'actor' in place ? place.actor.behavior.initial() : undefined };
  }

  function receive(state: SeatState, message: BookMessage): SeatState {
    // After a crash some of it may be left.
    const before = giveFeed(state);
    switch (message.type) {
      case 'BookTaken':
        onTaken(message.epoch);
        break;
      case 'BookLeaving':
        onLeaving(before, message.replyTo);
        break;
      case 'BookGone':
        onGone();
        break;
      case 'BookRequests':
        onRequests(message);
        break;
      case 'Fence':
        onFence(message);
        break;
      default:
        onOther(message);
    }
    return goOn(before);
  }

  // ---- Who sits there -------------------------------------------------------------------------------------

  function give(...messages: readonly BookMessage[]): void {
    feed.push(...messages);
  }

  /** Message by message: what makes the book crash is in its own hands by then, and what follows it is still here. */
  function giveFeed(state: SeatState): SeatState {
    let { book } = state;
    for (let message = feed.shift(); message !== undefined; message = feed.shift()) {
      if (!('actor' in place)) place.proxy.behavior.receive({}, message);
      else book = place.actor.behavior.receive(book ?? place.actor.behavior.initial(), message);
    }
    return { book };
  }

  /** Gives what there is to give, and moves when nothing is in the way any more. */
  function goOn(before: SeatState): SeatState {
    const state = giveFeed(before);
    if (place.type === 'Taking' && !place.proxy.isVoiding()) return goOn(sitDown(place));
    if (place.type === 'Leaving' && state.book !== undefined && place.actor.isQuiet(state.book)) {
      standUp(place);
      return goOn({ book: undefined });
    }
    return state;
  }

  function sitDown({ proxy, epoch, kept }: PlaceOf<'Taking'>): SeatState {
    place = here(proxy.generation(), epoch);
    give(...kept);
    giveFromOthers(place);
    log.info('book taken', { symbol, epoch });
    return { book: place.actor.behavior.initial() };
  }

  function standUp({ actor, epoch, kept, replyTo }: PlaceOf<'Leaving'>): void {
    tell({ type: 'persistence' }, { type: 'StopBookLoad', symbol });
    place = { type: 'Left', epoch, proxy: newProxy(actor.generation(), epoch) };
    give(...kept);
    passFencesOfOthers(epoch);
    drained(replyTo);
  }

  function drained(replyTo: Address): void {
    tell({ type: 'persistence' }, { type: 'AwaitCommits', to: replyTo, message: { type: 'Drained' } });
  }

  /** The book stays, and goes on with what was kept. */
  function stay(leaving: PlaceOf<'Leaving'>, why: string): void {
    const { kept, keptCount: _, replyTo, ...seated } = leaving;
    tell(replyTo, { type: 'CommandRejected', text: why });
    place = { ...seated, type: 'Here' };
    give(...kept);
    giveFromOthers(place);
  }

  // ---- Moves ----------------------------------------------------------------------------------------------

  function onTaken(epoch: number): void {
    switch (place.type) {
      case 'Elsewhere':
        if (epoch > lastEpoch) take(place.proxy, epoch, false);
        else unexpected('BookTaken', epoch);
        return;
      case 'Left':
        // Under the same epoch it was not released: nobody else has had it since.
        if (epoch >= lastEpoch) take(place.proxy, epoch, epoch === place.epoch);
        else unexpected('BookTaken', epoch);
        return;
      case 'Leaving':
        if (epoch === place.epoch) stay(place, 'the book was not given up');
        else unexpected('BookTaken', epoch);
        return;
      case 'Here':
      case 'Taking':
        if (epoch !== place.epoch) unexpected('BookTaken', epoch);
        return;
      default:
        assertNever(place);
    }
  }

  function take(proxy: BookProxy, epoch: number, isNothingSent: boolean): void {
    if (epoch !== lastEpoch) tellEngines({ type: 'BookTakenOver', epoch });
    lastEpoch = epoch;
    const kept: BookMessage[] = [];
    place = { type: 'Taking', proxy, epoch, kept };
    kept.push(...proxy.leave(epoch, isNothingSent));
  }

  function onLeaving({ book }: SeatState, replyTo: Address): void {
    switch (place.type) {
      case 'Elsewhere':
      case 'Left':
        drained(replyTo);
        return;
      case 'Here':
        if (book?.phase === 'void') reject(replyTo);
        else place = { ...place, type: 'Leaving', kept: [], keptCount: 0, replyTo };
        return;
      case 'Leaving':
        place.replyTo = replyTo;
        return;
      case 'Taking':
        reject(replyTo);
        return;
      default:
        assertNever(place);
    }
  }

  function reject(replyTo: Address): void {
    tell(replyTo, { type: 'CommandRejected', text: REDOING });
  }

  function onGone(): void {
    if (place.type === 'Left') {
      const { epoch, proxy } = place;
      place = { type: 'Elsewhere', proxy };
      again.complete(epochOfNextOwner(epoch));
      tellEngines({ type: 'BookHandedOver', epoch });
      passFencesOfOthers(epoch + 1);
      give({ type: 'RoutesChanged' });
      log.info('book gone', { symbol, epoch });
    } else if (place.type !== 'Elsewhere') unexpected('BookGone', place.epoch);
  }

  function tellEngines(message: BookHandedOver | BookTakenOver): void {
    for (const node of options.engines?.() ?? []) tell({ type: 'book', symbol, node }, message);
  }

  function unexpected(type: BookMessage['type'], epoch: number): void {
    log.error('the seat of a book was told what cannot be', { symbol, type, epoch, place: place.type });
  }

  // ---- Messages -------------------------------------------------------------------------------------------

  function onRequests({ requests }: BookRequests): void {
    const ofOthers = requests.filter(({ from }) => from !== undefined);
    if (ofOthers.length > 0) onRequestsOfOthers(ofOthers);
    onOwnRequests(ofOthers.length === 0 ? requests : requests.filter(({ from }) => from === undefined));
  }

  function onOwnRequests(all: readonly BookRequest[]): void {
    if (!('actor' in place)) {
      if (all.length > 0) give({ type: 'BookRequests', requests: all });
      return;
    }
    const requests = again.filter(all);
    if (requests.length === 0) return;
    if (place.type === 'Here') give({ type: 'BookRequests', requests });
    else if (place.keptCount + requests.length > maxKeptRequests) bounce(requests);
    else {
      place.kept.push({ type: 'BookRequests', requests });
      place.keptCount += requests.length;
    }
  }

  function onRequestsOfOthers(all: readonly BookRequest[]): void {
    const earliest = earliestEpoch();
    const epochOf = ({ from }: BookRequest): number => from?.epoch ?? 0;
    const isNow = (request: BookRequest): boolean => place.type === 'Here' && epochOf(request) === earliest;
    const later = all.filter((request) => !isNow(request) && epochOf(request) >= earliest);
    if (place.type === 'Here') giveCurrent(place, all.filter(isNow));
    if (later.length === 0) return;
    if (fromOthers.count + later.length <= maxKeptRequests) {
      fromOthers.push({ type: 'BookRequests', requests: later });
    } else bounce(later);
  }

  function giveFromOthers(seated: Seated): void {
    for (const message of fromOthers.take(seated.epoch, true)) {
      if (message.type === 'Fence') give(message);
      else giveCurrent(seated, message.requests);
    }
  }

  /** What was asked before all was taken back may be behind that: it is given back too, so that all keeps its order. */
  function giveCurrent({ actor, epoch, ...first }: Seated, all: readonly BookRequest[]): void {
    const voids = { epoch, count: actor.generation() - first.firstGeneration };
    const requests = takeCurrent(all, symbol, voids, tell);
    if (requests.length > 0) give({ type: 'BookRequests', requests });
  }

  /** Requests for those before it are dropped: their proxies know, or will, that it is over. */
  function earliestEpoch(): number {
    return place.type === 'Elsewhere' ? lastEpoch + 1 : place.epoch;
  }

  function bounce(requests: readonly BookRequest[]): void {
    const text = `${symbol} is moving to another engine: try again`;
    output().bounce(requests, { type: 'BookUnavailable', text });
  }

  function output(): BookOutput {
    return new BookOutput(symbol, tell, ('actor' in place ? place.actor : place.proxy).generation());
  }

  function onFence(fence: Fence): void {
    if (fence.proxy !== undefined) {
      fromOthers.push(fence);
      if (place.type === 'Here') giveFromOthers(place);
      else if (place.type !== 'Leaving') passFencesOfOthers(earliestEpoch());
      return;
    }
    if ('actor' in place) again.onFence(fence);
    if (place.type === 'Leaving') place.kept.push(fence);
    else give(fence);
  }

  /** Where no book sits rows have all that came before them. `epoch`: the earliest for which requests are kept. */
  function passFencesOfOthers(epoch: number): void {
    for (const message of fromOthers.take(epoch, false)) {
      if (message.type === 'Fence') output().passFence(message);
    }
  }

  function onOther(message: BookMessage): void {
    if (place.type !== 'Leaving') {
      give(message);
      return;
    }
    switch (message.type) {
      case 'VoidFence':
        if (message.generation > place.actor.generation()) stay(place, REDOING);
        give(message);
        return;
      case 'ExpireDue':
        // Whoever has the book next does it.
        return;
      case 'ResumeBook':
        place.kept.push(message);
        return;
      default:
        give(message);
    }
  }

  /** That of whoever sits there. What was to be given him is given when the next message comes, which is this one. */
  function policy(crash: Crash<BookMessage>): Decision {
    if (feed.length > 0 || place.type === 'Leaving') tell(self, { type: 'RoutesChanged' });
    return 'actor' in place ? place.actor.policy(crash) : place.proxy.policy(crash);
  }

  function stashed(): number {
    const kept = 'kept' in place ? place.kept.length : 0;
    return fromOthers.count + kept + ('actor' in place ? place.actor.stashed() : place.proxy.keptCount());
  }

  return { behavior: { initial, receive }, policy, stashed };
}

/**
 * What an account's actor works on, piece by piece, and what one piece comes to. A piece whose handling throws
 * leaves nothing behind: its outbox is sent only when all of it went well.
 */
import type { Report } from '../matching/execution-report.ts';
import type { OrderCommand } from '../matching/order-commands.ts';
import type { OrderId } from '../matching/types.ts';
import { assert, assertNever } from '../platform/assert.ts';
import type {
  AccountCommands,
  AnsweredMassCancel,
  AskedRequest,
  BookedTransfer,
  BookRequest,
  CommandsRefused,
  JournalAccount,
  Refusal,
  RefuseCommand,
  RequestsBounced,
  RoutedCommand,
  WaitingReply,
} from './protocol.ts';

/** A part of a mass cancel for which a book is asked once more: what it is to find there may have been asked for anew. */
export interface SweepAgain extends AskedRequest {
  readonly type: 'SweepAgain';
  /** What was asked of the same book after it. */
  readonly later: readonly RoutedCommand[];
}

/** Work that keeps its place while the account is loaded. */
export type Work = AccountCommands | RequestsBounced | RefuseCommand | SweepAgain;

/** What one piece of work came to. */
export interface Outbox {
  readonly toBooks: Map<string, BookRequest[]>;
  readonly refusals: Refusal[];
  readonly massCancels: AnsweredMassCancel[];
  readonly answers: Report[];
  readonly transfers: BookedTransfer[];
  readonly done: RoutedCommand[];
  readonly replies: WaitingReply[];
  /** By ClOrdID (11): an earlier request with it is on its way. */
  readonly waitForRequest: (readonly [string, RoutedCommand])[];
  /** By OrderID (37): its end is not committed yet. */
  readonly waitForOrder: (readonly [OrderId, RoutedCommand])[];
  /** What the order was has to be read; `text` for whoever asks when it has no row. */
  readonly recalls: { readonly orderId: OrderId; readonly routed: RoutedCommand; readonly text: string }[];
  /** Mass cancels (q) with the symbols whose books are asked. */
  readonly gather: (readonly [RoutedCommand, readonly string[]])[];
  /** By session: how many of `answers` are of mass status requests (AF). */
  readonly statusReports: Map<string, number>;
  /** What cannot be answered by a report. */
  readonly turnedAway: TurnedAway[];
}

/** A request that is told only that nothing of it was done, and why. */
export interface TurnedAway {
  readonly routed: RoutedCommand;
  readonly refusal: CommandsRefused['refusal'];
  readonly text: string;
}

export function newOutbox(): Outbox {
  return {
    toBooks: new Map(),
    refusals: [],
    massCancels: [],
    answers: [],
    transfers: [],
    done: [],
    replies: [],
    waitForRequest: [],
    waitForOrder: [],
    recalls: [],
    gather: [],
    statusReports: new Map(),
    turnedAway: [],
  };
}

/** What an account with this state has to be written, or told when that is. */
export function journalOf(
  from: Pick<JournalAccount, 'userId' | 'shard' | 'generation' | 'lastSeq'>,
  { refusals, massCancels, answers, transfers, done, replies }: Outbox,
): JournalAccount {
  return { type: 'JournalAccount', ...from, refusals, massCancels, answers, transfers, done, replies };
}

/** Adds a request to those for the book of `symbol`. */
export function putForBook(outbox: Outbox, symbol: string, request: BookRequest): void {
  const requests = outbox.toBooks.get(symbol);
  if (requests === undefined) outbox.toBooks.set(symbol, [request]);
  else requests.push(request);
}

/** The member's request (D, F or G) of a command that came back from a book. Asserts that it is one. */
export function orderCommand(routed: RoutedCommand): OrderCommand {
  const { command } = routed;
  assert(
    command.type === 'NewOrderSingle' ||
      command.type === 'OrderCancelRequest' ||
      command.type === 'OrderCancelReplaceRequest',
    'a book gives back what a member sent',
  );
  return command;
}

/** The commands that a piece of work is about. */
export function commandsOf(work: Work): RoutedCommand[] {
  switch (work.type) {
    case 'AccountCommands':
      return [...work.commands];
    case 'RequestsBounced':
      return work.bounced.map(({ routed }) => routed);
    case 'RefuseCommand':
      return [work.routed];
    case 'SweepAgain':
      return [];
    default:
      return assertNever(work);
  }
}

/** The parts of mass cancels among the pieces. */
export function sweepsOf(pieces: readonly Work[]): readonly SweepAgain[] {
  return pieces.filter((piece) => piece.type === 'SweepAgain');
}

/** What has been asked of a book as work, in the same order. */
export function workAgain(asked: readonly AskedRequest[]): readonly Work[] {
  const pieces: Work[] = [];
  let commands: RoutedCommand[] | undefined;
  for (const [index, one] of asked.entries()) {
    const { cause } = one.request;
    if (cause === undefined) {
      const later = asked.slice(index + 1).flatMap(({ request }) => request.cause ?? []);
      pieces.push({ type: 'SweepAgain', ...one, later });
      commands = undefined;
    } else if (commands === undefined) {
      commands = [cause];
      pieces.push({ type: 'AccountCommands', commands });
    } else commands.push(cause);
  }
  return pieces;
}

/** What waits with work in it that has been here before: ahead of all that came after it. */
export function inOrder(waiting: readonly Work[], pieces: readonly Work[]): readonly Work[] {
  const [first] = pieces;
  if (first === undefined) return waiting;
  const firstNo = arrivalOf(first);
  const later = waiting.findIndex((piece) => arrivalOf(piece) > firstNo);
  const place = later < 0 ? waiting.length : later;
  return [...waiting.slice(0, place), ...pieces, ...waiting.slice(place)];
}

/** The number with which the first command of it came to the exchange. */
function arrivalOf(work: Work): number {
  if (work.type === 'SweepAgain') return work.request.gatheredBy?.commandNo ?? 0;
  return commandsOf(work)[0]?.commandNo ?? 0;
}

/** Takes a piece apart for a second run, one command each. */
export function splitWork(work: Work): Work[] {
  switch (work.type) {
    case 'AccountCommands':
      return work.commands.map((routed) => ({ ...work, commands: [routed] }));
    case 'RequestsBounced':
      return work.bounced.map((one) => ({ ...work, bounced: [one] }));
    case 'RefuseCommand':
    case 'SweepAgain':
      return [work];
    default:
      return assertNever(work);
  }
}

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
  BookedTransfer,
  BookRequest,
  CommandsRefused,
  Refusal,
  RefuseCommand,
  RequestsBounced,
  RoutedCommand,
  WaitingReply,
} from './protocol.ts';

/** Work that keeps its place while the account is loaded. */
export type Work = AccountCommands | RequestsBounced | RefuseCommand;

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
    gather: [],
    statusReports: new Map(),
    turnedAway: [],
  };
}

/** Adds a request to those for the book of `symbol`. */
export function putForBook(outbox: Outbox, symbol: string, request: BookRequest): void {
  const requests = outbox.toBooks.get(symbol);
  if (requests === undefined) outbox.toBooks.set(symbol, [request]);
  else requests.push(request);
}

/** Commands that wait, by what they wait for, in order of arrival. */
export type WaitingCommands<Key> = Map<Key, RoutedCommand[]>;

export function addWaiting<Key>(waiting: WaitingCommands<Key>, key: Key, routed: RoutedCommand): void {
  const commands = waiting.get(key);
  if (commands === undefined) waiting.set(key, [routed]);
  else commands.push(routed);
}

/** Takes what waits for `key` out; empty when nothing does. */
export function takeWaiting<Key>(waiting: WaitingCommands<Key>, key: Key): RoutedCommand[] {
  const commands = waiting.get(key) ?? [];
  waiting.delete(key);
  return commands;
}

/** Takes everything out. */
export function takeAllWaiting<Key>(waiting: WaitingCommands<Key>): RoutedCommand[] {
  const commands = [...waiting.values()].flat();
  waiting.clear();
  return commands;
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
    default:
      return assertNever(work);
  }
}

/** Takes a piece apart for a second run, one command each. */
export function splitWork(work: Work): Work[] {
  switch (work.type) {
    case 'AccountCommands':
      return work.commands.map((routed) => ({ ...work, commands: [routed] }));
    case 'RequestsBounced':
      return work.bounced.map((one) => ({ ...work, bounced: [one] }));
    case 'RefuseCommand':
      return [work];
    default:
      return assertNever(work);
  }
}

/**
 * What leaves a book: entries of the journal, requests that go back to their accounts, and fences that pass through it.
 */

import { rejectionsOf } from './book-answers.ts';
import type { BookRun, MatchingBook } from './book-run.ts';
import type { BookRequest, BouncedRequest, BounceReason, Fence, RequestsBounced, Tell } from './protocol.ts';

/** The outgoing side of one book's actor. */
export class BookOutput {
  /** Of the state from which entries come: higher after each lasting commit failure. */
  generation: number;
  readonly #symbol: string;
  readonly #tell: Tell;

  constructor(symbol: string, tell: Tell, generation: number) {
    this.#symbol = symbol;
    this.#tell = tell;
    this.generation = generation;
  }

  journal(
    { lastSeq }: Pick<MatchingBook, 'lastSeq'>,
    epoch: number,
    { events, done, replies, partOf }: Omit<BookRun, 'bounced'>,
  ): void {
    const [symbol, generation] = [this.#symbol, this.generation];
    const entry = { type: 'JournalBook', symbol, epoch, generation, lastSeq, events, done, replies } as const;
    this.#tell({ type: 'persistence' }, partOf === undefined ? entry : { ...entry, partOf });
  }

  /**
   * Gives requests back to their accounts, or, in their turn behind what is journaled, to another node; what the venue
   * itself asked for is done with, and the operator told.
   */
  bounce(requests: readonly BookRequest[], reason: BounceReason): void {
    const byUser = new Map<number, RequestsBounced['bounced'][number][]>();
    const dropped: BookRequest[] = [];
    const fromElsewhere: BouncedRequest[] = [];
    for (const request of requests) {
      const { cause } = request;
      if (cause === undefined) dropped.push(request);
      else if (request.from !== undefined) fromElsewhere.push({ request, reason });
      else {
        const ofUser = byUser.get(cause.userId) ?? [];
        ofUser.push({ routed: cause, reason });
        byUser.set(cause.userId, ofUser);
      }
    }
    for (const [userId, bounced] of byUser) {
      this.#tell({ type: 'account', userId }, { type: 'RequestsBounced', bounced });
    }
    if (fromElsewhere.length > 0) this.#journalBounced(fromElsewhere);
    if (dropped.length > 0) this.#journalDropped(dropped, reason);
  }

  passFence(fence: Fence): void {
    this.#tell({ type: 'persistence' }, { type: 'FenceReached', fence, symbol: this.#symbol });
  }

  #journalBounced(bounced: readonly BouncedRequest[]): void {
    const [symbol, generation] = [this.#symbol, this.generation];
    const nothing = { epoch: 0, lastSeq: 0, events: [], done: [], replies: [] };
    this.#tell({ type: 'persistence' }, { type: 'JournalBook', symbol, generation, ...nothing, bounced });
  }

  /** Nothing happened, but somebody may wait for these requests: they take the road of all answers. */
  #journalDropped(requests: readonly BookRequest[], reason: BounceReason): void {
    const text = 'text' in reason ? reason.text : 'an order has closed meanwhile: try again';
    const replies = requests.flatMap((request) => rejectionsOf(request, this.#symbol, text));
    this.journal({ lastSeq: 0 }, 0, { events: [], done: [...requests], replies });
  }
}

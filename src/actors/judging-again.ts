/**
 * The accounts of this node that judge again what they have asked of one book, since nobody else can say what was done of
 * it. Until such an account has heard of it, it goes on asking by what it knew before: that is judged again too, and so
 * stays behind what it came after.
 */
import type { UserId } from '../matching/types.ts';
import { Moves } from './moves.ts';
import type { AskedRequest, BookRequest, Fence, Tell } from './protocol.ts';

/** Tells accounts, and knows which of them have not heard of it. */
export class JudgingAgain {
  readonly #symbol: string;
  readonly #tell: Tell;
  readonly #moves: Moves;
  /** Accounts whose next fence is to come: what arrives before it was asked before. */
  readonly #unaware = new Set<UserId>();

  /** `moves` is shared by all symbols of the node. */
  constructor(symbol: string, tell: Tell, moves = new Moves()) {
    this.#symbol = symbol;
    this.#tell = tell;
    this.#moves = moves;
  }

  /**
   * The book is under this epoch, and rows have all that it has done until now; any account may have missed some of it, and
   * will be told.
   */
  moved(epoch: number): void {
    const moveNo = this.#moves.missed(this.#symbol, epoch);
    this.#tell({ type: 'exchange' }, { type: 'BookMoved', symbol: this.#symbol, moveNo });
  }

  /** All that was done under epochs before this one has come: nobody needs to be told. */
  complete(epoch: number): void {
    this.#moves.complete(this.#symbol, epoch);
  }

  /** The accounts of these requests, which must all be of accounts here, are told at once. */
  judge(requests: readonly BookRequest[]): void {
    const byUser = new Map<UserId, AskedRequest[]>();
    for (const request of requests) {
      const userId = askerOf(request);
      if (userId === undefined) continue;
      const asked = { symbol: this.#symbol, request };
      const ofUser = byUser.get(userId);
      if (ofUser === undefined) byUser.set(userId, [asked]);
      else ofUser.push(asked);
    }
    for (const [userId, asked] of byUser) {
      this.#unaware.add(userId);
      const lastMoveNo = this.#moves.lastNo;
      this.#tell({ type: 'account', userId }, { type: 'JudgeAgain', moved: NOTHING, lastMoveNo, asked });
    }
  }

  /** An account that loads has sent a fence: what comes behind it will be asked by what the rows say. */
  onFence({ userId, proxy }: Fence): void {
    if (proxy === undefined) this.#unaware.delete(userId);
  }

  /** Those of the requests that were asked by what is true; the others are judged again. */
  filter(requests: readonly BookRequest[]): readonly BookRequest[] {
    if (this.#unaware.size === 0) return requests;
    const isEarly = (request: BookRequest): boolean => {
      const userId = askerOf(request);
      return userId !== undefined && this.#unaware.has(userId);
    };
    this.judge(requests.filter(isEarly));
    return requests.filter((request) => !isEarly(request));
  }
}

const NOTHING: ReadonlyMap<string, number> = new Map();

/** The account of this node that has asked for it, by a command or for its part of a mass cancel. */
export function askerOf({ cause, gatheredBy, from }: BookRequest): UserId | undefined {
  return from === undefined ? (cause?.userId ?? gatheredBy?.userId) : undefined;
}

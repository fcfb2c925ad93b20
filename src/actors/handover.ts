/**
 * How a book changes hands in order, as one node hears of it: who gives it up says so behind all else that it has to say of
 * it, and who takes it says so before all else, each to every engine to which it has a link. Who has heard both, by links
 * that are the same as before and since, has missed nothing. Whoever hears less reads rows.
 */
import type { BookRoute } from './book-proxy-options.ts';
import type { BookHandedOver, BookTakenOver } from './protocol.ts';

/** The epoch of who takes a book that was under this one: the release has raised it, and so has the claim. */
export function epochOfNextOwner(epoch: number): number {
  return epoch + 2;
}

/** What a stand-in has heard. */
export class Handover {
  #leftEpoch: number | undefined;
  #taken: BookTakenOver | undefined;

  /** `leftEpoch`: under which the book was on this very node until now. */
  constructor(leftEpoch: number | undefined) {
    this.#leftEpoch = leftEpoch;
  }

  /** Whether the owner's last word came by the link by which all before it have come. */
  isWhole({ epoch, linkNo }: BookHandedOver, route: BookRoute | undefined): boolean {
    return route !== undefined && epoch === route.epoch && linkNo === route.linkNo;
  }

  /** All that was done under this epoch is known here. */
  left(epoch: number): void {
    this.#leftEpoch = epoch;
  }

  /** The next owner's first word. */
  taken(message: BookTakenOver): void {
    this.#taken = message;
  }

  /** Whether the book has left who had it under this epoch: views hear of it later. */
  isOver(epoch: number): boolean {
    return this.#leftEpoch !== undefined && epoch <= this.#leftEpoch;
  }

  /** Whether nobody else can have had the book between the owner whose last word is known and the one of this epoch. */
  isNext(epoch: number): boolean {
    return this.#leftEpoch !== undefined && epoch === epochOfNextOwner(this.#leftEpoch);
  }

  /** Whether all that this owner has said will have come by this link. */
  isKnownFromStart({ epoch, linkNo }: BookRoute): boolean {
    return this.#taken?.epoch === epoch && this.#taken.linkNo === linkNo;
  }

  /** There is another owner than the one whose last word was heard. */
  forget(): void {
    this.#leftEpoch = undefined;
  }
}

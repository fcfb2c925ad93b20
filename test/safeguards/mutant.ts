/**
 * A mutant: the venue without one of its safeguards, and the test that must then fail. A safeguard of which no test
 * would notice that it is gone is a hope.
 */

/** The promises that the venue makes, by number, as docs/RELIABILITY.md has them. */
export const PROMISES = {
  1: 'One book per symbol, ever',
  2: 'An acknowledgement is durable, and so is a refusal',
  3: 'Money is exact',
  4: 'Nobody trades what they do not have',
  5: '`kill -9` at any instant loses nothing acknowledged and invents nothing',
  6: 'A fill reaches its owner',
  7: 'Overload is answered, not suffered',
  8: 'A crash of one actor is its own affair',
} as const;

export type PromiseNo = keyof typeof PROMISES;

export interface Mutant {
  /** Names it for `--only`. */
  readonly name: string;
  readonly promise: PromiseNo;
  /** What stands guard, in words. */
  readonly safeguard: string;
  /** What the edit takes away, in words. */
  readonly removed: string;
  /** Path from the root of the tree. */
  readonly file: string;
  /** Text that occurs exactly once in the file. */
  readonly anchor: string;
  /** What takes its place. */
  readonly replacement: string;
  readonly test: {
    /** Path from the root of the tree. */
    readonly file: string;
    /** The end of the test's full title: one test, or the same one in each FIX version. */
    readonly title: string;
  };
}

/**
 * The text of the mutant's file without the safeguard.
 *
 * @throws when the anchor is not there exactly once: the source has changed, and the mutant must follow it.
 */
export function withoutSafeguard(mutant: Mutant, text: string): string {
  const count = text.split(mutant.anchor).length - 1;
  if (count !== 1) {
    throw new Error(`mutant ${mutant.name}: its anchor is ${count} times in ${mutant.file}, not once`);
  }
  return text.replace(mutant.anchor, () => mutant.replacement);
}

/**
 * Which tags messages have, in their order. A member's engine sends the same few layouts again and again, so what
 * follows from a layout alone is found out once: where a tag stands, and whether the message may look like that.
 */

/** Messages with more fields have no layout. */
const MAX_FIELDS = 64;
/** How many layouts are kept; others take their place. A power of two. */
const LAYOUT_COUNT = 256;
/** Tags below it are found without a search: nearly all that are asked for. */
const DIRECT_TAG_LIMIT = 1024;

/** The tags of a message without repeating them for each. The same object for messages of the same tags. */
export class FieldLayout {
  /** Place among the layouts that are kept, from 0. */
  readonly no: number;
  /** Tag of each field. */
  readonly tags: Int32Array;
  /** For a tag below the limit, the number of its first field or -1. */
  readonly #places: Int8Array;

  /** Only {@link layoutOf} makes one. */
  constructor(no: number, tags: Int32Array) {
    this.no = no;
    this.tags = tags;
    this.#places = new Int8Array(DIRECT_TAG_LIMIT).fill(-1);
    for (const [place, tag] of tags.entries()) {
      if (tag < DIRECT_TAG_LIMIT && this.#places[tag] === -1) this.#places[tag] = place;
    }
  }

  /** Number of the first field with the tag, from 0; -1 when there is none. */
  placeOf(tag: number): number {
    return tag < DIRECT_TAG_LIMIT ? this.#places[tag]! : this.tags.indexOf(tag);
  }
}

const layouts: (FieldLayout | undefined)[] = new Array(LAYOUT_COUNT).fill(undefined);
/** For a place, the hash of the layout that was seen there last and is not kept. */
const candidates = new Int32Array(LAYOUT_COUNT);

/**
 * The layout of the tags that stand at every `stride`th number of `numbers` from `from` up to `to`; `hash` is made of
 * them. Undefined when it is new: it is kept from the second time on, so that a stream of ever different messages
 * makes none. Tag 0 has no layout.
 */
export function layoutOf(
  hash: number,
  numbers: Int32Array,
  from: number,
  to: number,
  stride: number,
): FieldLayout | undefined {
  const no = (hash ^ (hash >>> 8)) & (LAYOUT_COUNT - 1);
  const kept = layouts[no];
  if (kept !== undefined && isLayout(kept, numbers, from, to, stride)) return kept;
  if (candidates[no] !== hash || (to - from) / stride > MAX_FIELDS) {
    candidates[no] = hash;
    return undefined;
  }
  const tags = Int32Array.from({ length: (to - from) / stride }, (_, i) => numbers[from + i * stride]!);
  if (tags.includes(0)) return undefined;
  const layout = new FieldLayout(no, tags);
  layouts[no] = layout;
  return layout;
}

function isLayout(
  { tags }: FieldLayout,
  numbers: Int32Array,
  from: number,
  to: number,
  stride: number,
): boolean {
  if (tags.length * stride !== to - from) return false;
  let at = from;
  for (let i = 0; i < tags.length; i += 1) {
    if (numbers[at] !== tags[i]) return false;
    at += stride;
  }
  return true;
}

/** What somebody has found out about each layout, once. */
export class PerLayout<T> {
  readonly #layouts: (FieldLayout | undefined)[] = new Array(LAYOUT_COUNT).fill(undefined);
  readonly #values: (T | undefined)[] = new Array(LAYOUT_COUNT).fill(undefined);

  get(layout: FieldLayout): T | undefined {
    return this.#layouts[layout.no] === layout ? this.#values[layout.no] : undefined;
  }

  set(layout: FieldLayout, value: T): void {
    this.#layouts[layout.no] = layout;
    this.#values[layout.no] = value;
  }
}

/**
 * The levels of a price ladder in order: a red-black tree in typed arrays whose levels are also linked to their
 * neighbours. It is apart from src/matching/price-ladder.ts because it knows nothing of orders.
 *
 * A new price is found in at most 2 × log2(levels + 1) steps, whatever prices members choose and in whatever order
 * they come and go; the next price is a link away; and a level is taken out where it is, without a search. A skip list
 * is slower (figures in src/matching/price-ladder.ts) and needs luck that nobody can foresee: where the towers come from
 * a known sequence, a member who cancels the high ones makes it a plain list.
 */

const FIRST_CAPACITY = 8;
/**
 * Columns of a ladder without levels, which has only level 0, and which nobody writes to. Most ladders of a venue have
 * never had an order: they share these.
 */
export const EMPTY_INTS = new Int32Array(1);
export const EMPTY_FLOATS = new Float64Array(1);
const EMPTY_CHILDREN = new Int32Array(2);
const EMPTY_BYTES = new Uint8Array(1);
const LEFT = 0;
const RIGHT = 1;

/** Levels are positive integers, reused when they are free; 0 is none. They ascend by rank, which is never 0. */
export class LevelTree {
  /** The rank of a level; 0 of one that is free. */
  ranks = EMPTY_FLOATS;
  /** The level after a level, 0 after the last; of a free one, the next free one. */
  next = EMPTY_INTS;
  /** The first level; 0 when there is none. */
  first = 0;
  #previous = EMPTY_INTS;
  /** By 2 × level and side. */
  #children = EMPTY_CHILDREN;
  /** The parent of 0, which has none, is what the last change left there. */
  #parents = EMPTY_INTS;
  #isRed = EMPTY_BYTES;
  #root = 0;
  #unused = 1;
  #free = 0;

  /** Levels below this number may exist. */
  get capacity(): number {
    return this.ranks.length;
  }

  /** The level of this rank, which is made if there is none. */
  locate(rank: number): number {
    const ranks = this.ranks;
    const children = this.#children;
    let parent = 0;
    let side = LEFT;
    let level = this.#root;
    while (level !== 0) {
      const found = ranks[level]!;
      if (found === rank) return level;
      parent = level;
      side = found < rank ? RIGHT : LEFT;
      level = children[2 * level + side]!;
    }
    return this.#insert(rank, parent, side);
  }

  /** Takes a level out. */
  remove(level: number): void {
    const { next } = this;
    const previous = this.#previous;
    const follower = next[level]!;
    const leader = previous[level]!;
    if (leader === 0) this.first = follower;
    else next[leader] = follower;
    previous[follower] = leader;

    const children = this.#children;
    const left = children[2 * level]!;
    const right = children[2 * level + RIGHT]!;
    if (left === 0 || right === 0) {
      this.#putInPlace(level, left === 0 ? right : left);
      if (this.#isRed[level] === 0) this.#repairRemoval(left === 0 ? right : left, this.#parents[level]!);
    } else this.#removeInner(level, follower, left, right);

    // A price that is remembered elsewhere with this level no longer fits.
    this.ranks[level] = 0;
    next[level] = this.#free;
    this.#free = level;
  }

  /** Levels on the longest way from the root: what a search takes at worst. Reads the whole tree. */
  height(): number {
    const below = (level: number): number =>
      level === 0
        ? 0
        : 1 + Math.max(below(this.#children[2 * level]!), below(this.#children[2 * level + RIGHT]!));
    return below(this.#root);
  }

  #insert(rank: number, parent: number, side: number): number {
    const level = this.#allocate();
    this.ranks[level] = rank;
    this.#children[2 * level] = 0;
    this.#children[2 * level + RIGHT] = 0;
    this.#parents[level] = parent;
    this.#isRed[level] = 1;
    if (parent === 0) this.#root = level;
    else this.#children[2 * parent + side] = level;

    const leader = side === RIGHT ? parent : this.#previous[parent]!;
    const follower = side === RIGHT ? this.next[parent]! : parent;
    this.#previous[level] = leader;
    this.next[level] = follower;
    if (leader === 0) this.first = level;
    else this.next[leader] = level;
    this.#previous[follower] = level;
    this.#repairInsertion(level);
    return level;
  }

  /** A level with two children is replaced by its follower, which has no left child. */
  #removeInner(level: number, heir: number, left: number, right: number): void {
    const children = this.#children;
    const parents = this.#parents;
    const orphan = children[2 * heir + RIGHT]!;
    const wasRed = this.#isRed[heir];
    let parent = heir;
    if (parents[heir] !== level) {
      parent = parents[heir]!;
      this.#putInPlace(heir, orphan);
      children[2 * heir + RIGHT] = right;
      parents[right] = heir;
    }
    this.#putInPlace(level, heir);
    children[2 * heir] = left;
    parents[left] = heir;
    this.#isRed[heir] = this.#isRed[level]!;
    if (wasRed === 0) this.#repairRemoval(orphan, parent);
  }

  // What makes the tree balanced: no red level has a red parent, and all ways down pass as many black levels.

  #repairInsertion(inserted: number): void {
    const children = this.#children;
    const parents = this.#parents;
    const isRed = this.#isRed;
    let level = inserted;
    let parent = parents[level]!;
    while (parent !== 0 && isRed[parent] === 1) {
      const grandparent = parents[parent]!;
      const side = children[2 * grandparent] === parent ? LEFT : RIGHT;
      const uncle = children[2 * grandparent + 1 - side]!;
      if (isRed[uncle] === 1) {
        isRed[parent] = 0;
        isRed[uncle] = 0;
        isRed[grandparent] = 1;
        level = grandparent;
      } else {
        if (children[2 * parent + 1 - side] === level) {
          this.#rotate(parent, side);
          level = parent;
          parent = parents[level]!;
        }
        isRed[parent] = 0;
        isRed[grandparent] = 1;
        this.#rotate(grandparent, 1 - side);
      }
      parent = parents[level]!;
    }
    isRed[this.#root] = 0;
  }

  /** `shortened`, which may be 0, is a child of `parentOf` below which one black level is missing. */
  #repairRemoval(shortened: number, parentOf: number): void {
    const children = this.#children;
    const isRed = this.#isRed;
    let level = shortened;
    let parent = parentOf;
    while (level !== this.#root && isRed[level] === 0) {
      const side = children[2 * parent] === level ? LEFT : RIGHT;
      let sibling = children[2 * parent + 1 - side]!;
      if (isRed[sibling] === 1) {
        isRed[sibling] = 0;
        isRed[parent] = 1;
        this.#rotate(parent, side);
        sibling = children[2 * parent + 1 - side]!;
      }
      const near = children[2 * sibling + side]!;
      const far = children[2 * sibling + 1 - side]!;
      if (isRed[near] === 0 && isRed[far] === 0) {
        isRed[sibling] = 1;
        level = parent;
        parent = this.#parents[level]!;
        continue;
      }
      if (isRed[far] === 0) {
        isRed[near] = 0;
        isRed[sibling] = 1;
        this.#rotate(sibling, 1 - side);
        sibling = near;
      }
      isRed[sibling] = isRed[parent]!;
      isRed[parent] = 0;
      isRed[children[2 * sibling + 1 - side]!] = 0;
      this.#rotate(parent, side);
      level = this.#root;
    }
    isRed[level] = 0;
  }

  /** Moves a level down to `side`; its child of the other side takes its place. */
  #rotate(level: number, side: number): void {
    const children = this.#children;
    const risen = children[2 * level + 1 - side]!;
    const moved = children[2 * risen + side]!;
    children[2 * level + 1 - side] = moved;
    if (moved !== 0) this.#parents[moved] = level;
    this.#putInPlace(level, risen);
    children[2 * risen + side] = level;
    this.#parents[level] = risen;
  }

  /** Hangs another level, or none, where `level` hangs. */
  #putInPlace(level: number, other: number): void {
    const children = this.#children;
    const parent = this.#parents[level]!;
    if (parent === 0) this.#root = other;
    else children[2 * parent + (children[2 * parent] === level ? LEFT : RIGHT)] = other;
    this.#parents[other] = parent;
  }

  #allocate(): number {
    const level = this.#free;
    if (level !== 0) {
      this.#free = this.next[level]!;
      return level;
    }
    if (this.#unused === this.capacity) this.#grow();
    this.#unused += 1;
    return this.#unused - 1;
  }

  #grow(): void {
    const capacity = Math.max(FIRST_CAPACITY, this.capacity * 2);
    this.ranks = grown(this.ranks, new Float64Array(capacity));
    this.next = grown(this.next, new Int32Array(capacity));
    this.#previous = grown(this.#previous, new Int32Array(capacity));
    this.#children = grown(this.#children, new Int32Array(capacity * 2));
    this.#parents = grown(this.#parents, new Int32Array(capacity));
    this.#isRed = grown(this.#isRed, new Uint8Array(capacity));
  }
}

/** A larger column with the same beginning. */
export function grown<T extends Float64Array | Int32Array | Uint8Array>(from: T, into: T): T {
  into.set(from);
  return into;
}

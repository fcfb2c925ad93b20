/** Promise 1: what keeps every symbol at one book, on one node. */
import type { Mutant } from '../mutant.ts';

const SPAWNING = 'src/actors/spawning.ts';
const SPAWNING_TEST = 'test/actors/spawning.test.ts';
const COMMIT_GUARD = 'src/persistence/commit-guard.ts';
const SEVERAL_WRITERS = 'test/persistence/several-writers.test.ts';
const TAKEN_BOOK = {
  file: 'test/persistence/commit.test.ts',
  title: 'writes nothing for a book that another node has taken',
};

export const OWNERSHIP: readonly Mutant[] = [
  {
    name: 'second-book',
    promise: 1,
    safeguard: 'the exchange looks a symbol’s book up before it spawns one',
    removed: 'the look-up',
    file: SPAWNING,
    anchor: "if (system.isAlive({ type: 'book', symbol })) return;",
    replacement: '',
    test: { file: SPAWNING_TEST, title: 'makes one book of a symbol, and the other one of another' },
  },
  {
    name: 'second-account',
    promise: 1,
    safeguard: 'the exchange looks a member’s account up before it spawns one',
    removed: 'the look-up',
    file: SPAWNING,
    anchor: 'if (this.#accounts.has(userId)) return;',
    replacement: '',
    test: { file: SPAWNING_TEST, title: 'makes one account of a member, and the other one of another' },
  },
  {
    name: 'address-taken-twice',
    promise: 1,
    safeguard: 'an address belongs to one actor',
    removed: 'the assertion',
    file: 'src/actors/actor-system.ts',
    anchor: 'assert(!registry.has(name),',
    replacement: 'assert(true,',
    test: { file: 'test/actors/actor-system.test.ts', title: 'asserts that an address is taken only once' },
  },
  {
    name: 'epoch-in-guard',
    promise: 1,
    safeguard: 'epoch check: each commit looks for its books under its own epochs',
    removed: 'the epoch in the guard',
    file: COMMIT_GUARD,
    anchor: 'and w.epoch = b.epoch order by',
    replacement: 'order by',
    test: TAKEN_BOOK,
  },
  {
    name: 'epoch-verdict',
    promise: 1,
    safeguard: 'epoch check: a commit that misses a book is refused',
    removed: 'the count of the books that were found',
    file: COMMIT_GUARD,
    anchor: '`when (select count(*) from ',
    replacement: '`when false and (select count(*) from ',
    test: TAKEN_BOOK,
  },
  {
    name: 'epoch-of-shard',
    promise: 1,
    safeguard: 'epoch check: each commit looks for the accounts that it holds for under their epochs',
    removed: 'the epoch of the shard in the guard',
    file: COMMIT_GUARD,
    anchor: 'and w.epoch = s.epoch order by s.shard',
    replacement: 'order by s.shard',
    test: {
      file: SEVERAL_WRITERS,
      title: 'write nothing of a batch of which anything is lost, and say all that is',
    },
  },
  {
    name: 'lock-of-shard',
    promise: 1,
    safeguard: 'an account changes its owner when what was written under the last epoch is in',
    removed: 'the lock on the shard in the guard',
    file: COMMIT_GUARD,
    anchor: 'order by s.shard for share of s',
    replacement: 'order by s.shard',
    test: {
      file: SEVERAL_WRITERS,
      title: 'keep the next owner of a shard waiting until what they write under its epoch is in',
    },
  },
  {
    name: 'life-of-writer',
    promise: 1,
    safeguard: 'an earlier life of a node writes nothing in the place of the later one',
    removed: 'the life in the guard',
    file: COMMIT_GUARD,
    anchor: "where incarnation is not distinct from nullif($6, '')::bigint ",
    replacement: "where ($6 = '' or true) ",
    test: {
      file: SEVERAL_WRITERS,
      title:
        'let no earlier life of a node write in the place of its next one, nor take its commits for its own',
    },
  },
  {
    name: 'epoch-of-owner',
    promise: 1,
    safeguard: 'epoch check: whoever loads a book begins a new epoch',
    removed: 'the step to the next epoch',
    file: 'src/persistence/loads.ts',
    anchor: 'epoch = epoch + 1',
    replacement: 'epoch = epoch',
    test: TAKEN_BOOK,
  },
  {
    name: 'not-owner',
    promise: 1,
    safeguard: 'a node whose books were taken stops',
    removed: 'the stop at NotOwner',
    file: 'src/actors/persistence.ts',
    anchor: 'options.onOwnershipLost(outcome.symbols, outcome.shards);',
    replacement: '',
    test: {
      file: 'test/actors/durability.test.ts',
      title: 'stops when another node owns one of its books',
    },
  },
  {
    name: 'engine-lock',
    promise: 1,
    safeguard: 'engine lock: one node trades on a database',
    removed: 'the look at the answer of Postgres',
    file: 'src/persistence/engine-lock.ts',
    anchor: 'rows[0]?.locked === true',
    replacement: 'rows.length === 1',
    test: {
      file: 'test/persistence/engine-lock.test.ts',
      title: 'is held by one node, and the other learns by which',
    },
  },
];

/** Promise 5: what makes a venue that was killed come back with all that it acknowledged, once. */
import type { Mutant } from '../mutant.ts';

const COMMIT_TEST = 'test/persistence/commit.test.ts';
const LOADS = 'src/persistence/loads.ts';

export const RECOVERY: readonly Mutant[] = [
  {
    name: 'cl-ord-id',
    promise: 5,
    safeguard: 'idempotency: a ClOrdID is used once',
    removed: 'the look at those that were used',
    file: 'src/accounts/judge-new.ts',
    anchor: 'if (known !== undefined) return judgeKnown(',
    replacement: 'if (known === -1) return judgeKnown(',
    test: {
      file: 'test/actors/trading.test.ts',
      title: 'refuses a ClOrdID that was used before, on an order, a cancel and a replace',
    },
  },
  {
    name: 'cl-ord-ids-over-a-restart',
    promise: 5,
    safeguard: 'idempotency: used ClOrdIDs come back from rows',
    removed: 'those of requests, when an account is loaded',
    file: 'src/accounts/account.ts',
    anchor: 'for (const used of rows.clOrdIds) state.clOrdIds.restore(used);',
    replacement: '',
    test: {
      file: 'test/actors/durability.test.ts',
      title: 'comes back from its rows with the same books, holds and ClOrdIDs',
    },
  },
  {
    name: 'cl-ord-id-rows',
    promise: 5,
    safeguard: 'idempotency: the rows of requests are read with their account',
    removed: 'the ids that the rows tell',
    file: LOADS,
    anchor: 'return [...known.values()];',
    replacement: 'return [];',
    test: {
      file: COMMIT_TEST,
      title: 'gives an account back with what it owns, its orders and its ClOrdIDs',
    },
  },
  {
    name: 'poss-resend',
    promise: 5,
    safeguard: 'idempotency: a repeat (43 or 97) is told the state of its order',
    removed: 'the distinction: it is refused as a duplicate',
    file: 'src/accounts/judge-new.ts',
    anchor: 'if (command.mayBeRepeat) {',
    replacement: 'if (known < NO_ORDER) {',
    test: {
      file: 'test/accounts/account.test.ts',
      title: 'marked as repeats are answered with the state of the order, open or closed',
    },
  },
  {
    name: 'poss-resend-flag',
    promise: 5,
    safeguard: 'idempotency: PossResend (97) marks a repeat',
    removed: 'the look at 97',
    file: 'src/fix/order-requests.ts',
    anchor: " || message.get(TAG.PossResend) === 'Y'",
    replacement: '',
    test: {
      file: 'test/fix/order-requests.test.ts',
      title: 'may be a repeat when its header says 97=Y',
    },
  },
  {
    name: 'transfer-id',
    promise: 5,
    safeguard: 'idempotency: a transfer’s id is unique in the database too',
    removed: 'the constraint',
    file: 'migrations/Migration20261101000000.ts',
    anchor: 'constraint transfers_idempotency_key_unique unique (idempotency_key),',
    replacement: '',
    test: { file: COMMIT_TEST, title: 'books transfers, crash halts and new balances' },
  },
  {
    name: 'commit-number',
    promise: 5,
    safeguard: 'idempotency: a commit moves its writer’s number by one',
    removed: 'the number before it from the guard',
    file: 'src/persistence/commit-guard.ts',
    anchor: 'and writer = $1 and last_no = $2::bigint - 1 returning 1',
    replacement: 'and writer = $1 returning 1',
    test: { file: COMMIT_TEST, title: 'has one copy when the answer to COMMIT is lost' },
  },
  {
    name: 'lost-answer',
    promise: 5,
    safeguard: 'idempotency: a commit whose answer was lost is known by its number',
    removed: 'the comparison of numbers',
    file: 'src/persistence/commit.ts',
    anchor: 'if (lastNo === commitNo) return COMMITTED;',
    replacement: '',
    test: { file: COMMIT_TEST, title: 'has one copy when the answer to COMMIT is lost' },
  },
  {
    name: 'lost-answer-is-unknown',
    promise: 5,
    safeguard: 'a commit whose answer was lost is neither done nor failed: it is tried again',
    removed: 'the doubt: it counts as done',
    file: 'src/actors/persistence.ts',
    anchor: "case 'Unavailable':\n        storeWatch.gone(outcome.reason);",
    replacement:
      "case 'Unavailable':\n        inFlight = undefined;\n" +
      '        announcer.announce(finished.prepared.outputs, finished.prepared.batch.commitNo);\n' +
      '        storeWatch.gone(outcome.reason);',
    test: {
      file: 'test/actors/durability.test.ts',
      title: 'sends reports once when the answer to a commit was lost',
    },
  },
  {
    name: 'order-of-recovery',
    promise: 5,
    safeguard: 'a book is rebuilt in the order of priority',
    removed: 'the order: by OrderID',
    file: LOADS,
    anchor: 'order by priority',
    replacement: 'order by id',
    test: {
      file: 'test/persistence/order-kinds.test.ts',
      title: 'come back after each commit hash for hash, and so does what members were told (seed 1)',
    },
  },
  {
    name: 'settlement-in-load',
    promise: 5,
    safeguard: 'an account applies each commit once, whether it was loaded or told',
    removed: 'the number of the commit that was loaded',
    file: 'src/actors/account.ts',
    anchor: 'if (isContained(loadedCommits, message)) return;',
    replacement: '',
    test: {
      file: 'test/actors/account-rebuild.test.ts',
      title: 'ignores settlements that its load contains',
    },
  },
  {
    name: 'inbound-number',
    promise: 5,
    safeguard: 'a member’s request counts as received when its effect is committed',
    removed: 'the wait for unanswered requests',
    file: 'src/fix/inbound.ts',
    anchor: 'for (const msgSeqNum of this.#unanswered) return Math.min(msgSeqNum, this.#nextSeqNum);',
    replacement: '',
    test: {
      file: 'test/fix/session/requests.test.ts',
      title: 'are saved as received only when their answers are committed',
    },
  },
];

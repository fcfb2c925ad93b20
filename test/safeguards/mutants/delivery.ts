/** Promise 6: what brings every report to its owner, once and in order, whenever the owner comes. */
import type { Mutant } from '../mutant.ts';

const OPEN_SESSION = 'src/persistence/open-session.ts';
const UNDELIVERED = 'src/persistence/undelivered.ts';
const OPEN_SESSION_TEST = 'test/persistence/open-session.test.ts';
const CATCH_UP_TEST = 'test/cluster/session-catch-up.test.ts';
const AWAY_TITLE =
  'tells a member who was away everything, the New of each order included, in the order of its source';

export const DELIVERY: readonly Mutant[] = [
  {
    name: 'reports-journal',
    promise: 6,
    safeguard: 'a report is a row of its commit',
    removed: 'the rows of reports',
    file: 'src/persistence/commit-statements.ts',
    anchor: 'add(parts.reports, linked.reports);',
    replacement: '',
    test: { file: OPEN_SESSION_TEST, title: AWAY_TITLE },
  },
  {
    name: 'order-of-delivery',
    promise: 6,
    safeguard: 'reports are delivered in the order of their source',
    removed: 'the order',
    file: UNDELIVERED,
    anchor: 'return reports.sort(bySourceAndSeq);',
    replacement: 'return reports;',
    test: { file: OPEN_SESSION_TEST, title: AWAY_TITLE },
  },
  {
    name: 'fix-delivered',
    promise: 6,
    safeguard: 'fix_delivered remembers what a member has been sent',
    removed: 'the look at it',
    file: UNDELIVERED,
    anchor: 'and source_seq > coalesce(d.source_seq, 0)',
    replacement: 'and source_seq > 0',
    test: {
      file: OPEN_SESSION_TEST,
      title: 'tells a member only what is beyond the last report delivered of each source',
    },
  },
  {
    name: 'numbers-after-a-crash',
    promise: 6,
    safeguard: 'a number that may have been used is not used again',
    removed: 'the jump over the reservation',
    file: OPEN_SESSION,
    anchor: 'session.clean ? Number(session.next_out) : Number(session.reserved_out) + 1',
    replacement: 'Number(session.next_out)',
    test: {
      file: OPEN_SESSION_TEST,
      title: 'leaves out every reserved number when it did not end in order',
    },
  },
  {
    name: 'numbers-within-reservation',
    promise: 6,
    safeguard: 'no number goes on the wire that is not reserved in a commit',
    removed: 'the comparison with the reservation',
    file: 'src/fix/outbound.ts',
    anchor: 'this.#freeCount <= 0 || this.#waiting.length > 0',
    replacement: 'this.#waiting.length > 0',
    test: {
      file: 'test/fix/session/requests.test.ts',
      title: 'beyond the committed reservation stay off the wire until more are reserved',
    },
  },
  {
    name: 'possible-repeat',
    promise: 6,
    safeguard: 'what may have been sent before a crash is marked 97=Y',
    removed: 'the mark',
    file: 'src/fix/logon.ts',
    anchor: 'const isPossResend = opened.deliveryUncertain;',
    replacement: 'const isPossResend = false;',
    test: {
      file: 'test/fix/session/resend.test.ts',
      title: 'after a crash go out under new numbers with 97=Y once the member’s ResendRequest is served',
    },
  },
  {
    name: 'catch-up',
    promise: 6,
    safeguard: 'a session reads the rows before it tells what something may be missing before',
    removed: 'the wait for what is missing',
    file: 'src/fix/catch-up.ts',
    anchor: 'if (missed.isBehind || !missed.isNext(input)) missed.hold',
    replacement: 'if (missed.isBehind && !missed.isBehind) missed.hold',
    test: {
      file: CATCH_UP_TEST,
      title: 'is told what the engine before has said, though what the next one says comes first',
    },
  },
  {
    name: 'told-once',
    promise: 6,
    safeguard: 'a report that was told is not told again when rows are read',
    removed: 'the number of the last one told of its source',
    file: 'src/fix/missed-reports.ts',
    anchor: 'if (sourceSeq <= (this.#taken.get(source) ?? 0)) return false;',
    replacement: '',
    test: {
      file: CATCH_UP_TEST,
      title: 'is told once what it has read twice because the member did not read it',
    },
  },
];

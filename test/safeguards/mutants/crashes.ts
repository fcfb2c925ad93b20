/** Promise 8: what keeps a crash of one actor from anybody else. */
import type { Mutant } from '../mutant.ts';

const BOOK = 'src/actors/order-book.ts';
const BOOK_TEST = 'test/actors/book-rebuild.test.ts';
const POISON_AFTER =
  'refuses the poison in the middle of a batch and answers the others (throws after the change)';
const POISON_BEFORE =
  'refuses the poison in the middle of a batch and answers the others (throws before the change)';

export const CRASHES: readonly Mutant[] = [
  {
    name: 'restart-not-resume',
    promise: 8,
    safeguard: 'supervision: an actor that threw begins anew',
    removed: 'the restart: it resumes with its half-changed state',
    file: 'src/actors/actor-system.ts',
    anchor: 'return context.reset;',
    replacement: 'return context.resume;',
    test: { file: BOOK_TEST, title: POISON_AFTER },
  },
  {
    name: 'failed-batch-again',
    promise: 8,
    safeguard: 'a failed batch runs again one command at a time',
    removed: 'the taking apart: it runs again as it was, and is the culprit as a whole',
    file: BOOK,
    anchor: 'piece.requests.map((request) => ({ ...piece, requests: [request] }))',
    replacement: '[piece]',
    test: { file: BOOK_TEST, title: POISON_BEFORE },
  },
  {
    name: 'culprit-refused',
    promise: 8,
    safeguard: 'the command that throws again is refused, and runs no third time',
    removed: 'the end of its second run',
    file: 'src/actors/rebuild-cell.ts',
    anchor: 'if (piece.isRetry) return { culprit: piece.work };',
    replacement: '',
    test: { file: BOOK_TEST, title: POISON_BEFORE },
  },
  {
    name: 'halt-after-incidents',
    promise: 8,
    safeguard: 'three incidents within a minute halt the symbol',
    removed: 'the count of incidents',
    file: BOOK,
    anchor: 'if (count < options.incidentsToHalt) return;',
    replacement: 'if (count > 0) return;',
    test: { file: BOOK_TEST, title: 'halts the symbol at the third incident within a minute' },
  },
  {
    name: 'incident-window',
    promise: 8,
    safeguard: 'incidents that are a minute apart do not halt a symbol',
    removed: 'the window',
    file: 'src/actors/incidents.ts',
    anchor: 'this.#times.filter((at) => now - at < this.#windowMs)',
    replacement: 'this.#times',
    test: { file: BOOK_TEST, title: 'trades on when the third incident comes a minute after the first' },
  },
  {
    name: 'halt-is-a-row',
    promise: 8,
    safeguard: 'a halt survives a restart',
    removed: 'its row',
    file: BOOK,
    anchor: "tell({ type: 'persistence' }, { type: 'JournalHalt', symbol, reason });",
    replacement: '',
    test: { file: BOOK_TEST, title: 'halts the symbol at the third incident within a minute' },
  },
  {
    name: 'others-trade-on',
    promise: 8,
    safeguard: 'a symbol that halts is alone',
    removed: 'the limit to one symbol: all are halted',
    file: 'src/actors/market-desk.ts',
    anchor: "markets.setStatus(symbol, { type: 'Halted', by: 'crash', reason });",
    replacement:
      "for (const one of markets.symbols()) markets.setStatus(one, { type: 'Halted', by: 'crash', reason });",
    test: {
      file: 'test/actors/halted-symbol.test.ts',
      title: 'leaves all others open: whoever had orders there trades on',
    },
  },
  {
    name: 'fence-of-account',
    promise: 8,
    safeguard: 'an account that crashed loads behind all that it has in flight',
    removed: 'the fence',
    file: 'src/actors/account-loads.ts',
    anchor: 'if (!behindFence || symbols.length === 0) {',
    replacement: 'if (this.#fenceNo === 0) {',
    test: {
      file: 'test/actors/account-fence.test.ts',
      title: 'while a book with its orders is rebuilt too, waits for them and spends nothing twice',
    },
  },
  {
    name: 'session-says-goodbye',
    promise: 8,
    safeguard: 'a session that throws logs out and closes, and can be begun again',
    removed: 'its last words',
    file: 'src/actors/supervision.ts',
    anchor: 'farewell(crash);',
    replacement: '',
    test: {
      file: 'test/fix/session/requests.test.ts',
      title: 'that crash the session end in a Logout, and the member may log on again',
    },
  },
  {
    name: 'session-ends',
    promise: 8,
    safeguard: 'a session that throws is gone, and its address is free',
    removed: 'its end: it goes on from nothing',
    file: 'src/actors/supervision.ts',
    anchor: "return 'stop';",
    replacement: "return 'restart';",
    test: {
      file: 'test/actors/actor-system.test.ts',
      title: 'lets an actor say farewell, stops it and frees its address',
    },
  },
];

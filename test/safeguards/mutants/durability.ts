/** Promise 2: what keeps every word of the venue behind the commit that makes it true, and that on disk. */
import type { Mutant } from '../mutant.ts';

const PERSISTENCE = 'src/actors/persistence.ts';
const DURABILITY_TEST = 'test/actors/durability.test.ts';
const WAL_TEST = 'test/persistence/wal-syncs.test.ts';

/** What a commit of `entries` would make known, as if it were in. */
const outputsOf = (entries: string): string =>
  `prepareCommit(lastCommitNo, ${entries}, options.instrumentOf, clock.now()).outputs`;

function refusesServerWithout(setting: string): Mutant {
  return {
    name: `refuses-${setting.replaceAll('_', '-')}-off`,
    promise: 2,
    safeguard: `fsync: the venue refuses a server with ${setting} = off`,
    removed: `${setting} among the settings that are demanded`,
    file: 'src/persistence/orm.ts',
    anchor: `'${setting}'`,
    replacement: "'jit'",
    test: {
      file: 'test/persistence/unfit-servers.test.ts',
      title: `since it runs with ${setting} = off is refused, by name, before anything is written to it`,
    },
  };
}

export const DURABILITY: readonly Mutant[] = [
  {
    name: 'commit-before-report',
    promise: 2,
    safeguard: 'commit before report: nothing is announced before COMMIT is answered',
    removed: 'the wait: everything is announced as its commit begins',
    file: PERSISTENCE,
    anchor: 'inFlight = { entries, prepared, loads };',
    replacement:
      'announcer.announce(prepared.outputs, lastCommitNo);\n' +
      `    inFlight = { entries, prepared: { ...prepared, outputs: ${outputsOf('[]')} }, loads };`,
    test: { file: DURABILITY_TEST, title: 'tells nobody of an order before its commit' },
  },
  {
    name: 'commit-before-refusal',
    promise: 2,
    safeguard: 'commit before report: a refusal is a row as well',
    removed: 'the wait of what an account says',
    file: PERSISTENCE,
    anchor: 'buffer.push(entry);',
    replacement:
      "buffer.push(entry);\n    if (entry.type === 'JournalAccount') " +
      `announcer.announce({ ...${outputsOf('[]')}, reportsByUser: ${outputsOf('[entry]')}.reportsByUser }, lastCommitNo);`,
    test: { file: DURABILITY_TEST, title: 'tells nobody of a refusal before its commit' },
  },
  {
    name: 'answers-take-the-queue',
    promise: 2,
    safeguard: 'what is answered from memory leaves after the commits before it',
    removed: 'the queue, for entries without rows',
    file: PERSISTENCE,
    anchor: 'buffer.push(entry);',
    replacement:
      "if (entry.type === 'JournalAccount' && entry.answers.length > 0) " +
      `return announcer.announce(${outputsOf('[entry]')}, lastCommitNo);\n    buffer.push(entry);`,
    test: {
      file: DURABILITY_TEST,
      title: 'answers a repeat, which has no row, after the commits before it and behind their reports',
    },
  },
  {
    name: 'answer-of-commit',
    promise: 2,
    safeguard: 'only the word COMMIT is a commit',
    removed: 'the look at the server’s answer to COMMIT',
    file: 'src/persistence/flight.ts',
    anchor: "this.#lastTag !== 'COMMIT'",
    replacement: "this.#lastTag === ''",
    test: {
      file: 'test/persistence/commit-flight.test.ts',
      title: 'is not committed when COMMIT is answered with ROLLBACK, and its connection is given up',
    },
  },
  refusesServerWithout('fsync'),
  refusesServerWithout('full_page_writes'),
  refusesServerWithout('synchronous_commit'),
  {
    name: 'looks-at-the-server',
    promise: 2,
    safeguard: 'fsync: the venue looks at the server before it trusts it',
    removed: 'the look, at every start',
    file: 'src/persistence/database.ts',
    anchor: 'await assertDurable(orm);',
    replacement: '',
    test: {
      file: 'test/persistence/unfit-servers.test.ts',
      title: 'since it runs with fsync = off is refused, by name, before anything is written to it',
    },
  },
  {
    name: 'fsync-of-embedded',
    promise: 2,
    safeguard: 'fsync: the venue’s own server runs with it, whatever is configured',
    removed: 'fsync = on from its command line and settings',
    file: 'src/persistence/postgres/settings.ts',
    anchor: "fsync: 'on'",
    replacement: "fsync: 'off'",
    test: { file: WAL_TEST, title: 'are at least one for each commit that the store acknowledges' },
  },
  {
    name: 'waits-for-disk',
    promise: 2,
    safeguard: 'fsync: every commit waits for the disk, whatever its connection was told',
    removed: 'synchronous_commit from the settings of the transaction',
    file: 'src/persistence/commit-guard.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a template.
    anchor: '${WAIT_FOR_DISK}, ',
    replacement: '',
    test: {
      file: WAL_TEST,
      title: 'are as many where somebody has told the connection not to wait for them',
    },
  },
];

/** `onebook audit verify`: proves that the audit trail holds. Needs the database only, not a running node. */
import { type Command, InvalidArgumentError } from 'commander';
import { type Clock, systemClock } from '../platform/clock.ts';
import { databaseFailureText } from './database-trouble.ts';
import { CliFailure, EXIT } from './failure.ts';
import {
  addDatabaseOptions,
  countText,
  type DatabaseFlags,
  databaseOf,
  readLimit,
  secondsText,
} from './node-database.ts';

/** The end of a chain as a verification told it, and somebody noted it. */
export interface NotedHead {
  readonly chain: string;
  readonly no: number;
  readonly hash: string;
}

/** What the verification found, as far as this command shows it. */
export interface VerificationShown {
  readonly chains: readonly {
    readonly chain: string;
    readonly linkCount: number;
    readonly rowCount: number;
    readonly head: { readonly no: number; readonly hash: string } | undefined;
    readonly differenceCount: number;
    readonly differences: readonly string[];
  }[];
  readonly olderRows: Readonly<Record<string, number>>;
  readonly differenceCount: number;
  readonly tookMs: number;
}

/** Verifies the trail in a node's database, which it finds or starts. */
export type VerifyAuditDatabase = (options: {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly clock: Clock;
  readonly limit: number;
  readonly noted: readonly NotedHead[];
  readonly onProgress: (line: string) => void;
}) => Promise<VerificationShown>;

interface VerifyFlags extends DatabaseFlags {
  readonly limit: number;
  readonly noted: readonly NotedHead[];
  readonly json?: boolean;
}

const DEFAULT_LIMIT = 20;

/** Adds `audit` with its one command; `loadVerify` is called when it runs. */
export function addAuditCommands(program: Command, loadVerify: () => Promise<VerifyAuditDatabase>): void {
  const audit = program
    .command('audit')
    .description('the audit trail of operators and orders')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false);
  const command = audit
    .command('verify')
    .description('prove that no committed event and no action of an operator was changed, removed or added')
    .helpOption('-h, --help', 'show this help')
    .option('--limit <count>', 'how many differences of each chain are shown', readLimit, DEFAULT_LIMIT)
    .option(
      '--noted <chain:no:hash>',
      'a head that was shown before; it must still be in its chain (repeatable)',
      addNoted,
      [],
    )
    .option('--json', 'print JSON for programs instead of lines');
  addDatabaseOptions(command)
    .addHelpText(
      'after',
      '\nReads one consistent snapshot, also while the venue trades. Where no venue runs, its embedded database is' +
        '\nstarted for it and stopped afterwards. Note the heads elsewhere: who can write the whole database can make' +
        '\nchains anew. Exit codes: 0 the trail holds, 1 differences, 2 it could not run.',
    )
    .action((flags: VerifyFlags) => runVerify(flags, loadVerify));
}

async function runVerify(flags: VerifyFlags, loadVerify: () => Promise<VerifyAuditDatabase>): Promise<void> {
  const source = await databaseOf(flags);
  const { dataDir, databaseUrl } = source;
  const { limit, noted } = flags;
  const verify = await loadVerify();
  const onProgress = (line: string) => process.stderr.write(`${line}\n`);
  const found = await verify({ dataDir, databaseUrl, clock: systemClock, limit, noted, onProgress }).catch(
    (error: unknown) => {
      const reason = databaseFailureText(error, source);
      throw new CliFailure(EXIT.usage, `nothing was verified: ${reason}`);
    },
  );
  const text = flags.json === true ? `${JSON.stringify(found, undefined, 2)}\n` : verificationText(found);
  process.stdout.write(text);
  if (found.differenceCount > 0) {
    throw new CliFailure(EXIT.refused, countText(found.differenceCount, 'difference'));
  }
}

/** What people read: a line for each chain, its differences below it, and where the trail begins. */
export function verificationText(found: VerificationShown): string {
  const { chains, olderRows, differenceCount, tookMs } = found;
  const lines = chains.flatMap(
    ({ chain, linkCount, rowCount, head, differenceCount: count, differences }) => {
      const more = count - differences.length;
      const size = `${countText(linkCount, 'link')}, ${countText(rowCount, 'row')}`;
      return [
        `${count === 0 ? 'holds ' : 'BROKEN'}  ${chain}: ${count === 0 ? size : countText(count, 'difference')}`,
        ...differences.map((text) => `        ${text}`),
        ...(more > 0 ? [`        and ${more} more`] : []),
        ...(head === undefined ? [] : [`        head ${chain}:${head.no}:${head.hash}`]),
      ];
    },
  );
  const older = Object.entries(olderRows).filter(([, count]) => count > 0);
  if (older.length > 0) {
    const rows = older.map(([table, count]) => `${count} ${table.replaceAll('_', ' ')}`).join(', ');
    lines.push(`older than the trail, and not vouched for: ${rows}`);
  }
  const verdict = differenceCount === 0 ? 'the audit trail holds' : countText(differenceCount, 'difference');
  lines.push(`${verdict}; ${countText(chains.length, 'chain')} in ${secondsText(tookMs)} s`);
  return `${lines.join('\n')}\n`;
}

function addNoted(text: string, before: readonly NotedHead[]): readonly NotedHead[] {
  const match = /^(.+):(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (match === null)
    throw new InvalidArgumentError('it is a head as it was shown, such as local:170:4ee1….');
  const [, chain = '', no = '', hash = ''] = match;
  return [...before, { chain, no: Number(no), hash }];
}

/** `onebook reconcile`: proves from the rows that everything adds up. Needs the database only, not a running node. */
import type { Command } from 'commander';
import { type Clock, systemClock } from '../platform/clock.ts';
import { databaseFailureText } from './database-trouble.ts';
import { CliFailure, EXIT } from './failure.ts';
import {
  addDatabaseOptions,
  countText,
  type DatabaseFlags,
  databaseOf,
  type NodeDatabase,
  readLimit,
  secondsText,
} from './node-database.ts';

/** What the checks found, as far as this command shows it. */
export interface ReconciliationShown {
  readonly rowCounts: Readonly<Record<string, number>>;
  readonly commits: readonly { readonly writer: string; readonly lastNo: number }[];
  readonly checks: readonly {
    readonly name: string;
    readonly differenceCount: number;
    readonly differences: readonly string[];
  }[];
  readonly differenceCount: number;
  readonly tookMs: number;
}

/** Runs the checks on a node's database, which it finds or starts. */
export type ReconcileDatabase = (options: {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly clock: Clock;
  readonly limit: number;
  readonly onProgress: (line: string) => void;
}) => Promise<ReconciliationShown>;

interface ReconcileFlags extends DatabaseFlags {
  readonly limit: number;
  readonly json?: boolean;
}

const DEFAULT_LIMIT = 20;

/** Adds the command; `loadReconcile` is called when it runs. */
export function addReconcileCommand(program: Command, loadReconcile: () => Promise<ReconcileDatabase>): void {
  const command = program
    .command('reconcile')
    .description('prove from the rows that money, holds, orders, trades and numbers of executions agree')
    .helpOption('-h, --help', 'show this help')
    .option('--limit <count>', 'how many differences of each check are shown', readLimit, DEFAULT_LIMIT)
    .option('--json', 'print JSON for programs instead of lines');
  addDatabaseOptions(command)
    .addHelpText(
      'after',
      '\nReads one consistent snapshot, also while the venue trades. Where no venue runs, its embedded database is' +
        '\nstarted for it and stopped afterwards. Exit codes: 0 everything agrees, 1 differences, 2 it could not run.',
    )
    .action((flags: ReconcileFlags) => runReconcile(flags, loadReconcile));
}

async function runReconcile(
  flags: ReconcileFlags,
  loadReconcile: () => Promise<ReconcileDatabase>,
): Promise<void> {
  const found = await reconcileOn(await databaseOf(flags), flags.limit, await loadReconcile());
  const text = flags.json === true ? `${JSON.stringify(found, undefined, 2)}\n` : reconciliationText(found);
  process.stdout.write(text);
  const { differenceCount } = found;
  if (differenceCount > 0) throw new CliFailure(EXIT.refused, countText(differenceCount, 'difference'));
}

async function reconcileOn(
  database: NodeDatabase,
  limit: number,
  reconcile: ReconcileDatabase,
): Promise<ReconciliationShown> {
  const { dataDir, databaseUrl } = database;
  try {
    return await reconcile({
      dataDir,
      databaseUrl,
      clock: systemClock,
      limit,
      onProgress: (line) => process.stderr.write(`${line}\n`),
    });
  } catch (error) {
    const reason = databaseFailureText(error, database);
    throw new CliFailure(EXIT.usage, `nothing was reconciled: ${reason}`);
  }
}

/** What people read: a line for each check, its differences below it, and what it was all about. */
export function reconciliationText(found: ReconciliationShown): string {
  const { rowCounts, commits, checks, differenceCount, tookMs } = found;
  const lines = checks.flatMap(({ name, differenceCount: count, differences }) => {
    const more = count - differences.length;
    return [
      `${count === 0 ? 'agree ' : 'DIFFER'}  ${name}${count === 0 ? '' : `: ${countText(count, 'difference')}`}`,
      ...differences.map((text) => `        ${text}`),
      ...(more > 0 ? [`        and ${more} more`] : []),
    ];
  });
  const rows = Object.entries(rowCounts).map(([table, count]) => `${count} ${table.replace('_', ' ')}`);
  const upTo = commits.map(({ writer, lastNo }) => `commit ${lastNo} of ${writer}`);
  const verdict = differenceCount === 0 ? 'everything agrees' : countText(differenceCount, 'difference');
  lines.push(
    `${verdict}: ${rows.join(', ')}${upTo.length === 0 ? '' : `, up to ${upTo.join(' and ')}`}; ` +
      `${checks.length} checks in ${secondsText(tookMs)} s`,
  );
  return `${lines.join('\n')}\n`;
}

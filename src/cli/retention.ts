/**
 * `onebook retention`: what history the configuration lets go, and `onebook retention run`, which lets it go. Needs the
 * database only, and may run beside the venue.
 */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { type Clock, systemClock } from '../platform/clock.ts';
import { databaseFailureText } from './database-trouble.ts';
import { CliFailure, EXIT } from './failure.ts';
import { addDatabaseOptions, configOf, countText, type DatabaseFlags, secondsText } from './node-database.ts';

/** How long what is kept. */
export interface RetentionTermsShown {
  readonly historyMonths: number | undefined;
  readonly operatorsMonths: number | undefined;
  readonly fixHistoryDays: number;
}

/** What is due, as far as this command shows it. */
export interface RetentionShown {
  readonly closing:
    | { readonly historyBefore: string | undefined; readonly operatorsBefore: string | undefined }
    | undefined;
  readonly last:
    | {
        readonly id: number;
        readonly closedAt: string;
        readonly history: { readonly before: string } | undefined;
        readonly operators: { readonly before: string | undefined };
        readonly isDropped: boolean;
      }
    | undefined;
  readonly partitions: readonly {
    readonly table: string;
    readonly name: string;
    readonly bytes: number;
    readonly rowEstimate: number;
  }[];
  readonly heldBack: readonly {
    readonly username: string;
    readonly senderCompId: number;
    readonly reportCount: number;
    readonly since: string;
  }[];
}

interface RetentionOptions {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  /** For messages: where the URL and its password are from. */
  readonly databaseUrlSource?: string;
  readonly databasePasswordFile?: string;
  readonly clock: Clock;
  readonly terms: RetentionTermsShown;
  readonly onProgress: (line: string) => void;
}

/** Plans, and with an actor does what is planned, in a node's database, which it finds or starts. */
export interface RetentionDatabase {
  plan(options: RetentionOptions): Promise<RetentionShown>;
  run(options: RetentionOptions & { readonly actor: string }): Promise<RetentionShown>;
}

interface RetentionFlags extends DatabaseFlags {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Adds the commands; `loadRetention` is called when one runs. */
export function addRetentionCommands(
  program: Command,
  loadRetention: () => Promise<RetentionDatabase>,
): void {
  const group = program
    .command('retention')
    .description('show what history the configuration lets go, and with "run" let it go')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .option('--dry-run', 'show what would be done; without "run" nothing else is')
    .option('--json', 'print JSON for programs instead of lines');
  addDatabaseOptions(group)
    .addHelpText(
      'after',
      '\nHow much is kept is `retention` of the configuration. Before anything is dropped, a closing notes what later' +
        '\nproofs need of it (balances, open orders, ends of chains). Exit codes: 0 done, 1 history does not agree and is' +
        '\nnot closed, 2 it could not run.',
    )
    .action((flags: RetentionFlags) => show(flags, loadRetention));
  const run = group
    .command('run')
    .description('close the months that are due, verify that nothing is lost, and drop their partitions')
    .helpOption('-h, --help', 'show this help')
    .option('--dry-run', 'show what would be done')
    .option('--json', 'print JSON for programs instead of lines');
  addDatabaseOptions(run).action((flags: RetentionFlags, command: Command) => {
    const all = { ...command.optsWithGlobals<RetentionFlags>(), ...flags };
    return all.dryRun === true ? show(all, loadRetention) : carryOut(all, loadRetention);
  });
}

async function show(flags: RetentionFlags, load: () => Promise<RetentionDatabase>): Promise<void> {
  const options = await optionsOf(flags);
  const startedAt = systemClock.now();
  const plan = await attempt(options, load, (retention) => retention.plan(options));
  tell(flags, plan, [...planLines(plan, options.terms), `planned in ${since(startedAt)} s`]);
}

async function carryOut(flags: RetentionFlags, load: () => Promise<RetentionDatabase>): Promise<void> {
  const options = await optionsOf(flags);
  const startedAt = systemClock.now();
  const actor = userInfo().username;
  const plan = await attempt(options, load, (retention) => retention.run({ ...options, actor }));
  const done = plan.partitions.length === 0 ? 'nothing was due' : 'done';
  tell(flags, plan, [...planLines(plan, options.terms), `${done}, in ${since(startedAt)} s`]);
}

async function optionsOf(flags: RetentionFlags): Promise<RetentionOptions> {
  const { dataDir, databaseUrl, databaseUrlSource, databasePasswordFile, retention, limits } =
    await configOf(flags);
  return {
    dataDir,
    databaseUrl,
    ...(databaseUrlSource === undefined ? {} : { databaseUrlSource }),
    ...(databasePasswordFile === undefined ? {} : { databasePasswordFile }),
    clock: systemClock,
    terms: { ...retention, fixHistoryDays: limits.fixHistoryDays },
    onProgress: (line) => process.stderr.write(`${line}\n`),
  };
}

async function attempt(
  options: RetentionOptions,
  load: () => Promise<RetentionDatabase>,
  work: (retention: RetentionDatabase) => Promise<RetentionShown>,
): Promise<RetentionShown> {
  try {
    return await work(await load());
  } catch (error) {
    const reason = databaseFailureText(error, options);
    const differences = differencesOf(error);
    if (differences === undefined) throw new CliFailure(EXIT.usage, reason);
    throw new CliFailure(EXIT.refused, reason, ...differences);
  }
}

/** Of history that does not agree. */
function differencesOf(error: unknown): readonly string[] | undefined {
  if (!(error instanceof Error) || error.name !== 'ClosingRefused' || !('differences' in error))
    return undefined;
  return Array.isArray(error.differences) ? error.differences.map(String) : [];
}

function tell(flags: RetentionFlags, plan: RetentionShown, lines: readonly string[]): void {
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(plan, undefined, 2)}\n` : `${lines.join('\n')}\n`,
  );
}

function since(startedAt: number): string {
  return secondsText(systemClock.now() - startedAt);
}

/** What people read. */
function planLines(plan: RetentionShown, terms: RetentionTermsShown): string[] {
  const { closing, last, partitions, heldBack } = plan;
  const kept = (months: number | undefined) =>
    months === undefined ? 'for ever' : countText(months, 'full month');
  const lines = [
    `kept: history ${kept(terms.historyMonths)}, operators' actions ${kept(terms.operatorsMonths)}, ` +
      `sent messages ${countText(terms.fixHistoryDays, 'day')}`,
  ];
  if (last !== undefined) {
    const state = last.isDropped ? '' : '; not all of it is dropped yet';
    lines.push(
      `last closing: ${last.id}, made ${last.closedAt}: ${beforeText(last.history?.before, last.operators.before)}${state}`,
    );
  }
  lines.push(
    closing === undefined
      ? 'to be closed: nothing'
      : `to be closed: ${beforeText(closing.historyBefore, closing.operatorsBefore)}`,
  );
  for (const { username, senderCompId, reportCount, since: oldest } of heldBack) {
    lines.push(
      `held back: ${username} (SenderCompID ${senderCompId}) has not been told ${countText(reportCount, 'report')} ` +
        `since ${oldest}; let it log on, or disable it`,
    );
  }
  for (const { name, bytes, rowEstimate } of partitions) {
    const rows = rowEstimate < 0 ? 'rows not counted' : `about ${rowEstimate} rows`;
    lines.push(`  ${name}: ${rows}, ${(bytes / 1_048_576).toFixed(1)} MiB`);
  }
  return lines;
}

function beforeText(history: string | undefined, operators: string | undefined): string {
  const parts = [
    ...(history === undefined ? [] : [`history before ${history.slice(0, 10)}`]),
    ...(operators === undefined ? [] : [`operators' actions before ${operators.slice(0, 10)}`]),
  ];
  return parts.join(', ');
}

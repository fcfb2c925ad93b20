/** The `onebook` command line: every command, and how its end becomes an exit code. */
import { Command, CommanderError, Help, type Option } from 'commander';
import { addAnnounceCommand } from './announce.ts';
import { addAuditCommands, type VerifyAuditDatabase } from './audit.ts';
import { addBackupCommand, type BackupDatabase } from './backup.ts';
import { NODE_OPTIONS } from './client-command.ts';
import { addDrainCommands } from './drain.ts';
import { CliFailure, EXIT, type ExitCode, tellError } from './failure.ts';
import { addFixCommands } from './fix.ts';
import { addFundsCommands } from './funds.ts';
import { addInstrumentCommands } from './instrument.ts';
import { addKillSwitchCommand } from './kill-switch.ts';
import { addOrderCommands } from './orders.ts';
import { addRebalanceCommand } from './rebalance.ts';
import { addReconcileCommand, type ReconcileDatabase } from './reconcile.ts';
import { addRetentionCommands, type RetentionDatabase } from './retention.ts';
import { addStartCommand, type StartNode } from './start.ts';
import { addStatusCommand } from './status.ts';
import { addSymbolCommands } from './symbol.ts';
import { addTradeCommands } from './trade.ts';
import { addUserCommands } from './user.ts';

/** What `onebook demo` is told. */
export interface DemoOptions {
  readonly once?: boolean;
  readonly dataDir: string;
  readonly fixPort?: string;
  readonly adminPort?: string;
  readonly databaseUrl?: string;
  /** Several processes instead of one. */
  readonly cluster?: boolean;
  /** Of somebody's NATS server, for `cluster`. */
  readonly natsUrl?: string;
}

/** What is loaded only when its command runs. */
export interface Loaders {
  readonly startNode: () => Promise<StartNode>;
  readonly demo: () => Promise<(options: DemoOptions) => Promise<number>>;
  readonly reconcile: () => Promise<ReconcileDatabase>;
  readonly verifyAudit: () => Promise<VerifyAuditDatabase>;
  readonly backup: () => Promise<BackupDatabase>;
  readonly retention: () => Promise<RetentionDatabase>;
}

/** Runs one command line; `argv` is without the program. Resolves with the exit code. */
export async function runProgram(
  argv: readonly string[],
  version: string,
  loaders: Loaders,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command('onebook')
    .description('A trading venue that speaks FIX: runs its nodes, and operates one that runs.')
    .version(version, '-V, --version', 'show the version')
    // So that `fix dictionary --version` is its own: the program's comes before the command.
    .enablePositionalOptions()
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .exitOverride()
    .configureHelp({
      visibleOptions: ownOptionsFirst,
      // In the order of the options, which commander would take from their declaration.
      groupItems: (_declared, visible, group) => new Help().groupItems(visible, visible, group),
    })
    .configureOutput({
      outputError: (text) => tellError(text.replace(/^error: /, '')),
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 refused by the venue or failed, 2 wrong usage, 3 the node cannot be reached.',
    );

  addStartCommand(program, loaders.startNode);
  program
    .command('demo')
    .description('run a venue with two members that trade over FIX, show every message and row, and stay up')
    .helpOption('-h, --help', 'show this help')
    .option('--once', 'exit after the rows are shown')
    .option(
      '--cluster',
      'two gateways, two engines and a NATS server instead of one process; one engine is killed',
    )
    .option(
      '--data-dir <dir>',
      'where its database is; default ./data/demo, with --cluster ./data/demo-cluster',
    )
    .option('--fix-port <port>', 'where members connect; 0: any free port')
    .option('--admin-port <port>', 'where operators connect; 0: any free port')
    .option('--database-url <url>', 'a Postgres server instead of the embedded one')
    .option('--nats-url <url>', 'with --cluster, a NATS server that runs already (env ONEBOOK_NATS_URL)')
    .action(async (options: Omit<DemoOptions, 'dataDir'> & Partial<Pick<DemoOptions, 'dataDir'>>) => {
      const isCluster = options.cluster === true;
      if (options.natsUrl !== undefined && !isCluster) {
        throw new CliFailure(EXIT.usage, '--nats-url is for --cluster: one process needs no NATS server');
      }
      const demo = await loaders.demo();
      exitCode = await demo({ dataDir: isCluster ? './data/demo-cluster' : './data/demo', ...options });
    });
  addStatusCommand(program);
  addUserCommands(program);
  addInstrumentCommands(program);
  addFundsCommands(program);
  addOrderCommands(program);
  addTradeCommands(program);
  addKillSwitchCommand(program);
  addAnnounceCommand(program);
  addSymbolCommands(program);
  addRebalanceCommand(program);
  addDrainCommands(program);
  addReconcileCommand(program, loaders.reconcile);
  addAuditCommands(program, loaders.verifyAudit);
  addBackupCommand(program, loaders.backup);
  addRetentionCommands(program, loaders.retention);
  addFixCommands(program);

  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return tellFailure(error);
  }
}

/** A command's own options are what one looks for in its help. */
function ownOptionsFirst(command: Command): Option[] {
  const options = new Help().visibleOptions(command);
  const isCommon = (option: Option): boolean => option.helpGroupHeading === NODE_OPTIONS;
  return [...options.filter((option) => !isCommon(option)), ...options.filter(isCommon)];
}

function tellFailure(error: unknown): ExitCode {
  if (error instanceof CliFailure) {
    for (const line of error.lines) tellError(line);
    return error.exitCode;
  }
  if (error instanceof CommanderError) {
    // Help and version that were asked for have been shown; everything else is a fault of the command line.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  tellError(error instanceof Error ? error.message : String(error));
  return EXIT.refused;
}

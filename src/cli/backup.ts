/** `onebook backup`: copies the embedded database of a node, which may run meanwhile, into a new data directory. */
import type { Command } from 'commander';
import { type Clock, systemClock } from '../platform/clock.ts';
import { databaseFailureText } from './database-trouble.ts';
import { CliFailure, EXIT } from './failure.ts';
import { addDatabaseOptions, type DatabaseFlags, databaseOf, secondsText } from './node-database.ts';

/** Makes a backup of a node's database, which it finds or starts. */
export type BackupDatabase = (options: {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly to: string;
  readonly clock: Clock;
  readonly onProgress: (line: string) => void;
}) => Promise<{
  readonly directory: string;
  readonly fileCount: number;
  readonly bytes: number;
  readonly tookMs: number;
}>;

interface BackupFlags extends DatabaseFlags {
  readonly to: string;
}

const BYTES_PER_MEGABYTE = 1_000_000;

/** Adds the command; `loadBackup` is called when it runs. */
export function addBackupCommand(program: Command, loadBackup: () => Promise<BackupDatabase>): void {
  const command = program
    .command('backup')
    .description('copy the embedded database into a data directory of its own, also while the venue trades')
    .helpOption('-h, --help', 'show this help')
    .requiredOption('--to <dir>', 'the directory to make, from which a venue can be started');
  addDatabaseOptions(command)
    .addHelpText(
      'after',
      '\nEverything that was acknowledged before the command is in the copy. It holds all rows, and the password of' +
        '\nits database. To restore, start a venue on it: onebook start --data-dir <dir>',
    )
    .action((flags: BackupFlags) => runBackup(flags, loadBackup));
}

async function runBackup(flags: BackupFlags, loadBackup: () => Promise<BackupDatabase>): Promise<void> {
  const source = await databaseOf(flags);
  const { dataDir, databaseUrl } = source;
  const backup = await loadBackup();
  const onProgress = (line: string) => process.stderr.write(`${line}\n`);
  const made = await backup({ dataDir, databaseUrl, to: flags.to, clock: systemClock, onProgress }).catch(
    (error: unknown) => {
      const reason = databaseFailureText(error, source);
      throw new CliFailure(EXIT.refused, `there is no backup: ${reason}`);
    },
  );
  const size = (made.bytes / BYTES_PER_MEGABYTE).toFixed(0);
  process.stdout.write(
    `backed up to ${made.directory}: ${made.fileCount} files, ${size} MB in ${secondsText(made.tookMs)} s\n`,
  );
}

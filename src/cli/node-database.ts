/** What commands have in common that read a node's rows and need no running node. */
import { type Command, InvalidArgumentError } from 'commander';
import { loadNodeConfig } from '../config/load.ts';
import type { NodeConfig } from '../config/node-config.ts';
import { CliFailure, EXIT } from './failure.ts';

export interface DatabaseFlags {
  readonly node?: string;
  readonly config?: string;
  readonly dataDir?: string;
  readonly databaseUrl?: string;
}

/** Adds the options that say which database it is. */
export function addDatabaseOptions(command: Command): Command {
  return command
    .optionsGroup('Finding the database:')
    .option('--data-dir <dir>', 'data directory of the node (env ONEBOOK_DATA_DIR)')
    .option(
      '--database-url <url>',
      'a Postgres server instead of the embedded one (env ONEBOOK_DATABASE_URL)',
    )
    .option('--node <name>', 'take both from this node of the configuration (env ONEBOOK_NODE)')
    .option('--config <file>', 'configuration file; default ./cluster.config.ts (env ONEBOOK_CONFIG)');
}

/** Where a node has its rows. */
export type NodeDatabase = Pick<
  NodeConfig,
  'dataDir' | 'databaseUrl' | 'databaseUrlSource' | 'databasePasswordFile'
>;

/** A CliFailure says what of the configuration is wrong. */
export async function databaseOf(flags: DatabaseFlags): Promise<NodeDatabase> {
  return configOf(flags);
}

/** The node's configuration, as far as it needs no ports. */
export async function configOf(flags: DatabaseFlags): Promise<NodeConfig> {
  const { node, config: file, dataDir, databaseUrl } = flags;
  // Ports are not used, but wrong ones must not keep an operator from the rows.
  const asked = { node, config: file, dataDir, databaseUrl, fixPort: '0', adminPort: '0' };
  const config = await loadNodeConfig(asked, process.env, process.cwd(), 'database');
  if (Array.isArray(config)) throw new CliFailure(EXIT.usage, ...config.map(({ message }) => message));
  return config;
}

/** `1 difference`, `2 differences`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export function secondsText(ms: number): string {
  return (ms / 1000).toFixed(2);
}

/** `--limit`: how many differences are shown. */
export function readLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d{1,9}$/.test(text) || limit === 0) throw new InvalidArgumentError('it is a number from 1 on.');
  return limit;
}

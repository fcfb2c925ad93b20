/**
 * What all commands that talk to a running node have in common: the flags that find it, and how an answer is
 * shown to people or programs.
 */
import { Command } from 'commander';
import { loadNodeConfig } from '../config/load.ts';
import { type AdminClient, adminClient, type Body } from './admin-client.ts';
import { CliFailure, EXIT } from './failure.ts';
import { type Column, formatCard, formatTable, type Row } from './table.ts';

/** Flags of every client command. */
export interface ClientFlags {
  readonly node?: string;
  readonly config?: string;
  readonly dataDir?: string;
  readonly adminHost?: string;
  readonly adminPort?: string;
  readonly json?: boolean;
}

/** Heading of the common flags in the help; they come last there. */
export const NODE_OPTIONS = 'Finding the node:';

/** A sub-command of `parent` with the common flags. */
export function clientCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .helpOption('-h, --help', 'show this help')
    .optionsGroup(NODE_OPTIONS)
    .option('--data-dir <dir>', 'data directory of the node: its admin.token is used (env ONEBOOK_DATA_DIR)')
    .option('--admin-port <port>', 'port of its admin API (env ONEBOOK_ADMIN_PORT)')
    .option('--admin-host <host>', 'host of its admin API (env ONEBOOK_ADMIN_HOST)')
    .option('--node <name>', 'take all these from this node of the configuration (env ONEBOOK_NODE)')
    .option('--config <file>', 'configuration file; default ./cluster.config.ts (env ONEBOOK_CONFIG)')
    .optionsGroup('Options:')
    .option('--json', 'print JSON for programs instead of a table');
}

/** A client of the node that the flags, the environment and the configuration point at. */
export async function connect(flags: ClientFlags): Promise<AdminClient> {
  const config = await loadNodeConfig(
    {
      node: flags.node,
      config: flags.config,
      dataDir: flags.dataDir,
      adminHost: flags.adminHost,
      adminPort: flags.adminPort,
      // Not used, but a wrong one must not keep an operator from the node.
      fixPort: '0',
    },
    process.env,
    process.cwd(),
    'address',
  );
  if (Array.isArray(config)) throw new CliFailure(EXIT.usage, ...config.map(({ message }) => message));
  if (config.admin.port === 0) {
    throw new CliFailure(
      EXIT.usage,
      `the admin port of node "${config.nodeName}" is chosen at its start: say it with --admin-port`,
    );
  }
  return adminClient(config);
}

/** Shows the rows of the answer's field `name`. */
export function showList(flags: ClientFlags, body: Body, name: string, columns: readonly Column[]): void {
  if (flags.json) {
    showJson(body);
    return;
  }
  const rows = body[name];
  process.stdout.write(formatTable(columns, Array.isArray(rows) ? (rows as Row[]) : []));
  const { more } = body;
  if (more === true) process.stderr.write('There are more: ask for them with --limit.\n');
}

/** Shows one thing, one property a line. */
export function showCard(flags: ClientFlags, body: Body, columns: readonly Column[]): void {
  if (flags.json) showJson(body);
  else process.stdout.write(formatCard(columns, body));
}

/** Shows a sentence to people, the answer to programs. */
export function showSentence(flags: ClientFlags, body: Body, sentence: string): void {
  if (flags.json) showJson(body);
  else process.stdout.write(`${sentence}\n`);
}

function showJson(body: Body): void {
  process.stdout.write(`${JSON.stringify(body, undefined, 2)}\n`);
}

/** A command that only groups others: alone, it shows them. */
export function groupCommand(parent: Command, name: string, description: string): Command {
  const group = new Command(name)
    .description(description)
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false);
  parent.addCommand(group.copyInheritedSettings(parent));
  return group;
}

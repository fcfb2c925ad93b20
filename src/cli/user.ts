/** `onebook user …`: who may log on. */
import type { Command } from 'commander';
import {
  type ClientFlags,
  clientCommand,
  connect,
  groupCommand,
  showCard,
  showList,
} from './client-command.ts';
import { CliFailure, EXIT } from './failure.ts';
import { type PasswordFlags, readPassword, withPassword } from './password.ts';
import type { Column } from './table.ts';

interface ByName extends ClientFlags {
  readonly username: string;
}

interface AddFlags extends ByName, PasswordFlags {
  readonly compId: string;
  readonly resetOnLogon?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: 'USERNAME', field: 'username' },
  { title: 'COMP ID', field: 'compId', right: true },
  { title: 'STATUS', field: 'status' },
  { title: 'RESET ON LOGON', field: 'resetOnLogon' },
  { title: 'CREATED', field: 'createdAt' },
];

/** Adds the commands to the program. */
export function addUserCommands(program: Command): void {
  const user = groupCommand(program, 'user', 'members: add, list, disable, enable, change a password');

  withPassword(
    clientCommand(user, 'add', 'add a member, who may log on at once')
      .requiredOption('--username <name>', 'Username (553) in the Logon: letters, digits, ".", "_" and "-"')
      .requiredOption('--comp-id <number>', 'SenderCompID (49) that the member sends: an integer')
      .option('--reset-on-logon', 'begin at sequence number 1 at every Logon, as if it had 141=Y'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  printf %s "$PASSWORD" | onebook user add --username alice --comp-id 1001 --password-stdin',
    )
    .action(async (flags: AddFlags) => {
      const body = {
        username: flags.username,
        password: await readPassword(flags),
        compId: readCompId(flags.compId),
        resetOnLogon: flags.resetOnLogon ?? false,
      };
      showCard(flags, await (await connect(flags)).post('/v1/users', body), COLUMNS);
    });

  clientCommand(user, 'list', 'list the members').action(async (flags: ClientFlags) => {
    showList(flags, await (await connect(flags)).get('/v1/users'), 'users', COLUMNS);
  });

  const change = (name: string, description: string): void => {
    clientCommand(user, name, description)
      .requiredOption('--username <name>', 'the member')
      .action(async (flags: ByName) => {
        const path = `/v1/users/${encodeURIComponent(flags.username)}/${name}`;
        showCard(flags, await (await connect(flags)).post(path), COLUMNS);
      });
  };
  change('disable', 'log a member out and let it in no more; its orders stay: see "onebook order cancel"');
  change('enable', 'let a disabled member in again');

  withPassword(
    clientCommand(
      user,
      'passwd',
      'change the password of a member; a session that is on stays on',
    ).requiredOption('--username <name>', 'the member'),
  ).action(async (flags: ByName & PasswordFlags) => {
    const password = await readPassword(flags);
    const path = `/v1/users/${encodeURIComponent(flags.username)}/password`;
    showCard(flags, await (await connect(flags)).post(path, { password }), COLUMNS);
  });
}

function readCompId(text: string): number {
  const compId = Number(text);
  if (/^\d{1,10}$/.test(text) && compId <= 2_147_483_647) return compId;
  throw new CliFailure(EXIT.usage, `--comp-id must be an integer from 0 to 2147483647, not "${text}"`);
}

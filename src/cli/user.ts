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
import { LISTED_TERMS, readTerms, TERMS, type TermsFlags, withTerms } from './member-terms.ts';
import { type PasswordFlags, readPassword, withPassword } from './password.ts';
import type { Column } from './table.ts';

interface ByName extends ClientFlags {
  readonly username: string;
}

interface DisableFlags extends ByName {
  readonly cancelOrders?: boolean;
  readonly reason?: string;
}

interface AddFlags extends ByName, PasswordFlags, TermsFlags {
  readonly compId: string;
}

const IDENTITY: readonly Column[] = [
  { title: 'USERNAME', field: 'username' },
  { title: 'COMP ID', field: 'compId', right: true },
  { title: 'STATUS', field: 'status' },
];
const CREATED: Column = { title: 'CREATED', field: 'createdAt' };
const CANCELS_REQUESTED: Column = { title: 'CANCELS REQUESTED', field: 'cancelsRequested', right: true };
const LIST: readonly Column[] = [...IDENTITY, ...LISTED_TERMS, CREATED];
const CARD: readonly Column[] = [...IDENTITY, ...TERMS, CREATED];

/** Adds the commands to the program. */
export function addUserCommands(program: Command): void {
  const user = groupCommand(
    program,
    'user',
    'members: add, list, show, change what is agreed, disable, enable, change a password',
  );

  withTerms(
    withPassword(
      clientCommand(user, 'add', 'add a member, who may log on at once')
        .requiredOption('--username <name>', 'Username (553) in the Logon: letters, digits, ".", "_" and "-"')
        .requiredOption('--comp-id <number>', 'SenderCompID (49) that the member sends: an integer'),
    ),
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
        ...readTerms(flags),
      };
      showCard(flags, await (await connect(flags)).post('/v1/users', body), CARD);
    });

  withTerms(
    clientCommand(
      user,
      'set',
      'change what is agreed with a member, from its next Logon on, and its limits, from its next order on',
    ).requiredOption('--username <name>', 'the member'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  onebook user set --username alice --schedule "Mon 08:00 - Fri 17:30 Europe/Zurich reset Sun 18:00"' +
        '\n  onebook user set --username alice --stp oldest --max-order-notional 100000 --max-open-orders 200',
    )
    .action(async (flags: ByName & TermsFlags) => {
      const terms = readTerms(flags);
      if (Object.keys(terms).length === 0) throw new CliFailure(EXIT.usage, 'say what to change: see --help');
      const path = `/v1/users/${encodeURIComponent(flags.username)}/terms`;
      showCard(flags, await (await connect(flags)).post(path, terms), CARD);
    });

  clientCommand(user, 'show', 'show a member and all that is agreed with it')
    .requiredOption('--username <name>', 'the member')
    .action(async (flags: ByName) => {
      const path = `/v1/users/${encodeURIComponent(flags.username)}`;
      showCard(flags, await (await connect(flags)).get(path), CARD);
    });

  clientCommand(user, 'list', 'list the members').action(async (flags: ClientFlags) => {
    showList(flags, await (await connect(flags)).get('/v1/users'), 'users', LIST);
  });

  const change = (name: string, description: string): void => {
    clientCommand(user, name, description)
      .requiredOption('--username <name>', 'the member')
      .action(async (flags: ByName) => {
        const path = `/v1/users/${encodeURIComponent(flags.username)}/${name}`;
        showCard(flags, await (await connect(flags)).post(path), CARD);
      });
  };
  clientCommand(user, 'disable', 'log a member out and let it in no more; its orders stay without a flag')
    .requiredOption('--username <name>', 'the member')
    .option('--cancel-orders', 'cancel its open orders too')
    .option('--reason <text>', 'why; with --cancel-orders the member is told')
    .action(async (flags: DisableFlags) => {
      const { username, cancelOrders, reason } = flags;
      const path = `/v1/users/${encodeURIComponent(username)}/disable`;
      const request = cancelOrders || reason !== undefined ? { cancelOrders, reason } : undefined;
      const columns = cancelOrders ? [...CARD, CANCELS_REQUESTED] : CARD;
      showCard(flags, await (await connect(flags)).post(path, request), columns);
    });
  change('enable', 'let a disabled member in again');
  change('reset-numbers', 'put both sequence numbers of a member back to 1, also while it is logged on');

  withPassword(
    clientCommand(
      user,
      'passwd',
      'change the password of a member; a session that is on stays on',
    ).requiredOption('--username <name>', 'the member'),
  ).action(async (flags: ByName & PasswordFlags) => {
    const password = await readPassword(flags);
    const path = `/v1/users/${encodeURIComponent(flags.username)}/password`;
    showCard(flags, await (await connect(flags)).post(path, { password }), CARD);
  });
}

function readCompId(text: string): number {
  const compId = Number(text);
  if (/^\d{1,10}$/.test(text) && compId <= 2_147_483_647) return compId;
  throw new CliFailure(EXIT.usage, `--comp-id must be an integer from 0 to 2147483647, not "${text}"`);
}

/** `onebook deposit`, `withdraw`, `adjust` and `balance`: what members own. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { queryOf } from './admin-client.ts';
import { type ClientFlags, clientCommand, connect, showList, showSentence } from './client-command.ts';
import { CliFailure, EXIT } from './failure.ts';
import type { Column } from './table.ts';

interface TransferFlags extends ClientFlags {
  readonly username: string;
  readonly asset: string;
  readonly amount: string;
  readonly reason?: string;
  readonly id?: string;
  readonly newAsset?: boolean;
}

interface BalanceFlags extends ClientFlags {
  readonly username?: string;
  readonly limit?: string;
}

const BALANCES: readonly Column[] = [
  { title: 'USERNAME', field: 'username' },
  { title: 'ASSET', field: 'asset' },
  { title: 'AMOUNT', field: 'amount', right: true },
  { title: 'HELD', field: 'held', right: true },
  { title: 'AVAILABLE', field: 'available', right: true },
];

const NEW_ASSET = [
  '--new-asset',
  'the asset is new: no instrument names it and nobody holds it yet',
] as const;

/** Adds the commands to the program. */
export function addFundsCommands(program: Command): void {
  transferCommand(program, 'deposit', 'deposit', 'credit a member with an asset')
    .requiredOption('--amount <decimal>', 'how much; exact, up to 18 decimals')
    .option('--reason <text>', 'why; kept with the transfer')
    .option(...NEW_ASSET);
  transferCommand(program, 'withdraw', 'withdrawal', 'debit a member; what orders hold stays')
    .requiredOption('--amount <decimal>', 'how much; exact, up to 18 decimals')
    .option('--reason <text>', 'why; kept with the transfer');
  transferCommand(program, 'adjust', 'adjustment', 'put a balance right; what orders hold stays')
    .requiredOption('--amount <decimal>', 'what is added to the balance; with a minus, what is taken from it')
    .requiredOption('--reason <text>', 'why; kept with the transfer')
    .option(...NEW_ASSET);

  clientCommand(program, 'balance', 'show what members own, how much of it orders hold, and the fees earned')
    .option('--username <name>', 'of one member only')
    .option('--limit <count>', 'show at most so many rows')
    .action(async (flags: BalanceFlags) => {
      const { username, limit } = flags;
      const body = await (await connect(flags)).get(`/v1/balances${queryOf({ username, limit })}`);
      showList(flags, body, 'balances', BALANCES);
    });
}

function transferCommand(
  program: Command,
  name: string,
  type: 'deposit' | 'withdrawal' | 'adjustment',
  description: string,
): Command {
  return clientCommand(program, name, description)
    .requiredOption('--username <name>', 'the member')
    .requiredOption('--asset <asset>', 'for example USD')
    .option('--id <text>', 'a name for this transfer: a second one with the same id changes nothing')
    .action(async (flags: TransferFlags) => {
      const { username, asset, amount, reason, id = randomUUID(), newAsset } = flags;
      const client = await connect(flags);
      const asked = { type, username, asset, amount, reason, id, newAsset };
      const body = await client.post('/v1/transfers', asked).catch((error: unknown) => {
        if (!(error instanceof CliFailure) || error.exitCode !== EXIT.unreachable) throw error;
        const repeat = `it may be booked all the same: repeat it with --id ${id}, and it is booked once`;
        throw new CliFailure(EXIT.unreachable, ...error.lines, repeat);
      });
      const { repeated, balance, id: given } = body;
      const before = repeated === true ? ' (booked before; nothing changed)' : '';
      showSentence(flags, body, `${username} now has ${balance} ${asset}; transfer id ${given}${before}`);
    });
}

/** `onebook deposit`, `onebook withdraw` and `onebook balance`: what members own. */
import type { Command } from 'commander';
import { queryOf } from './admin-client.ts';
import { type ClientFlags, clientCommand, connect, showList, showSentence } from './client-command.ts';
import type { Column } from './table.ts';

interface TransferFlags extends ClientFlags {
  readonly username: string;
  readonly asset: string;
  readonly amount: string;
  readonly id?: string;
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

/** Adds the commands to the program. */
export function addFundsCommands(program: Command): void {
  const transfer = (name: string, type: 'deposit' | 'withdrawal', description: string): void => {
    clientCommand(program, name, description)
      .requiredOption('--username <name>', 'the member')
      .requiredOption('--asset <asset>', 'for example USD')
      .requiredOption('--amount <decimal>', 'how much; exact, up to 18 decimals')
      .option('--id <text>', 'a name for this transfer: a second one with the same id changes nothing')
      .action(async (flags: TransferFlags) => {
        const { username, asset, amount, id } = flags;
        const client = await connect(flags);
        const body = await client.post('/v1/transfers', { type, username, asset, amount, id });
        const { repeated, balance, id: given } = body;
        const before = repeated === true ? ' (booked before; nothing changed)' : '';
        showSentence(flags, body, `${username} now has ${balance} ${asset}; transfer id ${given}${before}`);
      });
  };
  transfer('deposit', 'deposit', 'credit a member with an asset');
  transfer('withdraw', 'withdrawal', 'debit a member; what orders hold stays');

  clientCommand(program, 'balance', 'show what members own, how much of it orders hold, and the fees earned')
    .option('--username <name>', 'of one member only')
    .option('--limit <count>', 'show at most so many rows')
    .action(async (flags: BalanceFlags) => {
      const { username, limit } = flags;
      const body = await (await connect(flags)).get(`/v1/balances${queryOf({ username, limit })}`);
      showList(flags, body, 'balances', BALANCES);
    });
}

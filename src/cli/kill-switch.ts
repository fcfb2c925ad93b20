/** `onebook kill-switch`: stops the whole venue, or one member, and cancels every order. */
import type { Command } from 'commander';
import { type ClientFlags, clientCommand, connect, showSentence } from './client-command.ts';
import { confirm } from './confirm.ts';

interface KillFlags extends ClientFlags {
  readonly reason: string;
  readonly username?: string;
  readonly yes?: boolean;
}

/** Adds the command to the program. */
export function addKillSwitchCommand(program: Command): void {
  clientCommand(program, 'kill-switch', 'halt every instrument and cancel every order, or stop one member')
    .requiredOption('--reason <text>', 'why; members are told')
    .option('--username <name>', 'only this member: it is disabled, and its orders are canceled')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      '\nWhat was halted trades again after "onebook instrument resume", symbol by symbol; ' +
        'a member comes back with "onebook user enable".',
    )
    .action(async (flags: KillFlags) => {
      const { reason, username, yes } = flags;
      const client = await connect(flags);
      const what =
        username === undefined
          ? 'halts every instrument and cancels every order'
          : `disables ${username} and cancels all of its orders`;
      if (yes !== true) await confirm(what);
      const body = await client.post('/v1/kill-switch', { reason, username });
      const { halted, cancelsRequested } = body;
      const done =
        username === undefined
          ? `halted: ${Array.isArray(halted) ? halted.join(', ') || 'nothing' : ''}`
          : `${username} is disabled`;
      showSentence(flags, body, `${done}; cancels requested: ${cancelsRequested}`);
    });
}

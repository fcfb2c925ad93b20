/** `onebook announce`: News (B) to every member that is logged on. */
import type { Command } from 'commander';
import { type ClientFlags, clientCommand, connect, showSentence } from './client-command.ts';

interface AnnounceFlags extends ClientFlags {
  readonly line?: readonly string[];
}

/** Adds the command to the program. */
export function addAnnounceCommand(program: Command): void {
  clientCommand(program, 'announce <headline>', 'tell every member that is logged on something, as News (B)')
    .option('--line <text...>', 'lines of text, behind the headline; by default the headline again')
    .addHelpText(
      'after',
      '\nExample:\n  onebook announce "maintenance tonight" --line "from 22:00" "to 22:10 UTC"',
    )
    .action(async (headline: string, flags: AnnounceFlags) => {
      const body = await (await connect(flags)).post('/v1/announcements', { headline, lines: flags.line });
      const { memberCount, unreached } = body;
      const told = `told ${memberCount === 1 ? 'one member' : `${memberCount} members`}`;
      const missed = Array.isArray(unreached)
        ? `, but not those at ${unreached.join(', ')}, which cannot be reached`
        : '';
      showSentence(flags, body, `${told}${missed}`);
    });
}

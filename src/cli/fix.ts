/** `onebook fix decode`: FIX messages in words. */
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { groupCommand } from './client-command.ts';

/** What stands between fields: SOH on the wire, and what logs make of it. */
const SEPARATOR = String.raw`(?:\x01|\^A|\|)`;
/** Between two messages without a line break: after a CheckSum (10), before a BeginString (8). */
const BETWEEN_MESSAGES = new RegExp(String.raw`(?<=${SEPARATOR}10=\d{3}${SEPARATOR})(?=8=FIX)`);

/** Adds the command to the program. */
export function addFixCommands(program: Command): void {
  const fix = groupCommand(program, 'fix', 'FIX messages: decode');
  fix
    .command('decode')
    .description('read FIX messages from standard input and name every field; passwords are not shown')
    .helpOption('-h, --help', 'show this help')
    .option('--json', 'print one JSON object a message')
    .addHelpText(
      'after',
      '\nFields may be separated by SOH, "^A" or "|", and a log may have put something before each message.' +
        '\n\nExample:\n  grep 35=D messages.log | onebook fix decode',
    )
    .action(async (flags: { readonly json?: boolean }) => {
      // Here, since the dictionary is large and no other command needs it.
      const { describeMessage, summariseMessage } = await import('../fix/describe.ts');
      process.stdin.setEncoding('latin1');
      for await (const line of createInterface({ input: process.stdin })) {
        for (const message of line.split(BETWEEN_MESSAGES)) {
          if (message.trim() === '') continue;
          const fields = describeMessage(message);
          const summary = summariseMessage(message);
          const text = flags.json
            ? JSON.stringify({ summary, fields })
            : [summary, ...fields.map((field) => `  ${field}`), ''].join('\n');
          process.stdout.write(`${text}\n`);
        }
      }
    });
}

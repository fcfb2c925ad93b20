/** Where a command takes a password from: a flag, for trials; standard input, where no process list shows it. */
import type { Command } from 'commander';
import { CliFailure, EXIT } from './failure.ts';

export interface PasswordFlags {
  readonly password?: string;
  readonly passwordStdin?: boolean;
}

/** Adds the two flags. */
export function withPassword(command: Command): Command {
  return command
    .option('--password <text>', 'the password, 8 to 256 characters; other users can see it while this runs')
    .option('--password-stdin', 'read the password from standard input instead, without its last line break');
}

/** The password that exactly one of the flags gives. */
export async function readPassword(flags: PasswordFlags): Promise<string> {
  if ((flags.password === undefined) === (flags.passwordStdin !== true)) {
    throw new CliFailure(EXIT.usage, 'give the password with one of --password-stdin and --password');
  }
  if (flags.password !== undefined) return flags.password;
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) text += chunk;
  return text.replace(/\r?\n$/, '');
}

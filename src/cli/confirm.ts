/** Asking before what cannot be undone; `--yes` answers beforehand. */
import { createInterface } from 'node:readline/promises';
import { CliFailure, EXIT } from './failure.ts';

/** Goes on when the next line of standard input says yes; `what` follows the word This. */
export async function confirm(what: string): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  process.stderr.write(`This ${what}. Type yes to go on: `);
  const { value, done } = await lines[Symbol.asyncIterator]().next();
  lines.close();
  if (done === true || value.trim() !== 'yes') {
    process.stderr.write('\n');
    throw new CliFailure(EXIT.refused, 'not confirmed, nothing was done: answer yes, or say --yes');
  }
}

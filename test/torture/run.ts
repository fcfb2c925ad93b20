/**
 * `npm run torture -- --minutes M --seed S`: tries to break the venue for that long. Exit code 0: nothing was lost,
 * doubled or made up; 1: something was, and the seed says how to do it again; 2: wrong usage.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/platform/clock.ts';
import { torture } from './torture.ts';

const USAGE = 'usage: npm run torture -- [--minutes M] [--seed S]';
const DEFAULT_MINUTES = '3';
const MAX_SEED = 2 ** 31;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(): Promise<number> {
  const options = { minutes: { type: 'string' }, seed: { type: 'string' } } as const;
  const { values } = parseArgs({ options });
  const minutes = Number(values.minutes ?? DEFAULT_MINUTES);
  const seed = Number(values.seed ?? systemClock.now() % MAX_SEED);
  if (!(minutes > 0) || !Number.isSafeInteger(seed)) throw new TypeError('M is above 0, S is a whole number');
  say(`torture of ${minutes} minutes with seed ${seed}`);
  const result = await torture({ minutes, seed, say });
  for (const line of result.summary) say(line);
  if (result.type === 'Clean') {
    say(`clean: seed ${seed}`);
    return 0;
  }
  say(`FAILED after fault ${result.faultNo} of seed ${seed}:`);
  say(result.reason);
  if (result.keptIn !== undefined) say(`data directory: ${result.keptIn}, log: ${result.keptIn}.log`);
  say(`again: npm run torture -- --minutes ${minutes} --seed ${seed}`);
  return 1;
}

try {
  process.exit(await run());
} catch (error) {
  const isUsage = error instanceof TypeError;
  process.stderr.write(`${isUsage ? `${error.message}\n${USAGE}` : (error as Error).stack}\n`);
  process.exit(isUsage ? 2 : 1);
}

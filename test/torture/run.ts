/**
 * `npm run torture -- --minutes M --seed S`: tries to break the venue for that long, with `--cluster` one of several
 * processes. Exit code 0: nothing was lost, doubled or made up; 1: something was, and the seed says how to do it again;
 * 2: wrong usage. With `--keep` data and logs stay in any case.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/platform/clock.ts';
import { hasNatsServer } from '../support/nats-server.ts';
import { torture } from './torture.ts';

const USAGE = 'usage: npm run torture -- [--cluster [--only KIND]] [--minutes M] [--seed S] [--keep]';
const DEFAULT_MINUTES = '3';
const MAX_SEED = 2 ** 31;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(): Promise<number> {
  const options = {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    cluster: { type: 'boolean' },
    keep: { type: 'boolean' },
    only: { type: 'string' },
  } as const;
  const { values } = parseArgs({ options });
  const minutes = Number(values.minutes ?? DEFAULT_MINUTES);
  const seed = Number(values.seed ?? systemClock.now() % MAX_SEED);
  if (!(minutes > 0) || !Number.isSafeInteger(seed)) throw new TypeError('M is above 0, S is a whole number');
  const isCluster = values.cluster === true;
  if (isCluster && !hasNatsServer()) throw new TypeError('a cluster needs nats-server, which is not there');
  say(`torture of ${isCluster ? 'a cluster, ' : ''}${minutes} minutes with seed ${seed}`);
  const { only, keep } = values;
  const result = await torture({ minutes, seed, isCluster, only, keepsAll: keep === true, say });
  for (const line of result.summary) say(line);
  if (result.type === 'Clean') {
    say(`clean: seed ${seed}`);
    return 0;
  }
  say(`FAILED after fault ${result.faultNo} of seed ${seed}:`);
  say(result.reason);
  if (result.keptIn !== undefined) say(`data directory: ${result.keptIn}, log: ${result.keptIn}.log`);
  say(`again: npm run torture -- ${isCluster ? '--cluster ' : ''}--minutes ${minutes} --seed ${seed}`);
  return 1;
}

try {
  process.exit(await run());
} catch (error) {
  const isUsage = error instanceof TypeError;
  process.stderr.write(`${isUsage ? `${error.message}\n${USAGE}` : (error as Error).stack}\n`);
  process.exit(isUsage ? 2 : 1);
}

/**
 * `npm run safeguards [-- --only NAME …]`: removes one safeguard after the other from copies of the tree and runs the
 * test that must notice. Prints a Markdown table. Exit code 0: every one was noticed; 1: one was not, or could not be
 * tried; 2: wrong usage.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/platform/clock.ts';
import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';
import { makeScratch, type Scratch } from './scratch.ts';
import { markdownTable, summary, type Trial } from './table.ts';
import { tryMutant, untriable } from './trial.ts';

const USAGE = 'usage: npm run safeguards [-- --only NAME] …';
/** Trials side by side: most of their time is a database that starts. */
const SIDE_BY_SIDE = 2;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Progress, apart from the table, so that that can be sent to a file. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function selected(): readonly Mutant[] {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
  const { only } = values;
  if (only === undefined) return MUTANTS;
  return only.map((name) => {
    const mutant = MUTANTS.find((candidate) => candidate.name === name);
    if (mutant === undefined) {
      throw new TypeError(`no mutant ${name}; there are ${MUTANTS.map((one) => one.name).join(', ')}`);
    }
    return mutant;
  });
}

/** Tries the mutants, in each scratch tree one after the other. The trials are in the order of the mutants. */
async function tryAll(scratches: readonly Scratch[], mutants: readonly Mutant[]): Promise<readonly Trial[]> {
  const trials = new Map<Mutant, Trial>();
  const left = [...mutants];
  const work = async (scratch: Scratch): Promise<void> => {
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      const startedAt = systemClock.now();
      const verdict = await tryMutant(scratch, mutant);
      const seconds = Math.round((systemClock.now() - startedAt) / 1000);
      const reason = verdict.type === 'Untried' ? `: ${verdict.reason}` : '';
      say(`${mutant.name}: ${verdict.type} (${seconds} s)${reason}`);
      trials.set(mutant, { mutant, verdict });
    }
  };
  await Promise.all(scratches.map(work));
  return mutants.flatMap((mutant) => trials.get(mutant) ?? []);
}

async function run(): Promise<number> {
  const mutants = selected();
  const scratches = await Promise.all(Array.from({ length: SIDE_BY_SIDE }, makeScratch));
  try {
    const [first] = scratches;
    const broken = first === undefined ? new Map<string, string>() : await untriable(first.dir, mutants);
    for (const [name, reason] of broken)
      say(`${name}: its test fails although nothing was removed: ${reason}`);
    say(`${mutants.length - broken.size} of ${mutants.length} tests pass while nothing is removed`);
    const trials = await tryAll(
      scratches,
      mutants.filter(({ name }) => !broken.has(name)),
    );
    for (const line of markdownTable(trials)) print(line);
    print('');
    print(summary(trials));
    return broken.size === 0 && trials.every(({ verdict }) => verdict.type === 'Killed') ? 0 : 1;
  } finally {
    for (const scratch of scratches) await scratch.remove();
  }
}

try {
  process.exit(await run());
} catch (error) {
  const isUsage = error instanceof TypeError;
  process.stderr.write(`${isUsage ? `${error.message}\n${USAGE}` : (error as Error).stack}\n`);
  process.exit(isUsage ? 2 : 1);
}

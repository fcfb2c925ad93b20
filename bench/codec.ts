/**
 * `npm run bench:codec`: messages parsed and ExecutionReports encoded per second of CPU time, beside fixparser and
 * jspurefix on the same input in the same run. docs/PERFORMANCE.md says what the figures mean.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CODEC_CONTESTS } from './support/codec-contests.ts';
import { type ContestResult, standingsOf, type Turn, takeTurn } from './support/contest.ts';
import { describeMachine } from './support/machine.ts';
import { contestText, programText } from './support/report.ts';

const USAGE = `npm run bench:codec -- [--rounds N] [--seed N] [--json]

  --rounds N  how often each codec takes its turn; default 4
  --seed N    of the messages; default 1
  --json      one JSON object instead of text`;

const TURN = { warmUpMs: 400, measureMs: 500 };

interface Options {
  readonly rounds: number;
  readonly seed: number;
  readonly isJson: boolean;
  /** This process is one turn: which contest and contestant, by their numbers. */
  readonly turn: readonly [number, number] | undefined;
}

/** Reads the command line; a text is what is wrong with it. */
function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '4' },
        seed: { type: 'string', default: '1' },
        turn: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return USAGE;
    const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
    for (const value of [rounds, seed]) {
      if (!Number.isSafeInteger(value) || value < 1) return 'rounds and seed are positive integers';
    }
    const [contest, contestant] = values.turn?.split(',').map(Number) ?? [];
    const turn =
      contest === undefined || contestant === undefined ? undefined : ([contest, contestant] as const);
    return { rounds, seed, isJson: values.json, turn };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`;
  }
}

/** One turn in this process; the result goes to standard output. */
async function runTurn([contestIndex, index]: readonly [number, number], seed: number): Promise<void> {
  const make = CODEC_CONTESTS[contestIndex]?.contestants[index];
  if (make === undefined) throw new Error('there is no such contestant');
  const contestant = await make(seed);
  const { name, does } = contestant;
  const turn: Turn = { name, does, rate: takeTurn(contestant, TURN) };
  process.stdout.write(JSON.stringify(turn));
}

/** One turn in a process of its own. */
function spawnTurn(contestIndex: number, index: number, seed: number): Turn {
  const self = fileURLToPath(import.meta.url);
  const flags = ['--turn', `${contestIndex},${index}`, '--seed', String(seed)];
  return JSON.parse(execFileSync(process.execPath, [self, ...flags], { encoding: 'utf8' })) as Turn;
}

async function run({ rounds, seed, isJson }: Options): Promise<void> {
  const machine = describeMachine(fileURLToPath(new URL('..', import.meta.url)));
  const results: ContestResult[] = [];
  for (const [contestIndex, { title, contestants }] of CODEC_CONTESTS.entries()) {
    const turns: Turn[][] = contestants.map(() => []);
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, own] of turns.entries()) own.push(spawnTurn(contestIndex, index, seed));
    }
    results.push({ title, standings: standingsOf(turns) });
  }
  const text = [programText(machine), ...results.map(contestText)].join('\n\n');
  process.stdout.write(isJson ? `${JSON.stringify({ machine, results }, undefined, 2)}\n` : `${text}\n`);
}

const options = readOptions();
if (typeof options === 'string') {
  process.stderr.write(`${options}\n`);
  process.exitCode = options === USAGE ? 0 : 2;
} else {
  const work = options.turn === undefined ? run(options) : runTurn(options.turn, options.seed);
  await work.catch((error: unknown) => {
    process.stderr.write(`bench failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}

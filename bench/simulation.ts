/**
 * `npm run bench:simulation`: histories of the simulated venue per second, with what is in them, so that a faster
 * simulation cannot be one in which less happens. docs/PERFORMANCE.md says what the figures mean.
 */
import { Session } from 'node:inspector';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { FAULT_KINDS } from '../test/simulation/fault-counts.ts';
import { playSeeds, playSeedsOnThreads, type SeedRun } from '../test/simulation/seeds.ts';
import { describeMachine } from './support/machine.ts';
import { type CpuProfile, summarize } from './support/profile.ts';

const USAGE = `npm run bench:simulation -- [--seconds N] [--threads N] [--seed N] [--profile] [--json]

  --seconds N  how long to play after the warm-up; default 20
  --threads N  that play at the same time; default 1
  --seed N     the first; default 1
  --profile    where the time goes, on one thread
  --json       one JSON object instead of text`;

/** Histories after which the code is compiled. */
const WARM_UP = 4_000;
const PORTION = 250;

interface Options {
  readonly seconds: number;
  readonly threads: number;
  readonly seed: number;
  readonly isProfiled: boolean;
  readonly isJson: boolean;
}

interface Measured {
  readonly run: SeedRun;
  readonly perSecond: number;
  /** Of the process's own CPU time: what other programs take is not in it. */
  readonly perCpuSecond: number;
}

/** Reads the command line; a text is what is wrong with it. */
function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '20' },
        threads: { type: 'string', default: '1' },
        seed: { type: 'string', default: '1' },
        profile: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return USAGE;
    const numbers = [values.seconds, values.threads, values.seed].map(Number);
    if (numbers.some((value) => !Number.isSafeInteger(value) || value < 1)) {
      return 'numbers are positive integers';
    }
    const [seconds = 1, threads = 1, seed = 1] = numbers;
    return { seconds, threads, seed, isProfiled: values.profile, isJson: values.json };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`;
  }
}

/** Plays for so long, and counts what was played after the warm-up. */
async function measure({ seconds, threads, seed }: Options): Promise<Measured> {
  const unlimited = { first: seed + WARM_UP, count: Number.MAX_SAFE_INTEGER - seed - WARM_UP };
  if (threads === 1) playSeeds({ first: seed, count: WARM_UP });
  const [began, cpuBegan] = [performance.now(), process.cpuUsage()];
  const isTime = (): boolean => performance.now() - began < seconds * 1_000;
  // Threads warm up on the clock: each has code of its own.
  const run =
    threads > 1
      ? await playSeedsOnThreads(unlimited, threads, isTime)
      : playPortions(unlimited.first, isTime);
  const elapsedMs = performance.now() - began;
  const { user, system } = process.cpuUsage(cpuBegan);
  const { histories } = run.sums;
  return {
    run,
    perSecond: (1_000 * histories) / elapsedMs,
    perCpuSecond: (1_000_000 * histories) / (user + system),
  };
}

function playPortions(first: number, goesOn: () => boolean): SeedRun {
  const whole = playSeeds({ first, count: 0 });
  for (let next = first; goesOn(); next += PORTION) {
    const { sums, faults, failures } = playSeeds({ first: next, count: PORTION });
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) whole.sums[name] += sums[name];
    for (const [kind, count] of faults) whole.faults.set(kind, (whole.faults.get(kind) ?? 0) + count);
    whole.failures.push(...failures);
  }
  return whole;
}

/** The same under V8's profiler, which makes it slower. */
async function profile(options: Options): Promise<CpuProfile> {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.start');
  await measure({ ...options, threads: 1 });
  return new Promise((resolve, reject) => {
    session.post('Profiler.stop', (error, { profile: found }) => {
      if (error) reject(error);
      else resolve(found as CpuProfile);
    });
  });
}

function printText({ run, perSecond, perCpuSecond }: Measured): void {
  const { histories, ...sums } = run.sums;
  const each = (count: number, digits = 1): string => (count / histories).toFixed(digits);
  console.log(`${perSecond.toFixed(0)} histories/s, ${perCpuSecond.toFixed(0)} per second of CPU time`);
  console.log(`${histories} histories, ${run.failures.length} of them broke a promise`);
  console.log('in one of them, on average:');
  for (const [name, count] of Object.entries(sums)) console.log(`  ${each(count).padStart(7)} ${name}`);
  console.log('faults that happened, on average:');
  for (const kind of FAULT_KINDS) console.log(`  ${each(run.faults.get(kind) ?? 0, 4).padStart(7)} ${kind}`);
}

async function main(options: Options): Promise<void> {
  const machine = describeMachine(process.cwd());
  if (options.isProfiled) {
    const found = await profile(options);
    const { subsystems, functions } = summarize(found, found.startTime, Number.POSITIVE_INFINITY);
    for (const { name, share } of [...subsystems, ...functions]) {
      console.log(`${(100 * share).toFixed(1).padStart(5)} % ${name}`);
    }
    return;
  }
  const measured = await measure(options);
  if (options.isJson) {
    const { run, ...rates } = measured;
    const faults = Object.fromEntries(run.faults);
    console.log(
      JSON.stringify({ machine, options, ...rates, sums: run.sums, faults, failures: run.failures }),
    );
  } else {
    const { cpuModel, cpuCount, memoryGiB, nodeVersion, loadBefore, commit, isDirty } = machine;
    console.log(
      `${cpuModel} × ${cpuCount}, ${memoryGiB} GiB, Node ${nodeVersion}, load ${loadBefore} before,` +
        ` commit ${commit}${isDirty ? ' with changes' : ''}, ${options.threads} threads, from seed ${options.seed}`,
    );
    printText(measured);
  }
  if (measured.run.failures.length > 0) process.exitCode = 1;
}

const options = readOptions();
if (typeof options === 'string') {
  console.log(options);
  process.exitCode = options === USAGE ? 0 : 2;
} else await main(options);

/** Mocha in a process of its own, told by its stream of events: what tests say of a tree, from outside of both. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/platform/clock.ts';

/** One test as mocha reports it. */
export interface ReportedTest {
  readonly fullTitle: string;
  readonly file: string;
  /** Of a failure: the message of its error. */
  readonly err?: string;
}

export interface MochaRun {
  readonly passes: readonly ReportedTest[];
  readonly failures: readonly ReportedTest[];
  /** Undefined when mocha came to the end of its tests: else what else it printed, at last. */
  readonly fault: string | undefined;
}

const TEST_TIMEOUT_MS = 20_000;
/** How long a database may take to stop once the tests are over, and mocha once it is told to end. */
const ENDING_MS = 10_000;
const OUTPUT_KEPT = 2_000;

/** Runs the selected tests in `dir`. Past `limitMs` mocha is told to end, and then made to. */
export async function runMocha(
  dir: string,
  selection: readonly string[],
  limitMs: number,
): Promise<MochaRun> {
  const child = spawn(
    process.execPath,
    [
      join(dir, 'node_modules', 'mocha', 'bin', 'mocha.js'),
      ...['--no-config', '--timeout', String(TEST_TIMEOUT_MS), '--require', './test/support/database.ts'],
      ...['--reporter', 'json-stream', ...selection],
    ],
    { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const passes: ReportedTest[] = [];
  const failures: ReportedTest[] = [];
  let hasEnded = false;
  let other = '';
  const keep = (text: string): void => {
    other = (other + text).slice(-OUTPUT_KEPT);
  };
  // Told first, so that it stops the database that it has started.
  const timers = [
    systemClock.after(limitMs, () => child.kill('SIGTERM')),
    systemClock.after(limitMs + ENDING_MS, () => child.kill('SIGKILL')),
  ];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = eventIn(line);
    if (event?.type === 'pass') passes.push(event.test);
    else if (event?.type === 'fail') failures.push(event.test);
    else if (event?.type === 'end') {
      hasEnded = true;
      // What a mutant has left open may keep the process alive for ever.
      timers.push(systemClock.after(ENDING_MS, () => child.kill('SIGTERM')));
    } else keep(`${line}\n`);
  });
  child.stderr.on('data', (chunk: Buffer) => keep(chunk.toString('utf8')));
  await new Promise((resolve) => child.once('close', resolve));
  for (const cancel of timers) cancel();
  return { passes, failures, fault: hasEnded ? undefined : other || 'mocha ended without a word' };
}

type MochaEvent =
  | { readonly type: 'start' | 'end' }
  | { readonly type: 'pass' | 'fail'; readonly test: ReportedTest };

/** Undefined for a line that a test has printed. */
function eventIn(line: string): MochaEvent | undefined {
  const type = /^\["(start|end|pass|fail)",\{/.exec(line)?.[1];
  if (type === undefined) return undefined;
  const [, details] = JSON.parse(line);
  if (type === 'pass' || type === 'fail') return { type, test: details };
  return type === 'start' || type === 'end' ? { type } : undefined;
}

/** Prints, at the end of a run, how many tests each folder has and how long they took. */
import { dirname, relative } from 'node:path';
import type { Context } from 'mocha';

interface Suite {
  testCount: number;
  durationMs: number;
}

const suites = new Map<string, Suite>();

export const mochaHooks = {
  afterEach(this: Context): void {
    const test = this.currentTest;
    if (test?.file === undefined) return;
    const folder = relative(process.cwd(), dirname(test.file));
    const suite = suites.get(folder) ?? { testCount: 0, durationMs: 0 };
    suite.testCount += 1;
    suite.durationMs += test.duration ?? 0;
    suites.set(folder, suite);
  },
};

export function mochaGlobalTeardown(): void {
  if (suites.size < 2) return;
  console.log('\n  time of the tests by folder, their preparation not counted');
  for (const [folder, { testCount, durationMs }] of [...suites].sort()) {
    const seconds = (durationMs / 1000).toFixed(1);
    console.log(`  ${seconds.padStart(7)} s  ${String(testCount).padStart(5)} tests  ${folder}`);
  }
}

/** A mutant's trial: its test runs in a tree without the safeguard, and must fail there. */
import { type MochaRun, type ReportedTest, runMocha } from './mocha-run.ts';
import type { Mutant } from './mutant.ts';
import type { Scratch } from './scratch.ts';

export type Verdict =
  /** Its test failed: somebody would notice. */
  | { readonly type: 'Killed'; readonly message: string }
  /** Its test passed: nothing would notice that the safeguard is gone. */
  | { readonly type: 'Survived' }
  /** Its test said nothing: it was not found, or could not run. */
  | { readonly type: 'Untried'; readonly reason: string };

const LIMIT_MS = 60_000;
const LIMIT_OF_ALL_MS = 300_000;

/** Runs the mutant's test in the scratch tree without the safeguard. */
export function tryMutant(scratch: Scratch, mutant: Mutant): Promise<Verdict> {
  const { file, title } = mutant.test;
  return scratch.without(mutant, async () =>
    judge(await runMocha(scratch.dir, ['--fgrep', title, file], LIMIT_MS), title),
  );
}

function judge({ passes, failures, fault }: MochaRun, title: string): Verdict {
  const failed = failures.find((test) => isNamed(test, title));
  if (failed !== undefined) return { type: 'Killed', message: messageOf(failed) };
  if (passes.some((test) => isNamed(test, title))) return { type: 'Survived' };
  const [other] = failures;
  if (other !== undefined) return { type: 'Untried', reason: `${other.fullTitle}: ${messageOf(other)}` };
  return { type: 'Untried', reason: fault ?? 'there is no such test' };
}

/** Why a mutant cannot be tried, by name: its test does not pass in a tree that has all safeguards. */
export async function untriable(
  dir: string,
  mutants: readonly Mutant[],
): Promise<ReadonlyMap<string, string>> {
  const files = new Set(mutants.map(({ test }) => test.file));
  const pattern = mutants.map(({ test }) => `${escaped(test.title)}$`).join('|');
  const { passes, failures, fault } = await runMocha(dir, ['--grep', pattern, ...files], LIMIT_OF_ALL_MS);
  const reasons = new Map<string, string>();
  for (const { name, test } of mutants) {
    const failed = failures.find((one) => isNamed(one, test.title));
    if (failed !== undefined) reasons.set(name, messageOf(failed));
    else if (!passes.some((one) => isNamed(one, test.title))) reasons.set(name, fault ?? 'it has not run');
  }
  return reasons;
}

/** True when the test bears the title, in whatever FIX version. */
export function isNamed({ fullTitle }: Pick<ReportedTest, 'fullTitle'>, title: string): boolean {
  return fullTitle === title || fullTitle.endsWith(` ${title}`);
}

function messageOf({ err = '' }: ReportedTest): string {
  return err.split('\n')[0] ?? '';
}

function escaped(title: string): string {
  return title.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

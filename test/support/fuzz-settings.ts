/**
 * How the fuzzer is run: from a seed that the environment may give, all cases or one of them. Whoever fails is told
 * how to repeat it.
 */
import { senderCompIdOf } from './fuzz-case.ts';

const DEFAULT_SEED = 20_260_105;

/** The seed and the cases of a run. */
export interface FuzzSettings {
  readonly seed: number;
  readonly first: number;
  readonly count: number;
}

/**
 * `ONEBOOK_FUZZ_SEED` is the seed, `ONEBOOK_FUZZ_CASES` how many cases instead of `defaultCount`, and
 * `ONEBOOK_FUZZ_CASE` the number of the only one.
 */
export function fuzzSettings(defaultCount: number, env: NodeJS.ProcessEnv = process.env): FuzzSettings {
  const seed = integerOf(env, 'ONEBOOK_FUZZ_SEED') ?? DEFAULT_SEED;
  const only = integerOf(env, 'ONEBOOK_FUZZ_CASE');
  if (only !== undefined) return { seed, first: only, count: 1 };
  return { seed, first: 0, count: integerOf(env, 'ONEBOOK_FUZZ_CASES') ?? defaultCount };
}

function integerOf(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(senderCompIdOf(value)) || value < 0)
    throw new Error(`${name} is not a number: ${text}`);
  return value;
}

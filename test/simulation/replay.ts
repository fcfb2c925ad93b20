/**
 * Plays histories of the simulation from the command line: `node test/simulation/replay.ts 4711` tells every moment of
 * seed 4711, made as short as it can be if it fails; `node test/simulation/replay.ts 1 10000` looks for failing seeds.
 */
import { performance } from 'node:perf_hooks';
import { playHistory } from './history.ts';
import { scriptOf } from './script.ts';
import { isBroken, shrink } from './shrink.ts';

const { ONEBOOK_SIMULATION_SEED: seed } = process.env;
const [first = Number(seed ?? Number.NaN), last] = process.argv.slice(2).map(Number);

if (Number.isNaN(first)) {
  console.log('usage: node test/simulation/replay.ts SEED [LAST_SEED], or ONEBOOK_SIMULATION_SEED=SEED');
  process.exitCode = 2;
} else if (last === undefined) {
  const script = scriptOf(first);
  const { trace, breaches } = playHistory(isBroken(script) ? shrink(script, isBroken) : script, {
    isTraced: true,
  });
  for (const line of trace) console.log(line);
  console.log(breaches.length === 0 ? 'every promise was kept' : breaches.join('\n'));
  process.exitCode = breaches.length === 0 ? 0 : 1;
} else {
  const began = performance.now();
  for (let seed = first; seed <= last; seed += 1) {
    const [breach] = playHistory(scriptOf(seed)).breaches;
    if (breach === undefined) continue;
    console.log(`seed ${seed}: ${breach}`);
    process.exitCode = 1;
  }
  const perSecond = (1_000 * (last - first + 1)) / (performance.now() - began);
  console.log(`${last - first + 1} histories, ${perSecond.toFixed(0)} per second`);
}

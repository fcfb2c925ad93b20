/**
 * All tests, as `npm test` runs them: three mocha processes side by side, since those that start venues wait most of the
 * time and the others compute; and then, by themselves, those of a whole cluster, whose leases are short. Each process
 * has a Postgres of its own. Arguments go to all (`npm test -- --grep iceberg`).
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasNatsServer } from './support/nats-server.ts';

const ROOT = join(import.meta.dirname, '..');
const MOCHA = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
/** Tests that start processes and talk to them: members' and operators'. */
const WITH_PROCESSES = ['test/acceptance/**/*.test.ts', 'test/{cli,demo}/**/*.test.ts'];
/** On a machine that is busy otherwise, nodes with short leases would be taken for dead. */
const ALONE = ['test/cluster-acceptance/**/*.test.ts'];
const COUNTS = ['passing', 'failing', 'pending'] as const;

interface Run {
  readonly code: number;
  readonly output: string;
}

/** Runs mocha; what it prints goes to `onText` as it comes. */
function mocha(selection: readonly string[], onText: (text: string) => void): Promise<Run> {
  const { require, timeout } = JSON.parse(readFileSync(join(ROOT, '.mocharc.json'), 'utf8'));
  const options = [
    '--no-config',
    '--timeout',
    String(timeout),
    ...require.flatMap((file: string) => ['--require', file]),
  ];
  if (process.stdout.isTTY) options.push('--color');
  const argv = [MOCHA, ...options, ...process.argv.slice(2), ...selection];
  const child = spawn(process.execPath, argv, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const take = (text: string): void => {
    output += text;
    onText(text);
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

function countOf(word: string, { output }: Run): number {
  const found = [...output.matchAll(new RegExp(`^\\W*(?:\\[\\d+m)*\\s*(\\d+) ${word}\\b`, 'gm'))].at(-1);
  return Number(found?.[1] ?? 0);
}

const elsewhere = [...WITH_PROCESSES, ...ALONE].flatMap((pattern) => ['--ignore', pattern]);
const selections = [...WITH_PROCESSES.map((pattern) => [pattern]), [...elsewhere, 'test/**/*.test.ts']];
// Said once for all of them.
hasNatsServer();
// The first speaks as it runs; the others wait for their turn.
const texts = selections.map((): string[] => []);
let speaking = 0;
const running = selections.map((selection, index) =>
  mocha(selection, (text) => {
    if (index === speaking) process.stdout.write(text);
    else texts[index]?.push(text);
  }),
);
const runs: Run[] = [];
for (const run of running) {
  runs.push(await run);
  speaking = runs.length;
  process.stdout.write(texts[speaking]?.splice(0).join('') ?? '');
}
runs.push(await mocha(ALONE, (text) => process.stdout.write(text)));
const sums = COUNTS.map((word) => [word, runs.reduce((sum, run) => sum + countOf(word, run), 0)] as const);
const shown = sums.filter(([word, count]) => word === 'passing' || count > 0);
process.stdout.write(`\nin all processes:\n${shown.map(([word, count]) => `  ${count} ${word}\n`).join('')}`);
process.exitCode = runs.some(({ code }) => code !== 0) ? 1 : 0;

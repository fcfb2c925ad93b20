/**
 * All tests, as `npm test` runs them: two mocha processes side by side, since those that start venues wait most of the
 * time and the others compute. Each has a Postgres of its own. Arguments go to both (`npm test -- --grep iceberg`).
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const MOCHA = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
/** Tests that start processes and talk to them. */
const WITH_PROCESSES = 'test/{acceptance,cli,demo}/**/*.test.ts';
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

const quiet: string[] = [];
let isFirstDone = false;
const first = mocha([WITH_PROCESSES], (text) => process.stdout.write(text));
const second = mocha(['--ignore', WITH_PROCESSES, 'test/**/*.test.ts'], (text) => {
  if (isFirstDone) process.stdout.write(text);
  else quiet.push(text);
});
await first;
isFirstDone = true;
process.stdout.write(quiet.join(''));
const runs = await Promise.all([first, second]);
const sums = COUNTS.map((word) => [word, runs.reduce((sum, run) => sum + countOf(word, run), 0)] as const);
const shown = sums.filter(([word, count]) => word === 'passing' || count > 0);
process.stdout.write(
  `\nin both processes:\n${shown.map(([word, count]) => `  ${count} ${word}\n`).join('')}`,
);
process.exitCode = runs.some(({ code }) => code !== 0) ? 1 : 0;

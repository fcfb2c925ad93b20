/** The trials as a table for docs/RELIABILITY.md. */
import { type Mutant, PROMISES } from './mutant.ts';
import type { Verdict } from './trial.ts';

export interface Trial {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

const HEAD = ['promise', 'safeguard', 'what was removed', 'test that fails', 'its first message'];
const MESSAGE_LENGTH = 110;

/** The table, a line each. */
export function markdownTable(trials: readonly Trial[]): readonly string[] {
  return [row(HEAD), row(HEAD.map(() => '---')), ...trials.map(trialRow)];
}

function trialRow({ mutant, verdict }: Trial): string {
  return row([...cellsOf(mutant), outcome(verdict)]);
}

/** The row of the mutant but for its last cell, which each run makes anew. */
export function rowStart(mutant: Mutant): string {
  return row(cellsOf(mutant));
}

function cellsOf({ promise, safeguard, removed, file, test }: Mutant): readonly string[] {
  const what = `${removed} (\`${fileName(file)}\`)`;
  return [String(promise), safeguard, what, `\`${fileName(test.file)}\`: ${test.title}`];
}

function outcome(verdict: Verdict): string {
  switch (verdict.type) {
    case 'Killed':
      return code(shortened(verdict.message));
    case 'Survived':
      return '**survived**';
    case 'Untried':
      return `**untried**: ${shortened(verdict.reason)}`;
  }
}

/** How often a promise was tried, for the last line of a run. */
export function summary(trials: readonly Trial[]): string {
  const killed = trials.filter(({ verdict }) => verdict.type === 'Killed').length;
  const promises = new Set(trials.map(({ mutant }) => mutant.promise)).size;
  const of = Object.keys(PROMISES).length;
  return `${killed} of ${trials.length} mutants were noticed, of ${promises} of ${of} promises`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function shortened(text: string): string {
  return text.length <= MESSAGE_LENGTH ? text : `${text.slice(0, MESSAGE_LENGTH - 1)}…`;
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

/**
 * The catalogue of mutants, without running them (`npm run safeguards` does), and docs/RELIABILITY.md: what they name is
 * there, so that they cannot come to say nothing while the source moves on.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { runMocha } from './mocha-run.ts';
import { type Mutant, PROMISES, withoutSafeguard } from './mutant.ts';
import { MUTANTS } from './mutants.ts';
import { ROOT } from './scratch.ts';
import { markdownTable, rowStart } from './table.ts';
import { isNamed } from './trial.ts';

const LIST_LIMIT_MS = 50_000;

/** Between the tests of a promise, in the first table of docs/RELIABILITY.md. */
const TEST_SEPARATOR = '<br>';

/** The rows of both tables of docs/RELIABILITY.md. */
function documentRows(): readonly string[] {
  const lines = readFileSync(join(ROOT, 'docs/RELIABILITY.md'), 'utf8').split('\n');
  return lines.filter((line) => /^\| [1-8] \| /.test(line));
}

function textOf({ file }: Mutant): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

describe('the mutants', () => {
  it('each remove one place of the source as it is now', () => {
    const faults = MUTANTS.flatMap((mutant) => {
      const text = textOf(mutant);
      try {
        return withoutSafeguard(mutant, text) === text ? [`mutant ${mutant.name} changes nothing`] : [];
      } catch (error) {
        return [String(error)];
      }
    });
    expect(faults).to.deep.equal([]);
  });

  it('each name a test that there is', async function () {
    this.timeout(LIST_LIMIT_MS + 10_000);
    const files = new Set(MUTANTS.map(({ test }) => test.file));
    const { passes, fault } = await runMocha(ROOT, ['--dry-run', ...files], LIST_LIMIT_MS);
    expect(fault).to.equal(undefined);
    const missing = MUTANTS.filter(
      ({ test }) => !passes.some((one) => one.file.endsWith(test.file) && isNamed(one, test.title)),
    );
    expect(missing.map(({ name, test }) => `${name}: ${test.title}`)).to.deep.equal([]);
  });

  it('have names of their own, and at least two for each promise', () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    for (const promise of Object.keys(PROMISES).map(Number)) {
      const count = MUTANTS.filter((mutant) => mutant.promise === promise).length;
      expect(count, `promise ${promise}`).to.be.at.least(2);
    }
  });

  it('are not tried where the place has moved or is there twice', () => {
    const [mutant] = MUTANTS as readonly [Mutant, ...Mutant[]];
    const { anchor } = mutant;
    expect(() => withoutSafeguard(mutant, 'something else')).to.throw('0 times');
    expect(() => withoutSafeguard(mutant, `${anchor} ${anchor}`)).to.throw('2 times');
  });
});

describe('the table of the promises', () => {
  const rows = documentRows().filter((line) => line.includes(TEST_SEPARATOR));

  it('in docs/RELIABILITY.md has each of them, and all of its mutants', () => {
    const said = Object.entries(PROMISES).map(([promise, text]) => `| ${promise} | ${text} | `);
    expect(rows.map((row, index) => row.startsWith(said[index] ?? '?'))).to.deep.equal(said.map(() => true));
    for (const [index, row] of rows.entries()) {
      const names = MUTANTS.filter(({ promise }) => promise === index + 1).map(({ name }) => `\`${name}\``);
      expect(row.endsWith(` | ${names.join(', ')} |`), `mutants of promise ${index + 1}`).to.equal(true);
    }
  });

  it('names tests that there are', async function () {
    this.timeout(LIST_LIMIT_MS + 10_000);
    const named = rows.flatMap((row) => (row.split(' | ')[3] ?? '').split(TEST_SEPARATOR)).map(readNamed);
    const paths = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((path) => named.some(({ file }) => path.endsWith(`/${file}`)))
      .map((path) => join('test', path));
    const { passes, fault } = await runMocha(ROOT, ['--dry-run', ...paths], LIST_LIMIT_MS);
    expect(fault).to.equal(undefined);
    const missing = named.filter(
      ({ file, title }) => !passes.some((one) => one.file.endsWith(`/${file}`) && isNamed(one, title)),
    );
    expect(missing).to.deep.equal([]);
  });
});

/** Reads "`file`: title". */
function readNamed(text: string): { readonly file: string; readonly title: string } {
  const [, file, title] = /^`([^`]+)`: (.+)$/.exec(text) ?? [];
  if (file === undefined || title === undefined) throw new Error(`this names no test: ${text}`);
  return { file, title };
}

describe('the table of the mutants', () => {
  it('in docs/RELIABILITY.md is that of these mutants, and of no others', () => {
    const rows = documentRows().filter((line) => !line.includes(TEST_SEPARATOR));
    const known = rows.map((line) => MUTANTS.find((mutant) => line.startsWith(rowStart(mutant))));
    expect(MUTANTS.filter((mutant) => !known.includes(mutant)).map(rowStart), 'missing').to.deep.equal([]);
    expect(
      rows.filter((_, index) => known[index] === undefined),
      'left over',
    ).to.deep.equal([]);
  });

  it('has a row for each trial, and shows the ones that nothing noticed', () => {
    const [mutant] = MUTANTS as readonly [Mutant, ...Mutant[]];
    const [head, rule, noticed, survived] = markdownTable([
      { mutant, verdict: { type: 'Killed', message: 'expected 1 | 2 to equal 1' } },
      { mutant, verdict: { type: 'Survived' } },
    ]);
    expect(head).to.match(/^\| promise \| safeguard \|/);
    expect(rule).to.equal('| --- | --- | --- | --- | --- |');
    expect(noticed).to.contain('`expected 1 \\| 2 to equal 1`');
    expect(survived).to.contain('**survived**');
  });
});

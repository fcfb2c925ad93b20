/** The disk of a torture run when the run is over: it goes, whoever is in it, and what it had can be kept. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { until } from '../support/until.ts';
import { Disk } from './disk.ts';
import { StubbornProcesses } from './stubborn.ts';

describe('The disk of a torture run', function () {
  this.timeout(40_000);

  const processes = new StubbornProcesses();
  let keepIn: string;

  beforeEach(async () => {
    keepIn = await mkdtemp(join(tmpdir(), 'onebook-kept-'));
  });

  afterEach(async () => {
    await processes.close();
    await rm(keepIn, { recursive: true, force: true });
  });

  it('is kept and removed while a venue and a Postgres are still at work in it', async () => {
    const disk = await Disk.open();
    await mkdir(join(disk.dataDir, 'postgres'));
    await writeFile(join(disk.dataDir, 'postgres', 'row'), 'one');
    const venue = await processes.start('venue', disk.dataDir, '--data-dir', disk.dataDir);
    const postgres = await processes.start('postgres', join(disk.dataDir, 'postgres'));
    const kept = join(keepIn, 'kept');
    expect(await disk.keep(kept)).to.equal(undefined);
    expect(await readFile(join(kept, 'postgres', 'row'), 'utf8')).to.equal('one');
    expectGone(disk);
    await until('their ends', () => [venue, postgres].every(({ signalCode }) => signalCode !== null));
  });

  it('goes when somebody else stays in it, who is told of and left alone', async () => {
    const disk = await Disk.open();
    const shell = await processes.start('shell', disk.dataDir);
    const problem = await disk.close();
    if (disk.cannotFill === undefined) expect(problem).to.match(/an unused disk.*busy/s);
    expectGone(disk);
    expect(shell.signalCode).to.equal(null);
  });

  function expectGone({ dataDir }: Disk): void {
    expect(existsSync(dirname(dataDir))).to.equal(false);
    expect(readFileSync('/proc/mounts', 'utf8')).not.to.include(dataDir);
  }
});

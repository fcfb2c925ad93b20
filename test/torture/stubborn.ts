/** Processes for tests of how a torture run ends: they obey no SIGQUIT, and are known by the name that they are given. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/until.ts';

const STUBBORN = 'trap "" QUIT; echo up; while :; do read -r line <&3; done';

/** Starts some, and ends them when the test is over. */
export class StubbornProcesses {
  readonly #children: ChildProcess[] = [];
  readonly #binDirs: string[] = [];

  /** A shell under the name, started in `cwd`. Resolves when it runs. */
  async start(name: string, cwd: string, ...args: readonly string[]): Promise<ChildProcess> {
    const binDir = await mkdtemp(join(tmpdir(), 'onebook-stubborn-'));
    this.#binDirs.push(binDir);
    const program = join(binDir, name);
    await symlink('/bin/sh', program);
    const stdio = ['ignore', 'pipe', 'inherit', 'pipe'] as const;
    const child = spawn(program, ['-c', STUBBORN, name, ...args], { cwd, stdio: [...stdio] });
    this.#children.push(child);
    let isUp = false;
    child.stdout?.once('data', () => {
      isUp = true;
    });
    await until(`${name} to run`, () => isUp);
    return child;
  }

  async close(): Promise<void> {
    for (const child of this.#children.splice(0)) child.kill('SIGKILL');
    for (const binDir of this.#binDirs.splice(0)) await rm(binDir, { recursive: true, force: true });
  }
}

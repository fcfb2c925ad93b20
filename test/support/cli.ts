/** Runs the real command line in a process of its own, as an operator would. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly stdin?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command to its end. */
export async function onebook(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const running = startOnebook(args, options);
  running.child.stdin.end(options.stdin ?? '');
  return running.ended;
}

/** Expects the exit code and exactly one line on stderr, which matches, and nothing on stdout. */
export async function fails(
  cwd: string,
  args: readonly string[],
  exitCode: number,
  line: RegExp,
  options: CliOptions = {},
): Promise<CliResult> {
  const result = await onebook(args, { cwd, ...options });
  expect(result, args.join(' ')).to.include({ exitCode, stdout: '' });
  expect(result.stderr)
    .to.match(/^error: [^\n]+\n$/)
    .and.match(line);
  return result;
}

export interface RunningCli {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<CliResult>;
  /** What was written to stdout so far. */
  output(): string;
  /** Resolves when the text has been written to stdout; rejects when the process ends without it. */
  says(text: string): Promise<void>;
}

/** Starts a command that stays. */
export function startOnebook(args: readonly string[], options: CliOptions = {}): RunningCli {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('ONEBOOK_')),
  );
  const child = spawn(process.execPath, [MAIN, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...env, ...options.env },
  });
  let stdout = '';
  let stderr = '';
  let look = (): void => {};
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A process that ends early breaks the pipe that its input comes through.
  child.stdin.on('error', () => {});
  const ended = once(child, 'close').then(([exitCode]): CliResult => ({ exitCode, stdout, stderr }));
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      look = () => {
        if (stdout.includes(text)) resolve();
      };
      look();
      void ended.then(() => reject(new Error(`ended without saying "${text}":\n${stdout}${stderr}`)));
    });
  return { child, ended, output: () => stdout, says };
}

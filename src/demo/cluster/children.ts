/**
 * Processes that the cluster demo starts: each with its log in a file, and in a group of its own, so that Ctrl-C reaches
 * the demo only, which ends them in their order. However the demo ends, none of them outlives it; should it be killed
 * itself, the next one ends them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import {
  awaitExit,
  findProcess,
  isAlive,
  type ProcessIdentity,
  sendSignal,
} from '../../persistence/postgres/processes.ts';
import { type Clock, delay } from '../../platform/clock.ts';

export interface ChildTerms {
  readonly name: string;
  readonly program: string;
  readonly argv: readonly string[];
  /** All of its environment. May hold secrets. */
  readonly env: NodeJS.ProcessEnv;
  /** Its standard error is appended to this file. */
  readonly logFile: string;
}

/** The program is not on this machine. */
export class ProgramMissing extends Error {
  override readonly name = 'ProgramMissing';
}

const living = new Set<ChildProcess>();
let isExitWatched = false;
/** Where {@link living} is written down; undefined: nowhere yet. */
let record: string | undefined;

/** One process. Make it with {@link Child.start}. */
export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #logFile: string;
  /** Where its part of the log begins. */
  readonly #logStart: number;
  readonly #ended: Promise<void>;
  #said = '';
  #end: string | undefined;
  #isEndWanted = false;

  private constructor(terms: ChildTerms, child: ChildProcess, logStart: number) {
    this.name = terms.name;
    this.#process = child;
    this.#logFile = terms.logFile;
    this.#logStart = logStart;
    living.add(child);
    writeRecord();
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    this.#ended = new Promise((settle) => {
      child.once('close', (code, signal) => {
        living.delete(child);
        this.#end = `it ended with ${signal ?? `exit code ${code}`}`;
        settle();
      });
    });
  }

  /** Throws {@link ProgramMissing}, or the system's error. */
  static async start(terms: ChildTerms): Promise<Child> {
    watchExit();
    const log = openSync(terms.logFile, 'a', 0o600);
    try {
      const logStart = fstatSync(log).size;
      const child = spawn(terms.program, terms.argv, {
        ...{ env: terms.env, detached: true, stdio: ['ignore', 'pipe', log] },
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (error: NodeJS.ErrnoException) => {
          reject(error.code === 'ENOENT' ? new ProgramMissing(`there is no ${terms.program}`) : error);
        });
      });
      return new Child(terms, child, logStart);
    } finally {
      closeSync(log);
    }
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** What it has written to standard output. */
  get said(): string {
    return this.#said;
  }

  /** How it ended, as people say it, when nobody had asked it to; undefined while it runs. */
  get failure(): string | undefined {
    if (this.#end === undefined || this.#isEndWanted) return undefined;
    const reason = this.#lastError();
    return `${this.name}: ${reason ?? this.#end} (see ${this.#logFile})`;
  }

  /** `kill -9`; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#isEndWanted = true;
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  /** Asks it to end in order, and ends it when that takes longer than `timeoutMs`. */
  async stop(clock: Clock, timeoutMs: number): Promise<void> {
    if (this.#end !== undefined) return;
    this.#isEndWanted = true;
    const patience = new AbortController();
    this.#process.kill('SIGTERM');
    await Promise.race([this.#ended, delay(clock, timeoutMs, patience.signal)]);
    patience.abort();
    if (this.#end === undefined) await this.kill();
  }

  /** The line with which a command says why it failed. */
  #lastError(): string | undefined {
    const lines = readFileSync(this.#logFile).subarray(this.#logStart).toString('utf8').split('\n');
    return lines.findLast((line) => line.startsWith('error: '))?.slice('error: '.length);
  }
}

/**
 * Ends what the demo before this one was killed too soon to end, by what it has written to `file`, and has the processes
 * of this one written there. Nobody else may be running the demo with the file. Resolves with how many there were.
 */
export async function endLeftBehind(file: string, clock: Clock): Promise<number> {
  const left = readRecord(file).filter((one) => isAlive(one));
  for (const one of left) {
    sendSignal(one, 'SIGKILL');
    await awaitExit(clock, one, KILLED_TIMEOUT_MS);
  }
  record = file;
  writeRecord();
  return left.length;
}

const KILLED_TIMEOUT_MS = 10_000;

function readRecord(file: string): readonly ProcessIdentity[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity[];
  } catch {
    // Nobody was here, or was killed while writing it.
    return [];
  }
}

function writeRecord(): void {
  if (record === undefined) return;
  const identities = [...living].flatMap(({ pid }) => (pid === undefined ? [] : (findProcess(pid) ?? [])));
  writeFileSync(record, JSON.stringify(identities), { mode: 0o600 });
}

/** Whatever ends the demo at once ends them too; what they have acknowledged is committed. */
function watchExit(): void {
  if (isExitWatched) return;
  isExitWatched = true;
  process.on('exit', () => {
    for (const child of living) child.kill('SIGKILL');
  });
}

/**
 * The real HAProxy, with the configuration that docs/OPERATIONS.md shows: only the addresses, ports and numbers of the page
 * are replaced, and each must be there, so that the page says what is tested.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './until.ts';

const OPERATIONS = join(import.meta.dirname, '..', '..', 'docs', 'OPERATIONS.md');
const BLOCK = /^```haproxy\n(.*?)^```$/ms;

/** Why the real program cannot be run; undefined when it can. */
export function whyNoHaproxy(): string | undefined {
  return spawnSync('haproxy', ['-v']).status === 0 ? undefined : 'haproxy is not installed';
}

/** The page's configuration with each text on the left, found as often as said, replaced by the one on the right. */
export function haproxyConfiguration(replacements: readonly (readonly [string, string, number])[]): string {
  const shownText = BLOCK.exec(readFileSync(OPERATIONS, 'utf8'))?.[1];
  if (shownText === undefined) throw new Error('docs/OPERATIONS.md shows no configuration of HAProxy');
  let text: string = shownText;
  for (const [shown, used, count] of replacements) {
    const parts: readonly string[] = text.split(shown);
    if (parts.length !== count + 1) {
      throw new Error(`docs/OPERATIONS.md has "${shown}" ${parts.length - 1} times instead of ${count}`);
    }
    text = parts.join(used);
  }
  return text;
}

/** One process of it. */
export class Haproxy {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #hasEnded = false;
  #said = '';

  /** Starts it; the file is written into the directory. */
  constructor(directory: string, configuration: string) {
    const file = join(directory, 'haproxy.cfg');
    writeFileSync(file, configuration);
    this.#child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
      });
    }
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', () => {
        this.#hasEnded = true;
        resolve();
      });
    });
  }

  /** What it has logged, warnings included. */
  get said(): string {
    return this.#said;
  }

  /** Waits until it has logged this; fails when it ends instead. */
  async says(text: string): Promise<void> {
    await until(`HAProxy to say "${text}"`, () => this.#hasEnded || this.#said.includes(text));
    if (!this.#said.includes(text)) throw new Error(`HAProxy ended:\n${this.#said}`);
  }

  /** Ends it with all its connections. */
  async end(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

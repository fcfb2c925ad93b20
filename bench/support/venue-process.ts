/** The venue of one phase: the real command in a process of its own, at its default configuration. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readAdminToken } from '../../src/admin/token.ts';
import type { BenchMember } from './client-plan.ts';
import { INSTRUMENT } from './order-flow.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'src', 'main.ts');

/** Enough that no order of a run is refused, and far below what NUMERIC(38,18) holds. */
const DEPOSITS = { [INSTRUMENT.base]: '1000000000', [INSTRUMENT.quote]: '1000000000000' };
const FIRST_COMP_ID = 1_001;

/** How the process is started. */
export interface VenueOptions {
  /** Arguments of the runtime. */
  readonly nodeArguments: readonly string[];
  /** Another configuration than the checked-in one. */
  readonly configFile: string | undefined;
}

/** A venue that trades. */
export class VenueProcess {
  readonly fixPort: number;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #adminUrl: string;
  readonly #token: string;

  private constructor(child: ChildProcess, pid: number, said: string, dataDir: string) {
    this.#child = child;
    this.pid = pid;
    this.fixPort = Number(/^FIX: .*:(\d+) /m.exec(said)?.[1]);
    this.#adminUrl = /^admin API: (\S+)/m.exec(said)?.[1] ?? '';
    this.#token = readAdminToken(dataDir) ?? '';
  }

  /**
   * Starts `onebook start` in `dataDir`, with its log (level info) in `dataDir`/venue.log. Rejects when the process
   * ends instead.
   */
  static async start(dataDir: string, options: VenueOptions): Promise<VenueProcess> {
    const logPath = join(dataDir, 'venue.log');
    const log = openSync(logPath, 'a');
    // The default configuration: nothing of this shell's environment.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('ONEBOOK_')),
    );
    const flags = ['--data-dir', dataDir, '--fix-port', '0', '--admin-port', '0'];
    if (options.configFile !== undefined) flags.push('--config', options.configFile);
    const child = spawn(process.execPath, [...options.nodeArguments, MAIN, 'start', ...flags], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', log],
    });
    closeSync(log);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('is running')) resolve();
      });
      child.once('error', reject);
      child.once('exit', () =>
        reject(new Error(`the venue did not start:\n${said}${readFileSync(logPath, 'utf8')}`)),
      );
    });
    if (child.pid === undefined) throw new Error('a process that runs has an id');
    return new VenueProcess(child, child.pid, said, dataDir);
  }

  /** Makes the instrument and `count` members with more funds than they can use. */
  async createMembers(count: number): Promise<BenchMember[]> {
    await this.#post('/v1/instruments', INSTRUMENT);
    const members: BenchMember[] = [];
    for (let compId = FIRST_COMP_ID; compId < FIRST_COMP_ID + count; compId += 1) {
      const member = { compId, username: `member-${compId}`, password: `password-of-${compId}` };
      await this.#post('/v1/users', member);
      for (const [asset, amount] of Object.entries(DEPOSITS)) {
        await this.#post('/v1/transfers', { type: 'deposit', username: member.username, asset, amount });
      }
      members.push(member);
    }
    return members;
  }

  /** What `GET /metrics` tells. */
  async metrics(): Promise<string> {
    const headers = { authorization: `Bearer ${this.#token}` };
    return (await fetch(`${this.#adminUrl}/metrics`, { headers })).text();
  }

  /** Asks it to drain; rejects when it does not end with 0. */
  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    if (this.#child.exitCode !== 0) throw new Error(`the venue ended with ${this.#child.exitCode}`);
  }

  async #post(path: string, body: object): Promise<void> {
    const response = await fetch(`${this.#adminUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
  }
}

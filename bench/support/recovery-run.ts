/**
 * One recovery of a real venue, from the start of its process on: when its database answered, when members could log on,
 * when books were there, and how long two members waited for their first answers meanwhile.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clusterDirOf } from '../../src/persistence/postgres/cluster.ts';
import { readPostmasterFile } from '../../src/persistence/postgres/postmaster.ts';
import { delay, systemClock } from '../../src/platform/clock.ts';
import { RecoveryMember } from './recovery-member.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'src', 'main.ts');
/** Said when the database answers and before anything else is done with it. */
const DATABASE_ANSWERS = 'bringing the schema up to date';
const POLL_MS = 10;
const BYTES_PER_KIB = 1024;

/** Who asks for what as soon as the venue says that it is ready. */
export interface FirstOrders {
  readonly password: string;
  /** Two members, counted from 0, or twice the same one, each with the symbol that it trades. */
  readonly early: { readonly member: number; readonly symbol: string };
  readonly late: { readonly member: number; readonly symbol: string };
  /** No recovery takes longer, or it failed. */
  readonly timeoutMs: number;
}

/** ms since the start of the process, where the name does not say else. */
export interface Recovery {
  readonly databaseMs: number;
  readonly readyMs: number;
  readonly firstBookMs: number;
  readonly allBooksMs: number;
  readonly logonMs: number;
  /** When the first order in a symbol that loads early was acknowledged, and in one that loads last. */
  readonly earlyOrderMs: number;
  readonly lateOrderMs: number;
  /** From sending that order to its answer. */
  readonly lateWaitMs: number;
  /** The longest that the node let `/health/live` wait, from ready to the last book. */
  readonly longestStallMs: number;
  /** CPU time of the venue's process, without its database, until the last book. */
  readonly cpuMs: number;
  readonly rssReadyMiB: number;
  readonly rssPeakMiB: number;
}

interface Health {
  readonly ready: boolean;
  readonly books?: { readonly total: number; readonly ready: number };
}

/** A venue on ports of its own, in a process of its own. */
export class RecoveringVenue {
  readonly fixPort: number;
  readonly #adminPort: number;
  readonly #child: ChildProcess;
  readonly #startedMs = performance.now();
  readonly #agent = new Agent({ keepAlive: true });
  readonly #dataDir: string;
  #databaseMs = 0;
  #end: string | undefined;

  private constructor(dataDir: string, fixPort: number, adminPort: number, profileDir: string | undefined) {
    this.#dataDir = dataDir;
    this.fixPort = fixPort;
    this.#adminPort = adminPort;
    const log = openSync(join(dataDir, 'venue.log'), 'a');
    // The default configuration: nothing of this shell's environment.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('ONEBOOK_')),
    );
    const flags = ['--data-dir', dataDir, '--fix-port', String(fixPort), '--admin-port', String(adminPort)];
    const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
    this.#child = spawn(process.execPath, [...profile, MAIN, 'start', ...flags], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', log],
    });
    closeSync(log);
    let said = '';
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (this.#databaseMs === 0 && said.includes(DATABASE_ANSWERS)) this.#databaseMs = this.#elapsedMs();
    });
    this.#child.once('exit', () => {
      this.#end = `the venue has ended:\n${said}${readFileSync(join(dataDir, 'venue.log'), 'utf8').slice(-2_000)}`;
    });
  }

  static async start(dataDir: string, profileDir?: string): Promise<RecoveringVenue> {
    return new RecoveringVenue(dataDir, await freePort(), await freePort(), profileDir);
  }

  /** Resolves when members can log on. */
  async ready(timeoutMs: number): Promise<void> {
    while (!(await this.#health(timeoutMs)).ready) await delay(systemClock, POLL_MS);
  }

  /** Watches a recovery to its end. */
  async recover(first: FirstOrders): Promise<Recovery> {
    const { timeoutMs } = first;
    await this.ready(timeoutMs);
    const readyMs = this.#elapsedMs();
    const rssReadyMiB = this.#memoryMiB('VmRSS');
    const [books, orders] = await Promise.all([this.#books(timeoutMs), this.#firstOrders(first)]);
    const rssPeakMiB = this.#memoryMiB('VmHWM');
    return { databaseMs: this.#databaseMs, readyMs, ...books, ...orders, rssReadyMiB, rssPeakMiB };
  }

  /** SIGKILL to the venue's process alone; its database goes on. */
  async kill(): Promise<void> {
    this.#agent.destroy();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** Stops it in order, with its database; a database whose venue is gone is killed. */
  async stop(): Promise<void> {
    this.#agent.destroy();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.killAll();
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }

  async #books(
    timeoutMs: number,
  ): Promise<Pick<Recovery, 'firstBookMs' | 'allBooksMs' | 'longestStallMs' | 'cpuMs'>> {
    let firstBookMs = 0;
    let longestStallMs = 0;
    for (;;) {
      const askedMs = performance.now();
      const { books = { ready: 1, total: 1 } } = await this.#health(timeoutMs);
      longestStallMs = Math.max(longestStallMs, performance.now() - askedMs);
      if (firstBookMs === 0 && books.ready > 0) firstBookMs = this.#elapsedMs();
      if (books.ready === books.total) {
        const allBooksMs = this.#elapsedMs();
        return { firstBookMs, allBooksMs, longestStallMs, cpuMs: cpuMsOf(this.#child.pid) };
      }
      await delay(systemClock, POLL_MS);
    }
  }

  async #firstOrders({
    password,
    early,
    late,
    timeoutMs,
  }: FirstOrders): Promise<Pick<Recovery, 'logonMs' | 'earlyOrderMs' | 'lateOrderMs' | 'lateWaitMs'>> {
    const one = async ({ member, symbol }: FirstOrders['early']) => {
      const session = await RecoveryMember.logOn(this.fixPort, member, password);
      const logonMs = this.#elapsedMs();
      const timer = setTimeout(() => session.close(), timeoutMs);
      await session.order(symbol);
      clearTimeout(timer);
      session.close();
      return { logonMs, orderMs: this.#elapsedMs() };
    };
    const first = one(early);
    // A member has one session: of a single one only the first order is sent.
    const second = early.member === late.member ? first : one(late);
    await Promise.all([first, second]);
    const [{ logonMs, orderMs }, last] = [await first, await second];
    return {
      logonMs: Math.min(logonMs, last.logonMs),
      earlyOrderMs: orderMs,
      lateOrderMs: last.orderMs,
      lateWaitMs: last.orderMs - last.logonMs,
    };
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  #memoryMiB(name: 'VmRSS' | 'VmHWM'): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'latin1');
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / BYTES_PER_KIB;
  }

  async #health(timeoutMs: number): Promise<Health> {
    if (this.#end !== undefined) throw new Error(this.#end);
    if (this.#elapsedMs() > timeoutMs) throw new Error(`no recovery within ${timeoutMs} ms`);
    return new Promise((resolve) => {
      const options = { host: '127.0.0.1', port: this.#adminPort, path: '/health/ready', agent: this.#agent };
      const request = get(options, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve(JSON.parse(body)));
      });
      // It does not listen yet.
      request.on('error', () => resolve({ ready: false }));
    });
  }

  /** SIGKILL to the venue and to every process of its database. */
  async killAll(): Promise<void> {
    const postmaster = await readPostmasterFile(clusterDirOf(this.#dataDir));
    const pids = postmaster === undefined ? [] : [postmaster.pid, ...childrenOf(postmaster.pid)];
    const killed = this.kill();
    for (const pid of pids) killOne(pid);
    await killed;
    while (pids.some(isAlive)) await delay(systemClock, POLL_MS);
  }
}

/** Of USER_HZ, which Linux fixes for user space. */
const MS_PER_TICK = 10;

/** Of the process itself, children excepted. */
function cpuMsOf(pid: number | undefined): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended with its postmaster.
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
}

function isAlive(pid: number): boolean {
  return parentOf(String(pid)) !== undefined;
}

/** Undefined when there is no such process, or it has ended. */
function parentOf(pid: string): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      server.close(() => resolve(port));
    });
  });
}

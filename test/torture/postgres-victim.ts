/**
 * The Postgres of a torture run, as faults meet it: ended, stopped and started again from the outside, and made to use up
 * what it keeps for a full disk. The venue knows nothing of this.
 */
import { readdir, readFile } from 'node:fs/promises';
import { readPassword } from '../../src/persistence/postgres/cluster.ts';
import { asSuperuser } from '../../src/persistence/postgres/housekeeping.ts';
import { identifyPostmaster, readPostmasterFile } from '../../src/persistence/postgres/postmaster.ts';
import {
  findProcess,
  isAlive,
  type ProcessIdentity,
  sendSignal,
} from '../../src/persistence/postgres/processes.ts';
import { delay, systemClock } from '../../src/platform/clock.ts';
import { until } from '../support/until.ts';

const TIMEOUT_MS = 60_000;
const USE_UP_LOG_MS = 2_000;
/** Prepared segments of write-ahead log that are used up before the disk is really full. */
const MAX_SEGMENTS = 40;

export class PostgresVictim {
  readonly #clusterDir: string;

  constructor(clusterDir: string) {
    this.#clusterDir = clusterDir;
  }

  /** Ends the server; returns when the signal was sent. Only when it is gone can a venue have noticed. */
  async endPostmaster(signal: 'SIGKILL' | 'SIGINT'): Promise<number> {
    return end(await this.#postmaster(), signal);
  }

  /** Ends its youngest process, after which it ends all the others and recovers by itself. */
  async killChild(): Promise<number> {
    const postmaster = await this.#postmaster();
    return end((await childrenOf(postmaster)).at(-1) ?? postmaster, 'SIGKILL');
  }

  /** Stops all its processes for so long. */
  async pause(forMs: number): Promise<void> {
    const postmaster = await this.#postmaster();
    // First the one that makes the others.
    sendSignal(postmaster, 'SIGSTOP');
    const children = await childrenOf(postmaster);
    for (const child of children) sendSignal(child, 'SIGSTOP');
    await delay(systemClock, forMs);
    for (const one of [...children, postmaster]) if (isAlive(one)) sendSignal(one, 'SIGCONT');
  }

  /** Goes on to the next segment of its log until there is none; a server that stands still has none either. */
  async useUpLog(): Promise<void> {
    const file = await readPostmasterFile(this.#clusterDir).catch(() => undefined);
    if (file === undefined) return;
    const password = await readPassword(this.#clusterDir);
    const work = asSuperuser(file.port, password, async (client) => {
      for (let i = 0; i < MAX_SEGMENTS; i += 1) {
        await client.query("select pg_logical_emit_message(false, 'torture', 'on'), pg_switch_wal()");
      }
    });
    // Where it stands still, it stands still until there is room.
    await Promise.race([work.catch(() => undefined), delay(systemClock, USE_UP_LOG_MS)]);
  }

  /** Waits for one that is being started. */
  #postmaster(): Promise<ProcessIdentity> {
    return until(
      'a Postgres',
      async () => {
        const file = await readPostmasterFile(this.#clusterDir);
        return file && identifyPostmaster(this.#clusterDir, file);
      },
      TIMEOUT_MS,
    );
  }
}

async function end(process: ProcessIdentity, signal: NodeJS.Signals): Promise<number> {
  const sentAt = systemClock.now();
  sendSignal(process, signal);
  await until('the end of a process of Postgres', () => !isAlive(process), TIMEOUT_MS);
  return sentAt;
}

/** The oldest first. */
async function childrenOf(parent: ProcessIdentity): Promise<ProcessIdentity[]> {
  const children: ProcessIdentity[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '');
    // After the name in parentheses: state, then the parent.
    const [, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const child = Number(ppid) === parent.pid ? findProcess(Number(name)) : undefined;
    if (child !== undefined) children.push(child);
  }
  return children.sort(
    (left, right) => Number(left.startTicks) - Number(right.startTicks) || left.pid - right.pid,
  );
}

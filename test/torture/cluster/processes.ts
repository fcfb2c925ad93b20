/**
 * The processes of a cluster under torture: each is ended, stopped and started by one fault at a time, none ends that
 * nobody has ended, and everything that any of them has logged is kept.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../src/platform/clock.ts';
import type { ClusterProcess } from '../../support/cluster-process.ts';
import { until } from '../../support/until.ts';
import { newDataDir, type ProcessEnd, VenueProcess } from '../../support/venue-process.ts';
import { unexpectedIn } from './errors.ts';

const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 90_000;

/** A process that was started, and how far its log has been judged. */
interface Started {
  readonly name: string;
  readonly process: VenueProcess;
  /** The harness ends it, or has. */
  isEnding: boolean;
  judgedLines: number;
}

export class Processes {
  readonly #cluster: ClusterProcess;
  readonly #started: Started[] = [];
  readonly #paused = new Set<string>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #log: string[] = [];
  #isAbandoned = false;

  constructor(cluster: ClusterProcess) {
    this.#cluster = cluster;
  }

  /** How often one was started. */
  get startCount(): number {
    return this.#started.length;
  }

  /** Memory of all that run, bytes. */
  get residentBytes(): number {
    return this.#started
      .filter(({ process }) => !process.hasEnded)
      .reduce((sum, { process }) => sum + process.residentBytes, 0);
  }

  /** Names of nodes that run and have not been stopped. */
  get running(): readonly string[] {
    return this.#cluster.names.filter((name) => this.#cluster.isRunning(name) && !this.#paused.has(name));
  }

  /** What the harness does with a node or a server, in the order in which it comes. */
  inTurn<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(() => {
      if (this.#isAbandoned) throw new Error('the run is over');
      return work();
    });
    this.#turns.set(
      name,
      turn.then(
        () => undefined,
        () => undefined,
      ),
    );
    return turn;
  }

  /** Starts it and waits until it runs. A process that refuses for want of a database is started again. */
  async start(name: string): Promise<void> {
    const deadline = systemClock.now() + START_TIMEOUT_MS;
    for (;;) {
      const process = await this.#cluster.spawn(name);
      const started: Started = { name, process, isEnding: false, judgedLines: 0 };
      this.#started.push(started);
      if (this.#isAbandoned) {
        await process.kill();
        throw new Error('the run is over');
      }
      try {
        await process.untilRunning();
        return;
      } catch (error) {
        this.note(`a start of ${name} that failed`);
        started.isEnding = true;
        if (!process.hasEnded) await process.kill();
        if (this.#isAbandoned || systemClock.now() > deadline) throw error;
      }
    }
  }

  async kill(name: string): Promise<void> {
    this.#ending(name);
    this.note(`${name} is killed`);
    await this.#cluster.kill(name);
    this.#paused.delete(name);
  }

  pause(name: string): void {
    this.note(`${name} is stopped`);
    this.#paused.add(name);
    this.#cluster.pause(name);
  }

  resume(name: string): void {
    this.note(`${name} goes on`);
    this.#cluster.resume(name);
    this.#paused.delete(name);
  }

  /**
   * SIGTERM, and waits for the end.
   *
   * @throws Error when it does not end in order.
   */
  async stop(name: string): Promise<void> {
    this.#ending(name);
    this.note(`${name} is told to end`);
    const { process } = this.#last(name);
    let end: ProcessEnd | undefined;
    void process.stop().then((how) => {
      end = how;
    });
    await until(`the end of ${name}`, () => end !== undefined, STOP_TIMEOUT_MS);
    if (end?.code !== 0)
      throw new Error(`${name} was told to end, and ended with ${end?.code ?? end?.signal}`);
  }

  /** Another process under the name of a node, with a directory and ports of its own. Runs already, or never will. */
  async startTwin(name: string): Promise<VenueProcess> {
    const dataDir = await newDataDir();
    const config = await this.#twinConfig(name, dataDir);
    this.note(`a second ${name} is started`);
    const process = await VenueProcess.spawn(dataDir, { node: name, config });
    this.#started.push({ name: `second ${name}`, process, isEnding: true, judgedLines: 0 });
    return process;
  }

  /** The configuration with another place for one node. */
  async #twinConfig(name: string, dataDir: string): Promise<string> {
    const text = await readFile(this.#cluster.configFile, 'utf8');
    const config = JSON.parse(text.slice('export default '.length, text.lastIndexOf(';')));
    const node = config.nodes[name];
    node.dataDir = dataDir;
    node.admin = { ...node.admin, port: 0 };
    if (node.fix !== undefined) node.fix = { ...node.fix, port: 0 };
    // Beside the first, whose files it names.
    const file = join(this.#cluster.configFile, '..', `second-${name}.config.ts`);
    await writeFile(file, `export default ${JSON.stringify(config)};\n`);
    return file;
  }

  /** Kills what runs, and sees to it that nothing is started any more. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    for (const { process } of this.#started) {
      if (process.hasEnded) continue;
      process.signal('SIGCONT');
      await process.kill();
    }
  }

  // ---- What they say ----------------------------------------------------------------------------------------

  /** What was said since the last time that none of these kinds of faults explains, and who ended by himself. */
  unexpected(kinds: ReadonlySet<string>): string[] {
    const found: string[] = [];
    for (const started of this.#started) {
      const { name, process, isEnding } = started;
      if (process.hasEnded && !isEnding) {
        started.isEnding = true;
        found.push(`${name} (process ${process.pid}) ended, and nobody had ended it`);
      }
      if (started.judgedLines === Number.POSITIVE_INFINITY) continue;
      const lines = process.errorLines;
      // The last line of one that lives may not be whole yet.
      const upTo = process.hasEnded ? lines.length : lines.length - 1;
      const fresh = lines.slice(started.judgedLines, upTo);
      found.push(...unexpectedIn(fresh, kinds).map((line) => `${name}: ${line}`));
      started.judgedLines = process.hasEnded ? Number.POSITIVE_INFINITY : upTo;
    }
    return found;
  }

  /** Whether a node that was not told to was out of the cluster since then: a busy machine may do that. */
  haveLeftCluster(since: number): boolean {
    return this.#started
      .flatMap(({ process }) => process.errorLines)
      .some((line) => line.includes('no longer in the cluster') && timeIn(line) >= since);
  }

  /** All logs, one file for each process that was started, and what was done to them. */
  async writeLogs(dir: string): Promise<void> {
    await writeFile(join(dir, 'harness.log'), `${this.#log.join('\n')}\n`);
    for (const [no, { name, process }] of this.#started.entries()) {
      const file = `${String(no + 1).padStart(3, '0')} ${name} ${process.pid}.log`.replaceAll(' ', '-');
      await writeFile(join(dir, file), `${process.errorLines.join('\n')}\n`);
    }
  }

  /** A line for whoever looks into a failure. */
  note(text: string): void {
    this.#log.push(`${new Date(systemClock.now()).toISOString()} ${text}`);
  }

  #ending(name: string): void {
    this.#last(name).isEnding = true;
  }

  #last(name: string): Started {
    const started = this.#started.findLast((one) => one.name === name);
    if (started === undefined) throw new Error(`${name} was never started`);
    return started;
  }
}

/** When the line was written, ms since the epoch; NaN where it says nothing of it. */
function timeIn(line: string): number {
  const text = /"time":"?([^",]+)"?/.exec(line)?.[1] ?? '';
  return /^\d+$/.test(text) ? Number(text) : Date.parse(text);
}

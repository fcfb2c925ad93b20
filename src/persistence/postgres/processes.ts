/**
 * Processes as the kernel shows them in /proc. One is known by its id and its start time together, since ids are
 * used again.
 */
import { readFileSync } from 'node:fs';
import { type Clock, delay } from '../../platform/clock.ts';
import { EmbeddedPostgresError, errorText, systemErrorCode } from './errors.ts';

/** A process that was seen alive. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot, as the kernel prints it. */
  readonly startTicks: string;
}

const POLL_INTERVAL_MS = 20;
/** USER_HZ, which Linux fixes at 100 for what it prints in /proc. */
const TICKS_PER_SECOND = 100;

/** Reads /proc/<pid>/stat as text; throws the system's error. */
export type StatReader = (pid: number) => string;

/** What is known of a process id: who has it, that nobody does, or why that cannot be told now. */
type Finding =
  | { readonly type: 'Found'; readonly process: ProcessIdentity }
  | { readonly type: 'Gone' }
  | { readonly type: 'Unknown'; readonly reason: string };

/**
 * The process with this id, or undefined when there is none or only its zombie.
 *
 * @throws EmbeddedPostgresError when that is not known now, for want of file descriptors say.
 */
export function findProcess(pid: number, readStat: StatReader = readProcStat): ProcessIdentity | undefined {
  const finding = lookUp(pid, readStat);
  if (finding.type === 'Unknown') {
    throw new EmbeddedPostgresError(`it cannot be told whether process ${pid} runs: ${finding.reason}`);
  }
  return finding.type === 'Found' ? finding.process : undefined;
}

/** False once this very process is known to be gone: while that cannot be told, it counts as alive. */
export function isAlive(process: ProcessIdentity, readStat: StatReader = readProcStat): boolean {
  const finding = lookUp(process.pid, readStat);
  if (finding.type === 'Found') return finding.process.startTicks === process.startTicks;
  return finding.type === 'Unknown';
}

/** True for the system's errors that say that a process, or its files in /proc, are not there. */
export function saysGone(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code === 'ENOENT' || code === 'ESRCH';
}

/** Waits for the end of a process; false when it outlives `timeoutMs`. */
export async function awaitExit(clock: Clock, process: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = clock.now() + timeoutMs;
  while (isAlive(process)) {
    if (clock.now() > deadline) return false;
    await delay(clock, POLL_INTERVAL_MS);
  }
  return true;
}

/** Sends a signal; a process that is gone meanwhile is no error. */
export function sendSignal(target: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

function lookUp(pid: number, readStat: StatReader): Finding {
  let text: string;
  try {
    text = readStat(pid);
  } catch (error) {
    return saysGone(error) ? { type: 'Gone' } : { type: 'Unknown', reason: errorText(error) };
  }
  // The program's name before the fields may itself contain spaces and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const startTicks = fields[19];
  if (startTicks === undefined) return { type: 'Unknown', reason: 'its stat has too few fields' };
  if (fields[0] === 'Z' || fields[0] === 'X') return { type: 'Gone' };
  return { type: 'Found', process: { pid, startTicks } };
}

function readProcStat(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8');
}

/** Start time in seconds since the Unix epoch. */
export function startTimeS(process: ProcessIdentity): number {
  const bootLine = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'));
  return Number(bootLine?.[1] ?? 0) + Number(process.startTicks) / TICKS_PER_SECOND;
}

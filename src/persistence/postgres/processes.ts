/**
 * Processes as the kernel shows them in /proc. One is known by its id and its start time together, since ids are
 * used again.
 */
import { readFileSync } from 'node:fs';
import { type Clock, delay } from '../../platform/clock.ts';
import { systemErrorCode } from './errors.ts';

/** A process that was seen alive. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot, as the kernel prints it. */
  readonly startTicks: string;
}

const POLL_INTERVAL_MS = 20;
/** USER_HZ, which Linux fixes at 100 for what it prints in /proc. */
const TICKS_PER_SECOND = 100;

/** The process with this id, or undefined when there is none or only its zombie. */
export function findProcess(pid: number): ProcessIdentity | undefined {
  const fields = readProcessStat(pid);
  const startTicks = fields?.[19];
  if (startTicks === undefined || fields?.[0] === 'Z' || fields?.[0] === 'X') return undefined;
  return { pid, startTicks };
}

/** True while this very process runs. */
export function isAlive(process: ProcessIdentity): boolean {
  return findProcess(process.pid)?.startTicks === process.startTicks;
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

/** The fields of /proc/<pid>/stat after the program's name, which may itself contain spaces and brackets. */
function readProcessStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** Start time in seconds since the Unix epoch. */
export function startTimeS(process: ProcessIdentity): number {
  const bootLine = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'));
  return Number(bootLine?.[1] ?? 0) + Number(process.startTicks) / TICKS_PER_SECOND;
}

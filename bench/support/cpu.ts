/** CPU time of groups of processes, out of /proc: Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

/** Of USER_HZ, which Linux fixes for user space. */
const MS_PER_TICK = 10;

interface ProcessTimes {
  readonly parentPid: number;
  readonly cpuMs: number;
}

/** CPU time in ms that all processes of the machine have used since it started, stolen time included. */
export function busyMsOfMachine(): number {
  const [first = ''] = readFileSync('/proc/stat', 'latin1').split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = first
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softIrq + steal) * MS_PER_TICK;
}

/**
 * CPU time in ms that the process `rootPid` and everything below it have used since they started, without the
 * trees below `exceptPids`. Of processes that have ended since, what their parent has noted.
 */
export function cpuMsOfTree(rootPid: number, exceptPids: readonly number[] = []): number {
  const processes = readProcesses();
  const belongs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined; at = processes.get(at)?.parentPid) {
      if (exceptPids.includes(at)) return false;
      if (at === rootPid) return true;
    }
    return false;
  };
  let sumMs = 0;
  for (const [pid, { cpuMs }] of processes) if (belongs(pid)) sumMs += cpuMs;
  return sumMs;
}

function readProcesses(): Map<number, ProcessTimes> {
  const processes = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const times = readTimes(name);
    if (times !== undefined) processes.set(Number(name), times);
  }
  return processes;
}

function readTimes(pid: string): ProcessTimes | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may contain anything; the numbered fields go on behind it with the third.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const field = (number: number): number => Number(fields[number - 3]);
    const ticks = field(14) + field(15) + field(16) + field(17);
    return { parentPid: field(4), cpuMs: ticks * MS_PER_TICK };
  } catch {
    // It ended between the two reads.
    return undefined;
  }
}

/** The benchmark's results as text for people. */
import type { ContestResult } from './contest.ts';
import type { Machine } from './machine.ts';
import type { PhaseResult } from './phases.ts';
import type { ProfileSummary } from './profile.ts';

/** The machine and the program, before anything is measured. */
export function programText(machine: Machine): string {
  const { cpuModel, cpuCount, memoryGiB, nodeVersion, commit, isDirty, loadBefore } = machine;
  return [
    `machine   ${cpuModel}, ${cpuCount} cores, ${memoryGiB} GiB; load average ${loadBefore} before the run`,
    `program   Node ${nodeVersion}, commit ${commit}${isDirty ? ' with local changes' : ''}`,
  ].join('\n');
}

/** The same, and what runs where. */
export function machineText(machine: Machine): string {
  return [
    programText(machine),
    'venue     a process of its own at its default configuration, log level info to a file',
    'client    a process of its own, real sockets on the loopback interface',
  ].join('\n');
}

/** What one phase showed. */
export function phaseText(result: PhaseResult): string {
  const { phase, client, cpuUsPerOrder: cpu, reportsPerCommit: batch, database } = result;
  const { load } = phase;
  const offered =
    load.type === 'Closed'
      ? `window ${load.window} per session`
      : `${load.ordersPerSecond} orders/s by the clock`;
  const settings = Object.entries(database.settings).map(([name, value]) => `${name}=${value}`);
  const rows = Object.entries(result.rowsPerOrder)
    .filter(([, count]) => count >= 0.001)
    .sort(([, left], [, right]) => right - left);
  const rowSum = rows.reduce((sum, [, count]) => sum + count, 0);
  const { latency, lateness } = client;
  const lines: readonly (readonly [string, string])[] = [
    ['database', `Postgres ${database.version}, ${settings.join(', ')}`],
    [
      'reference',
      `${round(result.referenceCommitsPerSecond)} one-row commits/s, fdatasync of a page ${round(result.fdatasyncUs)} µs`,
    ],
    [
      'durable',
      `${round(result.ordersPerSecond)} orders/s acknowledged, ` +
        `${fixed(result.ordersPerSecond / result.referenceCommitsPerSecond, 1)} × the reference`,
    ],
    ['latency', percentileText(latency)],
    ...(load.type === 'Open' ? [['of it late', percentileText(lateness)] as const] : []),
    [
      'commits',
      `${round(result.commitsPerSecond)}/s; ${fixed(result.ordersPerCommit, 1)} orders each; ` +
        `reports each: mean ${fixed(batch.mean, 1)}, p50 ${batch.p50}, max ${batch.max}`,
    ],
    [
      'CPU',
      `${fixed(cpu.venue, 1)} µs per order in the venue, ${fixed(cpu.postgres, 1)} in Postgres, ` +
        `${fixed(cpu.client, 1)} in the client; ${fixed(coresBusy(result), 2)} cores busy, ` +
        `and ${fixed(result.coresBusyElsewhere, 2)} with anything else`,
    ],
    [
      'rows',
      `${fixed(rowSum, 2)} per order: ${rows.map(([name, count]) => `${name} ${fixed(count, 3)}`).join(', ')}`,
    ],
    ['log', `${round(result.walBytesPerOrder)} bytes of write-ahead log per order`],
    [
      'verified',
      `${client.sentCount} sent = acknowledged = rows; ${client.crossingCount} crossed = trades; no refusal; ` +
        `${result.openOrders} rest in the book`,
    ],
  ];
  const title = `${phase.name}: ${phase.sessions} ${phase.sessions === 1 ? 'session' : 'sessions'}, ${offered}`;
  return [title, ...lines.map(([name, text]) => `  ${name.padEnd(11)}${text}`)].join('\n');
}

/** One comparison, the first contestant against the others. */
export function contestText({ title, standings }: ContestResult): string {
  const nameLength = Math.max(...standings.map(({ name }) => name.length));
  const [first] = standings;
  const lines = standings.map(({ name, median, best, ratio }) => {
    const rates = `${round(median).padStart(9)}/s median, ${round(best).padStart(9)}/s best`;
    const comparison = name === first?.name ? '' : `; ${first?.name} is ${fixed(ratio, 2)} × as fast`;
    return `  ${name.padEnd(nameLength)} ${rates}${comparison}`;
  });
  const notes = standings.map(({ name, does }) => `  ${name.padEnd(nameLength)} ${does}`);
  return [title, ...lines, ...notes].join('\n');
}

/** A profile as two tables. */
export function profileText({ subsystems, functions }: ProfileSummary): string {
  const table = (title: string, lines: ProfileSummary['functions']): string[] => [
    title,
    ...lines.map(({ name, share }) => `  ${fixed(share * 100, 1).padStart(5)} %  ${name}`),
  ];
  return [
    ...table('time of the venue by subsystem', subsystems),
    ...table('functions by their own time', functions),
  ].join('\n');
}

function coresBusy({ cpuUsPerOrder: cpu, ordersPerSecond }: PhaseResult): number {
  return ((cpu.venue + cpu.postgres + cpu.client) * ordersPerSecond) / 1_000_000;
}

function percentileText(times: PhaseResult['client']['latency']): string {
  const { p50, p90, p99, p999, max } = times;
  return `p50 ${fixed(p50, 2)}  p90 ${fixed(p90, 2)}  p99 ${fixed(p99, 2)}  p99.9 ${fixed(p999, 2)}  max ${fixed(max, 2)} ms`;
}

function round(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function fixed(value: number, digits: number): string {
  return value.toFixed(digits);
}

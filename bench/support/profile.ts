/**
 * Where the venue's time goes: a V8 CPU profile summed by subsystem. Native code and Node's own library count for
 * the subsystem that called them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One line of the profile. */
export interface ProfileLine {
  readonly name: string;
  /** Share of the measured time, 0 to 1. */
  readonly share: number;
}

/** A profile by subsystem, and the functions that took most time themselves. */
export interface ProfileSummary {
  readonly subsystems: readonly ProfileLine[];
  readonly functions: readonly ProfileLine[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** What V8 writes: of it, what is summed here. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** The first that matches the file of a function names its subsystem. */
const SUBSYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/src\/cluster\/wire/, 'link: encode and decode'],
  [/node_modules\/@nats-io\/|src\/cluster\/(link|batch-sender|outbox|inbox|nats-carrier)/, 'link: carry'],
  [/src\/(cluster|actors\/(order-router|kept-commands|remote-|book-(proxy|seat)))/, 'routing'],
  [/src\/persistence\/cluster/, 'membership'],
  [
    /src\/fix\/(writer|outbound|reports?(-messages)?|mass-cancel-report|held-reports|timestamp)\.ts/,
    'FIX out',
  ],
  [
    /src\/fix\/(framing|message|layout|latin1|known-layouts|validator|field-formats|compiled-rules|order-requests|supported-fields|mass-requests)\.ts/,
    'FIX in',
  ],
  [/src\/(fix|actors\/(fix-session|gateway))/, 'FIX session'],
  [/src\/actors\/exchange\.ts|trading-calendar/, 'exchange'],
  [/src\/(actors\/account|accounts\/(account|balances|order-checks|holds))/, 'account'],
  [/src\/(actors\/order-book|matching)/, 'book'],
  [/src\/(actors\/(commit-batch|persistence|redo|loads)|accounts)/, 'commit batch and reports'],
  [/src\/persistence\/bulk\.ts/, 'array literals'],
  [/src\/persistence/, 'rows and statements'],
  [/node_modules\/(pg|pg-.*|postgres-.*)\//, 'pg driver'],
  [/node_modules\/nact\/|src\/actors\/(actor-system|supervision|rebuild-cell)/, 'nact'],
  [/node_modules\/pino|src\/platform\/log/, 'logging'],
];
const SPECIAL: ReadonlyMap<string, string> = new Map([
  ['(idle)', 'idle'],
  ['(garbage collector)', 'garbage collection'],
  ['(program)', 'native: sockets, system calls'],
]);
const OTHER = 'Node: event loop, sockets, promises';
const FUNCTION_COUNT = 25;

/** Sums the newest profile in `directory` between two instants of the monotonic clock, in µs. */
export function summarizeProfile(directory: string, fromUs: number, toUs: number): ProfileSummary {
  const [file] = readdirSync(directory)
    .filter((name) => name.endsWith('.cpuprofile'))
    .sort()
    .reverse();
  if (file === undefined) throw new Error(`there is no CPU profile in ${directory}`);
  const profile = JSON.parse(readFileSync(join(directory, file), 'utf8')) as CpuProfile;
  return summarize(profile, fromUs, toUs);
}

/** The same for a profile that has been read. */
export function summarize(profile: CpuProfile, fromUs: number, toUs: number): ProfileSummary {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const subsystemOf = subsystems(profile.nodes, nodes);
  const bySubsystem = new Map<string, number>();
  const byFunction = new Map<string, number>();
  let totalUs = 0;
  let atUs = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    const deltaUs = profile.timeDeltas[index] ?? 0;
    atUs += deltaUs;
    const node = nodes.get(id);
    if (node === undefined || atUs < fromUs || atUs > toUs) continue;
    totalUs += deltaUs;
    addTo(bySubsystem, subsystemOf.get(id) ?? OTHER, deltaUs);
    addTo(byFunction, nameOf(node), deltaUs);
  }
  const lines = (sums: ReadonlyMap<string, number>): ProfileLine[] =>
    [...sums]
      .map(([name, us]) => ({ name, share: us / totalUs }))
      .sort((left, right) => right.share - left.share);
  return { subsystems: lines(bySubsystem), functions: lines(byFunction).slice(0, FUNCTION_COUNT) };
}

function subsystems(
  list: readonly ProfileNode[],
  nodes: ReadonlyMap<number, ProfileNode>,
): Map<number, string> {
  const found = new Map<number, string>();
  const visit = (node: ProfileNode, inherited: string): void => {
    const { functionName, url } = node.callFrame;
    const own = SPECIAL.get(functionName) ?? SUBSYSTEMS.find(([pattern]) => pattern.test(url))?.[1];
    const subsystem = own ?? inherited;
    found.set(node.id, subsystem);
    for (const id of node.children ?? []) {
      const child = nodes.get(id);
      if (child !== undefined) visit(child, subsystem);
    }
  };
  const [root] = list;
  if (root !== undefined) visit(root, OTHER);
  return found;
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const file = url.replace(/^.*\/(?=(src|node_modules)\/)/, '');
  return `${name} ${file}:${lineNumber + 1}`;
}

function addTo(sums: Map<string, number>, name: string, value: number): void {
  sums.set(name, (sums.get(name) ?? 0) + value);
}

/**
 * `npm run bench:cluster`: one process against gateways and engines in processes of their own, on this machine and over
 * real sockets, and what the parts of a cluster cost by themselves. docs/CAPACITY.md reasons from its figures.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hasNatsServer, startNatsServer } from '../test/support/nats-server.ts';
import { measureAccounts } from './support/account-memory.ts';
import { startBenchPostgres } from './support/bench-postgres.ts';
import { measureMove, measureTakeover } from './support/cluster-events.ts';
import { measureShape, type ShapeResult } from './support/cluster-load.ts';
import type { Shape } from './support/cluster-nodes.ts';
import {
  accountsText,
  linksText,
  membershipText,
  moveText,
  shapeText,
  takeoverText,
} from './support/cluster-report.ts';
import { measureLinks } from './support/link-figures.ts';
import { describeMachine, measureFdatasyncUs } from './support/machine.ts';
import { measureMembership } from './support/membership-figures.ts';
import { programText } from './support/report.ts';

const PARTS = ['links', 'membership', 'accounts', 'load', 'move', 'takeover'] as const;
type Part = (typeof PARTS)[number];

const SHAPES: readonly Shape[] = [
  { name: 'one', gateways: [], engines: [] },
  { name: 'two-and-one', gateways: ['gateway-1', 'gateway-2'], engines: ['engine-1'] },
  { name: 'two-and-two', gateways: ['gateway-1', 'gateway-2'], engines: ['engine-1', 'engine-2'] },
];

const USAGE = `npm run bench:cluster -- [--part NAME]... [--shape NAME]... [--seconds N] [--warm-up-seconds N]
                         [--rate N] [--members N] [--profile DIR] [--json]

  --part NAME          only this part, may be repeated: ${PARTS.join(', ')}
  --shape NAME         of the load only this shape, may be repeated: ${SHAPES.map(({ name }) => name).join(', ')}
  --seconds N          how long each load is measured; default 8
  --warm-up-seconds N  how long it runs before that; default 3
  --rate N             orders a second of the load by the clock; default 400
  --members N          sessions of the load from many members, one order of each; default 400
  --profile DIR        profile each node of the load, and say by subsystem where its time goes
  --json               one JSON object at the end instead of text`;

const MAX_SECONDS = 60;
const MAX_RATE = 20_000;
/** Below what one gateway takes by default. */
const MAX_MEMBERS = 900;
/** That of the page on capacity. */
const MEMBERSHIP_SIZE = { symbols: 10_000, gateways: 100, engines: 20 };

interface Options {
  readonly parts: ReadonlySet<Part>;
  readonly shapes: readonly Shape[];
  readonly measureMs: number;
  readonly warmUpMs: number;
  readonly ordersPerSecond: number;
  readonly manySessions: number;
  readonly profileDir: string | undefined;
  readonly isJson: boolean;
}

/** Reads the command line; a text is what is wrong with it. */
function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        part: { type: 'string', multiple: true },
        shape: { type: 'string', multiple: true },
        seconds: { type: 'string', default: '8' },
        'warm-up-seconds': { type: 'string', default: '3' },
        rate: { type: 'string', default: '400' },
        members: { type: 'string', default: '400' },
        profile: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return USAGE;
    const [measureS, warmUpS] = [Number(values.seconds), Number(values['warm-up-seconds'])];
    for (const seconds of [measureS, warmUpS]) {
      if (!(seconds > 0 && seconds <= MAX_SECONDS)) return `seconds are above 0 and at most ${MAX_SECONDS}`;
    }
    const ordersPerSecond = Number(values.rate);
    if (!(ordersPerSecond > 0 && ordersPerSecond <= MAX_RATE)) return `--rate is at most ${MAX_RATE}`;
    const manySessions = Number(values.members);
    if (!Number.isSafeInteger(manySessions) || manySessions < 2 || manySessions > MAX_MEMBERS) {
      return `--members is from 2 to ${MAX_MEMBERS}`;
    }
    const unknownPart = values.part?.find((name) => !PARTS.some((part) => part === name));
    if (unknownPart !== undefined) return `there is no part "${unknownPart}"\n\n${USAGE}`;
    const unknownShape = values.shape?.find((name) => !SHAPES.some((shape) => shape.name === name));
    if (unknownShape !== undefined) return `there is no shape "${unknownShape}"\n\n${USAGE}`;
    return {
      parts: new Set(PARTS.filter((part) => values.part?.includes(part) ?? true)),
      shapes: SHAPES.filter(({ name }) => values.shape?.includes(name) ?? true),
      measureMs: measureS * 1000,
      warmUpMs: warmUpS * 1000,
      ordersPerSecond,
      manySessions,
      profileDir: values.profile,
      isJson: values.json,
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`;
  }
}

async function run(options: Options): Promise<void> {
  const { parts, isJson, profileDir } = options;
  if (!hasNatsServer()) throw new Error('a cluster needs NATS: install nats-server');
  const machine = describeMachine(fileURLToPath(new URL('..', import.meta.url)));
  const findings: Record<string, unknown> = { machine };
  const failures: string[] = [];
  const say = (text: string): void => {
    if (!isJson) process.stdout.write(`${text}\n\n`);
  };
  /** One part that fails does not take the others along. */
  const measured = async <Found>(
    name: string,
    measure: () => Promise<Found>,
    text: (found: Found) => string,
  ): Promise<Found | undefined> => {
    const load = loadavg()[0]?.toFixed(2);
    try {
      const found = await measure();
      findings[name] = found;
      say(`${text(found)}\n  (load average ${load} before it)`);
      return found;
    } catch (error) {
      failures.push(name);
      process.stderr.write(`${name} failed: ${error instanceof Error ? error.message : String(error)}\n\n`);
      return undefined;
    }
  };
  if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true });
  const nats = await startNatsServer();
  const natsPid = childOf('nats-server');
  const postgres = await startBenchPostgres();
  const natsUrl = nats.url;
  try {
    const fdatasyncUs = measureFdatasyncUs(postgres.scratchDir);
    Object.assign(findings, { fdatasyncUs });
    say(`${programText(machine)}\n${serversText(fdatasyncUs)}`);
    const { postmasterPid } = postgres;
    if (parts.has('links')) await measured('links', () => measureLinks(natsUrl, natsPid), linksText);
    if (parts.has('membership')) {
      await measured(
        'membership',
        async () =>
          measureMembership(await postgres.createDatabase('membership'), postmasterPid, MEMBERSHIP_SIZE),
        membershipText,
      );
    }
    if (parts.has('accounts')) {
      await measured('accounts', measureAccounts, accountsText);
    }
    if (parts.has('load')) {
      let first: ShapeResult | undefined;
      for (const shape of options.shapes) {
        const measure = () => measureShape(shape, { ...options, postgres, natsUrl, natsPid });
        const found = await measured(shape.name, measure, (result) => shapeText(result, first ?? result));
        first ??= found;
      }
    }
    const shape = SHAPES.at(-1) as Shape;
    if (parts.has('move')) {
      await measured('move', () => measureMove({ postgres, natsUrl, shape }), moveText);
    }
    if (parts.has('takeover')) {
      await measured('takeover', () => measureTakeover({ postgres, natsUrl, shape }), takeoverText);
    }
  } finally {
    await postgres.close();
    await nats.stop();
  }
  if (isJson) process.stdout.write(`${JSON.stringify(findings, undefined, 2)}\n`);
  if (failures.length > 0) process.exitCode = 1;
}

function serversText(fdatasyncUs: number): string {
  const version = execFileSync('nats-server', ['--version'], { encoding: 'utf8' }).trim();
  return (
    `servers   Postgres with the venue's settings and max_connections 300, ${version}; ` +
    `fdatasync of a page ${fdatasyncUs.toFixed(0)} µs\n` +
    'load      members of four symbols, in pairs over both gateways; a fifth of the orders cross'
  );
}

/** Process id of the newest child of this process that runs `program`. */
function childOf(program: string): number {
  return Number(execFileSync('pgrep', ['-n', '-P', String(process.pid), program], { encoding: 'utf8' }));
}

const options = readOptions();
if (typeof options === 'string') {
  process.stderr.write(`${options}\n`);
  process.exitCode = options === USAGE ? 0 : 2;
} else {
  // Left to themselves, signals end a process without its 'exit', by which nodes and servers are ended.
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => process.exit(code));
  }
  await run(options).catch((error: unknown) => {
    process.stderr.write(`bench failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}

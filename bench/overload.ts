/**
 * `npm run bench:overload`: what the venue does when it is asked for more than it can do. It finds the rate that the
 * venue sustains, offers a multiple of it, and watches what becomes of memory, of latency, of cancels, and of one
 * member that trades a little all the time. docs/PERFORMANCE.md says what the figures mean.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { delay, systemClock } from '../src/platform/clock.ts';
import type { BenchMember } from './support/client-plan.ts';
import { describeMachine } from './support/machine.ts';
import { INSTRUMENT } from './support/order-flow.ts';
import { OverloadProcess } from './support/overload-clients.ts';
import type { Offer } from './support/overload-plan.ts';
import { type OverloadFindings, overloadText } from './support/overload-report.ts';
import { Watch } from './support/overload-watch.ts';
import { programText } from './support/report.ts';
import { VenueProcess } from './support/venue-process.ts';

const USAGE = `npm run bench:overload -- [--seconds N] [--factor N] [--sessions N]... [--profile DIR] [--json]

  --seconds N   how long the overload lasts; default 60
  --factor N    offered, in multiples of the sustainable rate; default 4
  --sessions N  sessions that offer it, one run for each; default 4 and 20: with few the bound of each session is
                reached first, with many that of the venue (maxCommandsInFlight)
  --profile DIR leave a CPU profile of the venue in DIR
  --json        one JSON object instead of text`;

const WARM_UP_MS = 3_000;
const SUSTAINED_MS = 8_000;
const REST_MS = 5_000;
const AFTER_MS = 10_000;
/** Outstanding over all sessions while the sustainable rate is measured. */
const WINDOW = 4_000;
/** Requests of the bystander: half of them orders, half cancels. */
const BYSTANDER_RATE = 100;

interface Options {
  readonly overloadMs: number;
  readonly factor: number;
  readonly sessionCounts: readonly number[];
  readonly profileDir: string | undefined;
  readonly isJson: boolean;
}

/** Reads the command line; a text is what is wrong with it. */
function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '60' },
        factor: { type: 'string', default: '4' },
        sessions: { type: 'string', multiple: true, default: ['4', '20'] },
        profile: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return USAGE;
    const [seconds, factor] = [Number(values.seconds), Number(values.factor)];
    const sessionCounts = values.sessions.map(Number);
    if (!(seconds >= 1 && seconds <= 600)) return 'seconds are from 1 to 600';
    if (!(factor > 0 && factor <= 100)) return 'the factor is above 0 and at most 100';
    if (sessionCounts.some((count) => !Number.isSafeInteger(count) || count < 1 || count > 100)) {
      return 'sessions are from 1 to 100';
    }
    return {
      overloadMs: seconds * 1000,
      factor,
      sessionCounts,
      profileDir: values.profile,
      isJson: values.json,
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`;
  }
}

async function run(options: Options, sessionCount: number): Promise<OverloadFindings> {
  const dataDir = await mkdtemp(join(tmpdir(), 'onebook-bench-'));
  // The embedded server of a venue that is root runs under another account.
  await chmod(dataDir, 0o755);
  const { profileDir } = options;
  try {
    const venue = await VenueProcess.start(dataDir, {
      configFile: undefined,
      nodeArguments: profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`],
    });
    const load = new OverloadProcess();
    const bystander = new OverloadProcess();
    const watch = new Watch(venue);
    try {
      const members = await venue.createMembers(sessionCount + 1);
      const terms = { port: venue.fixPort, venueCompId: 'ONEBOOK', symbol: INSTRUMENT.symbol };
      await load.logOn({ ...terms, role: 'Load', members: members.slice(1) });
      await bystander.logOn({ ...terms, role: 'Bystander', members: members.slice(0, 1) as BenchMember[] });
      return await measure(options, sessionCount, { load, bystander, watch });
    } finally {
      watch.stop();
      load.end();
      bystander.end();
      await venue.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

interface Parts {
  readonly load: OverloadProcess;
  readonly bystander: OverloadProcess;
  readonly watch: Watch;
}

async function measure(
  { overloadMs, factor }: Options,
  sessionCount: number,
  { load, bystander, watch }: Parts,
): Promise<OverloadFindings> {
  const nothing: Offer = { type: 'Nothing' };
  const window: Offer = { type: 'Window', window: Math.ceil(WINDOW / sessionCount) };
  await load.begin(window);
  await delay(systemClock, WARM_UP_MS);
  await load.begin(window);
  await delay(systemClock, SUSTAINED_MS);
  const sustained = await load.begin(nothing);
  await load.untilAnswered();

  const rate = { type: 'Rate', requestsPerSecond: BYSTANDER_RATE } as const;
  await bystander.begin(rate);
  const restedAt = systemClock.now();
  await delay(systemClock, REST_MS);

  const { orders, cancels, tookMs } = sustained;
  const sustainedPerSecond = ((orders.accepted + cancels.accepted) * 1000) / tookMs;
  const bystanderAtRest = await bystander.begin(rate);
  await load.begin({ type: 'Rate', requestsPerSecond: sustainedPerSecond * factor });
  const begunAt = systemClock.now();
  await delay(systemClock, overloadMs);
  const overloaded = await load.begin(nothing);
  const endedAt = systemClock.now();
  const bystanderInOverload = await bystander.begin(rate);

  const unanswered = await load.untilAnswered();
  const answeredAt = systemClock.now();
  await delay(systemClock, AFTER_MS);
  const bystanderAfter = await bystander.begin(nothing);
  const late = await load.begin(nothing);
  return {
    sessionCount,
    factor,
    sustained,
    sustainedPerSecond,
    overloaded,
    late,
    unanswered,
    bystander: { atRest: bystanderAtRest, inOverload: bystanderInOverload, after: bystanderAfter },
    answeredAfterMs: answeredAt - endedAt,
    endedAt,
    looks: {
      atRest: watch.between(restedAt, begunAt),
      inOverload: watch.between(begunAt, endedAt),
      after: watch.between(answeredAt, Number.POSITIVE_INFINITY),
    },
  };
}

const options = readOptions();
if (typeof options === 'string') {
  process.stderr.write(`${options}\n`);
  process.exitCode = options === USAGE ? 0 : 2;
} else {
  const machine = describeMachine(fileURLToPath(new URL('..', import.meta.url)));
  const tell = (text: string): void => {
    if (!options.isJson) process.stdout.write(`${text}\n\n`);
  };
  tell(programText(machine));
  const findings: OverloadFindings[] = [];
  try {
    for (const sessionCount of options.sessionCounts) {
      const found = await run(options, sessionCount);
      tell(overloadText(found));
      findings.push(found);
    }
    if (options.isJson) process.stdout.write(`${JSON.stringify({ machine, findings }, undefined, 2)}\n`);
  } catch (error) {
    process.stderr.write(`bench failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

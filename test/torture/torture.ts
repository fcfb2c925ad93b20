/**
 * A torture run: a real venue, members that trade at random and keep their own record, and one fault after another.
 * After each round the records, the rows and the books must agree; the first difference ends the run.
 */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/platform/clock.ts';
import { identityOf } from '../support/market-day.ts';
import { Auditor } from './audit.ts';
import { Bank } from './bank.ts';
import { Disk } from './disk.ts';
import type { Sample } from './footprint.ts';
import { OPENING_DEPOSITS, TorturedMarket } from './market.ts';
import { TortureMember } from './member.ts';
import { reasonOf, stackOf } from './reasons.ts';
import { endClockSetting, playRound, type Scene } from './round.ts';
import { type Fault, MEMBERS, type Round, Script } from './script.ts';
import { Summary } from './summary.ts';

export interface TortureOptions {
  readonly minutes: number;
  readonly seed: number;
  /** What happens, line by line. */
  readonly say: (line: string) => void;
}

/** How a run ended. */
export type TortureResult =
  | { readonly type: 'Clean'; readonly summary: readonly string[] }
  | {
      readonly type: 'Failed';
      readonly summary: readonly string[];
      readonly reason: string;
      /** Faults that had been injected. */
      readonly faultNo: number;
      /** Where the data directory and the venue's log are; undefined when they could not be kept. */
      readonly keptIn: string | undefined;
    };

const MINUTE_MS = 60_000;
const MIB = 1_048_576;
/** So much of the time is left for the end of the last round. */
const LAST_ROUND_MS = 10_000;

/** Runs until the time is over or something does not agree. */
export async function torture({ minutes, seed, say }: TortureOptions): Promise<TortureResult> {
  const startedAt = systemClock.now();
  const endsAt = startedAt + minutes * MINUTE_MS - LAST_ROUND_MS;
  const disk = await Disk.open();
  const market = new TorturedMarket(disk);
  const bank = new Bank(market);
  let membersClockMs = 0;
  const members = MEMBERS.map(
    ([name, version], no) =>
      new TortureMember(identityOf(name, no + 1), version, () => systemClock.now() + membersClockMs),
  );
  const auditor = new Auditor(market, members, bank);
  const summary = new Summary({ members, market, bank, auditor });
  const script = new Script(seed);
  const tell = (line: string): void => say(`${seconds(systemClock.now() - startedAt)} ${line}`);
  const summarise = (): readonly string[] =>
    summary.lines({ tookMs: systemClock.now() - startedAt, seed, cannotFill: disk.cannotFill });
  const scene: Scene = {
    market,
    members,
    bank,
    onFault(fault) {
      summary.injected(fault);
      tell(`fault ${summary.faultNo}: ${textOf(fault)}`);
    },
    setMembersClocks(byMs) {
      membersClockMs += byMs;
    },
  };
  try {
    if (disk.cannotFill !== undefined) tell(`no disk will be full: ${disk.cannotFill}`);
    await market.open(members.map(({ identity }) => identity));
    await depositAll(bank, members);
    tell(`seed ${seed}: ${members.length} members trade`);
    do {
      const round = possible(script.next(), disk);
      await playRound(scene, round);
      endClockSetting(members);
      await auditor.audit();
      failOnAlarms(market);
      summary.noteUse(await useOf(market, systemClock.now() - startedAt));
      tell(`round ${round.no} agrees: ${summary.progress}`);
    } while (systemClock.now() < endsAt);
    await auditor.auditAll();
    for (const member of members) await member.logout();
    await market.stop();
    failOnAlarms(market);
  } catch (error) {
    const { faultNo } = summary;
    const reason = reasonOf(error);
    // At once: whatever becomes of the processes and of the disk, this is what the run has found.
    tell(`FAILED after fault ${faultNo} of seed ${seed}: ${reason}`);
    const lines = summarise();
    await market.abandon().catch((problem: unknown) => tell(`the venue does not end: ${reasonOf(problem)}`));
    const keptIn = await keep(disk, seed, [`FAILED: ${stackOf(error)}`, ...market.log], tell);
    return { type: 'Failed', reason, faultNo, keptIn, summary: lines };
  }
  const lines = summarise();
  const problem = await disk.close();
  if (problem !== undefined) tell(`the disk is not cleaned up: ${problem}`);
  return { type: 'Clean', summary: lines };
}

/** Where the data directory and the log stay; what goes wrong with that is told, and is not the run's result. */
async function keep(
  disk: Disk,
  seed: number,
  log: readonly string[],
  tell: (line: string) => void,
): Promise<string | undefined> {
  const kept = join(tmpdir(), `onebook-torture-failed-${seed}-${process.pid}`);
  const logPath = `${kept}.log`;
  try {
    await writeFile(logPath, `${log.join('\n')}\n`, { mode: 0o600 });
    tell(`log: ${logPath}`);
    const problem = await disk.keep(kept);
    tell(`data directory: ${kept}`);
    if (problem !== undefined) tell(`the disk is not cleaned up: ${problem}`);
    return kept;
  } catch (error) {
    tell(`not kept: ${reasonOf(error)}`);
    return undefined;
  }
}

function failOnAlarms({ alarms }: TorturedMarket): void {
  if (alarms.length > 0)
    throw new Error(`the venue raised the alarm: ${alarms.slice(0, 5).join('\n  and ')}`);
}

async function useOf({ disk, venue }: TorturedMarket, atMs: number): Promise<Sample> {
  const membersMib = process.memoryUsage.rss() / MIB;
  return { atMs, diskMib: await disk.usedMib(), venueMib: venue.residentBytes / MIB, membersMib };
}

/** What cannot be done on this machine is left out, and is told at the end. */
function possible(round: Round, { cannotFill }: Disk): Round {
  if (cannotFill === undefined) return round;
  return { ...round, faults: round.faults.filter(({ fault }) => fault.type !== 'FillDisk') };
}

async function depositAll(bank: Bank, members: readonly TortureMember[]): Promise<void> {
  for (const { identity } of members) {
    const { username, senderCompId } = identity;
    for (const [asset, amount] of Object.entries(OPENING_DEPOSITS)) {
      const id = `opening-${username}-${asset}`;
      await bank.transfer({ type: 'deposit', username, senderCompId, asset, amount, id });
    }
  }
}

function textOf(fault: Fault): string {
  const { type, ...details } = fault;
  const text = Object.entries(details).map(([name, value]) => `${name} ${shown(value, name)}`);
  return [type, ...text].join(' ');
}

function shown(value: unknown, name: string): string {
  if (name === 'memberNo') return MEMBERS[Number(value)]?.[0] ?? '';
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(7)} s`;
}

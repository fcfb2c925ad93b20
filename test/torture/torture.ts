/**
 * A torture run: a real venue, members that trade at random and keep their own record, and one fault after another.
 * After each round the records, the rows and the books must agree; the first difference ends the run.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/platform/clock.ts';
import { identityOf } from '../support/market-day.ts';
import { Auditor } from './audit.ts';
import { Bank } from './bank.ts';
import { Disk } from './disk.ts';
import { OPENING_DEPOSITS, TorturedMarket } from './market.ts';
import { TortureMember } from './member.ts';
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
      readonly keptIn: string;
    };

const MINUTE_MS = 60_000;
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
  const summary = new Summary(members, market, bank);
  const script = new Script(seed);
  const tell = (line: string): void => say(`${seconds(systemClock.now() - startedAt)} ${line}`);
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
      tell(`round ${round.no} agrees: ${summary.progress}`);
    } while (systemClock.now() < endsAt);
    await auditor.audit(true);
    for (const member of members) await member.logout();
    await market.stop();
    await disk.close();
    return { type: 'Clean', summary: summary.lines(systemClock.now() - startedAt, disk.cannotFill) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const log = market.startCount === 0 ? [] : market.log;
    await market.kill();
    const keptIn = await disk.keep(`onebook-torture-failed-${seed}`);
    await mkdir(keptIn, { recursive: true });
    await writeFile(join(keptIn, 'torture-venue.log'), `${log.join('\n')}\n`);
    const { faultNo } = summary;
    const lines = summary.lines(systemClock.now() - startedAt, disk.cannotFill);
    return { type: 'Failed', reason, faultNo, keptIn, summary: lines };
  }
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

/** The torture of a venue of one process: its market, its members and its proofs, made for one run. */
import { systemClock } from '../../src/platform/clock.ts';
import { identityOf } from '../support/market-day.ts';
import { Auditor } from './audit.ts';
import { Bank } from './bank.ts';
import { Disk } from './disk.ts';
import { faultText } from './fault-text.ts';
import type { Sample } from './footprint.ts';
import { OPENING_DEPOSITS, TorturedMarket } from './market.ts';
import { TortureMember } from './member.ts';
import { endClockSetting, playRound, type Scene } from './round.ts';
import { MEMBERS, type Round, Script } from './script.ts';
import { Summary } from './summary.ts';
import type { Tell, Tortured } from './torture.ts';

const MIB = 1_048_576;

export async function openTorturedVenue(seed: number, tell: Tell): Promise<Tortured> {
  const disk = await Disk.open();
  const market = new TorturedMarket(disk);
  const bank = new Bank(() => market.venue);
  let membersClockMs = 0;
  const members = MEMBERS.map(
    ([name, version], no) =>
      new TortureMember(identityOf(name, no + 1), version, () => systemClock.now() + membersClockMs),
  );
  const auditor = new Auditor(market, members, bank);
  const summary = new Summary({ members, market, bank, auditor });
  const script = new Script(seed);
  const scene: Scene = {
    market,
    members,
    bank,
    onFault(fault) {
      summary.injected(fault);
      tell(`fault ${summary.faultNo}: ${faultText(fault, MEMBERS)}`);
    },
    setMembersClocks(byMs) {
      membersClockMs += byMs;
    },
  };
  return {
    async begin() {
      if (disk.cannotFill !== undefined) tell(`no disk will be full: ${disk.cannotFill}`);
      await market.open(members.map(({ identity }) => identity));
      for (const { identity } of members) await bank.open(identity, OPENING_DEPOSITS);
      tell(`seed ${seed}: ${members.length} members trade`);
    },
    async playRound(sinceMs) {
      const round = possible(script.next(), disk);
      await playRound(scene, round);
      endClockSetting(members);
      await auditor.audit();
      failOnAlarms(market);
      summary.noteUse(await useOf(market, sinceMs()));
      return round.no;
    },
    async end() {
      await auditor.auditAll();
      for (const member of members) await member.logout();
      await market.stop();
      failOnAlarms(market);
    },
    abandon: () => market.abandon(),
    keep: (dir) => disk.keep(dir),
    close: () => disk.close(),
    get log() {
      return market.log;
    },
    get faultNo() {
      return summary.faultNo;
    },
    get progress() {
      return summary.progress;
    },
    summary: (tookMs) => summary.lines({ tookMs, seed, cannotFill: disk.cannotFill }),
  };
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

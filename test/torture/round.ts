/**
 * One round of a torture run: members act out their script, faults come at their moments, and then everybody comes
 * back, learns what it missed, and is heard: after that nothing is open, and all can be compared.
 */
import { delay, systemClock } from '../../src/platform/clock.ts';
import { cutMidMessage, readSlowly } from './bad-members.ts';
import type { Bank } from './bank.ts';
import type { TorturedMarket } from './market.ts';
import type { TortureMember } from './member.ts';
import { playScript } from './playing.ts';
import { type Fault, type Round, SYMBOLS } from './script.ts';
import { settle } from './settling.ts';

const POLL_MS = 5;
const RECONNECT_PAUSE_MS = 50;
/** Everything that a member asks for, and every fault, is over within this time. */
const ROUND_TIMEOUT_MS = 150_000;
const SETTLE_TIMEOUT_MS = 45_000;
const A_DAY_MS = 86_400_000;

/** Told as it happens. */
export type OnFault = (fault: Fault) => void;

/** What rounds are made with. */
export interface Scene {
  readonly market: TorturedMarket;
  readonly members: readonly TortureMember[];
  readonly bank: Bank;
  readonly onFault: OnFault;
  /** Members' clocks go on by so much. */
  readonly setMembersClocks: (byMs: number) => void;
}

/** Faults after which the venue has no reason to lose a connection. */
const HARMLESS_TO_SESSIONS: ReadonlySet<Fault['type']> = new Set([
  'KillPostgres',
  'RestartPostgres',
  'PausePostgres',
  'FillDisk',
  'BreakBook',
  'CutMidMessage',
]);

/** Plays a round to its end. */
export async function playRound(scene: Scene, round: Round): Promise<void> {
  const { market, members, bank } = scene;
  const lostBefore = countLost(members);
  const today = round.faults.filter(({ fault }) => fault.type === 'NextDay');
  for (const { fault } of today) await beginNextDay(scene, fault);
  members.forEach((member, no) => {
    member.keepsWhatItSent = round.members[no]?.isForgetful !== true;
  });
  const stopKeeping = keepOn(scene);
  try {
    await playScript(
      {
        members,
        bank,
        timeoutMs: ROUND_TIMEOUT_MS,
        suffer: (fault) => suffer(scene, fault, round.no),
      },
      { ...round, faults: round.faults.filter(({ fault }) => fault.type !== 'NextDay') },
    );
    await market.mendBooks();
    await settle(members, {
      symbol: SYMBOLS[0],
      idOf: (member, kind) => `${kind}-${members.indexOf(member)}-${round.no}`,
      timeoutMs: SETTLE_TIMEOUT_MS,
    });
    await market.untilReady();
  } finally {
    await stopKeeping();
  }
  if (!round.faults.every(({ fault }) => HARMLESS_TO_SESSIONS.has(fault.type))) return;
  const lost = countLost(members) - lostBefore;
  if (lost > 0) throw new Error(`${lost} sessions were lost, and no fault was theirs`);
}

async function suffer(scene: Scene, fault: Fault, roundNo: number): Promise<void> {
  const { market, onFault, members } = scene;
  onFault(fault);
  if (fault.type === 'CutMidMessage') cutMidMessage(members[fault.memberNo], roundNo, SYMBOLS[0]);
  else if (fault.type === 'ReadSlowly') await readSlowly(members[fault.memberNo], fault.forMs);
  else await market.suffer(fault);
}

/** Everybody who is not on connects again, as engines do by themselves. Returns what stops that. */
function keepOn({ market, members }: Scene): () => Promise<void> {
  let isStopped = false;
  const keepers = members.map(async (member) => {
    while (!isStopped) {
      const port = market.fixPort;
      if (!member.isOn && port !== undefined) await member.connect(port).catch(() => undefined);
      await delay(systemClock, member.isOn ? POLL_MS : RECONNECT_PAUSE_MS);
    }
  });
  return async () => {
    isStopped = true;
    await Promise.all(keepers);
  };
}

/** Everything is answered: the clock goes to the same time of the next trading day, and the members' with it. */
async function beginNextDay(scene: Scene, fault: Fault): Promise<void> {
  const { market, members, onFault, setMembersClocks } = scene;
  onFault(fault);
  for (const member of members) member.isClockBeingSet = true;
  setMembersClocks(A_DAY_MS);
  await market.jumpClock(A_DAY_MS);
  for (const { record } of members) record.beginDay();
}

/** The venue and the members have the same time again. */
export function endClockSetting(members: readonly TortureMember[]): void {
  for (const member of members) member.isClockBeingSet = false;
}

function countLost(members: readonly TortureMember[]): number {
  return members.reduce((sum, { lostConnections }) => sum + lostConnections, 0);
}

/**
 * One round of a torture run: members act out their script, faults come at their moments, and then everybody comes
 * back, learns what it missed, and is heard: after that nothing is open, and all can be compared.
 */
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { delay, systemClock } from '../../src/platform/clock.ts';
import { until } from '../support/until.ts';
import type { Bank } from './bank.ts';
import type { TorturedMarket } from './market.ts';
import type { TortureMember } from './member.ts';
import { reasonOf } from './reasons.ts';
import { massStatus, type ScriptedRequest } from './requests.ts';
import { countOf, type Fault, MEMBERS, type Round, type Step, SYMBOLS } from './script.ts';

/** Requests that a member has unanswered at most. */
const WINDOW = 60;
const POLL_MS = 5;
const RECONNECT_PAUSE_MS = 50;
/** Everything that a member asks for, and every fault, is over within this time. */
const ROUND_TIMEOUT_MS = 150_000;
const SETTLE_TIMEOUT_MS = 45_000;
const A_DAY_MS = 86_400_000;
/** Questions that a member asks at once that does not read the answers. */
const FLOOD = 150;

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
  const { market, members } = scene;
  const lostBefore = countLost(members);
  const today = round.faults.filter(({ fault }) => fault.type === 'NextDay');
  for (const { fault } of today) await beginNextDay(scene, fault);
  members.forEach((member, no) => {
    member.keepsWhatItSent = round.members[no]?.isForgetful !== true;
  });
  const stopKeeping = keepOn(scene);
  try {
    await playScript(scene, round);
    await market.mendBooks();
    await settle(scene, round.no);
  } finally {
    await stopKeeping();
  }
  if (!round.faults.every(({ fault }) => HARMLESS_TO_SESSIONS.has(fault.type))) return;
  const lost = countLost(members) - lostBefore;
  if (lost > 0) throw new Error(`${lost} sessions were lost, and no fault was theirs`);
}

async function playScript(scene: Scene, round: Round): Promise<void> {
  const { market, members, bank, onFault } = scene;
  const total = round.members.reduce((sum, { steps }) => sum + countOf(steps), 0);
  let sent = 0;
  let hasFailed = false;
  /** False when the round has failed before, so that nothing more is done in it. */
  const hasCome = async (moment: number): Promise<boolean> => {
    const isSent = (): boolean => sent >= Math.min(moment, total);
    await wait('the moment of a fault', () => hasFailed || isSent(), ROUND_TIMEOUT_MS);
    return !hasFailed;
  };
  const playing = members.map((member, no) =>
    play(member, round.members[no]?.steps ?? [], (count) => {
      sent += count;
    }),
  );
  const suffering = round.faults
    .filter(({ fault }) => fault.type !== 'NextDay')
    .map(async ({ afterRequests, fault }) => {
      if (!(await hasCome(afterRequests))) return;
      onFault(fault);
      if (fault.type === 'CutMidMessage') cutMidMessage(scene, fault.memberNo, round.no);
      else if (fault.type === 'ReadSlowly') await readSlowly(scene, fault.memberNo, fault.forMs);
      else await market.suffer(fault);
    });
  const transferring = round.transfers.map(async ({ afterRequests, memberNo, ...transfer }) => {
    if (!(await hasCome(afterRequests))) return;
    const { username, senderCompId } = members[memberNo]!.identity;
    await bank.transfer({ ...transfer, username, senderCompId });
  });
  const everything = Promise.all([...playing, ...suffering, ...transferring]);
  let cancelTimeout = (): void => {};
  const inTime = new Promise<never>((_, reject) => {
    cancelTimeout = systemClock.after(ROUND_TIMEOUT_MS, () => {
      const progress = `${sent} of ${total} requests sent`;
      reject(new Error(`the round is not over after ${ROUND_TIMEOUT_MS} ms: ${progress}`));
    });
  });
  try {
    await Promise.race([everything, inTime]);
  } catch (error) {
    hasFailed = true;
    throw error;
  } finally {
    cancelTimeout();
  }
}

/** Acts out the steps; a member that is not on waits until it is. */
async function play(
  member: TortureMember,
  steps: readonly Step[],
  onSent: (count: number) => void,
): Promise<void> {
  const { record } = member;
  for (const step of steps) {
    await wait(
      `${member.identity.username} to be on and answered`,
      () => member.isOn && record.unanswered.size < WINDOW,
      ROUND_TIMEOUT_MS,
    );
    switch (step.type) {
      case 'Send':
        member.send(step.requests);
        onSent(step.requests.length);
        await delay(systemClock, step.pauseMs);
        break;
      case 'Repeat': {
        const id = record.repeatable[Math.floor(step.which * record.repeatable.length)];
        if (id !== undefined) member.repeat(id);
        break;
      }
      case 'Disconnect':
        member.cut();
        break;
      case 'LogOut':
        await member.logout();
        break;
    }
  }
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

/** Until every request is answered, every gap is filled and every repeat is judged. */
async function settle({ market, members }: Scene, roundNo: number): Promise<void> {
  const isSettled = (member: TortureMember): boolean =>
    member.isOn && member.hasNoGap && member.record.unanswered.size === 0;
  await wait('all gaps to be filled', () => members.every((member) => member.isOn && member.hasNoGap));
  for (const member of members) if (!member.keepsWhatItSent) member.repeatUnanswered();
  await wait('answers to everything', () => members.every(isSettled)).catch((error: unknown) => {
    throw new Error(`${reasonOf(error)}: ${openQuestions(members)}`);
  });
  // An account answers in order: once these are answered, so is everything before them.
  for (const [no, member] of members.entries()) {
    member.send([hopelessCancel(`barrier-${no}-${roundNo}`)]);
    if (member.version !== 'FIX.4.2') member.send([massStatus(`orders-${no}-${roundNo}`)]);
  }
  await wait('the last answers', () => members.every(isSettled)).catch((error: unknown) => {
    throw new Error(`${reasonOf(error)}: ${openQuestions(members)}`);
  });
  await market.untilReady();
}

function openQuestions(members: readonly TortureMember[]): string {
  return members
    .filter(({ isOn, hasNoGap, record }) => !isOn || !hasNoGap || record.unanswered.size > 0)
    .map(({ identity, isOn, hasNoGap, record }) => {
      const open = [...record.unanswered].slice(0, 3).join(' ');
      return `${identity.username} is ${isOn ? 'on' : 'off'}${hasNoGap ? '' : ', has a gap'}, waits for [${open}]`;
    })
    .join('; ');
}

/** A cancel (F) of what never was: answered with a 9, and nothing happens. */
function hopelessCancel(id: string): ScriptedRequest {
  return {
    msgType: MSG_TYPE.OrderCancelRequest,
    id,
    fields: {
      [TAG.ClOrdID]: id,
      [TAG.OrigClOrdID]: 'no such order',
      [TAG.Symbol]: SYMBOLS[0],
      [TAG.Side]: '1',
    },
  };
}

function cutMidMessage({ members }: Scene, memberNo: number, roundNo: number): void {
  const member = members[memberNo];
  if (member?.isOn === true) member.cutWithin(hopelessCancel(`cut-${memberNo}-${roundNo}`), 0.6);
}

/** Asks for much, does not read it for a while, and then does, if it is still connected. */
async function readSlowly({ members }: Scene, memberNo: number, forMs: number): Promise<void> {
  const member = members[memberNo];
  const version = MEMBERS[memberNo]?.[1];
  if (member?.isOn !== true || version === undefined) return;
  member.stopReading();
  if (version !== 'FIX.4.2') {
    member.send(Array.from({ length: FLOOD }, (_, no) => massStatus(`flood-${memberNo}-${no}`)));
  }
  await delay(systemClock, forMs);
  member.startReading();
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

function wait(what: string, isThere: () => boolean, timeoutMs = SETTLE_TIMEOUT_MS): Promise<unknown> {
  return until(what, isThere, timeoutMs);
}

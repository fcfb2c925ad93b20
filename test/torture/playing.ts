/**
 * How a round is acted out: members follow their steps, and faults and transfers come when so much has been asked for.
 * What faults do, and how long a round may take, is the caller's.
 */
import { delay, systemClock } from '../../src/platform/clock.ts';
import { until } from '../support/until.ts';
import type { Bank } from './bank.ts';
import type { TortureMember } from './member.ts';
import { openQuestions } from './settling.ts';
import { countOf, type RoundOf, type Step } from './trading-script.ts';

/** Who acts, and what else happens. */
export interface Acting<Fault> {
  readonly members: readonly TortureMember[];
  readonly bank: Bank;
  /** Does it, and resolves when it is over. */
  readonly suffer: (fault: Fault) => Promise<void>;
  /** Everything that a member asks for, and every fault, is over within this time. */
  readonly timeoutMs: number;
}

/** Requests that a member has unanswered at most. */
const WINDOW = 60;

/** Resolves when all is asked for and all faults are over; rejects with the first thing that goes wrong. */
export async function playScript<Fault>(acting: Acting<Fault>, round: RoundOf<Fault>): Promise<void> {
  const { members, bank, suffer, timeoutMs } = acting;
  const total = round.members.reduce((sum, { steps }) => sum + countOf(steps), 0);
  let sent = 0;
  let hasFailed = false;
  /** Faults and transfers that have come and are not over. */
  const underWay = new Set<unknown>();
  const during = async (what: unknown, work: Promise<void>): Promise<void> => {
    underWay.add(what);
    await work;
    underWay.delete(what);
  };
  /** False when the round has failed before, so that nothing more is done in it. */
  const hasCome = async (moment: number): Promise<boolean> => {
    const isSent = (): boolean => sent >= Math.min(moment, total);
    await until('the moment of a fault', () => hasFailed || isSent(), timeoutMs);
    return !hasFailed;
  };
  const playing = members.map((member, no) =>
    play(member, round.members[no]?.steps ?? [], timeoutMs, (count) => {
      sent += count;
    }),
  );
  const suffering = round.faults.map(async ({ afterRequests, fault }) => {
    if (await hasCome(afterRequests)) await during(fault, suffer(fault));
  });
  const transferring = round.transfers.map(async ({ afterRequests, memberNo, ...transfer }) => {
    if (!(await hasCome(afterRequests))) return;
    const { username, senderCompId } = members[memberNo]!.identity;
    await during(transfer, bank.transfer({ ...transfer, username, senderCompId }));
  });
  const everything = Promise.all([...playing, ...suffering, ...transferring]);
  let cancelTimeout = (): void => {};
  const inTime = new Promise<never>((_, reject) => {
    cancelTimeout = systemClock.after(timeoutMs, () => {
      const left = [...underWay].map((what) => JSON.stringify(what)).join(', ');
      const progress = `${sent} of ${total} requests sent, under way: ${left}; ${openQuestions(members)}`;
      reject(new Error(`the round is not over after ${timeoutMs} ms: ${progress}`));
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
  timeoutMs: number,
  onSent: (count: number) => void,
): Promise<void> {
  const { record } = member;
  for (const step of steps) {
    await until(
      `${member.identity.username} to be on and answered`,
      () => {
        if (record.unanswered.size < WINDOW) return member.isOn;
        // Nobody else knows of what has gone with its connection.
        member.repeatLost();
        return false;
      },
      timeoutMs,
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

/** Members that behave badly for a while: faults of a torture run that are theirs and not the venue's. */
import { delay, systemClock } from '../../src/platform/clock.ts';
import type { TortureMember } from './member.ts';
import { massStatus } from './requests.ts';
import { hopelessCancel } from './settling.ts';

/** Questions that a member asks at once that does not read the answers. */
const FLOOD = 150;
/** What arrives of the message in which a connection ends. */
const SHARE = 0.6;

/** The connection of the member, if it has one, ends within a message. */
export function cutMidMessage(member: TortureMember | undefined, roundNo: number, symbol: string): void {
  if (member?.isOn !== true) return;
  member.cutWithin(hopelessCancel(`${member.identity.username}-cut-${roundNo}`, symbol), SHARE);
}

/** Asks for much, does not read it for a while, and then does, if it is still connected. */
export async function readSlowly(member: TortureMember | undefined, forMs: number): Promise<void> {
  if (member?.isOn !== true) return;
  member.stopReading();
  if (member.version !== 'FIX.4.2') {
    const { username } = member.identity;
    member.send(Array.from({ length: FLOOD }, (_, no) => massStatus(`${username}-flood-${no}`)));
  }
  await delay(systemClock, forMs);
  member.startReading();
}

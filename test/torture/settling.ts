/** The end of what members ask for: everybody is on, has all that it missed, and an answer to everything. */
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { until } from '../support/until.ts';
import type { TortureMember } from './member.ts';
import { reasonOf } from './reasons.ts';
import { massStatus, type ScriptedRequest } from './requests.ts';

/** How members are heard for the last time. */
export interface Settling<Member> {
  /** Of the last requests. */
  readonly symbol: string;
  /** A ClOrdID (11) of the member that it has not used. */
  readonly idOf: (member: Member, kind: 'barrier' | 'orders') => string;
  /** For each of the things that are waited for. */
  readonly timeoutMs: number;
}

/**
 * Until every member is on, has no gap and an answer to everything that it ever asked.
 *
 * @throws Error that names who waits for what.
 */
export async function settle<Member extends TortureMember>(
  members: readonly Member[],
  { symbol, idOf, timeoutMs }: Settling<Member>,
): Promise<void> {
  const all = (what: string, isThere: (member: Member) => boolean): Promise<unknown> =>
    until(what, () => members.filter((member) => !isThere(member)).length === 0, timeoutMs).catch(
      (error: unknown) => {
        throw new Error(`${reasonOf(error)}: ${openQuestions(members)}`, { cause: error });
      },
    );
  await all('all gaps to be filled', ({ isOn, hasNoGap }) => isOn && hasNoGap);
  for (const member of members) if (!member.keepsWhatItSent) member.repeatUnanswered();
  await all('answers to everything', becomesSettled);
  // An account answers in order: once these are answered, so is everything before them.
  for (const member of members) {
    member.send([hopelessCancel(idOf(member, 'barrier'), symbol)]);
    if (member.version !== 'FIX.4.2') member.send([massStatus(idOf(member, 'orders'))]);
  }
  await all('the last answers', isSettled);
}

/** What was refused when it was repeated is repeated again. */
function becomesSettled(member: TortureMember): boolean {
  member.repeatLost();
  return isSettled(member);
}

function isSettled({ isOn, hasNoGap, record }: TortureMember): boolean {
  return isOn && hasNoGap && record.unanswered.size === 0;
}

/** Who is not on, has a gap or waits for answers. */
export function openQuestions(members: readonly TortureMember[]): string {
  return members
    .filter((member) => !isSettled(member))
    .map((member) => {
      const { identity, isOn, hasNoGap, record } = member;
      const open = [...record.unanswered];
      const some = open.slice(0, 3).map((id) => `${id} ${record.asked.get(id)?.fields[TAG.Symbol] ?? ''}`);
      const where = `${identity.username} is ${isOn ? 'on' : 'off'} at ${member.place}${hasNoGap ? '' : ', has a gap'}`;
      return `${where}, waits for ${open.length} answers [${some.join(', ')}]`;
    })
    .join('; ');
}

/** A cancel (F) of what never was: answered with a 9, and nothing happens. */
export function hopelessCancel(id: string, symbol: string): ScriptedRequest {
  const fields = {
    [TAG.ClOrdID]: id,
    [TAG.OrigClOrdID]: 'no such order',
    [TAG.Symbol]: symbol,
    [TAG.Side]: '1',
  };
  return { msgType: MSG_TYPE.OrderCancelRequest, id, fields };
}

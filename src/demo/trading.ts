/**
 * Plays the scenario: two members log on, send what each step says, judge what comes back, and log out. What
 * differs from the scenario is told in words, and the trading goes on where it can.
 */
import type { Clock } from '../platform/clock.ts';
import { type Member, SessionBroken } from './member.ts';
import type { MemberEvent, MemberName, TradeOrder } from './protocol.ts';
import { stepsOf } from './scenario.ts';
import { connectMember, type Members, StepPlayer } from './steps.ts';

/** Trades as `order` says and tells what happens; never rejects for what the venue does. */
export async function trade(
  order: TradeOrder,
  clock: Clock,
  tell: (event: MemberEvent) => void,
): Promise<void> {
  const { runId } = order;
  const connected: Member[] = [];
  const connect = async (name: MemberName): Promise<Member> => {
    const member = await connectMember(name, order.members[name], order, { runId, clock, tell });
    connected.push(member);
    return member;
  };
  try {
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    await play(order, { alice, bob }, tell);
  } catch (error) {
    if (!(error instanceof SessionBroken)) throw error;
    tell({ type: 'StepEnded', reportCount: 0, differences: [error.message] });
  }
  for (const member of connected) member.close();
  tell({ type: 'TradingEnded' });
}

async function play(order: TradeOrder, members: Members, tell: (event: MemberEvent) => void): Promise<void> {
  const player = new StepPlayer(members, order.runId, tell);
  if (!(await player.logOn('alice and bob log on, and begin at number 1'))) return;
  for (const { title, request, reports } of stepsOf(order)) {
    const send = (): void => members[request.member].send(request.name, request.fields);
    if (!(await player.play(title, send, reports))) return;
  }
  await player.logOut('alice and bob log out');
}

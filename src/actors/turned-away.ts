/**
 * Commands with which an account does nothing and of which it leaves nothing in rows: those that it cannot even refuse,
 * since it has no state, and those that it has no right to judge any more.
 */
import type { UserId } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import { commandsOf, type Work } from './account-work.ts';
import type { CommandsRefused, RoutedCommand, ShardEpoch, Tell } from './protocol.ts';
import { endedElsewhere } from './redo.ts';

/** Without a loaded account nothing can be refused durably: the session says that nothing was done. */
export function turnAway(
  userId: UserId,
  commands: readonly RoutedCommand[],
  { refusal, text }: Pick<CommandsRefused, 'refusal' | 'text'>,
  tell: Tell,
): void {
  for (const { origin, command, replyTo } of commands) {
    if (replyTo !== undefined) tell(replyTo, { type: 'CommandRejected', text });
    if (origin === undefined || command.type === 'TransferFunds' || command.type === 'CancelMemberOrders') {
      continue;
    }
    const { sessionId, msgSeqNum } = origin;
    const refused = [{ msgSeqNum, command }];
    tell({ type: 'session', sessionId }, { type: 'CommandsRefused', refusal, text, commands: refused });
  }
  tell({ type: 'persistence' }, endedElsewhere(userId, commands));
}

/** Who judges commands, and in a cluster by what right. */
export interface JudgingAccount {
  readonly userId: UserId;
  readonly shard?: ShardEpoch;
  readonly tell: Tell;
}

const WAS_ELSEWHERE = 'the account was on another engine meanwhile: look whether it was done, and ask again';

/**
 * The commands that came by the right by which the account lives here now. Others are of the time before it left and came
 * back: the members' routers have sent them again since, and they are answered as what came then.
 */
export function currentCommands(
  commands: readonly RoutedCommand[],
  { userId, shard: own, tell }: JudgingAccount,
): readonly RoutedCommand[] {
  if (own === undefined) return commands;
  const stale = commands.filter(({ shard }) => shard?.epoch !== own.epoch);
  if (stale.length === 0) return commands;
  for (const { replyTo } of stale) {
    if (replyTo !== undefined) tell(replyTo, { type: 'CommandRejected', text: WAS_ELSEWHERE });
  }
  tell({ type: 'persistence' }, endedElsewhere(userId, stale));
  return commands.filter((routed) => !stale.includes(routed));
}

/** The same of a piece of work. */
export function currentWork(work: Work, account: JudgingAccount): Work {
  switch (work.type) {
    case 'AccountCommands':
      return { ...work, commands: currentCommands(work.commands, account) };
    case 'RequestsBounced': {
      const current = currentCommands(commandsOf(work), account);
      return { ...work, bounced: work.bounced.filter(({ routed }) => current.includes(routed)) };
    }
    case 'RefuseCommand':
      // The exchange has just given it its right.
      return work;
    case 'SweepAgain':
      // Of a mass cancel of which only the account itself knows.
      return work;
    default:
      return assertNever(work);
  }
}

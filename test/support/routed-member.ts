/** A member at the gateway of a venue on several nodes: it asks the router, and writes down what its session is told. */
import type { ActorSystem } from '../../src/actors/actor-system.ts';
import type { CommandsRefused, SessionMessage } from '../../src/actors/protocol.ts';
import { restartFresh } from '../../src/actors/supervision.ts';
import type { Report } from '../../src/matching/execution-report.ts';
import type { MemberCommand } from '../../src/matching/order-commands.ts';
import type { UserId } from '../../src/matching/types.ts';
import { line } from './member-commands.ts';

/** A session on the gateway, without FIX. */
export interface RoutedMember {
  readonly userId: UserId;
  readonly reports: readonly Report[];
  readonly refusals: readonly CommandsRefused[];
  /** Each number as often as it was answered. */
  readonly answered: readonly number[];
  send(...commands: readonly MemberCommand[]): void;
  lines(): string[];
}

/** Opens a session with this id on the gateway's node. */
export function startRoutedMember(gateway: ActorSystem, userId: UserId, sessionId: string): RoutedMember {
  const reports: Report[] = [];
  const refusals: CommandsRefused[] = [];
  const answered: number[] = [];
  let lastSeqNum = 0;
  gateway.spawn(
    { type: 'session', sessionId },
    {
      initial: () => undefined,
      receive(state: undefined, message: SessionMessage) {
        if (message.type === 'CommandsRefused') refusals.push(message);
        if (message.type === 'ReportsCommitted') {
          reports.push(...message.reports);
          answered.push(...message.answered);
        }
        return state;
      },
    },
    restartFresh(),
  );
  return {
    userId,
    reports,
    refusals,
    answered,
    lines: () => reports.map(line),
    send: (...commands) => {
      const numbered = commands.map((command) => {
        lastSeqNum += 1;
        return { msgSeqNum: lastSeqNum, command };
      });
      gateway.tell({ type: 'router' }, { type: 'SubmitCommands', sessionId, userId, commands: numbered });
    },
  };
}

/**
 * What an engine's exchange does with commands that come from gateways of other nodes before they are like those of its
 * own sessions: it takes none twice, and gives back those for accounts that live elsewhere.
 */
import type { UserId } from '../matching/types.ts';
import type { CommandsUnderWay } from './commands-under-way.ts';
import type { RoutedCommand, Sending, SubmitCommands, Tell } from './protocol.ts';

export interface RemoteGatewaysOptions {
  /** Whether the member's account lives here. */
  readonly owns: (userId: UserId) => boolean;
  readonly underWay: CommandsUnderWay;
  /** The name of the node where a session lives; undefined: this one. */
  readonly nodeOf: (sessionId: string) => string | undefined;
}

export class RemoteGateways {
  readonly #options: RemoteGatewaysOptions;

  constructor(options: RemoteGatewaysOptions) {
    this.#options = options;
  }

  /**
   * What is to be done of a message; undefined when all of it was given back. An engine that stops gives everything back:
   * another one will have the account, and members need not know.
   */
  take(message: SubmitCommands, tell: Tell, isStopping: boolean): SubmitCommands | undefined {
    const { owns, underWay, nodeOf } = this.#options;
    const { sessionId, userId, commands } = message;
    const node = nodeOf(sessionId);
    if (node === undefined) return message;
    if (!isStopping && owns(userId)) return { ...message, commands: underWay.begin(message) };
    const misrouted = commands.map(({ msgSeqNum, sending }) => ({ msgSeqNum, sendingNo: sending?.no ?? 0 }));
    tell({ type: 'router', node }, { type: 'CommandsMisrouted', sessionId, commands: misrouted });
    return undefined;
  }

  /** The accounts for which it is true live here no more. */
  forget(isGone: (userId: UserId) => boolean): void {
    this.#options.underWay.forget(isGone);
  }
}

/**
 * Its account asks the rows first whether it was carried out before. An attempt that is for another epoch is late, or early:
 * a later one may have been carried out where the account has been since.
 */
export function markSentAgain(routed: RoutedCommand, sending: Sending | undefined): RoutedCommand {
  const { isAgain = false, epoch } = sending ?? {};
  const isElsewhere = epoch !== undefined && epoch !== routed.shard?.epoch;
  return isAgain || isElsewhere ? { ...routed, isSentAgain: true } : routed;
}

/**
 * What an engine's exchange does with commands that come from gateways of other nodes before they are like those of its
 * own sessions: it takes none twice, none ahead of an earlier one of the same session, and gives back what it cannot take.
 *
 * Whatever of a session is given back, all that comes behind it is given back too, until the router has heard of it: that is
 * so for what it sends in a later round, for another epoch or over another link, which begins with what came back.
 */
import type { UserId } from '../matching/types.ts';
import type { CommandsUnderWay } from './commands-under-way.ts';
import type { RoutedCommand, Sending, SubmitCommands, Tell } from './protocol.ts';

export interface RemoteGatewaysOptions {
  /** Under which commands for the member's account are taken here; undefined: they are not. */
  readonly epochOf: (userId: UserId) => number | undefined;
  readonly underWay: CommandsUnderWay;
  /** The name of the node where a session lives; undefined: this one. */
  readonly nodeOf: (sessionId: string) => string | undefined;
  /** Of so many sessions it is remembered what was given back, the last of all. */
  readonly maxGivenBack?: number;
}

interface GivenBack {
  readonly sending: Sending;
  /** The first MsgSeqNum (34) of what was given back though it had been taken: what has waited here behind it goes too. */
  readonly takenFrom?: number;
}

const DEFAULT_MAX_GIVEN_BACK = 100_000;

export class RemoteGateways {
  readonly #options: RemoteGatewaysOptions;
  /** By session, how the last command that was given back had been sent. */
  readonly #givenBack = new Map<string, GivenBack>();

  constructor(options: RemoteGatewaysOptions) {
    this.#options = options;
    options.underWay.whenRefusedInDoubt((sessionId, attempt) => this.#remember(sessionId, attempt));
  }

  /**
   * What is to be done of a message; undefined when all of it was given back. An engine that stops gives everything back:
   * another one will have the account, and members need not know.
   */
  take(message: SubmitCommands, tell: Tell, isStopping: boolean): SubmitCommands | undefined {
    const { underWay, nodeOf } = this.#options;
    const { sessionId } = message;
    const node = nodeOf(sessionId);
    if (node === undefined) return message;
    if (isStopping || !this.#isDue(message)) {
      this.#giveBack(node, message, tell);
      return undefined;
    }
    this.#givenBack.delete(sessionId);
    return { ...message, commands: underWay.begin(message) };
  }

  /**
   * Gives back what {@link take} has returned when some of it cannot be carried out now that may not be refused either,
   * since an earlier attempt may have been carried out, or when it has waited behind such; false: all of it may be refused.
   */
  giveBackInDoubt(message: SubmitCommands, refused: SubmitCommands['commands'], tell: Tell): boolean {
    const { underWay, nodeOf } = this.#options;
    const { sessionId } = message;
    const node = nodeOf(sessionId);
    const first = message.commands[0]?.msgSeqNum ?? 0;
    const { takenFrom = first } = this.#givenBack.get(sessionId) ?? {};
    const isInDoubt = refused.some(({ sending }) => sending?.isAgain) || takenFrom < first;
    if (node === undefined || !isInDoubt) return false;
    // They may have waited here, and been sent again meanwhile.
    const commands = underWay.end(sessionId, message.commands);
    this.#giveBack(node, { ...message, commands }, tell, Math.min(takenFrom, first));
    return true;
  }

  /** The accounts for which it is true live here no more: a router that does not see so by itself is told. */
  forget(isGone: (userId: UserId) => boolean, tell: Tell): void {
    for (const [sessionId, attempts] of this.#options.underWay.forget(isGone)) {
      const node = this.#options.nodeOf(sessionId);
      const last = [...attempts.values()].at(-1);
      if (node === undefined || last === undefined) continue;
      this.#remember(sessionId, last);
      const commands = Array.from(attempts, ([msgSeqNum, { no }]) => ({ msgSeqNum, sendingNo: no }));
      tell({ type: 'router', node }, { type: 'CommandsMisrouted', sessionId, commands, isInDoubt: true });
    }
  }

  /** Nothing comes any more of what the node had sent. */
  peerDown(node: string): void {
    for (const sessionId of this.#givenBack.keys()) {
      if (this.#options.nodeOf(sessionId) === node) this.#givenBack.delete(sessionId);
    }
  }

  /** Whether the account is here by the right by which it was asked, and nothing that was sent before comes later. */
  #isDue({ sessionId, userId, commands }: SubmitCommands): boolean {
    const own = this.#options.epochOf(userId);
    const sending = commands[0]?.sending;
    if (own === undefined || sending === undefined) return own !== undefined;
    const { epoch = own, round } = sending;
    const before = this.#givenBack.get(sessionId)?.sending;
    return epoch === own && (before === undefined || before.epoch !== sending.epoch || before.round < round);
  }

  #giveBack(node: string, { sessionId, commands }: SubmitCommands, tell: Tell, takenFrom?: number): void {
    const sending = commands[0]?.sending;
    if (sending !== undefined) this.#remember(sessionId, sending, takenFrom);
    const misrouted = commands.map(({ msgSeqNum, sending }) => ({ msgSeqNum, sendingNo: sending?.no ?? 0 }));
    tell({ type: 'router', node }, { type: 'CommandsMisrouted', sessionId, commands: misrouted });
  }

  #remember(sessionId: string, sending: Sending, takenFrom?: number): void {
    const { maxGivenBack = DEFAULT_MAX_GIVEN_BACK } = this.#options;
    const [oldest] = this.#givenBack.keys();
    this.#givenBack.delete(sessionId);
    this.#givenBack.set(sessionId, takenFrom === undefined ? { sending } : { sending, takenFrom });
    if (this.#givenBack.size > maxGivenBack && oldest !== undefined) this.#givenBack.delete(oldest);
  }
}

/** Its account asks the rows first whether it was carried out before. */
export function markSentAgain(routed: RoutedCommand, sending: Sending | undefined): RoutedCommand {
  if (sending?.isAgain !== true) return routed;
  return { ...routed, isSentAgain: true, receivedAt: sending.receivedAt };
}

/**
 * Which commands from gateways of other nodes an engine has and has not answered. A router that does not know what became
 * of a command sends it again: while the first copy is under way here the second is nothing but a new number for it, so
 * that no command is ever judged twice and a refusal always says which of the attempts it has seen.
 */
import type { UserId } from '../matching/types.ts';
import type {
  CommandsRefused,
  ReportsCommitted,
  Sending,
  SubmitCommands,
  SubmittedCommand,
} from './protocol.ts';

interface OfSession {
  readonly userId: UserId;
  /** By MsgSeqNum (34), the last attempt. */
  readonly attempts: Map<number, Sending>;
}

/** Bounded by what the exchange lets under way (maxCommandsInFlight). */
export class CommandsUnderWay {
  readonly #sessions = new Map<string, OfSession>();
  #onRefusedInDoubt: (sessionId: string, attempt: Sending) => void = () => {};

  /** Commands that have not been answered. */
  get count(): number {
    let count = 0;
    for (const { attempts } of this.#sessions.values()) count += attempts.size;
    return count;
  }

  /** Commands without an answer of the members for whom it is true. */
  countOf(isOf: (userId: UserId) => boolean): number {
    let count = 0;
    for (const { userId, attempts } of this.#sessions.values()) if (isOf(userId)) count += attempts.size;
    return count;
  }

  /** Hears of each refusal that no router believes, since an earlier attempt may have been carried out: it asks again. */
  whenRefusedInDoubt(listener: (sessionId: string, attempt: Sending) => void): void {
    this.#onRefusedInDoubt = listener;
  }

  /** Notes what a router has sent; returns what of it was not under way already. */
  begin({ sessionId, userId, commands }: SubmitCommands): readonly SubmittedCommand[] {
    const { attempts } = this.#sessions.get(sessionId) ?? this.#add(sessionId, userId);
    return commands.filter(({ msgSeqNum, sending }) => {
      if (sending === undefined) return true;
      const isUnderWay = attempts.has(msgSeqNum);
      attempts.set(msgSeqNum, sending);
      return !isUnderWay;
    });
  }

  /** They are given back, undone. Returns those that were under way, as they were sent last: a router knows no other attempt. */
  end(sessionId: string, commands: readonly SubmittedCommand[]): readonly SubmittedCommand[] {
    return commands.flatMap((command) => {
      const sending = this.#end(sessionId, command.msgSeqNum);
      return sending === undefined ? [] : [{ ...command, sending }];
    });
  }

  /** To be told of everything that answers commands, before it leaves; returns it as it should leave. */
  leaving(sessionId: string, message: CommandsRefused): CommandsRefused;
  leaving(sessionId: string, message: ReportsCommitted): ReportsCommitted;
  leaving(
    sessionId: string,
    message: CommandsRefused | ReportsCommitted,
  ): CommandsRefused | ReportsCommitted {
    if (message.type === 'ReportsCommitted') {
      for (const msgSeqNum of message.answered) this.#end(sessionId, msgSeqNum);
      return message;
    }
    const commands = message.commands.map(({ msgSeqNum, command }) => {
      const attempt = this.#end(sessionId, msgSeqNum);
      if (attempt === undefined) return { msgSeqNum, command };
      if (attempt.isAgain && message.refusal !== 'Unanswerable') this.#onRefusedInDoubt(sessionId, attempt);
      return { msgSeqNum, command, sendingNo: attempt.no };
    });
    return { ...message, commands };
  }

  /** The accounts for which it is true live here no more: what they had under way is nobody's. Returns it, by session. */
  forget(isGone: (userId: UserId) => boolean): ReadonlyMap<string, ReadonlyMap<number, Sending>> {
    const forgotten = new Map<string, ReadonlyMap<number, Sending>>();
    for (const [sessionId, { userId, attempts }] of this.#sessions) {
      if (!isGone(userId)) continue;
      this.#sessions.delete(sessionId);
      forgotten.set(sessionId, attempts);
    }
    return forgotten;
  }

  #add(sessionId: string, userId: UserId): OfSession {
    const added = { userId, attempts: new Map<number, Sending>() };
    this.#sessions.set(sessionId, added);
    return added;
  }

  #end(sessionId: string, msgSeqNum: number): Sending | undefined {
    const attempts = this.#sessions.get(sessionId)?.attempts;
    const attempt = attempts?.get(msgSeqNum);
    attempts?.delete(msgSeqNum);
    if (attempts?.size === 0) this.#sessions.delete(sessionId);
    return attempt;
  }
}

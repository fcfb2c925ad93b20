/**
 * The commands of one session that a router has and no engine has answered, in the order in which they came, with what is
 * known of each attempt. Apart from the router, since what may be believed of an answer is a rule of its own.
 */
import type { UserId } from '../matching/types.ts';
import type { EngineRoute } from './order-router.ts';
import type { CommandsRefused, RefusedCommand, SubmittedCommand } from './protocol.ts';

/** What has had no answer for long though an engine has it. */
export interface Overdue {
  readonly msgSeqNum: number;
  readonly commandType: SubmittedCommand['command']['type'];
  /** Since it came, ms. */
  readonly waitedMs: number;
  /** Why it was last given back; undefined: it never was. */
  readonly reason: string | undefined;
}

interface Kept {
  readonly msgSeqNum: number;
  readonly command: SubmittedCommand['command'];
  /** When it came, ms since the epoch. */
  readonly since: number;
  /** The route of the last attempt; undefined before the first, and when that came back. */
  sentBy: string | undefined;
  /** Number of the last attempt. */
  sendingNo: number;
  /** Attempts of which nobody has said that nothing was done. */
  openAttempts: number;
  /** One before it came back: so will this, without having been done. */
  isReturning: boolean;
}

export class KeptCommands {
  readonly userId: UserId;
  /** What came back waits until then, so that it does not go to and fro. */
  isHeld = false;
  /** The route of which the log was last told that something is sent again by it: an engine may refuse that for hours. */
  loggedRoute: string | undefined;
  readonly #kept = new Map<number, Kept>();
  readonly #nextRound: () => number;
  #round: number;
  /** The way to the engine, and since when it has been the same, as {@link overdue} has seen it. */
  #way: { readonly key: string; readonly since: number } | undefined;
  #givenBackBecause: Pick<CommandsRefused, 'refusal' | 'text'> | undefined;
  /** Causes for which {@link overdue} has told something. */
  readonly #toldCauses = new Set<string>();

  /** `nextRound`: counts for all sessions, so that a session of which nothing was kept for a while begins no round again. */
  constructor(userId: UserId, round: number, nextRound: () => number) {
    this.userId = userId;
    this.#round = round;
    this.#nextRound = nextRound;
  }

  get count(): number {
    return this.#kept.size;
  }

  get oldestMsgSeqNum(): number | undefined {
    const [oldest] = this.#kept.keys();
    return oldest;
  }

  get lastMsgSeqNum(): number | undefined {
    return [...this.#kept.keys()].at(-1);
  }

  /** Whether some are not on their way by this route; undefined: whether some are on no way at all. */
  hasUnsent(route: string | undefined): boolean {
    for (const { sentBy } of this.#kept.values()) {
      if (sentBy === undefined || (route !== undefined && sentBy !== route)) return true;
    }
    return false;
  }

  add(commands: readonly SubmittedCommand[], now: number): void {
    for (const { msgSeqNum, command } of commands) {
      this.#kept.set(msgSeqNum, {
        msgSeqNum,
        command,
        since: now,
        sentBy: undefined,
        sendingNo: 0,
        openAttempts: 0,
        isReturning: false,
      });
    }
  }

  /**
   * Those that are not on their way by this route, as they are to be sent by it. None goes ahead of an earlier one that will
   * come back.
   */
  takeUnsent({ key: route, epoch }: Pick<EngineRoute, 'key' | 'epoch'>): SubmittedCommand[] {
    const unsent: SubmittedCommand[] = [];
    for (const kept of this.#kept.values()) {
      if (kept.sentBy === route) {
        if (kept.isReturning) break;
        continue;
      }
      kept.sentBy = route;
      kept.isReturning = false;
      kept.sendingNo += 1;
      kept.openAttempts += 1;
      const right = epoch === undefined ? {} : { epoch };
      const isAgain = kept.openAttempts > 1;
      const sending = { no: kept.sendingNo, isAgain, receivedAt: kept.since, round: this.#round, ...right };
      unsent.push({ msgSeqNum: kept.msgSeqNum, command: kept.command, sending });
    }
    return unsent;
  }

  /** Returns those that had no answer: of one that several nodes had to do with, each may bring it. */
  answered(msgSeqNums: readonly number[]): readonly number[] {
    return msgSeqNums.filter((msgSeqNum) => this.#kept.delete(msgSeqNum));
  }

  /** The engine does not have the account: nothing was done by that attempt, or (`isInDoubt`) nobody knows. */
  misrouted(msgSeqNum: number, sendingNo: number, isInDoubt: boolean): void {
    const kept = this.#kept.get(msgSeqNum);
    if (kept?.sendingNo !== sendingNo || kept.sentBy === undefined) return;
    if (isInDoubt) kept.openAttempts += 1;
    this.#giveBack(kept);
  }

  /**
   * Which refusals are true: of the last attempt, when no earlier one can have been carried out. Where one can, an account
   * is asked again, which knows.
   */
  refused({ refusal, text, commands }: Omit<CommandsRefused, 'type'>): readonly RefusedCommand[] {
    return commands.filter(({ msgSeqNum, sendingNo }) => {
      const kept = this.#kept.get(msgSeqNum);
      if (kept === undefined || kept.sendingNo !== sendingNo) return false;
      // The account has judged that one, and has nothing to say.
      if (kept.openAttempts > 1 && refusal !== 'Unanswerable') {
        this.#givenBackBecause = { refusal, text };
        this.#giveBack(kept);
        return false;
      }
      this.#kept.delete(msgSeqNum);
      return true;
    });
  }

  /** Takes out those that came before `until` and certainly never reached an account. */
  takeExpired(until: number): SubmittedCommand[] {
    const expired: SubmittedCommand[] = [];
    for (const { msgSeqNum, command, since, openAttempts } of this.#kept.values()) {
      if (openAttempts > 0 || since > until) continue;
      expired.push({ msgSeqNum, command });
      this.#kept.delete(msgSeqNum);
    }
    return expired;
  }

  /**
   * What has waited for `longestMs` while there was this way (its key) to the engine: once for each cause.
   * To be asked from time to time, also when there is no way.
   */
  overdue(way: string | undefined, now: number, longestMs: number): Overdue | undefined {
    if (way === undefined) this.#way = undefined;
    else if (this.#way?.key !== way) this.#way = { key: way, since: now };
    const [oldest] = this.#kept.values();
    if (oldest === undefined || this.#way === undefined) return undefined;
    if (now - Math.max(oldest.since, this.#way.since) < longestMs) return undefined;
    const cause = this.#givenBackBecause?.refusal ?? 'none';
    if (this.#toldCauses.has(cause)) return undefined;
    this.#toldCauses.add(cause);
    const { msgSeqNum, command, since } = oldest;
    const reason = this.#givenBackBecause?.text;
    return { msgSeqNum, commandType: command.type, waitedMs: now - since, reason };
  }

  /** The engine gives back all that it finds of this round. */
  #giveBack(kept: Kept): void {
    const { sentBy } = kept;
    kept.openAttempts -= 1;
    kept.sentBy = undefined;
    kept.isReturning = false;
    this.isHeld = true;
    this.#round = this.#nextRound();
    let isBehind = false;
    for (const one of this.#kept.values()) {
      if (isBehind && one.sentBy === sentBy) one.isReturning = true;
      isBehind ||= one === kept;
    }
  }
}

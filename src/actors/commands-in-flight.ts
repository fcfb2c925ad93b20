/**
 * Commands of members and operators that an exchange has passed on to accounts, until they are answered: by number, so that
 * what dies with an account can be told from what is answered later.
 */
import type { UserId } from '../matching/types.ts';
import type { Address, RoutedCommand, Tell } from './protocol.ts';

interface AskedByOperator {
  readonly userId: UserId;
  readonly replyTo: Address;
}

const ACCOUNT_LEFT = 'the account went to another engine: look whether it was done, and ask again';

/** Bounded by what the exchange lets under way (maxCommandsInFlight). */
export class CommandsInFlight {
  /** The member of each command, by its number. */
  readonly #userIds = new Map<number, UserId>();
  readonly #ofOperators = new Map<number, AskedByOperator>();
  /** How many amendments of trades count on the account's being here. */
  readonly #amendments = new Map<UserId, number>();

  get count(): number {
    return this.#userIds.size;
  }

  /** One that runs again is still the same. */
  begin({ commandNo, userId, replyTo }: Pick<RoutedCommand, 'commandNo' | 'userId' | 'replyTo'>): void {
    this.#userIds.set(commandNo, userId);
    if (replyTo !== undefined) this.#ofOperators.set(commandNo, { userId, replyTo });
  }

  /** They are answered. Of those that were forgotten this changes nothing. */
  end(commandNos: readonly number[]): void {
    for (const commandNo of commandNos) {
      this.#userIds.delete(commandNo);
      this.#ofOperators.delete(commandNo);
    }
  }

  /** A trade is amended by the right by which the account is here. */
  beginAmendment(userId: UserId): void {
    this.#amendments.set(userId, (this.#amendments.get(userId) ?? 0) + 1);
  }

  /** One that was begun is over. Of accounts that were forgotten this changes nothing. */
  endAmendment(userId: UserId): void {
    const left = (this.#amendments.get(userId) ?? 0) - 1;
    if (left > 0) this.#amendments.set(userId, left);
    else this.#amendments.delete(userId);
  }

  /** What operators have asked of the accounts for which it is true, amendments of trades included. */
  countOf(isOf: (userId: UserId) => boolean): number {
    let count = 0;
    for (const userId of this.#amendments.keys()) if (isOf(userId)) count += 1;
    for (const { userId } of this.#ofOperators.values()) if (isOf(userId)) count += 1;
    return count;
  }

  /** The accounts for which it is true live here no more: operators who wait for an answer of theirs are told so. */
  forget(isGone: (userId: UserId) => boolean, tell: Tell): void {
    for (const [commandNo, userId] of this.#userIds) {
      if (!isGone(userId)) continue;
      const asked = this.#ofOperators.get(commandNo);
      if (asked !== undefined) tell(asked.replyTo, { type: 'CommandRejected', text: ACCOUNT_LEFT });
      this.end([commandNo]);
    }
    for (const userId of this.#amendments.keys()) if (isGone(userId)) this.#amendments.delete(userId);
  }
}

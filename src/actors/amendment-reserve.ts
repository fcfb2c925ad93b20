/**
 * What an account has set aside for an amendment of a trade. It lives outside of the account's state, since the
 * money must stay set aside while the account is rebuilt; a redo after a failed commit makes it void, and so does the end
 * of the link to the node that has asked.
 */
import type { Shortfall } from '../accounts/amendments.ts';
import type { Hold } from '../accounts/holds.ts';
import type { OrderId, UserId } from '../matching/types.ts';
import type { CommandsInFlight } from './commands-in-flight.ts';
import type { FundsReserved, ReleaseFunds, ReserveFunds, ShardEpoch, Tell } from './protocol.ts';

/** What this needs of the account. */
export interface ReservingAccount {
  /** Why a trade of these orders cannot be amended now; undefined when it can. */
  amendmentFault(orderIds: readonly OrderId[]): string | undefined;
  /** Nobody else may take these funds or replace these orders, until it is called again. */
  setAside(funds: readonly Hold[], orderIds: readonly OrderId[]): void;
  readonly balances: { available(asset: string): bigint };
}

/** Where it is counted on which accounts amendments count. */
export type AmendmentsInFlight = Pick<CommandsInFlight, 'beginAmendment' | 'endAmendment'>;

export class AmendmentReserve {
  readonly #userId: UserId;
  readonly #tell: Tell;
  readonly #shard: ShardEpoch | undefined;
  readonly #inFlight: AmendmentsInFlight | undefined;
  /** Set aside: at most one amendment is under way in the venue. */
  #reserved: Pick<ReserveFunds, 'amendmentNo' | 'node' | 'funds' | 'orderIds'> | undefined;
  /** Asked while the account is loaded. */
  #waiting: ReserveFunds | undefined;

  /** `shard`: in a cluster, by what right the account lives here; `inFlight`: seen by whoever moves it. */
  constructor(userId: UserId, tell: Tell, shard?: ShardEpoch, inFlight?: AmendmentsInFlight) {
    this.#inFlight = inFlight;
    this.#userId = userId;
    this.#tell = tell;
    this.#shard = shard;
  }

  /** Asked of an account that is being loaded: answered by {@link answerWaiting} or {@link refuseWaiting}. */
  wait(message: ReserveFunds): void {
    this.#waiting = message;
  }

  /** Sets aside what there is of what is asked, and says what is lacking. */
  take(account: ReservingAccount, message: ReserveFunds): void {
    const { amendmentNo, node, orderIds } = message;
    try {
      const fault = account.amendmentFault(orderIds);
      if (fault !== undefined) {
        this.#answer(message, [], fault);
        return;
      }
      const shortfalls: Shortfall[] = [];
      const funds = message.funds.map(({ asset, amount }) => {
        const available = account.balances.available(asset);
        if (available >= amount) return { asset, amount };
        shortfalls.push({ asset, amount: amount - available, available });
        return { asset, amount: available };
      });
      account.setAside(funds, orderIds);
      if (this.#reserved === undefined) this.#inFlight?.beginAmendment(this.#userId);
      this.#reserved = { amendmentNo, ...(node === undefined ? {} : { node }), funds, orderIds };
      this.#answer(message, shortfalls, undefined);
    } catch (error) {
      this.#answer(message, [], 'the venue failed on this: nothing was done');
      throw error;
    }
  }

  /** An account that was built anew has as much set aside as the one before. */
  restore(account: ReservingAccount): void {
    if (this.#reserved !== undefined) account.setAside(this.#reserved.funds, this.#reserved.orderIds);
  }

  answerWaiting(account: ReservingAccount): void {
    const message = this.#waiting;
    this.#waiting = undefined;
    if (message !== undefined) this.take(account, message);
  }

  refuseWaiting(text: string): void {
    const message = this.#waiting;
    this.#waiting = undefined;
    if (message !== undefined) this.#answer(message, [], text);
  }

  /** The amendment has ended, in whatever way. Without an account only what is remembered goes. */
  release({ amendmentNo, node }: ReleaseFunds, account: ReservingAccount | undefined): void {
    this.#end((asked) => asked.amendmentNo === amendmentNo && asked.node === node, account);
  }

  /** There is no way any more to the node that has asked: it does without this account, or asks again. */
  releaseAllOf(node: string, account: ReservingAccount | undefined): void {
    this.#end((asked) => asked.node === node, account);
  }

  /** State is void, and the amendment that asked with it. */
  forget(): void {
    this.#forgetReserved();
    this.#waiting = undefined;
  }

  #end(
    isOver: (asked: Pick<ReserveFunds, 'amendmentNo' | 'node'>) => boolean,
    account: ReservingAccount | undefined,
  ): void {
    if (this.#waiting !== undefined && isOver(this.#waiting)) this.#waiting = undefined;
    if (this.#reserved === undefined || !isOver(this.#reserved)) return;
    this.#forgetReserved();
    account?.setAside([], []);
  }

  #forgetReserved(): void {
    if (this.#reserved !== undefined) this.#inFlight?.endAmendment(this.#userId);
    this.#reserved = undefined;
  }

  #answer(
    { amendmentNo, node }: ReserveFunds,
    shortfalls: readonly Shortfall[],
    fault: string | undefined,
  ): void {
    const userId = this.#userId;
    const answer: FundsReserved = { type: 'FundsReserved', amendmentNo, userId, shortfalls, fault };
    this.#tell(
      node === undefined ? { type: 'exchange' } : { type: 'exchange', node },
      this.#shard === undefined ? answer : { ...answer, shard: this.#shard },
    );
  }
}

/**
 * Cancels the orders of members whose session ended, when they do not come back in time. Apart from the gateway, which
 * knows who is there: what is asked of the exchange here is asked until the account has it.
 */
import type { UnsolicitedCancel } from '../matching/types.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ActorSystem } from './actor-system.ts';
import { type Departed, Departures } from './departures.ts';
import type { SessionEpoch, Store } from './ports.ts';
import type { Address } from './protocol.ts';

/** How long after a cancel on disconnect that did not get through it is tried again. */
const CANCEL_RETRY_MS = 1_000;
/** ExecRestatementReason (378): other. */
const OTHER = 99;

/** What a member is told of each order that its disconnect cancels. */
const ON_DISCONNECT: UnsolicitedCancel = {
  execRestatementReason: OTHER,
  text: 'canceled on disconnect',
};

export interface CancelOnDisconnectOptions {
  readonly system: Pick<ActorSystem, 'ask' | 'tell'>;
  /** The gateway, which is told MemberGone again when a cancel did not get through. */
  readonly gateway: Address;
  readonly clock: Clock;
  readonly log: Log;
  /** How long the exchange may take over an answer. */
  readonly timeoutMs: number;
  /** In a cluster: what other gateways have, or had. */
  readonly store: Pick<Store, 'pendingCancels' | 'succeeded'> | undefined;
  /** In a cluster: who has what the member has asked before it went, and tells when all of it is answered. */
  readonly router: Address | undefined;
}

/** The members of one gateway that have gone. */
export class CancelOnDisconnect {
  readonly #options: CancelOnDisconnectOptions;
  readonly #departures = new Departures();
  /** With a router, by SenderCompID: whose time is over, of each the last departure, until its orders are canceled. */
  readonly #overdue = new Map<number, Departed>();

  constructor(options: CancelOnDisconnectOptions) {
    this.#options = options;
  }

  /** The member's session has ended: its orders are canceled after so long, at once for 0. */
  gone({ senderCompId, userId, epoch }: Departed, cancelAfterMs: number): void {
    const ofCluster = epoch === undefined ? {} : { epoch };
    const dueAt = this.#options.clock.now() + cancelAfterMs;
    this.#departures.note({ senderCompId, userId, ...ofCluster }, dueAt);
    if (cancelAfterMs === 0) this.cancelDue();
  }

  /** The member is back: its orders stay, unless they were due. */
  back(senderCompId: number): void {
    this.#departures.forget(senderCompId);
  }

  /** Once more for one whose time is over: that it is back changes nothing. */
  cancelOverdue(member: Departed): void {
    if (this.#isOverdue(member)) this.#cancel(member);
  }

  /** Cancels the orders of all who did not come back in time. */
  cancelDue(): void {
    const due = this.#departures.takeDue(this.#options.clock.now());
    if (due.length === 0) return;
    const { store } = this.#options;
    if (store === undefined) for (const member of due) this.#cancel(member);
    else this.#cancelUnlessBack(due, store);
  }

  /** Members of gateways that are no more: from now on they have their time to come back. */
  takeOver(): void {
    const { store, system, gateway, clock, log } = this.#options;
    if (store === undefined) return;
    store.pendingCancels(true).then(
      (pending) => {
        for (const member of pending) system.tell(gateway, { type: 'MemberGone', ...member });
      },
      (error: unknown) => {
        log.warn('members of gateways that are gone are looked for again', { reason: String(error) });
        clock.after(CANCEL_RETRY_MS, () => system.tell(gateway, { type: 'GatewayGone' }));
      },
    );
  }

  /** Who has come back to another gateway is that one's affair. */
  #cancelUnlessBack(due: readonly Departed[], store: Pick<Store, 'succeeded'>): void {
    const sessions = due.filter((member): member is Departed & SessionEpoch => member.epoch !== undefined);
    store.succeeded(sessions).then(
      (back) => {
        for (const member of due) if (!back.has(member.senderCompId)) this.#cancel(member);
      },
      (error: unknown) => {
        for (const member of due) this.#tryAgain(member, String(error));
      },
    );
  }

  #tryAgain(member: Departed, reason: string): void {
    const { system, gateway } = this.#options;
    this.#warn(member, reason);
    system.tell(gateway, { type: 'MemberGone', ...member, cancelAfterMs: CANCEL_RETRY_MS });
  }

  #warn({ senderCompId }: Departed, reason: string): void {
    this.#options.log.warn('cancel on disconnect is tried again', { senderCompId, reason });
  }

  #isOverdue({ senderCompId, epoch }: Departed): boolean {
    const overdue = this.#overdue.get(senderCompId);
    return overdue !== undefined && overdue.epoch === epoch;
  }

  /** Behind all that the member has asked: no order of it may come to rest later. */
  #cancel(member: Departed): void {
    const { system, router, timeoutMs } = this.#options;
    if (router === undefined) {
      this.#cancelNow(member);
      return;
    }
    const { senderCompId, userId, epoch } = member;
    this.#overdue.set(senderCompId, member);
    const session = epoch === undefined ? {} : { epoch };
    const ask = (replyTo: Address): void =>
      system.tell(router, { type: 'AwaitAnswers', userId, ...session, replyTo });
    system.ask(ask, timeoutMs).then(
      () => this.#cancelNow(member),
      (error: unknown) => {
        this.#warn(member, `requests of it are not answered: ${String(error)}`);
        // At once: what it asks when it is back follows the answers, and is not to be canceled.
        this.#tellOverdue(member);
      },
    );
  }

  #tellOverdue(member: Departed): void {
    const { system, gateway } = this.#options;
    system.tell(gateway, { type: 'MemberGone', ...member, cancelAfterMs: 0, isOverdue: true });
  }

  #cancelLater(member: Departed, reason: string): void {
    if (this.#options.router === undefined) {
      this.#tryAgain(member, reason);
      return;
    }
    this.#warn(member, reason);
    this.#options.clock.after(CANCEL_RETRY_MS, () => this.#tellOverdue(member));
  }

  #cancelNow(member: Departed): void {
    const { system, log, timeoutMs } = this.#options;
    const { senderCompId, userId } = member;
    const again = (reason: string): void => this.#cancelLater(member, reason);
    const command = { type: 'CancelMemberOrders', unsolicited: ON_DISCONNECT } as const;
    const ask = (replyTo: Address): void =>
      system.tell({ type: 'exchange' }, { type: 'SubmitAccountCommand', userId, command, replyTo });
    system.ask(ask, timeoutMs).then(
      (reply) => {
        if (reply.type === 'CancelsRequested') {
          if (this.#isOverdue(member)) this.#overdue.delete(senderCompId);
          log.info('orders canceled on disconnect', { senderCompId, orderCount: reply.orderCount });
        } else {
          again(reply.type === 'CommandRejected' ? reply.text : reply.type);
        }
      },
      (error: unknown) => again(String(error)),
    );
  }
}

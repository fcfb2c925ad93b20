/**
 * Cancels the orders of members whose session ended, when they do not come back in time. Apart from the gateway, which
 * knows who is there: what is asked of the exchange here is asked until the account has it.
 */
import type { UnsolicitedCancel } from '../matching/types.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ActorSystem } from './actor-system.ts';
import { type Departed, Departures } from './departures.ts';
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
}

/** The members of one gateway that have gone. */
export class CancelOnDisconnect {
  readonly #options: CancelOnDisconnectOptions;
  readonly #departures = new Departures();

  constructor(options: CancelOnDisconnectOptions) {
    this.#options = options;
  }

  /** The member's session has ended: its orders are canceled after so long, at once for 0. */
  gone({ senderCompId, userId }: Departed, cancelAfterMs: number): void {
    this.#departures.note({ senderCompId, userId }, this.#options.clock.now() + cancelAfterMs);
    if (cancelAfterMs === 0) this.cancelDue();
  }

  /** The member is back: its orders stay, unless they were due. */
  back(senderCompId: number): void {
    this.#departures.forget(senderCompId);
  }

  /** Cancels the orders of all who did not come back in time. */
  cancelDue(): void {
    for (const member of this.#departures.takeDue(this.#options.clock.now())) this.#cancel(member);
  }

  #cancel({ senderCompId, userId }: Departed): void {
    const { system, gateway, log, timeoutMs } = this.#options;
    const again = (reason: string): void => {
      log.warn('cancel on disconnect is tried again', { senderCompId, reason });
      system.tell(gateway, { type: 'MemberGone', senderCompId, userId, cancelAfterMs: CANCEL_RETRY_MS });
    };
    const command = { type: 'CancelMemberOrders', unsolicited: ON_DISCONNECT } as const;
    const ask = (replyTo: Address): void =>
      system.tell({ type: 'exchange' }, { type: 'SubmitAccountCommand', userId, command, replyTo });
    system.ask(ask, timeoutMs).then(
      (reply) => {
        if (reply.type === 'CancelsRequested') {
          log.info('orders canceled on disconnect', { senderCompId, orderCount: reply.orderCount });
        } else {
          again(reply.type === 'CommandRejected' ? reply.text : reply.type);
        }
      },
      (error: unknown) => again(String(error)),
    );
  }
}

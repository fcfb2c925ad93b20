/** The end of a gateway's sessions when its node stops or is to be emptied: they are asked to log out, within a time, and who asked is told. */
import type { Clock } from '../platform/clock.ts';
import type { DrainGateway, Tell } from './protocol.ts';

/** What a drain needs from outside. */
export interface GatewayDrainOptions {
  readonly tell: Tell;
  readonly clock: Clock;
  /** What sessions have until their connections are closed. */
  readonly timeoutMs: number;
}

/** A gateway that drains takes no connections. */
export class GatewayDrain {
  readonly #options: GatewayDrainOptions;
  #order: DrainGateway | undefined;
  #until = Number.POSITIVE_INFINITY;
  #isAnswered = false;

  constructor(options: GatewayDrainOptions) {
    this.#options = options;
  }

  get hasBegun(): boolean {
    return this.#order !== undefined;
  }

  /** The time of the sessions is over. */
  get isOverdue(): boolean {
    return this.#options.clock.now() >= this.#until;
  }

  begin(order: DrainGateway): void {
    this.#order = order;
    this.#until = this.#options.clock.now() + this.#options.timeoutMs;
    this.#isAnswered = false;
  }

  /** Connections are taken again. */
  end(): void {
    this.#order = undefined;
    this.#until = Number.POSITIVE_INFINITY;
  }

  /** Tells who asked when no session is left, once. */
  answer(sessionCount: number): void {
    if (this.#order === undefined || this.#isAnswered || sessionCount > 0) return;
    this.#isAnswered = true;
    this.#options.tell(this.#order.replyTo, { type: 'Drained' });
  }
}

/**
 * Who else is connected while something bad happens: a member that trades on and must not notice, and strangers
 * that speak no FIX.
 */
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { FixClient } from './fix-client.ts';
import { cancelOf, newOrder, SYMBOLS } from './market-day.ts';
import type { MemberIdentity } from './recording-member.ts';
import { until } from './until.ts';
import type { VenueProcess } from './venue-process.ts';

const [SYMBOL] = SYMBOLS;

/** A member that trades without pause, and complains when anything is not as it should be. */
export class HealthyMember {
  readonly #client: FixClient;
  readonly #name: string;
  #lastNo = 0;
  #isStopping = false;
  #roundTrips = 0;
  #trading: Promise<void> = Promise.resolve();

  private constructor(client: FixClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  static async start(venue: VenueProcess, identity: MemberIdentity): Promise<HealthyMember> {
    return new HealthyMember(await FixClient.logon({ port: venue.fixPort, ...identity }), identity.username);
  }

  /** An order of its own and its cancel, both answered. */
  async tradeOnce(): Promise<void> {
    this.#lastNo += 1;
    const clOrdId = `${this.#name}-${this.#lastNo}`;
    const terms = { clOrdId, symbol: SYMBOL, side: '1', orderQty: '1', price: '50.00' } as const;
    this.#client.send(MSG_TYPE.NewOrderSingle, newOrder(terms));
    await this.#client.expect(MSG_TYPE.ExecutionReport, { [TAG.ClOrdID]: clOrdId, [TAG.ExecType]: '0' });
    this.#client.send(MSG_TYPE.OrderCancelRequest, cancelOf(`${clOrdId}-c`, clOrdId, SYMBOL, '1'));
    await this.#client.expect(MSG_TYPE.ExecutionReport, {
      [TAG.ClOrdID]: `${clOrdId}-c`,
      [TAG.ExecType]: '4',
    });
    this.#roundTrips += 1;
  }

  /** Trades until {@link finish}. */
  begin(): void {
    this.#isStopping = false;
    this.#roundTrips = 0;
    const trade = async (): Promise<void> => {
      while (!this.#isStopping) await this.tradeOnce();
    };
    this.#trading = trade();
    // It is looked at in finish.
    this.#trading.catch(() => {});
  }

  /** Stops; fails when anything went wrong meanwhile, or when trading does not go on now. */
  async finish(): Promise<void> {
    this.#isStopping = true;
    await this.#trading;
    await this.tradeOnce();
    expect(this.#roundTrips, `orders and cancels of ${this.#name}`).to.be.above(1);
  }
}

/** A connection that speaks no FIX. */
export class Stranger {
  readonly socket: Socket;
  heardBytes = 0;
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      this.heardBytes += bytes.length;
    });
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static connect(port: number): Promise<Stranger> {
    return new Promise((resolve) => {
      const stranger = new Stranger(connect({ port, host: '127.0.0.1' }));
      stranger.socket.once('connect', () => resolve(stranger));
      stranger.socket.once('close', () => resolve(stranger));
    });
  }

  async untilClosed(): Promise<void> {
    await until('the venue to close', () => this.isClosed);
  }
}

/**
 * A listener without a venue behind it: takes what connects, reads what is said and writes down what is logged, so that
 * a test sees exactly what the acceptor would hand to a gateway.
 */
import { connect, type Socket } from 'node:net';
import { type Acceptor, type AcceptorOptions, startAcceptor } from '../../src/fix/acceptor.ts';
import type { Connection, Peer } from '../../src/fix/connection.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Log, LogFields } from '../../src/platform/log.ts';
import { ManualClock } from './manual-clock.ts';
import { until } from './until.ts';

/** A connection that has come as far as FIX. */
export interface Guest {
  readonly peer: Peer;
  readonly connection: Connection;
  /** What it has said so far. */
  text: string;
  isGone: boolean;
}

/** One logged line. */
export interface ReceptionLine extends LogFields {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly reason?: unknown;
}

/** A listening port and its visitors. */
export class Reception {
  /** Begins now, since certificates of tests hold today, and then stands still. */
  readonly clock = new ManualClock(systemClock.now());
  readonly guests: Guest[] = [];
  readonly lines: ReceptionLine[] = [];
  readonly #visitors: Socket[] = [];
  #acceptor: Acceptor | undefined;

  static async open(options: Partial<AcceptorOptions> = {}): Promise<Reception> {
    const reception = new Reception();
    reception.#acceptor = await startAcceptor({
      host: '127.0.0.1',
      port: 0,
      log: reception.log(),
      clock: reception.clock,
      onConnection: (connection) => reception.#greet(connection),
      ...options,
    });
    return reception;
  }

  get port(): number {
    return this.#listening().port;
  }

  reloadCertificates(): void {
    this.#listening().reloadCertificates();
  }

  async close(): Promise<void> {
    for (const visitor of this.#visitors) visitor.destroy();
    await this.#acceptor?.close();
  }

  /** A plain socket that has connected. */
  async visit(): Promise<Socket> {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    this.#visitors.push(socket);
    socket.on('error', () => {});
    socket.resume();
    await until('the connection', () => !socket.connecting);
    return socket;
  }

  /** The next guest that fits; waits for it. */
  guest(fits: (guest: Guest) => boolean = () => true): Promise<Guest> {
    return until('a guest', () => this.guests.find(fits));
  }

  /** The reason of the refusal number `index`, with its level; waits for it. */
  async refusal(index = 0): Promise<string> {
    const line = await until('a refusal', () => this.#refusals()[index]);
    return `${line.level}: ${line.reason}`;
  }

  get refusalCount(): number {
    return this.#refusals().length;
  }

  /** The log of this reception. */
  log(fields: LogFields = {}): Log {
    const write =
      (level: ReceptionLine['level']) =>
      (event: string, more: LogFields = {}): void => {
        this.lines.push({ event, level, ...fields, ...more });
      };
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      with: (more) => this.log({ ...fields, ...more }),
    };
  }

  #refusals(): ReceptionLine[] {
    return this.lines.filter(({ event }) => event === 'connection refused');
  }

  #listening(): Acceptor {
    if (this.#acceptor === undefined) throw new Error('the reception is not open');
    return this.#acceptor;
  }

  #greet(connection: Connection): ReturnType<AcceptorOptions['onConnection']> {
    const guest: Guest = { peer: connection.peer, connection, text: '', isGone: false };
    this.guests.push(guest);
    connection.resume();
    return {
      onBytes(bytes) {
        guest.text += Buffer.from(bytes).toString('latin1');
        connection.consumed(bytes.length);
      },
      onClosed() {
        guest.isGone = true;
        connection.close();
      },
    };
  }
}

/** Waits until the other side has closed the socket. */
export async function untilClosed(socket: Socket): Promise<void> {
  await until('the socket to be closed', () => socket.closed || socket.readableEnded);
}

/**
 * The carrier of a real cluster: core NATS, which stores nothing and promises nothing. The connection is made again for
 * as long as the carrier is open; a server that is away at the start is no failure either.
 */
import { readFile } from 'node:fs/promises';
import {
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  type Msg,
  type NatsConnection,
  NoRespondersError,
  RequestError,
  type Subscription,
  TimeoutError,
} from '@nats-io/transport-node';
import type { CancelTimer, Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { type Answer, type Carrier, CarrierError } from './carrier.ts';
import { natsTrouble } from './nats-trouble.ts';

export interface NatsTerms {
  /** `nats://host:port`, one for each server. */
  readonly servers: readonly string[];
  /** Shown by the servers' monitoring. */
  readonly clientName: string;
  readonly user?: string;
  readonly password?: string;
  /** A user's credentials (JWT and seed) as `nsc` writes them. */
  readonly credsFile?: string;
  readonly tls?: NatsTls;
  /** Where the login comes from, for messages to operators: `user venue, its password in /etc/venue/nats.password`. */
  readonly loginText?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** PEM files. Without a certificate of its own the client shows none. */
export interface NatsTls {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

const CONNECT_TIMEOUT_MS = 2_000;
const RECONNECT_MS = 100;
/** A server that does not answer this often, in a row, is gone: noticed within 1.5 s. */
const PING_INTERVAL_MS = 500;
const MAX_PINGS_OUT = 2;
/** NATS servers' default; one that is configured for less cannot be used. */
const MAX_BODY_BYTES = 1024 * 1024;

const AGAIN = 'connecting is tried again until it succeeds';

interface Listening {
  readonly subject: string;
  readonly onMessage: (body: Uint8Array, answer: Answer) => void;
  subscription: Subscription | undefined;
}

/** Returns at once and connects in the background; {@link Carrier.isReachable} says when that has succeeded. */
export function createNatsCarrier(terms: NatsTerms): Carrier {
  const carrier = new NatsCarrier(terms);
  carrier.start();
  return carrier;
}

class NatsCarrier implements Carrier {
  readonly maxBodyBytes = MAX_BODY_BYTES;
  readonly #terms: NatsTerms;
  readonly #listening = new Set<Listening>();
  readonly #reachListeners = new Set<(isReachable: boolean) => void>();
  #connection: NatsConnection | undefined;
  #connecting: Promise<void> = Promise.resolve();
  #cancelTimer: CancelTimer = () => undefined;
  #isClosed = false;
  #lastFault = '';

  constructor(terms: NatsTerms) {
    this.#terms = terms;
  }

  get isReachable(): boolean {
    return this.#connection !== undefined;
  }

  get fault(): string | undefined {
    return this.#lastFault === '' ? undefined : this.#lastFault;
  }

  start(): void {
    this.#connecting = this.#connect();
  }

  async request(subject: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (this.#isClosed) throw new CarrierError('closed');
    const connection = this.#connection;
    if (connection === undefined) throw new CarrierError('unreachable');
    try {
      const answer = await connection.request(subject, body, { timeout: timeoutMs });
      return answer.data;
    } catch (error) {
      throw this.#isClosed ? new CarrierError('closed') : faultOf(error);
    }
  }

  publish(subject: string, body: Uint8Array): void {
    if (this.#connection?.isClosed() === false) this.#connection.publish(subject, body);
  }

  listen(subject: string, onMessage: (body: Uint8Array, answer: Answer) => void): () => void {
    const listening: Listening = { subject, onMessage, subscription: undefined };
    this.#listening.add(listening);
    if (this.#connection !== undefined) this.#subscribe(this.#connection, listening);
    return () => {
      this.#listening.delete(listening);
      if (this.#connection !== undefined) listening.subscription?.unsubscribe();
    };
  }

  onReachable(listener: (isReachable: boolean) => void): () => void {
    this.#reachListeners.add(listener);
    return () => this.#reachListeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTimer();
    const connection = this.#connection;
    this.#connection = undefined;
    // What was published last is on its way to the server before the socket closes.
    await connection?.drain().catch(() => undefined);
    await connection?.close();
    await this.#connecting;
  }

  async #connect(): Promise<void> {
    let connection: NatsConnection;
    try {
      connection = await connect(await this.#options());
      await this.#check(connection);
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (this.#isClosed) {
      await connection.close();
      return;
    }
    this.#connected(connection);
  }

  async #options(): Promise<ConnectionOptions> {
    const { servers, clientName, user, password, credsFile, tls } = this.#terms;
    return {
      servers: [...servers],
      name: clientName,
      timeout: CONNECT_TIMEOUT_MS,
      // Made again here, so that who waits is told of each change.
      reconnect: false,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: MAX_PINGS_OUT,
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { pass: password }),
      // Read each time: a file that was renewed counts at the next connection.
      ...(credsFile === undefined ? {} : { authenticator: credsAuthenticator(await readFile(credsFile)) }),
      ...(tls === undefined ? {} : { tls: { ...tls } }),
    };
  }

  async #check(connection: NatsConnection): Promise<void> {
    const maxPayload = connection.info?.max_payload ?? 0;
    if (maxPayload >= MAX_BODY_BYTES) return;
    await connection.close();
    throw new Error(`the NATS server's max_payload is ${maxPayload}: at least ${MAX_BODY_BYTES} is needed`);
  }

  #connected(connection: NatsConnection): void {
    this.#connection = connection;
    this.#lastFault = '';
    for (const listening of this.#listening) this.#subscribe(connection, listening);
    void connection.closed().then((error) => this.#lost(connection, error));
    this.#terms.log.info('nats_connected', { server: connection.getServer() });
    this.#tell(true);
  }

  #lost(connection: NatsConnection, error: unknown): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#terms.log.warn('nats_disconnected', { reason: reasonOf(error), next: AGAIN });
    this.#tell(false);
    if (!this.#isClosed) this.start();
  }

  #failed(error: unknown): void {
    const reason = natsTrouble(error, this.#terms);
    // The same once a tenth of a second would hide everything else.
    if (reason !== this.#lastFault) this.#terms.log.warn('nats_unreachable', { reason, next: AGAIN });
    this.#lastFault = reason;
    if (this.#isClosed) return;
    this.#cancelTimer = this.#terms.clock.after(RECONNECT_MS, () => this.start());
  }

  #subscribe(connection: NatsConnection, listening: Listening): void {
    listening.subscription = connection.subscribe(listening.subject, {
      callback: (error, message) => {
        if (error !== null) this.#terms.log.error('nats_subscription', { reason: reasonOf(error) });
        else listening.onMessage(message.data, answerTo(connection, message));
      },
    });
  }

  #tell(isReachable: boolean): void {
    for (const listener of [...this.#reachListeners]) listener(isReachable);
  }
}

function answerTo(connection: NatsConnection, message: Msg): Answer {
  if (message.reply === undefined || message.reply === '') return undefined;
  return (body) => {
    // The asker asks again; an answer to a connection that has ended is lost like any other.
    if (!connection.isClosed()) message.respond(body);
  };
}

function faultOf(error: unknown): CarrierError {
  if (error instanceof TimeoutError) return new CarrierError('timeout');
  if (error instanceof NoRespondersError) return new CarrierError('nobody');
  if (error instanceof RequestError && error.isNoResponders()) return new CarrierError('nobody');
  return new CarrierError('unreachable', reasonOf(error));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the connection ended';
}

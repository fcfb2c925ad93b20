/**
 * A network of carriers within one process, that loses, delays, repeats and overtakes as a seed decides, and that can be
 * cut: for tests and for the simulation. It is no way to run a venue.
 */
import type { Clock } from '../platform/clock.ts';
import { type Answer, type Carrier, CarrierError } from './carrier.ts';

/** What may happen to each message, a request's answer too. Probabilities from 0 to 1. */
export interface Faults {
  readonly loss: number;
  readonly repeat: number;
  /** Each copy takes between these, ms; so that one may overtake another. */
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/** What nothing happens to, in no time. */
export const NO_FAULTS: Faults = { loss: 0, repeat: 0, minDelayMs: 0, maxDelayMs: 0 };

export interface MemoryNetwork {
  /** The carrier of one node; a name may be used again once its carrier is closed. */
  carrier(name: string): Carrier;
  /** From now on nothing gets from one to the other, in either direction; neither is told. */
  cut(one: string, other: string): void;
  heal(one: string, other: string): void;
  /** Takes a node's connection away, or gives it back; the node is told. */
  setReachable(name: string, isReachable: boolean): void;
  setFaults(faults: Faults): void;
  /** Bodies that were sent, answers and copies included. */
  readonly sentCount: number;
}

/** `random` gives numbers from 0 up to 1. */
export function createMemoryNetwork(
  clock: Clock,
  random: () => number,
  initialFaults: Faults = NO_FAULTS,
): MemoryNetwork {
  return new Network(clock, random, initialFaults);
}

const MAX_BODY_BYTES = 1024 * 1024;

type Listener = (body: Uint8Array, answer: Answer) => void;

class Network implements MemoryNetwork {
  readonly clock: Clock;
  readonly nodes = new Map<string, MemoryCarrier>();
  sentCount = 0;
  readonly #random: () => number;
  readonly #cuts = new Set<string>();
  #faults: Faults;

  constructor(clock: Clock, random: () => number, faults: Faults) {
    this.clock = clock;
    this.#random = random;
    this.#faults = faults;
  }

  carrier(name: string): Carrier {
    const carrier = new MemoryCarrier(name, this);
    this.nodes.set(name, carrier);
    return carrier;
  }

  cut(one: string, other: string): void {
    this.#cuts.add(pairOf(one, other));
  }

  heal(one: string, other: string): void {
    this.#cuts.delete(pairOf(one, other));
  }

  setReachable(name: string, isReachable: boolean): void {
    this.nodes.get(name)?.setReachable(isReachable);
  }

  setFaults(faults: Faults): void {
    this.#faults = faults;
  }

  /** Runs `arrive` once for each copy that gets there; a cut is judged when it would. */
  send(from: MemoryCarrier, to: MemoryCarrier, arrive: () => void): void {
    const { loss, repeat } = this.#faults;
    const copyCount = this.#random() < repeat ? 2 : 1;
    for (let copy = 0; copy < copyCount; copy += 1) {
      this.sentCount += 1;
      if (this.#random() < loss) continue;
      this.clock.after(this.#delayMs(), () => {
        const isCut = this.#cuts.has(pairOf(from.name, to.name));
        if (!isCut && from.isReachable && to.isReachable) arrive();
      });
    }
  }

  /** Who listens on a subject, the sender too. */
  listeners(subject: string): { readonly carrier: MemoryCarrier; readonly listener: Listener }[] {
    return [...this.nodes.values()].flatMap((carrier) =>
      [...(carrier.subjects.get(subject) ?? [])].map((listener) => ({ carrier, listener })),
    );
  }

  #delayMs(): number {
    const { minDelayMs, maxDelayMs } = this.#faults;
    return minDelayMs + Math.floor(this.#random() * (maxDelayMs - minDelayMs + 1));
  }
}

class MemoryCarrier implements Carrier {
  readonly name: string;
  readonly maxBodyBytes = MAX_BODY_BYTES;
  readonly subjects = new Map<string, Set<Listener>>();
  readonly #network: Network;
  readonly #reachListeners = new Set<(isReachable: boolean) => void>();
  readonly #waiting = new Set<(error: CarrierError) => void>();
  #hasConnection = true;
  #isClosed = false;

  constructor(name: string, network: Network) {
    this.name = name;
    this.#network = network;
  }

  get isReachable(): boolean {
    return this.#hasConnection && !this.#isClosed;
  }

  request(subject: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (this.#isClosed) return Promise.reject(new CarrierError('closed'));
    if (!this.#hasConnection) return Promise.reject(new CarrierError('unreachable'));
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(fail);
        cancelTimer();
      };
      const fail = (error: CarrierError): void => {
        end();
        reject(error);
      };
      const succeed = (answer: Uint8Array): void => {
        end();
        resolve(answer);
      };
      const cancelTimer = this.#network.clock.after(timeoutMs, () => fail(new CarrierError('timeout')));
      this.#waiting.add(fail);
      this.#ask(subject, body, succeed, fail);
    });
  }

  publish(subject: string, body: Uint8Array): void {
    if (!this.isReachable) return;
    const copy = body.slice();
    for (const { carrier, listener } of this.#network.listeners(subject)) {
      this.#network.send(this, carrier, () => {
        if (carrier.subjects.get(subject)?.has(listener) === true) listener(copy, undefined);
      });
    }
  }

  listen(subject: string, onMessage: Listener): () => void {
    const listeners = this.subjects.get(subject) ?? new Set();
    this.subjects.set(subject, listeners.add(onMessage));
    return () => listeners.delete(onMessage);
  }

  onReachable(listener: (isReachable: boolean) => void): () => void {
    this.#reachListeners.add(listener);
    return () => this.#reachListeners.delete(listener);
  }

  setReachable(isReachable: boolean): void {
    if (this.#hasConnection === isReachable) return;
    this.#hasConnection = isReachable;
    if (!isReachable) this.#failAll(new CarrierError('unreachable'));
    for (const listener of [...this.#reachListeners]) listener(isReachable);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.subjects.clear();
    if (this.#network.nodes.get(this.name) === this) this.#network.nodes.delete(this.name);
    this.#failAll(new CarrierError('closed'));
    return Promise.resolve();
  }

  #failAll(error: CarrierError): void {
    for (const fail of [...this.#waiting]) fail(error);
  }

  #ask(
    subject: string,
    body: Uint8Array,
    succeed: (answer: Uint8Array) => void,
    fail: (error: CarrierError) => void,
  ): void {
    const [first] = this.#network.listeners(subject);
    if (first === undefined) {
      // What carries says so itself: no fault of the way to the other node takes part.
      this.#network.clock.after(0, () => fail(new CarrierError('nobody')));
      return;
    }
    const { carrier, listener } = first;
    const copy = body.slice();
    this.#network.send(this, carrier, () => {
      if (carrier.subjects.get(subject)?.has(listener) !== true) return;
      listener(copy, (answer) => {
        const answered = answer.slice();
        this.#network.send(carrier, this, () => succeed(answered));
      });
    });
  }
}

function pairOf(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

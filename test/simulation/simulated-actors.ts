/**
 * The actor system of the simulation: the venue's behaviours and crash policies as they are, on a run queue that a
 * seed drives instead of nact. One call handles one message of one actor.
 *
 * Under `mailbox` an actor gets messages in the order in which they were told, as with nact, and only the order in
 * which actors take their turns is open. Under `causal` a message may also overtake others to the same actor, unless
 * whoever told it could have known of them: what remains true between processes.
 */
import type { ActorAddress, ActorSystem, Behavior, Inbox } from '../../src/actors/actor-system.ts';
import type { Address, Message, Reply, Tell } from '../../src/actors/protocol.ts';
import type { CrashPolicy } from '../../src/actors/supervision.ts';
import type { UserId } from '../../src/matching/types.ts';
import type { Random } from '../support/random.ts';
import { Task } from './task.ts';

export type DeliveryOrder = 'mailbox' | 'causal';

interface Envelope {
  readonly message: Message;
  /** Number of the actor that told it, and how many it has told before. */
  readonly from: number;
  readonly no: number;
  /** How many messages of each actor the teller could know of. */
  readonly seen: readonly number[];
}

interface Actor {
  readonly no: number;
  readonly key: string;
  readonly behavior: Behavior<unknown, Message>;
  readonly policy: CrashPolicy<Message>;
  readonly queue: Envelope[];
  readonly seen: number[];
  state: unknown;
  /** What it throws when it has handled its next message. */
  doom: Error | undefined;
}

export interface SimulatedActorsOptions {
  readonly random: Random;
  readonly order: DeliveryOrder;
  /** Undefined: nobody reads it, and lines are not even made. */
  readonly trace: ((line: string) => void) | undefined;
  readonly onCrash: (actor: string, messageType: string | undefined, error: Error) => void;
}

const NOTHING_SEEN: readonly number[] = [];

export class SimulatedActors implements ActorSystem {
  readonly #options: SimulatedActorsOptions;
  readonly #actors = new Map<string, Actor>();
  /** Actors with messages, in the order in which they got the first. */
  readonly #ready: Actor[] = [];
  readonly #replies = new Map<string, Task<Reply>>();
  /** Who is at work: the teller of what is told meanwhile. Actor 0 is everybody outside. */
  readonly #outside = { no: 0, seen: [0] };
  #current: { readonly no: number; readonly seen: number[] } = this.#outside;
  #lastActorNo = 0;
  #lastRequestNo = 0;
  #isDown = false;

  constructor(options: SimulatedActorsOptions) {
    this.#options = options;
  }

  /** Actors that have something to do. */
  get readyCount(): number {
    return this.#ready.length;
  }

  readonly tell: Tell = (address, message) => {
    if (this.#isDown) return;
    if (address.type === 'reply') {
      const task = this.#replies.get(address.requestId);
      this.#replies.delete(address.requestId);
      task?.resolve(message as Reply);
      return;
    }
    const actor = this.#actors.get(keyOf(address));
    if (actor === undefined) return;
    if (actor.queue.length === 0) this.#ready.push(actor);
    actor.queue.push(this.#envelope(message));
  };

  spawn<Kind extends keyof Inbox, State>(
    address: ActorAddress & { readonly type: Kind },
    behavior: Behavior<State, Inbox[Kind]>,
    policy: CrashPolicy<Inbox[Kind]>,
  ): void {
    if (this.#isDown) return;
    const key = keyOf(address);
    if (this.#actors.has(key)) throw new Error(`two actors at ${key}`);
    this.#lastActorNo += 1;
    const actor: Actor = {
      no: this.#lastActorNo,
      key,
      behavior: behavior as unknown as Behavior<unknown, Message>,
      policy: policy as unknown as CrashPolicy<Message>,
      queue: [],
      // Whoever is born knows what its maker knows.
      seen: this.#current.seen.slice(),
      state: undefined,
      doom: undefined,
    };
    this.#actors.set(key, actor);
    this.#as(actor, () => this.#begin(actor));
  }

  isAlive(address: ActorAddress): boolean {
    return this.#actors.has(keyOf(address));
  }

  stop(address: ActorAddress): void {
    const actor = this.#actors.get(keyOf(address));
    if (actor !== undefined) this.#remove(actor);
  }

  /** The time limit is the history's own: an answer that never comes is found by its end. */
  ask(tellIt: (replyTo: Address) => void): Promise<Reply> {
    this.#lastRequestNo += 1;
    const requestId = String(this.#lastRequestNo);
    const task = new Task<Reply>();
    this.#replies.set(requestId, task);
    tellIt({ type: 'reply', requestId });
    return task;
  }

  shutdown(): void {
    this.#isDown = true;
    this.#actors.clear();
    this.#ready.length = 0;
    this.#replies.clear();
  }

  /** Lets the actor number `index` of those that are ready handle one message. */
  runOne(index: number): void {
    const actor = this.#ready[index];
    if (actor === undefined) throw new Error(`no actor ${index} is ready`);
    const envelope = take(actor.queue, this.#choose(actor.queue));
    if (actor.queue.length === 0) this.#ready.splice(index, 1);
    this.#options.trace?.(`${actor.key} < ${inShort(envelope.message)}`);
    this.#as(actor, () => {
      if (this.#options.order === 'causal') learn(actor.seen, envelope.seen);
      try {
        actor.state = actor.behavior.receive(actor.state, envelope.message);
        if (actor.doom !== undefined) throw doomOf(actor);
      } catch (error) {
        this.#crash(actor, envelope.message, error);
      }
    });
  }

  /** What the actor knows that has its turn: the messages of others that were told before. */
  get knowledge(): readonly number[] {
    return this.#current.seen.slice();
  }

  /** Spawns within `work` know this besides: their maker had heard of it. */
  knowing(knowledge: readonly number[], work: () => void): void {
    const before = this.#current;
    const seen = before.seen.slice();
    learn(seen, knowledge);
    this.#current = { no: before.no, seen };
    try {
      work();
    } finally {
      this.#current = before;
    }
  }

  /** Lets the actor throw this when it has handled its next message. */
  breakNext(address: ActorAddress, error: Error): void {
    const actor = this.#actors.get(keyOf(address));
    if (actor !== undefined) actor.doom = error;
  }

  /** Runs `work` as the actor at the address: what it tells is told by that actor. */
  runAs(address: ActorAddress, work: () => void): void {
    const actor = this.#actors.get(keyOf(address));
    if (actor !== undefined) this.#as(actor, work);
  }

  #as(actor: Actor, work: () => void): void {
    const before = this.#current;
    this.#current = actor;
    try {
      work();
    } finally {
      this.#current = before;
    }
  }

  #envelope(message: Message): Envelope {
    const { no: from, seen } = this.#current;
    if (this.#options.order === 'mailbox') return { message, from, no: 0, seen: NOTHING_SEEN };
    const no = (seen[from] ?? 0) + 1;
    seen[from] = no;
    return { message, from, no, seen: seen.slice() };
  }

  /** Which message of the queue comes next: under `causal` any before which nothing must come. */
  #choose(queue: readonly Envelope[]): number {
    if (this.#options.order === 'mailbox' || queue.length === 1) return 0;
    const choices: number[] = [];
    for (let index = 0; index < queue.length; index += 1) if (mayBeNext(queue, index)) choices.push(index);
    return this.#options.random.pick(choices);
  }

  #begin(actor: Actor): void {
    try {
      actor.state = actor.behavior.initial();
    } catch (error) {
      this.#crash(actor, undefined, error);
    }
  }

  #crash(actor: Actor, message: Message | undefined, thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const decision = actor.policy({ message, error });
    this.#options.onCrash(actor.key, message?.type, error);
    this.#options.trace?.(`${actor.key} crashed: ${error.message}`);
    if (decision === 'restart' && message !== undefined) this.#begin(actor);
    else this.#remove(actor);
  }

  #remove(actor: Actor): void {
    this.#actors.delete(actor.key);
    actor.queue.length = 0;
    const index = this.#ready.indexOf(actor);
    if (index >= 0) this.#ready.splice(index, 1);
  }
}

function doomOf(actor: Actor): Error | undefined {
  const { doom } = actor;
  actor.doom = undefined;
  return doom;
}

function take(queue: Envelope[], index: number): Envelope {
  return (index === 0 ? queue.shift() : queue.splice(index, 1)[0]) as Envelope;
}

/** Whether the teller of a message could know of none that came before it and is still there. */
function mayBeNext(queue: readonly Envelope[], index: number): boolean {
  const { seen } = queue[index] as Envelope;
  for (let before = 0; before < index; before += 1) {
    const { from, no } = queue[before] as Envelope;
    if (no <= (seen[from] ?? 0)) return false;
  }
  return true;
}

/** After a message its receiver knows what the teller knew. */
function learn(seen: number[], told: readonly number[]): void {
  for (let from = 0; from < told.length; from += 1) {
    const no = told[from] ?? 0;
    if (no > (seen[from] ?? 0)) seen[from] = no;
  }
}

/** For the trace: its type, and the numbers that tell it from others. */
function inShort(message: Message): string {
  const numbers = Object.entries(message)
    .filter(([key, value]) => key !== 'type' && typeof value !== 'object')
    .map(([key, value]) => `${key}=${value}`);
  return [message.type, ...numbers].join(' ');
}

function keyOf(address: ActorAddress): string {
  switch (address.type) {
    case 'account':
      return keyFrom(ACCOUNT_KEYS, 'account', address.userId);
    case 'book':
      return keyFrom(BOOK_KEYS, 'book', address.symbol);
    case 'gateway':
      return `gateway ${address.name}`;
    case 'session':
      return keyFrom(SESSION_KEYS, 'session', address.sessionId);
    default:
      return address.type;
  }
}

// Histories address the same few actors millions of times: joining the text each time took as long as finding them.
const ACCOUNT_KEYS = new Map<UserId, string>();
const BOOK_KEYS = new Map<string, string>();
const SESSION_KEYS = new Map<string, string>();

function keyFrom<Name>(keys: Map<Name, string>, kind: string, name: Name): string {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = `${kind} ${name}`;
  keys.set(name, key);
  return key;
}

/**
 * The actor system as the venue uses it: behaviours with typed messages at typed addresses, hosted by nact.
 * Behaviours know nothing of nact, so that a simulation can host the same ones.
 *
 * nact copies an actor's child map on each message it handles and stops all children when it resets an actor;
 * so sessions, accounts and books live under parents that never receive a message, and who lives where is kept
 * here, outside of any actor's state.
 */
import { dispatch, type Ref, spawn, start, stop } from 'nact';
import { assert, assertNever } from '../platform/assert.ts';
import type { Log } from '../platform/log.ts';
import { type Meter, NO_METER } from './meter.ts';
import type {
  AccountMessage,
  Address,
  BookMessage,
  ExchangeMessage,
  GatewayMessage,
  Message,
  PersistenceMessage,
  Reply,
  RouterMessage,
  SessionMessage,
  Tell,
} from './protocol.ts';
import type { CrashPolicy } from './supervision.ts';

/** An actor: its state at birth and after each restart, and what a message makes of it. Never awaits. */
export interface Behavior<State, Received extends Message> {
  initial(): State;
  receive(state: State, message: Received): State;
}

/** Which messages may be told to which kind of address. */
export interface Inbox {
  readonly exchange: ExchangeMessage;
  readonly router: RouterMessage;
  readonly persistence: PersistenceMessage;
  readonly account: AccountMessage;
  readonly book: BookMessage;
  readonly gateway: GatewayMessage;
  readonly session: SessionMessage;
}
export type ActorAddress = Exclude<Address, { type: 'reply' }>;

export interface ActorSystem {
  readonly tell: Tell;
  /** Starts an actor; its crash policy is part of the act. An address can be taken only once. */
  spawn<Kind extends keyof Inbox, State>(
    address: ActorAddress & { readonly type: Kind },
    behavior: Behavior<State, Inbox[Kind]>,
    policy: CrashPolicy<Inbox[Kind]>,
  ): void;
  isAlive(address: ActorAddress): boolean;
  /** Stops an actor; messages to it are dropped from now on. */
  stop(address: ActorAddress): void;
  /** Resolves with the reply to what `tellIt` sends, rejects after `timeoutMs`. */
  ask(tellIt: (replyTo: Address) => void, timeoutMs: number): Promise<Reply>;
  /** Stops every actor. */
  shutdown(): void;
}

/** An actor name that nact accepts, different for every different text. */
export function actorName(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, (character) => `$${character.charCodeAt(0).toString(16)}$`);
}

/** Names the address within its kind; the kind's registry maps it to the actor. */
function localName(address: ActorAddress): string {
  switch (address.type) {
    case 'exchange':
    case 'router':
    case 'persistence':
      return address.type;
    case 'account':
      return String(address.userId);
    case 'book':
      return address.symbol;
    case 'gateway':
      return address.name;
    case 'session':
      return address.sessionId;
    default:
      return assertNever(address);
  }
}

interface WaitingReply {
  resolve(reply: Reply): void;
}

/**
 * Hosts behaviours on nact. `life`: names it among those that a node has had: what answers a question of an earlier one
 * comes late, by the name of the node, and must answer none of this one's.
 */
export function startActorSystem(
  log: Log,
  after: (delayMs: number, callback: () => void) => () => void,
  meter: Pick<Meter, 'crashed'> = NO_METER,
  life = '',
): ActorSystem {
  const system = start();
  const parents = new Map<string, Ref<unknown>>();
  const registries: Record<ActorAddress['type'], Map<string, Ref<Message>>> = {
    exchange: new Map(),
    router: new Map(),
    persistence: new Map(),
    account: new Map(),
    book: new Map(),
    gateway: new Map(),
    session: new Map(),
  };
  const waiting = new Map<string, WaitingReply>();
  let lastRequestNo = 0;

  function parentOf(kind: ActorAddress['type']): Ref<unknown> {
    let parent = parents.get(kind);
    if (parent === undefined) {
      // It receives nothing and so cannot crash; any other decision than to go on would stop all its children.
      parent = spawn(system as Ref<never>, (state: undefined) => state, kind, {
        onCrash: (_m, _e, ctx) => ctx.resume,
      });
      parents.set(kind, parent);
    }
    return parent;
  }

  const tell: Tell = (address, message) => {
    if (address.type === 'reply') {
      waiting.get(address.requestId)?.resolve(message as Reply);
      return;
    }
    const actor = registries[address.type].get(localName(address));
    if (actor !== undefined) dispatch(actor, message);
  };

  return {
    tell,
    spawn(address, behavior, policy) {
      const name = localName(address);
      const registry = registries[address.type];
      assert(!registry.has(name), `two actors at ${address.type} ${name}`);
      const actorLog = log.with({ actor: `${address.type}/${name}` });
      let reference: Ref<Message> | undefined;
      let hasStopped = false;
      // A registry entry goes when its actor stops, unless a successor has taken the address meanwhile.
      const forget = () => {
        hasStopped = true;
        if (registry.get(name) === reference) registry.delete(name);
      };
      reference = spawn(
        parentOf(address.type) as Ref<never>,
        (state: ReturnType<typeof behavior.initial>, message: Message) =>
          behavior.receive(state, message as Parameters<typeof behavior.receive>[1]),
        actorName(name),
        {
          initialStateFunc: () => behavior.initial(),
          onCrash: (message, error, context) => {
            const failure = error instanceof Error ? error : new Error(String(error));
            const judged = policy({ message: message as never, error: failure });
            // An actor that fails at birth would fail again for ever, without a turn for anybody else.
            const decision = message === undefined ? 'stop' : judged;
            actorLog.error('actor crashed', {
              decision,
              messageType: (message as Message | undefined)?.type,
              err: failure,
            });
            meter.crashed(address.type, decision);
            if (decision === 'restart') return context.reset;
            forget();
            return context.stop;
          },
        },
      ) as Ref<Message>;
      if (!hasStopped) registry.set(name, reference);
    },
    isAlive: (address) => registries[address.type].has(localName(address)),
    stop(address) {
      const registry = registries[address.type];
      const actor = registry.get(localName(address));
      if (actor === undefined) return;
      registry.delete(localName(address));
      stop(actor);
    },
    ask(tellIt, timeoutMs) {
      lastRequestNo += 1;
      const requestId = life === '' ? String(lastRequestNo) : `${life}:${lastRequestNo}`;
      return new Promise((resolve, reject) => {
        const cancel = after(timeoutMs, () => {
          waiting.delete(requestId);
          reject(new Error(`no answer within ${timeoutMs} ms`));
        });
        waiting.set(requestId, {
          resolve(reply) {
            cancel();
            waiting.delete(requestId);
            resolve(reply);
          },
        });
        tellIt({ type: 'reply', requestId });
      });
    },
    shutdown() {
      // nact stops a system without its actors: they would go on with their mailboxes.
      for (const registry of Object.values(registries)) {
        for (const actor of registry.values()) stop(actor);
        registry.clear();
      }
      stop(system as Ref<never>);
    },
  };
}

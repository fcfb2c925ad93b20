/**
 * Nodes that are joined by links over a network in memory, with a record of what each link brought: a *life* runs from
 * the moment at which a node is told that a link is up to that at which it is told that it is down.
 */

import type { TellOutcome } from '../../src/cluster/link.ts';
import { createLinks, type Links, type LinksTerms } from '../../src/cluster/links.ts';
import { createMemoryNetwork, type Faults, type MemoryNetwork } from '../../src/cluster/memory-carrier.ts';
import { type NodeId, nodeText } from '../../src/cluster/node-id.ts';
import type { CrossingMessage } from '../../src/cluster/wire/messages.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ManualClock } from './manual-clock.ts';
import { randomFrom } from './random.ts';

/** One life of a link, as one end saw it. */
export interface LinkLife {
  readonly peer: NodeId;
  readonly told: string[];
  readonly heard: string[];
  /** Undefined while it lasts. */
  downBecause: string | undefined;
}

export interface LinkedNode {
  readonly id: NodeId;
  readonly links: Links;
  /** In the order in which they began. */
  readonly lives: LinkLife[];
  /** What came while no link was up: nothing may. */
  readonly strays: string[];
  /** Tells the node of that name a text. */
  tell(name: string, text: string): TellOutcome;
  /** As `kill -9` would: without a word. */
  kill(): void;
}

export interface LinkedNodes {
  readonly clock: ManualClock;
  readonly network: MemoryNetwork;
  /** By name, those that run. */
  readonly running: Map<string, LinkedNode>;
  /** Starts a node, in a new life; it expects nobody yet. */
  start(name: string, terms?: Partial<LinksTerms>): LinkedNode;
  /** Tells every node who is alive. */
  expectAll(): void;
  /** Lets time pass, a millisecond at a time, with all that is to be done in each. */
  pass(ms: number): Promise<void>;
}

/** A text as a message: any that crosses would do. */
export function saying(text: string): CrossingMessage {
  return { type: 'BookHalted', symbol: 'X', reason: text };
}

export function createLinkedNodes(seed: number, faults?: Faults): LinkedNodes {
  const clock = new ManualClock(1_000_000);
  const network = createMemoryNetwork(clock, randomFrom(seed).next, faults);
  const running = new Map<string, LinkedNode>();
  let lastIncarnation = 0;
  return {
    clock,
    network,
    running,
    start(name, terms) {
      lastIncarnation += 1;
      const node = startNode({ name, incarnation: lastIncarnation }, clock, network, running, terms);
      running.set(name, node);
      return node;
    },
    expectAll() {
      const ids = [...running.values()].map(({ id }) => id);
      for (const { links } of running.values()) links.expect(ids);
    },
    async pass(ms) {
      for (let passed = 0; passed < ms; passed += 1) {
        await settled();
        clock.advance(1);
      }
      await settled();
    },
  };
}

/** Promises have done what they can without time going on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
}

function startNode(
  id: NodeId,
  clock: ManualClock,
  network: MemoryNetwork,
  running: Map<string, LinkedNode>,
  terms: Partial<LinksTerms> = {},
): LinkedNode {
  const carrier = network.carrier(id.name);
  const lives: LinkLife[] = [];
  const strays: string[] = [];
  const lifeWith = (name: string): LinkLife | undefined =>
    lives.findLast(({ peer, downBecause }) => peer.name === name && downBecause === undefined);
  const links = createLinks({
    self: id,
    carrier,
    clock,
    log: silentLog,
    events: {
      onMessage(from, _to, message) {
        const text = message.type === 'BookHalted' ? message.reason : message.type;
        const life = lifeWith(from.name);
        if (life?.peer.incarnation === from.incarnation) life.heard.push(text);
        else strays.push(text);
      },
      onUp(peer) {
        if (lifeWith(peer.name) !== undefined) strays.push(`up twice: ${nodeText(peer)}`);
        lives.push({ peer, told: [], heard: [], downBecause: undefined });
      },
      onDown(peer, reason) {
        const life = lifeWith(peer.name);
        if (life === undefined) strays.push(`down without up: ${nodeText(peer)}`);
        else life.downBecause = reason;
      },
    },
    ...terms,
  });
  return {
    id,
    links,
    lives,
    strays,
    tell(name, text) {
      const life = lifeWith(name);
      const peer = life?.peer ?? running.get(name)?.id;
      if (peer === undefined) return 'Down';
      const outcome = links.tell(peer, { type: 'exchange' }, saying(text));
      if (outcome === 'Queued') life?.told.push(text);
      return outcome;
    },
    kill() {
      running.delete(id.name);
      void carrier.close();
    },
  };
}

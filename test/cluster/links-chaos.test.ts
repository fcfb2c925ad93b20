import { expect } from 'chai';
import fc from 'fast-check';
import type { Faults } from '../../src/cluster/memory-carrier.ts';
import { createLinkedNodes, type LinkedNode, type LinkedNodes } from '../support/linked-nodes.ts';

const LIMITS = { answerTimeoutMs: 30, retryMs: 5, maxRetryMs: 100, pingMs: 50 };
const BAD: Faults = { loss: 0.3, repeat: 0.3, minDelayMs: 0, maxDelayMs: 60 };

type Step =
  | { readonly type: 'tell'; readonly from: number; readonly to: number; readonly count: number }
  | { readonly type: 'pass'; readonly ms: number }
  | { readonly type: 'cut' | 'heal'; readonly one: number; readonly other: number }
  | {
      readonly type: 'restart' | 'unreach' | 'reach' | 'forget' | 'end';
      readonly node: number;
      readonly other: number;
    };

const NAMES = ['a', 'b', 'c'];
const node = fc.nat({ max: NAMES.length - 1 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('tell' as const),
      from: node,
      to: node,
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 150 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom('cut' as const, 'heal' as const), one: node, other: node }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom(
        'restart' as const,
        'unreach' as const,
        'reach' as const,
        'forget' as const,
        'end' as const,
      ),
      node,
      other: node,
    }),
  },
);

describe('links over a network that loses, delays, repeats, reorders and is cut', () => {
  it('bring what was told once and in order, and all of it while both nodes live', async function () {
    this.timeout(60_000);
    const property = fc.asyncProperty(fc.nat(), fc.array(step, { maxLength: 60 }), async (seed, steps) => {
      const nodes = createLinkedNodes(seed, BAD);
      const everyone: LinkedNode[] = [];
      const start = (name: string): void => {
        // Batches of a few messages, and some messages of several batches.
        everyone.push(
          nodes.start(name, { limits: { ...LIMITS, maxBatchBytes: 300, maxQueuedMessages: 30 } }),
        );
      };
      NAMES.forEach(start);
      nodes.expectAll();
      let textNo = 0;
      for (const one of steps) {
        if (one.type === 'tell') {
          for (let index = 0; index < one.count; index += 1) {
            textNo += 1;
            const text = `${textNo}${textNo % 5 === 0 ? '.'.repeat(700) : ''}`;
            nodes.running.get(NAMES[one.from] ?? '')?.tell(NAMES[one.to] ?? '', text);
          }
        } else {
          await happen(nodes, one, start);
        }
      }
      await calmDown(nodes);
      for (const checked of everyone) checkLives(checked, everyone);
      checkEnd(nodes);
    });
    await fc.assert(property, { numRuns: 60 });
  });
});

async function happen(
  nodes: LinkedNodes,
  happening: Exclude<Step, { type: 'tell' }>,
  start: (name: string) => void,
): Promise<void> {
  const { network, running } = nodes;
  if (happening.type === 'pass') return nodes.pass(happening.ms);
  if ('one' in happening) {
    network[happening.type](NAMES[happening.one] ?? '', NAMES[happening.other] ?? '');
    return;
  }
  const name = NAMES[happening.node] ?? '';
  const subject = running.get(name);
  const other = running.get(NAMES[happening.other] ?? '');
  if (subject === undefined || other === undefined) return;
  switch (happening.type) {
    case 'restart':
      subject.kill();
      start(name);
      nodes.expectAll();
      break;
    case 'unreach':
    case 'reach':
      network.setReachable(name, happening.type === 'reach');
      break;
    case 'forget':
      // Only this node thinks so; the next to start makes it think better of it.
      subject.links.expect([...running.values()].map(({ id }) => id).filter((id) => id !== other.id));
      break;
    case 'end':
      subject.links.end(other.id, 'for a reason');
      break;
  }
}

/** The network gets well, and everyone knows who lives. */
async function calmDown({ network, running, expectAll, pass }: LinkedNodes): Promise<void> {
  for (const one of NAMES) {
    network.setReachable(one, true);
    for (const other of NAMES) network.heal(one, other);
  }
  network.setFaults({ loss: 0, repeat: 0, minDelayMs: 0, maxDelayMs: 1 });
  expectAll();
  await pass(1_500);
  for (const one of running.values()) {
    for (const other of NAMES) if (other !== one.id.name) one.tell(other, `last of ${one.id.name}`);
  }
  await pass(200);
}

/** What each life of a link brought is the beginning of what one life of the other end told, and of no other's. */
function checkLives(checked: LinkedNode, everyone: readonly LinkedNode[]): void {
  expect(checked.strays).to.deep.equal([]);
  const used = new Set<unknown>();
  for (const { peer, heard } of checked.lives) {
    const [first] = heard;
    if (first === undefined) continue;
    const teller = everyone.find(({ id }) => id.name === peer.name && id.incarnation === peer.incarnation);
    const told = teller?.lives.find(
      (life) => life.peer.incarnation === checked.id.incarnation && life.told.includes(first),
    );
    expect(told?.told.slice(0, heard.length)).to.deep.equal(heard);
    expect(used.has(told)).to.equal(false);
    used.add(told);
  }
}

/** Everyone is linked with everyone, and has heard everything of it. */
function checkEnd({ running }: LinkedNodes): void {
  for (const one of running.values()) {
    for (const other of running.values()) {
      if (one === other) continue;
      const told = one.lives.findLast(({ peer }) => peer.name === other.id.name);
      const heard = other.lives.findLast(({ peer }) => peer.name === one.id.name);
      expect(told?.downBecause).to.equal(undefined);
      expect(told?.told.at(-1)).to.equal(`last of ${one.id.name}`);
      expect(heard?.heard).to.deep.equal(told?.told);
    }
  }
}

import { expect } from 'chai';
import { encodeFrame, subjectOf } from '../../src/cluster/link-frames.ts';
import type { Faults } from '../../src/cluster/memory-carrier.ts';
import { MESSAGES } from '../../src/cluster/wire/messages.ts';
import { createWire } from '../../src/cluster/wire.ts';
import { createLinkedNodes, type LinkedNode, type LinkedNodes, saying } from '../support/linked-nodes.ts';

const LIMITS = { answerTimeoutMs: 30, retryMs: 5, maxRetryMs: 100, pingMs: 50 };
const BAD: Faults = { loss: 0.3, repeat: 0.3, minDelayMs: 0, maxDelayMs: 60 };

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}

async function pair(seed = 1, faults?: Faults, limits = {}): Promise<[LinkedNodes, LinkedNode, LinkedNode]> {
  const nodes = createLinkedNodes(seed, faults);
  const a = nodes.start('a', { limits: { ...LIMITS, ...limits } });
  const b = nodes.start('b', { limits: { ...LIMITS, ...limits } });
  nodes.expectAll();
  await nodes.pass(faults === undefined ? 5 : 2_000);
  return [nodes, a, b];
}

describe('a link between two nodes', () => {
  it('brings messages across in both directions, in order', async () => {
    const [nodes, a, b] = await pair();
    for (const text of numbers(1, 100)) {
      expect(a.tell('b', text)).to.equal('Queued');
      expect(b.tell('a', `b${text}`)).to.equal('Queued');
    }
    await nodes.pass(3);
    expect(b.lives[0]?.heard).to.deep.equal(numbers(1, 100));
    expect(a.lives[0]?.heard).to.deep.equal(numbers(1, 100).map((text) => `b${text}`));
  });

  it('takes nothing before it is up', () => {
    const nodes = createLinkedNodes(1);
    const a = nodes.start('a');
    nodes.start('b');
    expect(a.tell('b', '1')).to.equal('Down');
  });

  it('is there only when both ends count the other among the living', async () => {
    const nodes = createLinkedNodes(1);
    const a = nodes.start('a', { limits: LIMITS });
    const b = nodes.start('b', { limits: LIMITS });
    a.links.expect([a.id, b.id]);
    await nodes.pass(500);
    expect(a.links.status()).to.have.lengthOf(1);
    expect(a.links.status()[0]?.phase).to.equal('Opening');
    b.links.expect([a.id, b.id]);
    await nodes.pass(200);
    expect(a.links.status()[0]?.phase).to.equal('Up');
    expect(b.links.status()[0]?.phase).to.equal('Up');
  });

  it('puts what is told in one turn into one batch', async () => {
    const [nodes, a] = await pair();
    const before = nodes.network.sentCount;
    for (const text of numbers(1, 1_000)) a.tell('b', text);
    await nodes.pass(3);
    // The batch and its answer.
    expect(nodes.network.sentCount - before).to.equal(2);
  });

  it('carries a message that is longer than a batch, and those around it', async () => {
    const [nodes, a, b] = await pair(1, undefined, { maxBatchBytes: 256 });
    const long = 'x'.repeat(10_000);
    for (const text of ['1', long, '2', '3']) a.tell('b', text);
    await nodes.pass(60);
    expect(b.lives[0]?.heard).to.deep.equal(['1', long, '2', '3']);
  });

  it('refuses a message that is too long, and nothing else suffers', async () => {
    const [nodes, a, b] = await pair(1, undefined, { maxMessageBytes: 500 });
    expect(a.tell('b', 'x'.repeat(500))).to.equal('TooLarge');
    expect(a.tell('b', '1')).to.equal('Queued');
    await nodes.pass(3);
    expect(b.lives[0]?.heard).to.deep.equal(['1']);
  });

  it('says so when it is full, keeps what it took, and has room again later', async () => {
    const [nodes, a, b] = await pair(1, undefined, { maxQueuedMessages: 10 });
    nodes.network.cut('a', 'b');
    a.tell('b', '0');
    await nodes.pass(1);
    const outcomes = numbers(1, 20).map((text) => a.tell('b', text));
    expect(outcomes).to.deep.equal([...Array(10).fill('Queued'), ...Array(10).fill('Full')]);
    await nodes.pass(500);
    expect(a.links.status()[0]).to.include({ queuedMessages: 10, phase: 'Up' });
    nodes.network.heal('a', 'b');
    await nodes.pass(500);
    expect(b.lives[0]?.heard).to.deep.equal(numbers(0, 10));
    expect(a.tell('b', 'more')).to.equal('Queued');
  });

  it('is bounded in bytes as well', async () => {
    const [nodes, a] = await pair(1, undefined, { maxQueuedBytes: 5_000 });
    nodes.network.cut('a', 'b');
    let queuedCount = 0;
    while (a.tell('b', 'x'.repeat(1_000)) === 'Queued') queuedCount += 1;
    expect(queuedCount).to.equal(4);
    expect(a.links.status()[0]?.queuedBytes).to.be.within(4_000, 5_000);
  });

  it('outlives a peer that is silent, shows for how long, and goes on where it was', async () => {
    const [nodes, a, b] = await pair();
    nodes.network.cut('a', 'b');
    a.tell('b', '1');
    await nodes.pass(3_000);
    expect(a.links.status()[0]?.unansweredMs).to.be.within(2_900, 3_000);
    expect(a.links.status()[0]?.phase).to.equal('Up');
    nodes.network.heal('a', 'b');
    await nodes.pass(200);
    expect(b.lives).to.have.lengthOf(1);
    expect(b.lives[0]?.heard).to.deep.equal(['1']);
    expect(a.links.status()[0]?.unansweredMs).to.equal(0);
  });

  it('goes on at once when this node can reach the carrier again', async () => {
    const [nodes, a, b] = await pair(1, undefined, { retryMs: 50_000, maxRetryMs: 50_000, pingMs: 60_000 });
    nodes.network.setReachable('a', false);
    a.tell('b', '1');
    await nodes.pass(100);
    nodes.network.setReachable('a', true);
    await nodes.pass(5);
    expect(b.lives[0]?.heard).to.deep.equal(['1']);
  });

  it('ends at both ends when one no longer counts the other among the living', async () => {
    const [nodes, a, b] = await pair();
    a.links.expect([a.id]);
    await nodes.pass(5);
    expect(a.lives[0]?.downBecause).to.equal('the node is gone');
    expect(b.lives[0]?.downBecause).to.equal('the node is gone');
    expect(b.tell('a', '1')).to.equal('Down');
  });

  it('ends at the other end too when the word of it is lost', async () => {
    for (const quitter of ['a', 'b'] as const) {
      const [nodes, a, b] = await pair();
      nodes.network.cut('a', 'b');
      const [one, other] = quitter === 'a' ? [a, b] : [b, a];
      one.links.expect([one.id]);
      await nodes.pass(20);
      nodes.network.heal('a', 'b');
      expect(other.lives[0]?.downBecause).to.equal(undefined);
      await nodes.pass(500);
      expect(other.lives[0]?.downBecause).to.be.a('string');
    }
  });

  it('is replaced by a new one where a node could not tell what must not be lost', async () => {
    const [nodes, a, b] = await pair();
    b.links.end(a.id, 'no room');
    await nodes.pass(50);
    expect(a.lives.map(({ downBecause }) => downBecause)).to.deep.equal(['no room', undefined]);
    expect(b.lives.map(({ downBecause }) => downBecause)).to.deep.equal(['no room', undefined]);
    a.tell('b', '1');
    await nodes.pass(5);
    expect(b.lives[1]?.heard).to.deep.equal(['1']);
  });

  it('brings nothing of an earlier life of a node', async () => {
    const [nodes, a, b] = await pair(1, { ...BAD, loss: 0 });
    for (const text of numbers(1, 50)) b.tell('a', `old ${text}`);
    await nodes.pass(20);
    b.kill();
    const again = nodes.start('b', { limits: LIMITS });
    nodes.expectAll();
    const heardBefore = a.lives[0]?.heard.length;
    await nodes.pass(3_000);
    expect(a.lives[0]?.downBecause).to.equal('the node has started again');
    expect(a.lives[0]?.heard.length).to.equal(heardBefore);
    expect(a.lives[1]?.peer).to.deep.equal(again.id);
    expect(a.lives[1]?.heard).to.deep.equal([]);
    expect(a.strays).to.deep.equal([]);
  });

  it('brings nothing of an earlier link between the same lives, however late it comes', async () => {
    const [nodes, a, b] = await pair();
    a.links.end(b.id, 'no room');
    await nodes.pass(50);
    const late = { from: a.id, to: b.id, linkNo: 1 };
    const line = createWire().encode({ to: { type: 'exchange' }, message: saying('late') }, 1);
    const stranger = nodes.network.carrier('stranger');
    const subject = subjectOf('onebook', b.id);
    // The numbers that the new link uses next, so that only the link's own number tells them apart.
    for (const batchNo of [1, 2, 3]) {
      stranger.publish(subject, encodeFrame({ type: 'batch', ...late, batchNo }, [line as Uint8Array]));
    }
    stranger.publish(subject, encodeFrame({ type: 'open', ...late, version: 1, minVersion: 1 }));
    stranger.publish(subject, encodeFrame({ type: 'end', ...late, reason: 'late' }));
    a.tell('b', '1');
    await nodes.pass(50);
    expect(b.lives).to.have.lengthOf(2);
    expect(b.lives[1]).to.deep.include({ heard: ['1'], downBecause: undefined });
  });

  it('does not come back to a life that is over', async () => {
    const [nodes, a, b] = await pair();
    b.kill();
    const again = nodes.start('b', { limits: LIMITS });
    a.links.expect([a.id, again.id]);
    a.links.expect([a.id, b.id]);
    await nodes.pass(200);
    expect(a.links.tell(b.id, { type: 'exchange' }, saying('1'))).to.equal('Down');
    expect(a.links.status().map(({ phase }) => phase)).to.deep.equal(['Gone']);
  });

  it('ends with an alarm when a message makes no sense, and begins anew', async () => {
    const [nodes, a, b] = await pair();
    const frame = encodeFrame({ type: 'batch', from: a.id, to: b.id, linkNo: 1, batchNo: 1 }, [
      Buffer.from('{"to":{"type":"exchange"},"message":{"type":"Tick"}}\n'),
    ]);
    nodes.network.carrier('stranger').publish(subjectOf('onebook', b.id), frame);
    await nodes.pass(50);
    expect(b.lives[0]?.downBecause).to.match(/^protocol error: no message that crosses nodes: Tick/);
    expect(b.links.status()[0]).to.include({ protocolErrors: 1, phase: 'Up' });
    expect(a.lives).to.have.lengthOf(2);
  });

  it('ignores what is no frame, or is not for this node, and counts it', async () => {
    const [nodes, a, b] = await pair();
    const stranger = nodes.network.carrier('stranger');
    const subject = subjectOf('onebook', b.id);
    const other = { name: 'b', incarnation: 99 };
    stranger.publish(subject, Buffer.from('hello'));
    stranger.publish(subject, Buffer.from('{}\n'));
    stranger.publish(subject, Buffer.alloc(2_000));
    stranger.publish(subject, encodeFrame({ type: 'batch', from: a.id, to: other, linkNo: 1, batchNo: 1 }));
    stranger.publish(
      subject,
      encodeFrame({
        type: 'open',
        from: { name: 'z', incarnation: 5 },
        to: b.id,
        linkNo: 1,
        version: 1,
        minVersion: 1,
      }),
    );
    await nodes.pass(5);
    expect(b.links.garbageCount).to.equal(4);
    expect(b.lives[0]?.downBecause).to.equal(undefined);
    expect(b.links.status()).to.have.lengthOf(1);
  });

  it('speaks the older of two versions, and none with a node that is too old', async () => {
    const nodes = createLinkedNodes(1);
    const terms = { since: new Map([['BookHalted', 3]]), messages: MESSAGES };
    const a = nodes.start('a', { limits: LIMITS, wire: createWire({ ...terms, version: 3, minVersion: 2 }) });
    const b = nodes.start('b', { limits: LIMITS, wire: createWire({ ...terms, version: 2, minVersion: 1 }) });
    const c = nodes.start('c', { limits: LIMITS, wire: createWire({ ...terms, version: 1, minVersion: 1 }) });
    nodes.expectAll();
    await nodes.pass(200);
    expect(a.links.status().map(({ phase, version }) => [phase, version])).to.deep.equal([
      ['Up', 2],
      ['Opening', undefined],
    ]);
    expect(b.links.status().map(({ version }) => version)).to.deep.equal([2, 1]);
    expect(a.tell('b', '1')).to.equal('NotSpoken');
    expect(c.links.status()[0]?.lastFault).to.equal('protocol 3 does not go with 1 to 1 of this node');
  });

  for (const [silent, other] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    it(`rests while ${silent} may not speak, and is there again soon after`, async () => {
      const nodes = createLinkedNodes(1);
      let maySpeak = true;
      const [a, b] = ['a', 'b'].map((name) =>
        nodes.start(name, { limits: LIMITS, maySpeak: () => name !== silent || maySpeak }),
      ) as [LinkedNode, LinkedNode];
      nodes.expectAll();
      await nodes.pass(50);
      const [mute, hearer] = silent === 'a' ? [a, b] : [b, a];
      maySpeak = false;
      mute.links.end(hearer.id, 'the lease of this node is over');
      await nodes.pass(5_000);
      expect([mute.lives.length, hearer.lives.length]).to.deep.equal([1, 1]);
      expect(hearer.tell(silent, 'lost')).to.equal('Down');
      maySpeak = true;
      await nodes.pass(250);
      expect([mute.lives.length, hearer.lives.length]).to.deep.equal([2, 2]);
      mute.tell(other, 'again');
      await nodes.pass(5);
      expect(hearer.lives[1]?.heard).to.deep.equal(['again']);
    });
  }

  it('leaves no timer behind when its node closes', async () => {
    const [nodes, a, b] = await pair();
    a.tell('b', '1');
    await Promise.all([a.links.close(), b.links.close()]);
    await nodes.pass(2_000);
    expect(nodes.clock.timerCount).to.equal(0);
  });
});

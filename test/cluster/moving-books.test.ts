/** Orders in a symbol whose book moves from engine to engine, while accounts move as well, links are cut and views are late. */
import { expect } from 'chai';
import { NOBODY_HAS_IT } from '../../src/actors/forwarding.ts';
import { shardOf } from '../../src/cluster/membership.ts';
import type { Faults } from '../../src/cluster/memory-carrier.ts';
import type { UserId } from '../../src/matching/types.ts';
import { buyOrder, cancelOrder, massCancel, sellOrder } from '../support/member-commands.ts';
import { randomFrom } from '../support/random.ts';
import { RoutedVenue } from '../support/routed-venue.ts';

const ALICE = 1;
const BOB = 2;
const BAD: Faults = { loss: 0.2, repeat: 0.2, minDelayMs: 0, maxDelayMs: 10 };

describe('orders in a symbol that moves', () => {
  let venue: RoutedVenue;

  function ordersOf(userId: number): string[] {
    return [...venue.store.orders.values()]
      .filter(({ order }) => order.userId === userId)
      .map(({ entryClOrdId }) => entryClOrdId)
      .sort();
  }

  afterEach(() => {
    venue.audit();
    venue.shutdown();
  });

  const CAROL = 3;
  const ENGINES = ['engine-1', 'engine-2', 'engine-3'];

  /** The accounts are on engine-1, the books on engine-2 at first. */
  async function openMoving(seed: number, faults?: Faults, maxViewDelayMs = 0): Promise<void> {
    venue = new RoutedVenue(seed, faults, maxViewDelayMs);
    venue.putBook('BTC-USD', 'engine-2');
    for (const name of ENGINES) await venue.startEngine(name);
    await venue.own('engine-1');
    await venue.pass(200);
    const engine = venue.engines.get('engine-1');
    await engine?.deposit(ALICE, 'USD', '100000');
    await engine?.deposit(BOB, 'BTC', '100');
    await engine?.deposit(CAROL, 'USD', '100000');
    await venue.pass(200);
  }

  /** Moves while `meanwhile` goes on, as time passes. */
  async function move(to: string, meanwhile: () => void): Promise<void> {
    const moving = { isDone: false };
    const done = venue.give({ symbols: ['BTC-USD'], shards: [] }, to).then(() => {
      moving.isDone = true;
    });
    while (!moving.isDone) {
      meanwhile();
      await venue.pass(1);
    }
    await done;
  }

  it('go on with the next owner, from that engine and from others', async () => {
    await openMoving(1);
    const alice = venue.member(ALICE);
    const bob = venue.member(BOB);
    alice.send(buyOrder('a', '1', '100'));
    await venue.answered();
    // To the engine of the accounts, and from there to a third.
    await move('engine-1', () => undefined);
    bob.send(sellOrder('b', '0.4', '100'));
    await venue.answered();
    await move('engine-3', () => undefined);
    alice.send(cancelOrder('c', 'a'));
    await venue.answered();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 F/1 a 0.4/0.6 @100*0.4', '8 4/4 c<a 0.4/0']);
    expect(bob.lines()).to.deep.equal(['8 0/0 b 0/0.4', '8 F/2 b 0.4/0 @100*0.4']);
  });

  it('are finished before it moves, when a commit is under way', async () => {
    await openMoving(1);
    const alice = venue.member(ALICE);
    venue.store.commitGate.close();
    alice.send(buyOrder('a', '1', '100'));
    await venue.until('a commit under way', () => venue.store.commitGate.waitingCount === 1);
    alice.send(buyOrder('b', '1', '100'));
    let count = 0;
    await move('engine-3', () => {
      count += 1;
      if (count === 50) venue.store.commitGate.open();
    });
    expect(count).to.be.greaterThan(50);
    await venue.answered();
    expect(ordersOf(ALICE)).to.deep.equal(['a', 'b']);
    expect(venue.store.requests).to.deep.equal([]);
  });

  it('stay when they cannot be finished in time, and go on there', async () => {
    await openMoving(1);
    const alice = venue.member(ALICE);
    venue.store.commitGate.close();
    alice.send(buyOrder('a', '1', '100'));
    await venue.until('a commit under way', () => venue.store.commitGate.waitingCount === 1);
    let count = 0;
    // Twice it is given up in vain.
    await move('engine-3', () => {
      count += 1;
      if (count === 4_500) {
        expect(venue.rows.ownership().symbols.get('BTC-USD')?.owner?.name).to.equal('engine-2');
        venue.store.commitGate.open();
      }
    });
    await venue.answered();
    expect(ordersOf(ALICE)).to.deep.equal(['a']);
  });

  it('are canceled for an operator before their account leaves, and nothing stays under way', async () => {
    await openMoving(1);
    const alice = venue.member(ALICE);
    alice.send(buyOrder('a', '1', '100'));
    await venue.answered();
    const replies: string[] = [];
    const cancel = async (): Promise<void> => {
      const unsolicited = { execRestatementReason: 99, text: 'the operator' };
      const command = { type: 'CancelMemberOrders', unsolicited } as const;
      const engine = venue.engines.get('engine-1');
      const reply = await engine?.ask((replyTo) =>
        engine.system.tell(
          { type: 'exchange' },
          { type: 'SubmitAccountCommand', userId: ALICE, command, replyTo },
        ),
      );
      replies.push(reply?.type === 'CommandRejected' ? reply.text : `${reply?.type}`);
    };
    // The account waits for a book of another engine, and has nothing to write itself.
    venue.store.commitGate.close();
    void cancel();
    await venue.until('a commit under way', () => venue.store.commitGate.waitingCount === 1);
    const moving = venue.give({ symbols: [], shards: [shardOf(ALICE)] }, 'engine-3');
    await venue.pass(100);
    void cancel();
    await venue.pass(5);
    expect(replies).to.deep.equal([NOBODY_HAS_IT]);
    venue.store.commitGate.open();
    await moving;
    await venue.pass(200);
    void cancel();
    await venue.pass(100);
    expect(replies).to.deep.equal([NOBODY_HAS_IT, 'CancelsRequested', 'CancelsRequested']);
    expect(alice.lines().at(-1)).to.match(/^8 4\/4 /);
    for (const engine of venue.engines.values()) {
      expect(engine.exchangeStatus().commandsInFlight).to.equal(0);
    }
  });

  it('keep their order: a cancel finds the order that came before it', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      await openMoving(seed, undefined, 3);
      const alice = venue.member(ALICE);
      let no = 0;
      for (const to of ['engine-1', 'engine-3', 'engine-1', 'engine-2']) {
        await move(to, () => {
          no += 1;
          alice.send(buyOrder(`a${no}`, '0.01', '100'));
          alice.send(cancelOrder(`c${no}`, `a${no}`));
        });
      }
      await venue.answered();
      const open = venue.store.openOrders().map(({ clOrdId }) => clOrdId);
      expect(open, `seed ${seed}`).to.deep.equal([]);
      const refused = alice.lines().filter((line) => line.startsWith('9'));
      expect(refused, `seed ${seed}`).to.deep.equal([]);
      if (seed < 10) {
        venue.audit();
        venue.shutdown();
      }
    }
  }).timeout(60_000);

  for (const [what, faults, delayMs] of [
    ['a good network', undefined, 0],
    ['a network that loses, repeats and delays', BAD, 0],
    ['such a network, and nodes that learn late of owners', BAD, 40],
  ] as const) {
    it(`are answered once, and none is lost, through a hundred moves over ${what}`, async () => {
      await openMoving(7, faults, delayMs);
      const members = [ALICE, BOB, CAROL].map((userId) => venue.member(userId));
      const sent = new Map<UserId, string[]>(members.map(({ userId }) => [userId, []]));
      let no = 0;
      const send = (): void => {
        no += 1;
        const member = members[no % 3] as (typeof members)[number];
        const clOrdId = `o${no}`;
        const price = no % 4 === 0 ? '90' : '100';
        member.send(
          member.userId === BOB ? sellOrder(clOrdId, '0.01', price) : buyOrder(clOrdId, '0.01', price),
        );
        sent.get(member.userId)?.push(clOrdId);
      };
      for (let round = 1; round <= 100; round += 1) {
        await move(ENGINES[(round + Math.floor(round / 7)) % 3] as string, send);
        for (let more = 0; more < 3; more += 1) {
          send();
          await venue.pass(more);
        }
        // Accounts move as well.
        if (round % 9 === 0) await ownWhile(ENGINES[(round / 9) % 3] as string, send);
        if (round % 13 === 0) venue.cutLink('engine-2', 'engine-1');
      }
      await venue.answered();
      await venue.pass(500);
      for (const { userId, answered, refusals } of members) {
        expect(ordersOf(userId)).to.deep.equal([...(sent.get(userId) ?? [])].sort());
        expect(refusals).to.deep.equal([]);
        expect(new Set(answered).size).to.equal(sent.get(userId)?.length);
      }
      expect(venue.store.requests).to.deep.equal([]);
    }).timeout(120_000);
  }

  /** Members with open orders trade while the symbol moves a hundred times, and `meanwhile` in each round. */
  async function tradeThroughMoves(meanwhile: (round: number) => void): Promise<void> {
    const members = [ALICE, BOB, CAROL].map((userId) => venue.member(userId));
    const sent = new Map<UserId, string[]>(members.map(({ userId }) => [userId, []]));
    let no = 0;
    const send = (): void => {
      no += 1;
      const member = members[no % 3] as (typeof members)[number];
      // Most trade; the first ones stay.
      const price = no <= 30 ? (member.userId === BOB ? '110' : '80') : no % 4 === 0 ? '90' : '100';
      const order = (member.userId === BOB ? sellOrder : buyOrder)(`o${no}`, '0.01', price);
      member.send(order);
      sent.get(member.userId)?.push(order.clOrdId);
    };
    for (let round = 1; round <= 100; round += 1) {
      await move(ENGINES[round % 3] as string, send);
      meanwhile(round);
      for (let more = 0; more < 3; more += 1) {
        send();
        await venue.pass(more);
      }
    }
    await venue.answered();
    await venue.pass(500);
    for (const { userId, answered, refusals } of members) {
      expect(ordersOf(userId)).to.deep.equal([...(sent.get(userId) ?? [])].sort());
      expect(refusals).to.deep.equal([]);
      expect(new Set(answered).size).to.equal(sent.get(userId)?.length);
    }
    expect(venue.store.requests).to.deep.equal([]);
  }

  it('cost their members’ accounts no read of the rows, through a hundred moves over a good network', async () => {
    await openMoving(3);
    venue.claimMs = 5;
    const before = venue.rows.accountLoads;
    // Each account for the first time.
    await tradeThroughMoves(() => undefined);
    expect(venue.rows.accountLoads - before).to.equal(0);
  }).timeout(120_000);

  for (const seed of [1, 2, 3]) {
    it(`are answered once, and none is lost, whatever links are cut while it moves (seed ${seed})`, async () => {
      await openMoving(seed, { ...BAD, loss: 0.05 }, 5);
      const random = randomFrom(seed);
      await tradeThroughMoves(() => {
        const [one, other] = [random.pick(ENGINES), random.pick(ENGINES)];
        if (one !== other) venue.cutLink(one, other);
      });
    }).timeout(120_000);
  }

  async function ownWhile(name: string, meanwhile: () => void): Promise<void> {
    const owning = { isDone: false };
    const done = venue.give({ symbols: [], shards: [1, 2, 3] }, name).then(() => {
      owning.isDone = true;
    });
    while (!owning.isDone) {
      meanwhile();
      await venue.pass(1);
    }
    await done;
  }

  for (const afterMs of [0, 1, 2, 3, 4, 6, 8]) {
    it(`are found by a mass cancel that comes ${afterMs} ms after the database has refused their commit`, async () => {
      await openMoving(1);
      const alice = venue.member(ALICE);
      venue.expectedErrors.add('the database refused a commit');
      let isRefused = false;
      venue.store.refuseWhen = (batch) => {
        const isMeant = !isRefused && batch.events.some((event) => event.type === 'OrderAccepted');
        isRefused ||= isMeant;
        return isMeant;
      };
      venue.store.commitGate.close();
      alice.send(buyOrder('a', '1', '100'), buyOrder('b', '1', '99'));
      await venue.until('a commit under way', () => venue.store.commitGate.waitingCount === 1);
      venue.store.commitGate.open();
      await venue.pass(afterMs);
      alice.send(massCancel('q'));
      await venue.answered();
      expect(ordersOf(ALICE)).to.deep.equal(['a', 'b']);
      expect(venue.store.openOrders()).to.deep.equal([]);
      expect(alice.lines().at(-1)).to.match(/^r /);
    });
  }

  it('are refused where the database takes them from nobody, and nothing that came with them is', async () => {
    await openMoving(1);
    const [alice, bob] = [venue.member(ALICE), venue.member(BOB)];
    venue.expectedErrors.add('the database refused a commit');
    venue.expectedErrors.add('request of another node refused: it cannot be committed');
    venue.store.refuseWhen = (batch) =>
      batch.events.some(
        (event) => event.type === 'OrderAccepted' && event.order.clOrdId.startsWith('poison'),
      );
    venue.store.commitGate.close();
    alice.send(buyOrder('first', '1', '90'));
    await venue.until('a commit under way', () => venue.store.commitGate.waitingCount === 1);
    alice.send(buyOrder('a1', '1', '90'), buyOrder('poison1', '1', '90'), buyOrder('a2', '1', '90'));
    bob.send(sellOrder('b1', '1', '110'), sellOrder('poison2', '1', '110'), sellOrder('b2', '1', '110'));
    await venue.pass(5);
    venue.store.commitGate.open();
    await venue.answered();
    expect(ordersOf(ALICE)).to.deep.equal(['a1', 'a2', 'first']);
    expect(ordersOf(BOB)).to.deep.equal(['b1', 'b2']);
    const refused = venue.store.requests.filter(({ accepted }) => !accepted);
    expect(refused.map(({ clOrdId }) => clOrdId)).to.have.members(['poison1', 'poison2']);
    // Together once, and each twice alone.
    expect(venue.store.outcomes.filter((type) => type === 'Refused')).to.have.length(1 + 2 * 2);
  });

  for (const [what, refusals] of [
    ['once', 1],
    ['twice', 2],
  ] as const) {
    it(`are carried out in their order when the database refuses their commit ${what} where the book is`, async () => {
      await openMoving(1);
      const alice = venue.member(ALICE);
      venue.expectedErrors.add('the database refused a commit');
      let left = refusals;
      venue.store.refuseWhen = (batch) => {
        const isMeant = left > 0 && batch.events.some((event) => event.type === 'OrderAccepted');
        if (isMeant) left -= 1;
        return isMeant;
      };
      venue.store.commitGate.close();
      alice.send(buyOrder('a', '1', '100'));
      await venue.until('a commit under way', () => venue.store.commitGate.waitingCount === 1);
      // Carried out by a book that has what was never written; the last by the book that is made from the rows.
      alice.send(cancelOrder('c', 'a'), buyOrder('b', '1', '99'));
      await venue.pass(5);
      venue.store.commitGate.open();
      await venue.pass(2);
      alice.send(cancelOrder('d', 'b'));
      await venue.answered();
      expect(ordersOf(ALICE)).to.deep.equal(['a', 'b']);
      expect(venue.store.openOrders()).to.deep.equal([]);
      expect(alice.lines().filter((line) => line.startsWith('9'))).to.deep.equal([]);
    });
  }
});

/** Orders that cross from a gateway to the engine that has their account, while engines die and links are cut. */
import { expect } from 'chai';
import type { Faults } from '../../src/cluster/memory-carrier.ts';
import { buyOrder, cancelOrder, massCancel, sellOrder } from '../support/member-commands.ts';
import { RoutedVenue } from '../support/routed-venue.ts';

const ALICE = 1;
const BOB = 2;
const BAD: Faults = { loss: 0.2, repeat: 0.2, minDelayMs: 0, maxDelayMs: 10 };

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
}

describe('orders on several nodes', () => {
  let venue: RoutedVenue;

  async function open(seed = 1, faults?: Faults): Promise<void> {
    venue = new RoutedVenue(seed, faults);
    await venue.startEngine('engine-1');
    await venue.own('engine-1');
    const engine = venue.engines.get('engine-1');
    await engine?.deposit(ALICE, 'USD', '100000');
    await engine?.deposit(BOB, 'BTC', '100');
    await venue.pass(5);
  }

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

  it('reach the engine, and their reports the session', async () => {
    await open();
    const alice = venue.member(ALICE);
    const bob = venue.member(BOB);
    alice.send(buyOrder('a', '1', '100'));
    await venue.answered();
    bob.send(sellOrder('b', '0.4', '99'));
    await venue.answered();
    alice.send(cancelOrder('c', 'a'));
    await venue.answered();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 F/1 a 0.4/0.6 @100*0.4', '8 4/4 c<a 0.4/0']);
    expect(bob.lines()).to.deep.equal(['8 0/0 b 0/0.4', '8 F/2 b 0.4/0 @100*0.4']);
    expect([alice.answered, bob.answered]).to.deep.equal([[1, 2], [1]]);
  });

  it('are carried out once when a link is cut with orders in it', async () => {
    await open();
    const alice = venue.member(ALICE);
    for (const clOrdId of names('a', 20)) {
      alice.send(buyOrder(clOrdId, '0.01', '100'));
      await venue.pass(1);
      if (clOrdId.endsWith('5')) venue.cutLink('engine-1');
    }
    await venue.answered();
    expect(ordersOf(ALICE)).to.deep.equal(names('a', 20).sort());
    expect(venue.store.requests).to.deep.equal([]);
    expect(alice.refusals).to.deep.equal([]);
  });

  it('are answered once by the next engine when theirs dies with orders in flight', async () => {
    await open();
    const alice = venue.member(ALICE);
    alice.send(...names('a', 5).map((clOrdId) => buyOrder(clOrdId, '0.01', '100')));
    await venue.answered();
    // Written, and its answer never leaves: the engine dies with it.
    alice.send(...names('b', 5).map((clOrdId) => buyOrder(clOrdId, '0.01', '100')));
    await venue.until('rows of b', () => ordersOf(ALICE).length === 10);
    // Not written: the engine waits for the database.
    venue.store.isAway = true;
    alice.send(...names('c', 5).map((clOrdId) => buyOrder(clOrdId, '0.01', '100')));
    await venue.pass(3);
    venue.kill('engine-1');
    alice.send(...names('d', 5).map((clOrdId) => buyOrder(clOrdId, '0.01', '100')));
    await venue.pass(5);
    expect(venue.router.status().waitingSessions).to.equal(1);
    venue.store.isAway = false;
    expect(ordersOf(ALICE)).to.have.lengthOf(10);
    await venue.startEngine('engine-2');
    await venue.own('engine-2');
    await venue.answered();
    const all = ['a', 'b', 'c', 'd'].flatMap((prefix) => names(prefix, 5)).sort();
    expect(ordersOf(ALICE)).to.deep.equal(all);
    expect(venue.store.requests).to.deep.equal([]);
    expect(alice.refusals).to.deep.equal([]);
    expect(venue.followed).to.deep.equal(['gateway-1/fix:1:1', 'gateway-1/fix:1:1']);
  });

  it('wait for an owner, and are refused when there is none in time', async () => {
    await open();
    const alice = venue.member(ALICE);
    await venue.own(undefined);
    alice.send(buyOrder('a', '1', '100'));
    await venue.pass(100);
    await venue.own('engine-1');
    await venue.answered();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1']);
    await venue.own(undefined);
    alice.send(buyOrder('b', '1', '100'));
    await venue.pass(2_100);
    expect(alice.refusals.map(({ refusal }) => refusal)).to.deep.equal(['StoreUnavailable']);
    expect(ordersOf(ALICE)).to.deep.equal(['a']);
  });

  for (const seed of [1, 2, 3, 4, 5]) {
    it(`are neither lost nor doubled over a network that loses, repeats and delays (seed ${seed})`, async () => {
      await open(seed, BAD);
      const alice = venue.member(ALICE);
      const bob = venue.member(BOB);
      for (let round = 1; round <= 15; round += 1) {
        alice.send(buyOrder(`a${round}`, '0.02', '100'), buyOrder(`x${round}`, '0.01', '90'));
        bob.send(sellOrder(`b${round}`, '0.02', '100'));
        await venue.pass(round % 7);
        if (round % 4 === seed % 4) venue.cutLink('engine-1');
      }
      await venue.answered();
      expect(ordersOf(ALICE)).to.deep.equal([...names('a', 15), ...names('x', 15)].sort());
      expect(ordersOf(BOB)).to.deep.equal(names('b', 15).sort());
      expect(venue.store.requests).to.deep.equal([]);
      const delivered = alice.reports.map(({ source, sourceSeq }) => `${source} ${sourceSeq}`);
      expect(new Set(delivered).size).to.equal(delivered.length);
    });
  }

  describe('whose book and account are on different engines', () => {
    async function openApart(seed = 1, faults?: Faults): Promise<void> {
      venue = new RoutedVenue(seed, faults);
      venue.putBook('BTC-USD', 'engine-2');
      await venue.startEngine('engine-1');
      await venue.startEngine('engine-2');
      await venue.own('engine-1');
      const engine = venue.engines.get('engine-1');
      await engine?.deposit(ALICE, 'USD', '100000');
      await engine?.deposit(BOB, 'BTC', '100');
      await venue.pass(200);
    }

    afterEach(() => {
      // Accounts and books are compared with the rows where they live.
      for (const [name, { accounts }] of venue.engines) {
        if (name !== 'engine-1') expect(accounts.size).to.equal(0);
      }
      expect(venue.engines.get('engine-1')?.exchangeStatus().commandsInFlight).to.equal(0);
    });

    it('trade, and settle where the accounts are', async () => {
      await openApart();
      const alice = venue.member(ALICE);
      const bob = venue.member(BOB);
      alice.send(buyOrder('a', '1', '100'));
      await venue.answered();
      bob.send(sellOrder('b', '0.4', '99'));
      await venue.answered();
      alice.send(cancelOrder('c', 'a'), cancelOrder('d', 'a'));
      await venue.answered();
      expect(alice.lines()).to.deep.equal([
        '8 0/0 a 0/1',
        '8 F/1 a 0.4/0.6 @100*0.4',
        '8 4/4 c<a 0.4/0',
        '9 F 102=0 39=4 d<a',
      ]);
      expect(bob.lines()).to.deep.equal(['8 0/0 b 0/0.4', '8 F/2 b 0.4/0 @100*0.4']);
    });

    it('wait for a book that nobody has, and are refused for good when nobody takes it in time', async () => {
      await openApart();
      const alice = venue.member(ALICE);
      await venue.give({ symbols: ['BTC-USD'], shards: [] }, undefined);
      alice.send(buyOrder('a', '1', '100'));
      await venue.pass(1_000);
      await venue.give({ symbols: ['BTC-USD'], shards: [] }, 'engine-2');
      await venue.answered();
      expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1']);
      await venue.give({ symbols: ['BTC-USD'], shards: [] }, undefined);
      alice.send(buyOrder('b', '1', '100'));
      alice.send(cancelOrder('c', 'a'));
      await venue.pass(1_900);
      expect(alice.lines()).to.have.lengthOf(1);
      await venue.answered();
      // What was held for it is free again, and its ClOrdID is used: the audit compares both with the rows.
      expect(alice.lines().slice(1)).to.deep.equal(['8 8/8 b 103=2', '9 F 102=2 39=0 c<a']);
      expect(alice.refusals).to.deep.equal([]);
      await venue.give({ symbols: ['BTC-USD'], shards: [] }, 'engine-2');
      await venue.pass(200);
      alice.send(cancelOrder('d', 'a'));
      await venue.answered();
      expect(alice.lines().slice(3)).to.deep.equal(['8 4/4 d<a 0/0']);
      expect(ordersOf(ALICE)).to.deep.equal(['a']);
    });

    for (const [when, ms] of [
      ['before', 0],
      ['after', 200],
    ] as const) {
      it(`are carried out once when they are committed ${when} a link that was cut is there again`, async () => {
        await openApart();
        const alice = venue.member(ALICE);
        venue.store.commitGate.close();
        alice.send(buyOrder('a', '1', '100'));
        await venue.until('a commit under way', () => venue.store.commitGate.waitingCount === 1);
        venue.cutLink('engine-2', 'engine-1');
        alice.send(buyOrder('b', '1', '100'));
        await venue.pass(ms);
        venue.store.commitGate.open();
        await venue.answered();
        expect(ordersOf(ALICE)).to.deep.equal(['a', 'b']);
        expect(venue.store.requests).to.deep.equal([]);
      });
    }

    it('go on, once each, on the next engine when that of the book dies with orders in flight', async () => {
      await openApart();
      const alice = venue.member(ALICE);
      alice.send(...names('a', 5).map((clOrdId) => buyOrder(clOrdId, '0.01', '100')));
      await venue.answered();
      alice.send(...names('b', 5).map((clOrdId) => buyOrder(clOrdId, '0.01', '100')));
      await venue.until('rows of b', () => ordersOf(ALICE).length === 10);
      venue.store.isAway = true;
      alice.send(...names('c', 5).map((clOrdId) => buyOrder(clOrdId, '0.01', '100')));
      await venue.pass(5);
      venue.kill('engine-2');
      venue.store.isAway = false;
      expect(ordersOf(ALICE)).to.have.lengthOf(10);
      await venue.own('engine-1');
      alice.send(...names('d', 5).map((clOrdId) => buyOrder(clOrdId, '0.01', '100')));
      await venue.pass(5);
      venue.putBook('BTC-USD', 'engine-3');
      await venue.startEngine('engine-3');
      await venue.answered();
      const all = ['a', 'b', 'c', 'd'].flatMap((prefix) => names(prefix, 5)).sort();
      expect(ordersOf(ALICE)).to.deep.equal(all);
      expect(venue.store.requests).to.deep.equal([]);
    });

    for (const [what, cut] of [
      ['the book', ['engine-2', 'engine-1']],
      ['the gateway', ['engine-1', 'gateway-1']],
    ] as const) {
      it(`are not counted (533) by a mass cancel whose answers may be lost with the link to ${what}`, async () => {
        await openApart();
        const alice = venue.member(ALICE);
        alice.send(buyOrder('a', '1', '100'), buyOrder('b', '1', '90'));
        await venue.answered();
        venue.store.commitGate.close();
        alice.send(massCancel('q'));
        await venue.until('a commit under way', () => venue.store.commitGate.waitingCount === 1);
        venue.cutLink(cut[0], cut[1]);
        venue.store.commitGate.open();
        await venue.answered();
        expect(venue.store.openOrders()).to.deep.equal([]);
        // With that to the gateway nothing is lost that was counted.
        const report = venue.store.reports.find(
          ({ clOrdId, type }) => clOrdId === 'q' && type !== 'ExecutionReport',
        );
        expect(report).to.have.property('totalAffectedOrders', what === 'the book' ? undefined : 2);
      });
    }

    for (const wait of [0, 1, 2, 3, 4, 5]) {
      it(`are not overtaken by the mass cancel behind them when the link is cut after ${wait} ms`, async () => {
        await openApart();
        const alice = venue.member(ALICE);
        alice.send(buyOrder('a', '1', '100'));
        await venue.answered();
        alice.send(buyOrder('b', '1', '100'), massCancel('q'));
        await venue.pass(wait);
        venue.cutLink('engine-2', 'engine-1');
        await venue.answered();
        await venue.pass(50);
        expect(venue.store.openOrders()).to.deep.equal([]);
        expect(alice.lines().filter((line) => line.includes('534='))).to.deep.equal([]);
      });

      it(`are not overtaken by it either when the book's engine dies after ${wait} ms`, async () => {
        await openApart();
        const alice = venue.member(ALICE);
        alice.send(buyOrder('a', '1', '100'));
        await venue.answered();
        alice.send(buyOrder('b', '1', '100'), massCancel('q'), buyOrder('c', '1', '90'));
        await venue.pass(wait);
        venue.kill('engine-2');
        await venue.give({ symbols: ['BTC-USD'], shards: [] }, 'engine-1');
        await venue.answered();
        expect(venue.store.openOrders().map(({ clOrdId }) => clOrdId)).to.deep.equal(['c']);
        expect(alice.lines().filter((line) => line.includes('534='))).to.deep.equal([]);
      });
    }

    for (const seed of [1, 2, 3, 4, 5]) {
      it(`are neither lost nor doubled when links between engines are cut (seed ${seed})`, async () => {
        await openApart(seed, BAD);
        const alice = venue.member(ALICE);
        const bob = venue.member(BOB);
        for (let round = 1; round <= 15; round += 1) {
          alice.send(buyOrder(`a${round}`, '0.02', '100'), buyOrder(`x${round}`, '0.01', '90'));
          bob.send(sellOrder(`b${round}`, '0.02', '100'));
          await venue.pass(round % 7);
          if (round % 4 === seed % 4) venue.cutLink('engine-2', 'engine-1');
          if (round % 5 === seed % 5) venue.cutLink('engine-1');
        }
        await venue.answered();
        await venue.pass(500);
        expect(ordersOf(ALICE)).to.deep.equal([...names('a', 15), ...names('x', 15)].sort());
        expect(ordersOf(BOB)).to.deep.equal(names('b', 15).sort());
        expect(venue.store.requests).to.deep.equal([]);
      });
    }
  });
});

/** The structures under the book, each beside a plain one that cannot be wrong. */
import { expect } from 'chai';
import { ExpiryQueue } from '../../src/matching/expiry-queue.ts';
import { LevelTree } from '../../src/matching/level-tree.ts';
import { OrderIndex } from '../../src/matching/order-index.ts';
import { OrderPool } from '../../src/matching/order-pool.ts';
import { PriceLadder } from '../../src/matching/price-ladder.ts';
import { randomFrom } from '../support/random.ts';

describe('order index', () => {
  it('finds every id beside a Map, through growth and removals, ids of distant blocks among them', () => {
    const random = randomFrom(11);
    const index = new OrderIndex();
    const map = new Map<number, number>();
    for (let step = 1; step <= 60_000; step += 1) {
      const block = random.pick([0, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER - 3_000]);
      const id = block + random.integer(1, 3_000);
      if (map.has(id)) {
        index.remove(id);
        map.delete(id);
      } else {
        index.add(id, step);
        map.set(id, step);
      }
      const probe = block + random.integer(1, 3_000);
      if (index.get(probe) !== (map.get(probe) ?? 0)) expect.fail(`step ${step}, id ${probe}`);
    }
    expect(index.size).to.equal(map.size);
    for (const [id, step] of map) if (index.get(id) !== step) expect.fail(`id ${id}`);
  });
});

describe('price ladder', () => {
  for (const sign of [1, -1] as const) {
    it(`keeps its levels sorted and its sums exact, sign ${sign}`, () => {
      const random = randomFrom(12);
      const orders = new OrderPool();
      const ladder = new PriceLadder(orders, sign);
      let queued: { slot: number; price: number; quantity: number }[] = [];
      for (let step = 0; step < 4_000; step += 1) {
        if (queued.length > 0 && random.chance(queued.length > 200 ? 0.7 : 0.4)) {
          const gone = random.pick(queued);
          queued = queued.filter((order) => order !== gone);
          ladder.unlink(gone.slot);
          orders.free(gone.slot);
        } else {
          // Prices whose lower bits agree share a place in the table of hints.
          const price = random.integer(1, 40) * 1024 + random.integer(0, 3);
          const quantity = random.pick([1, 7, Number.MAX_SAFE_INTEGER]);
          const slot = orders.allocate();
          orders.leavesQty[slot] = quantity;
          orders.displayedQty[slot] = quantity;
          ladder.append(slot, price);
          queued.push({ slot, price, quantity });
        }
        const prices = [...new Set(queued.map(({ price }) => price))].sort((a, b) => sign * (a - b));
        const expected = prices.map((price) => {
          const level = queued.filter((order) => order.price === price);
          return [price, level.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n), level[0]?.slot];
        });
        const found: unknown[] = [];
        for (let level = ladder.best; level !== 0; level = ladder.next(level)) {
          found.push([ladder.price(level), ladder.displayed(level), ladder.oldest(level)]);
        }
        if (step % 10 === 0) expect(found, `step ${step}`).to.deep.equal(expected);
        expect(ladder.best === 0 ? undefined : ladder.price(ladder.best)).to.equal(prices[0]);
      }
    });
  }

  it('takes an order at each of 100,000 prices, in any order, and gives them back', () => {
    const random = randomFrom(13);
    const orders = new OrderPool();
    const ladder = new PriceLadder(orders, 1);
    const slots: number[] = [];
    for (let count = 0; count < 100_000; count += 1) {
      const slot = orders.allocate();
      orders.leavesQty[slot] = 1;
      orders.displayedQty[slot] = 1;
      // 7,919 is prime to the number of prices: each of them comes once, far from the one before.
      ladder.append(slot, 1 + ((count * 7_919) % 100_000));
      slots.push(slot);
    }
    let levelCount = 0;
    for (let level = ladder.best; level !== 0; level = ladder.next(level)) {
      levelCount += 1;
      if (ladder.price(level) !== levelCount) expect.fail(`price ${ladder.price(level)} at ${levelCount}`);
    }
    expect(levelCount).to.equal(100_000);
    while (slots.length > 0) {
      const place = random.integer(0, slots.length - 1);
      ladder.unlink(slots[place] as number);
      slots[place] = slots.at(-1) as number;
      slots.pop();
    }
    expect([ladder.best, ladder.orderCount]).to.deep.equal([0, 0]);
  });
});

describe('level tree', () => {
  function ranksOf(tree: LevelTree): number[] {
    const ranks: number[] = [];
    for (let level = tree.first; level !== 0; level = tree.next[level] ?? 0)
      ranks.push(tree.ranks[level] ?? 0);
    return ranks;
  }
  /** What a red-black tree promises. */
  const mostSteps = (levelCount: number) => 2 * Math.log2(levelCount + 1);

  it('keeps its levels sorted and its searches short through random growth and removals', () => {
    const random = randomFrom(15);
    const tree = new LevelTree();
    const levels = new Map<number, number>();
    for (let step = 0; step < 20_000; step += 1) {
      const rank = random.pick([-1, 1]) * random.integer(1, 400);
      const level = levels.get(rank);
      if (level === undefined) levels.set(rank, tree.locate(rank));
      else if (random.chance(0.5)) expect(tree.locate(rank)).to.equal(level);
      else {
        tree.remove(level);
        levels.delete(rank);
      }
      if (step % 50 !== 0) continue;
      expect(ranksOf(tree)).to.deep.equal([...levels.keys()].sort((a, b) => a - b));
      expect(tree.height()).to.be.at.most(mostSteps(levels.size));
    }
  });

  const COUNT = 30_000;
  for (const [title, rankAt] of [
    ['rising prices', (nth: number) => nth],
    ['falling prices', (nth: number) => COUNT + 1 - nth],
    ['prices that close in on the middle', (nth: number) => (nth % 2 === 0 ? nth : 2 * COUNT - nth)],
    ['prices millions of ticks apart', (nth: number) => ((nth * 7_919) % COUNT) * 1e9 + 1],
  ] as const) {
    it(`stays as flat with ${title}, also when only every hundredth is left`, () => {
      const tree = new LevelTree();
      const levels: number[] = [];
      for (let nth = 1; nth <= COUNT; nth += 1) levels.push(tree.locate(rankAt(nth)));
      expect(tree.height()).to.be.at.most(mostSteps(COUNT));
      for (const [nth, level] of levels.entries()) if (nth % 100 !== 0) tree.remove(level);
      expect(tree.height()).to.be.at.most(mostSteps(COUNT / 100));
      expect(ranksOf(tree)).to.have.length(COUNT / 100);
    });
  }

  it('stays as flat when a member keeps only the levels farthest from the root', () => {
    const tree = new LevelTree();
    let levelCount = 0;
    for (let nth = 1; nth <= 4_000; nth += 1) {
      const heightBefore = tree.height();
      const level = tree.locate(nth);
      // Whatever did not make the tree higher is given back, as far as a member can tell.
      if (nth % 3 !== 0 && tree.height() === heightBefore) tree.remove(level);
      else levelCount += 1;
      expect(tree.height()).to.be.at.most(mostSteps(levelCount));
    }
  });
});

describe('expiry queue', () => {
  it('gives the earliest first', () => {
    const random = randomFrom(14);
    const queue = new ExpiryQueue();
    const times: number[] = [];
    for (let id = 1; id <= 500; id += 1) {
      const time = random.integer(1, 300);
      queue.add(time, id);
      times.push(time);
      if (!random.chance(0.3)) continue;
      times.sort((a, b) => a - b);
      expect(queue.earliest).to.equal(times.shift());
      queue.take();
    }
    for (const time of times.sort((a, b) => a - b)) {
      expect(queue.earliest).to.equal(time);
      queue.take();
    }
    expect([queue.size, queue.earliest]).to.deep.equal([0, undefined]);
  });
});

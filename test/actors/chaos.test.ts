/**
 * Seeded trouble: members trade while books and accounts throw, commits fail for good or for now, and answers are
 * lost. Whatever happens, every request is answered once and the money is exact. A failure is repeated by its seed.
 */
import { expect } from 'chai';
import type { MemberCommand } from '../../src/matching/order-commands.ts';
import { BUY, SELL, type Side } from '../../src/matching/types.ts';
import { audit } from '../support/audit.ts';
import { type BookFault, failingAccount, failingBook } from '../support/faults.ts';
import { buyOrder, cancelOrder, replaceOrder } from '../support/member-commands.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { type Member, openVenue, type Venue } from '../support/venue.ts';

const BLOCK_COUNT = 3;
const SEEDS_PER_BLOCK = 100;
const STEP_COUNT = 60;
const SYMBOLS = ['BTC-USD', 'ETH-USD'];

interface KnownOrder {
  readonly clOrdId: string;
  readonly symbol: string;
  readonly side: Side;
}

/** One member with what it has sent. */
interface Trader {
  readonly member: Member;
  readonly orders: KnownOrder[];
  sentCount: number;
}

class Chaos {
  readonly #random: Random;
  readonly #poisoned = new Set<string>();
  readonly #bookFaults: BookFault[] = [];
  readonly #judgeFaults: Record<string, number> = {};
  readonly #settleFaults: Record<string, number> = {};
  readonly #refuseFaults: Record<string, number> = {};
  #traders: Trader[] = [];
  #venue: Venue | undefined;
  #lastId = 0;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  get venue(): Venue {
    if (this.#venue === undefined) throw new Error('the venue is not open');
    return this.#venue;
  }

  get traders(): readonly Trader[] {
    return this.#traders;
  }

  async open(): Promise<void> {
    const wrapBook = failingBook(this.#bookFaults);
    this.#venue = await openVenue({
      wrapBook,
      createAccount: failingAccount({
        judge: this.#judgeFaults,
        settle: this.#settleFaults,
        refuse: this.#refuseFaults,
      }),
      limits: { incidentsToHalt: this.#random.chance(0.2) ? 3 : 1_000, bookStash: 20, accountStash: 20 },
      maxEventsPerCommit: this.#random.pick([2, 10, 1_000]),
    });
    this.venue.store.refuseWhen = (batch) =>
      batch.events.some((event) => event.type === 'OrderAccepted' && this.#poisoned.has(event.order.clOrdId));
    for (const userId of [1, 2, 3]) {
      this.#traders.push({ member: await this.venue.member(userId), orders: [], sentCount: 0 });
      for (const asset of ['USD', 'BTC', 'ETH']) await this.venue.deposit(userId, asset, '100');
    }
    await this.venue.settled();
  }

  async step(): Promise<void> {
    const { store, clock } = this.venue;
    const random = this.#random;
    switch (random.integer(0, 11)) {
      case 0:
        store.commitGate.close();
        break;
      case 1:
        store.commitGate.letOnePass();
        break;
      case 2:
        store.commitGate.open();
        break;
      case 3:
        if (random.chance(0.3)) store.loseNextAnswer();
        break;
      case 4:
        store.isAway = random.chance(0.2);
        break;
      case 5:
        clock.advance(random.integer(1, 500));
        break;
      case 6:
        if (random.chance(0.5)) store.loadGate.close();
        else store.loadGate.open();
        break;
      default:
        this.#send();
    }
    if (random.chance(0.5)) await this.venue.quiet();
  }

  /** Ends all trouble and waits until everything is answered. */
  async finish(): Promise<void> {
    const { store, clock } = this.venue;
    store.isAway = false;
    store.commitGate.open();
    store.loadGate.open();
    for (let round = 0; round < 10; round += 1) {
      await this.venue.quiet();
      clock.advance(1_000);
    }
    await this.venue.settled();
  }

  #send(): void {
    const trader = this.#random.pick(this.#traders);
    const commands = Array.from({ length: this.#random.integer(1, 6) }, () => this.#command(trader));
    trader.sentCount += commands.length;
    trader.member.send(...commands);
  }

  #command(trader: Trader): MemberCommand {
    const random = this.#random;
    const clOrdId = this.#newId();
    const mayBeRepeat = random.chance(0.1);
    const known = trader.orders.length > 0 ? random.pick(trader.orders.slice(-8)) : undefined;
    if (known === undefined || random.chance(0.6)) {
      const id = known !== undefined && random.chance(0.1) ? known.clOrdId : clOrdId;
      const symbol = random.pick(SYMBOLS);
      const side = random.chance(0.5) ? BUY : SELL;
      trader.orders.push({ clOrdId: id, symbol, side });
      const timeInForce = random.pick(['0', '0', '1', '3', '4'] as const);
      const changes = { symbol, side, timeInForce, mayBeRepeat };
      return buyOrder(id, `${random.integer(0, 20)}`, `0.0${random.integer(1, 9)}`, changes);
    }
    const { symbol, side } = known;
    const changes = { symbol, side, mayBeRepeat };
    if (random.chance(0.5)) return cancelOrder(clOrdId, known.clOrdId, changes);
    trader.orders.push({ clOrdId, symbol, side });
    return replaceOrder(
      clOrdId,
      known.clOrdId,
      `${random.integer(1, 25)}`,
      `0.0${random.integer(1, 9)}`,
      changes,
    );
  }

  /** A fresh ClOrdID, and now and then the trouble that it will make. */
  #newId(): string {
    const random = this.#random;
    this.#lastId += 1;
    const clOrdId = `c${this.#lastId}`;
    const times = random.chance(0.5) ? 1 : Number.POSITIVE_INFINITY;
    if (random.chance(0.02)) this.#poisoned.add(clOrdId);
    if (random.chance(0.02)) {
      this.#bookFaults.push({ clOrdId, when: random.pick(['before', 'after'] as const), times });
    }
    if (random.chance(0.02)) this.#judgeFaults[clOrdId] = times;
    if (random.chance(0.02)) this.#settleFaults[clOrdId] = 1;
    if (random.chance(0.01)) this.#refuseFaults[clOrdId] = 1;
    return clOrdId;
  }
}

/** One run from its seed. */
async function run(seed: number): Promise<void> {
  const chaos = new Chaos(seed);
  await chaos.open();
  for (let step = 0; step < STEP_COUNT; step += 1) await chaos.step();
  await chaos.finish();
  audit(chaos.venue);
  expect(chaos.venue.lostSymbols).to.deep.equal([]);
  for (const { member, sentCount } of chaos.traders) {
    const refused = member.refusals.flatMap(({ commands }) => commands.map((one) => one.msgSeqNum));
    const all = Array.from({ length: sentCount }, (_, index) => index + 1);
    const answered = [...member.answered, ...refused].sort((left, right) => left - right);
    expect(answered, `requests of ${member.userId}`).to.deep.equal(all);
  }
  chaos.venue.shutdown();
}

describe('venue in trouble', () => {
  for (let block = 0; block < BLOCK_COUNT; block += 1) {
    const first = block * SEEDS_PER_BLOCK + 1;
    const last = first + SEEDS_PER_BLOCK - 1;
    it(`answers every request once and keeps money exact (seeds ${first} to ${last})`, async () => {
      for (let seed = first; seed <= last; seed += 1) {
        try {
          await run(seed);
        } catch (error) {
          throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, {
            cause: error,
          });
        }
      }
    });
  }
});

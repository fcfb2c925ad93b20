/**
 * Seeded trouble: members trade while books and accounts throw, commits fail for good or for now, and answers are
 * lost. Whatever happens, every request is answered once and the money is exact. A failure is repeated by its seed.
 */
import { expect } from 'chai';
import type { MemberCommand, NewOrderSingle } from '../../src/matching/order-commands.ts';
import { type BookEvent, BUY, SELL, type Side } from '../../src/matching/types.ts';
import { audit } from '../support/audit.ts';
import { type BookFault, failingAccount, failingBook } from '../support/faults.ts';
import { buyOrder, cancelOrder, replaceOrder } from '../support/member-commands.ts';
import type { MemoryStore } from '../support/memory-store.ts';
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
  readonly #poisonedReports = new Set<string>();
  readonly #bookFaults: BookFault[] = [];
  readonly #judgeFaults: Record<string, number> = {};
  readonly #settleFaults: Record<string, number> = {};
  readonly #refuseFaults: Record<string, number> = {};
  readonly #massCanceledFaults: Record<string, number> = {};
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
        massCanceled: this.#massCanceledFaults,
      }),
      limits: {
        incidentsToHalt: this.#random.chance(0.2) ? 3 : 1_000,
        bookStash: 20,
        accountStash: 20,
        sweepPortion: this.#random.pick([1, 3, 1_000]),
      },
      maxEventsPerCommit: this.#random.pick([2, 10, 1_000]),
    });
    this.venue.store.refuseWhen = (batch) =>
      batch.events.some((event) => this.#isPoison(event)) ||
      batch.reports.some(
        (report) => report.type === 'OrderMassCancelReport' && this.#poisonedReports.has(report.clOrdId),
      );
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
        clock.advance(random.integer(1, 1_500));
        this.venue.tell({ type: 'exchange' }, { type: 'ExpireDue', upTo: clock.now() });
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
    if (random.chance(0.06)) return this.#massCancel(clOrdId, mayBeRepeat);
    const known = trader.orders.length > 0 ? random.pick(trader.orders.slice(-8)) : undefined;
    if (known !== undefined && random.chance(0.05)) return question(known);
    if (known === undefined || random.chance(0.6)) {
      const id = known !== undefined && random.chance(0.1) ? known.clOrdId : clOrdId;
      const symbol = random.pick(SYMBOLS);
      const side = random.chance(0.5) ? BUY : SELL;
      trader.orders.push({ clOrdId: id, symbol, side });
      const changes = { symbol, side, mayBeRepeat, ...this.#kind() };
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

  #massCancel(clOrdId: string, mayBeRepeat: boolean): MemberCommand {
    const random = this.#random;
    const symbol = random.pick([undefined, undefined, ...SYMBOLS]);
    const side = random.pick([undefined, undefined, BUY, SELL]);
    return { type: 'OrderMassCancelRequest', clOrdId, symbol, side, mayBeRepeat };
  }

  /** Mostly plain; else one of the kinds that only some orders are of. */
  #kind(): Partial<NewOrderSingle> {
    const random = this.#random;
    const price = (): string => `0.0${random.integer(1, 9)}`;
    switch (random.integer(0, 9)) {
      case 0:
        return { timeInForce: '6', expireTime: this.venue.clock.now() + random.integer(1, 5_000) };
      case 1:
        return { timeInForce: '1', ordType: '4', stopPx: price() };
      case 2:
        return { timeInForce: '0', ordType: '3', price: undefined, stopPx: price() };
      case 3:
        return { timeInForce: '1', execInst: '6' };
      case 4:
        return {
          timeInForce: '1',
          maxFloor: '1',
          selfTradePrevention: random.pick(['Decrement', 'CancelOldest']),
        };
      default:
        return { timeInForce: random.pick(['0', '0', '1', '3', '4'] as const) };
    }
  }

  #isPoison(event: BookEvent): boolean {
    if (event.type === 'OrderAccepted') return this.#poisoned.has(event.order.clOrdId);
    return event.type === 'OrderCanceled' && this.#poisoned.has(event.requestClOrdId ?? '');
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
    if (random.chance(0.1)) this.#massCanceledFaults[clOrdId] = times;
    if (random.chance(0.05)) this.#poisonedReports.add(clOrdId);
    return clOrdId;
  }
}

/** H about one order, or AF about all. */
function question({ clOrdId, symbol, side }: KnownOrder): MemberCommand {
  if (clOrdId.endsWith('3')) {
    const all = { symbol: undefined, side: undefined } as const;
    return { type: 'OrderMassStatusRequest', massStatusReqId: clOrdId, ...all };
  }
  return { type: 'OrderStatusRequest', clOrdId, orderId: undefined, symbol, side, ordStatusReqId: undefined };
}

/** Each report of a mass cancel counts what its books have canceled for it, but for books that it waited for in vain. */
function auditMassCancels({ reports, events }: MemoryStore): void {
  for (const report of reports) {
    if (report.type !== 'OrderMassCancelReport' || report.massCancelRejectReason !== undefined) continue;
    const { clOrdId, totalAffectedOrders, unanswered } = report;
    const canceled = events.filter(
      (event) => event.type === 'OrderCanceled' && event.requestClOrdId === clOrdId,
    );
    if (unanswered.length === 0) expect(totalAffectedOrders, clOrdId).to.equal(canceled.length);
    else expect(totalAffectedOrders, clOrdId).to.be.at.most(canceled.length);
  }
}

/** One run from its seed. */
async function run(seed: number): Promise<void> {
  const chaos = new Chaos(seed);
  await chaos.open();
  for (let step = 0; step < STEP_COUNT; step += 1) await chaos.step();
  await chaos.finish();
  audit(chaos.venue);
  auditMassCancels(chaos.venue.store);
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

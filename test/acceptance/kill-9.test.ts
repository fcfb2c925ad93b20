/**
 * `kill -9` of the real process and of its Postgres, while two members trade at speed over sockets: nothing that
 * was acknowledged is lost, nothing is there twice, the money adds up, and each member is told everything.
 */
import { expect } from 'chai';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { systemClock } from '../../src/platform/clock.ts';
import {
  burst,
  cancelOf,
  identityOf,
  newOrder,
  openMarket,
  RandomTrader,
  SYMBOLS,
  WINDOW,
} from '../support/market-day.ts';
import { auditMember, hasHeardAll } from '../support/member-audit.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { expectReconciled } from '../support/reconciled.ts';
import { RecordingMember } from '../support/recording-member.ts';
import { until } from '../support/until.ts';
import { embeddedUrl, newDataDir, removeVenue, VenueProcess, withRows } from '../support/venue-process.ts';
import { auditRows, type OrderRow, readVenueRows, type VenueRows } from '../support/venue-rows.ts';

/** Small, so that a burst needs several blocks of numbers. */
const RESERVED_SEQ_NUMS = 128;
const LIMITS = { reservedSeqNums: RESERVED_SEQ_NUMS };
const REQUESTS_PER_BURST = 300;
const SEED = 20_261_122;

/** When the process is killed. */
interface Moment {
  readonly when: string;
  readonly isDue: (burst: BurstProgress) => boolean;
  /** The members have lost what they sent, and repeat what was not answered with 97=Y. */
  readonly forgetful?: boolean;
}

interface BurstProgress {
  readonly sent: number;
  readonly heard: number;
  readonly elapsedMs: number;
}

const MOMENTS: readonly Moment[] = [
  { when: 'before anything is answered', isDue: ({ sent }) => sent >= 1 },
  { when: 'after 40 requests', isDue: ({ sent }) => sent >= 40, forgetful: true },
  { when: 'at the first report', isDue: ({ heard }) => heard >= 1 },
  { when: 'after 30 reports', isDue: ({ heard }) => heard >= 30, forgetful: true },
  { when: 'after 150 reports', isDue: ({ heard }) => heard >= 150 },
  { when: 'after 350 reports', isDue: ({ heard }) => heard >= 350, forgetful: true },
  { when: 'after 25 ms', isDue: ({ elapsedMs }) => elapsedMs >= 25 },
  { when: 'after 60 ms', isDue: ({ elapsedMs }) => elapsedMs >= 60, forgetful: true },
  { when: 'after 130 ms', isDue: ({ elapsedMs }) => elapsedMs >= 130 },
  { when: 'after 600 requests', isDue: ({ sent }) => sent >= 600 },
];

describe('A venue under kill -9', function () {
  this.timeout(90_000);

  const random = randomFrom(SEED);
  const traders = ['alice', 'bob'].map((name, i) => new RandomTrader(identityOf(name, i + 1), random));
  const members = traders.map(({ member }) => member);
  let dataDir: string;
  let venue: VenueProcess;
  let lastBarrierNo = 0;
  let hasFailed = false;

  before(async () => {
    dataDir = await newDataDir();
    venue = await VenueProcess.start(dataDir, { limits: LIMITS });
    const sweeper = identityOf('carol', 3);
    await openMarket(venue, [...members.map(({ identity }) => identity), sweeper]);
    await connectAll();
  });

  beforeEach('each round begins where the one before ended', () => {
    expect(hasFailed, 'whether a round before has failed').to.equal(false);
  });

  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    hasFailed = true;
    const events = venue.errorLines.filter((line) => !line.includes('"clOrdId"'));
    process.stderr.write(`the end of the venue's log:\n${events.slice(-40).join('\n')}\n`);
  });

  after(() => removeVenue(dataDir));

  for (const moment of MOMENTS) {
    it(`loses nothing and invents nothing when it dies ${moment.when}`, async () => {
      await tradeUntil(moment.isDue, () => venue.kill());
      for (const member of members) member.keepsWhatItSent = !moment.forgetful;
      await restart();
      await settle();
      await audit();
    });
  }

  it('loses nothing when it dies again while members are still catching up', async () => {
    await tradeUntil(
      ({ heard }) => heard >= 60,
      () => venue.kill(),
    );
    venue = await VenueProcess.start(dataDir, { limits: LIMITS });
    await connectAll();
    await venue.kill();
    await restart();
    await settle();
    await audit();
  });

  it('repeats under old numbers what a member did not hear before the crash', async () => {
    const [alice] = members;
    const repeats = (): number =>
      alice?.heard.filter(({ message }) => message.get(TAG.PossDupFlag) === 'Y').length ?? 0;
    const before = repeats();
    await trade(({ heard }) => {
      if (heard >= 20) alice?.stopListening();
      return heard >= 200;
    });
    await until('messages that are stored and were not heard', async () => {
      return (await lastStoredSeqNum(1001)) > (alice?.lastSeqNum ?? 0);
    });
    await tradeUntil(
      ({ heard }) => heard >= 50,
      async () => {
        alice?.cut();
        await venue.kill();
      },
    );
    await restart(alice);
    await settle();
    await audit();
    expect(repeats(), 'reports with 43=Y').to.be.above(before);
  });

  it('goes on by itself when its Postgres is killed, with every session up', async () => {
    const connections = members.map(({ connectionNo }) => connectionNo);
    const postmaster = await venue.postgresPid();
    let isKilled = false;
    await trade(
      ({ heard }) => {
        if (heard >= 100 && !isKilled) {
          isKilled = true;
          process.kill(postmaster, 'SIGKILL');
        }
        return false;
      },
      // From then on they send without waiting for anything.
      { windowNow: () => (isKilled ? REQUESTS_PER_BURST : WINDOW) },
    );
    expect(isKilled, 'whether Postgres was killed during the burst').to.equal(true);
    await settle();
    expect(await venue.postgresPid(), 'another Postgres').not.to.equal(postmaster);
    await trade(() => false);
    await settle();
    await audit();
    expect(members.map(({ connectionNo }) => connectionNo)).to.deep.equal(connections);
    expect(members.every(({ isOn }) => isOn)).to.equal(true);
  });

  it('loses nothing when it and its Postgres die at once', async () => {
    const postmaster = await venue.postgresPid();
    await tradeUntil(
      ({ heard }) => heard >= 120,
      async () => {
        process.kill(postmaster, 'SIGKILL');
        await venue.kill();
      },
    );
    await restart();
    await settle();
    await audit();
  });

  it('has the book that the rows say: it trades in price-time order and can be emptied', async () => {
    const before = await rowsNow();
    const sweeper = new RecordingMember(identityOf('carol', 3));
    await sweeper.connect(venue.fixPort);
    const expected: string[] = [];
    for (const [no, symbol] of SYMBOLS.entries()) {
      const bids = sortedSide(before, symbol, '1');
      const asks = sortedSide(before, symbol, '2');
      expect(bids.length + asks.length, `open orders of ${symbol}`).to.be.above(5);
      for (const [side, resting] of [
        ['2', bids],
        ['1', asks],
      ] as const) {
        const half = resting.slice(0, Math.ceil(resting.length / 2));
        if (half.length === 0) continue;
        const lots = half.reduce((sum, order) => sum + order.remainingQuantity, 0n) / LOT;
        sweeper.ask(
          MSG_TYPE.NewOrderSingle,
          newOrder({
            clOrdId: `sweep-${no}-${side}`,
            symbol,
            side,
            orderQty: `${lots / 1000n}.${(lots % 1000n).toString().padStart(3, '0')}`,
            price: side === '2' ? '0.01' : '1000.00',
            timeInForce: '3',
          }),
        );
        for (const order of half) {
          expected.push(`${order.id} ${order.price} ${order.remainingQuantity}`);
        }
      }
    }
    await until('the sweep', () => sweeper.unanswered.length === 0);
    const known = new Set(before.trades.map(({ id }) => id));
    const after = await rowsNow();
    const swept = after.trades.filter(({ id }) => !known.has(id)).sort((a, b) => Number(a.id) - Number(b.id));
    expect(
      swept.map(({ makerOrderId, price, quantity }) => `${makerOrderId} ${price} ${quantity}`),
    ).to.have.members(expected);
    for (const symbol of SYMBOLS) {
      const makers = swept.filter((trade) => trade.symbol === symbol).map(({ makerOrderId }) => makerOrderId);
      const inOrder = expected.map((line) => line.split(' ')[0]).filter((id) => makers.includes(id ?? ''));
      expect(makers, `makers of ${symbol} in price-time order`).to.deep.equal(inOrder);
    }

    for (const order of after.orders) {
      if (!order.isOpen) continue;
      const owner = members.find(({ identity }) => after.userIds.get(identity.senderCompId) === order.userId);
      owner?.ask(
        MSG_TYPE.OrderCancelRequest,
        cancelOf(`end-${order.id}`, order.clOrdId, order.symbol, order.side),
      );
    }
    await settle();
    const atLast = await audit();
    // What is proved above is worth something only if there was something to lose.
    const heard = members.flatMap((member) => member.heard.map(({ message }) => message));
    expect(atLast.trades.length, 'trades').to.be.above(500);
    expect(heard.filter((message) => message.get(TAG.PossResend) === 'Y').length, '97=Y').to.be.above(100);
    auditMember(sweeper, atLast);
    expect(atLast.orders.filter(({ isOpen }) => isOpen)).to.deep.equal([]);
    expect(atLast.balances.filter(({ held }) => held !== 0n)).to.deep.equal([]);
    await Promise.all([...members, sweeper].map((member) => member.logout()));
    expect(await venue.stop()).to.deep.equal({ code: 0, signal: null });
  });

  async function connectAll(): Promise<void> {
    await Promise.all(members.map((member) => member.connect(venue.fixPort)));
  }

  /** Trades until the moment has come, and kills in the middle of it. */
  async function tradeUntil(isDue: Moment['isDue'], kill: () => Promise<void>): Promise<void> {
    let killed: Promise<void> | undefined;
    const isOver = (progress: BurstProgress): boolean => {
      if (killed === undefined && isDue(progress)) killed = kill();
      return killed !== undefined;
    };
    await trade(isOver, { count: Number.MAX_SAFE_INTEGER });
    await killed;
    await Promise.all(members.map((member) => member.untilCut()));
  }

  /** Both members send requests as fast as they are answered, until `isOver` or all are sent. */
  async function trade(
    isOver: (progress: BurstProgress) => boolean,
    { count = REQUESTS_PER_BURST, windowNow }: { count?: number; windowNow?: () => number } = {},
  ): Promise<void> {
    const startedAt = systemClock.now();
    const sentBefore = countOf((member) => member.requests.size);
    const heardBefore = countOf((member) => member.heard.length);
    const isOverNow = (): boolean =>
      isOver({
        sent: countOf((member) => member.requests.size) - sentBefore,
        heard: countOf((member) => member.heard.length) - heardBefore,
        elapsedMs: systemClock.now() - startedAt,
      });
    // Looks more often than requests are sent, so that the moment is where it should be.
    const stopLooking = systemClock.every(1, isOverNow);
    try {
      await burst(traders, count, random, isOverNow, windowNow);
    } finally {
      stopLooking();
    }
  }

  function countOf(count: (member: RecordingMember) => number): number {
    return members.reduce((sum, member) => sum + count(member), 0);
  }

  /** Starts on the same data directory; the members come back with their numbers. */
  async function restart(deaf?: RecordingMember): Promise<void> {
    venue = await VenueProcess.start(dataDir, { limits: LIMITS });
    await connectAll();
    for (const member of members) {
      // What it did not listen to had numbers too.
      if (member === deaf) continue;
      const jump = member.jumps.at(-1)?.skipped ?? 0;
      expect(jump, `numbers that ${member.identity.username} never saw`).to.be.within(0, RESERVED_SEQ_NUMS);
    }
  }

  /** Waits until every request is answered, every gap is filled and everything owed has been told. */
  async function settle(): Promise<void> {
    for (const member of members) {
      if (!member.keepsWhatItSent) {
        await until('the gap fill', () => member.hasNoGap);
        member.repeatUnanswered();
      }
    }
    await until(
      'answers to everything',
      () => members.every((member) => member.unanswered.length === 0),
      30_000,
    );
    for (const member of members) repeatSome(member, random);
    // An account answers in order: once this is answered, so are the repeats.
    for (const member of members) {
      lastBarrierNo += 1;
      const barrier = cancelOf(`barrier-${lastBarrierNo}`, 'no such order', SYMBOLS[0], '1');
      member.ask(MSG_TYPE.OrderCancelRequest, barrier);
    }
    await until('the barrier', () => members.every((member) => member.unanswered.length === 0));
    await until('everything that is owed', async () => {
      const rows = await rowsNow();
      return members.every((member) => member.hasNoGap && hasHeardAll(member, rows));
    }).catch(() => {
      // The audit says what is missing.
    });
  }

  async function audit(): Promise<VenueRows> {
    const rows = await rowsNow();
    auditRows(rows);
    await expectReconciled(await embeddedUrl(dataDir));
    for (const member of members) auditMember(member, rows);
    return rows;
  }

  async function lastStoredSeqNum(senderCompId: number): Promise<number> {
    const statement = 'select max(last_seq) as last from fix_messages where sender_comp_id = $1';
    const url = await embeddedUrl(dataDir);
    const { rows } = await withRows(url, (client) =>
      client.query<{ last: string }>(statement, [senderCompId]),
    );
    return Number(rows[0]?.last);
  }

  async function rowsNow(): Promise<VenueRows> {
    return withRows(await embeddedUrl(dataDir), readVenueRows);
  }
});

/** Units of one lot, 0.001. */
const LOT = 10n ** 15n;

/** A member that is not sure may repeat what was answered long ago: it must not become a second order. */
function repeatSome(member: RecordingMember, random: Random): void {
  const { settled } = member;
  for (let i = 0; i < 3 && settled.length > 0; i += 1) member.repeat(random.pick(settled));
}

/** Open orders of one side, the next to trade first. */
function sortedSide(rows: VenueRows, symbol: string, side: '1' | '2'): OrderRow[] {
  const better = (a: OrderRow, b: OrderRow): number => {
    if (a.price === b.price) return a.priority - b.priority;
    return a.price > b.price === (side === '1') ? -1 : 1;
  };
  return rows.orders
    .filter((order) => order.isOpen && order.symbol === symbol && order.side === side)
    .sort(better);
}

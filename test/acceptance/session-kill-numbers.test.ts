/**
 * `kill -9` while numbers change hands: at a Logon, at a Logout, at ResetOnLogout and at 141=Y. Whatever the member
 * believes of its numbers afterwards, it gets on without an operator, and what was executed meanwhile reaches it.
 */
import { expect } from 'chai';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { KillableMarket, type Mark, marksOf, RESERVED_SEQ_NUMS } from '../support/killable-market.ts';
import { endsSessionOf, type HoldPoint, opensSessionOf, storesMessages } from '../support/postgres-gate.ts';
import type { StrictMember } from '../support/strict-member.ts';
import { until } from '../support/until.ts';

/** An end of the transaction that changes the numbers, and what follows for a member with undelivered reports. */
interface Moment {
  readonly when: string;
  readonly point: HoldPoint;
  readonly fill: Mark;
  readonly isNumberExact: boolean;
}

const AT_LOGON: readonly Moment[] = [
  { when: 'before its session is opened', point: 'before COMMIT', fill: 'as new', isNumberExact: true },
  // The venue cannot know that it died before it said anything.
  { when: 'when its session is open', point: 'after COMMIT', fill: 'with 97=Y', isNumberExact: false },
];
const AT_LOGOUT: readonly Moment[] = [
  { when: 'before the end is stored', point: 'before COMMIT', fill: 'with 97=Y', isNumberExact: false },
  { when: 'when the end is stored', point: 'after COMMIT', fill: 'as new', isNumberExact: true },
];

/** Members that want new numbers, and what they will believe when nobody has answered. */
const RESETTERS = [
  { name: 'rita', isAway: true, believesInReset: false },
  { name: 'rosa', isAway: true, believesInReset: true },
  { name: 'rolf', isAway: false, believesInReset: false },
  { name: 'ruth', isAway: false, believesInReset: true },
] as const;

/** How far the venue has come with a 141=Y. */
interface ResetMoment {
  readonly when: string;
  /** Undefined: the answers are on the wire, and what follows them is not stored. */
  readonly point: HoldPoint | undefined;
  readonly isCut: boolean;
  /** Members whose bid was hit while they were away, and how they are told of it in the end. */
  readonly hit: readonly string[];
  readonly fill: Mark;
}

const AT_RESET: readonly ResetMoment[] = [
  {
    when: 'before the numbers are cut',
    point: 'before COMMIT',
    isCut: false,
    hit: ['rita', 'rosa'],
    fill: 'as new',
  },
  {
    when: 'when the numbers are cut, and before the answer',
    point: 'after COMMIT',
    isCut: true,
    hit: ['rita', 'rosa'],
    fill: 'with 97=Y',
  },
  { when: 'when the answer is on its way', point: undefined, isCut: true, hit: ['rosa'], fill: 'with 97=Y' },
];

describe('Numbers under kill -9', function () {
  this.timeout(30_000);

  let market: KillableMarket;
  let alice: StrictMember;
  let bob: StrictMember;
  let resetters: readonly StrictMember[];
  let hasFailed = false;

  before(async () => {
    const names = ['alice', 'bob', 'olga', ...RESETTERS.map(({ name }) => name)];
    market = await KillableMarket.open(Object.fromEntries(names.map((name) => [name, 'FIX.4.4'])));
    await market.query("update users set reset_on_logout = true where username = 'olga'");
    [alice, bob] = [market.member('alice'), market.member('bob')];
    resetters = RESETTERS.map(({ name }) => market.member(name));
  });

  beforeEach('each round begins where the one before ended', () => {
    expect(hasFailed, 'whether a round before has failed').to.equal(false);
  });

  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    hasFailed = true;
    process.stderr.write(`the end of the venue's log:\n${market.venue.errorLines.slice(-30).join('\n')}\n`);
  });

  after(() => market.close());

  for (const { when, point, fill, isNumberExact } of AT_LOGON) {
    it(`are used once when it is killed at a Logon, ${when}`, async () => {
      const hit = await leaveBid(bob);
      await hit();
      const before = bob.reports.length;
      const expectedSeqNum = bob.expectedSeqNum;
      const hold = market.database.hold(point, opensSessionOf(bob.senderCompId));
      await bob.beginConnect(market.fixPort);
      await until('the session to be opened', () => hold.count === 1);
      await market.killAndRestart();
      expect(bob.arrivalsNow, 'what bob heard of it').to.deep.equal([]);
      await returnAndAudit(bob);
      expect(firstNumber(bob)).to.equal(expectedSeqNum + (isNumberExact ? 0 : RESERVED_SEQ_NUMS + 1));
      expect(marksOf(bob.reports.slice(before))).to.deep.equal([fill]);
    });
  }

  for (const { when, point, fill, isNumberExact } of AT_LOGOUT) {
    it(`are used once when it is killed after it has answered a Logout, ${when}`, async () => {
      const hold = market.database.hold(point, endsSessionOf(bob.senderCompId));
      const hit = await leaveBid(bob);
      await until('the end of the session', () => hold.count === 1);
      expect(bob.arrivalsNow.at(-1)?.msgType, 'the last that bob heard').to.equal(MSG_TYPE.Logout);
      const before = bob.reports.length;
      const expectedSeqNum = bob.expectedSeqNum;
      await market.killAndRestart();
      await hit();
      await returnAndAudit(bob);
      expect(firstNumber(bob) === expectedSeqNum, 'the venue goes on where it was').to.equal(isNumberExact);
      expect(marksOf(bob.reports.slice(before))).to.deep.equal([fill]);
    });

    it(`go back to 1 after a Logout where that is agreed, killed ${when}`, async () => {
      const olga = market.member('olga');
      const hold = market.database.hold(point, endsSessionOf(olga.senderCompId));
      const hit = await leaveBid(olga);
      await until('the end of the session', () => hold.count === 1);
      olga.beginAnew();
      const before = olga.reports.length;
      await market.killAndRestart();
      await hit();
      await market.comeBack([olga]);
      // It has been answered, so it is right either way; 141=Y is not agreed and not needed.
      expect(olga.disagreements).to.deep.equal([]);
      expect(olga.arrivalsNow[0]?.get(TAG.ResetSeqNumFlag)).to.equal(undefined);
      expect(firstNumber(olga)).to.equal(1);
      await market.settle([alice, olga]);
      await market.audit([alice, olga]);
      expect(marksOf(olga.reports.slice(before))).to.deep.equal([fill]);
    });
  }

  for (const moment of AT_RESET) {
    it(`are agreed on again when it is killed at 141=Y, ${moment.when}`, async () => {
      // Far above what a crash skips, so that this one must see the venue's number as too low.
      await lengthenHistory(market.member('rolf'));
      for (const { name, isAway } of RESETTERS) {
        if (!isAway) continue;
        const hit = await leaveBid(market.member(name));
        if (moment.hit.includes(name)) await hit();
      }
      await market.comeBack(resetters.filter((_, no) => RESETTERS[no]?.isAway === false));
      await market.settle(resetters.filter(({ isOn }) => isOn));
      const before = new Map(resetters.map((member) => [member, member.reports.length]));

      await askForResets(moment);
      await market.killAndRestart();
      // Nothing on the wire says so, but from here on the venue's numbers are others.
      if (moment.point === 'after COMMIT') for (const { gate } of resetters) gate.beginLife();
      await returnWithBeliefs(moment);
      for (const member of resetters) member.askAtOnce([market.order('1', '1', '1.00')]);
      await market.settle([alice, ...resetters]);
      await market.audit([alice, ...resetters]);
      for (const member of resetters) {
        const { username } = member.identity;
        const fills = moment.hit.includes(username) ? [moment.fill] : [];
        const heard = marksOf(member.reports.slice(before.get(member)));
        expect(heard, username).to.deep.equal([...fills, 'as new']);
      }
    });
  }

  it('end in order', async () => {
    const members = [alice, bob, market.member('olga'), ...resetters];
    await market.comeBack(members);
    await market.settle(members);
    await market.audit(members);
    await Promise.all(members.map((member) => member.logout()));
    await market.stop();
  });

  /** All of them ask for new numbers, at a Logon or in mid-session; ends when the venue has come to the moment. */
  async function askForResets({ point }: ResetMoment): Promise<void> {
    const compIds = resetters.map(({ senderCompId }) => senderCompId);
    const hold =
      point === undefined
        ? market.database.hold('before COMMIT', storesMessages())
        : market.database.hold(point, opensSessionOf(...compIds));
    // Those that are on come first: the last one's fill is what cannot be stored any more.
    for (const member of [...resetters].sort((a, b) => Number(b.isOn) - Number(a.isOn))) {
      const asking = member.isOn
        ? member.askForReset()
        : member.beginConnect(market.fixPort, { reset: true });
      member.gate.holdAfter(0);
      await asking;
      if (point === undefined) await until('the answer on the wire', () => member.gate.heldCount > 0);
    }
    const heldCount = point === undefined ? 1 : resetters.length;
    await until('the transactions', () => hold.count === heldCount);
  }

  /** Those whose belief is right come back at once, the others after being told so. */
  async function returnWithBeliefs({ isCut }: ResetMoment): Promise<void> {
    for (const [no, member] of resetters.entries()) {
      member.disagreements.length = 0;
      member.assumeReset(RESETTERS[no]?.believesInReset === true);
    }
    await market.comeBack([alice, ...resetters]);
    for (const [no, member] of resetters.entries()) {
      const { disagreements, identity } = member;
      if (RESETTERS[no]?.believesInReset === isCut)
        expect(disagreements, identity.username).to.deep.equal([]);
      else expect(disagreements.length, `refusals of ${identity.username}`).to.be.within(0, 1);
    }
  }

  /** The member logs out with a bid in the book. Returns what makes alice hit it. */
  async function leaveBid(member: StrictMember): Promise<() => Promise<void>> {
    await market.comeBack([alice, member]);
    const price = market.newPrice();
    member.askAtOnce([market.order('1', '1', price)]);
    await market.settle([member]);
    await member.logout();
    return async () => {
      await market.comeBack([alice]);
      alice.askAtOnce([market.order('2', '1', price)]);
      await market.settle([alice]);
    };
  }

  async function returnAndAudit(member: StrictMember): Promise<void> {
    await market.comeBack([alice, member]);
    expect(member.disagreements).to.deep.equal([]);
    await market.settle([alice, member]);
    await market.audit([alice, member]);
  }

  async function lengthenHistory(member: StrictMember): Promise<void> {
    await market.comeBack([member]);
    const orders = Array.from({ length: 2 * RESERVED_SEQ_NUMS }, () => market.order('1', '1', '1.00'));
    member.askAtOnce(orders);
    await market.settle([member]);
  }
});

/** MsgSeqNum (34) of the first message on the member's connection. */
function firstNumber(member: StrictMember): number | undefined {
  return member.arrivalsNow[0]?.msgSeqNum;
}

/**
 * `kill -9` in the middle of a long resend, and again in the middle of the next: the member asks from where it got
 * to, and hears under every number the message that it stood for in the first place.
 */
import { expect } from 'chai';
import type { FixMessage } from '../../src/fix/message.ts';
import { TAG } from '../../src/fix/tags.ts';
import { KillableMarket } from '../support/killable-market.ts';
import { readsMessagesOf } from '../support/postgres-gate.ts';
import type { StrictMember } from '../support/strict-member.ts';
import { until } from '../support/until.ts';

const ORDER_COUNT = 3_000;
/** Small, so that it takes many reads of the rows. */
const RESEND_PORTION = 128;
const LIMITS = { resendPortion: RESEND_PORTION, reservedSeqNums: 1_024 };
/** Orders that are sent in one write. */
const LOT_SIZE = 250;
/** What a slow reader has read when the venue dies for the first time: in the middle of a portion. */
const READ_AT_FIRST = 5 * RESEND_PORTION + 17;
/** Portions that went out in the second resend before the venue dies again. */
const PORTIONS_AT_SECOND = 4;

describe('A resend under kill -9', function () {
  this.timeout(30_000);

  let market: KillableMarket;
  let dora: StrictMember;
  let alice: StrictMember;

  before(async () => {
    market = await KillableMarket.open({ dora: 'FIX.4.4', alice: 'FIX.4.4' }, LIMITS);
    [dora, alice] = [market.member('dora'), market.member('alice')];
  });

  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    process.stderr.write(`the end of the venue's log:\n${market.venue.errorLines.slice(-30).join('\n')}\n`);
  });

  after(() => market.close());

  it('is taken up where the member got to, with the same bodies under the same numbers, twice', async () => {
    const members = [dora, alice];
    await market.comeBack(members);
    const price = await trade();
    const first = new Map(dora.reports.map((report) => [report.msgSeqNum ?? 0, report]));
    expect(first.size, 'reports that are stored').to.be.above(ORDER_COUNT);
    await dora.logout();
    dora.forgetAll();

    // It reads slowly: the venue has said more than it has heard.
    const connecting = dora.beginConnect(market.fixPort);
    dora.gate.stallAfter(READ_AT_FIRST);
    await connecting;
    await until('a reader that is in the middle', () => dora.expectedSeqNum > READ_AT_FIRST / 2);
    await until('more than it reads', () => dora.gate.heldCount > 0);
    const gotTo = dora.expectedSeqNum;
    expect(gotTo, 'how far it got').to.be.below(ORDER_COUNT);
    // What is executed meanwhile comes in its turn.
    alice.askAtOnce([market.order('2', '1', price)]);
    await until('the fill', () => alice.unanswered.length === 0);
    await market.killAndRestart();

    // The next portion has been read from the rows and is not sent.
    const hold = market.database.hold('after COMMIT', readsMessagesOf(dora.senderCompId), PORTIONS_AT_SECOND);
    await market.comeBack([alice]);
    await dora.beginConnect(market.fixPort);
    await until('a portion of the second resend', () => hold.count === 1);
    await until('those before it', () => dora.expectedSeqNum > gotTo + RESEND_PORTION);
    const gotToAgain = dora.expectedSeqNum;
    expect(gotToAgain, 'how far it got').to.be.below(ORDER_COUNT);
    alice.askAtOnce([market.order('2', '1', price)]);
    await until('the fill', () => alice.unanswered.length === 0);
    await market.killAndRestart();

    await market.comeBack(members);
    await market.settle(members);
    await market.audit(members);
    expect(dora.disagreements).to.deep.equal([]);
    expectSameMessages(first);
    const asked = dora.gate.wire.filter((message) => message.get(TAG.PossDupFlag) === 'Y');
    expect(asked.length, 'repeats on the wire').to.be.above(ORDER_COUNT);
    await Promise.all(members.map((member) => member.logout()));
    await market.stop();
  });

  /** Thousands of reports, all of them heard. Returns the price of a bid that goes on resting. */
  async function trade(): Promise<string> {
    for (let sent = 0; sent < ORDER_COUNT; sent += LOT_SIZE) {
      dora.askAtOnce(Array.from({ length: LOT_SIZE }, () => market.order('1', '0.001', '1.00')));
    }
    const price = market.newPrice();
    const bid = market.order('1', '5', price);
    dora.askAtOnce([bid, market.replace(bid, '6'), market.cancel(market.order('1', '1', '1.00'))]);
    await until('the reports', () => dora.unanswered.length === 0);
    alice.askAtOnce([market.order('2', '1', price)]);
    await market.settle([dora, alice]);
    return price;
  }

  function expectSameMessages(first: ReadonlyMap<number, FixMessage>): void {
    const again = new Map<number, FixMessage>();
    for (const report of dora.reports) {
      if (first.has(report.msgSeqNum ?? 0)) again.set(report.msgSeqNum ?? 0, report);
    }
    expect([...again.keys()], 'numbers that came again').to.deep.equal([...first.keys()]);
    for (const [seqNum, report] of again) {
      const original = first.get(seqNum);
      expect(report.get(TAG.PossDupFlag), `43 of ${seqNum}`).to.equal('Y');
      expect(report.get(TAG.OrigSendingTime), `122 of ${seqNum}`).to.equal(original?.get(TAG.SendingTime));
      expect(bodyOf(report), `body of ${seqNum}`).to.equal(original && bodyOf(original));
    }
  }
});

const HEADER_AND_TRAILER: ReadonlySet<number> = new Set([
  TAG.BeginString,
  TAG.BodyLength,
  TAG.CheckSum,
  TAG.PossDupFlag,
  TAG.SendingTime,
  TAG.OrigSendingTime,
]);

function bodyOf(message: FixMessage): string {
  const fields: string[] = [];
  for (let index = 0; index < message.fieldCount; index += 1) {
    const tag = message.tagAt(index);
    if (!HEADER_AND_TRAILER.has(tag)) fields.push(`${tag}=${message.valueAt(index)}`);
  }
  return fields.join('|');
}

/**
 * What two members with QuickFIX live through, in one version over one transport: a trading day with everything that
 * can happen to an order, lost connections, crashes of either side, and the numbers of both kept all along.
 */
import { join } from 'node:path';
import { expect } from 'chai';
import { MSG_TYPE, TAG } from '../../../src/fix/tags.ts';
import { APPL_VER_ID_50SP2, FIX_VERSIONS, type FixVersion } from '../../../src/fix/version.ts';
import { identityOf } from '../../support/market-day.ts';
import { until } from '../../support/until.ts';
import { contentOf, type Message, type Order, QuickFixMember, textOf } from './quickfix-member.ts';
import { HEART_BT_INT_S, type QuickFixVenue } from './quickfix-venue.ts';
import type { OwnValues } from './settings.ts';
import { TRANSPORTS, type Transport } from './transports.ts';

/** What all conversations share; there when the first test begins. */
export interface Surroundings {
  /** The compiled client. */
  readonly program: string;
  readonly directory: string;
  readonly venue: QuickFixVenue;
}

/** Defines the tests of one conversation. */
export function describeConversation(
  version: FixVersion,
  transport: Transport,
  surroundings: () => Surroundings,
): void {
  const no = FIX_VERSIONS.indexOf(version) * TRANSPORTS.length + TRANSPORTS.indexOf(transport);
  const symbol = `QF${no}-USD`;
  let venue: QuickFixVenue;
  let alice: QuickFixMember;
  let bob: QuickFixMember;
  let hasFailed = false;
  let provokedCount = 0;

  const settings = (member: QuickFixMember, changes?: OwnValues): Promise<string> =>
    venue.settingsFor(member, version, transport, changes);
  const newMember = (username: string, memberNo: number): QuickFixMember => {
    const { directory, program } = surroundings();
    const identity = identityOf(`${username}-${no}`, 10 * no + memberNo);
    const home = join(directory, identity.username);
    return new QuickFixMember({ identity, program, transport, directory: home });
  };

  before(async () => {
    venue = surroundings().venue;
    alice = newMember('alice', 1);
    bob = newMember('bob', 2);
    await venue.openMarket(symbol, [alice.identity, bob.identity]);
    for (const member of [alice, bob]) await member.start(await settings(member));
  });

  after(async () => {
    await Promise.all([alice?.stop(), bob?.stop()]);
  });

  beforeEach('each part goes on where the one before ended', () => {
    expect(hasFailed, 'whether one before has failed').to.equal(false);
  });

  afterEach('nobody rejects what nobody provoked', function () {
    hasFailed = this.currentTest?.state === 'failed';
    for (const member of [alice, bob]) {
      expect(member.complaints, `what the engine of ${member.identity.username} did not like`).to.deep.equal(
        [],
      );
    }
    const rejects = [...alice.rejects, ...bob.rejects];
    expect(rejects.map(textOf), 'Rejects by the venue').to.have.length(provokedCount);
  });

  it('log on with name and password', async () => {
    await Promise.all([alice.logon(), bob.logon()]);
    const answer = alice.wire('received', MSG_TYPE.Logon)[0];
    expect(answer?.get(TAG.HeartBtInt)).to.equal(String(HEART_BT_INT_S));
    expect(answer?.get(TAG.EncryptMethod)).to.equal('0');
    const applVerId = version === 'FIX.5.0SP2' ? APPL_VER_ID_50SP2 : undefined;
    expect(answer?.get(TAG.DefaultApplVerID)).to.equal(applVerId);
  });

  const offer: Order = { clOrdId: 's-1', symbol, side: '2', orderQty: '2', price: '100.25' };
  const bid: Order = { clOrdId: 'b-1', symbol, side: '1', orderQty: '0.5', price: '101' };

  it('rest an order in the book', async () => {
    bob.order(offer);
    const report = await bob.next();
    expect(factsOf(report)).to.deep.equal({ id: 's-1', type: '0', status: '0', qty: 2, cum: 0, leaves: 2 });
    expect(report.get(TAG.Symbol)).to.equal(symbol);
    expect(report.get(TAG.ExecTransType)).to.equal(version === 'FIX.4.2' ? '0' : undefined);
  });

  it('fill a part of it at the resting price', async () => {
    alice.order(bid);
    const [accepted, bought, sold] = [await alice.next(), await alice.next(), await bob.next()];
    expect(factsOf(accepted)).to.deep.equal({
      id: 'b-1',
      type: '0',
      status: '0',
      qty: 0.5,
      cum: 0,
      leaves: 0.5,
    });
    expect(factsOf(bought)).to.deep.equal({ id: 'b-1', ...filled(version), qty: 0.5, cum: 0.5, leaves: 0 });
    expect(factsOf(sold)).to.deep.equal({ id: 's-1', ...partFilled(version), qty: 2, cum: 0.5, leaves: 1.5 });
    for (const fill of [bought, sold]) {
      expect(numberIn(fill, TAG.LastPx)).to.equal(100.25);
      expect(numberIn(fill, TAG.LastQty)).to.equal(0.5);
      expect(numberIn(fill, TAG.AvgPx)).to.equal(100.25);
    }
  });

  it('replace the rest: total quantity, new price, same OrderID', async () => {
    const orderId = bob.heard.at(-1)?.get(TAG.OrderID);
    bob.replace('s-1', { ...offer, clOrdId: 's-2', orderQty: '3', price: '100.5' });
    const replaced = await bob.next();
    expect(factsOf(replaced)).to.deep.equal({
      id: 's-2',
      type: '5',
      status: '1',
      qty: 3,
      cum: 0.5,
      leaves: 2.5,
    });
    expect(replaced.get(TAG.OrigClOrdID)).to.equal('s-1');
    expect(replaced.get(TAG.OrderID)).to.equal(orderId);
    expect(numberIn(replaced, TAG.Price)).to.equal(100.5);
  });

  it('fill the rest in full', async () => {
    alice.order({ ...bid, clOrdId: 'b-2', orderQty: '2.5' });
    const [, bought, sold] = [await alice.next(), await alice.next(), await bob.next()];
    expect(factsOf(bought)).to.deep.equal({ id: 'b-2', ...filled(version), qty: 2.5, cum: 2.5, leaves: 0 });
    expect(factsOf(sold)).to.deep.equal({ id: 's-2', ...filled(version), qty: 3, cum: 3, leaves: 0 });
  });

  it('cancel an order', async () => {
    const low: Order = { ...bid, clOrdId: 'b-3', orderQty: '1', price: '90' };
    alice.order(low);
    alice.cancel('c-3', low);
    const [accepted, canceled] = [await alice.next(), await alice.next()];
    expect(factsOf(accepted)).to.deep.equal({ id: 'b-3', type: '0', status: '0', qty: 1, cum: 0, leaves: 1 });
    expect(factsOf(canceled)).to.deep.equal({ id: 'c-3', type: '4', status: '4', qty: 1, cum: 0, leaves: 0 });
    expect(canceled.get(TAG.OrigClOrdID)).to.equal('b-3');
  });

  it('are told that a cancel comes too late', async () => {
    alice.cancel('c-4', { ...bid, clOrdId: 'b-2', orderQty: '2.5' });
    const rejected = await alice.next();
    expect(rejected.get(TAG.MsgType)).to.equal(MSG_TYPE.OrderCancelReject);
    expect(rejected.get(TAG.CxlRejReason)).to.equal('0');
    expect(rejected.get(TAG.OrdStatus)).to.equal('2');
    expect(rejected.get(TAG.OrigClOrdID)).to.equal('b-2');
  });

  it('are refused an order for a symbol that is not there', async () => {
    alice.order({ ...bid, clOrdId: 'b-5', symbol: 'NOPE-USD' });
    const refused = await alice.next();
    expect(factsOf(refused)).to.deep.equal({
      id: 'b-5',
      type: '8',
      status: '8',
      qty: 0.5,
      cum: 0,
      leaves: 0,
    });
    expect(refused.get(TAG.OrdRejReason)).to.equal('1');
  });

  it('are told by a Reject which field is not a price', async () => {
    provokedCount += 1;
    alice.order({ ...bid, clOrdId: 'b-6', price: 'cheap' });
    const reject = await until('the Reject', () => alice.wire('received', MSG_TYPE.Reject)[0]);
    expect(reject.get(TAG.RefTagID)).to.equal(String(TAG.Price));
    expect(reject.get(TAG.SessionRejectReason)).to.equal('6');
    expect(reject.get(TAG.RefMsgType)).to.equal(MSG_TYPE.NewOrderSingle);
  });

  it('ask whether the venue lives, and are asked by it when they fall silent', async () => {
    bob.freeze();
    alice.send(MSG_TYPE.TestRequest, { [TAG.TestReqID]: 'are-you-there' });
    await until('the answer to the TestRequest', () =>
      alice.wire('received', MSG_TYPE.Heartbeat).some((beat) => beat.get(TAG.TestReqID) === 'are-you-there'),
    );
    const asked = await until('the TestRequest of the venue', () => {
      return venue.sentTo(bob.identity, MSG_TYPE.TestRequest)[0];
    });
    bob.thaw();
    const testReqId = /\|112=([^|]+)\|/.exec(asked)?.[1];
    const answer = await until('the answer to the TestRequest of the venue', () =>
      bob.wire('sent', MSG_TYPE.Heartbeat).find((beat) => beat.get(TAG.TestReqID) === testReqId),
    );
    expect(answer.get(TAG.TestReqID)).to.be.a('string').that.is.not.equal('');
    // Nothing else was said meanwhile: both engines have sent heartbeats of their own accord.
    await until(
      'heartbeats both ways',
      () => idleBeats(alice, 'received') > 0 && idleBeats(alice, 'sent') > 0,
    );
    expect(bob.isOn).to.equal(true);
  });

  it('are sent again what their engine asks for', async () => {
    const told = bob.heard.length;
    const { nextToSend } = await bob.numbers();
    await bob.logout();
    bob.forgetFrom(2);
    await bob.logon();
    const again = await until(
      'the reports again',
      () => bob.heard.length >= 2 * told && bob.heard.slice(told),
    );
    expect(again.map(contentOf)).to.deep.equal(bob.heard.slice(0, told).map(contentOf));
    expect(again.map((message) => message.get(TAG.PossDupFlag))).to.deep.equal(again.map(() => 'Y'));
    for (let taken = 0; taken < again.length; taken += 1) await bob.next();
    // The Logout, the Logon and the ResendRequest went on from the numbers that there were.
    expect((await bob.numbers()).nextToSend).to.be.at.least(nextToSend + 3);
  });

  it('trade on an order that their engine was given while it was away, and was asked to send again', async () => {
    await bob.logout();
    bob.order({ ...offer, clOrdId: 's-7', orderQty: '1', price: '110' });
    await bob.logon();
    expect(factsOf(await bob.next())).to.deep.equal({
      ...{ id: 's-7', type: '0', status: '0' },
      ...{ qty: 1, cum: 0, leaves: 1 },
    });
    expect(bob.wire('received', MSG_TYPE.ResendRequest)).to.have.length(1);
    const sent = bob
      .wire('sent', MSG_TYPE.NewOrderSingle)
      .filter((order) => order.get(TAG.ClOrdID) === 's-7');
    expect(sent.map((order) => order.get(TAG.PossDupFlag))).to.include('Y');
  });

  it('come back by themselves after the venue was killed, and find its book as it was', async () => {
    const numbers = await alice.numbers();
    const [aliceTold, bobTold] = [alice.heard.length, bob.heard.length];
    const low: Order = { ...bid, orderQty: '0.01', price: '50' };
    const flurry = Array.from({ length: 40 }, (_, index) => `f-${index}`);
    for (const clOrdId of flurry) alice.order({ ...low, clOrdId });
    await until('the first answer', () => alice.heard.length > aliceTold);
    await venue.kill();
    await Promise.all([alice.untilOff(), bob.untilOff()]);
    await venue.restart();
    await Promise.all([alice.untilOn(), bob.untilOn()]);

    // What the venue had not taken it has asked for; what it had, it has not taken again.
    const orderIds = (clOrdId: string): ReadonlySet<string | undefined> => {
      const reports = alice.heard.filter((report) => report.get(TAG.ClOrdID) === clOrdId);
      return new Set(reports.map((report) => report.get(TAG.OrderID)));
    };
    await until('answers to all orders', () => flurry.every((clOrdId) => orderIds(clOrdId).size > 0));

    alice.order({ ...bid, clOrdId: 'b-7', orderQty: '0.4', price: '110' });
    const sold = await until('the fill after the crash', () => fillAfter(bob, bobTold));
    expect(factsOf(sold)).to.deep.equal({ id: 's-7', ...partFilled(version), qty: 1, cum: 0.4, leaves: 0.6 });
    const bought = await until('the fill after the crash', () => fillAfter(alice, aliceTold));
    expect(factsOf(bought)).to.deep.equal({ id: 'b-7', ...filled(version), qty: 0.4, cum: 0.4, leaves: 0 });
    expect(flurry.map((clOrdId) => orderIds(clOrdId).size)).to.deep.equal(flurry.map(() => 1));
    expect(new Set(flurry.flatMap((clOrdId) => [...orderIds(clOrdId)])).size).to.equal(flurry.length);
    expect((await alice.numbers()).nextExpected).to.be.above(numbers.nextExpected);
    for (const member of [alice, bob]) {
      const resets = member.wire('sent', MSG_TYPE.Logon).map((logon) => logon.get(TAG.ResetSeqNumFlag));
      expect(resets).to.not.include('Y');
      await takeAll(member);
    }
  });

  it('are told what happened while their own program had crashed, with their numbers kept', async () => {
    const numbers = await bob.numbers();
    await bob.kill();
    alice.order({ ...bid, clOrdId: 'b-8', orderQty: '0.6', price: '110' });
    const [, bought] = [await alice.next(), await alice.next()];
    expect(factsOf(bought)).to.deep.equal({ id: 'b-8', ...filled(version), qty: 0.6, cum: 0.6, leaves: 0 });
    await bob.start(await settings(bob));
    const kept = await bob.numbers();
    expect(kept.nextToSend).to.be.at.least(numbers.nextToSend);
    expect(kept.nextExpected).to.be.at.least(numbers.nextExpected);
    await bob.logon();
    expect(factsOf(await bob.next())).to.deep.equal({
      ...{ id: 's-7', ...filled(version) },
      ...{ qty: 1, cum: 1, leaves: 0 },
    });
  });

  it('start over from 1 when their settings say so', async () => {
    await bob.stop();
    await bob.start(await settings(bob, { ResetOnLogon: 'Y', HeartBtInt: 30 }));
    await bob.logon();
    expect(await bob.numbers()).to.deep.equal({ nextToSend: 2, nextExpected: 2 });
    bob.order({ ...offer, clOrdId: 's-9', price: '120' });
    expect((await bob.next()).get(TAG.MsgSeqNum)).to.equal('2');
    bob.cancel('c-9', { ...offer, clOrdId: 's-9' });
    expect(factsOf(await bob.next())).to.include({ id: 'c-9', type: '4', status: '4' });
  });
}

function factsOf(report: Message): Record<string, unknown> {
  return {
    id: report.get(TAG.ClOrdID),
    type: report.get(TAG.ExecType),
    status: report.get(TAG.OrdStatus),
    qty: numberIn(report, TAG.OrderQty),
    cum: numberIn(report, TAG.CumQty),
    leaves: numberIn(report, TAG.LeavesQty),
  };
}

/** ExecType (150) and OrdStatus (39) of a fill: FIX.4.2 repeats the status, later versions have one type for all. */
function filled(version: FixVersion) {
  return { type: version === 'FIX.4.2' ? '2' : 'F', status: '2' };
}

function partFilled(version: FixVersion) {
  return { type: version === 'FIX.4.2' ? '1' : 'F', status: '1' };
}

/** For comparison only: the wire has exact decimals, and more than one way to write them. */
function numberIn(message: Message, tag: number): number {
  return Number(message.get(tag));
}

/** Heartbeats that answer no TestRequest. */
function idleBeats(member: QuickFixMember, direction: 'received' | 'sent'): number {
  return member.wire(direction, MSG_TYPE.Heartbeat).filter((beat) => !beat.has(TAG.TestReqID)).length;
}

/** The first execution at or after an index that a member has not heard before. */
function fillAfter(member: QuickFixMember, index: number): Message | undefined {
  const before = new Set(member.heard.slice(0, index).map((report) => report.get(TAG.ExecID)));
  return member.heard
    .slice(index)
    .find((report) => report.has(TAG.LastPx) && !before.has(report.get(TAG.ExecID)));
}

async function takeAll(member: QuickFixMember): Promise<void> {
  while (member.hasMore) await member.next();
}

/** Orders from session to commit and back, through the real actors: what members are told and what they own. */
import { expect } from 'chai';
import { FEE_USER_ID } from '../../src/accounts/settlement.ts';
import type { ExecutionReport } from '../../src/matching/execution-report.ts';
import { SELL, ticks } from '../../src/matching/types.ts';
import { formatAmount } from '../../src/platform/decimal.ts';
import { audit } from '../support/audit.ts';
import { ALICE, BOB, openFundedVenue } from '../support/funded-venue.ts';
import { BTC_USD } from '../support/instruments.ts';
import { buyOrder, cancelOrder, line, replaceOrder, sellOrder } from '../support/member-commands.ts';
import { DAY_MS, ETH_USD, type Member, openTerms, type Venue, type VenueOptions } from '../support/venue.ts';

describe('trading', () => {
  let venue: Venue;
  let alice: Member;
  let bob: Member;

  async function open(options: VenueOptions = {}): Promise<void> {
    ({ venue, alice, bob } = await openFundedVenue(options));
  }

  function amount(userId: number, asset: string): string {
    return formatAmount(venue.store.balance(userId, asset).amount);
  }

  function held(userId: number, asset: string): string {
    return formatAmount(venue.store.balance(userId, asset).held);
  }

  beforeEach(() => open());

  afterEach(async () => {
    await venue.settled();
    audit(venue);
    expect(venue.errors).to.deep.equal([]);
    venue.shutdown();
  });

  it('acknowledges an order that rests and holds its cost with the larger fee', async () => {
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1']);
    expect(held(ALICE, 'USD')).to.equal('100.2');
    expect(amount(ALICE, 'USD')).to.equal('10000');
  });

  it('tells both sides of a partial fill at the resting price and settles exactly', async () => {
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    bob.send(sellOrder('b', '0.4', '99'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 F/1 a 0.4/0.6 @100*0.4']);
    expect(bob.lines()).to.deep.equal(['8 0/0 b 0/0.4', '8 F/2 b 0.4/0 @100*0.4']);
    const [, fill] = bob.reports as ExecutionReport[];
    expect(fill?.fill).to.deep.include({ lastLiquidityInd: 2, fee: '0.08', feeAsset: 'USD' });
    expect(amount(ALICE, 'USD')).to.equal('9959.96');
    expect(held(ALICE, 'USD')).to.equal('60.12');
    expect(amount(ALICE, 'BTC')).to.equal('0.4');
    expect(amount(BOB, 'USD')).to.equal('39.92');
    expect(amount(BOB, 'BTC')).to.equal('9.6');
    expect(amount(FEE_USER_ID, 'USD')).to.equal('0.12');
  });

  it('fills an order completely, and gives back what it held too much', async () => {
    bob.send(sellOrder('b', '1', '90'));
    await venue.settled();
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 F/2 a 1/0 @90*1']);
    expect(held(ALICE, 'USD')).to.equal('0');
    expect(amount(ALICE, 'USD')).to.equal('9909.82');
    expect(venue.markets.find('BTC-USD')?.referencePrice).to.equal(ticks(9_000));
  });

  it('sends the reports of one order in order, whatever batch they came in', async () => {
    bob.send(sellOrder('b1', '0.1', '90'), sellOrder('b2', '0.1', '91'), sellOrder('b3', '0.1', '92'));
    alice.send(buyOrder('a', '0.25', '100'), cancelOrder('x', 'b1'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal([
      '9 F 102=1 39=8 x<b1',
      '8 0/0 a 0/0.25',
      '8 F/1 a 0.1/0.15 @90*0.1',
      '8 F/1 a 0.2/0.05 @91*0.1',
      '8 F/2 a 0.25/0 @92*0.05',
    ]);
  });

  it('cancels what is left of an order and releases its hold', async () => {
    alice.send(buyOrder('a', '1', '100'));
    bob.send(sellOrder('b', '0.25', '100'));
    await venue.settled();
    alice.send(cancelOrder('x', 'a'));
    await venue.settled();
    expect(alice.lines().at(-1)).to.equal('8 4/4 x<a 0.25/0');
    expect(held(ALICE, 'USD')).to.equal('0');
  });

  it('cancels an order before its acknowledgement: first the 0, then the 4', async () => {
    alice.send(buyOrder('a', '1', '100'), cancelOrder('x', 'a'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 4/4 x<a 0/0']);
  });

  it('refuses the cancel of an order that was rejected as unknown', async () => {
    alice.send(buyOrder('a', '1000', '100'), cancelOrder('x', 'a'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 8/8 a 103=3', '9 F 102=1 39=8 x<a']);
  });

  it('refuses a cancel that comes after the fill as too late, with the true status', async () => {
    bob.send(sellOrder('b', '1', '100'));
    await venue.settled();
    alice.send(buyOrder('a', '1', '100'), cancelOrder('x', 'a'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 F/2 a 1/0 @100*1', '9 F 102=0 39=2 x<a']);
  });

  it('refuses a cancel that lost the race against somebody else’s order', async () => {
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    venue.store.commitGate.close();
    bob.send(sellOrder('b', '1', '100'));
    await venue.quiet();
    // Alice does not know yet that her order is filled, nor does her account.
    alice.send(cancelOrder('x', 'a'));
    await venue.quiet();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1']);
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 F/2 a 1/0 @100*1', '9 F 102=0 39=2 x<a']);
  });

  it('refuses a replace that lost the same race, and keeps no hold for it', async () => {
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    venue.store.commitGate.close();
    bob.send(sellOrder('b', '1', '100'));
    await venue.quiet();
    alice.send(replaceOrder('y', 'a', '3', '101'));
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.lines().slice(1)).to.deep.equal(['8 F/2 a 1/0 @100*1', '9 G 102=0 39=2 y<a']);
    expect(held(ALICE, 'USD')).to.equal('0');
  });

  it('chains two replaces: each names the ClOrdID accepted before it', async () => {
    alice.send(
      buyOrder('x', '1', '100'),
      replaceOrder('y', 'x', '2', '100'),
      replaceOrder('z', 'y', '3', '99'),
    );
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 x 0/1', '8 5/0 y<x 0/2', '8 5/0 z<y 0/3']);
    expect(new Set((alice.reports as ExecutionReport[]).map((report) => report.orderId)).size).to.equal(1);
    expect(held(ALICE, 'USD')).to.equal('297.594');
  });

  it('refuses the first replace and accepts the second, which names the last accepted ClOrdID', async () => {
    alice.send(
      buyOrder('x', '1', '100'),
      replaceOrder('y', 'x', '1', '100.001'),
      replaceOrder('z', 'x', '2', '99'),
    );
    await venue.settled();
    expect(alice.lines()).to.have.members(['8 0/0 x 0/1', '9 G 102=99 39=0 y<x', '8 5/0 z<x 0/2']);
    expect(alice.lines().at(-1)).to.equal('8 5/0 z<x 0/2');
  });

  it('ends an order that is replaced to what it has filled as filled', async () => {
    alice.send(buyOrder('a', '1', '100'));
    bob.send(sellOrder('b', '0.4', '100'));
    await venue.settled();
    alice.send(replaceOrder('y', 'a', '0.3', '100'));
    await venue.settled();
    expect(alice.lines().at(-1)).to.equal('8 5/2 y<a 0.4/0');
    expect(held(ALICE, 'USD')).to.equal('0');
  });

  it('lets a replace trade at once, and holds what remains', async () => {
    bob.send(sellOrder('b', '0.5', '101'));
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    alice.send(replaceOrder('y', 'a', '2', '101'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 5/0 y<a 0/2', '8 F/1 y 0.5/1.5 @101*0.5']);
    expect(held(ALICE, 'USD')).to.equal('151.803');
  });

  it('refuses a replace that costs more than there is, and the order lives on', async () => {
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    alice.send(replaceOrder('y', 'a', '100', '100'), cancelOrder('x', 'a'));
    await venue.settled();
    expect(alice.lines().slice(1)).to.deep.equal(['9 G 102=99 39=0 y<a', '8 4/4 x<a 0/0']);
  });

  it('refuses the cancel of an order that nobody has, or that somebody else has', async () => {
    bob.send(sellOrder('b', '1', '100'));
    await venue.settled();
    alice.send(cancelOrder('x1', 'nothing'), cancelOrder('x2', 'b', { side: SELL }));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['9 F 102=1 39=8 x1<nothing', '9 F 102=1 39=8 x2<b']);
  });

  it('refuses a ClOrdID that was used before, on an order, a cancel and a replace', async () => {
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    alice.send(
      buyOrder('a', '1', '100'),
      cancelOrder('a', 'a'),
      replaceOrder('a', 'a', '2', '100'),
      cancelOrder('x', 'a'),
    );
    await venue.settled();
    expect(alice.lines()).to.deep.equal([
      '8 0/0 a 0/1',
      '8 8/8 a 103=6',
      '9 F 102=6 39=0 a<a',
      '9 G 102=6 39=0 a<a',
      '8 4/4 x<a 0/0',
    ]);
  });

  it('refuses a duplicate that arrives while the first is on its way only after that is answered', async () => {
    alice.send(buyOrder('a', '1', '100'), buyOrder('a', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 8/8 a 103=6']);
    expect(venue.store.openOrders()).to.have.length(1);
  });

  it('answers a repeat with the order’s state, even when both arrive in one read', async () => {
    alice.send(buyOrder('a', '1', '100'), buyOrder('a', '1', '100', { mayBeRepeat: true }));
    bob.send(sellOrder('b', '0.5', '100'));
    await venue.settled();
    expect(alice.lines()).to.include('8 0/0 a 0/1');
    expect(alice.lines().filter((text) => text.startsWith('8 I/'))).to.have.length(1);
    expect(venue.store.openOrders()).to.have.length(1);
  });

  it('expires the remainder of an immediate-or-cancel order', async () => {
    bob.send(sellOrder('b', '0.5', '100'));
    alice.send(buyOrder('a', '1', '100', { timeInForce: '3' }));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 F/1 a 0.5/0.5 @100*0.5', '8 C/C a 0.5/0']);
    expect(held(ALICE, 'USD')).to.equal('0');
  });

  it('kills a fill-or-kill order that cannot be filled, and fills one that can', async () => {
    bob.send(sellOrder('b', '0.5', '100'));
    alice.send(
      buyOrder('a1', '1', '100', { timeInForce: '4' }),
      buyOrder('a2', '0.5', '100', { timeInForce: '4' }),
    );
    await venue.settled();
    expect(alice.lines()).to.deep.equal([
      '8 0/0 a1 0/1',
      '8 C/C a1 0/0',
      '8 0/0 a2 0/0.5',
      '8 F/2 a2 0.5/0 @100*0.5',
    ]);
  });

  it('trades a market order up to its protection price and expires the rest', async () => {
    await venue.settled();
    venue.shutdown();
    await open({ instruments: [openTerms(BTC_USD, { referencePrice: ticks(10_000) }), openTerms(ETH_USD)] });
    bob.send(sellOrder('b1', '0.5', '104.99'), sellOrder('b2', '0.5', '105.01'));
    await venue.settled();
    alice.send(buyOrder('a', '1', undefined));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 F/1 a 0.5/0.5 @104.99*0.5', '8 C/C a 0.5/0']);
    expect((alice.reports[0] as ExecutionReport).price).to.equal(undefined);
  });

  it('refuses a market order while the symbol has no price to protect it by', async () => {
    alice.send(buyOrder('a', '1', undefined));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 8/8 a 103=99']);
    expect((alice.reports[0] as ExecutionReport).text).to.match(/reference price/);
  });

  it('refuses what the member cannot pay, with the amounts, and spends nothing twice', async () => {
    alice.send(
      buyOrder('a1', '60', '100'),
      buyOrder('a2', '60', '100'),
      sellOrder('a3', '0.0001', '100'),
      buyOrder('a4', '39', '100', { symbol: 'ETH-USD' }),
    );
    await venue.settled();
    expect(alice.lines()).to.have.members([
      '8 0/0 a1 0/60',
      '8 8/8 a2 103=3',
      '8 8/8 a3 103=3',
      '8 0/0 a4 0/39',
    ]);
    const refused = alice.reports.find((report) => report.clOrdId === 'a2');
    expect(refused?.text).to.equal('insufficient funds: needs 6012 USD, available 3988 USD');
  });

  it('spends what a commit has brought, and not what is still on its way', async () => {
    bob.send(sellOrder('b', '1', '100'));
    await venue.settled();
    venue.store.commitGate.close();
    alice.send(buyOrder('a1', '1', '100'));
    await venue.quiet();
    alice.send(sellOrder('a2', '1', '200'));
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.settled();
    alice.send(sellOrder('a3', '1', '200'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal([
      '8 0/0 a1 0/1',
      '8 F/2 a1 1/0 @100*1',
      '8 8/8 a2 103=3',
      '8 0/0 a3 0/1',
    ]);
  });

  it('pays a withdrawal from what is free, and refuses it from what is held', async () => {
    alice.send(buyOrder('a', '50', '100'));
    await venue.settled();
    const refused = await venue.deposit(ALICE, 'USD', '-4990.01');
    expect(refused.type).to.equal('TransferRefused');
    const booked = await venue.deposit(ALICE, 'USD', '-4990');
    expect(booked.type).to.equal('TransferBooked');
    await venue.settled();
    expect(amount(ALICE, 'USD')).to.equal('5010');
  });

  it('ends Day orders at the roll of the trading day, and keeps those till cancel', async () => {
    alice.send(buyOrder('day', '1', '100'), buyOrder('gtc', '1', '99', { timeInForce: '1' }));
    await venue.settled();
    venue.clock.advance(DAY_MS);
    venue.tell({ type: 'exchange' }, { type: 'RollTradingDay', tradingDay: '2024-05-07' });
    await venue.settled();
    expect(alice.lines().at(-1)).to.equal('8 C/C day 0/0');
    expect(venue.store.openOrders().map((order) => order.clOrdId)).to.deep.equal(['gtc']);
    alice.clear();
    alice.send(buyOrder('day', '1', '100'), buyOrder('gtc', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.have.members(['8 0/0 day 0/1', '8 8/8 gtc 103=6']);
  });

  it('cancels all orders of a member or of a symbol for the operator, and tells how many', async () => {
    const unsolicited = { execRestatementReason: 99, text: 'by the operator' };
    alice.send(
      buyOrder('a1', '1', '100'),
      buyOrder('a2', '1', '99'),
      buyOrder('a3', '1', '99', { symbol: 'ETH-USD' }),
    );
    await venue.settled();
    const ofSymbol = await venue.ask((replyTo) =>
      venue.tell(
        { type: 'exchange' },
        { type: 'CancelSymbolOrders', symbol: 'ETH-USD', unsolicited, replyTo },
      ),
    );
    expect(ofSymbol).to.deep.equal({ type: 'CancelsRequested', orderCount: 1 });
    const command = { type: 'CancelMemberOrders', unsolicited } as const;
    const ofMember = await venue.ask((replyTo) =>
      venue.tell({ type: 'exchange' }, { type: 'SubmitAccountCommand', userId: ALICE, command, replyTo }),
    );
    await venue.settled();
    expect(ofMember).to.deep.equal({ type: 'CancelsRequested', orderCount: 2 });
    expect(alice.lines().slice(3)).to.deep.equal([
      '8 4/4 a3 0/0 378=99',
      '8 4/4 a1 0/0 378=99',
      '8 4/4 a2 0/0 378=99',
    ]);
  });

  it('names each request of the session that a commit answers', async () => {
    alice.send(buyOrder('a', '1', '100'), cancelOrder('x', 'a'), buyOrder('bad', '0', '100'));
    await venue.settled();
    expect([...alice.answered].sort()).to.deep.equal([1, 2, 3]);
    expect(venue.exchangeStatus().commandsInFlight).to.equal(0);
  });

  it('keeps symbols apart: the same prices do not meet', async () => {
    alice.send(buyOrder('a', '1', '100', { symbol: 'ETH-USD' }));
    bob.send(sellOrder('b', '1', '100'));
    await venue.settled();
    expect(bob.reports.map(line)).to.deep.equal(['8 0/0 b 0/1']);
    expect(venue.store.openOrders()).to.have.length(2);
  });
});

/**
 * Members with an engine that is not ours: jspurefix as initiator over real sockets against the real process. It
 * must understand and accept everything that the venue says.
 */
import { expect } from 'chai';
import { type JsOrder, JspurefixMember, type Understood } from '../support/jspurefix-member.ts';
import { identityOf, openMarket } from '../support/market-day.ts';
import { until } from '../support/until.ts';
import { newDataDir, removeVenue, VenueProcess } from '../support/venue-process.ts';

const HEART_BT_INT_S = 2;
const SYMBOL = 'BTC-USD';

describe('A member with jspurefix', function () {
  this.timeout(60_000);

  const alice = new JspurefixMember(identityOf('alice', 1), HEART_BT_INT_S);
  const bob = new JspurefixMember(identityOf('bob', 2), HEART_BT_INT_S);
  let dataDir: string;
  let venue: VenueProcess;
  let hasFailed = false;

  before(async () => {
    dataDir = await newDataDir();
    venue = await VenueProcess.start(dataDir);
    await openMarket(venue, [alice.identity, bob.identity]);
  });

  after(() => removeVenue(dataDir));

  beforeEach('each conversation goes on where the one before ended', () => {
    expect(hasFailed, 'whether one before has failed').to.equal(false);
  });

  afterEach('nobody rejects anything', function () {
    hasFailed = this.currentTest?.state === 'failed';
    for (const member of [alice, bob]) {
      expect(member.count('sent', '3'), `Rejects of ${member.identity.username}'s engine`).to.equal(0);
      expect(member.count('received', '3'), `Rejects of ${member.identity.username} by the venue`).to.equal(
        0,
      );
      expect(member.stops.filter((error) => error !== undefined)).to.deep.equal([]);
    }
  });

  it('logs on with name and password', async () => {
    await Promise.all([alice.logon(venue.fixPort), bob.logon(venue.fixPort)]);
    expect(alice.isOn && bob.isOn).to.equal(true);
  });

  const offer: JsOrder = { clOrdId: 's-1', symbol: SYMBOL, side: '2', orderQty: 2, price: 100.25 };

  it('rests an order in the book', async () => {
    bob.order(offer);
    const report = await bob.next();
    expect(factsOf(report)).to.deep.equal({
      msgType: '8',
      ClOrdID: 's-1',
      ExecType: '0',
      OrdStatus: '0',
      OrderQty: 2,
      CumQty: 0,
      LeavesQty: 2,
      AvgPx: 0,
    });
    const { OrderID, ExecID, Instrument, Side, OrdType, Price, TimeInForce, TransactTime } = report.fields;
    expect(OrderID).to.match(/^\d+$/);
    expect(ExecID).to.equal('BTC-USD-1');
    expect(Instrument).to.deep.equal({ Symbol: SYMBOL });
    expect({ Side, OrdType, Price, TimeInForce }).to.deep.equal({
      Side: '2',
      OrdType: '2',
      Price: 100.25,
      TimeInForce: '1',
    });
    expect(TransactTime).to.be.instanceOf(Date);
  });

  it('fills a part of it at the resting price, with the fee of each side', async () => {
    alice.order({ clOrdId: 'b-1', symbol: SYMBOL, side: '1', orderQty: 0.5, price: 101 });
    const [accepted, bought, sold] = [await alice.next(), await alice.next(), await bob.next()];
    expect(factsOf(accepted)).to.include({ ClOrdID: 'b-1', ExecType: '0', OrdStatus: '0', LeavesQty: 0.5 });
    expect(factsOf(bought)).to.include({
      ClOrdID: 'b-1',
      ExecType: 'F',
      OrdStatus: '2',
      CumQty: 0.5,
      LeavesQty: 0,
    });
    expect(bought.fields).to.include({ LastPx: 100.25, LastQty: 0.5, AvgPx: 100.25, LastLiquidityInd: 2 });
    expect(factsOf(sold)).to.include({
      ClOrdID: 's-1',
      ExecType: 'F',
      OrdStatus: '1',
      CumQty: 0.5,
      LeavesQty: 1.5,
    });
    expect(sold.fields).to.include({ LastPx: 100.25, LastQty: 0.5, LastLiquidityInd: 1 });
    expect(sold.fields.SecondaryExecID).to.equal(bought.fields.SecondaryExecID);
    // 20 and 10 basis points of 50.125.
    expect(feeOf(bought)).to.deep.equal({ MiscFeeAmt: 0.10025, MiscFeeCurr: 'USD', MiscFeeType: '4' });
    expect(feeOf(sold)).to.deep.equal({ MiscFeeAmt: 0.050125, MiscFeeCurr: 'USD', MiscFeeType: '4' });
  });

  it('replaces the rest: total quantity, new price, same OrderID', async () => {
    const before = bob.heard.at(-1)?.fields.OrderID;
    bob.replace('s-1', { ...offer, clOrdId: 's-2', orderQty: 3, price: 100.5 });
    const replaced = await bob.next();
    expect(factsOf(replaced)).to.include({
      ExecType: '5',
      OrdStatus: '1',
      OrderQty: 3,
      CumQty: 0.5,
      LeavesQty: 2.5,
    });
    expect(replaced.fields).to.include({ ClOrdID: 's-2', OrigClOrdID: 's-1', Price: 100.5, OrderID: before });
  });

  it('fills the rest in full, with an exact average price', async () => {
    alice.order({ clOrdId: 'b-2', symbol: SYMBOL, side: '1', orderQty: 2.5, price: 100.5 });
    const [, bought, sold] = [await alice.next(), await alice.next(), await bob.next()];
    expect(factsOf(bought)).to.include({ ExecType: 'F', OrdStatus: '2', CumQty: 2.5, AvgPx: 100.5 });
    // (0.5 × 100.25 + 2.5 × 100.5) / 3, as far as the engine's floats go.
    expect(factsOf(sold)).to.include({ ExecType: 'F', OrdStatus: '2', CumQty: 3, LeavesQty: 0 });
    expect(sold.fields.AvgPx).to.equal(100.45833333333333);
  });

  it('cancels an order', async () => {
    const bid: JsOrder = { clOrdId: 'b-3', symbol: SYMBOL, side: '1', orderQty: 1, price: 90 };
    alice.order(bid);
    alice.cancel('c-3', bid);
    const [accepted, canceled] = [await alice.next(), await alice.next()];
    expect(factsOf(accepted)).to.include({ ClOrdID: 'b-3', ExecType: '0' });
    expect(factsOf(canceled)).to.include({
      ClOrdID: 'c-3',
      ExecType: '4',
      OrdStatus: '4',
      CumQty: 0,
      LeavesQty: 0,
    });
    expect(canceled.fields.OrigClOrdID).to.equal('b-3');
  });

  it('is told why a cancel comes too late', async () => {
    const filled: JsOrder = { clOrdId: 'b-2', symbol: SYMBOL, side: '1', orderQty: 2.5, price: 100.5 };
    alice.cancel('c-4', filled);
    const rejected = await alice.next();
    expect(rejected.msgType).to.equal('9');
    expect(rejected.fields).to.include({
      ClOrdID: 'c-4',
      OrigClOrdID: 'b-2',
      OrdStatus: '2',
      CxlRejResponseTo: '1',
      CxlRejReason: 0,
    });
  });

  it('is refused an order that it cannot pay', async () => {
    alice.order({ clOrdId: 'b-5', symbol: SYMBOL, side: '1', orderQty: 900000, price: 100 });
    const refused = await alice.next();
    expect(factsOf(refused)).to.include({
      ClOrdID: 'b-5',
      ExecType: '8',
      OrdStatus: '8',
      CumQty: 0,
      LeavesQty: 0,
    });
    expect(refused.fields.OrdRejReason).to.equal(3);
    expect(refused.fields.Text).to.contain('USD');
  });

  it('gets what is left of an IOC order back', async () => {
    alice.order({ clOrdId: 'b-6', symbol: SYMBOL, side: '1', orderQty: 1, price: 80, timeInForce: '3' });
    const [accepted, expired] = [await alice.next(), await alice.next()];
    expect(factsOf(accepted)).to.include({ ExecType: '0', LeavesQty: 1 });
    expect(factsOf(expired)).to.include({ ClOrdID: 'b-6', ExecType: 'C', OrdStatus: 'C', LeavesQty: 0 });
  });

  it('gets heartbeats while nothing happens, and is believed to live by its own', async () => {
    const [received, sent] = [alice.count('received', '0'), alice.count('sent', '0')];
    await until('heartbeats both ways', () => {
      return alice.count('received', '0') >= received + 2 && alice.count('sent', '0') >= sent + 2;
    });
    expect(alice.isOn).to.equal(true);
    // A venue that is on time is never asked whether it lives.
    expect(alice.count('sent', '1')).to.equal(0);
  });

  it('logs out, and is told at its next logon what happened meanwhile, with its numbers kept', async () => {
    bob.order({ clOrdId: 's-7', symbol: SYMBOL, side: '2', orderQty: 1, price: 110 });
    await bob.next();
    const expectedSeqNum = bob.expectedSeqNum;
    await bob.logout();
    expect(bob.stops).to.deep.equal([undefined]);

    alice.order({ clOrdId: 'b-7', symbol: SYMBOL, side: '1', orderQty: 1, price: 110 });
    await alice.next();
    await alice.next();
    await bob.logon(venue.fixPort);
    const sold = await bob.next();
    expect(factsOf(sold)).to.include({ ClOrdID: 's-7', ExecType: 'F', OrdStatus: '2', CumQty: 1 });
    // Logout, Logon and the fill: three numbers after the last one.
    await until('the number of the fill', () => bob.expectedSeqNum >= expectedSeqNum + 3);
  });

  it('is sent again what its engine asks for', async () => {
    const told = bob.heard.length;
    const resends = bob.count('sent', '2');
    await bob.logout();
    await bob.forgetFrom(2);
    await bob.logon(venue.fixPort);
    const again = await until(
      'the resent reports',
      () => bob.heard.length >= told * 2 && bob.heard.slice(told),
    );
    expect(bob.count('sent', '2')).to.equal(resends + 1);
    expect(again.every(({ isPossDup }) => isPossDup)).to.equal(true);
    expect(again.map(({ fields }) => fields.ExecID)).to.deep.equal(
      bob.heard.slice(0, told).map(({ fields }) => fields.ExecID),
    );
  });

  it('goes on after a kill -9 of the venue: the gap is filled, trading goes on', async () => {
    await Promise.all([alice.logout(), bob.logout()]);
    await bob.logon(venue.fixPort);
    await venue.kill();
    await until('the end of the connection', () => !bob.isOn);
    bob.stopsAreExpected();
    venue = await VenueProcess.start(dataDir);
    await bob.logon(venue.fixPort);
    const told = bob.heard.length;
    bob.order({ clOrdId: 's-8', symbol: SYMBOL, side: '2', orderQty: 1, price: 120 });
    await until('the report', () => bob.heard.length > told);
    expect(factsOf(bob.heard.at(-1) as Understood)).to.include({
      ClOrdID: 's-8',
      ExecType: '0',
      OrdStatus: '0',
    });
    await bob.logout();
  });
});

function factsOf({ msgType, fields }: Understood): Record<string, unknown> {
  const { ClOrdID, ExecType, OrdStatus, CumQty, LeavesQty, AvgPx } = fields;
  const { OrderQty } = (fields.OrderQtyData ?? {}) as { readonly OrderQty?: number };
  return { msgType, ClOrdID, ExecType, OrdStatus, OrderQty, CumQty, LeavesQty, AvgPx };
}

function feeOf({ fields }: Understood): unknown {
  const group = fields.MiscFeesGrp as { NoMiscFees?: unknown[] } | undefined;
  return group?.NoMiscFees?.[0] ?? fields.NoMiscFees;
}

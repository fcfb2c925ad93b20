/** Busts and corrections through the real actors: all of it or nothing, whatever goes wrong on the way. */
import { expect } from 'chai';
import { CommandsInFlight } from '../../src/actors/commands-in-flight.ts';
import { type AmendingVenue, amendTrade, BUST, openAmendingVenue } from '../support/amending-venue.ts';
import { audit } from '../support/audit.ts';
import { failingAccount } from '../support/faults.ts';
import { ALICE, BOB } from '../support/funded-venue.ts';
import { BTC_USD } from '../support/instruments.ts';
import { buyOrder, cancelOrder, replaceOrder, sellOrder } from '../support/member-commands.ts';
import { randomFrom } from '../support/random.ts';
import { openTerms, openVenue, type Venue, type VenueOptions } from '../support/venue.ts';

const VENUE = 0;

describe('amending trades', () => {
  let market: AmendingVenue;

  async function open(options: VenueOptions = {}): Promise<AmendingVenue> {
    market = await openAmendingVenue(options);
    return market;
  }

  /** Another life of the same venue. */
  async function restart(options: VenueOptions = {}): Promise<Venue> {
    const { store, clock } = market.venue;
    market.venue.shutdown();
    const venue = await openVenue({ store, clock, ...options });
    market = { ...market, venue };
    return venue;
  }

  function amendments(): number {
    return market.venue.store.events.filter((event) => event.type === 'TradeAmended').length;
  }

  afterEach(async () => {
    await market.venue.settled();
    audit(market.venue);
    market.venue.shutdown();
  });

  it('tells both parties of a bust and gives everything back, fees too', async () => {
    const { venue, alice, bob, amend, trade, owns } = await open();
    await trade();
    expect(await amend(BUST)).to.deep.include({ type: 'TradeAmended', kind: 'bust', quantity: '0.0000' });
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 H/4 bid 0/0']);
    expect(bob.lines()).to.deep.equal(['8 H/4 ask 0/0']);
    expect([owns(ALICE, 'USD'), owns(ALICE, 'BTC')]).to.deep.equal(['10000 USD', '0 BTC']);
    expect([owns(BOB, 'USD'), owns(BOB, 'BTC')]).to.deep.equal(['0 USD', '10 BTC']);
    expect(owns(VENUE, 'USD')).to.equal('0 USD');
  });

  it('names in ExecRefID the fill, and after a correction that', async () => {
    const { venue, alice, amend, trade } = await open();
    await trade('1', '2');
    await amend({ type: 'Correct', price: '90', quantity: undefined });
    await amend({ type: 'Correct', price: undefined, quantity: '0.5' });
    await amend(BUST);
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 G/1 bid 1/1 @90*1', '8 G/1 bid 0.5/1 @90*0.5', '8 H/0 bid 0/1']);
    const refs = alice.reports.map((report) => ('execRefId' in report ? report.execRefId : undefined));
    expect(refs).to.deep.equal(['BTC-USD-3', 'BTC-USD-5', 'BTC-USD-7']);
  });

  it('leaves the rest of a part-filled order to fill, also after a restart', async () => {
    const { venue, bob, amend, trade, owns } = await open();
    await trade('1', '3');
    await amend(BUST);
    await venue.settled();
    const hash = venue.books.get('BTC-USD')?.stateHash();

    const restarted = await restart();
    expect(restarted.books.get('BTC-USD')?.stateHash()).to.equal(hash);
    const [alice, bobAgain] = [await restarted.member(ALICE), await restarted.member(BOB)];
    bobAgain.send(sellOrder('rest', '5', '100'));
    await restarted.settled();
    expect(alice.lines()).to.deep.equal(['8 F/2 bid 2/0 @100*2']);
    expect(owns(ALICE, 'BTC')).to.equal('2 BTC');
    expect(bob.lines()).to.deep.equal(['8 H/4 ask 0/0']);
  });

  it('refuses while a party no longer has the proceeds, and names everybody who lacks something', async () => {
    const { venue, alice, outcome, trade, owns } = await open();
    await trade();
    await venue.deposit(ALICE, 'BTC', '-0.75');
    await venue.deposit(BOB, 'USD', '-99');
    expect(await outcome(BUST)).to.equal(
      'user 1 lacks 0.75 BTC: 0.25 of 1 BTC is available; ' +
        'user 2 lacks 99 USD: 0.8 of 99.8 USD is available (the venue can be charged with it)',
    );
    await venue.settled();
    expect(amendments()).to.equal(0);
    expect(alice.lines()).to.deep.equal([]);
    expect(owns(ALICE, 'BTC')).to.equal('0.25 BTC');
  });

  it('takes nothing that an order holds', async () => {
    const { venue, alice, outcome, trade } = await open();
    await trade();
    alice.send(sellOrder('offer', '0.6', '200'));
    await venue.settled();
    expect(await outcome(BUST)).to.match(/^user 1 lacks 0.6 BTC: 0.4 of 1 BTC is available/);
    alice.send(cancelOrder('x', 'offer', { side: '2' }));
    await venue.settled();
    expect(await outcome(BUST)).to.equal('done');
  });

  it('charges the venue with what a party lacks, if the operator says so and the venue has it', async () => {
    const { venue, amend, outcome, trade, owns } = await open();
    await trade();
    await venue.deposit(ALICE, 'BTC', '-0.75');
    expect(await outcome(BUST, { chargesVenue: true })).to.equal(
      'the venue lacks 0.75 BTC: 0 of 0.75 BTC is available',
    );
    await venue.deposit(VENUE, 'BTC', '2');
    expect(await amend(BUST, { chargesVenue: true })).to.deep.include({
      charges: [{ username: 'user 1', asset: 'BTC', amount: '0.75' }],
    });
    await venue.settled();
    expect([owns(VENUE, 'BTC'), owns(ALICE, 'BTC'), owns(BOB, 'BTC')]).to.deep.equal([
      '1.25 BTC',
      '0 BTC',
      '10 BTC',
    ]);
  });

  it('refuses what makes no sense', async () => {
    const { outcome, trade } = await open();
    await trade();
    expect(await outcome(BUST, { tradeId: 4711 })).to.match(/^there is no trade 4711 in this month/);
    expect(await outcome({ type: 'Correct', price: '100.001', quantity: undefined })).to.match(/tick size/);
    expect(await outcome({ type: 'Correct', price: undefined, quantity: '2' })).to.match(/larger/);
    expect(await outcome(BUST)).to.equal('done');
    expect(await outcome(BUST)).to.match(/is busted: nothing of it is left/);
  });

  it('amends the trade of a member with itself', async () => {
    const { venue, alice, amend, owns } = await open();
    alice.send(buyOrder('bid', '1', '100'));
    await venue.deposit(ALICE, 'BTC', '1');
    alice.send(sellOrder('ask', '1', '100'));
    await venue.settled();
    alice.clear();
    await amend(BUST);
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 H/4 bid 0/0', '8 H/4 ask 0/0']);
    expect([owns(ALICE, 'USD'), owns(ALICE, 'BTC')]).to.deep.equal(['10000 USD', '1 BTC']);
  });

  it('amends one trade at a time, and lets nobody take what is set aside meanwhile', async () => {
    const { venue, alice, bob, amend, outcome, trade } = await open();
    await trade('1', '2');
    venue.store.commitGate.close();
    const first = amend(BUST);
    await venue.quiet();
    expect(await outcome(BUST)).to.equal('another trade is being busted or corrected: try again');
    bob.send(buyOrder('spend', '1', '50'));
    alice.send(replaceOrder('more', 'bid', '3', '100'));
    await venue.quiet();
    venue.store.commitGate.open();
    expect((await first).type).to.equal('TradeAmended');
    await venue.settled();
    // What Bob got for the trade is all that he has: it was set aside.
    expect(bob.lines()).to.deep.equal(['8 H/4 ask 0/0', '8 8/8 spend 103=3']);
    expect(alice.lines()).to.deep.equal(['8 H/0 bid 0/1', '9 G 102=2 39=1 more<bid']);
    alice.clear();
    alice.send(replaceOrder('again', 'bid', '3', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 5/0 again<bid 0/3']);
  });

  it('holds the accounts of its parties and of the venue where they are until its end', async () => {
    const inFlight = new CommandsInFlight();
    const { venue, amend, outcome, trade } = await open({ inFlight });
    const held = (): number[] =>
      [VENUE, ALICE, BOB].map((one) => inFlight.countOf((userId) => userId === one));
    await trade('1', '2');
    venue.store.commitGate.close();
    const bust = amend(BUST);
    await venue.quiet();
    expect(held()).to.deep.equal([1, 1, 1]);
    venue.store.commitGate.open();
    await bust;
    await venue.settled();
    expect(held()).to.deep.equal([0, 0, 0]);
    expect(await outcome(BUST)).to.match(/busted/);
    await venue.settled();
    expect(held()).to.deep.equal([0, 0, 0]);
  });

  it('sets free what it set aside when it is refused', async () => {
    const { venue, bob, outcome, trade } = await open();
    await trade();
    await venue.deposit(ALICE, 'BTC', '-1');
    expect(await outcome(BUST)).to.match(/^user 1 lacks 1 BTC/);
    bob.send(buyOrder('spend', '1', '99'));
    await venue.settled();
    expect(bob.lines()).to.deep.equal(['8 0/0 spend 0/1']);
  });

  it('refuses while an order of the trade is being replaced', async () => {
    const { venue, alice, outcome, trade } = await open();
    await trade('1', '2');
    venue.store.commitGate.close();
    alice.send(replaceOrder('more', 'bid', '3', '100'));
    await venue.quiet();
    expect(await outcome(BUST)).to.match(/^order \d+ is being replaced: try again$/);
    venue.store.commitGate.open();
    await venue.settled();
    expect(await outcome(BUST)).to.equal('done');
  });

  it('refuses when an order has closed in the book since its row was read', async () => {
    const { venue, alice, outcome, trade } = await open();
    await trade('1', '2');
    venue.store.commitGate.close();
    alice.send(cancelOrder('x', 'bid'));
    await venue.quiet();
    const answer = outcome(BUST);
    await venue.quiet();
    venue.store.commitGate.open();
    expect(await answer).to.equal('an order has closed meanwhile: try again');
    await venue.settled();
    expect(await outcome(BUST)).to.equal('done');
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 4/4 x<bid 1/0', '8 H/4 bid 0/0']);
  });

  it('answers a status question about a closed order with its state after the bust', async () => {
    const { venue, alice, amend, trade } = await open();
    await trade();
    await amend(BUST);
    await venue.settled();
    alice.clear();
    alice.send(buyOrder('bid', '1', '100', { mayBeRepeat: true }));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 I/4 bid 0/0']);
  });

  it('does nothing when the database refuses its commit, and can be tried again', async () => {
    const { venue, alice, outcome, trade, owns } = await open();
    await trade('1', '2');
    let refusals = 1;
    venue.store.refuseWhen = (batch) => {
      const isAmending = batch.events.some((event) => event.type === 'TradeAmended');
      if (isAmending && refusals > 0) refusals -= 1;
      else return false;
      return true;
    };
    expect(await outcome(BUST)).to.equal('a commit was refused by the database, nothing was done: try again');
    await venue.settled();
    expect(amendments()).to.equal(0);
    expect(alice.lines()).to.deep.equal([]);
    audit(venue);
    expect(await outcome(BUST)).to.equal('done');
    await venue.settled();
    expect(owns(ALICE, 'BTC')).to.equal('0 BTC');
  });

  it('does nothing when somebody else’s commit is refused before its own', async () => {
    const { venue, bob, outcome, trade } = await open();
    await trade('1', '2');
    venue.store.refuseWhen = (batch) =>
      batch.events.some((event) => event.type === 'OrderAccepted' && event.order.clOrdId === 'poison');
    venue.store.commitGate.close();
    bob.send(sellOrder('poison', '1', '200'));
    await venue.quiet();
    const answer = outcome(BUST);
    await venue.quiet();
    venue.store.commitGate.open();
    expect(await answer).to.match(/nothing was done: try again$/);
    await venue.settled();
    expect(amendments()).to.equal(0);
    expect(bob.lines()).to.deep.equal(['8 8/8 poison 103=99']);
    expect(await outcome(BUST)).to.equal('done');
  });

  it('waits for a database that is away, and is done when it is back', async () => {
    const { venue, amend, outcome, trade } = await open();
    await trade();
    venue.store.commitGate.close();
    const answer = amend(BUST);
    await venue.quiet();
    venue.store.isAway = true;
    venue.store.commitGate.open();
    await venue.quiet();
    expect(await outcome(BUST)).to.match(/^the database does not answer/);
    venue.store.isAway = false;
    venue.clock.advance(1_000);
    expect((await answer).type).to.equal('TradeAmended');
    await venue.settled();
    expect(amendments()).to.equal(1);
  });

  it('is done once by a book that crashes on it once, and refused by one that crashes twice', async () => {
    let crashes = 1;
    const { venue, outcome, trade } = await open({
      wrapBook: (book) => ({
        get lastSeq() {
          return book.lastSeq;
        },
        restore: (order) => book.restore(order),
        isDue: (tradingDay, upTo) => book.isDue(tradingDay, upTo),
        execute(command, at, events) {
          const outcomeOfBook = book.execute(command, at, events);
          if (command.type === 'AmendTrade' && crashes > 0) {
            crashes -= 1;
            throw new Error('the test fails the book');
          }
          return outcomeOfBook;
        },
      }),
    });
    await trade('1', '2');
    expect(await outcome(BUST)).to.equal('done');
    await venue.settled();
    expect(amendments()).to.equal(1);
    await trade('1', '1', '2');
    crashes = 2;
    expect(await outcome(BUST)).to.equal('the venue failed on this command: refused, nothing was done');
    await venue.settled();
    expect(amendments()).to.equal(1);
  });

  it('is done in a symbol that the operator has halted', async () => {
    const { venue, outcome, trade } = await open();
    await trade();
    const status = { type: 'Halted', by: 'operator', reason: 'news' } as const;
    venue.tell({ type: 'exchange' }, { type: 'SetTradingStatus', symbol: 'BTC-USD', status });
    await venue.quiet();
    expect(await outcome(BUST)).to.equal('done');
  });

  it('is refused in a symbol that a crash has halted', async () => {
    const { venue, trade } = await open();
    await trade();
    const status = { type: 'Halted', by: 'crash', reason: 'boom' } as const;
    const restarted = await restart({ instruments: [openTerms(BTC_USD, { status })] });
    expect(await amendTrade(restarted, market.lastTradeId(), BUST)).to.deep.equal({
      type: 'CommandRejected',
      text: 'BTC-USD is halted: boom',
    });
    expect(venue.store.reports.some(({ type }) => type === 'OrderCancelReject')).to.equal(false);
  });

  it('is done although an account crashes while it commits', async () => {
    const { venue, bob, amend, trade, owns } = await open({
      createAccount: failingAccount({ judge: { crash: 1 } }),
    });
    await trade();
    venue.store.commitGate.close();
    const answer = amend(BUST);
    await venue.quiet();
    bob.send(buyOrder('crash', '1', '50'));
    await venue.quiet();
    venue.store.commitGate.open();
    expect((await answer).type).to.equal('TradeAmended');
    await venue.settled();
    expect(owns(BOB, 'BTC')).to.equal('10 BTC');
    expect(bob.lines()).to.include('8 8/8 crash 103=3');
  });

  it('waits for an account that is being loaded', async () => {
    const { venue, trade } = await open();
    await trade();
    const restarted = await restart();
    venue.store.loadGate.close();
    const reply = amendTrade(restarted, market.lastTradeId(), BUST);
    await restarted.quiet();
    venue.store.loadGate.open();
    expect((await reply).type).to.equal('TradeAmended');
  });

  it('is refused when an account cannot be read', async () => {
    const { venue, trade } = await open();
    await trade();
    venue.store.brokenLoads.add(`user:${BOB}`);
    const restarted = await restart();
    const reply = await amendTrade(restarted, market.lastTradeId(), BUST);
    expect(reply)
      .to.have.property('text')
      .that.matches(/^the account of user 2 cannot be read/);
  });

  it('is finished before a venue that drains says so, and refused after', async () => {
    const { venue, amend, outcome, trade } = await open();
    await trade();
    venue.store.commitGate.close();
    const answer = amend(BUST);
    await venue.quiet();
    let isDrained = false;
    const drained = venue
      .ask((replyTo) => venue.tell({ type: 'exchange' }, { type: 'DrainExchange', replyTo }))
      .then(() => {
        isDrained = true;
      });
    await venue.quiet();
    expect(isDrained).to.equal(false);
    expect(await outcome(BUST)).to.equal('the venue is about to stop');
    venue.store.commitGate.open();
    expect((await answer).type).to.equal('TradeAmended');
    await drained;
  });

  it('is refused where the rows of a trade make no sense, and the next one is not', async () => {
    const { venue, outcome, trade } = await open();
    await trade();
    const [orderId, row] = [...venue.store.orders][0] ?? [];
    if (orderId === undefined || row === undefined) throw new Error('no order');
    venue.store.orders.set(orderId, { ...row, order: { ...row.order, makerFeeRate: -1 } });
    expect(await outcome(BUST)).to.equal('the venue failed on this: nothing was done');
    venue.store.orders.set(orderId, row);
    expect(await outcome(BUST)).to.equal('done');
  });

  for (const seed of [1, 2, 3]) {
    it(`makes nothing of money, whatever else happens and fails meanwhile (seed ${seed})`, async () => {
      const random = randomFrom(seed);
      const { venue, alice, bob } = await open({ createAccount: failingAccount({ judge: { crash: 3 } }) });
      await venue.deposit(BOB, 'USD', '5000');
      await venue.deposit(ALICE, 'BTC', '5');
      await venue.deposit(VENUE, 'BTC', '1');
      await venue.deposit(VENUE, 'USD', '100');
      let failures = 4;
      venue.store.refuseWhen = (batch) => {
        if (failures === 0 || batch.events.length === 0 || !random.chance(0.05)) return false;
        failures -= 1;
        return true;
      };
      const answers: Promise<string>[] = [];
      for (let step = 0; step < 400; step += 1) {
        const member = random.pick([alice, bob]);
        const clOrdId = random.chance(0.01) ? 'crash' : `c${step}`;
        const price = String(random.integer(95, 105));
        const quantity = `0.${random.integer(1, 9)}`;
        const make = random.pick([buyOrder, sellOrder]);
        const choice = random.next();
        if (choice < 0.6)
          member.send(make(clOrdId, quantity, price, { timeInForce: random.pick(['0', '3']) }));
        else if (choice < 0.8) {
          const orig = `c${random.integer(Math.max(0, step - 20), step)}`;
          member.send(replaceOrder(clOrdId, orig, quantity, price, { side: random.pick(['1', '2']) }));
        } else {
          const made = venue.store.events.flatMap((event) => (event.type === 'TradeExecuted' ? [event] : []));
          const trade = made.length === 0 ? undefined : random.pick(made.slice(-10));
          const correction = { type: 'Correct', price, quantity: random.pick([undefined, '0.1']) } as const;
          const chargesVenue = random.chance(0.3);
          const wanted = random.pick([BUST, correction]);
          if (trade !== undefined) {
            answers.push(market.outcome(wanted, { tradeId: trade.tradeId, chargesVenue }));
          }
        }
        if (random.chance(0.3)) await venue.quiet();
        if (random.chance(0.1)) venue.store.commitGate.close();
        if (random.chance(0.2)) venue.store.commitGate.open();
      }
      venue.store.commitGate.open();
      const outcomes = await Promise.all(answers);
      await venue.settled();
      const done = outcomes.filter((outcome) => outcome === 'done').length;
      expect(done).to.be.greaterThan(5);
      expect(amendments()).to.equal(done);
    });
  }
});

/** Orders that were closed before their account was loaded: of what they were only their rows tell. */
import { expect } from 'chai';
import type { Message } from '../../src/actors/protocol.ts';
import { Recalls } from '../../src/actors/recalls.ts';
import { audit } from '../support/audit.ts';
import { ALICE, BOB, openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, cancelOrder, sellOrder, statusRequest } from '../support/member-commands.ts';
import { type Member, openVenue, type Venue } from '../support/venue.ts';

const REPEAT = { mayBeRepeat: true };

describe('an order that was closed before its account was loaded', () => {
  let venue: Venue;
  let alice: Member;

  /** Alice has bought with `filled` and canceled `gone`, and the venue has been started anew since. */
  beforeEach(async () => {
    const market = await openFundedVenue();
    market.bob.send(sellOrder('ask', '1', '100'));
    await market.venue.settled();
    market.alice.send(buyOrder('filled', '1', '100'), buyOrder('gone', '2', '90'), cancelOrder('x', 'gone'));
    await market.venue.settled();
    const { store, clock } = market.venue;
    market.venue.shutdown();
    venue = await openVenue({ store, clock });
    alice = await venue.member(ALICE);
  });
  afterEach(async () => {
    await venue.settled();
    audit(venue);
    venue.shutdown();
  });

  it('is told in full to whoever asks for it', async () => {
    alice.send(statusRequest('filled'), statusRequest('gone'), statusRequest('x'));
    await venue.settled();
    expect(alice.lines()).to.have.members(['8 I/2 filled 1/0', '8 I/4 gone 0/0', '8 I/8 x 103=5']);
    expect(alice.refusals).to.deep.equal([]);
  });

  it('answers repeats of its requests, and refuses what only bears its ClOrdID', async () => {
    alice.send(
      buyOrder('filled', '1', '100', REPEAT),
      cancelOrder('x', 'gone', REPEAT),
      buyOrder('filled', '1', '100'),
      cancelOrder('y', 'filled'),
    );
    await venue.settled();
    expect(alice.lines()).to.have.members([
      '8 I/2 filled 1/0',
      '8 I/4 gone 0/0',
      '8 8/8 filled 103=6',
      '9 F 102=0 39=2 y<filled',
    ]);
  });

  it('makes nothing wait but what asks for it, and is read once for all of that', async () => {
    // With its first request the account is loaded.
    alice.send(statusRequest('nothing'));
    await venue.settled();
    alice.clear();
    venue.store.loadGate.close();
    alice.send(statusRequest('filled'), buyOrder('filled', '1', '100', REPEAT), buyOrder('new', '1', '80'));
    await venue.quiet();
    expect(alice.lines()).to.deep.equal(['8 0/0 new 0/1']);
    expect(venue.store.loadGate.waitingCount).to.equal(1);
    venue.store.loadGate.open();
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 new 0/1', '8 I/2 filled 1/0', '8 I/2 filled 1/0']);
  });

  it('is told when the database is back', async () => {
    alice.send(statusRequest('nothing'));
    await venue.settled();
    venue.store.isAway = true;
    alice.send(statusRequest('filled'));
    await venue.quiet();
    venue.store.isAway = false;
    venue.clock.advance(100);
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 I/8 nothing 103=5', '8 I/2 filled 1/0']);
  });

  it('is no longer at hand where its row cannot be read, and that is what is told', async () => {
    const orderId = [...venue.store.orders].find(([, row]) => row.entryClOrdId === 'filled')?.[0] ?? 0;
    venue.store.brokenLoads.add(`order:${orderId}`);
    alice.send(statusRequest('filled'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal([]);
    const [refused] = alice.refusals;
    expect(refused?.refusal).to.equal('Unanswerable');
    expect(refused?.text).to.contain(`order ${orderId} is closed, its OrdStatus(39) is 2`);
  });

  it('keeps an order that was sent again apart from another that only bears its ClOrdID', async () => {
    const sendAgain = (commandNo: number, command: ReturnType<typeof buyOrder>): void => {
      const routed = {
        commandNo,
        userId: ALICE,
        origin: undefined,
        replyTo: undefined,
        isSentAgain: true,
      } as const;
      const tradingDay = '2024-05-06';
      const commands = [{ ...routed, command, referencePrice: undefined, tradingDay }];
      venue.tell({ type: 'account', userId: ALICE }, { type: 'AccountCommands', commands });
    };
    alice.send(statusRequest('nothing'));
    await venue.settled();
    alice.clear();
    sendAgain(1_001, buyOrder('filled', '1', '100'));
    await venue.settled();
    expect(alice.lines(), 'its reports are rows').to.deep.equal([]);
    sendAgain(1_002, buyOrder('filled', '1', '100', { symbol: 'ETH-USD' }));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 8/8 filled 103=6']);
  });
});

describe('rows of closed orders', () => {
  const routed = { commandNo: 1, userId: BOB } as never;
  const recall = { orderId: 7, routed, text: 'closed' };

  function open() {
    const told: Message[] = [];
    const recalls = new Recalls(BOB, (_address, message) => told.push(message));
    return { recalls, told };
  }

  it('that were read before a trade was amended are read again', () => {
    const { recalls, told } = open();
    recalls.add([recall]);
    recalls.amended([7, 8]);
    expect(told).to.deep.equal(Array(2).fill({ type: 'LoadOrder', userId: BOB, orderId: 7 }));
    expect(recalls.isLastAnswer({ orderId: 7 }), 'from before it').to.equal(false);
    expect(recalls.isLastAnswer({ orderId: 7 })).to.equal(true);
    expect(recalls.take(7)).to.have.length(1);
    expect(recalls.isEmpty).to.equal(true);
  });

  it('that were asked for before the account was loaded anew do not count', () => {
    const { recalls, told } = open();
    recalls.add([recall, recall]);
    expect(recalls.takeAll()).to.deep.equal([routed, routed]);
    recalls.add([recall]);
    expect(told).to.have.length(2);
    expect(recalls.isLastAnswer({ orderId: 7 })).to.equal(false);
    expect(recalls.isLastAnswer({ orderId: 7 })).to.equal(true);
    // One that nobody here has asked for.
    expect(recalls.isLastAnswer({ orderId: 7 })).to.equal(false);
  });
});

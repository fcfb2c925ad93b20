/** How much the venue reads of each member while all of them together send more than it answers. */
import { expect } from 'chai';
import { countUnanswered, mayBeUnanswered } from '../../../src/fix/fair-reading.ts';
import { Outbound, type OutboundMessage } from '../../../src/fix/outbound.ts';
import { NO_SECURITIES } from '../../../src/fix/security-directory.ts';
import { farewell } from '../../../src/fix/session.ts';
import { DEFAULT_SESSION_LIMITS } from '../../../src/fix/session-limits.ts';
import { newSession } from '../../../src/fix/session-state.ts';
import { Throttles } from '../../../src/fix/throttle.ts';
import { FixVenue, limitOrder, MEMBER, OTHER_MEMBER } from '../../support/fix-venue.ts';
import { until } from '../../support/until.ts';

const LIMITS = {
  maxUnansweredRequestsPerSession: 40,
  slowdownRequestsInFlight: 60,
  slowdownRequestsPerSession: 5,
} as const;

describe('what a session may have unanswered', () => {
  it('is the room that all of them leave, between its own bounds', () => {
    const bounds = [0, 20, 30, 55, 60, 1_000].map((all) => mayBeUnanswered(LIMITS, all));
    expect(bounds).to.deep.equal([40, 40, 30, 5, 5, 5]);
  });
});

describe('members that send more than is answered', () => {
  let venue: FixVenue;

  beforeEach(async () => {
    venue = await FixVenue.start({ limits: LIMITS });
    venue.onSubmit = () => {};
  });
  afterEach(() => venue.stop());

  function takenOf(userId: number): number {
    const taken = venue.submitted.filter((message) => message.userId === userId);
    return taken.reduce((sum, { commands }) => sum + commands.length, 0);
  }

  it('are read so far that one who sends little is still read', async () => {
    const [greedy, modest] = [await venue.logon(), await venue.logon(OTHER_MEMBER)];
    greedy.sendRaw(
      Buffer.concat(Array.from({ length: 500 }, (_, i) => greedy.encode('D', limitOrder(`g${i}`)))),
    );
    await until('the greedy member’s bound', () => takenOf(MEMBER.userId) > 30);
    // Half of all: as much as is left for the others, and the one that shows the bound.
    expect(takenOf(MEMBER.userId)).to.equal(31);
    for (let i = 0; i < 4; i += 1) modest.send('D', limitOrder(`m${i}`));
    await until('the modest member', () => takenOf(OTHER_MEMBER.userId) === 4);
    expect(takenOf(MEMBER.userId)).to.equal(31);
  });

  it('are read on when half is answered, from where they were left, until all is', async () => {
    const member = await venue.logon();
    const orders = Array.from({ length: 500 }, (_, i) => member.encode('D', limitOrder(`o${i}`)));
    member.sendRaw(Buffer.concat(orders));
    await until('the bound', () => takenOf(MEMBER.userId) === 31);
    venue.onSubmit = (message) => venue.accept(message);
    for (const message of venue.submitted.splice(0)) venue.accept(message);
    await until('all reports', () => member.waitingCount === 500);
    for (let i = 0; i < 500; i += 1) {
      await member.expect('8', { 11: `o${i}`, 150: '0' });
    }
  });

  it('lose nothing of what was read when the connection ends', async () => {
    const member = await venue.logon();
    const orders = Array.from({ length: 100 }, (_, i) => member.encode('D', limitOrder(`o${i}`)));
    member.sendRaw(Buffer.concat(orders));
    await until('the bound', () => takenOf(MEMBER.userId) === 31);
    venue.system.tell(
      { type: 'session', sessionId: venue.submitted[0]?.sessionId ?? '' },
      { type: 'PeerClosed' },
    );
    await until('the rest', () => takenOf(MEMBER.userId) === 100);
    await until('the end', () => venue.sessionCount === 0);
  });

  it('leave room for others when they are gone', async () => {
    const greedy = await venue.logon();
    greedy.sendRaw(
      Buffer.concat(Array.from({ length: 500 }, (_, i) => greedy.encode('D', limitOrder(`g${i}`)))),
    );
    await until('the bound', () => takenOf(MEMBER.userId) === 31);
    greedy.close();
    await until('the end', () => venue.sessionCount === 0);
    const other = await venue.logon(OTHER_MEMBER);
    other.sendRaw(
      Buffer.concat(Array.from({ length: 500 }, (_, i) => other.encode('D', limitOrder(`x${i}`)))),
    );
    await until('as much as one alone may have', () => takenOf(OTHER_MEMBER.userId) === 31);
  });

  it('do not die of their silence while they are not read', async () => {
    const member = await venue.logon({ heartBtInt: 10 });
    const orders = Array.from({ length: 500 }, (_, i) => member.encode('D', limitOrder(`o${i}`)));
    member.sendRaw(Buffer.concat(orders));
    await until('the bound', () => takenOf(MEMBER.userId) === 31);
    for (let tick = 1; tick <= 6; tick += 1) {
      venue.advance(10_000);
      await member.expect('0');
    }
    expect(member.isClosed).to.equal(false);
  });
});

describe('a member, while too much waits to be stored', () => {
  it('is not read, hears that the venue lives, and is read on when there is room', async () => {
    let isFull = false;
    const venue = await FixVenue.start({ isJournalFull: () => isFull });
    try {
      const member = await venue.logon({ heartBtInt: 10 });
      isFull = true;
      member.send('1', { 112: 'the last that is read' });
      await member.expect('0', { 112: 'the last that is read' });
      member.send('D', limitOrder('o1'));
      for (let beat = 1; beat <= 3; beat += 1) {
        venue.advance(10_000);
        await member.expect('0');
      }
      expect(venue.submitted).to.deep.equal([]);
      isFull = false;
      venue.advance(0);
      await member.expect('8', { 11: 'o1', 150: '0' });
    } finally {
      await venue.stop();
    }
  });
});

describe('a session that breaks', () => {
  const broken = (phase: 'Active' | 'Ended') => {
    const unanswered = { total: 0 };
    const limits = { ...DEFAULT_SESSION_LIMITS, ...LIMITS };
    const state = newSession(
      {
        sessionId: 's1',
        venueCompId: 'ONEBOOK',
        limits,
        throttles: new Throttles(),
        markets: NO_SECURITIES,
        securityStatusToAll: false,
        unanswered,
      },
      0,
      true,
    );
    for (let i = 0; i < 3; i += 1) state.inbound.awaitAnswer(i + 1);
    state.phase = 'Active';
    countUnanswered(state);
    expect(unanswered.total).to.equal(3);
    state.phase = phase;
    return { state, unanswered };
  };

  for (const phase of ['Active', 'Ended'] as const) {
    it(`leaves its part to others, in the phase ${phase}`, () => {
      const { state, unanswered } = broken(phase);
      farewell(state, 0);
      expect(unanswered.total).to.equal(0);
    });
  }

  it('does what belongs to its end when it breaks after that', () => {
    const { state } = broken('Ended');
    const disconnect = { type: 'Disconnect', reason: 'the peer closed' } as const;
    state.effects.push(disconnect);
    expect(farewell(state, 0)).to.deep.equal([disconnect]);
    expect(farewell(state, 0)).to.deep.equal([]);
  });
});

describe('the venue’s numbers', () => {
  const message = (msgType: string, isApplication: boolean): OutboundMessage => ({
    type: 'Message',
    msgType,
    isApplication,
    write: () => {},
  });
  const header = { beginString: 'FIX.4.4', senderCompId: 'ONEBOOK', targetCompId: '100' } as const;

  it('last for signs of life when no answer has one left, and those overtake', () => {
    const outbound = new Outbound(header, 'FIX.4.4', 32);
    outbound.start(1, 32);
    for (let i = 0; i < 40; i += 1) outbound.send(message('j', true), 0);
    expect([outbound.frameCount, outbound.waitingCount]).to.deep.equal([30, 10]);
    for (let i = 0; i < 2; i += 1) outbound.send(message('0', false), 0);
    expect([outbound.frameCount, outbound.waitingCount, outbound.nextSeqNum]).to.deep.equal([32, 10, 33]);
    outbound.send(message('1', false), 0);
    expect([outbound.frameCount, outbound.waitingCount, outbound.hasNumber]).to.deep.equal([32, 11, false]);
    outbound.grant(64, 0);
    expect([outbound.frameCount, outbound.waitingCount, outbound.isReady]).to.deep.equal([43, 0, true]);
  });
});

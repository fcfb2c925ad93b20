/** Actors at addresses, hosted by nact: names, births, deaths and the messages between them. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type ActorSystem,
  actorName,
  type Behavior,
  startActorSystem,
} from '../../src/actors/actor-system.ts';
import type { Address, SessionMessage } from '../../src/actors/protocol.ts';
import { restartFresh, stopAfter } from '../../src/actors/supervision.ts';
import { AssertionError } from '../../src/platform/assert.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ManualClock } from '../support/manual-clock.ts';

const TICK = { type: 'Tick' } as const;

/** Lets every actor handle what it has been told. */
async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

function session(sessionId: string): Address & { type: 'session' } {
  return { type: 'session', sessionId };
}

describe('actor system', () => {
  let clock: ManualClock;
  let system: ActorSystem;

  beforeEach(() => {
    clock = new ManualClock(0);
    system = startActorSystem(silentLog, (delayMs, callback) => clock.after(delayMs, callback));
  });

  afterEach(() => system.shutdown());

  /** An actor that counts in its state and writes down each count. */
  function counter(counts: number[]): Behavior<number, SessionMessage> {
    return {
      initial: () => 0,
      receive(count) {
        counts.push(count + 1);
        return count + 1;
      },
    };
  }

  it('gives every text a name of its own that nact accepts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(actorName(one) === actorName(other)).to.equal(one === other);
        expect(actorName(one)).to.match(/^[A-Za-z0-9._$-]*$/);
      }),
    );
    expect(actorName('BTC-USD')).to.equal('BTC-USD');
    expect(actorName('BTC/USD')).to.equal('BTC$2f$USD');
    expect(actorName('BTC$2f$USD')).to.not.equal(actorName('BTC/USD'));
  });

  it('hosts symbols with any letters side by side', async () => {
    const heard: string[] = [];
    for (const symbol of ['BTC/USD', 'BTC$2f$USD', 'BTC USD', 'ÄÖ€', '../x', '']) {
      system.spawn(
        { type: 'book', symbol },
        {
          initial: () => undefined,
          receive(state) {
            heard.push(symbol);
            return state;
          },
        },
        restartFresh(),
      );
      system.tell({ type: 'book', symbol }, { type: 'ResumeBook' });
    }
    await turns();
    expect(heard).to.have.members(['BTC/USD', 'BTC$2f$USD', 'BTC USD', 'ÄÖ€', '../x', '']);
  });

  it('hands messages over one by one, in order, with the state between them', async () => {
    const counts: number[] = [];
    system.spawn(session('a'), counter(counts), restartFresh());
    for (let index = 0; index < 5; index += 1) system.tell(session('a'), TICK);
    expect(counts).to.deep.equal([]);
    await turns();
    expect(counts).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('drops messages to an address where nobody lives', async () => {
    system.tell(session('nobody'), TICK);
    system.tell({ type: 'account', userId: 7 }, { type: 'LoadFailed', reason: 'x' });
    system.tell({ type: 'reply', requestId: 'nobody' }, { type: 'Drained' });
    await turns();
    expect(system.isAlive(session('nobody'))).to.equal(false);
  });

  it('asserts that an address is taken only once', () => {
    system.spawn(session('a'), counter([]), restartFresh());
    expect(() => system.spawn(session('a'), counter([]), restartFresh())).to.throw(
      AssertionError,
      'two actors at session a',
    );
  });

  it('frees the address of an actor that is stopped, and drops its mailbox', async () => {
    const first: number[] = [];
    const second: number[] = [];
    system.spawn(session('a'), counter(first), restartFresh());
    system.tell(session('a'), TICK);
    system.stop(session('a'));
    expect(system.isAlive(session('a'))).to.equal(false);
    system.spawn(session('a'), counter(second), restartFresh());
    system.tell(session('a'), TICK);
    await turns();
    expect(first).to.deep.equal([]);
    expect(second).to.deep.equal([1]);
  });

  it('stops nobody twice', () => {
    system.spawn(session('a'), counter([]), restartFresh());
    system.stop(session('a'));
    system.stop(session('a'));
    expect(system.isAlive(session('a'))).to.equal(false);
  });

  describe('on a crash', () => {
    /** A counter that throws on its second message of a life. */
    function fragile(counts: number[]): Behavior<number, SessionMessage> {
      return {
        initial: () => 0,
        receive(count) {
          if (count === 1) throw new Error('the test fails the actor');
          counts.push(count + 1);
          return count + 1;
        },
      };
    }

    it('restarts an actor from its initial state and keeps its mailbox', async () => {
      const counts: number[] = [];
      system.spawn(session('a'), fragile(counts), restartFresh());
      for (let index = 0; index < 5; index += 1) system.tell(session('a'), TICK);
      await turns();
      // The second and the fourth message are lost with their lives.
      expect(counts).to.deep.equal([1, 1, 1]);
      expect(system.isAlive(session('a'))).to.equal(true);
    });

    it('lets an actor say farewell, stops it and frees its address', async () => {
      const counts: number[] = [];
      const farewells: string[] = [];
      const policy = stopAfter<SessionMessage>(({ message, error }) => {
        farewells.push(`${message?.type}: ${error.message}`);
        throw new Error('and the farewell fails as well');
      });
      system.spawn(session('a'), fragile(counts), policy);
      for (let index = 0; index < 3; index += 1) system.tell(session('a'), TICK);
      await turns();
      expect(counts).to.deep.equal([1]);
      expect(farewells).to.deep.equal(['Tick: the test fails the actor']);
      expect(system.isAlive(session('a'))).to.equal(false);
      system.spawn(session('a'), fragile(counts), policy);
      system.tell(session('a'), TICK);
      await turns();
      expect(counts).to.deep.equal([1, 1]);
    });

    it('stops an actor that cannot even start, whatever its policy', async () => {
      let births = 0;
      const stillborn: Behavior<undefined, SessionMessage> = {
        initial() {
          births += 1;
          throw new Error('the test fails the birth');
        },
        receive: (state) => state,
      };
      system.spawn(session('a'), stillborn, restartFresh());
      system.spawn(
        session('b'),
        stillborn,
        stopAfter(() => undefined),
      );
      await turns();
      expect(births).to.equal(2);
      expect(system.isAlive(session('a'))).to.equal(false);
      expect(system.isAlive(session('b'))).to.equal(false);
      const counts: number[] = [];
      system.spawn(session('a'), counter(counts), restartFresh());
      system.tell(session('a'), TICK);
      await turns();
      expect(counts).to.deep.equal([1]);
    });

    it('stops an actor that cannot start again after a crash', async () => {
      let births = 0;
      system.spawn(
        session('a'),
        {
          initial() {
            births += 1;
            if (births > 1) throw new Error('the test fails the rebirth');
          },
          receive() {
            throw new Error('the test fails the actor');
          },
        },
        restartFresh(),
      );
      system.tell(session('a'), TICK);
      system.tell(session('a'), TICK);
      await turns();
      expect(births).to.equal(2);
      expect(system.isAlive(session('a'))).to.equal(false);
    });

    it('leaves other actors alone', async () => {
      const counts: number[] = [];
      system.spawn(
        session('a'),
        fragile([]),
        stopAfter(() => undefined),
      );
      system.spawn(session('b'), counter(counts), restartFresh());
      for (const name of ['a', 'a', 'b', 'a', 'b']) system.tell(session(name), TICK);
      await turns();
      expect(counts).to.deep.equal([1, 2]);
    });
  });

  describe('ask', () => {
    it('is not answered by what comes late for an earlier life of the node', async () => {
      const after = (delayMs: number, callback: () => void) => clock.after(delayMs, callback);
      const lives = ['engine-1#3', 'engine-1#31'].map((life) =>
        startActorSystem(silentLog, after, undefined, life),
      );
      const asked = lives.map((life) => {
        const asker: { address?: Address } = {};
        const answer = life.ask((replyTo) => {
          asker.address = replyTo;
        }, 1_000);
        return { life, asker, answer: answer.catch(() => 'nothing') };
      });
      const [earlier, later] = asked;
      later?.life.tell(earlier?.asker.address as Address, { type: 'Drained' });
      clock.advance(1_000);
      expect(await later?.answer).to.equal('nothing');
      for (const life of lives) life.shutdown();
    });

    it('resolves with the first reply to its address', async () => {
      const reply = await system.ask((replyTo) => {
        system.tell(replyTo, { type: 'CancelsRequested', orderCount: 3 });
        system.tell(replyTo, { type: 'Drained' });
      }, 1_000);
      expect(reply).to.deep.equal({ type: 'CancelsRequested', orderCount: 3 });
      expect(clock.timerCount).to.equal(0);
    });

    it('rejects when nobody replies in time, and drops what comes later', async () => {
      let address: Address | undefined;
      const asked = system.ask((replyTo) => {
        address = replyTo;
      }, 1_000);
      clock.advance(1_000);
      const outcome = await asked.then(
        () => 'resolved',
        (error: Error) => error.message,
      );
      expect(outcome).to.equal('no answer within 1000 ms');
      if (address !== undefined) system.tell(address, { type: 'Drained' });
    });
  });

  it('hosts nobody after its shutdown', async () => {
    const counts: number[] = [];
    system.spawn(session('a'), counter(counts), restartFresh());
    system.tell(session('a'), TICK);
    system.shutdown();
    system.tell(session('a'), TICK);
    await turns();
    expect(counts).to.deep.equal([]);
  });
});

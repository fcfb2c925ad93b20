/** The simulated actor system keeps the rules that the venue relies on, and no others. */
import { expect } from 'chai';
import type { Behavior } from '../../src/actors/actor-system.ts';
import type { ExchangeMessage, GatewayMessage } from '../../src/actors/protocol.ts';
import { restartFresh, stopAfter } from '../../src/actors/supervision.ts';
import { randomFrom } from '../support/random.ts';
import { type DeliveryOrder, SimulatedActors } from './simulated-actors.ts';

const EXCHANGE = { type: 'exchange' } as const;

function gateway(name: string): { readonly type: 'gateway'; readonly name: string } {
  return { type: 'gateway', name };
}

/** A system, with what crashed in it. */
function actors(order: DeliveryOrder, seed = 1): { system: SimulatedActors; crashes: string[] } {
  const crashes: string[] = [];
  const onCrash = (actor: string): number => crashes.push(actor);
  const system = new SimulatedActors({ random: randomFrom(seed), order, trace: undefined, onCrash });
  return { system, crashes };
}

function runAll(system: SimulatedActors, seed = 1): void {
  const random = randomFrom(seed);
  while (system.readyCount > 0) system.runOne(random.integer(0, system.readyCount - 1));
}

/** An exchange that writes down the reasons of StoreUnavailable, and what it does with each. */
function recorder(heard: string[], then?: (reason: string) => void): Behavior<undefined, ExchangeMessage> {
  return {
    initial: () => undefined,
    receive: (state, message) => {
      if (message.type !== 'StoreUnavailable') return state;
      heard.push(message.reason);
      then?.(message.reason);
      return state;
    },
  };
}

/** A gateway that, told anything, tells the exchange these reasons. */
function teller(system: SimulatedActors, ...reasons: string[]): Behavior<undefined, GatewayMessage> {
  return {
    initial: () => undefined,
    receive: (state) => {
      for (const reason of reasons) system.tell(EXCHANGE, { type: 'StoreUnavailable', reason });
      return state;
    },
  };
}

/** What the exchange hears, over many seeds, from two gateways that each say two things. */
function outcomes(order: DeliveryOrder): Set<string> {
  const all = new Set<string>();
  for (let seed = 1; seed <= 100; seed += 1) {
    const { system } = actors(order, seed);
    const heard: string[] = [];
    system.spawn(EXCHANGE, recorder(heard), restartFresh());
    system.spawn(gateway('a'), teller(system, 'a1', 'a2'), restartFresh());
    system.spawn(gateway('b'), teller(system, 'b1', 'b2'), restartFresh());
    for (const name of ['a', 'b']) system.tell(gateway(name), { type: 'StoreAvailable' });
    runAll(system, seed);
    all.add(heard.join(' '));
  }
  return all;
}

describe('simulated actors', () => {
  it('deliver in the order of telling, whoever takes a turn first', () => {
    expect([...outcomes('mailbox')].sort()).to.deep.equal(['a1 a2 b1 b2', 'b1 b2 a1 a2']);
  });

  it('let strangers overtake each other when only causes keep an order, and never themselves', () => {
    const all = outcomes('causal');
    expect(all).to.include('a1 b1 a2 b2');
    for (const heard of all) {
      expect(heard.indexOf('a1'), heard).to.be.below(heard.indexOf('a2'));
      expect(heard.indexOf('b1'), heard).to.be.below(heard.indexOf('b2'));
    }
  });

  it('never deliver an effect before its cause', () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const { system } = actors('causal', seed);
      const heard: string[] = [];
      const passOn: Behavior<undefined, GatewayMessage> = {
        initial: () => undefined,
        receive: (state) => {
          system.tell(EXCHANGE, { type: 'StoreUnavailable', reason: 'cause' });
          system.tell(gateway('b'), { type: 'StoreAvailable' });
          return state;
        },
      };
      system.spawn(EXCHANGE, recorder(heard), restartFresh());
      system.spawn(gateway('a'), passOn, restartFresh());
      system.spawn(gateway('b'), teller(system, 'effect'), restartFresh());
      system.tell(gateway('a'), { type: 'StoreAvailable' });
      runAll(system, seed);
      expect(heard).to.deep.equal(['cause', 'effect']);
    }
  });

  it('restart an actor that throws with the rest of its mailbox, or stop it with none', () => {
    for (const [policy, expected] of [
      [restartFresh<ExchangeMessage>(), ['one', 'two']],
      [stopAfter<ExchangeMessage>(() => {}), ['one']],
    ] as const) {
      const { system, crashes } = actors('mailbox');
      const heard: string[] = [];
      const fail = (reason: string): void => {
        if (reason === 'one') throw new Error('the test fails the actor');
      };
      system.spawn(EXCHANGE, recorder(heard, fail), policy);
      for (const reason of ['one', 'two']) system.tell(EXCHANGE, { type: 'StoreUnavailable', reason });
      runAll(system);
      expect(heard).to.deep.equal(expected);
      expect(crashes).to.deep.equal(['exchange']);
      expect(system.isAlive(EXCHANGE)).to.equal(expected.length === 2);
    }
  });

  it('hear nothing more after the end', () => {
    const { system } = actors('mailbox');
    const heard: string[] = [];
    system.spawn(EXCHANGE, recorder(heard), restartFresh());
    system.tell(EXCHANGE, { type: 'StoreUnavailable', reason: 'too late' });
    system.shutdown();
    system.tell(EXCHANGE, { type: 'StoreUnavailable', reason: 'much too late' });
    runAll(system);
    expect(heard).to.deep.equal([]);
  });

  it('answer who asks', () => {
    const { system } = actors('mailbox');
    const answers: string[] = [];
    void system
      .ask((replyTo) => system.tell(replyTo, { type: 'Drained' }))
      .then((reply) => answers.push(reply.type));
    expect(answers).to.deep.equal(['Drained']);
  });
});

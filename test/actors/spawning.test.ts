/** One account per member and one book per symbol, however often somebody asks for them. */
import { expect } from 'chai';
import type { ActorAddress } from '../../src/actors/actor-system.ts';
import { Spawner, type SpawnerOptions } from '../../src/actors/spawning.ts';
import { silentLog } from '../../src/platform/log.ts';
import { createTradingCalendar } from '../../src/platform/trading-calendar.ts';
import { ManualClock } from '../support/manual-clock.ts';

describe('the spawner', () => {
  let spawned: ActorAddress[];
  let stopped: ActorAddress[];
  let spawner: Spawner;

  beforeEach(() => {
    spawned = [];
    stopped = [];
    const isAt = (one: ActorAddress) => (other: ActorAddress) =>
      JSON.stringify(one) === JSON.stringify(other);
    const system: SpawnerOptions['system'] = {
      spawn: (address) => void spawned.push(address),
      isAlive: (address) => spawned.some(isAt(address)),
      tell: () => {},
      stop: (address) => void stopped.push(address),
    };
    const never = () => {
      throw new Error('nothing is loaded here');
    };
    spawner = new Spawner({
      system,
      clock: new ManualClock(0),
      log: silentLog,
      markets: { find: () => undefined, symbols: () => [] },
      calendar: createTradingCalendar({ timeZone: 'UTC', rollTime: '00:00' }),
      ids: { nextOrderId: never, nextTradeId: never },
      createBook: never,
      limits: {
        accountStash: 1,
        bookStash: 1,
        closedOrdersKept: 1,
        refusedCancelsKept: 1,
        maxWaitingStopsPerMember: 1,
        maxStatusReportsPerMember: 1,
        massCancelWaitMs: 1,
        sweepPortion: 1,
        incidentsToHalt: 1,
        incidentWindowMs: 1,
      },
    });
  });

  it('makes one book of a symbol, and the other one of another', () => {
    for (const symbol of ['BTC-USD', 'ETH-USD', 'BTC-USD', 'BTC-USD']) {
      spawner.book(symbol, { type: 'Open' }, 0);
    }
    expect(spawned).to.deep.equal([
      { type: 'book', symbol: 'BTC-USD' },
      { type: 'book', symbol: 'ETH-USD' },
    ]);
  });

  it('stops accounts that live elsewhere from now on, and makes them anew when they come back', () => {
    for (const userId of [1, 2, 3]) spawner.account(userId, 0);
    spawner.forgetAccounts((userId) => userId !== 2);
    expect(stopped).to.deep.equal([
      { type: 'account', userId: 1 },
      { type: 'account', userId: 3 },
    ]);
    expect([...spawner.accounts.keys()]).to.deep.equal([2]);
    spawner.account(1, 0);
    expect(spawned.at(-1)).to.deep.equal({ type: 'account', userId: 1 });
  });

  it('makes one account of a member, and the other one of another', () => {
    for (const userId of [1, 2, 1, 1]) spawner.account(userId, 0);
    expect(spawned).to.deep.equal([
      { type: 'account', userId: 1 },
      { type: 'account', userId: 2 },
    ]);
  });
});

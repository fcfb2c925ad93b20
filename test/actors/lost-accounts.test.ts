/** An engine to whose books accounts of another one had orders on their way, when that died: its commit is refused. */
import { expect } from 'chai';
import { createAnnouncer } from '../../src/actors/announcements.ts';
import { NO_METER } from '../../src/actors/meter.ts';
import type { CommitOutcome } from '../../src/actors/ports.ts';
import type { Address, Message, RoutedCommand } from '../../src/actors/protocol.ts';
import { currentCommands, currentWork } from '../../src/actors/turned-away.ts';
import { silentLog } from '../../src/platform/log.ts';
import { audit } from '../support/audit.ts';
import { openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, sellOrder } from '../support/member-commands.ts';

type NotOwner = Extract<CommitOutcome, { type: 'NotOwner' }>;

describe('an engine that is told that it wrote for others', () => {
  const lost: NotOwner = { type: 'NotOwner', symbols: [], shards: [], sessions: [] };

  async function open() {
    const refusals: NotOwner[] = [];
    const { venue, alice, bob } = await openFundedVenue({
      storeOf: (store) =>
        new Proxy(store, {
          get(target, name) {
            if (name === 'commit') {
              return async (batch: never) => refusals.shift() ?? (await target.commit(batch));
            }
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        }),
    });
    return { venue, alice, bob, refusals };
  }

  it('takes back what it computed, and does the rest once, where these were accounts only', async () => {
    const { venue, alice, bob, refusals } = await open();
    refusals.push({ ...lost, shards: [5] });
    alice.send(buyOrder('a', '1', '100'));
    bob.send(sellOrder('b', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 F/2 a 1/0 @100*1']);
    expect([alice.refusals, bob.refusals]).to.deep.equal([[], []]);
    expect(venue.lostSymbols).to.deep.equal([]);
    expect(venue.errors).to.deep.equal([]);
    audit(venue);
    venue.shutdown();
  });

  for (const [what, outcome] of [
    ['its symbols are among them', { ...lost, symbols: ['BTC-USD'], shards: [5] }],
    ['a later life of its node writes', { ...lost, isLifeOver: true }],
  ] as const) {
    it(`writes nothing more when ${what}`, async () => {
      const { venue, alice, refusals } = await open();
      refusals.push(outcome);
      const before = venue.store.lastCommitNo;
      alice.send(buyOrder('a', '1', '100'));
      await venue.quiet();
      expect(venue.errors.map(({ event }) => event)).to.deep.equal([
        'another node owns what this one wrote for: all that is in memory is void',
      ]);
      expect(venue.store.lastCommitNo).to.equal(before);
      expect(alice.lines()).to.deep.equal([]);
      venue.shutdown();
    });
  }
});

describe('an account that was elsewhere for a while', () => {
  const command = (commandNo: number, epoch: number | undefined): RoutedCommand => ({
    commandNo,
    userId: 7,
    origin: { sessionId: 's', msgSeqNum: commandNo },
    replyTo: commandNo === 1 ? { type: 'reply', requestId: '1' } : undefined,
    command: buyOrder(`c${commandNo}`, '1', '100'),
    referencePrice: undefined,
    tradingDay: '2024-05-06',
    ...(epoch === undefined ? {} : { shard: { shard: 7, epoch } }),
  });
  let told: [Address, Message][];
  const account = () => ({
    userId: 7,
    shard: { shard: 7, epoch: 3 },
    tell: (...one: [Address, Message]) => told.push(one),
  });

  beforeEach(() => {
    told = [];
  });

  it('has nothing to do with commands of the time before, which are counted as done', () => {
    const commands = [command(1, 1), command(2, 3), command(3, 1)];
    expect(currentCommands(commands, account())).to.deep.equal([commands[1]]);
    expect(told.map(([{ type }, message]) => [type, message.type])).to.deep.equal([
      ['reply', 'CommandRejected'],
      ['persistence', 'JournalAccount'],
    ]);
    const done = told[1]?.[1].type === 'JournalAccount' ? told[1][1].done : [];
    expect(done.map(({ commandNo, origin }) => [commandNo, origin])).to.deep.equal([
      [1, undefined],
      [3, undefined],
    ]);
  });

  it('has nothing to do with requests of that time which a book gives back', () => {
    const reason = { type: 'NoSuchOrder' } as const;
    const bounced = [command(1, 1), command(2, 3)].map((routed) => ({ routed, reason }));
    const left = currentWork({ type: 'RequestsBounced', bounced }, account());
    expect(left).to.deep.equal({ type: 'RequestsBounced', bounced: [bounced[1]] });
  });

  it('takes everything where there is one node', () => {
    const commands = [command(1, undefined)];
    expect(currentCommands(commands, { userId: 7, tell: () => undefined })).to.equal(commands);
  });
});

describe('the followers of a member', () => {
  it('on a node to which there is no link are told nothing, until they are named again', () => {
    const told: string[] = [];
    const announcer = createAnnouncer({
      tell: (to) => told.push(to.type === 'session' ? to.sessionId : to.type),
      log: silentLog,
      meter: NO_METER,
      store: { writer: 'engine-1', lastCommitNo: 0 },
    });
    const announce = () =>
      announcer.announce(
        {
          reportsByUser: new Map([
            [1, []],
            [2, []],
          ]),
          answeredBySession: new Map(),
          settlements: new Map(),
          books: [],
          accountShards: new Map(),
          lastPrices: [],
          replies: [],
          sessions: [],
          completed: [],
        },
        1,
      );
    announcer.follow({ userId: 1, sessionId: 'gateway-1/a', node: 'gateway-1' }, 0);
    announcer.follow({ userId: 2, sessionId: 'gateway-2/b', node: 'gateway-2' }, 0);
    announcer.unfollowNode('gateway-1');
    announce();
    announcer.follow({ userId: 1, sessionId: 'gateway-1/c', node: 'gateway-1' }, 0);
    announce();
    expect(told.filter((to) => to !== 'persistence')).to.deep.equal([
      'gateway-2/b',
      'gateway-1/c',
      'gateway-2/b',
    ]);
  });
});

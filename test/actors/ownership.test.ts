/** What the actors of an engine do when symbols and shards of accounts come to it and leave it. */
import { expect } from 'chai';
import { CommandsInFlight } from '../../src/actors/commands-in-flight.ts';
import { CommandsUnderWay } from '../../src/actors/commands-under-way.ts';
import { type OwnershipOptions, ownershipHandlers } from '../../src/actors/ownership.ts';
import type { Address, Message, Reply } from '../../src/actors/protocol.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { buyOrder } from '../support/member-commands.ts';

/** 64 shards are too many to look at. */
const SHARDS = 4;
const DRAINED: Reply = { type: 'Drained' };
const ANSWER = {
  type: 'ReportsCommitted',
  writer: 'engine-1',
  commitNo: 1,
  reports: [],
  answered: [1],
} as const;

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

function open(others?: OwnershipOptions['others']) {
  const clock = new ManualClock(0);
  const underWay = new CommandsUnderWay();
  const inFlight = new CommandsInFlight();
  const state = { isRedoing: false, answer: (_message: Message): Reply | undefined => DRAINED };
  const told: string[] = [];
  const lost: unknown[] = [];
  let waiting: ((reply: Reply) => void) | undefined;
  const tell = (to: Address, message: Message): void => {
    told.push(`${nameOf(to)}: ${brief(message)}`);
    if (message.type !== 'BookLeaving' && message.type !== 'AwaitCommits') return;
    const answer = state.answer(message);
    if (answer !== undefined) waiting?.(answer);
  };
  const owned = ownershipHandlers({
    system: {
      tell,
      ask: (tellIt, timeoutMs) =>
        new Promise((resolve, reject) => {
          waiting = resolve;
          clock.after(timeoutMs, () => reject(new Error('no answer')));
          tellIt({ type: 'reply', requestId: '1' });
        }),
    },
    clock,
    log: silentLog,
    underWay,
    inFlight,
    shardNoOf: (userId) => userId % SHARDS,
    isRedoing: () => state.isRedoing,
    onOwnershipLost: (symbols, shards) => lost.push([symbols, shards]),
    giveUpMs: 1_000,
    ...(others === undefined ? {} : { others }),
  });
  return {
    owned,
    clock,
    underWay,
    inFlight,
    state,
    lost,
    told: () => told.splice(0),
    take: (symbols: Record<string, number>, shards: Record<number, number> = {}) =>
      owned.onTaken({
        symbols: new Map(Object.entries(symbols)),
        shards: new Map(Object.entries(shards).map(([shard, epoch]) => [Number(shard), epoch])),
      }),
    /** A member of the shard with that number has sent an order by a gateway. */
    order: (userId: number) =>
      underWay.begin({
        type: 'SubmitCommands',
        sessionId: `gateway-1/${userId}`,
        userId,
        commands: [
          {
            msgSeqNum: 1,
            command: buyOrder('a', '1', '100'),
            sending: { no: 1, isAgain: false, receivedAt: 0, round: 0 },
          },
        ],
      }),
    /** How giving up has ended, once it has. */
    giveUp(symbols: readonly string[], shards: readonly number[] = []) {
      const outcome = { text: 'under way' };
      owned.giveUp({ symbols, shards }).then(
        () => {
          outcome.text = 'given up';
        },
        (error: Error) => {
          outcome.text = error.message;
        },
      );
      return outcome;
    },
  };
}

function nameOf(to: Address): string {
  if (to.type === 'book') return to.symbol;
  return to.type === 'account' ? `account ${to.userId}` : to.type;
}

function brief(message: Message): string {
  if (message.type === 'BookTaken') return `taken under ${message.epoch}`;
  if (message.type === 'AccountsGone') return `gone ${message.shards}`;
  return message.type;
}

describe('what an engine owns', () => {
  it('is told to the seats of its books, and known of each account', () => {
    const { owned, take, told } = open();
    take({ X: 3, Y: 4 }, { 1: 7 });
    expect(told()).to.deep.equal(['X: taken under 3', 'Y: taken under 4']);
    expect([owned.epochOfBook('X'), owned.epochOfBook('Z')]).to.deep.equal([3, undefined]);
    expect(owned.shardOf(5)).to.deep.equal({ shard: 1, epoch: 7 });
    expect([owned.ownsAccount(5), owned.ownsAccount(6)]).to.deep.equal([true, false]);
  });

  it('is given up when commands of its accounts are answered, and then its books are quiet', async () => {
    const { owned, take, told, order, underWay, giveUp, clock } = open();
    take({ X: 3 }, { 1: 7, 2: 7 });
    order(5);
    order(6);
    told();
    const outcome = giveUp(['X'], [1]);
    // New commands go elsewhere, those that were taken are still the account's.
    expect([owned.ownsAccount(5), owned.ownsAccount(6)]).to.deep.equal([false, true]);
    expect(owned.shardOf(5)).to.deep.equal({ shard: 1, epoch: 7 });
    clock.advance(500);
    await turns();
    expect([outcome.text, told()]).to.deep.equal(['under way', []]);
    underWay.leaving('gateway-1/5', ANSWER);
    clock.advance(5);
    await turns();
    expect([outcome.text, told()]).to.deep.equal([
      'given up',
      ['X: BookLeaving', 'persistence: AwaitCommits'],
    ]);
    owned.onReleased({ symbols: ['X'], shards: [1] });
    expect(told()).to.deep.equal(['X: BookGone', 'exchange: gone 1']);
    expect([owned.shardOf(5), owned.epochOfBook('X')]).to.deep.equal([undefined, undefined]);
    expect(owned.ownsAccount(6)).to.equal(true);
  });

  it('is given up when what operators have asked of its accounts is answered', async () => {
    const { take, inFlight, giveUp, clock } = open();
    take({}, { 1: 7, 2: 7 });
    const replyTo = { type: 'reply', requestId: '2' } as const;
    inFlight.begin({ commandNo: 1, userId: 5, replyTo });
    inFlight.begin({ commandNo: 2, userId: 6, replyTo });
    const outcome = giveUp([], [1]);
    clock.advance(500);
    await turns();
    expect(outcome.text).to.equal('under way');
    inFlight.end([1]);
    clock.advance(5);
    await turns();
    expect(outcome.text).to.equal('given up');
  });

  it('is given up when no trade is amended by the right by which its accounts are here', async () => {
    const { take, inFlight, giveUp, clock } = open();
    take({}, { 1: 7, 2: 7 });
    for (const userId of [5, 5, 6]) inFlight.beginAmendment(userId);
    const outcome = giveUp([], [1]);
    const passed = async (): Promise<string> => {
      clock.advance(5);
      await turns();
      return outcome.text;
    };
    expect(await passed()).to.equal('under way');
    inFlight.endAmendment(5);
    expect(await passed()).to.equal('under way');
    inFlight.endAmendment(5);
    expect(await passed()).to.equal('given up');
    // Those of accounts that are gone are nobody's.
    inFlight.forget(
      (userId) => userId === 6,
      () => {},
    );
    expect(inFlight.countOf(() => true)).to.equal(0);
  });

  it('stays when it takes too long', async () => {
    const { owned, take, told, order, giveUp, clock, state } = open();
    take({ X: 3 }, { 1: 7 });
    order(5);
    told();
    const accounts = giveUp(['X'], [1]);
    clock.advance(1_000);
    await turns();
    expect(accounts.text).to.equal('1 commands of the accounts are under way');
    expect(told()).to.deep.equal(['X: taken under 3']);
    expect(owned.ownsAccount(5)).to.equal(true);
    state.answer = () => undefined;
    const book = giveUp(['X']);
    await turns();
    clock.advance(1_000);
    await turns();
    expect(book.text).to.equal('no answer');
    expect(told()).to.deep.equal(['X: BookLeaving', 'X: taken under 3']);
    expect(owned.epochOfBook('X')).to.equal(3);
  });

  it('stays while commands run again after a refused commit, whenever that begins', async () => {
    const { take, told, order, giveUp, clock, state, underWay } = open();
    take({ X: 3 }, { 1: 7 });
    order(5);
    told();
    state.isRedoing = true;
    const before = giveUp(['X']);
    await turns();
    expect(before.text).to.equal('commands run again after a refused commit');
    state.isRedoing = false;
    const during = giveUp(['X'], [1]);
    state.isRedoing = true;
    clock.advance(5);
    await turns();
    expect(during.text).to.equal('1 commands of the accounts are under way');
    underWay.leaving('gateway-1/5', ANSWER);
    state.isRedoing = false;
    state.answer = ({ type }) => {
      state.isRedoing = type === 'AwaitCommits';
      return DRAINED;
    };
    const late = giveUp(['X'], [1]);
    await turns();
    expect(late.text).to.equal('commands run again after a refused commit');
    state.isRedoing = false;
    state.answer = () => ({ type: 'CommandRejected', text: 'the book is void' });
    told();
    const refused = giveUp(['X']);
    await turns();
    expect([refused.text, told()]).to.deep.equal([
      'the book is void',
      ['X: BookLeaving', 'X: taken under 3'],
    ]);
  });

  it('begins anew when it comes back under a later epoch, and goes on when it was never away', () => {
    const { take, told } = open();
    take({}, { 1: 7, 2: 7 });
    told();
    take({}, { 1: 7, 2: 9 });
    expect(told()).to.deep.equal(['exchange: gone 2']);
  });

  it('is read again by accounts when every node has seen where they live', () => {
    const { take, told, clock, owned } = open({ accounts: () => [5, 6, 9], seenAfterMs: 5_000 });
    take({}, { 1: 7, 2: 7 });
    clock.advance(4_999);
    expect(told()).to.deep.equal([]);
    owned.onReleased({ symbols: [], shards: [2] });
    told();
    clock.advance(1);
    expect(told()).to.deep.equal(['account 5: JudgeAgain', 'account 9: JudgeAgain']);
  });

  it('ends the life of the node when others have its symbols, and accounts alone when they have only those', () => {
    const { owned, take, told, lost } = open();
    take({ X: 3 }, { 1: 7, 2: 7 });
    told();
    owned.onLost({ symbols: [], shards: [1] });
    expect([told(), lost]).to.deep.equal([['exchange: gone 1'], []]);
    expect([owned.ownsAccount(5), owned.ownsAccount(6)]).to.deep.equal([false, true]);
    owned.onLost({ symbols: ['X'], shards: [2] });
    expect(lost).to.deep.equal([[['X'], [2]]]);
  });
});

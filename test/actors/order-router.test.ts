/** A gateway's router between sessions and engines that come and go: what it sends, keeps, sends again and refuses. */
import { expect } from 'chai';
import { CommandsUnderWay } from '../../src/actors/commands-under-way.ts';
import { type EngineRoute, orderRouter, type RouterLimits } from '../../src/actors/order-router.ts';
import type {
  CommandsRefused,
  Message,
  SubmitCommands,
  SubmittedCommand,
} from '../../src/actors/protocol.ts';
import { type LogFields, silentLog } from '../../src/platform/log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { buyOrder, cancelOrder } from '../support/member-commands.ts';

const SESSION = 'gateway-1/fix:1:1';
const USER = 7;
const LIMITS: RouterLimits = { maxRoutedCommands: 10, routeWaitMs: 1_000, routeRetryMs: 50 };

function open(limits: Partial<RouterLimits> = {}) {
  const clock = new ManualClock(1_000_000);
  const submitted: { readonly node: string | undefined; readonly message: SubmitCommands }[] = [];
  const refused: CommandsRefused[] = [];
  const others: Message[] = [];
  const logged: string[] = [];
  const alarms: LogFields[] = [];
  const state: { route: EngineRoute | undefined; isCutOff: boolean } = {
    route: { node: 'engine-1', key: 'a' },
    isCutOff: false,
  };
  const router = orderRouter({
    clock,
    log: {
      ...silentLog,
      info: (event) => void logged.push(event),
      error: (event, fields) => void alarms.push({ event, ...fields }),
    },
    limits: { ...LIMITS, ...limits },
    routeOfAccount: () => state.route,
    isCutOff: () => state.isCutOff,
    tell(address, message) {
      if (address.type === 'exchange' && message.type === 'SubmitCommands') {
        submitted.push({ node: address.node, message });
      } else if (address.type === 'router') {
        router.behavior.receive({}, message as { type: 'RoutesDue' });
      } else if (message.type === 'CommandsRefused') refused.push(message);
      else others.push(message);
    },
  });
  let lastSeqNum = 0;
  return {
    clock,
    state,
    router,
    submitted,
    refused,
    others,
    logged,
    alarms,
    submit(...clOrdIds: string[]) {
      this.submitOf(SESSION, ...clOrdIds);
    },
    submitOf(sessionId: string, ...clOrdIds: string[]) {
      const commands = clOrdIds.map((clOrdId) => {
        lastSeqNum += 1;
        return { msgSeqNum: lastSeqNum, command: buyOrder(clOrdId, '1', '100') };
      });
      router.behavior.receive({}, { type: 'SubmitCommands', sessionId, userId: USER, commands });
    },
    routeTo(route: EngineRoute | undefined) {
      state.route = route;
      router.behavior.receive({}, { type: 'RoutesChanged' });
    },
    answer(...answered: number[]) {
      return this.answerOf(SESSION, ...answered);
    },
    answerOf(sessionId: string, ...answered: number[]) {
      return router.arriving(sessionId, {
        type: 'ReportsCommitted',
        writer: 'engine-1',
        commitNo: 1,
        reports: [],
        answered,
      });
    },
    /** The engine refuses these, having seen the attempt of that number. */
    refuse(sendingNo: number, ...msgSeqNums: number[]) {
      const commands = msgSeqNums.map((msgSeqNum) => ({
        msgSeqNum,
        command: buyOrder('x', '1', '1'),
        sendingNo,
      }));
      return router.arriving(SESSION, {
        type: 'CommandsRefused',
        refusal: 'Overloaded',
        text: 'busy',
        commands,
      });
    },
    misroute(sendingNo: number, ...msgSeqNums: number[]) {
      const commands = msgSeqNums.map((msgSeqNum) => ({ msgSeqNum, sendingNo }));
      router.behavior.receive({}, { type: 'CommandsMisrouted', sessionId: SESSION, commands });
    },
    /** They have gone with their account. */
    lose(sendingNo: number, ...msgSeqNums: number[]) {
      const commands = msgSeqNums.map((msgSeqNum) => ({ msgSeqNum, sendingNo }));
      const misrouted = { type: 'CommandsMisrouted', sessionId: SESSION, commands } as const;
      router.behavior.receive({}, { ...misrouted, isInDoubt: true });
    },
    /** The round of what was sent last. */
    round: () => submitted.at(-1)?.message.commands[0]?.sending?.round,
    /** What was sent since this was asked last: node, and each command with its attempt, `!` for one that is marked. */
    sent(): string[] {
      return submitted
        .splice(0)
        .map(({ node, message }) => `${node}: ${message.commands.map(attempt).join(' ')}`);
    },
  };
}

function attempt({ msgSeqNum, sending }: SubmittedCommand): string {
  return `${msgSeqNum}/${sending?.no}${sending?.isAgain ? '!' : ''}`;
}

describe('the router of a gateway', () => {
  it('sends commands to the engine that has the account, and forgets what is answered', () => {
    const gateway = open();
    gateway.submit('a', 'b');
    gateway.submit('c');
    expect(gateway.sent()).to.deep.equal(['engine-1: 1/1 2/1', 'engine-1: 3/1']);
    expect(gateway.answer(1, 2)).to.have.property('type', 'ReportsCommitted');
    expect(gateway.router.status().keptCommands).to.equal(1);
    gateway.routeTo({ node: 'engine-2', key: 'b' });
    expect(gateway.sent()).to.deep.equal(['engine-2: 3/2!']);
  });

  it('sends again, in order and marked, what has no answer when the way is another, and what is new after it', () => {
    const gateway = open();
    gateway.submit('a', 'b', 'c');
    gateway.answer(2);
    gateway.sent();
    gateway.state.route = { node: 'engine-1', key: 'b' };
    // Before the router is told of the new way.
    gateway.submit('d');
    gateway.routeTo(gateway.state.route);
    expect(gateway.sent()).to.deep.equal(['engine-1: 1/2! 3/2! 4/1']);
  });

  it('says of all that it sends when it came first', () => {
    const gateway = open();
    gateway.submit('a');
    gateway.clock.advance(20);
    gateway.submit('b');
    gateway.clock.advance(5_000);
    gateway.routeTo({ node: 'engine-2', key: 'b' });
    const sent = gateway.submitted.flatMap(({ message }) => message.commands);
    expect(sent.map(({ msgSeqNum, sending }) => [msgSeqNum, sending?.receivedAt])).to.deep.equal([
      [1, 1_000_000],
      [2, 1_000_020],
      [1, 1_000_000],
      [2, 1_000_020],
    ]);
  });

  it('does not send anything twice by one way', () => {
    const gateway = open();
    gateway.submit('a');
    gateway.routeTo(gateway.state.route);
    gateway.clock.advance(5_000);
    expect(gateway.sent()).to.deep.equal(['engine-1: 1/1']);
  });

  it('waits for an engine, and refuses in time what no engine has ever had', () => {
    const gateway = open();
    gateway.submit('a');
    gateway.routeTo(undefined);
    gateway.submit('b');
    gateway.clock.advance(900);
    gateway.submit('c');
    gateway.clock.advance(200);
    expect(
      gateway.refused.map(({ refusal, commands }) => [refusal, commands.map(({ msgSeqNum }) => msgSeqNum)]),
    ).to.deep.equal([['StoreUnavailable', [2]]]);
    gateway.sent();
    gateway.routeTo({ node: 'engine-2', key: 'b' });
    expect(gateway.sent()).to.deep.equal(['engine-2: 1/2! 3/1']);
    gateway.clock.advance(5_000);
    expect(gateway.refused).to.have.lengthOf(1);
  });

  it('sends what came back once more, after a while, in order and as if for the first time', () => {
    const gateway = open();
    gateway.submit('a', 'b');
    gateway.sent();
    gateway.misroute(1, 1, 2);
    gateway.submit('c');
    expect(gateway.sent()).to.deep.equal([]);
    gateway.clock.advance(50);
    expect(gateway.sent()).to.deep.equal(['engine-1: 1/2 2/2 3/1']);
    // Of an attempt that is no longer the last one.
    gateway.misroute(1, 1);
    gateway.clock.advance(100);
    expect(gateway.sent()).to.deep.equal([]);
  });

  it('sends nothing ahead of what will come back, and what came back in a later round', () => {
    const gateway = open();
    gateway.submit('a', 'b');
    gateway.submit('c');
    expect(gateway.round()).to.equal(0);
    gateway.sent();
    gateway.misroute(1, 1);
    gateway.submit('d');
    gateway.clock.advance(50);
    expect(gateway.round()).to.equal(1);
    expect(gateway.sent()).to.deep.equal(['engine-1: 1/2']);
    gateway.clock.advance(50);
    expect(gateway.sent()).to.deep.equal([]);
    gateway.misroute(1, 2);
    gateway.misroute(1, 3);
    gateway.clock.advance(50);
    expect(gateway.round()).to.equal(3);
    expect(gateway.sent()).to.deep.equal(['engine-1: 2/2 3/2 4/1']);
  });

  it('begins no round again for a session of which nothing was kept for a while', () => {
    const gateway = open();
    gateway.submit('a');
    gateway.misroute(1, 1);
    gateway.clock.advance(50);
    gateway.answer(1);
    gateway.submit('b');
    expect(gateway.round()).to.equal(1);
  });

  it('does not hold up what was sent before one that came back', () => {
    const gateway = open();
    gateway.submit('a', 'b');
    gateway.sent();
    gateway.misroute(1, 2);
    gateway.submit('c');
    gateway.clock.advance(50);
    expect(gateway.sent()).to.deep.equal(['engine-1: 2/2 3/1']);
  });

  it('asks again, marked, for what has gone with its account', () => {
    const gateway = open();
    gateway.submit('a', 'b');
    gateway.sent();
    gateway.lose(1, 1, 2);
    gateway.lose(1, 1, 2);
    gateway.clock.advance(50);
    expect(gateway.sent()).to.deep.equal(['engine-1: 1/2! 2/2!']);
  });

  it('sends nothing of a later session before all of an earlier one of the same member is answered', () => {
    const gateway = open();
    const later = 'gateway-1/fix:1:2';
    gateway.submit('a', 'b');
    gateway.sent();
    gateway.submitOf(later, 'c');
    gateway.answer(1);
    gateway.clock.advance(50);
    gateway.routeTo({ node: 'engine-2', key: 'b' });
    expect(gateway.sent()).to.deep.equal(['engine-2: 2/2!']);
    gateway.answer(2);
    gateway.clock.advance(50);
    expect(gateway.sent()).to.deep.equal(['engine-2: 3/1']);
  });

  it('says what is true to what waits for an answer, and to what waits for an engine', () => {
    const gateway = open();
    const later = 'gateway-1/fix:1:2';
    const texts = () => gateway.refused.splice(0).map(({ text, commands }) => [text, commands.length]);
    gateway.submit('a', 'b');
    gateway.routeTo({ node: 'engine-2', key: 'b' });
    gateway.refuse(2, 1);
    // Behind one that came back, in its own session and in the member's next.
    gateway.submit('c');
    gateway.submitOf(later, 'd', 'e');
    for (let sendingNo = 3; sendingNo < 30; sendingNo += 1) {
      gateway.clock.advance(50);
      gateway.submitted.splice(0);
      gateway.refuse(sendingNo, 1);
    }
    const earlier = 'an earlier request of yours has no answer yet, and this one goes after it: try again';
    expect(texts()).to.deep.equal([
      [earlier, 1],
      [earlier, 2],
    ]);
    gateway.submitOf(later, 'f');
    gateway.routeTo(undefined);
    gateway.clock.advance(1_100);
    const noEngine = 'no engine of the venue that has your account can be reached now: try again';
    expect(texts()).to.deep.equal([[noEngine, 1]]);
  });

  it('raises an alarm, once for each cause, when an engine that is there has not answered for long', () => {
    const gateway = open();
    gateway.submit('a', 'b');
    gateway.clock.advance(29_000);
    gateway.answer(1);
    expect(gateway.alarms).to.deep.equal([]);
    gateway.clock.advance(60_000);
    const [silent, ...more] = gateway.alarms.splice(0);
    expect(more).to.deep.equal([]);
    const event = 'a request has had no answer for long';
    const common = { event, alarm: true, userId: USER, sessionId: SESSION, msgSeqNum: 2 };
    expect(silent).to.deep.include({ ...common, engine: 'engine-1', waitedMs: 35_000, reason: undefined });
    expect(silent).to.have.property('whatToDo').that.is.a('string');
    // It may move, and has time there; what that says of it is another cause.
    gateway.routeTo({ node: 'engine-2', key: 'b' });
    gateway.refuse(2, 2);
    gateway.clock.advance(30_000);
    expect(gateway.alarms).to.deep.equal([]);
    gateway.clock.advance(60_000);
    expect(gateway.alarms).to.have.lengthOf(1);
    expect(gateway.alarms[0]).to.deep.include({ ...common, engine: 'engine-2', reason: 'busy' });
  });

  it('raises no alarm while there is no engine, nor for the time without one', () => {
    const gateway = open();
    gateway.submit('a');
    gateway.routeTo(undefined);
    gateway.clock.advance(100_000);
    gateway.routeTo({ node: 'engine-1', key: 'a' });
    gateway.clock.advance(30_000);
    expect(gateway.alarms).to.deep.equal([]);
    gateway.answer(1);
    gateway.clock.advance(100_000);
    expect(gateway.alarms).to.deep.equal([]);
    expect(gateway.clock.timerCount, 'nothing is kept').to.equal(0);
  });

  it('says when all that a member has asked until then is answered, whatever it asks later', () => {
    const gateway = open();
    const later = 'gateway-1/fix:1:2';
    const wait = (userId: number): void => {
      const replyTo = { type: 'reply', requestId: '1' } as const;
      gateway.router.behavior.receive({}, { type: 'AwaitAnswers', userId, replyTo });
    };
    wait(USER);
    expect(gateway.others.splice(0)).to.deep.equal([{ type: 'Drained' }]);
    gateway.submit('a', 'b');
    gateway.submitOf(later, 'c');
    wait(USER);
    wait(USER + 1);
    expect(gateway.others.splice(0)).to.deep.equal([{ type: 'Drained' }]);
    gateway.submitOf(later, 'd');
    gateway.answer(1, 2);
    expect(gateway.others).to.deep.equal([]);
    gateway.answerOf(later, 3);
    expect(gateway.others).to.deep.equal([{ type: 'Drained' }]);
  });

  it('says so once to who asks again for the same session, whatever the member has asked since it is back', () => {
    const gateway = open();
    const wait = (epoch: number): void => {
      const replyTo = { type: 'reply', requestId: '1' } as const;
      gateway.router.behavior.receive({}, { type: 'AwaitAnswers', userId: USER, epoch, replyTo });
    };
    gateway.submit('a');
    wait(1);
    gateway.submitOf('gateway-1/fix:1:2', 'b');
    for (let no = 0; no < 20; no += 1) wait(1);
    gateway.answer(1);
    expect(gateway.others).to.deep.equal([{ type: 'Drained' }]);
    wait(1);
    expect(gateway.others, 'asked anew').to.have.length(1);
    wait(2);
    gateway.answerOf('gateway-1/fix:1:2', 2);
    expect(gateway.others).to.have.length(2);
  });

  it('hands a refusal on, once', () => {
    const gateway = open();
    gateway.submit('a', 'b');
    expect(gateway.refuse(1, 1)).to.have.property('commands').with.lengthOf(1);
    expect(gateway.refuse(1, 1)).to.equal(undefined);
    expect(gateway.router.status().keptCommands).to.equal(1);
  });

  it('does not believe a refusal of an attempt that is not the last', () => {
    const gateway = open();
    gateway.submit('a');
    gateway.routeTo({ node: 'engine-1', key: 'b' });
    expect(gateway.refuse(1, 1)).to.equal(undefined);
    expect(gateway.router.status().keptCommands).to.equal(1);
  });

  it('asks again where a refused attempt had one before it that may have been carried out', () => {
    const gateway = open();
    gateway.submit('a');
    gateway.routeTo({ node: 'engine-2', key: 'b' });
    gateway.sent();
    expect(gateway.refuse(2, 1)).to.equal(undefined);
    gateway.clock.advance(50);
    expect(gateway.sent()).to.deep.equal(['engine-2: 1/3!']);
    gateway.answer(1);
    expect(gateway.router.status().keptCommands).to.equal(0);
  });

  it('logs once by each way that something is sent again, however often the engine refuses it', () => {
    const gateway = open();
    gateway.submit('a');
    for (const key of ['b', 'c']) {
      gateway.routeTo({ node: 'engine-1', key });
      for (let no = 0; no < 20; no += 1) {
        gateway.refuse(gateway.submitted.at(-1)?.message.commands[0]?.sending?.no ?? 0, 1);
        gateway.clock.advance(LIMITS.routeRetryMs);
      }
    }
    expect(gateway.sent()).to.have.length(43);
    expect(gateway.logged).to.deep.equal(Array(2).fill('commands are sent again'));
  });

  it('refuses what is beyond its bound, of which a tenth is for cancels', () => {
    const gateway = open();
    gateway.submit(...Array.from({ length: 12 }, (_, index) => `o${index}`));
    expect(gateway.refused.map(({ refusal, commands }) => [refusal, commands.length])).to.deep.equal([
      ['Overloaded', 3],
    ]);
    const commands = [{ msgSeqNum: 99, command: cancelOrder('c', 'o1') }];
    gateway.router.behavior.receive(
      {},
      { type: 'SubmitCommands', sessionId: SESSION, userId: USER, commands },
    );
    expect(gateway.router.status().keptCommands).to.equal(10);
    gateway.submit('more');
    expect(gateway.refused).to.have.lengthOf(2);
    gateway.answer(...Array.from({ length: 9 }, (_, index) => index + 1), 99);
    gateway.submit('again');
    expect(gateway.refused).to.have.lengthOf(2);
  });

  it('is drained when everything is answered, and takes no new orders meanwhile', () => {
    const gateway = open();
    gateway.submit('a');
    gateway.router.behavior.receive(
      {},
      { type: 'DrainExchange', replyTo: { type: 'reply', requestId: '1' } },
    );
    gateway.submit('b');
    expect(gateway.refused.map(({ refusal }) => refusal)).to.deep.equal(['Draining']);
    expect(gateway.others).to.deep.equal([]);
    gateway.answer(1);
    expect(gateway.others).to.deep.equal([{ type: 'Drained' }]);
  });

  it('refuses at once what it has not sent while its node has lost the database, and keeps what an engine may have done', () => {
    const gateway = open();
    gateway.submit('a');
    gateway.state.isCutOff = true;
    gateway.routeTo(undefined);
    gateway.submit('b', 'c');
    expect(
      gateway.refused.map(({ refusal, text, commands }) => [refusal, text, commands.length]),
    ).to.deep.equal([['StoreUnavailable', 'the gateway does not reach the database now: try again', 2]]);
    expect(gateway.router.status().keptCommands).to.equal(1);
    gateway.state.isCutOff = false;
    gateway.submit('d');
    gateway.sent();
    gateway.routeTo({ node: 'engine-1', key: 'b' });
    expect(gateway.sent()).to.deep.equal(['engine-1: 1/2! 4/1']);
    expect(gateway.refused).to.have.length(1);
  });

  it('refuses what waits for a way as soon as its node has lost the database', () => {
    const gateway = open();
    gateway.routeTo(undefined);
    gateway.submit('a');
    expect(gateway.refused).to.deep.equal([]);
    gateway.state.isCutOff = true;
    gateway.clock.advance(LIMITS.routeRetryMs);
    expect(gateway.refused.map(({ commands }) => commands.length)).to.deep.equal([1]);
    expect(gateway.router.status().keptCommands).to.equal(0);
  });
});

describe('the commands that an engine has under way for gateways', () => {
  const submit = (no: number, ...msgSeqNums: number[]): SubmitCommands => ({
    type: 'SubmitCommands',
    sessionId: SESSION,
    userId: USER,
    commands: msgSeqNums.map((msgSeqNum) => ({
      msgSeqNum,
      command: buyOrder(`c${msgSeqNum}`, '1', '100'),
      sending: { no, isAgain: no > 1, receivedAt: 0, round: 0 },
    })),
  });
  const numbers = (commands: readonly SubmittedCommand[]) => commands.map(({ msgSeqNum }) => msgSeqNum);
  const refusal = (...msgSeqNums: number[]): CommandsRefused => ({
    type: 'CommandsRefused',
    refusal: 'Unanswerable',
    text: 't',
    commands: msgSeqNums.map((msgSeqNum) => ({ msgSeqNum, command: buyOrder(`c${msgSeqNum}`, '1', '100') })),
  });

  it('are taken once, however often they come while they are under way', () => {
    const underWay = new CommandsUnderWay();
    expect(numbers(underWay.begin(submit(1, 1, 2)))).to.deep.equal([1, 2]);
    expect(numbers(underWay.begin(submit(2, 1, 2, 3)))).to.deep.equal([3]);
    underWay.leaving(SESSION, {
      type: 'ReportsCommitted',
      writer: 'e',
      commitNo: 1,
      reports: [],
      answered: [1],
    });
    expect(numbers(underWay.begin(submit(3, 1, 2)))).to.deep.equal([1]);
    expect(underWay.count).to.equal(3);
  });

  it('are refused under the number of the last attempt that came', () => {
    const underWay = new CommandsUnderWay();
    underWay.begin(submit(1, 1));
    underWay.begin(submit(2, 1));
    const refused = underWay.leaving(SESSION, refusal(1, 9));
    expect(refused.commands.map(({ msgSeqNum, sendingNo }) => [msgSeqNum, sendingNo])).to.deep.equal([
      [1, 2],
      [9, undefined],
    ]);
    expect(underWay.count).to.equal(0);
  });

  it('are forgotten with the accounts that live here no more', () => {
    const underWay = new CommandsUnderWay();
    underWay.begin(submit(1, 1));
    underWay.forget((userId) => userId === USER);
    expect(numbers(underWay.begin(submit(2, 1)))).to.deep.equal([1]);
  });
});

/** Members that go with requests on their way: the cancel of their orders must find all that they have asked. */
import { expect } from 'chai';
import { CancelOnDisconnect } from '../../src/actors/cancel-on-disconnect.ts';
import type { Address, Message, Reply } from '../../src/actors/protocol.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { until } from '../support/until.ts';

const GATEWAY = { type: 'gateway', name: 'g' } as const;
const ROUTER = { type: 'router' } as const;
const MEMBER = { senderCompId: 1001, userId: 7, epoch: 1 };

function open(router: Address | undefined) {
  const clock = new ManualClock(0);
  const told: string[] = [];
  const messages: Message[] = [];
  const answers: ((reply: Reply) => void)[] = [];
  const tell = (to: Address, message: Message): void => {
    told.push(`${to.type}: ${message.type}`);
    messages.push(message);
  };
  const cancels = new CancelOnDisconnect({
    system: {
      tell,
      ask: (tellIt, timeoutMs) =>
        new Promise((resolve, reject) => {
          answers.push(resolve);
          clock.after(timeoutMs, () => reject(new Error('no answer')));
          tellIt({ type: 'reply', requestId: '1' });
        }),
    },
    gateway: GATEWAY,
    clock,
    log: silentLog,
    timeoutMs: 1_000,
    store:
      router === undefined ? undefined : { pendingCancels: async () => [], succeeded: async () => new Set() },
    router,
  });
  return {
    clock,
    cancels,
    told,
    messages,
    answer: (reply: Reply) => answers.shift()?.(reply),
    toldIn: (count: number) => until(`${count} messages`, () => told.length === count),
  };
}

describe('the orders of a member that goes', () => {
  it('are canceled behind all that the router has of it', async () => {
    const { cancels, told, answer, toldIn } = open(ROUTER);
    cancels.gone(MEMBER, 0);
    await toldIn(1);
    expect(told).to.deep.equal(['router: AwaitAnswers']);
    answer({ type: 'Drained' });
    await toldIn(2);
    expect(told.slice(1)).to.deep.equal(['exchange: SubmitAccountCommand']);
  });

  it('are canceled later when what it has asked is not answered in time', async () => {
    const { cancels, clock, told, messages, toldIn } = open(ROUTER);
    cancels.gone(MEMBER, 0);
    await toldIn(1);
    clock.advance(1_000);
    await toldIn(2);
    expect(told.slice(1)).to.deep.equal(['gateway: MemberGone']);
    expect(messages[1]).to.deep.equal({ type: 'MemberGone', ...MEMBER, cancelAfterMs: 0, isOverdue: true });
    cancels.back(MEMBER.senderCompId);
    cancels.cancelOverdue(MEMBER);
    expect(messages[2]).to.deep.equal({ ...messages[0], replyTo: { type: 'reply', requestId: '1' } });
    expect(messages[0]).to.include({ epoch: MEMBER.epoch });
  });

  it('are canceled later when the account cannot, though it is back by then, and once', async () => {
    const { cancels, clock, told, messages, answer, toldIn } = open(ROUTER);
    cancels.gone(MEMBER, 0);
    await toldIn(1);
    answer({ type: 'Drained' });
    await toldIn(2);
    answer({ type: 'CommandRejected', text: 'no database' });
    await until('the next try', () => {
      clock.advance(100);
      return told.length === 3;
    });
    expect(messages[2]).to.include({ type: 'MemberGone', isOverdue: true });
    cancels.cancelOverdue(MEMBER);
    answer({ type: 'Drained' });
    await toldIn(5);
    answer({ type: 'CancelsRequested', orderCount: 1 });
    await until('the end', () => {
      const before = told.length;
      cancels.cancelOverdue(MEMBER);
      return told.length === before;
    });
  });

  it('are seen to for the last of several departures only', async () => {
    const { cancels, told, toldIn } = open(ROUTER);
    cancels.gone(MEMBER, 0);
    await toldIn(1);
    cancels.gone({ ...MEMBER, epoch: 2 }, 0);
    await toldIn(2);
    cancels.cancelOverdue(MEMBER);
    expect(told).to.have.length(2);
    cancels.cancelOverdue({ ...MEMBER, epoch: 2 });
    expect(told).to.have.length(3);
  });

  it('are canceled at once where the exchange has been asked for all of it itself', async () => {
    const { cancels, told, toldIn } = open(undefined);
    cancels.gone(MEMBER, 0);
    await toldIn(1);
    expect(told).to.deep.equal(['exchange: SubmitAccountCommand']);
  });
});

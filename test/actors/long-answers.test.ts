/** Answers that are as long as a member has open orders: what is small for one member is large for another. */
import { expect } from 'chai';
import { Judge } from '../../src/actors/account-judge.ts';
import { newOutbox } from '../../src/actors/account-work.ts';
import { prepareCommit } from '../../src/actors/commit-batch.ts';
import type { RoutedCommand } from '../../src/actors/protocol.ts';
import { RebuildCell } from '../../src/actors/rebuild-cell.ts';
import { StatusBudget } from '../../src/actors/status-budget.ts';
import { BTC_USD } from '../support/instruments.ts';
import { accountWith } from '../support/judging-desk.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { massStatusRequest } from '../support/member-commands.ts';

/** More than a function takes as arguments. */
const MANY = 200_000;

describe('an OrderMassStatusRequest (AF) of a member with very many open orders', () => {
  it('is answered with all of them', () => {
    const account = accountWith({});
    const command = massStatusRequest('m');
    const context = { find: () => undefined, symbols: () => [] };
    const judge = new Judge({
      clock: new ManualClock(0),
      markets: context,
      ids: { nextOrderId: () => 1 },
      calendar: { endOf: () => 0, tradingDayAt: () => '2024-05-06' },
      statusBudget: new StatusBudget(1),
    });
    const routed: RoutedCommand = {
      commandNo: 1,
      userId: account.userId,
      origin: undefined,
      replyTo: undefined,
      command,
      referencePrice: undefined,
      tradingDay: '2024-05-06',
    };
    const one = newOutbox();
    judge.command(account, routed, one);
    const [report] = one.answers;
    if (report?.type !== 'ExecutionReport') throw new Error('the question was not answered');
    account.judge = () => ({ type: 'Answer', reports: new Array(MANY).fill(report) });

    const outbox = newOutbox();
    judge.command(account, routed, outbox);
    expect(outbox.answers.length).to.equal(MANY);
    expect(outbox.done).to.deep.equal([routed]);
  });
});

describe('very many requests at once', () => {
  it('are taken apart one by one when their account crashes', () => {
    const cell = new RebuildCell<number[]>(1);
    cell.push([]);
    cell.push([-1]);
    cell.failed(() => Array.from({ length: MANY }, (_, index) => [index]));
    expect(cell.size).to.equal(MANY + 1);
    expect(cell.takeAll().at(-1)).to.deep.equal([-1]);
  });

  it('are all replied to after one commit', () => {
    const reply = { to: { type: 'exchange' }, reply: { type: 'Drained' } } as const;
    const replies = new Array<typeof reply>(MANY).fill(reply);
    const nothing = { refusals: [], massCancels: [], answers: [], transfers: [], done: [] };
    const common = { generation: 0, lastSeq: 0, replies } as const;
    const prepared = prepareCommit(
      1,
      [
        { type: 'JournalAccount', userId: 1, ...common, ...nothing },
        { type: 'JournalBook', symbol: 'BTC-USD', epoch: 1, ...common, events: [], done: [] },
      ],
      () => BTC_USD,
      0,
    );
    expect(prepared.outputs.replies.length).to.equal(2 * MANY);
  });
});

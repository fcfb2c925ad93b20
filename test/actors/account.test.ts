/** The account's actor message by message, where the order of answers from persistence matters. */
import { expect } from 'chai';
import { NO_TERMS } from '../../src/accounts/trading-terms.ts';
import { accountActor } from '../../src/actors/account.ts';
import { Markets } from '../../src/actors/markets.ts';
import type { LoadedAccount } from '../../src/actors/ports.ts';
import type { AccountMessage, Message, RoutedCommand } from '../../src/actors/protocol.ts';
import { silentLog } from '../../src/platform/log.ts';
import { createTradingCalendar } from '../../src/platform/trading-calendar.ts';
import { ManualClock } from '../support/manual-clock.ts';

const DEPOSIT: RoutedCommand = {
  commandNo: 1,
  userId: 1,
  origin: undefined,
  replyTo: { type: 'reply', requestId: '1' },
  command: {
    type: 'TransferFunds',
    kind: 'deposit',
    asset: 'USD',
    amount: 1n,
    idempotencyKey: 'key',
    requestedBy: 'test',
    reason: undefined,
  },
  referencePrice: undefined,
  tradingDay: '2024-05-06',
};

/** The rows of an account that owns `amount` USD after commit `commitNo`. */
function rows(commitNo: number, amount: bigint): LoadedAccount {
  return {
    userId: 1,
    commits: new Map([['memory', commitNo]]),
    lastSeq: 0,
    balances: [{ asset: 'USD', amount }],
    orders: [],
    clOrdIds: [],
    terms: NO_TERMS,
  };
}

function settle(commitNo: number, amount: bigint): AccountMessage {
  return {
    type: 'Settle',
    writer: 'memory',
    commitNo,
    orders: [],
    amounts: [{ asset: 'USD', amount }],
    answered: [],
  };
}

/** The same, committed by another engine. */
function settleElsewhere(commitNo: number, amount: bigint): AccountMessage {
  return { ...settle(commitNo, amount), writer: 'elsewhere' } as AccountMessage;
}

const VOID: AccountMessage = { type: 'VoidAccount', generation: 1, fenceCount: 2 };

describe('account actor', () => {
  /** What the account owns when it gets to a deposit of one unit, after these messages. */
  function balanceAfter(...messages: readonly AccountMessage[]): bigint | undefined {
    const told: Message[] = [];
    const { behavior } = accountActor({
      userId: 1,
      tell: (_address, message) => told.push(message),
      clock: new ManualClock(Date.UTC(2024, 4, 6)),
      log: silentLog,
      markets: new Markets(),
      ids: { nextOrderId: () => 1 },
      calendar: createTradingCalendar({ timeZone: 'UTC', rollTime: '00:00' }),
      generation: 0,
      stashCapacity: 10,
      closedOrdersKept: 10,
      refusedCancelsKept: 10,
      maxWaitingStopsPerMember: 10,
      maxStatusReportsPerMember: 10,
      massCancelWaitMs: 2_000,
    });
    let state = behavior.initial();
    for (const message of messages) state = behavior.receive(state, message);
    behavior.receive(state, { type: 'AccountCommands', commands: [DEPOSIT] });
    const replies = told.flatMap((message) => (message.type === 'JournalAccount' ? message.replies : []));
    const [first] = replies.map(({ reply }) => (reply.type === 'TransferBooked' ? reply.balance : undefined));
    return first;
  }

  it('works from its rows and what was committed after them', () => {
    const loaded = { type: 'AccountLoaded', loaded: rows(5, 100n) } as const;
    expect(balanceAfter(loaded)).to.equal(101n);
    expect(balanceAfter(settle(5, 7n), loaded)).to.equal(101n);
    expect(balanceAfter(settle(6, 7n), loaded)).to.equal(108n);
    expect(balanceAfter(loaded, settle(5, 7n), settle(6, 70n))).to.equal(171n);
  });

  it('knows the commits of each engine by their own numbers', () => {
    const commits = new Map([
      ['memory', 5],
      ['elsewhere', 2],
    ]);
    const loaded = { type: 'AccountLoaded', loaded: { ...rows(5, 100n), commits } } as const;
    expect(balanceAfter(settleElsewhere(2, 7n), loaded, settle(5, 9n))).to.equal(101n);
    expect(balanceAfter(settleElsewhere(3, 7n), loaded, settleElsewhere(4, 70n))).to.equal(178n);
    // What the rows say nothing of has committed nothing in them.
    const alone = { type: 'AccountLoaded', loaded: rows(5, 100n) } as const;
    expect(balanceAfter(alone, settleElsewhere(1, 7n))).to.equal(108n);
  });

  it('waits for its rows', () => {
    expect(balanceAfter()).to.equal(undefined);
  });

  it('waits for the last load that it asked for', () => {
    const early = { type: 'AccountLoaded', loaded: rows(5, 100n) } as const;
    const late = { type: 'AccountLoaded', loaded: rows(6, 200n) } as const;
    expect(balanceAfter(VOID, early)).to.equal(undefined);
    expect(balanceAfter(VOID, early, late)).to.equal(201n);
    expect(balanceAfter(VOID, { type: 'LoadFailed', reason: 'stale' }, late)).to.equal(201n);
  });

  it('keeps the settlements of its whole wait', () => {
    const loaded = { type: 'AccountLoaded', loaded: rows(5, 100n) } as const;
    expect(balanceAfter(settle(6, 7n), VOID, settle(7, 70n), loaded, loaded)).to.equal(178n);
  });
});

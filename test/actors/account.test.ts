/** The account's actor message by message, where the order of answers from persistence matters. */
import { expect } from 'chai';
import { NO_TERMS } from '../../src/accounts/trading-terms.ts';
import { accountActor } from '../../src/actors/account.ts';
import { Markets } from '../../src/actors/markets.ts';
import type { LoadedAccount } from '../../src/actors/ports.ts';
import type {
  AccountMessage,
  AskedRequest,
  Message,
  RoutedCommand,
  WaitingReply,
} from '../../src/actors/protocol.ts';
import { lots, type OrderSnapshot, ticks } from '../../src/matching/types.ts';
import { silentLog } from '../../src/platform/log.ts';
import { createTradingCalendar } from '../../src/platform/trading-calendar.ts';
import { SYMBOL } from '../support/book-commands.ts';
import { BTC_USD } from '../support/instruments.ts';
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
    closed: [],
    clOrdIds: [],
    transferIds: [],
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

const RESTING: OrderSnapshot = {
  orderId: 7,
  userId: 1,
  symbol: SYMBOL,
  clOrdId: 'a',
  side: '2',
  ordType: '2',
  timeInForce: '1',
  price: ticks(10),
  quantity: lots(3),
  cumQty: lots(0),
  leavesQty: lots(3),
  cumNotional: 0n,
  ordStatus: '0',
  priority: 1,
  acceptedSeq: 1,
  makerFeeRate: 0,
  takerFeeRate: 0,
  tradingDay: '2024-05-06',
  enteredAt: 0,
};

/** The book of the symbol has another owner. */
function moved(symbol: string, moveNo = 1): Extract<AccountMessage, { type: 'JudgeAgain' }> {
  return { type: 'JudgeAgain', moved: new Map([[symbol, moveNo]]), lastMoveNo: moveNo, asked: [] };
}

const ASKED: AskedRequest = {
  symbol: SYMBOL,
  request: {
    command: { type: 'CancelOrder', orderId: 7, clOrdId: 'c', unsolicited: undefined },
    cause: DEPOSIT,
  },
};

function withOrder(loaded: LoadedAccount): LoadedAccount {
  return {
    ...loaded,
    balances: [...loaded.balances, { asset: 'BTC', amount: 10n ** 20n }],
    orders: [RESTING],
  };
}

describe('account actor', () => {
  /** What the account owns when it gets to a deposit of one unit, after these messages. */
  function balanceAfter(...messages: readonly AccountMessage[]): bigint | undefined {
    const [first] = repliesTo(...messages, { type: 'AccountCommands', commands: [DEPOSIT] });
    return first?.type === 'TransferBooked' ? first.balance : undefined;
  }

  /** What is answered to whoever asked for transfers, once it is committed. */
  function repliesTo(...messages: readonly AccountMessage[]): readonly WaitingReply['reply'][] {
    const told: Message[] = [];
    toldAfter(told, ...messages);
    return told.flatMap((message) =>
      message.type === 'JournalAccount' ? message.replies.map(({ reply }) => reply) : [],
    );
  }

  /** How often the account has asked for its rows, at first and then after each of these messages. */
  function loadsAfter(...messages: readonly AccountMessage[]): readonly number[] {
    const told: Message[] = [];
    const isLoad = ({ type }: Message): boolean => type === 'LoadAccount' || type === 'Fence';
    return toldAfter(told, ...messages).map((count) => told.slice(0, count).filter(isLoad).length);
  }

  /** Adds what is told to `told`; returns how much that was before the messages and after each of them. */
  function toldAfter(told: Message[], ...messages: readonly AccountMessage[]): readonly number[] {
    const markets = new Markets();
    markets.put({ instrument: BTC_USD, status: 'open' } as never);
    const { behavior } = accountActor({
      userId: 1,
      tell: (_address, message) => told.push(message),
      clock: new ManualClock(Date.UTC(2024, 4, 6)),
      log: silentLog,
      markets,
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
    const counts = [told.length];
    for (const message of messages) {
      state = behavior.receive(state, message);
      counts.push(told.length);
    }
    return counts;
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

  it('books a transfer once that was asked for again before it was in the rows, or when it was', () => {
    const work = { type: 'AccountCommands', commands: [DEPOSIT] } as const;
    const again = { type: 'AccountCommands', commands: [{ ...DEPOSIT, commandNo: 2 }] } as const;
    const loaded = { type: 'AccountLoaded', loaded: rows(5, 100n) } as const;
    expect(repliesTo(loaded, work, again).map(({ type }) => type)).to.deep.equal([
      'TransferBooked',
      'CommandRejected',
    ]);
    const after = { type: 'AccountLoaded', loaded: { ...rows(5, 101n), transferIds: ['key'] } } as const;
    expect(repliesTo(after, work).map(({ type }) => type)).to.deep.equal(['CommandRejected']);
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

  it('is loaded again, when what it knows of a symbol may be old, as soon as there is something to do', () => {
    const loaded = { type: 'AccountLoaded', loaded: withOrder(rows(5, 100n)) } as const;
    const old = moved(SYMBOL);
    const work = { type: 'AccountCommands', commands: [DEPOSIT] } as const;
    expect(loadsAfter(loaded, old, old, settle(6, 7n), work, work)).to.deep.equal([1, 1, 1, 1, 1, 2, 2]);
    const reserve = { type: 'ReserveFunds', amendmentNo: 1, node: 'a', needs: [] } as never;
    expect(loadsAfter(loaded, old, reserve)).to.deep.equal([1, 1, 1, 2]);
    // Of a move that it knows of it has heard enough, whether it has been loaded since or not.
    expect(loadsAfter(loaded, old, work, loaded, old)).to.deep.equal([1, 1, 1, 2, 2, 2]);
    // With something to judge again there is something to do, and while it loads there may be.
    expect(loadsAfter(loaded, { ...old, asked: [ASKED] })).to.deep.equal([1, 1, 2]);
    expect(loadsAfter(old)).to.deep.equal([1, 2]);
    // Rows that are read for what is to be judged again have what was done before the book moved.
    const asked = { ...moved(SYMBOL, 3), moved: new Map(), asked: [ASKED] };
    expect(loadsAfter(loaded, asked, moved(SYMBOL, 3), moved(SYMBOL, 4))).to.deep.equal([1, 1, 2, 2, 3]);
    // Nothing that it knows is of that symbol.
    expect(loadsAfter(loaded, moved('ETH-USD'), work)).to.deep.equal([1, 1, 1, 1]);
  });

  it('has what was committed while nobody asked for it from its rows', () => {
    const loaded = { type: 'AccountLoaded', loaded: withOrder(rows(5, 100n)) } as const;
    const old = moved(SYMBOL);
    const again = { type: 'AccountLoaded', loaded: withOrder(rows(6, 107n)) } as const;
    const command = { ...DEPOSIT.command, idempotencyKey: 'other' } as const;
    const other = { ...DEPOSIT, commandNo: 2, replyTo: undefined, command };
    const work = { type: 'AccountCommands', commands: [other] } as const;
    expect(balanceAfter(loaded, old, settle(6, 7n), work, again)).to.equal(109n);
    expect(balanceAfter(loaded, old, VOID, again)).to.equal(108n);
  });

  it('keeps the settlements of its whole wait', () => {
    const loaded = { type: 'AccountLoaded', loaded: rows(5, 100n) } as const;
    expect(balanceAfter(settle(6, 7n), VOID, settle(7, 70n), loaded, loaded)).to.equal(178n);
  });
});

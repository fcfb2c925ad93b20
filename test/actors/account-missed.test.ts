/** The account's actor where news of its orders is lost on the way: it notices by the next, and reads its rows. */
import { expect } from 'chai';
import { NO_TERMS } from '../../src/accounts/trading-terms.ts';
import { accountActor } from '../../src/actors/account.ts';
import { Markets } from '../../src/actors/markets.ts';
import { Moves } from '../../src/actors/moves.ts';
import type { LoadedAccount } from '../../src/actors/ports.ts';
import type { AccountMessage, Message, RoutedCommand, Settle } from '../../src/actors/protocol.ts';
import { lots, type OrderSnapshot, ticks } from '../../src/matching/types.ts';
import { silentLog } from '../../src/platform/log.ts';
import { createTradingCalendar } from '../../src/platform/trading-calendar.ts';
import { SYMBOL } from '../support/book-commands.ts';
import { BTC_USD } from '../support/instruments.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { buyOrder } from '../support/member-commands.ts';

const WRITER = 'engine-2';
const DOLLAR = 10n ** 18n;
const DAY = '2024-05-06';

/** An order to buy 10 at 10, of which so many are bought. */
function order(bought: number): OrderSnapshot {
  const lotsOf = (count: number) => lots(count * 10_000);
  return {
    orderId: 7,
    userId: 1,
    symbol: SYMBOL,
    clOrdId: 'a',
    side: '1',
    ordType: '2',
    timeInForce: '1',
    price: ticks(1_000),
    quantity: lotsOf(10),
    cumQty: lotsOf(bought),
    leavesQty: lotsOf(10 - bought),
    cumNotional: 0n,
    ordStatus: bought === 0 ? '0' : bought < 10 ? '1' : '2',
    priority: 1,
    acceptedSeq: 1,
    makerFeeRate: 0,
    takerFeeRate: 0,
    tradingDay: DAY,
    enteredAt: 0,
  };
}

/** Rows with this last commit of the writer: of 200 USD so much is left, and of the order so many are bought. */
function loaded(commitNo: number, bought: number): Extract<AccountMessage, { type: 'AccountLoaded' }> {
  const rows: LoadedAccount = {
    userId: 1,
    commits: new Map([[WRITER, commitNo]]),
    lastSeq: 0,
    balances: [{ asset: 'USD', amount: BigInt(200 - 10 * bought) * DOLLAR }],
    orders: bought < 10 ? [order(bought)] : [],
    closed: [],
    clOrdIds: [],
    transferIds: [],
    terms: NO_TERMS,
  };
  return { type: 'AccountLoaded', loaded: rows };
}

/** Five more are bought for 50 USD; `bought` until then, under the epoch of the book. */
function fill(commitNo: number, previousNo: number, bought: number, epoch = 1): Settle {
  return {
    type: 'Settle',
    writer: WRITER,
    commitNo,
    previousNo,
    books: [{ symbol: SYMBOL, epoch }],
    orders: [order(bought)],
    amounts: [{ asset: 'USD', amount: -50n * DOLLAR }],
    answered: [],
  };
}

/** Something of the order has changed that costs nothing. */
function change(commitNo: number, previousNo: number, epoch: number): Settle {
  return { ...fill(commitNo, previousNo, 5, epoch), amounts: [] };
}

let lastCommandNo = 0;

/** An order for so many USD. */
function spend(dollars: number): AccountMessage {
  lastCommandNo += 1;
  const command = buyOrder(`s${lastCommandNo}`, String(dollars), '1');
  const routed: RoutedCommand = {
    commandNo: lastCommandNo,
    userId: 1,
    origin: undefined,
    replyTo: undefined,
    command,
    referencePrice: undefined,
    tradingDay: DAY,
  };
  return { type: 'AccountCommands', commands: [routed] };
}

function open() {
  const told: Message[] = [];
  const markets = new Markets();
  markets.put({ instrument: BTC_USD, status: { type: 'Open' } } as never);
  const moves = new Moves();
  moves.complete(SYMBOL, 1);
  const { behavior } = accountActor({
    userId: 1,
    tell: (_address, message) => told.push(message),
    clock: new ManualClock(Date.UTC(2024, 4, 6)),
    log: silentLog,
    markets,
    moves,
    ids: { nextOrderId: () => 100 },
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
  return {
    moves,
    /** What comes of these messages. */
    tell(...messages: readonly AccountMessage[]): string[] {
      for (const message of messages) state = behavior.receive(state, message);
      return told.splice(0).flatMap(brief);
    },
  };
}

function brief(message: Message): string[] {
  switch (message.type) {
    case 'LoadAccount':
    case 'Fence':
      return ['load'];
    case 'BookRequests':
      return ['order'];
    case 'JournalAccount':
      return message.refusals.map(() => 'refused');
    default:
      return [message.type];
  }
}

describe('an account of which a settlement is lost', () => {
  it('notices by the next one, and spends nothing before it has read its rows', () => {
    const { tell } = open();
    expect(tell(loaded(5, 0))).to.deep.equal(['load']);
    // The first five were told in commit 6, which never came: of 200 USD only 100 are left, though 150 seem to be.
    expect(tell(fill(7, 6, 10), spend(120))).to.deep.equal(['load']);
    expect(tell(loaded(7, 10))).to.deep.equal(['refused']);
    expect(tell(spend(90))).to.deep.equal(['order']);
  });

  it('reads nothing where they come one after the other, whatever else their writer has committed', () => {
    const { tell } = open();
    expect(tell(loaded(5, 0))).to.deep.equal(['load']);
    expect(tell(fill(9, 4, 5), fill(12, 9, 10), spend(90))).to.deep.equal(['order']);
  });

  it('asks its rows once where its writer has begun another life in between', () => {
    const { tell } = open();
    tell(loaded(5, 0));
    expect(tell(fill(21, 20, 5))).to.deep.equal([]);
    expect(tell(spend(10))).to.deep.equal(['load']);
    expect(tell(loaded(21, 5), fill(22, 21, 10))).to.deep.equal(['order']);
  });

  it('reads them again where that is lost which was committed while it read them', () => {
    const { tell } = open();
    expect(tell(fill(7, 6, 10), loaded(5, 0), spend(120))).to.deep.equal(['load', 'load']);
    // Behind its rows one after the other again.
    expect(tell(loaded(7, 10), spend(90))).to.deep.equal(['refused', 'order']);
  });

  it('is hurried by whoever waits for the end of an order', () => {
    const { tell } = open();
    tell(loaded(5, 0));
    const cancel = { ...(spend(1) as Extract<AccountMessage, { type: 'AccountCommands' }>) };
    expect(tell(cancel, cancel)).to.deep.equal(['order']);
    // The second one waits for the first to be answered: nobody would tell it.
    expect(tell(fill(7, 6, 10))).to.deep.equal(['load']);
  });

  it('takes nothing of a book’s next owner before it has all of the owner before', () => {
    const { tell, moves } = open();
    tell(loaded(5, 0));
    // That is still on its way.
    expect(tell(fill(6, 0, 10, 3), spend(120))).to.deep.equal(['load']);
    expect(tell(loaded(6, 5))).to.deep.equal(['refused']);
    expect(tell(change(7, 6, 3), spend(10))).to.deep.equal(['order']);
    // Of this one it has come before.
    moves.complete(SYMBOL, 5);
    expect(tell(change(8, 7, 5), spend(10))).to.deep.equal(['order']);
    // Of this one not all came, and the account has not been told so yet.
    moves.missed(SYMBOL, 7);
    expect(tell(change(9, 8, 7), spend(10))).to.deep.equal(['load']);
  });
});

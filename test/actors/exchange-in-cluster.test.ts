/** The exchange of one node among others: what it passes on, what it tells them, and whom it believes. */
import { expect } from 'chai';
import type { ActorAddress } from '../../src/actors/actor-system.ts';
import { CommandsUnderWay } from '../../src/actors/commands-under-way.ts';
import { exchangeActor } from '../../src/actors/exchange.ts';
import { Markets } from '../../src/actors/markets.ts';
import type { InstrumentTerms } from '../../src/actors/ports.ts';
import type {
  Address,
  ExchangeMessage,
  Message,
  RoutedCommand,
  TradingStatus,
} from '../../src/actors/protocol.ts';
import { RemoteGateways } from '../../src/actors/remote-gateways.ts';
import { nodeInName } from '../../src/cluster/addresses.ts';
import { withDefaults } from '../../src/config/limits.ts';
import { ticks } from '../../src/matching/types.ts';
import { silentLog } from '../../src/platform/log.ts';
import { createTradingCalendar } from '../../src/platform/trading-calendar.ts';
import { BTC_USD } from '../support/instruments.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { buyOrder } from '../support/member-commands.ts';
import { openTerms, START_AT } from '../support/venue.ts';

const SYMBOL = 'BTC-USD';
const REPLY_TO = { type: 'reply', requestId: '1', node: 'engine-1' } as const;
const CRASHED: TradingStatus = { type: 'Halted', by: 'crash', reason: 'it crashed' };
const UNSOLICITED = { execRestatementReason: 99, text: 'the operator' };

/** Accounts with an even number live on engine-1, the others on engine-2; 0 is the venue's own. */
function open(options: { readonly isEngine?: boolean; readonly self?: string } = {}) {
  const { isEngine = true, self = 'engine-1' } = options;
  const clock = new ManualClock(START_AT);
  const markets = new Markets();
  const told: [Address, Message][] = [];
  const alive = new Set<string>();
  const state = {
    owner: 'engine-1' as string | undefined,
    reachable: true,
    epoch: 1,
    rows: openTerms(BTC_USD) as InstrumentTerms,
    evenAt: 'engine-1',
    isLeaving: false,
  };
  const underWay = new CommandsUnderWay();
  const engineOf = (userId: number): string => (userId % 2 === 0 ? state.evenAt : 'engine-2');
  const shardOf = (userId: number) =>
    isEngine && engineOf(userId) === self ? { shard: userId % 64, epoch: state.epoch } : undefined;
  const route = (node: string | undefined) =>
    node === undefined || (node !== self && !state.reachable)
      ? undefined
      : { node, key: node, owner: `${node} 1`, epoch: 1, linkNo: 1 };
  const nameOf = (address: ActorAddress): string => JSON.stringify(address);
  const exchange = exchangeActor({
    system: {
      tell: (address, message) => told.push([address, message]),
      spawn: (address) => void alive.add(nameOf(address)),
      isAlive: (address) => alive.has(nameOf(address)),
      stop: (address) => void alive.delete(nameOf(address)),
    },
    clock,
    log: silentLog,
    markets,
    calendar: createTradingCalendar({ timeZone: 'UTC', rollTime: '00:00' }),
    gateways: [],
    ids: { nextOrderId: () => 1, nextTradeId: () => 1 },
    instruments: { find: async () => state.rows, all: async () => [state.rows] },
    trades: { find: async () => undefined },
    limits: withDefaults({}),
    createBook: () => {
      throw new Error('no book is made here');
    },
    remote: new RemoteGateways({
      epochOf: (userId) => shardOf(userId)?.epoch,
      underWay,
      nodeOf: nodeInName,
    }),
    cluster: {
      self,
      isEngine,
      shardOf,
      ownsAccount: (userId) => shardOf(userId) !== undefined && !state.isLeaving,
      shardNoOf: (userId) => userId % 64,
      routeOfAccount: (userId) => route(engineOf(userId)),
      routeOfBook: () => route(state.owner),
      ownerOfBook: () => state.owner,
      epochOfBook: () => (state.owner === self ? 1 : undefined),
      maxKeptRequests: 10,
      routeWaitMs: 1_000,
      peers: () => ['engine-1', 'engine-2', 'gateway-1'].filter((node) => node !== self),
      engines: () => ['engine-1', 'engine-2'].filter((node) => node !== self),
    },
  });
  const tell = (message: ExchangeMessage): void => void exchange.behavior.receive({}, message);
  return {
    clock,
    markets,
    state,
    alive,
    underWay,
    exchange,
    tell,
    open: () => exchange.open(state.rows),
    /** What was told since this was asked last. */
    told: () => told.splice(0).map(([to, message]) => `${placeOf(to)}: ${brief(message)}`),
    messages: () => told.splice(0).map(([, message]) => message),
    /** What was read of rows, or came due, is told to the exchange itself. */
    async settle() {
      await new Promise<void>((resolve) => setImmediate(resolve));
      for (const [to, message] of told.splice(0)) {
        if (to.type === 'exchange' && to.node === undefined) tell(message as ExchangeMessage);
        else if (message.type === 'AwaitCommits') tell(message.message as ExchangeMessage);
        else told.push([to, message]);
      }
    },
    submit(sending: number, ...msgSeqNums: number[]) {
      tell({
        type: 'SubmitCommands',
        sessionId: 'gateway-1/fix:1:1',
        userId: 2,
        commands: msgSeqNums.map((msgSeqNum) => ({
          msgSeqNum,
          command: buyOrder(`c${msgSeqNum}`, '1', '100'),
          sending: { no: sending, isAgain: sending > 1, receivedAt: 1_000, round: 0 },
        })),
      });
    },
  };
}

function placeOf(to: Address): string {
  const place = to.type === 'account' ? `account ${to.userId}` : to.type;
  return 'node' in to && to.node !== undefined ? `${place}@${to.node}` : place;
}

function brief(message: Message): string {
  switch (message.type) {
    case 'AccountCommands':
      return message.commands.map(({ commandNo, shard }) => `${commandNo} by ${shard?.epoch}`).join(' ');
    case 'SetTradingStatus':
      return `status ${message.status.type} from ${message.from}`;
    case 'BookReady':
    case 'BookHalted':
      return `${message.type} at ${message.node}`;
    case 'CommandRejected':
      return message.text;
    default:
      return 'isForwarded' in message ? `${message.type} forwarded` : message.type;
  }
}

describe('the exchange of a node in a cluster', () => {
  const deposit = (userId: number, isForwarded = false) =>
    ({
      type: 'SubmitAccountCommand',
      userId,
      command: { type: 'CancelMemberOrders', unsolicited: UNSOLICITED },
      replyTo: REPLY_TO,
      ...(isForwarded ? { isForwarded } : {}),
    }) as const;
  const cancel = (isForwarded = false) =>
    ({
      type: 'CancelSymbolOrders',
      symbol: SYMBOL,
      unsolicited: UNSOLICITED,
      replyTo: REPLY_TO,
      ...(isForwarded ? { isForwarded } : {}),
    }) as const;
  const amendment = {
    type: 'SubmitTradeAmendment',
    tradeId: 1,
    wanted: { type: 'Bust' },
    chargesVenue: false,
    reason: 'r',
    requestedBy: 'ops',
    replyTo: REPLY_TO,
  } as const;
  const NOBODY = 'no engine of the venue that has it can be reached now: try again';

  describe('asked by an operator', () => {
    it('carries out for its own accounts, under its right to them, and passes the rest on, once', () => {
      const { tell, told, state } = open();
      tell(deposit(2));
      tell(deposit(3));
      tell(deposit(3, true));
      state.reachable = false;
      tell(deposit(3));
      expect(told()).to.deep.equal([
        'account 2: 1 by 1',
        'exchange@engine-2: SubmitAccountCommand forwarded',
        `reply@engine-1: ${NOBODY}`,
        `reply@engine-1: ${NOBODY}`,
      ]);
    });

    it('passes cancels of a symbol on to its book, and does what was passed on to it', () => {
      const venue = open();
      venue.open();
      venue.told();
      venue.tell(cancel());
      venue.state.owner = 'engine-2';
      venue.tell(cancel());
      venue.tell(cancel(true));
      venue.state.owner = undefined;
      venue.tell(cancel());
      expect(venue.told()).to.deep.equal([
        'book: BookRequests',
        'exchange@engine-2: CancelSymbolOrders forwarded',
        'book: BookRequests',
        `reply@engine-1: ${NOBODY}`,
      ]);
    });

    it('amends trades only where the venue’s own account lives', () => {
      const { tell, told, state } = open();
      state.evenAt = 'engine-2';
      tell(amendment);
      tell({ ...amendment, isForwarded: true });
      expect(told()).to.deep.equal([
        'exchange@engine-2: SubmitTradeAmendment forwarded',
        `reply@engine-1: ${NOBODY}`,
      ]);
    });

    it('tells the account of its new terms where it lives', () => {
      const { tell, told } = open();
      const terms = { limits: new Map(), restriction: 'none' } as never;
      tell({ type: 'TradingTermsChanged', userId: 3, terms });
      tell({ type: 'TradingTermsChanged', userId: 3, terms, isForwarded: true });
      tell({ type: 'TradingTermsChanged', userId: 2, terms });
      expect(told()).to.deep.equal(['exchange@engine-2: TradingTermsChanged forwarded']);
    });

    it('owns nothing where it is a gateway’s only', () => {
      const venue = open({ isEngine: false, self: 'gateway-1' });
      venue.open();
      venue.tell(deposit(2));
      venue.tell(cancel());
      venue.tell(amendment);
      venue.tell({ type: 'ExpireDue', upTo: START_AT });
      venue.tell({ type: 'BeginRedo', generation: 1 });
      expect(venue.told()).to.deep.equal([
        'exchange@engine-1: SubmitAccountCommand forwarded',
        'exchange@engine-1: CancelSymbolOrders forwarded',
        'exchange@engine-1: SubmitTradeAmendment forwarded',
      ]);
      expect([...venue.alive]).to.deep.equal([]);
    });
  });

  describe('told of the market', () => {
    it('believes of a book what its owner says, whenever that was said', () => {
      const { open: openSymbol, tell, told, markets, state } = open({ isEngine: false, self: 'gateway-1' });
      openSymbol();
      const isReady = () => markets.find(SYMBOL)?.ready;
      tell({ type: 'BookReady', symbol: SYMBOL, lastPrice: ticks(7), node: 'engine-2' });
      expect([isReady(), markets.find(SYMBOL)?.referencePrice]).to.deep.equal([false, 7]);
      state.owner = 'engine-2';
      tell({ type: 'OwnersChanged' });
      expect(isReady()).to.equal(true);
      tell({ type: 'BookHalted', symbol: SYMBOL, reason: 'it crashed', node: 'engine-1' });
      expect(isReady()).to.equal(true);
      state.owner = 'engine-1';
      tell({ type: 'OwnersChanged' });
      expect([isReady(), markets.find(SYMBOL)?.status]).to.deep.equal([false, CRASHED]);
      state.owner = undefined;
      tell({ type: 'OwnersChanged' });
      expect(isReady()).to.equal(false);
      expect(told()).to.deep.equal([]);
    });

    it('knows no book of a node to which there is no link, and hears of all with the next', () => {
      const gateway = open({ isEngine: false, self: 'gateway-1' });
      gateway.open();
      gateway.tell({ type: 'BookReady', symbol: SYMBOL, lastPrice: undefined, node: 'engine-1' });
      gateway.tell({ type: 'PeerDown', node: 'engine-1' });
      expect(gateway.markets.find(SYMBOL)?.ready).to.equal(false);

      const engine = open();
      engine.open();
      engine.told();
      engine.tell({ type: 'PeerUp', node: 'gateway-1' });
      expect(engine.told()).to.deep.equal([]);
      engine.tell({ type: 'BookReady', symbol: SYMBOL, lastPrice: undefined });
      expect(engine.told()).to.deep.equal([
        'exchange@engine-2: BookReady at engine-1',
        'exchange@gateway-1: BookReady at engine-1',
      ]);
      engine.tell({ type: 'PeerUp', node: 'gateway-1' });
      expect(engine.told()).to.deep.equal(['exchange@gateway-1: BookReady at engine-1']);
      engine.tell({ type: 'BookHalted', symbol: SYMBOL, reason: 'it crashed' });
      engine.told();
      engine.tell({ type: 'PeerUp', node: 'gateway-1' });
      expect(engine.told()).to.deep.equal(['exchange@gateway-1: BookHalted at engine-1']);
    });

    it('tells others of last prices together, after a while', () => {
      const { tell, clock, messages } = open();
      const traded = (price: number) =>
        tell({
          type: 'CommandsCompleted',
          commandNos: [],
          lastPrices: [{ symbol: SYMBOL, price: ticks(price) }],
        });
      traded(5);
      traded(6);
      expect(messages()).to.deep.equal([]);
      clock.advance(50);
      expect(messages()).to.deep.equal([{ type: 'PriceNewsDue' }]);
      tell({ type: 'PriceNewsDue' });
      const news = { type: 'PricesTraded', lastPrices: [{ symbol: SYMBOL, price: 6 }] };
      expect(messages()).to.deep.equal([news, news]);
      tell({ type: 'PriceNewsDue' });
      expect(messages()).to.deep.equal([]);
    });

    it('passes an operator’s word on, and has the last one itself where it has the book', async () => {
      const { open: openSymbol, tell, told, settle, state, markets } = open();
      openSymbol();
      told();
      state.rows = { ...state.rows, status: { type: 'CancelOnly', reason: 'two operators' } };
      tell({ type: 'SetTradingStatus', symbol: SYMBOL, status: { type: 'Open' } });
      expect(told()).to.deep.equal([
        'exchange@engine-2: status Open from operator',
        'exchange@gateway-1: status Open from operator',
        'book: ResumeBook',
        'persistence: AwaitCommits',
      ]);
      tell({ type: 'StatusCheckDue', symbol: SYMBOL, haltNo: 0 });
      await settle();
      expect(markets.find(SYMBOL)?.status.type).to.equal('CancelOnly');
      expect(told()).to.deep.equal([
        'book: ResumeBook',
        'exchange@engine-2: status CancelOnly from owner',
        'exchange@gateway-1: status CancelOnly from owner',
      ]);
    });

    it('leaves it to the node with the book whether a symbol that crashed trades again', () => {
      const { open: openSymbol, tell, told, markets } = open({ isEngine: false, self: 'gateway-1' });
      openSymbol();
      tell({ type: 'BookHalted', symbol: SYMBOL, reason: 'it crashed', node: 'engine-1' });
      tell({ type: 'SetTradingStatus', symbol: SYMBOL, status: { type: 'Open' } });
      expect(markets.find(SYMBOL)?.status).to.deep.equal(CRASHED);
      expect(told()).to.deep.equal([
        'exchange@engine-1: status Open from operator',
        'exchange@engine-2: status Open from operator',
      ]);
      tell({ type: 'SetTradingStatus', symbol: SYMBOL, status: { type: 'Open' }, from: 'operator' });
      expect(markets.find(SYMBOL)?.status).to.deep.equal(CRASHED);
      tell({ type: 'SetTradingStatus', symbol: SYMBOL, status: { type: 'Open' }, from: 'owner' });
      expect(markets.find(SYMBOL)?.status).to.deep.equal({ type: 'Open' });
    });

    it('reads in rows what news were lost with a link, but not what is older than the news that came since', async () => {
      const { open: openSymbol, tell, settle, state, markets } = open({ isEngine: false, self: 'gateway-1' });
      openSymbol();
      state.rows = { ...state.rows, status: { type: 'CancelOnly', reason: 'r' } };
      tell({ type: 'PeerUp', node: 'engine-1' });
      await settle();
      expect(markets.find(SYMBOL)?.status.type).to.equal('CancelOnly');
      tell({ type: 'PeerUp', node: 'engine-1' });
      tell({ type: 'SetTradingStatus', symbol: SYMBOL, status: { type: 'Open' }, from: 'owner' });
      await settle();
      expect(markets.find(SYMBOL)?.status.type).to.equal('Open');
    });

    it('passes on that terms have changed, without those who wait', () => {
      const { tell, messages } = open();
      tell({ type: 'InstrumentChanged', symbol: SYMBOL, replyTo: REPLY_TO });
      tell({ type: 'InstrumentChanged', symbol: SYMBOL, isForwarded: true });
      const news = { type: 'InstrumentChanged', symbol: SYMBOL, isForwarded: true };
      expect(messages()).to.deep.equal([news, news]);
    });
  });

  describe('with accounts that come and go', () => {
    it('gives back what is for others, and answers a repeat once', () => {
      const { submit, told, state } = open();
      submit(1, 1, 2);
      submit(2, 1, 2, 3);
      state.evenAt = 'engine-2';
      submit(1, 4);
      expect(told()).to.deep.equal([
        'account 2: 1 by 1 2 by 1',
        'account 2: 3 by 1',
        'router@gateway-1: CommandsMisrouted',
      ]);
    });

    it('has what was sent before looked for in the rows, where it may be carried out', () => {
      const { submit, messages } = open();
      submit(1, 1);
      submit(2, 2);
      const routed = messages().flatMap((one) => (one.type === 'AccountCommands' ? one.commands : []));
      expect(routed.map(({ isSentAgain }) => isSentAgain)).to.deep.equal([undefined, true]);
      expect(routed.map(({ receivedAt }) => receivedAt)).to.deep.equal([undefined, 1_000]);
    });

    it('refuses nothing that may have been carried out elsewhere: it comes back with all behind it', () => {
      const { submit, told, tell, exchange } = open();
      tell({ type: 'StoreUnavailable', reason: 'away' });
      submit(1, 1);
      submit(2, 2);
      tell({ type: 'StoreAvailable' });
      told();
      submit(1, 3);
      expect(told()).to.deep.equal(['router@gateway-1: CommandsMisrouted']);
      expect(exchange.status().commandsInFlight).to.equal(0);
    });

    it('tells each of them once of all books that have moved at about the same time', async () => {
      const { submit, tell, messages, clock, settle } = open();
      submit(1, 1);
      messages();
      tell({ type: 'BookMoved', symbol: 'A', moveNo: 1 });
      clock.advance(3);
      tell({ type: 'BookMoved', symbol: 'B', moveNo: 2 });
      tell({ type: 'BookMoved', symbol: 'A', moveNo: 3 });
      clock.advance(3);
      await settle();
      const moved = new Map(Object.entries({ A: 3, B: 2 }));
      expect(messages()).to.deep.equal([{ type: 'JudgeAgain', moved, lastMoveNo: 3, asked: [] }]);
      clock.advance(100);
      expect(messages()).to.deep.equal([]);
    });

    it('gives everything back once its node stops: another engine will have the account', () => {
      const { exchange, submit, tell, told } = open();
      tell({ type: 'DrainExchange', replyTo: { type: 'reply', requestId: '1' } });
      told();
      submit(1, 7);
      expect(told()).to.deep.equal(['router@gateway-1: CommandsMisrouted']);
      expect(exchange.status().commandsInFlight).to.equal(0);
    });

    it('takes what waited for a redo when that has ended, and is no repeat of itself', () => {
      const { submit, tell, told, exchange } = open();
      tell({ type: 'BeginRedo', generation: 1 });
      submit(1, 1, 2);
      expect(told()).to.deep.equal([]);
      expect(exchange.status().commandsWaiting).to.equal(2);
      tell({ type: 'EndRedo' });
      expect(told()).to.deep.equal(['account 2: 1 by 1 2 by 1']);
    });

    it('stops them when they leave, and forgets what waited for them', () => {
      const { submit, tell, told, exchange, alive, underWay, state } = open();
      submit(1, 1);
      tell({ type: 'BeginRedo', generation: 1 });
      submit(1, 2);
      tell(deposit(2));
      told();
      state.evenAt = 'engine-2';
      tell({ type: 'AccountsGone', shards: [2] });
      expect([...alive]).to.deep.equal([]);
      expect(underWay.count).to.equal(0);
      expect(exchange.status().commandsWaiting).to.equal(0);
      expect(told()).to.deep.equal(['router@gateway-1: CommandsMisrouted', `reply@engine-1: ${NOBODY}`]);
      tell({ type: 'EndRedo' });
      expect(told()).to.deep.equal([]);
    });

    it('counts and answers what dies with them, so that a drain does not wait for it', () => {
      const { submit, tell, told, exchange, state } = open();
      submit(1, 1, 2);
      tell(deposit(2));
      tell({ type: 'DrainExchange', replyTo: { type: 'exchange' } });
      told();
      state.evenAt = 'engine-2';
      tell({ type: 'AccountsGone', shards: [2] });
      const left = 'the account went to another engine: look whether it was done, and ask again';
      expect(told()).to.deep.equal([
        'router@gateway-1: CommandsMisrouted',
        `reply@engine-1: ${left}`,
        'exchange: Drained',
      ]);
      // The answer to one of them was on its way.
      tell({ type: 'CommandsCompleted', commandNos: [1], lastPrices: [] });
      expect(exchange.status().commandsInFlight).to.equal(0);
    });

    it('takes nothing for them from operators when they are about to leave', () => {
      const { tell, told, state } = open();
      state.isLeaving = true;
      tell(deposit(2));
      tell(amendment);
      tell({ type: 'ReserveFunds', amendmentNo: 1, node: 'engine-2', userId: 2, funds: [], orderIds: [] });
      expect(told()).to.deep.equal([
        `reply@engine-1: ${NOBODY}`,
        `reply@engine-1: ${NOBODY}`,
        'exchange@engine-2: FundsReserved',
      ]);
    });

    it('runs nothing again of those that have left, and the rest by the right of now', () => {
      const { tell, told, state } = open();
      const routed: RoutedCommand = {
        commandNo: 9,
        userId: 2,
        origin: undefined,
        replyTo: undefined,
        command: buyOrder('a', '1', '100'),
        referencePrice: undefined,
        tradingDay: '2024-05-06',
        shard: { shard: 2, epoch: 1 },
      };
      state.epoch = 3;
      tell({ type: 'RedoCommand', routed });
      state.evenAt = 'engine-2';
      tell({ type: 'RedoCommand', routed });
      tell({ type: 'RefuseCommand', routed, text: 'no' });
      expect(told()).to.deep.equal([
        'account 2: 9 by 3',
        'persistence: JournalAccount',
        'persistence: JournalAccount',
      ]);
    });

    it('has a party’s account set money aside where it lives', () => {
      const { tell, told } = open();
      const ask = {
        type: 'ReserveFunds',
        amendmentNo: 1,
        node: 'engine-2',
        funds: [],
        orderIds: [],
      } as const;
      tell({ ...ask, userId: 2 });
      tell({ ...ask, userId: 3 });
      expect(told()).to.deep.equal(['account 2: ReserveFunds', 'exchange@engine-2: FundsReserved']);
    });

    it('frees what a node has had set aside to which there is no way any more', () => {
      const { tell, told, submit } = open();
      submit(1, 1);
      told();
      tell({ type: 'PeerDown', node: 'engine-2' });
      expect(told()).to.deep.equal(['account 2: ReservesVoid']);
    });
  });
});

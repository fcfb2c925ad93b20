/**
 * Money over FIX and at the command line, told in amounts that were worked out by hand: what each kind of order holds,
 * what a fill costs each side, and that nothing is held when nothing is open. The rows are read with SQL alone.
 */
import { expect } from 'chai';
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import type { FixVersion } from '../../src/fix/version.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { formatAmount } from '../../src/platform/decimal.ts';
import { FixClient } from '../support/fix-client.ts';
import { units } from '../support/judging-desk.ts';
import { identityOf } from '../support/market-day.ts';
import { expectReconciled } from '../support/reconciled.ts';
import { until } from '../support/until.ts';
import { embeddedUrl, newDataDir, removeVenue, VenueProcess, withRows } from '../support/venue-process.ts';

const SYMBOL = 'BTC-USD';
const BUY = '1';
const SELL = '2';
const EXEC_TRANS_TYPE = 20;
const STATUS = '3';
const STP_MODE = 7929;
const [ALICE, BOB, CAROL] = [identityOf('alice', 1), identityOf('bob', 2), identityOf('carol', 3)] as const;
const ORDER_STATUS_REQUEST = 'H';

/** What the fields of an order are besides those that every one has. */
type Extra = Readonly<Record<number, string>>;

describe('Money', function () {
  this.timeout(60_000);

  let venue: VenueProcess;
  let alice: FixClient;
  let bob: FixClient;
  let lastNo = 0;

  before(async () => {
    venue = await VenueProcess.start(await newDataDir());
    // 10 and 20 basis points.
    const terms = { base: 'BTC', quote: 'USD', tick: '0.01', lot: '0.001', makerBps: '10', takerBps: '20' };
    await venue.done('POST', '/v1/instruments', { symbol: SYMBOL, ...terms });
    for (const { username, password, senderCompId } of [ALICE, BOB, CAROL]) {
      await venue.done('POST', '/v1/users', { username, password, compId: senderCompId });
      await done('deposit', '--username', username, '--asset', 'USD', '--amount', '10000');
      await done('deposit', '--username', username, '--asset', 'BTC', '--amount', '100');
    }
    alice = await logon(ALICE, 'FIX.4.4');
    bob = await logon(BOB, 'FIX.4.4');
  });
  after(() => removeVenue(venue.dataDir));
  afterEach('nothing is open, nothing is held, everything adds up', async () => {
    for (const { username } of [ALICE, BOB, CAROL])
      await venue.done('POST', '/v1/orders/cancel', { username });
    expect(await rows('select user_id, asset, held from balances where held <> 0')).to.deep.equal([]);
    await expectReconciled(await embeddedUrl(venue.dataDir));
  });

  async function logon(identity: typeof ALICE, version: FixVersion): Promise<FixClient> {
    const options = { port: venue.fixPort, ...identity, version };
    return FixClient.logon(options, { [TAG.ResetSeqNumFlag]: 'Y' });
  }

  async function done(...argv: readonly string[]): Promise<string> {
    const result = await venue.onebook(argv);
    expect(result, `${argv.join(' ')}: ${result.stderr}`).to.include({ exitCode: 0 });
    return result.stdout;
  }

  function rows<Row extends object>(sql: string): Promise<Row[]> {
    return embeddedUrl(venue.dataDir).then((url) =>
      withRows(url, async (client) => (await client.query<Row>(sql)).rows),
    );
  }

  /** `10000/100.2 USD` for each asset: the amount, and what is held of it. */
  async function funds(username: string): Promise<string> {
    const found = await rows<{ text: string }>(
      `select trim_scale(amount) || '/' || trim_scale(held) || ' ' || asset as text from balances b
         join users u on u.id = b.user_id where u.username = '${username}' order by asset desc`,
    );
    return found.map(({ text }) => text).join(', ');
  }

  async function held(username: string, asset = 'USD'): Promise<string> {
    const [found] = await rows<{ held: string }>(
      `select trim_scale(held)::text as held from balances b join users u on u.id = b.user_id
         where u.username = '${username}' and asset = '${asset}'`,
    );
    return found?.held ?? 'none';
  }

  /** What `work` makes of a member's balances: `-80.16 USD, +1 BTC`. */
  async function moved(username: string, work: () => Promise<unknown>): Promise<string> {
    const amounts = () =>
      rows<{ asset: string; amount: string }>(
        `select asset, amount::text from balances b join users u on u.id = b.user_id
           where u.username = '${username}' order by asset desc`,
      );
    const before = await amounts();
    await work();
    const after = await amounts();
    return after
      .map(({ asset, amount }, i) => {
        const difference = units(amount) - units(before[i]?.amount ?? '0');
        return `${difference > 0n ? '+' : ''}${formatAmount(difference)} ${asset}`;
      })
      .join(', ');
  }

  /** Bob trades with himself, so that this is the last price. */
  async function trade(price: string): Promise<void> {
    await order(bob, SELL, '0.001', price);
    await order(bob, BUY, '0.001', price);
  }

  /** Sends a request and returns all that its sender is told until it has been answered. */
  async function tell(session: FixClient, msgType: string, fields: Extra): Promise<FixMessage[]> {
    session.send(msgType, { [TAG.TransactTime]: utcTimestamp(systemClock.now()), ...fields });
    const { [TAG.ClOrdID]: clOrdId = '', [TAG.Side]: side = '' } = fields;
    session.send(ORDER_STATUS_REQUEST, { [TAG.ClOrdID]: clOrdId, [TAG.Symbol]: SYMBOL, [TAG.Side]: side });
    const told: FixMessage[] = [];
    for (;;) {
      const message = await session.nextMessage();
      const isStatus = message.get(TAG.ExecType) === 'I' || message.get(EXEC_TRANS_TYPE) === STATUS;
      if (isStatus && message.get(TAG.ClOrdID) === clOrdId) return told;
      told.push(message);
    }
  }

  function nextId(): string {
    lastNo += 1;
    return `m-${lastNo}`;
  }

  /** A limit order, good till cancel, unless `extra` says else. */
  async function order(
    session: FixClient,
    side: string,
    quantity: string,
    price?: string,
    extra: Extra = {},
  ) {
    const clOrdId = nextId();
    const told = await tell(session, MSG_TYPE.NewOrderSingle, {
      [TAG.ClOrdID]: clOrdId,
      [TAG.Symbol]: SYMBOL,
      [TAG.Side]: side,
      [TAG.OrderQty]: quantity,
      [TAG.OrdType]: price === undefined ? '1' : '2',
      ...(price === undefined ? {} : { [TAG.Price]: price }),
      [TAG.TimeInForce]: price === undefined ? '0' : '1',
      ...extra,
    });
    return { clOrdId, told: told.filter((message) => message.get(TAG.ClOrdID) === clOrdId), side };
  }

  async function replace(
    session: FixClient,
    of: { readonly clOrdId: string; readonly side: string },
    quantity: string,
    price: string,
    extra: Extra = {},
  ) {
    const clOrdId = nextId();
    const told = await tell(session, MSG_TYPE.OrderCancelReplaceRequest, {
      [TAG.ClOrdID]: clOrdId,
      [TAG.OrigClOrdID]: of.clOrdId,
      [TAG.Symbol]: SYMBOL,
      [TAG.Side]: of.side,
      [TAG.OrderQty]: quantity,
      [TAG.OrdType]: '2',
      [TAG.Price]: price,
      ...extra,
    });
    return { clOrdId, told: told.filter((message) => message.get(TAG.ClOrdID) === clOrdId), side: of.side };
  }

  function kinds(told: readonly FixMessage[]): string {
    return told.map((message) => message.get(TAG.ExecType) ?? message.msgType).join(' ');
  }

  it('of a resting buy is its limit and the larger fee; a change of fees is for orders after it', async () => {
    const resting = await order(alice, BUY, '1', '100');
    expect(await held('alice')).to.equal('100.2');
    await done('instrument', 'set', '--symbol', SYMBOL, '--maker-bps', '30', '--taker-bps', '50');
    await done('user', 'set', '--username', 'alice', '--maker-bps', '9');
    await order(bob, SELL, '0.4', '100');
    // Alice adds at 10 of then, Bob removes at 50 of now; she still holds the larger of 10 and 20.
    expect(await funds('alice')).to.equal('9959.96/60.12 USD, 100.4/0 BTC');
    expect(await funds('bob')).to.equal('10039.8/0 USD, 99.6/0 BTC');
    expect(await funds('fees')).to.equal('0.24/0 USD');
    // More quantity at a lower price: still the rates of its entry.
    await replace(alice, resting, '2', '90');
    expect(await held('alice')).to.equal('144.288');
    await done('instrument', 'set', '--symbol', SYMBOL, '--maker-bps', '10', '--taker-bps', '20');
    await order(alice, BUY, '1', '10');
    expect(await held('alice')).to.equal('154.308');
    await done('user', 'set', '--username', 'alice', '--maker-bps', 'default');
  });

  it('comes back with a better price, in the commit of the trade', async () => {
    const before = await funds('alice');
    expect(before).to.equal('9959.96/0 USD, 100.4/0 BTC');
    await order(bob, SELL, '1', '80');
    const { told } = await order(alice, BUY, '1.5', '100');
    expect(kinds(told)).to.equal('0 F');
    // 80 and 0.16 are paid; 0.5 at 100 and 0.1 are held.
    expect(await funds('alice')).to.equal('9879.8/50.1 USD, 101.4/0 BTC');
  });

  it('is held by no order that has ended at once', async () => {
    await order(bob, SELL, '1', '82');
    const was = await funds('alice');
    const fleeting: readonly (readonly [told: string, price: string | undefined, extra: Extra])[] = [
      ['0 C', '82', { [TAG.TimeInForce]: '4' }],
      ['0 C', '70', { [TAG.TimeInForce]: '3' }],
      ['0 C', '82', { [TAG.TimeInForce]: '3', [TAG.ExecInst]: 'G' }],
      ['0 C', '82', { [TAG.TimeInForce]: '3', [TAG.MinQty]: '1.5' }],
      ['8', '82', { [TAG.ExecInst]: '6' }],
    ];
    for (const [told, price, extra] of fleeting) {
      expect(kinds((await order(alice, BUY, '3', price, extra)).told), JSON.stringify(extra)).to.equal(told);
      expect(await funds('alice'), JSON.stringify(extra)).to.equal(was);
    }
  });

  it('of a market order is set aside at its protection price, and paid at the price of the trade', async () => {
    await trade('80');
    await order(bob, SELL, '1', '82');
    await order(bob, SELL, '1', '85');
    // Up to 84.
    const paid = await moved('alice', async () => {
      expect(kinds((await order(alice, BUY, '2')).told)).to.equal('0 F C');
    });
    expect(paid).to.equal('-82.164 USD, +1 BTC');
  });

  it('of stop orders is held at their protection price or limit, triggered or not', async () => {
    await trade('80');
    await order(alice, BUY, '1', undefined, { [TAG.OrdType]: '3', [TAG.StopPx]: '95' });
    expect(await held('alice')).to.equal('99.9495');
    await order(alice, BUY, '1', '120', { [TAG.OrdType]: '4', [TAG.StopPx]: '95' });
    expect(await held('alice')).to.equal('220.1895');
    await trade('95');
    expect(await held('alice')).to.equal('120.24');
    const paid = await moved('alice', () => order(bob, SELL, '1', '110'));
    expect(paid).to.equal('-120.12 USD, +1 BTC');
  });

  it('of an iceberg is held for all of it, and settled slice by slice', async () => {
    await order(bob, SELL, '3', '100', { [TAG.MaxFloor]: '1' });
    expect(await held('bob', 'BTC')).to.equal('3');
    const received = await moved('bob', async () => {
      expect(kinds((await order(alice, BUY, '2.5', '100')).told)).to.equal('0 F F F');
    });
    expect(received).to.equal('+249.75 USD, -2.5 BTC');
    expect(await held('bob', 'BTC')).to.equal('0.5');
  });

  it('of a post-only order that slides is held at the price to which it slid', async () => {
    await done('instrument', 'set', '--symbol', SYMBOL, '--post-only', 'slide');
    await order(bob, SELL, '1', '100');
    await order(alice, BUY, '1', '105', { [TAG.ExecInst]: '6' });
    expect(await held('alice')).to.equal('100.18998');
    await done('instrument', 'set', '--symbol', SYMBOL, '--post-only', 'reject');
  });

  for (const { mode, name, usd, btc } of [
    { mode: '1', name: 'newest', usd: '0', btc: '1' },
    { mode: '2', name: 'oldest', usd: '150.3', btc: '0' },
    { mode: '3', name: 'both', usd: '0', btc: '0' },
    { mode: '4', name: 'decrement', usd: '50.1', btc: '0' },
  ]) {
    it(`of two orders that may not trade with each other is held for what is left (${name})`, async () => {
      await order(alice, SELL, '1', '100');
      const paid = await moved('alice', () => order(alice, BUY, '1.5', '100', { [STP_MODE]: mode }));
      expect(paid).to.equal('0 USD, 0 BTC');
      expect([await held('alice'), await held('alice', 'BTC')]).to.deep.equal([usd, btc]);
    });
  }

  it('of a member that trades with itself pays both fees and nothing else', async () => {
    await order(alice, SELL, '1', '100');
    expect(await moved('alice', () => order(alice, BUY, '1', '100'))).to.equal('-0.3 USD, 0 BTC');
  });

  it('follows an order through replaces and the fills between them', async () => {
    const first = await order(alice, BUY, '1', '100');
    await order(bob, SELL, '0.4', '100');
    const less = await replace(alice, first, '0.9', '100');
    expect(await held('alice')).to.equal('50.1');
    const more = await replace(alice, less, '2', '110');
    expect(await held('alice')).to.equal('176.352');
    await order(bob, SELL, '0.6', '110');
    expect(await held('alice')).to.equal('110.22');
    const refused = await replace(alice, more, '1000', '110');
    expect(kinds(refused.told)).to.equal('9');
    expect(await held('alice')).to.equal('110.22');
    expect(kinds((await replace(alice, more, '0.5', '110')).told)).to.equal('5');
    expect(await held('alice')).to.equal('0');
  });

  it('comes back when a good-till-date order ends', async () => {
    const end = utcTimestamp(systemClock.now() + 1_500);
    await order(alice, BUY, '1', '10', { [TAG.TimeInForce]: '6', [TAG.ExpireTime]: end });
    expect(await held('alice')).to.equal('10.02');
    await until('the end of the order', async () => (await held('alice')) === '0');
  });

  it('goes back with a bust, and is put right with a correction, of open and of closed orders', async () => {
    await order(alice, BUY, '2', '100');
    const was = [await funds('alice'), await funds('bob'), await funds('fees')];
    await order(bob, SELL, '1', '90');
    const [last] = await rows<{ id: string }>('select id from trades order by id desc limit 1');
    const id = last?.id ?? '';
    // Alice adds at 10 basis points, Bob removes at 20.
    const put = await moved('alice', () =>
      done('trade', 'correct', id, '--price', '80', '--qty', '0.5', '--reason', 'r'),
    );
    expect(put).to.equal('+60.06 USD, -0.5 BTC');
    expect(await held('alice')).to.equal('100.2');
    await done('order', 'cancel', '--username', 'alice');
    expect(await moved('bob', () => done('trade', 'bust', id, '--reason', 'r', '--yes'))).to.equal(
      '-39.92 USD, +0.5 BTC',
    );
    const released = (text = ''): string => text.replace('/200.4 USD', '/0 USD');
    expect([await funds('alice'), await funds('bob'), await funds('fees')]).to.deep.equal(was.map(released));
  });

  it('of the venue is what fees have come to, and is paid out once', async () => {
    await trade('100');
    for (let round = 0; round < 2; round += 1) {
      const [fees = ''] = (await funds('fees')).split('/');
      expect(Number(fees)).to.be.above(0);
      const withdraw = ['withdraw', '--username', 'fees', '--asset', 'USD', '--amount', fees];
      expect(await done(...withdraw)).to.match(/^fees now has 0 USD; /);
      const again = await venue.onebook(withdraw);
      expect(again.stderr).to.equal(`error: insufficient funds: needs ${fees} USD, available 0 USD\n`);
      // Alice adds, Bob removes: 10 and 20 basis points of 300.
      await order(alice, BUY, '3', '100');
      await order(bob, SELL, '3', '100');
      expect(await funds('fees')).to.equal('0.9/0 USD');
    }
  });

  it('that a fill costs is told with it in the words of each FIX version', async () => {
    const fields = [TAG.LastLiquidityInd, TAG.NoMiscFees, TAG.MiscFeeAmt, TAG.MiscFeeCurr, TAG.MiscFeeType];
    const fillOf = (told: readonly FixMessage[]) => fields.map((tag) => told.at(-1)?.get(tag));
    for (const [version, expected] of [
      ['FIX.4.4', ['2', '1', '0.000066', 'USD', '4']],
      ['FIX.5.0SP2', ['2', '1', '0.000066', 'USD', '4']],
      ['FIX.4.2', [undefined, undefined, undefined, undefined, undefined]],
    ] as const) {
      await order(bob, SELL, '0.001', '33');
      const carol = await logon(CAROL, version);
      const { told } = await order(carol, BUY, '0.001', '33', version === 'FIX.4.2' ? { 21: '1' } : {});
      expect(fillOf(told), version).to.deep.equal(expected);
      await carol.logout();
    }
    await done('user', 'set', '--username', 'carol', '--taker-bps', '0');
    await order(bob, SELL, '0.001', '33');
    const carol = await logon(CAROL, 'FIX.4.4');
    const { told } = await order(carol, BUY, '0.001', '33');
    expect(fillOf(told), 'no fee, no group').to.deep.equal(['2', undefined, undefined, undefined, undefined]);
    await carol.logout();
  });
});

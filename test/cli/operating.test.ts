/**
 * What operators change while members trade: limits, statuses and mass cancels, through the command line against a
 * node, and what a member that stays logged on sees of it.
 */
import { expect } from 'chai';
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { FixClient } from '../support/fix-client.ts';
import { cancelOf, identityOf, newOrder, openMarket } from '../support/market-day.ts';
import { embeddedUrl, newDataDir, removeVenue, VenueProcess, withRows } from '../support/venue-process.ts';

const SYMBOL = 'BTC-USD';
const DAVE = identityOf('dave', 1);

describe('operators, while a member stays logged on', function () {
  this.timeout(60_000);

  let venue: VenueProcess;
  let session: FixClient;
  let lastNo = 0;

  before(async () => {
    venue = await VenueProcess.start(await newDataDir());
    await openMarket(venue, [DAVE]);
    session = await FixClient.logon({ port: venue.fixPort, ...DAVE });
  });
  after(() => removeVenue(venue.dataDir));

  async function run(...argv: readonly string[]): Promise<string> {
    const result = await venue.onebook(argv);
    expect(result, argv.join(' ')).to.include({ exitCode: 0, stderr: '' });
    return result.stdout;
  }

  /** Sends an order and returns the one report that answers it. */
  async function order(terms: { side?: '1' | '2'; orderQty?: string; price?: string; symbol?: string } = {}) {
    lastNo += 1;
    const clOrdId = `d-${lastNo}`;
    const usual = { symbol: SYMBOL, side: '1', orderQty: '1', price: '100.00' } as const;
    session.send(MSG_TYPE.NewOrderSingle, newOrder({ ...usual, ...terms, clOrdId }));
    return session.expect(MSG_TYPE.ExecutionReport, { [TAG.ClOrdID]: clOrdId });
  }

  function refusal(report: FixMessage): readonly unknown[] {
    return [report.get(TAG.ExecType), report.get(TAG.OrdRejReason), report.get(TAG.Text)];
  }

  async function isTaken(terms: Parameters<typeof order>[0] = {}): Promise<string> {
    const report = await order(terms);
    expect(report.get(TAG.ExecType), String(report.get(TAG.Text))).to.equal('0');
    return String(report.get(TAG.ClOrdID));
  }

  async function isCanceled(clOrdId: string, text: string): Promise<void> {
    const report = await session.expect(MSG_TYPE.ExecutionReport, { [TAG.ClOrdID]: clOrdId });
    expect([
      report.get(TAG.ExecType),
      report.get(TAG.ExecRestatementReason),
      report.get(TAG.Text),
    ]).to.deep.equal(['4', '8', text]);
  }

  it('bound what an order of an instrument may be, from the next order on', async () => {
    await run('instrument', 'set', '--symbol', SYMBOL, '--max-qty', '5', '--max-notional', '200');
    const tooLarge = await order({ orderQty: '6', price: '1.00' });
    expect(refusal(tooLarge).slice(0, 2)).to.deep.equal(['8', '13']);
    expect(tooLarge.get(TAG.Text)).to.contain('6').and.contain('5');
    const tooMuch = await order({ orderQty: '3' });
    const worth = 'the order is worth 300.00 USD, above the maximum 200.00';
    expect(refusal(tooMuch)).to.deep.equal(['8', '3', worth]);
    await run('instrument', 'set', '--symbol', SYMBOL, '--max-qty', '100', '--max-notional', 'none');
    await isTaken({ orderQty: '6' });
    await run('order', 'cancel', '--symbol', SYMBOL);
    await isCanceled(`d-${lastNo}`, 'canceled by the operator');
  });

  it('bound one member, from its next order on, and let it go again', async () => {
    await run('user', 'set', '--username', 'dave', '--max-order-qty', '2', '--max-open-orders', '1');
    const tooLarge = await order({ orderQty: '3' });
    expect(refusal(tooLarge)).to.deep.equal(['8', '3', 'OrderQty(38)=3 is above your maximum 2']);
    const first = await isTaken({ orderQty: '2' });
    const tooMany = await order({ symbol: 'ETH-USD' });
    expect(refusal(tooMany)).to.deep.equal(['8', '3', 'you have 1 open orders, your maximum']);
    await run('user', 'set', '--username', 'dave', '--max-order-qty', 'default', '--max-open-orders', 'none');
    const second = await isTaken({ orderQty: '3' });
    expect(await run('order', 'cancel', '--username', 'dave', '--reason', 'as agreed')).to.equal(
      'cancels requested: 2\n',
    );
    for (const clOrdId of [first, second]) await isCanceled(clOrdId, 'canceled by the operator: as agreed');
  });

  it('keep a member from trading with itself, as its default says', async () => {
    await run('user', 'set', '--username', 'dave', '--stp', 'oldest');
    expect(await run('user', 'show', '--username', 'dave')).to.match(/SELF-TRADE PREVENTION +cancel oldest/);
    const bid = await isTaken({ side: '1' });
    const ask = await isTaken({ side: '2' });
    const canceled = await session.expect(MSG_TYPE.ExecutionReport, { [TAG.ClOrdID]: bid });
    expect(canceled.get(TAG.ExecType)).to.equal('4');
    await run('user', 'set', '--username', 'dave', '--stp', 'none');
    await run('order', 'cancel', '--all');
    await isCanceled(ask, 'canceled by the operator');
  });

  it('let a symbol take cancels only, and open it again', async () => {
    const resting = await isTaken();
    await run('instrument', 'cancel-only', '--symbol', SYMBOL, '--reason', 'last day of trading');
    expect(await run('status')).to.match(/BTC-USD +cancel only +ready .*last day of trading/);
    expect(refusal(await order())).to.deep.equal([
      '8',
      '2',
      'BTC-USD takes cancels only: last day of trading',
    ]);
    session.send(MSG_TYPE.OrderCancelRequest, cancelOf('d-cancel', resting, SYMBOL, '1'));
    await session.expect(MSG_TYPE.ExecutionReport, { [TAG.ExecType]: '4', [TAG.ClOrdID]: 'd-cancel' });
    await run('instrument', 'resume', '--symbol', SYMBOL);
    await run('order', 'cancel', '--symbol', SYMBOL, '--side', 'sell');
    const next = await isTaken();
    expect(await run('order', 'cancel', '--symbol', SYMBOL, '--side', 'sell')).to.contain(': 0');
    expect(await run('order', 'cancel', '--username', 'dave', '--side', 'sell')).to.contain(': 0');
    expect(await run('order', 'cancel', '--all', '--side', 'buy')).to.contain(': 1');
    await isCanceled(next, 'canceled by the operator');
  });

  it('pull the kill switch: nothing rests, nothing enters, and a resume undoes it', async () => {
    const btc = await isTaken();
    const eth = await isTaken({ symbol: 'ETH-USD' });
    expect(await run('kill-switch', '--yes', '--reason', 'runaway algorithm')).to.equal(
      'halted: BTC-USD, ETH-USD; cancels requested: 2\n',
    );
    // Each book answers for itself: the two may come in either order.
    const ended = [await session.nextMessage(), await session.nextMessage()];
    expect(ended.map((report) => report.get(TAG.ClOrdID)).sort()).to.deep.equal([btc, eth]);
    expect(ended.map((report) => report.get(TAG.Text))).to.deep.equal(
      ended.map(() => 'canceled by the operator: runaway algorithm'),
    );
    expect(refusal(await order())).to.deep.equal(['8', '2', 'BTC-USD is halted: runaway algorithm']);
    await run('instrument', 'resume', '--symbol', SYMBOL);
    await isTaken();
  });

  it('disable a member with its orders', async () => {
    expect(await run('user', 'disable', '--username', 'dave', '--cancel-orders')).to.match(
      /STATUS +disabled\n[\s\S]*CANCELS REQUESTED +1\n$/,
    );
    expect(await run('orders')).to.equal('(none)\n');
    await session.expect(MSG_TYPE.Logout);
  });

  it('leave a row of audit for each action, and one with what came of it', async () => {
    const rows = await withRows(await embeddedUrl(venue.dataDir), async (client) => {
      const wanted = ['order cancel', 'kill-switch', 'user disable'];
      const { rows } = await client.query(
        "select action, details from audit where action = any($1) and details ? 'outcome' order by id desc limit 2",
        [wanted],
      );
      return rows as readonly { readonly action: string; readonly details: object }[];
    });
    expect(rows).to.deep.equal([
      {
        action: 'user disable',
        details: {
          username: 'dave',
          cancelOrders: true,
          outcome: { cancelsRequested: 1, unreachable: [] },
        },
      },
      {
        action: 'kill-switch',
        details: {
          reason: 'runaway algorithm',
          halted: ['BTC-USD', 'ETH-USD'],
          outcome: { cancelsRequested: 2, unreachable: [] },
        },
      },
    ]);
  });
});

/**
 * Busts and corrections as the operator asks for them at the command line, and as members of three FIX versions hear of
 * them; then what a kill leaves of one.
 */
import { expect } from 'chai';
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { FixClient } from '../support/fix-client.ts';
import { identityOf, newOrder, openMarket } from '../support/market-day.ts';
import { until } from '../support/until.ts';
import { embeddedUrl, newDataDir, removeVenue, VenueProcess, withRows } from '../support/venue-process.ts';

const SYMBOL = 'BTC-USD';
/** Speaks FIX.4.2, FIX.4.4 and FIX.5.0SP2. */
const [ALICE, BOB, CAROL] = [identityOf('alice', 1), identityOf('bob', 2), identityOf('carol', 3)] as const;
const EXEC_TRANS_TYPE = 20;
const EXEC_REF_ID = 19;

describe('Trades that should not have been', function () {
  this.timeout(60_000);

  let venue: VenueProcess;
  let alice: FixClient;
  let bob: FixClient;
  let carol: FixClient;
  let lastNo = 0;

  before(async () => {
    venue = await VenueProcess.start(await newDataDir());
    await openMarket(venue, [ALICE, BOB, CAROL]);
    const port = venue.fixPort;
    alice = await FixClient.logon({ port, ...ALICE, version: 'FIX.4.2' });
    bob = await FixClient.logon({ port, ...BOB, version: 'FIX.4.4' });
    carol = await FixClient.logon({ port, ...CAROL, version: 'FIX.5.0SP2' });
  });
  after(() => removeVenue(venue.dataDir));

  /** Sends an order that is expected to be accepted. */
  async function order(session: FixClient, side: '1' | '2', orderQty: string): Promise<void> {
    lastNo += 1;
    const clOrdId = `o-${lastNo}`;
    const terms = newOrder({ clOrdId, symbol: SYMBOL, side, orderQty, price: '100.00' });
    session.send(MSG_TYPE.NewOrderSingle, session === alice ? { ...terms, 21: '1' } : terms);
    // What is told again after a reconnect comes first.
    for (let told = await session.nextMessage(); !isNew(told, clOrdId); ) told = await session.nextMessage();
  }

  async function report(session: FixClient, ...tags: readonly number[]): Promise<(string | undefined)[]> {
    const message: FixMessage = await session.expect(MSG_TYPE.ExecutionReport);
    return tags.map((tag) => message.get(tag));
  }

  async function done(...argv: readonly string[]): Promise<string> {
    const result = await venue.onebook(argv);
    expect(result, argv.join(' ')).to.include({ exitCode: 0, stderr: '' });
    return result.stdout;
  }

  async function refused(...argv: readonly string[]): Promise<string> {
    const result = await venue.onebook(argv);
    expect(result, argv.join(' ')).to.include({ exitCode: 1, stdout: '' });
    return result.stderr;
  }

  function rows<Row extends object>(sql: string): Promise<Row[]> {
    return embeddedUrl(venue.dataDir).then((url) =>
      withRows(url, async (client) => (await client.query<Row>(sql)).rows),
    );
  }

  async function tradeIds(): Promise<string[]> {
    return (await rows<{ id: string }>('select id from trades order by maker_seq')).map(({ id }) => id);
  }

  /** What all amendments make of money: nothing. */
  async function expectMoneyConserved(): Promise<void> {
    const sums = await rows<{ asset: string; amount: string; transferred: string }>(
      'select b.asset, sum(b.amount) as amount, ' +
        '(select sum(t.amount) from transfers t where t.asset = b.asset) as transferred ' +
        'from balances b group by b.asset having sum(b.amount) > 0',
    );
    for (const { asset, amount, transferred } of sums) expect(amount, asset).to.equal(transferred);
  }

  const STATE = [TAG.OrdStatus, TAG.OrderQty, TAG.CumQty, TAG.LeavesQty, TAG.AvgPx] as const;

  it('are taken back, and both parties are told which of their fills that was', async () => {
    await order(alice, '1', '3');
    await order(bob, '2', '1');
    const [aliceFill] = await report(alice, TAG.ExecID, TAG.ExecType);
    const [bobFill] = await report(bob, TAG.ExecID, TAG.ExecType);
    await order(carol, '2', '1');
    await report(alice);
    await report(carol);
    const [tradeId = ''] = await tradeIds();

    expect(await done('trade', 'bust', tradeId, '--reason', 'fat finger', '--yes')).to.equal(
      `trade ${tradeId} is busted: 1.000 BTC-USD at 100.00\n`,
    );
    expect(await report(alice, EXEC_TRANS_TYPE, EXEC_REF_ID, TAG.ExecType, ...STATE, TAG.Text)).to.deep.equal(
      [
        ...['1', aliceFill, '1'],
        ...['1', '2.000', '1.000', '1.000', '100'],
        'trade busted by the operator: fat finger',
      ],
    );
    expect(await report(bob, EXEC_REF_ID, TAG.ExecType, ...STATE, TAG.LastPx)).to.deep.equal([
      ...[bobFill, 'H'],
      ...['4', '0.000', '0.000', '0.000', '0'],
      undefined,
    ]);
    await expectMoneyConserved();
  });

  it('are corrected, and corrected again', async () => {
    const [, tradeId = ''] = await tradeIds();
    const correct = ['trade', 'correct', tradeId, '--reason', 'wrong price'];
    expect(await done(...correct, '--price', '90')).to.equal(
      `trade ${tradeId} is corrected: 1.000 BTC-USD at 100.00 is now 1.000 at 90.00\n`,
    );
    const [first, ...said] = await report(carol, TAG.ExecID, TAG.ExecType, ...STATE, TAG.LastPx, TAG.LastQty);
    expect(said).to.deep.equal(['G', '2', '1.000', '1.000', '0.000', '90', '90.00', '1.000']);
    await report(alice);
    await done(...correct, '--price', '80', '--qty', '0.5');
    expect(await report(carol, EXEC_REF_ID, ...STATE)).to.deep.equal([
      first,
      ...['2', '0.500', '0.500', '0.000', '80'],
    ]);
    expect(
      await report(alice, EXEC_TRANS_TYPE, TAG.ExecType, ...STATE, TAG.LastPx, TAG.LastQty),
    ).to.deep.equal(['2', '1', '1', '1.500', '0.500', '1.000', '80', '80.00', '0.500']);
    await expectMoneyConserved();
  });

  it('leave the rest of an order to trade, and the same book after a restart', async () => {
    await venue.kill();
    venue = await VenueProcess.start(venue.dataDir);
    bob = await FixClient.logon({ port: venue.fixPort, ...BOB, nextOutSeqNum: 3 });
    await order(bob, '2', '5');
    expect(await report(bob, TAG.ExecType, TAG.LastQty, TAG.LeavesQty)).to.deep.equal([
      'F',
      '1.000',
      '4.000',
    ]);
    expect(
      await rows('select status, quantity, filled_quantity from orders order by id limit 1'),
    ).to.deep.equal([
      { status: '2', quantity: '1.500000000000000000', filled_quantity: '1.500000000000000000' },
    ]);
    await done('order', 'cancel', '--username', 'bob');
  });

  it('are refused while a party no longer has the proceeds, unless the venue is charged and has it', async () => {
    const trades = await tradeIds();
    const tradeId = trades.at(-1) ?? '';
    await done('withdraw', '--username', 'alice', '--asset', 'BTC', '--amount', '5001.25');
    const bust = ['trade', 'bust', tradeId, '--reason', 'error trade', '--yes'];
    expect(await refused(...bust)).to.equal(
      'error: alice lacks 0.75 BTC: 0.25 of 1 BTC is available (the venue can be charged with it)\n',
    );
    expect(await refused(...bust, '--charge-venue')).to.equal(
      'error: the venue lacks 0.75 BTC: 0 of 0.75 BTC is available\n',
    );
    await done('deposit', '--username', 'fees', '--asset', 'BTC', '--amount', '1');
    expect(await done(...bust, '--charge-venue')).to.equal(
      `trade ${tradeId} is busted: 1.000 BTC-USD at 100.00; the venue paid 0.75 BTC for alice\n`,
    );
    expect(await refused(...bust)).to.equal(`error: trade ${tradeId} is busted: nothing of it is left\n`);
    await expectMoneyConserved();
    expect(
      await rows(
        "select action, details->'outcome' as outcome from audit where action like 'trade%' order by id",
      ),
    ).to.deep.equal([
      { action: 'trade bust', outcome: 'done' },
      { action: 'trade correct', outcome: 'done' },
      { action: 'trade correct', outcome: 'done' },
      {
        action: 'trade bust',
        outcome: {
          refused: 'alice lacks 0.75 BTC: 0.25 of 1 BTC is available (the venue can be charged with it)',
        },
      },
      { action: 'trade bust', outcome: { refused: 'the venue lacks 0.75 BTC: 0 of 0.75 BTC is available' } },
      { action: 'trade bust', outcome: 'done' },
      {
        action: 'trade bust',
        outcome: { refused: `trade ${tradeId} is busted: nothing of it is left` },
      },
    ]);
  });

  it('are all of it or nothing after a kill, whenever it comes', async () => {
    for (const afterMs of [0, 8, 40]) {
      const identity = { port: venue.fixPort, ...CAROL, version: 'FIX.5.0SP2' } as const;
      carol = await FixClient.logon(identity, { [TAG.ResetSeqNumFlag]: 'Y' });
      await order(carol, '1', '1');
      await order(carol, '2', '1');
      const tradeId = (await tradeIds()).at(-1) ?? '';
      const asked = venue
        .api('POST', `/v1/trades/${tradeId}/bust`, { reason: 'kill' })
        .catch(() => undefined);
      const startedAt = process.hrtime.bigint();
      await until(
        'some time to pass',
        () => process.hrtime.bigint() - startedAt > BigInt(afterMs) * 1_000_000n,
      );
      await venue.kill();
      await asked;
      venue = await VenueProcess.start(venue.dataDir);
      const [facts] = await rows<Record<'amended' | 'audited' | 'told' | 'empty', string>>(
        `select (select count(*) from trade_amendments where trade_id = ${tradeId}) as amended,
           (select count(*) from audit where (details->>'tradeId')::bigint = ${tradeId}) as audited,
           (select count(*) from reports where exec_type = 'H' and order_id in (maker_order_id, taker_order_id)) as told,
           (select count(*) from orders where quantity = 0 and id in (maker_order_id, taker_order_id)) as empty
         from trades where id = ${tradeId}`,
      );
      const isDone = facts?.amended === '1';
      expect(facts).to.deep.equal(
        isDone
          ? { amended: '1', audited: '1', told: '2', empty: '2' }
          : { amended: '0', audited: '0', told: '0', empty: '0' },
      );
      await expectMoneyConserved();
    }
  });
});

function isNew(message: FixMessage, clOrdId: string): boolean {
  return message.get(TAG.ClOrdID) === clOrdId && message.get(TAG.ExecType) === '0';
}

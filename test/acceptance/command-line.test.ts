/**
 * The command line against a running node while a member trades: what operators do is what the member sees.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { FixClient } from '../support/fix-client.ts';
import { cancelOf, newOrder, SYMBOLS } from '../support/market-day.ts';
import { newDataDir, removeVenue, VenueProcess } from '../support/venue-process.ts';

const [SYMBOL] = SYMBOLS;
const STEPS = ['--tick', '0.01', '--lot', '0.001'];

describe('The command line beside members that trade', function () {
  this.timeout(60_000);

  const PASSWORD = 'carol keeps this to herself';
  const CAROL = { username: 'carol', password: PASSWORD, senderCompId: 1003 };
  let venue: VenueProcess;
  let session: FixClient;

  before(async () => {
    venue = await VenueProcess.start(await newDataDir(), { logLevel: 'debug' });
  });

  after(() => removeVenue(venue.dataDir));

  it('lists an instrument, lets a member in and credits it once however often it is told', async () => {
    await run('instrument', 'add', '--symbol', SYMBOL, '--base', 'BTC', '--quote', 'USD', ...STEPS);
    await run(
      ['user', 'add', '--username', 'carol', '--comp-id', '1003', '--password-stdin'],
      `${PASSWORD}\n`,
    );
    const deposit = [
      'deposit',
      '--username',
      'carol',
      '--asset',
      'USD',
      '--amount',
      '1000.5',
      '--id',
      'wire-7',
    ];
    expect(await run(...deposit)).to.contain('1000.5 USD');
    expect(await run(...deposit)).to.contain('nothing changed');
    const other = await venue.onebook([...deposit.slice(0, -3), '9', '--id', 'wire-7']);
    expect(other.exitCode).to.equal(1);
    expect(other.stderr).to.contain('wire-7');
    session = await FixClient.logon({ port: venue.fixPort, ...CAROL });
  });

  it('shows balances, orders and sessions while members trade', async () => {
    session.send(MSG_TYPE.NewOrderSingle, bid('carol-1'));
    await session.expect(MSG_TYPE.ExecutionReport, { [TAG.ExecType]: '0' });
    expect(await json('balance', '--username', 'carol')).to.deep.include({
      balances: [{ username: 'carol', asset: 'USD', amount: '1000.5', held: '10', available: '990.5' }],
    });
    const { orders } = await json('orders', '--username', 'carol');
    expect(orders).to.have.lengthOf(1);
    expect((orders as object[])[0]).to.include({
      clOrdId: 'carol-1',
      price: '10',
      orderQty: '1',
      ordStatus: '0',
    });
    const status = await run('status');
    expect(status).to.match(/ready +yes/);
    expect(status).to.match(/1003 /);
  });

  it('halts a symbol: members are told why, cancels work, a resume lets them trade again', async () => {
    await run('instrument', 'halt', '--symbol', SYMBOL, '--reason', 'a rumour');
    expect(await run('status')).to.match(/halted.*operator.*a rumour/);
    session.send(MSG_TYPE.NewOrderSingle, bid('carol-2'));
    const refused = await session.expect(MSG_TYPE.ExecutionReport, {
      [TAG.ExecType]: '8',
      [TAG.OrdRejReason]: '2',
    });
    expect(refused.get(TAG.Text)).to.contain('a rumour');
    session.send(MSG_TYPE.OrderCancelRequest, cancelOf('carol-3', 'carol-1', SYMBOL, '1'));
    await session.expect(MSG_TYPE.ExecutionReport, { [TAG.ExecType]: '4', [TAG.ClOrdID]: 'carol-3' });
    await run('instrument', 'resume', '--symbol', SYMBOL);
    session.send(MSG_TYPE.NewOrderSingle, bid('carol-4'));
    await session.expect(MSG_TYPE.ExecutionReport, { [TAG.ExecType]: '0', [TAG.ClOrdID]: 'carol-4' });
  });

  it("cancels a member's orders: the member is told that the operator did", async () => {
    expect(await run('order', 'cancel', '--username', 'carol')).to.contain('1');
    const canceled = await session.expect(MSG_TYPE.ExecutionReport, {
      [TAG.ExecType]: '4',
      [TAG.ClOrdID]: 'carol-4',
      [TAG.ExecRestatementReason]: '8',
    });
    expect(canceled.get(TAG.Text)).to.contain('operator');
    expect(await json('orders')).to.deep.include({ orders: [] });
  });

  it('logs a member out and keeps it out while it is disabled', async () => {
    await run('user', 'disable', '--username', 'carol');
    const logout = await session.expect(MSG_TYPE.Logout);
    expect(logout.get(TAG.Text)).to.contain('disabled');
    session.send(MSG_TYPE.Logout);
    await session.expectClosed();
    const { port, nextOutSeqNum } = { port: venue.fixPort, nextOutSeqNum: session.nextOutSeqNum };
    const again = await FixClient.connect({ port, ...CAROL, nextOutSeqNum });
    again.sendLogon();
    await again.expect(MSG_TYPE.Logout);
    await again.expectClosed();
    await run('user', 'enable', '--username', 'carol');
    // Who is known and refused is told so in a Logout, which counts.
    const back = await FixClient.logon({ port, ...CAROL, nextOutSeqNum: nextOutSeqNum + 1 });
    await back.logout();
  });

  it('never shows a secret, not even in a debug log of every message', () => {
    const token = readFileSync(`${venue.dataDir}/admin.token`, 'utf8').trim();
    const said = [...venue.lines, ...venue.errorLines].join('\n');
    expect(said).to.contain('35=A');
    for (const secret of [PASSWORD, token, '$argon2']) expect(said).not.to.contain(secret);
  });

  async function run(...command: readonly [readonly string[], string] | readonly string[]): Promise<string> {
    const isPair = Array.isArray(command[0]);
    const argv = (isPair ? command[0] : command) as readonly string[];
    const result = await venue.onebook(argv, isPair ? String(command[1]) : '');
    expect(result, argv.join(' ')).to.include({ exitCode: 0, stderr: '' });
    return result.stdout;
  }

  async function json(...command: readonly string[]): Promise<Record<string, unknown>> {
    return JSON.parse(await run(...command, '--json')) as Record<string, unknown>;
  }
});

function bid(clOrdId: string): Record<number, string> {
  return newOrder({ clOrdId, symbol: SYMBOL, side: '1', orderQty: '1', price: '10.00' });
}

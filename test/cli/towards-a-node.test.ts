import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadOrCreateAdminToken } from '../../src/admin/token.ts';
import { fails, onebook } from '../support/cli.ts';

const SECRET = 'hunter2hunter2';

describe('the command line towards a node', () => {
  let dir: string;
  let server: Server;
  let answer: { status: number; body: string };
  const asked: string[] = [];
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'onebook-cli-'));
    loadOrCreateAdminToken(join(dir, 'data'));
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        asked.push(`${request.method} ${request.url} ${body}`.trim());
        if (answer.status === 0) request.socket.destroy();
        else response.writeHead(answer.status).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after((done) => {
    rmSync(dir, { recursive: true, force: true });
    server.close(done);
  });
  beforeEach(() => {
    asked.length = 0;
    answer = { status: 200, body: '{}' };
  });

  const at = (): string[] => {
    const { port } = server.address() as AddressInfo;
    return ['--data-dir', 'data', '--admin-port', String(port)];
  };

  it('tells a refusal in the node’s words, with exit code 1', async () => {
    answer = { status: 409, body: '{"error":"only 3 USD are available"}' };
    const args = ['withdraw', '--username', 'a', '--asset', 'USD', '--amount', '5', '--id', 'x y'];
    await fails(dir, [...args, ...at()], 1, /^error: only 3 USD are available$/m);
    expect(asked).to.deep.equal([
      'POST /v1/transfers {"type":"withdrawal","username":"a","asset":"USD","amount":"5","id":"x y"}',
    ]);
  });

  it('names the id of a transfer whose answer is lost, so that it can be repeated', async () => {
    answer = { status: 0, body: '' };
    const deposit = ['deposit', '--username', 'a', '--asset', 'USD', '--amount', '5'];
    const { exitCode, stderr } = await onebook([...deposit, ...at()], { cwd: dir });
    expect(exitCode).to.equal(3);
    const id = /repeat it with --id (\S+), /.exec(stderr)?.[1];
    expect(asked).to.deep.equal([
      `POST /v1/transfers {"type":"deposit","username":"a","asset":"USD","amount":"5","id":"${id}"}`,
    ]);
  });

  it('asks for adjustments of either sign, with a reason', async () => {
    answer = { status: 200, body: '{"balance":"4","id":"x"}' };
    const adjust = ['adjust', '--username', 'a', '--asset', 'USD', '--amount', '-5', '--id', 'x'];
    await fails(dir, [...adjust, ...at()], 2, /--reason/);
    const { stdout } = await onebook([...adjust, '--reason', 'why', ...at()], { cwd: dir });
    expect(stdout).to.equal('a now has 4 USD; transfer id x\n');
    await onebook([...adjust, '--reason', 'why', '--new-asset', ...at()], { cwd: dir });
    const body = '{"type":"adjustment","username":"a","asset":"USD","amount":"-5","reason":"why","id":"x"}';
    expect(asked).to.deep.equal([
      `POST /v1/transfers ${body}`,
      `POST /v1/transfers ${body.replace('}', ',"newAsset":true}')}`,
    ]);
  });

  it('counts input that the node cannot read as wrong usage', async () => {
    answer = { status: 400, body: '{"error":"amount must be a positive decimal"}' };
    await fails(
      dir,
      ['deposit', '--username', 'a', '--asset', 'USD', '--amount', 'x', ...at()],
      2,
      /positive decimal/,
    );
  });

  it('explains a wrong token, and something that is no node', async () => {
    answer = { status: 401, body: '{"error":"the token is missing or wrong"}' };
    await fails(dir, ['status', ...at()], 1, /does not accept the token of .*data: .*--data-dir/);
    answer = { status: 200, body: '<html>' };
    await fails(dir, ['status', ...at()], 3, /is no onebook node/);
  });

  it('shows rows as a table to people and as JSON to programs', async () => {
    const row = { username: 'alice', asset: 'USD', amount: '1000.5', held: '0', available: '1000.5' };
    answer = { status: 200, body: JSON.stringify({ balances: [row], more: false }) };
    const table = await onebook(['balance', '--username', 'al ice', ...at()], { cwd: dir });
    expect(table).to.deep.equal({
      exitCode: 0,
      stdout: 'USERNAME  ASSET  AMOUNT  HELD  AVAILABLE\nalice     USD    1000.5     0     1000.5\n',
      stderr: '',
    });
    const json = await onebook(['balance', '--json', ...at()], { cwd: dir });
    expect(JSON.parse(json.stdout)).to.deep.equal({ balances: [row], more: false });
    expect(asked).to.deep.equal(['GET /v1/balances?username=al+ice', 'GET /v1/balances']);
  });

  it('reads a password from standard input, without its line break', async () => {
    const args = ['user', 'passwd', '--username', 'a/b', '--password-stdin', ...at()];
    const { exitCode, stdout, stderr } = await onebook(args, { cwd: dir, stdin: `${SECRET}\n` });
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(asked).to.deep.equal([`POST /v1/users/a%2Fb/password {"password":"${SECRET}"}`]);
    expect(stdout).to.not.contain(SECRET);
  });

  it('asks before it kills, and takes nothing but yes for an answer', async () => {
    answer = {
      status: 200,
      body: '{"halted":["BTC-USD","ETH-USD"],"cancelsRequested":7,"unreachable":[]}',
    };
    const args = ['kill-switch', '--reason', 'x', ...at()];
    for (const stdin of ['', 'no\n', 'y\n']) {
      const { exitCode, stdout, stderr } = await onebook(args, { cwd: dir, stdin });
      expect({ exitCode, stdout }, stdin).to.deep.equal({ exitCode: 1, stdout: '' });
      expect(stderr).to.equal(
        'This halts every instrument and cancels every order. Type yes to go on: \n' +
          'error: not confirmed, nothing was done: answer yes, or say --yes\n',
      );
    }
    expect(asked).to.deep.equal([]);
    const { exitCode, stdout } = await onebook(args, { cwd: dir, stdin: 'yes\n' });
    expect({ exitCode, stdout }).to.deep.equal({
      exitCode: 0,
      stdout: 'halted: BTC-USD, ETH-USD; cancels requested: 7\n',
    });
    const ofMember = await onebook([...args, '--username', 'alice'], { cwd: dir });
    expect(ofMember.stderr).to.contain('This disables alice and cancels all of its orders.');
    expect(asked).to.deep.equal(['POST /v1/kill-switch {"reason":"x"}']);
  }).timeout(20_000);

  it('names the book that a cancel could not reach, with exit code 1', async () => {
    const error = 'cancels requested: 4, but not reached: ETH-USD (ETH-USD is halted: it threw); try again';
    answer = { status: 503, body: JSON.stringify({ cancelsRequested: 4, unreachable: [], error }) };
    const result = await fails(dir, ['order', 'cancel', '--all', ...at()], 1, /ETH-USD is halted: it threw/);
    expect(result.stderr).to.equal(`error: ${error}\n`);
  });

  it('shows what only some orders have when one has it', async () => {
    const plain = {
      orderId: 1,
      ordType: '2',
      timeInForce: '1',
      price: '10',
      stopPx: null,
      displayedQty: null,
    };
    answer = { status: 200, body: JSON.stringify({ orders: [plain], more: false }) };
    const short = (await onebook(['orders', ...at()], { cwd: dir })).stdout;
    expect(short).to.contain('GTC').and.not.contain('STOP').and.not.contain('DISPLAYED');
    const stop = {
      ...plain,
      ordType: '4',
      timeInForce: '6',
      stopPx: '9.5',
      triggered: false,
      expireTime: '2026-03-02T00:00:00.000Z',
      displayedQty: '0.3',
    };
    answer = { status: 200, body: JSON.stringify({ orders: [stop, plain], more: false }) };
    const [heading, first] = (await onebook(['orders', ...at()], { cwd: dir })).stdout.split('\n');
    expect(heading)
      .to.contain('STOP')
      .and.contain('TRIGGERED')
      .and.contain('DISPLAYED')
      .and.contain('EXPIRES');
    expect(first).to.match(/stop limit +GTD +10 +9\.5 +no .* 0\.3 +2026-03-02 00:00:00Z/);
  });

  it('shows that a symbol takes cancels only', async () => {
    const symbol = { symbol: 'B', ready: true, status: 'cancel_only', haltedBy: null, reason: 'last day' };
    answer = {
      status: 200,
      body: JSON.stringify({ symbols: [symbol], ready: true, database: { up: true } }),
    };
    const { stdout } = await onebook(['status', ...at()], { cwd: dir });
    expect(stdout).to.match(/^B +cancel only +ready +- +- +last day$/m);
  });

  it('sends each command to its own place', async () => {
    const commands: readonly (readonly [string, string])[] = [
      ['user list', 'GET /v1/users'],
      ['user disable --username a', 'POST /v1/users/a/disable'],
      ['user enable --username a', 'POST /v1/users/a/enable'],
      ['user show --username a', 'GET /v1/users/a'],
      [
        'user set --username a --reset-on-logon --reset-on-logout no --validate-user-defined-fields=no',
        'POST /v1/users/a/terms {"resetOnLogon":true,"resetOnLogout":false,"validateUserDefinedFields":false}',
      ],
      [
        'user set --username a --schedule none --orders-per-second 7 --allowed-addresses 192.0.2.1,2001:db8::/32',
        'POST /v1/users/a/terms {"schedule":null,"ordersPerSecond":7,' +
          '"allowedAddresses":["192.0.2.1","2001:db8::/32"]}',
      ],
      [
        'user set --username a --cancel-on-disconnect yes --cancel-grace-ms 0 --certificate-subject CN=d,O=B',
        'POST /v1/users/a/terms {"cancelOnDisconnect":true,"cancelGraceMs":0,"certificateSubject":"CN=d,O=B"}',
      ],
      [
        'user set --username a --orders-per-second none --allowed-addresses none --certificate-subject none',
        'POST /v1/users/a/terms {"ordersPerSecond":null,"allowedAddresses":null,"certificateSubject":null}',
      ],
      [
        'instrument add --symbol B/U --base B --quote U --tick 1 --lot 2 --max-qty 3 --taker-bps 4',
        'POST /v1/instruments {"symbol":"B/U","base":"B","quote":"U","tick":"1","lot":"2","maxQty":"3","takerBps":"4"}',
      ],
      [
        'instrument add --symbol B/U --base B --quote U --tick 1 --lot 2 --max-open-orders 9 --post-only slide',
        'POST /v1/instruments {"symbol":"B/U","base":"B","quote":"U","tick":"1","lot":"2","maxOpenOrders":9,' +
          '"postOnly":"slide"}',
      ],
      [
        'instrument set --symbol B/U --max-notional 1.5 --max-open-orders none --price-band-pct none',
        'POST /v1/instruments/B%2FU/terms {"maxNotional":"1.5","maxOpenOrders":null,"priceBandPct":null}',
      ],
      [
        'instrument set --symbol B --min-qty 1 --max-qty 2 --market-protection-pct 3 --maker-bps 4 --taker-bps 5',
        'POST /v1/instruments/B/terms {"minQty":"1","maxQty":"2","marketProtectionPct":"3","makerBps":"4",' +
          '"takerBps":"5"}',
      ],
      [
        'instrument cancel-only --symbol B/U --reason x',
        'POST /v1/instruments/B%2FU/cancel-only {"reason":"x"}',
      ],
      [
        'user set --username a --stp oldest --max-order-qty 1 --max-order-notional 2 --max-open-orders 3',
        'POST /v1/users/a/terms {"selfTradePrevention":"CancelOldest","maxOrderQty":"1","maxOrderNotional":"2",' +
          '"maxOpenOrders":3}',
      ],
      [
        'user set --username a --stp none --max-order-qty default --max-open-orders none --price-band-pct none',
        'POST /v1/users/a/terms {"selfTradePrevention":null,"maxOrderQty":null,"maxOpenOrders":null,' +
          '"priceBandPct":null}',
      ],
      [
        'user set --username a --maker-bps 0 --taker-bps default',
        'POST /v1/users/a/terms {"makerBps":"0","takerBps":null}',
      ],
      [
        'user disable --username a --cancel-orders --reason x',
        'POST /v1/users/a/disable {"cancelOrders":true,"reason":"x"}',
      ],
      ['kill-switch --reason x --yes', 'POST /v1/kill-switch {"reason":"x"}'],
      ['kill-switch --reason x --username a --yes', 'POST /v1/kill-switch {"reason":"x","username":"a"}'],
      [
        'order cancel --symbol B --side sell --reason x',
        'POST /v1/orders/cancel {"symbol":"B","side":"2","reason":"x"}',
      ],
      ['instrument list', 'GET /v1/instruments'],
      ['instrument halt --symbol B/U --reason x', 'POST /v1/instruments/B%2FU/halt {"reason":"x"}'],
      ['instrument resume --symbol B/U', 'POST /v1/instruments/B%2FU/resume'],
      [
        'instrument reference-price --symbol B --price 1.5',
        'POST /v1/instruments/B/reference-price {"price":"1.5"}',
      ],
      [
        'orders --username a --symbol B --all --limit 5',
        'GET /v1/orders?username=a&symbol=B&all=true&limit=5',
      ],
      ['order cancel --all', 'POST /v1/orders/cancel {"all":true}'],
      ['order cancel --username a', 'POST /v1/orders/cancel {"username":"a"}'],
      ['trades --symbol B', 'GET /v1/trades?symbol=B'],
    ];
    for (const [command, request] of commands) {
      asked.length = 0;
      const { exitCode, stderr } = await onebook([...command.split(' '), ...at()], { cwd: dir });
      expect({ exitCode, stderr, asked }, command).to.deep.equal({
        exitCode: 0,
        stderr: '',
        asked: [request],
      });
    }
  }).timeout(30_000);
});

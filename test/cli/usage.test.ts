import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadOrCreateAdminToken } from '../../src/admin/token.ts';
import { dataDictionary } from '../../src/fix/data-dictionary.ts';
import { rulesOfEngagement } from '../../src/fix/rules-of-engagement.ts';
import { type CliOptions, onebook } from '../support/cli.ts';

const SECRET = 'hunter2hunter2';

describe('the command line', () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'onebook-cli-'));
    writeFileSync(join(dir, 'broken.config.ts'), 'export default { nodes: { local: { fix: { prt: 1 } } } };');
    loadOrCreateAdminToken(join(dir, 'data'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  /** Expects the exit code and exactly one line on stderr, nothing on stdout. */
  async function fails(args: readonly string[], exitCode: number, line: RegExp, options: CliOptions = {}) {
    const result = await onebook(args, { cwd: dir, ...options });
    expect(result, args.join(' ')).to.include({ exitCode, stdout: '' });
    expect(result.stderr)
      .to.match(/^error: [^\n]+\n$/)
      .and.match(line);
    return result;
  }

  it('answers wrong usage with one line and exit code 2', async () => {
    await Promise.all([
      fails(['start', '--frobnicate'], 2, /unknown option '--frobnicate'/),
      fails(['start', '--fix-prot', '1'], 2, /unknown option '--fix-prot' \(Did you mean --fix-port\?\)/),
      fails(['frobnicate'], 2, /unknown command 'frobnicate'/),
      fails(['start', 'now'], 2, /too many arguments/),
      fails(['order', 'cancel'], 2, /one of --username, --symbol and --all/),
      fails(['order', 'cancel', '--all', '--symbol', 'X'], 2, /one of --username, --symbol and --all/),
      fails(['user', 'add', '--username', 'a'], 2, /required option '--comp-id <number>' not specified/),
      fails(
        ['user', 'add', '--username', 'a', '--comp-id', 'x', '--password', SECRET],
        2,
        /--comp-id must be/,
      ),
      fails(['user', 'add', '--username', 'a', '--comp-id', '1'], 2, /--password-stdin/),
      fails(['user', 'set', '--username', 'a'], 2, /say what to change/),
      fails(
        ['user', 'set', '--username', 'a', '--reset-on-logon', 'maybe'],
        2,
        /--reset-on-logon is yes or no, not "maybe"/,
      ),
      fails(['user', 'set', '--username', 'a', '--orders-per-second', '1e3'], 2, /must be a whole number/),
    ]);
  });

  it('answers a wrong configuration with one line and exit code 2', async () => {
    const url = `mysql://onebook:${SECRET}@db/x`;
    const results = await Promise.all([
      fails(['start', '--fix-port', '65536'], 2, /--fix-port must be a port from 0 to 65535, not "65536"/),
      fails(['start'], 2, /ONEBOOK_ADMIN_PORT must be a port/, { env: { ONEBOOK_ADMIN_PORT: 'x' } }),
      fails(['start', '--node', 'x'], 2, /no node "x" in the built-in configuration; choose one of: local/),
      fails(['start', '--config', 'absent.ts'], 2, /there is no configuration file .*absent\.ts/),
      fails(['start', '--config', 'broken.config.ts'], 2, /unknown setting nodes\.local\.fix\.prt/),
      fails(['start', '--database-url', url], 2, /--database-url must be a URL like postgres:/),
      fails(['status', '--admin-port', '-1'], 2, /--admin-port must be a port/),
      fails(['status', '--admin-port', '0'], 2, /say it with --admin-port/),
    ]);
    for (const { stderr } of results) expect(stderr).to.not.contain(SECRET);
  });

  it('says where it looked, with exit code 3, when no node can be reached', async () => {
    const free = createTcpServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    await fails(['status', '--data-dir', 'nowhere'], 3, /no admin token at .*nowhere\/admin\.token/);
    await fails(
      ['status', '--data-dir', 'data', '--admin-port', String(port)],
      3,
      new RegExp(`no node answers at 127\\.0\\.0\\.1:${port} \\(ECONNREFUSED\\).*--admin-port`),
    );
  });

  describe('towards a node', () => {
    let server: Server;
    let answer: { status: number; body: string };
    const asked: string[] = [];
    before(async () => {
      server = createServer((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        request.on('end', () => {
          asked.push(`${request.method} ${request.url} ${body}`.trim());
          response.writeHead(answer.status).end(answer.body);
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    });
    after((done) => {
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
      await fails([...args, ...at()], 1, /^error: only 3 USD are available$/m);
      expect(asked).to.deep.equal([
        'POST /v1/transfers {"type":"withdrawal","username":"a","asset":"USD","amount":"5","id":"x y"}',
      ]);
    });

    it('counts input that the node cannot read as wrong usage', async () => {
      answer = { status: 400, body: '{"error":"amount must be a positive decimal"}' };
      await fails(
        ['deposit', '--username', 'a', '--asset', 'USD', '--amount', 'x', ...at()],
        2,
        /positive decimal/,
      );
    });

    it('explains a wrong token, and something that is no node', async () => {
      answer = { status: 401, body: '{"error":"the token is missing or wrong"}' };
      await fails(['status', ...at()], 1, /does not accept the token of .*data: .*--data-dir/);
      answer = { status: 200, body: '<html>' };
      await fails(['status', ...at()], 3, /is no onebook node/);
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

  it('helps with every command, and warns about nothing', async () => {
    const commands = [
      '',
      'start',
      'demo',
      'status',
      'user add',
      'instrument add',
      'deposit',
      'balance',
      'fix decode',
      'fix dictionary',
      'fix rules',
    ];
    await Promise.all(
      commands.map(async (command) => {
        const result = await onebook([...command.split(' ').filter(Boolean), '--help'], { cwd: dir });
        expect(result, command).to.include({ exitCode: 0, stderr: '' });
        expect(result.stdout).to.contain(`Usage: onebook ${command}`.trim());
      }),
    );
    const alone = await onebook(['user'], { cwd: dir });
    expect(alone).to.include({ exitCode: 2, stdout: '' });
    expect(alone.stderr).to.contain('Usage: onebook user').and.contain('passwd');
    expect((await onebook(['--version'], { cwd: dir })).stdout).to.match(/^\d+\.\d+\.\d+\n$/);
  }).timeout(30_000);

  it('names every field of FIX messages, whatever separates them, and shows no password', async () => {
    const logon = `8=FIX.4.4|35=A|49=1001|554=${SECRET}|10=000|`;
    const order = '8=FIX.4.4^A35=D^A54=1^A10=001^A';
    const stdin = `2026-03-01 IN ${logon}${logon}\n\n${order.replaceAll('^A', '\u0001')}\n${order}\n`;
    const { exitCode, stdout, stderr } = await onebook(['fix', 'decode', '--json'], { cwd: dir, stdin });
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    const messages = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly fields: readonly string[] });
    expect(messages.map(({ fields }) => fields)).to.deep.equal([
      ...[logon, logon].map(() => [
        'BeginString(8)=FIX.4.4',
        'MsgType(35)=A (Logon)',
        'SenderCompID(49)=1001',
        'Password(554)=***',
        'CheckSum(10)=000',
      ]),
      ...[order, order].map(() => [
        'BeginString(8)=FIX.4.4',
        'MsgType(35)=D (NewOrderSingle)',
        'Side(54)=1 (Buy)',
        'CheckSum(10)=001',
      ]),
    ]);
    const text = await onebook(['fix', 'decode'], { cwd: dir, stdin });
    expect(text.stdout).to.contain('\n  Side(54)=1 (Buy)\n').and.not.contain(SECRET);
  });

  it('prints a dictionary of each version, and names the versions when asked for another', async () => {
    for (const version of ['FIX.4.2', 'FIX.4.4', 'FIXT.1.1', 'FIX.5.0SP2'] as const) {
      const { exitCode, stdout, stderr } = await onebook(['fix', 'dictionary', '--version', version], {
        cwd: dir,
      });
      expect({ exitCode, stderr }, version).to.deep.equal({ exitCode: 0, stderr: '' });
      expect(stdout, version).to.equal(dataDictionary(version));
    }
    const other = await onebook(['fix', 'dictionary', '--version', 'FIX.4.3'], { cwd: dir });
    expect(other).to.include({ exitCode: 2, stdout: '' });
    expect(other.stderr).to.contain('FIX.4.2, FIX.4.4, FIX.5.0SP2, FIXT.1.1');
    expect(await onebook(['fix', 'dictionary'], { cwd: dir })).to.include({ exitCode: 2, stdout: '' });
  }).timeout(30_000);

  it('prints the rules of engagement', async () => {
    const { exitCode, stdout, stderr } = await onebook(['fix', 'rules'], { cwd: dir });
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(stdout).to.equal(rulesOfEngagement());
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadOrCreateAdminToken } from '../../src/admin/token.ts';
import { dataDictionary } from '../../src/fix/data-dictionary.ts';
import { rulesOfEngagement } from '../../src/fix/rules-of-engagement.ts';
import { type CliOptions, fails as failsIn, onebook } from '../support/cli.ts';

const SECRET = 'hunter2hunter2';

describe('the command line', () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'onebook-cli-'));
    writeFileSync(join(dir, 'broken.config.ts'), 'export default { nodes: { local: { fix: { prt: 1 } } } };');
    loadOrCreateAdminToken(join(dir, 'data'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const fails = (args: readonly string[], exitCode: number, line: RegExp, options: CliOptions = {}) =>
    failsIn(dir, args, exitCode, line, options);

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
      fails(['order', 'cancel', '--all', '--side', 'bid'], 2, /--side is buy or sell, not "bid"/),
      fails(['instrument', 'set', '--symbol', 'X'], 2, /say what to change: see --help/),
      fails(['instrument', 'set', '--symbol', 'X', '--tick', '1'], 2, /unknown option '--tick'/),
      fails(
        ['instrument', 'set', '--symbol', 'X', '--post-only', 'maybe'],
        2,
        /--post-only is reject or slide, not "maybe"/,
      ),
      fails(
        ['instrument', 'set', '--symbol', 'X', '--max-open-orders', 'many'],
        2,
        /--max-open-orders must be a whole number, not "many"/,
      ),
      fails(['instrument', 'cancel-only', '--symbol', 'X'], 2, /required option '--reason <text>'/),
      fails(
        ['user', 'set', '--username', 'a', '--stp', 'all'],
        2,
        /--stp is none, newest, oldest, both or decrement, not "all"/,
      ),
      fails(
        ['user', 'set', '--username', 'a', '--taker-bps', 'none'],
        2,
        /--taker-bps is a number of basis points \(0 for no fee\) or default, not "none"/,
      ),
      fails(['kill-switch', '--yes'], 2, /required option '--reason <text>' not specified/),
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
    const free = createServer();
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

  it('helps with every command, and warns about nothing', async () => {
    const commands = [
      '',
      'start',
      'demo',
      'status',
      'user add',
      'instrument add',
      'instrument set',
      'kill-switch',
      'symbol move',
      'rebalance',
      'drain',
      'undrain',
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

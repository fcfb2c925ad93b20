import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CliFailure, EXIT } from '../../src/cli/failure.ts';
import { namedNats, startNats } from '../../src/demo/cluster/nats.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type CliResult, fails, onebook, startOnebook } from '../support/cli.ts';
import { FixClient } from '../support/fix-client.ts';
import { hasNatsServer } from '../support/nats-server.ts';

const PAGE_WIDTH = 110;

describe('onebook demo --cluster', function () {
  // Four nodes, a Postgres and a NATS server, and an engine that dies.
  this.timeout(180_000);
  let dir: string;
  before(function () {
    if (!hasNatsServer()) this.skip();
    dir = mkdtempSync(join(tmpdir(), 'onebook-cluster-demo-'));
  });
  after(() => {
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  });

  it('trades across gateways and engines, and goes on when an engine is killed', async () => {
    const result = await onebook(['demo', '--cluster', '--once', '--data-dir', dir]);
    expectWholeDemo(result, dir);
    expectNothingLeft(dir);
    expectNoSecretsTold(result, dir);
  });

  it('stays up with all its nodes, for a member at either gateway, until Ctrl-C; also after a killed demo', async () => {
    const killed = startOnebook(['demo', '--cluster', '--data-dir', dir]);
    await killed.says('engine-1: process');
    killed.child.kill('SIGKILL');
    await killed.ended;
    const demo = startOnebook(['demo', '--cluster', '--data-dir', dir]);
    try {
      await demo.says('Stop it with Ctrl-C');
      expect(demo.output())
        .to.contain('(about an order of an earlier run)')
        .and.contain('engine-1 starts again');
      const port = Number(/Address of gateway-2 +127\.0\.0\.1:(\d+)/.exec(demo.output())?.[1]);
      const { compId, password } = loginsIn(dir).alice;
      const client = await FixClient.logon({ port, senderCompId: compId, username: 'alice', password });
      client.send('D', {
        ...{ 11: 'mine-1', 55: 'BTC-USD', 54: '1', 38: '0.1', 40: '2', 44: '48000' },
        60: '20260101-00:00:00.000',
      });
      await client.expect('8', { 150: '0', 11: 'mine-1' });
      await client.logout();

      const command = / npm run --silent onebook -- (status .*)\n/.exec(demo.output())?.[1] ?? '';
      const status = await onebook(command.split(' '));
      expect(status).to.include({ exitCode: 0, stderr: '' });
      for (const name of ['gateway-1', 'gateway-2', 'engine-1', 'engine-2']) {
        expect(status.stdout).to.match(new RegExp(`┌─ ${name} .*ready ─┐`));
      }
    } finally {
      demo.child.kill('SIGINT');
      demo.child.kill('SIGINT');
      await demo.ended;
    }
    const ended = await demo.ended;
    expect(ended).to.include({ exitCode: 0, stderr: '' });
    expect(ended.stdout).to.match(/stopped\n$/);
    expectNothingLeft(dir);
  });

  it('ends all that it has started when it is told to stop half-way', async () => {
    const demo = startOnebook(['demo', '--cluster', '--data-dir', dir]);
    await demo.says('engine-1: process');
    demo.child.kill('SIGTERM');
    expect(await demo.ended).to.include({ exitCode: EXIT.refused, stderr: '' });
    expectNothingLeft(dir);
  });
});

describe('the NATS server of the cluster demo', () => {
  it('is asked for in one line where the machine has none', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'onebook-no-nats-'));
    const patience = { clock: systemClock, signal: new AbortController().signal };
    const failure = await startNats(dir, patience, 'onebook-has-no-such-program').catch((error) => error);
    rmSync(dir, { recursive: true });
    expect(failure).to.be.instanceOf(CliFailure).and.include({ exitCode: EXIT.usage });
    expect((failure as CliFailure).lines)
      .to.have.length(1)
      .and.satisfy(([line]: string[]) =>
        /apt-get install nats-server.*docker compose.*--nats-url or ONEBOOK_NATS_URL/.test(line ?? ''),
      );
  });

  it('may be somebody else’s, with its password from the environment', () => {
    const terms = namedNats(undefined, { ONEBOOK_NATS_URL: 'nats://me:p%40ss@127.0.0.1:4222' });
    expect(terms?.config).to.deep.equal({ servers: ['nats://127.0.0.1:4222'], user: 'me' });
    expect(terms?.env).to.deep.equal({ ONEBOOK_NATS_PASSWORD: 'p@ss' });
    expect(terms?.text).to.not.contain('ss@');
    expect(namedNats('nats://other:4222', { ONEBOOK_NATS_URL: 'nats://me@x:1' })?.config).to.deep.equal({
      servers: ['nats://other:4222'],
    });
    expect(namedNats(undefined, { ONEBOOK_NATS_URL: '' })).to.equal(undefined);
  });

  it('has no password in a flag, and none is guessed', () => {
    const faultOf = (flag: string, env = {}): string => {
      try {
        return namedNats(flag, env)?.text ?? '';
      } catch (error) {
        expect(error).to.be.instanceOf(CliFailure).and.include({ exitCode: EXIT.usage });
        return (error as CliFailure).lines.join('\n');
      }
    };
    expect(faultOf('nats://a:b@c:1')).to.contain('must not have a password in it').and.not.contain('b@');
    expect(faultOf('nats://a@c:1')).to.contain('set ONEBOOK_NATS_PASSWORD as well');
    expect(faultOf('http://c:1')).to.contain('must be a URL like nats:');
    expect(faultOf('nats://a@c:1', { ONEBOOK_NATS_PASSWORD: 'x' })).to.contain('which --nats-url names');
  });

  it('is for the cluster only, which has no flags of one process', async function () {
    this.timeout(60_000);
    const { usage } = EXIT;
    const cluster = ['demo', '--cluster', '--once', '--fix-port', '0'];
    await fails(tmpdir(), cluster, usage, /--fix-port does not go with --cluster/);
    await fails(
      tmpdir(),
      ['demo', '--once', '--nats-url', 'nats://c:1'],
      usage,
      /--nats-url is for --cluster/,
    );
  });
});

const STEPS = [
  'alice logs on at gateway-1, bob at gateway-2',
  'bob, at gateway-2, offers 1 BTC at 50,000.00: it rests in the book on engine-1',
  'alice, at gateway-1, buys 0.4 BTC',
  'alice bids for 3 ETH at 3,000.00: it rests in the book on engine-2',
  'bob sells 1 ETH to it',
  'kill -9 ',
  'bob asks for his offer from before',
  'alice buys the rest of it',
  'bob sells alice 2 ETH',
  'alice and bob log out',
];

function expectWholeDemo({ exitCode, stdout, stderr }: CliResult, dataDir: string): void {
  expect(stderr, stdout).to.equal('');
  expect(exitCode).to.equal(0);
  let from = 0;
  for (const [index, step] of STEPS.entries()) {
    const at = stdout.indexOf(`── ${index + 1}. ${step}`, from);
    expect(at, step).to.be.above(from);
    from = at;
  }
  expect(stdout.match(/✓ .*what was expected$/gm)).to.have.length(STEPS.length);
  expect(stdout).to.not.contain('✗');
  const [before = '', after = ''] = drawings(stdout);
  expect(before)
    .to.match(/┌─ engine-1 .*ready ─┐/)
    .and.match(/┌─ engine-2 .*ready ─┐/);
  expect(before).to.match(/│ alice +│ +│ bob +│/);
  expect(after)
    .to.match(/not running: engine-1/)
    .and.match(/┌─ engine-2 .*ready ─┐/);
  expect(after).to.match(/BTC-USD@\d+ ETH-USD@\d+|ETH-USD@\d+ BTC-USD@\d+/);
  expect(stdout).to.match(/✓ BTC-USD is on engine-2: its first order was acknowledged \d+ ms after the kill/);
  expect(stdout).to.match(/^ +\d+ +bob +BTC-USD +\w+-b1 +2 sell +1 +1 +0 +0 +2 filled$/m);
  expect(stdout).to.contain('── onebook reconcile ').and.contain('everything agrees');
  for (const line of stdout.split('\n')) {
    // A path of the machine may be as long as it likes.
    if (!line.includes(dataDir)) expect(line.length, line).to.be.at.most(PAGE_WIDTH);
  }
}

/** Who is where, before and after the kill. */
function drawings(stdout: string): string[] {
  return [...stdout.matchAll(/── Who is where[^\n]*\n([\s\S]*?)\n(?=\n── |\n {2}✓ )/g)].map(
    ([, text]) => text ?? '',
  );
}

/** No process of the demo is alive. All but its Postgres have the data directory in their command lines. */
function expectNothingLeft(dataDir: string): void {
  const left = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => commandLineOf(pid))
    .filter((line) => line.includes(dataDir));
  expect(left).to.deep.equal([]);
  expect(readdirSync(join(dataDir, 'postgres'))).to.not.include('postmaster.pid');
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

type Logins = Readonly<Record<'alice' | 'bob', { readonly compId: number; readonly password: string }>>;

function loginsIn(dataDir: string): Logins {
  return JSON.parse(readFileSync(join(dataDir, 'demo-members.json'), 'utf8')) as Logins;
}

/** Passwords are in files of their owner only, and nowhere else. */
function expectNoSecretsTold({ stdout }: CliResult, dataDir: string): void {
  const secretFiles = ['demo-members.json', 'nats.password', 'nats.conf'];
  const { alice, bob } = loginsIn(dataDir);
  const nats = readFileSync(join(dataDir, 'nats.password'), 'utf8').trim();
  const database = readFileSync(join(dataDir, 'postgres', 'onebook.password'), 'utf8').trim();
  const told = [
    stdout,
    ...readdirSync(dataDir)
      .filter((name) => /\.(log|mjs)$/.test(name))
      .map((name) => readFileSync(join(dataDir, name), 'utf8')),
  ].join('\n');
  for (const secret of [alice.password, bob.password, nats, database]) {
    expect(secret).to.have.length.above(12);
    expect(told.includes(secret)).to.equal(false);
  }
  for (const name of secretFiles) expect(statSync(join(dataDir, name)).mode & 0o777, name).to.equal(0o600);
}

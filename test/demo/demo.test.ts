import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { type CliResult, onebook, startOnebook } from '../support/cli.ts';
import { testDatabase } from '../support/database.ts';
import { FixClient } from '../support/fix-client.ts';

const PAGE_WIDTH = 110;
const FREE_PORTS = ['--fix-port', '0', '--admin-port', '0'];

describe('onebook demo', function () {
  // Each run starts a real venue, the first one with an initdb.
  this.timeout(60_000);
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'onebook-demo-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  it('shows a market from the first order to the rows in the database, on first use and again', async () => {
    const dataDir = join(dir, 'own');
    const first = await onebook(['demo', '--once', '--data-dir', dataDir, ...FREE_PORTS]);
    expectWholeDemo(first, dataDir);
    expect(first.stdout).to.contain('creating the database').and.contain('deposit: 100000 USD for alice');

    const logins = readFileSync(join(dataDir, 'demo-members.json'), 'utf8');
    expect(statSync(join(dataDir, 'demo-members.json')).mode & 0o777).to.equal(0o600);
    for (const { password } of Object.values(JSON.parse(logins) as Record<string, { password: string }>)) {
      expect(password).to.have.length.above(12);
      expect(first.stdout).to.not.contain(password);
      expect(readFileSync(join(dataDir, 'venue.log'), 'utf8')).to.not.contain(password);
    }

    const second = await onebook(['demo', '--once', '--data-dir', dataDir, ...FREE_PORTS]);
    expectWholeDemo(second, dataDir);
    expect(second.stdout)
      .to.contain('canceled the orders that alice left in the book')
      .and.contain('(about an order of an earlier run)')
      .and.not.contain('creating the database');
    expect(readFileSync(join(dataDir, 'demo-members.json'), 'utf8')).to.equal(logins);
  });

  it('stays up for a client of one’s own until Ctrl-C, on other ports where the usual are taken', async () => {
    const taken = [await occupy(9880), await occupy(9881)];
    const database = await testDatabase();
    const dataDir = join(dir, 'stays');
    const demo = startOnebook(['demo', '--data-dir', dataDir, '--database-url', database.url]);
    try {
      await demo.says('Stop it with Ctrl-C');
      expect(demo.output())
        .to.contain('port 9880 is taken: members get another one')
        .and.contain('port 9881 is taken: operators get another one');
      const port = Number(/Address +127\.0\.0\.1:(\d+)/.exec(demo.output())?.[1]);
      const logins = JSON.parse(readFileSync(join(dataDir, 'demo-members.json'), 'utf8')) as {
        alice: { compId: number; password: string };
      };
      const { compId, password } = logins.alice;
      const client = await FixClient.logon({ port, senderCompId: compId, username: 'alice', password });
      client.send('D', {
        ...{ 11: 'mine-1', 55: 'BTC-USD', 54: '1', 38: '0.1', 40: '2', 44: '51000' },
        60: '20260101-00:00:00.000',
      });
      await client.expect('8', { 150: '0', 11: 'mine-1' });
      await client.expect('8', { 150: 'F', 39: '2', 31: '51000.00', 32: '0.1000' });
      await client.logout();

      const admin = / (npm run --silent onebook -- (status .*))\n/.exec(demo.output())?.[2] ?? '';
      const status = await onebook(admin.split(' '));
      expect(status).to.include({ exitCode: 0, stderr: '' });
      expect(status.stdout).to.match(/ready +yes/);
    } finally {
      demo.child.kill('SIGINT');
      demo.child.kill('SIGINT');
      const ended = await demo.ended;
      for (const server of taken) server?.close();
      await database.drop();
      expect(ended).to.include({ exitCode: 0, stderr: '' });
      expect(ended.stdout).to.match(/stopped\n$/);
    }
  });

  it('keeps its hands off a venue with a member alice of its own', async () => {
    const database = await testDatabase();
    const at = ['--database-url', database.url, ...FREE_PORTS];
    const first = await onebook(['demo', '--once', '--data-dir', join(dir, 'theirs'), ...at]);
    expect(first).to.include({ exitCode: 0 });
    const other = await onebook(['demo', '--once', '--data-dir', join(dir, 'other'), ...at]);
    expect(other.exitCode).to.equal(1);
    expect(other.stderr).to.equal(
      "error: there is a member alice that is not the demo's: give the demo a database of its own\n",
    );
    await database.drop();
  });

  it('fails, and says why, when the database does not have what was traded', async () => {
    const database = await testDatabase();
    const run = ['demo', '--once', '--data-dir', join(dir, 'broken'), '--database-url', database.url];
    expect(await onebook([...run, ...FREE_PORTS])).to.include({ exitCode: 0 });
    // Money that nobody deposited: what the demo shows must notice.
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query("update balances set amount = amount + 0.01 where asset = 'ETH'");
    await client.end();
    const result = await onebook([...run, ...FREE_PORTS]);
    expect(result.exitCode).to.equal(1);
    expect(result.stdout).to.contain('✗ balances of ETH sum to 100.01, deposits to 100');
    expect(result.stderr).to.equal('error: balances of ETH sum to 100.01, deposits to 100\n');
    await database.drop();
  });
});

const STEPS = [
  'alice and bob log on',
  'bob offers 1 BTC at 50,000.00',
  "alice buys 0.4 BTC and would pay 50,100.00: she gets it at bob's price, a part of his order",
  "alice bids for 1 BTC at 50,000.00: it fills bob's order",
  'alice replaces it',
  'alice cancels what is left of it',
  'bob cancels his first order, but it is filled',
  'alice bids for 3 BTC and lacks the funds',
  'alice leaves a bid',
  'bob leaves an offer',
  'alice and bob log out',
];

function expectWholeDemo({ exitCode, stdout, stderr }: CliResult, dataDir: string): void {
  expect(stderr).to.equal('');
  expect(exitCode).to.equal(0);
  let from = 0;
  for (const [index, step] of STEPS.entries()) {
    const at = stdout.indexOf(`── ${index + 1}. ${step}`, from);
    expect(at, step).to.be.above(from);
    from = at;
  }
  expect(stdout.match(/✓ .*what was expected$/gm)).to.have.length(STEPS.length);
  for (const field of [
    'OrdStatus(39)=1 (PartiallyFilled)',
    'ExecType(150)=5 (Replaced)',
    'Password(554)=***',
  ]) {
    expect(stdout).to.contain(field);
  }
  for (const table of ['from orders o', 'from trades t', 'from balances b']) expect(stdout).to.contain(table);
  expect(stdout).to.match(/^ +\d+ +alice +\w+-a3 +1 buy +49500 +1\.2 +0\.6 +0 +0 +4 canceled$/m);
  expect(stdout).to.match(/^ +\d+ +50000 +0\.6 +bob +alice +1 buy +30 +60 +[\d-]+ [\d:.]+$/m);
  expect(stdout).to.match(/^ +alice +USD +49900 +24549$/m);
  expect(stdout).to.contain('✓ what is held is what open orders need').and.not.contain('✗');
  expect(stdout).to.match(/SenderCompID\(49\) +1001 \(alice\) or 1002 \(bob\)/);
  expect(stdout).to.match(new RegExp(`onebook -- status --data-dir ${dataDir} --admin-port \\d+\\n`));
  for (const line of stdout.split('\n')) {
    // A path of the machine may be as long as it likes.
    if (!line.includes(dataDir)) expect(line.length, line).to.be.at.most(PAGE_WIDTH);
  }
}

/** Listens on the port, unless somebody does already: taken either way. */
function occupy(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host: '127.0.0.1', port }, () => resolve(server));
  });
}

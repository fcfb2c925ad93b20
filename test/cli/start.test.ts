import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { onebook, type RunningCli, startOnebook } from '../support/cli.ts';
import { testDatabase } from '../support/database.ts';

const PASSWORD = 'correct horse battery';

describe('onebook start', () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'onebook-start-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  it('runs a node that operators can use, and stops in order when told, even twice by one Ctrl-C', async () => {
    const database = await testDatabase();
    const url = new URL(database.url);
    const args = ['--database-url', database.url, '--fix-port', '0', '--admin-port', '0'];
    const node = startOnebook(['start', '--data-dir', join(dir, 'one'), ...args]);
    try {
      await node.says('is running');
      const port = adminPortOf(node);
      const at = ['--data-dir', join(dir, 'one'), '--admin-port', port];
      const run = async (...command: string[]): Promise<string> => {
        const result = await onebook([...command, ...at], { stdin: `${PASSWORD}\n` });
        expect(result, command.join(' ')).to.include({ exitCode: 0, stderr: '' });
        return result.stdout;
      };
      await run('user', 'add', '--username', 'alice', '--comp-id', '1001', '--password-stdin');
      const terms = '--symbol BTC-USD --base BTC --quote USD --tick 0.01 --lot 0.0001'.split(' ');
      await run('instrument', 'add', ...terms);
      const deposit = ['deposit', '--username', 'alice', '--asset', 'USD', '--amount', '0.3', '--id', 'w1'];
      expect(await run(...deposit)).to.equal('alice now has 0.3 USD; transfer id w1\n');
      expect(await run(...deposit)).to.contain('booked before');
      expect(await run('balance', '--username', 'alice')).to.match(/alice +USD +0\.3 +0 +0\.3/);
      expect(await run('status')).to.match(/ready +yes/);

      const second = await onebook(['start', '--data-dir', join(dir, 'one'), ...args]);
      expect(second.exitCode).to.equal(2);
      expect(second.stderr).to.match(/^error: .*in use by another venue \(process \d+\).*$/m);
      const samePort = ['--database-url', database.url, '--fix-port', '0', '--admin-port', port];
      const third = await onebook(['start', '--data-dir', join(dir, 'two'), ...samePort]);
      expect(third.exitCode).to.equal(2);
      expect(third.stderr).to.match(
        new RegExp(`^error: .*127\\.0\\.0\\.1:${port}.* in use.*--admin-port`, 'm'),
      );

      node.child.kill('SIGINT');
      node.child.kill('SIGTERM');
      const ended = await node.ended;
      expect(ended.exitCode).to.equal(0);
      expect(ended.stdout).to.match(/stopped\n$/);
      for (const secret of [PASSWORD, decodeURIComponent(url.password)].filter(Boolean)) {
        expect(ended.stdout + ended.stderr).to.not.contain(secret);
      }
      const lines = ended.stderr.trim().split('\n');
      const events = lines.map((line) => JSON.parse(line) as { readonly event: string });
      expect(events.map(({ event }) => event)).to.include.members(['operator action', 'signal']);
    } finally {
      node.child.kill('SIGKILL');
      await node.ended;
      await database.drop();
    }
  }).timeout(60_000);

  it('says in the log what of its configuration is probably not meant, and goes on', async () => {
    const cwd = mkdtempSync(join(dir, 'exposed-'));
    writeFileSync(join(cwd, 'database.password'), 'hunter2hunter2');
    chmodSync(join(cwd, 'database.password'), 0o644);
    const config = {
      databaseUrl: 'postgres://onebook@127.0.0.1:1/onebook',
      databasePasswordFile: 'database.password',
      nodes: { local: { fix: { port: 0 }, admin: { port: 0 } } },
    };
    writeFileSync(join(cwd, 'cluster.config.mjs'), `export default ${JSON.stringify(config)};`);
    const { exitCode, stderr } = await onebook(['start'], { cwd });
    expect(exitCode).to.equal(2);
    const [warning = '', ...others] = stderr.trim().split('\n');
    expect(JSON.parse(warning)).to.deep.include({ level: 'warn', event: 'configuration' });
    expect(warning).to.contain('database.password, which others may read (mode 0644): chmod 600 it');
    expect(others.at(-1)).to.match(
      /^error: the node does not start: the database server 127\.0\.0\.1:1 cannot/,
    );
    expect(stderr).to.not.contain('hunter2');
  }).timeout(20_000);

  it('refuses a database that it cannot use, in a line without the password', async () => {
    const url = 'postgres://onebook:hunter2hunter2@127.0.0.1:1/onebook';
    const args = [
      '--data-dir',
      join(dir, 'three'),
      '--fix-port',
      '0',
      '--admin-port',
      '0',
      '--database-url',
      url,
    ];
    const { exitCode, stderr } = await onebook(['start', '--log-level', 'silent', ...args]);
    expect(exitCode).to.equal(2);
    expect(stderr)
      .to.match(/^error: [^\n]+\n$/)
      .and.not.contain('hunter2');
  }).timeout(30_000);

  it('writes what the operator did into the audit, without secrets', async () => {
    const database = await testDatabase();
    const node = startOnebook([
      ...['start', '--data-dir', join(dir, 'four'), '--database-url', database.url],
      ...['--fix-port', '0', '--admin-port', '0'],
    ]);
    try {
      await node.says('is running');
      const at = ['--data-dir', join(dir, 'four'), '--admin-port', adminPortOf(node)];
      const added = ['user', 'add', '--username', 'bob', '--comp-id', '7', '--password', PASSWORD];
      expect(await onebook([...added, ...at])).to.include({ exitCode: 0 });
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      const { rows } = await client.query('select action, details from audit');
      const users = await client.query("select password_hash from users where username = 'bob'");
      await client.end();
      expect(rows).to.deep.equal([{ action: 'user add', details: { username: 'bob', compId: 7 } }]);
      expect(users.rows[0])
        .to.have.property('password_hash')
        .that.matches(/^\$argon2id\$/);
    } finally {
      node.child.kill('SIGTERM');
      await node.ended;
      await database.drop();
    }
  }).timeout(60_000);
});

/** The admin port that the node chose and printed. */
function adminPortOf(node: RunningCli): string {
  const [, port] = /admin API: http:\/\/[^:]+:(\d+)/.exec(node.output()) ?? [];
  if (port === undefined) throw new Error(`no admin port in: ${node.output()}`);
  return port;
}

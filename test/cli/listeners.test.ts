/** A node with several listeners, as an operator runs it: what it says, whom it serves, and renewal on SIGHUP. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect } from 'chai';
import { createTestCertificates, type TestCertificates } from '../support/certificates.ts';
import { onebook, startOnebook } from '../support/cli.ts';
import { testDatabase } from '../support/database.ts';
import { FixClient } from '../support/fix-client.ts';
import { until } from '../support/until.ts';

const PASSWORD = 'correct horse battery';
const ALICE = { senderCompId: 1001, username: 'alice', password: PASSWORD };

describe('a node with several listeners', () => {
  let dir: string;
  let files: TestCertificates;
  let config: string;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'onebook-listeners-'));
    files = await createTestCertificates(dir);
    copyFileSync(files.certFile, join(dir, 'live.pem'));
    copyFileSync(files.keyFile, join(dir, 'live.key'));
    config = join(dir, 'cluster.config.mjs');
    writeConfig('live.key');
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  function writeConfig(keyFile: string): void {
    const tls = { certFile: 'live.pem', keyFile, caFile: 'ca.pem' };
    const fix = [{ port: 0 }, { name: 'internet', port: 0, tls }];
    const cluster = { limits: { maxConnections: 1 }, nodes: { local: { fix, admin: { port: 0 } } } };
    writeFileSync(config, `export default ${JSON.stringify(cluster)};\n`);
  }

  function served(port: number): Promise<string> {
    const socket = connect({ port, host: '127.0.0.1', ca: readFileSync(files.caFile) });
    socket.on('error', () => {});
    return once(socket, 'secureConnect').then(() => {
      const serial = socket.getPeerX509Certificate()?.serialNumber ?? 'none';
      socket.destroy();
      return serial;
    });
  }

  it('serves members at each within one bound, and renews its certificates on SIGHUP', async () => {
    const database = await testDatabase();
    const args = ['--config', config, '--data-dir', join(dir, 'data'), '--database-url', database.url];
    const node = startOnebook(['start', ...args]);
    try {
      await node.says('is running');
      const said = node.output();
      const plainPort = Number(/^FIX: 127\.0\.0\.1:(\d+) \(TargetCompID ONEBOOK\)$/m.exec(said)?.[1]);
      const tlsPort = Number(
        /^FIX: 127\.0\.0\.1:(\d+) \(.*, TLS with client certificates\)$/m.exec(said)?.[1],
      );
      const adminPort = /^admin API: http:\/\/127\.0\.0\.1:(\d+) /m.exec(said)?.[1] ?? '';
      const at = ['--data-dir', join(dir, 'data'), '--admin-port', adminPort];
      const added = await onebook(
        ['user', 'add', '--username', 'alice', '--comp-id', '1001', '--password-stdin', ...at],
        { stdin: `${PASSWORD}\n` },
      );
      expect(added).to.include({ exitCode: 0, stderr: '' });
      const status = await onebook(['status', ...at]);
      expect(status.stdout).to.contain(
        `127.0.0.1:${plainPort} ("fix"); 127.0.0.1:${tlsPort} ("internet", TLS with client certificates)`,
      );

      const tls = {
        ca: readFileSync(files.caFile),
        cert: readFileSync(files.clientCertFile),
        key: readFileSync(files.clientKeyFile),
      };
      const member = await FixClient.logon({ port: tlsPort, ...ALICE, tls });
      const oneTooMany = await FixClient.connect({ port: plainPort, ...ALICE });
      await oneTooMany.expectClosed();

      const serialOf = (file: string): string => new X509Certificate(readFileSync(file)).serialNumber;
      expect(await served(tlsPort)).to.equal(serialOf(files.certFile));
      copyFileSync(files.renewedCertFile, join(dir, 'live.pem'));
      copyFileSync(files.renewedKeyFile, join(dir, 'live.key'));
      node.child.kill('SIGHUP');
      await until('the new one', async () => (await served(tlsPort)) === serialOf(files.renewedCertFile));
      await member.logout();
      const back = await FixClient.logon(
        { port: plainPort, ...ALICE, nextOutSeqNum: member.nextOutSeqNum },
        {},
      );
      await back.logout();
      node.child.kill('SIGTERM');
      expect((await node.ended).exitCode).to.equal(0);
    } finally {
      node.child.kill('SIGKILL');
      await node.ended;
      await database.drop();
    }
  }).timeout(60_000);

  it('does not start with a key that does not fit, and says which', async () => {
    writeConfig('encrypted.key');
    const args = ['--config', config, '--data-dir', join(dir, 'none')];
    const result = await onebook(['start', ...args]);
    expect(result.exitCode).to.equal(2);
    expect(result.stderr).to.match(/^error: keyFile .*encrypted\.key is encrypted, /);
    expect(result.stderr.trim().split('\n')).to.have.length(1);
  });
});

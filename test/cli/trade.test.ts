/** `onebook trade`: what it asks of the node and of the operator. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadOrCreateAdminToken } from '../../src/admin/token.ts';
import { type CliResult, onebook } from '../support/cli.ts';

const BUSTED = { symbol: 'BTC-USD', quantityBefore: '1.5', priceBefore: '10.00', charges: [] };

describe('onebook trade', () => {
  let dir: string;
  let server: Server;
  let answer: object;
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
        asked.push(`${request.method} ${request.url} ${body}`);
        response.writeHead(200).end(JSON.stringify(answer));
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
    answer = BUSTED;
  });

  function run(argv: readonly string[], stdin = ''): Promise<CliResult> {
    const { port } = server.address() as AddressInfo;
    const node = ['--data-dir', 'data', '--admin-port', String(port)];
    return onebook(['trade', ...argv, ...node], { cwd: dir, stdin });
  }

  it('bust asks before it does, and does nothing without a yes', async () => {
    const refused = await run(['bust', '9', '--reason', 'r'], 'no\n');
    expect(refused).to.deep.include({ exitCode: 1, stdout: '' });
    expect(refused.stderr).to.contain('This takes back trade 9, and cannot be undone. Type yes to go on: ');
    expect(asked).to.deep.equal([]);
    const done = await run(['bust', '9', '--reason', 'r'], 'yes\n');
    expect(done).to.include({ exitCode: 0, stdout: 'trade 9 is busted: 1.5 BTC-USD at 10.00\n' });
    expect(asked).to.deep.equal(['POST /v1/trades/9/bust {"reason":"r"}']);
  });

  it('bust does not ask with --yes, and says what the venue paid', async () => {
    const charges = [
      { username: 'alice', asset: 'BTC', amount: '0.5' },
      { username: 'bob', asset: 'USD', amount: '3' },
    ];
    answer = { ...BUSTED, charges };
    expect(await run(['bust', '9', '--reason', 'r', '--charge-venue', '--yes'])).to.deep.equal({
      exitCode: 0,
      stdout: 'trade 9 is busted: 1.5 BTC-USD at 10.00; the venue paid 0.5 BTC for alice and 3 USD for bob\n',
      stderr: '',
    });
    expect(asked).to.deep.equal(['POST /v1/trades/9/bust {"reason":"r","chargeVenue":true}']);
  });

  it('correct says what was and what is', async () => {
    answer = { ...BUSTED, quantity: '1.0', price: '9.50' };
    const done = await run(['correct', '9', '--price', '9.5', '--qty', '1', '--reason', 'r']);
    expect(done).to.deep.equal({
      exitCode: 0,
      stdout: 'trade 9 is corrected: 1.5 BTC-USD at 10.00 is now 1.0 at 9.50\n',
      stderr: '',
    });
    expect(asked).to.deep.equal(['POST /v1/trades/9/correct {"reason":"r","price":"9.5","quantity":"1"}']);
  });

  for (const { argv, says } of [
    { argv: ['correct', '9', '--reason', 'r'], says: 'say what is right with --price, --qty, or both' },
    { argv: ['bust', '9', '--yes'], says: "required option '--reason <text>' not specified" },
    { argv: ['bust', '--reason', 'r'], says: "missing required argument 'trade-id'" },
  ]) {
    it(`${argv.join(' ')}: ${says}`, async () => {
      const result = await run(argv);
      expect(result).to.include({ exitCode: 2, stdout: '' });
      expect(result.stderr).to.contain(says);
      expect(asked).to.deep.equal([]);
    });
  }
});

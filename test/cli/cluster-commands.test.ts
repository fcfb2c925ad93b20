/** Commands of a cluster, each in a process of its own, against a server that answers as a node would. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadOrCreateAdminToken } from '../../src/admin/token.ts';
import { type CliResult, fails, onebook } from '../support/cli.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

describe('the command line towards a cluster', function () {
  this.timeout(30_000);
  let dir: string;
  let server: Server;
  const asked: string[] = [];
  let answer: (asked: Asked) => { readonly status?: number; readonly body: object };

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'onebook-cluster-'));
    loadOrCreateAdminToken(join(dir, 'data'));
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        const { method = '', url: path = '' } = request;
        asked.push(`${method} ${path} ${body}`.trim());
        const answered = answer({ method, path, body });
        response.writeHead(answered.status ?? 200).end(JSON.stringify(answered.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    writeFileSync(
      join(dir, 'cluster.config.mjs'),
      `export default { nats: { servers: ['nats://127.0.0.1:4222'] }, databaseUrl: 'postgres://o@127.0.0.1/o', nodes: {
         'gateway-1': { roles: ['gateway'], machine: 'a', admin: { port: 1 } },
         'engine-1': { roles: ['engine'], machine: 'b', dataDir: 'data', admin: { port: ${port} } } } };`,
    );
  });
  after((done) => {
    rmSync(dir, { recursive: true, force: true });
    server.close(done);
  });
  beforeEach(() => {
    asked.length = 0;
  });

  const at = ['--node', 'engine-1'];

  async function says(...args: string[]): Promise<CliResult> {
    const result = await onebook([...args], { cwd: dir });
    expect(result.exitCode, result.stderr).to.equal(0);
    return result;
  }

  const owner = (symbol: string, name: string | null, epoch: number): object => {
    return { symbols: [{ symbol, owner: name, epoch, placedOn: null }], shards: [] };
  };

  describe('symbol move', () => {
    it('waits until the engine has it, and says how long that took and under which epoch', async () => {
      let looks = 0;
      answer = ({ method }) => {
        if (method === 'POST') return { body: owner('BTC/USD', 'engine-1', 4) };
        looks += 1;
        return { body: looks < 3 ? owner('BTC/USD', null, 5) : owner('BTC/USD', 'engine-2', 6) };
      };
      const { stdout } = await says('symbol', 'move', 'BTC/USD', '--to', 'engine-2', ...at);
      expect(stdout).to.match(/^BTC\/USD is on engine-2 after [\d.]+ m?s, under epoch 6\n$/);
      expect(asked.slice(0, 2)).to.deep.equal([
        'POST /v1/placement {"symbols":["BTC/USD"],"node":"engine-2"}',
        'GET /v1/owners?symbols=BTC%2FUSD',
      ]);
    });

    it('says so when it is there already, or is to be nowhere in particular', async () => {
      answer = () => ({ body: owner('X', 'engine-2', 4) });
      const { stdout } = await says('symbol', 'move', 'X', '--to', 'engine-2', ...at);
      expect(stdout).to.equal('X is on engine-2 already, under epoch 4; it stays there\n');
      const anywhere = await says('symbol', 'move', 'X', '--to', 'none', ...at);
      expect(anywhere.stdout).to.equal(
        'no operator places X any more; it is on engine-2, and goes where the configuration places it, if it does\n',
      );
      expect(asked.at(-1)).to.equal('POST /v1/placement {"symbols":["X"],"node":null}');
    });

    it('ends with a line when it has not arrived in time, and with the node’s when that refuses', async () => {
      answer = () => ({ body: owner('X', 'engine-1', 4) });
      const move = ['symbol', 'move', 'X', '--to', 'engine-2', ...at];
      await fails(
        dir,
        [...move, '--wait', '0.1'],
        1,
        /X is to move to engine-2; it was on engine-1, and has not arrived/,
      );
      const { stdout } = await says(...move, '--wait', '0');
      expect(stdout).to.equal('X is to move to engine-2; it was on engine-1\n');
      await fails(dir, [...move, '--wait', 'long'], 2, /it is a number of seconds/);
      answer = () => ({ status: 404, body: { error: 'there is no instrument "X"' } });
      await fails(dir, move, 1, /^error: there is no instrument "X"$/m);
    });
  });

  describe('rebalance', () => {
    const move = (key: string | number): object => ({ key, from: 'engine-1', to: 'engine-2' });
    const plan = {
      engines: ['engine-1', 'engine-2'],
      symbols: Array.from({ length: 30 }, (_, i) => move(`S${i}`)),
      shards: [move(7)],
      kept: 2,
      spread: [
        { engine: 'engine-1', symbols: 32, shards: 33 },
        { engine: 'engine-2', symbols: 31, shards: 31 },
      ],
    };
    const shares =
      'then have: engine-1 32 symbols and 33 shards of accounts, engine-2 31 symbols and 31 shards of accounts\n';

    it('shows what would move, and changes nothing', async () => {
      answer = () => ({ body: plan });
      const { stdout } = await says('rebalance', '--dry-run', ...at);
      expect(stdout)
        .to.match(/S0 +engine-1 +engine-2\n/)
        .and.match(/accounts, shard 7 +engine-1 +engine-2\n/);
      const sum = '\n30 symbols and 1 shard of accounts would move; 2 stay where they are placed\n';
      expect(stdout.endsWith(sum + shares), stdout).to.equal(true);
      expect(asked).to.deep.equal(['GET /v1/rebalance?includePlaced=false']);
      await says('rebalance', '--dry-run', '--include-placed', ...at);
      expect(asked.at(-1)).to.equal('GET /v1/rebalance?includePlaced=true');
    });

    it('moves a few at a time, waits for them, and takes their placement back', async () => {
      answer = ({ path }) => {
        if (path.startsWith('/v1/rebalance')) return { body: plan };
        return { body: owner('S', 'engine-2', 2) };
      };
      const { stdout, stderr } = await says('rebalance', ...at);
      expect(stdout).to.match(
        /^moved 30 symbols and 1 shard of accounts in .*; 2 stay where they are placed\nthen have: .*\n$/,
      );
      expect(stderr).to.equal('1 of 31 have moved\n26 of 31 have moved\n31 of 31 have moved\n');
      const placements = asked
        .filter((line) => line.startsWith('POST'))
        .map((line) => JSON.parse(line.slice(line.indexOf('{'))) as Record<string, unknown[] | string | null>)
        .map(({ symbols, shards, node }) => [symbols?.length, shards?.length, node]);
      expect(placements).to.deep.equal([
        [0, 1, 'engine-2'],
        [0, 1, null],
        [25, 0, 'engine-2'],
        [25, 0, null],
        [5, 0, 'engine-2'],
        [5, 0, null],
      ]);
    });

    it('ends with a line when some do not arrive, which stay placed', async () => {
      answer = ({ path }) => {
        if (path.startsWith('/v1/rebalance')) return { body: plan };
        return { body: owner('S', 'engine-1', 2) };
      };
      await fails(dir, ['rebalance', '--wait', '0.1', ...at], 1, /0 of 31 have moved, .*--include-placed/);
      expect(asked.filter((line) => line.includes('"node":null'))).to.deep.equal([]);
    });

    it('says so when nothing has to move', async () => {
      answer = () => ({ body: { ...plan, symbols: [], shards: [], kept: 0 } });
      expect((await says('rebalance', ...at)).stdout).to.equal(`nothing has to move\n${shares}`);
    });

    it('says why it leaves one engine with more, and when there is one only', async () => {
      const spread = [
        { engine: 'engine-1', symbols: 2, shards: 31 },
        { engine: 'engine-2', symbols: 0, shards: 33 },
      ];
      const nothing = { ...plan, symbols: [], shards: [], kept: 0 };
      answer = () => ({ body: { ...nothing, spread } });
      expect((await says('rebalance', ...at)).stdout).to.match(
        /^nothing has to move\nthen have: engine-1 2 symbols .*, engine-2 0 symbols .*\n.* a hash of its name: .*"onebook symbol move"/,
      );
      answer = () => ({ body: { ...nothing, spread: spread.slice(0, 1) } });
      expect((await says('rebalance', '--dry-run', ...at)).stdout).to.equal(
        'nothing would move\nthere is no other engine: engine-1 2 symbols and 31 shards of accounts\n',
      );
    });
  });

  describe('drain', () => {
    const left = (symbols: number, sessions: number) => {
      return { body: { node: 'engine-1', draining: true, symbols, shards: symbols, sessions } };
    };

    it('asks the node that it names, shows what is left, and says what to do when it is empty', async () => {
      let looks = 0;
      answer = ({ method }) => {
        if (method === 'POST') return left(2, 1);
        looks += 1;
        return looks < 3 ? left(1, 0) : left(0, 0);
      };
      const { stdout, stderr } = await says('drain', 'engine-1');
      expect(asked[0]).to.equal('POST /v1/drain {"node":"engine-1"}');
      expect(stdout).to.match(
        /^engine-1 is empty after .*: stop it with SIGTERM, .*"onebook undrain engine-1"/,
      );
      expect(stderr).to.equal(
        'engine-1 drains: 2 symbols, 2 shards of accounts, 1 session left\n' +
          'engine-1 drains: 1 symbol, 1 shard of accounts, 0 sessions left\n',
      );
    });

    it('ends with a line when it takes too long, and goes on', async () => {
      answer = () => left(1, 0);
      const { exitCode, stderr } = await onebook(['drain', 'engine-1', '--force', '--wait', '0.1'], {
        cwd: dir,
      });
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/\nerror: engine-1 drains, with 1 symbol, .* left after 100 ms; it goes on/);
      expect(asked[0]).to.equal('POST /v1/drain {"node":"engine-1","force":true}');
    });

    it('does not take a node for empty that drains no more', async () => {
      answer = ({ method }) =>
        method === 'POST' ? left(1, 0) : { body: { ...left(0, 0).body, draining: false } };
      const { exitCode, stdout, stderr } = await onebook(['drain', 'engine-1'], { cwd: dir });
      expect([exitCode, stdout]).to.deep.equal([1, '']);
      expect(stderr).to.contain('error: engine-1 drains no more');
    });

    it('is refused for a node that is in no configuration, and taken back', async () => {
      await fails(dir, ['drain', 'engine-9'], 2, /no node "engine-9"/);
      answer = () => ({ body: { node: 'engine-1', draining: false, roles: ['engine'] } });
      expect((await says('undrain', 'engine-1')).stdout).to.equal(
        'engine-1 takes symbols and accounts again: what has gone comes back with "onebook rebalance"\n',
      );
      expect(asked).to.deep.equal(['POST /v1/undrain {"node":"engine-1"}']);
    });

    it('is taken back in the words of what the node does', async () => {
      answer = () => ({ body: { node: 'engine-1', draining: false, roles: ['gateway', 'dns'] } });
      expect((await says('undrain', 'engine-1')).stdout).to.equal(
        'engine-1 takes sessions again: members who have gone stay where they are until they connect anew; ' +
          'it has answered for DNS all the while\n',
      );
    });

    it('says of a responder that it answers until it is stopped', async () => {
      answer = () => ({ body: { ...left(0, 0).body, roles: ['dns'] } });
      expect((await says('drain', 'engine-1')).stdout).to.match(
        /^engine-1 has nothing to give up, and answers for DNS until it is stopped: stop it with SIGTERM, /,
      );
    });

    it('is not said to be taken back at a node that did not drain', async () => {
      answer = () => ({ body: { node: 'engine-1', draining: false, wasDraining: false } });
      const { stdout } = await says('undrain', 'engine-1');
      expect(stdout).to.equal('engine-1 did not drain: nothing has changed\n');
    });
  });
});

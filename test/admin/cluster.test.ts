/** What operators do to sessions in a cluster, and what its status says, on real rows with a cluster that a test writes down. */
import { expect } from 'chai';
import type { ClusterStatus } from '../../src/admin/cluster-status.ts';
import { MAX_SESSIONS } from '../../src/admin/cluster-status.ts';
import { configDigest } from '../../src/cluster/config-digest.ts';
import { AdminApi } from '../support/admin-api.ts';
import { nodeInView } from '../support/cluster-view.ts';
import { FakeCluster, idOf } from '../support/fake-cluster.ts';

const FIRST = { type: 'gateway', name: 'gateway-1/fix' };
const SECOND = { type: 'gateway', name: 'gateway-2/fix' };

describe('an operator of a cluster', () => {
  let api: AdminApi;
  let cluster: FakeCluster;
  before(async () => {
    api = await AdminApi.start();
  });
  after(() => api.stop());
  beforeEach(async () => {
    await api.reset();
    cluster = new FakeCluster();
    api.cluster = cluster;
    await api.rows(
      `insert into nodes (name, incarnation, roles, protocol_version, config_digest, started_at, renewed_at, lease_until, held_since, renewing_since,
         ended_at, end_reason, nats_reachable, ready, draining, connections, max_connections, clock_offset_ms, endpoints)
       select name, 1, '{gateway}', 1, '', now(), now(), now(), now(), now(), ended_at, reason, true, true, false, 0, 10, 0, '[]'
       from (values ('gateway-1', null::timestamptz, null), ('gateway-2', null, null), ('gateway-9', now(), 'left'))
         as n (name, ended_at, reason)`,
    );
    for (const [username, compId] of [
      ['alice', 1001],
      ['bob', 1002],
      ['carol', 1003],
    ] as const) {
      await api.post('/v1/users', { username, password: 'correct horse', compId });
    }
  });

  /** A row as a gateway leaves it. */
  async function session(compId: number, gateway: string | null, clean = false): Promise<void> {
    const owner = gateway === null ? 'null, null' : `'${gateway}', 1`;
    await api.rows(
      'insert into fix_sessions (sender_comp_id, next_in, next_out, reserved_out, clean, owner, owner_incarnation, epoch) ' +
        `values (${compId}, 1, 1, 0, ${clean}, ${owner}, 3)`,
    );
  }

  describe('and the sessions', () => {
    it('ends that of a disabled member at whichever gateway it is', async () => {
      expect((await api.post('/v1/users/alice/disable')).status).to.equal(200);
      const message = { type: 'LogoutMember', senderCompId: 1001, text: 'disabled by the operator' };
      expect(api.told).to.deep.equal([
        { address: FIRST, message },
        { address: SECOND, message },
      ]);
    });

    it('cancels once more when the session has ended at another gateway', async () => {
      await session(1001, 'gateway-2');
      let cancels = 0;
      api.take = ({ type }) => {
        if (type === 'SubmitAccountCommand') cancels += 1;
      };
      api.reply = async () => {
        // The gateway says so in rows, after the first cancel.
        if (cancels === 1)
          await api.rows('update fix_sessions set clean = true, owner = null, owner_incarnation = null');
        return { type: 'CancelsRequested', orderCount: 2 };
      };
      const { body } = await api.post('/v1/users/alice/disable', { cancelOrders: true });
      expect(body).to.deep.include({ status: 'disabled', cancelsRequested: 4, unreachable: [] });
      expect(cancels).to.equal(2);
    });

    it('resets the numbers where the member is, and anywhere when it is nowhere', async () => {
      await session(1001, 'gateway-2');
      await session(1002, 'gateway-9');
      await session(1003, null, true);
      for (const username of ['alice', 'bob', 'carol']) {
        expect((await api.post(`/v1/users/${username}/reset-numbers`)).status).to.equal(200);
      }
      expect(api.told.map(({ address }) => address)).to.deep.equal([SECOND, FIRST, FIRST]);
    });

    it('is told when the gateway of the session cannot be', async () => {
      await session(1001, 'gateway-2');
      await session(1002, 'gateway-1');
      cluster.unlinked.add('gateway-2');
      const error = 'alice is disabled, but gateway-2, which has its session, cannot be reached; try again';
      const disabled = await api.post('/v1/users/alice/disable');
      expect([disabled.status, disabled.body]).to.deep.equal([
        503,
        { ...disabled.body, status: 'disabled', error },
      ]);
      expect((await api.post('/v1/users/bob/disable')).status).to.equal(200);
      expect((await api.post('/v1/users/alice/reset-numbers')).body).to.deep.equal({
        error: "gateway-2, which has the member's session, cannot be reached now: try again",
      });
      expect((await api.post('/v1/announcements', { headline: 'x' })).body).to.deep.include({
        unreached: ['gateway-2'],
      });
      api.reply = () => ({ type: 'CancelsRequested', orderCount: 1 });
      const killed = await api.post('/v1/kill-switch', { username: 'alice', reason: 'why' });
      expect(killed.status).to.equal(503);
      expect(killed.body).to.deep.include({
        error:
          'alice is disabled; cancels requested: 1, but not reached: the session at gateway-2 (it cannot be reached); ' +
          'try again',
      });
    });

    it('is sent on by a node that only answers for DNS', async () => {
      cluster.nodes.push(nodeInView(idOf('dns-1'), 'dns'));
      cluster.self = 'dns-1';
      for (const url of [
        '/v1/users/alice/disable',
        '/v1/kill-switch',
        '/v1/transfers',
        '/v1/announcements',
      ]) {
        const { status, body } = await api.post(url, {});
        expect([url, status, body]).to.deep.equal([
          url,
          409,
          { error: 'dns-1 only answers for DNS: ask a gateway or an engine (--node)' },
        ]);
      }
      expect(api.told).to.deep.equal([]);
      expect((await api.get('/v1/status')).status).to.equal(200);
      expect((await api.post('/v1/drain', { node: 'dns-1', force: true })).status).to.equal(200);
    });

    it('is told when no gateway is there to reset them', async () => {
      for (const name of ['gateway-1', 'gateway-2']) cluster.change(name, { isAlive: false });
      const { status, body } = await api.post('/v1/users/alice/reset-numbers');
      expect([status, body]).to.deep.equal([503, { error: 'no gateway is there to do it: start one' }]);
    });

    it('announces to the members of all gateways', async () => {
      await session(1001, 'gateway-1');
      await session(1002, 'gateway-2');
      await session(1003, 'gateway-9');
      const { body } = await api.post('/v1/announcements', { headline: 'tonight' });
      expect(body).to.deep.equal({ headline: 'tonight', memberCount: 2 });
      expect(api.told.map(({ address }) => address)).to.deep.equal([FIRST, SECOND]);
    });
  });

  it('shows a new symbol to the engines at once, and lists it though they cannot be reached', async () => {
    const terms = { base: 'SOL', quote: 'USD', tick: '0.01', lot: '0.1' };
    const add = (symbol: string) => api.post('/v1/instruments', { symbol, ...terms });
    expect((await add('SOL-USD')).status).to.equal(201);
    expect(cluster.asked).to.deep.equal([['place', ['SOL-USD'], [], undefined]]);
    cluster.placeFault = new Error('no database');
    expect((await add('SOL-EUR')).status).to.equal(201);
  });

  describe('asks for the status', () => {
    const status = async (): Promise<ClusterStatus> => {
      const { cluster: shown } = (await api.get('/v1/status')).body;
      return shown as ClusterStatus;
    };

    it('and sees nodes, owners that live, and open sessions with their gateways', async () => {
      await session(1001, 'gateway-1');
      await session(1002, 'gateway-9');
      await session(1003, 'gateway-2', true);
      cluster.carrierFault = 'nobody listens';
      cluster.fixedPlacement.set('BTC-USD', 'engine-1');
      cluster.change('gateway-2', {}, { connections: 3, endpoints: [{ host: '::1', port: 9880 }] });
      cluster.change('engine-1', { isAlive: false, endReason: 'its lease was over' });
      cluster.symbols.set('ETH-USD', {
        owner: { name: 'engine-2', incarnation: 1 },
        epoch: 7,
        placedOn: 'engine-2',
      });
      const seen = await status();
      expect(seen).to.deep.include({
        self: 'gateway-1',
        natsReachable: true,
        natsFault: 'nobody listens',
        symbols: [
          { symbol: 'BTC-USD', owner: null, epoch: 1, placedOn: null, configuredOn: 'engine-1' },
          { symbol: 'ETH-USD', owner: 'engine-2', epoch: 7, placedOn: 'engine-2', configuredOn: null },
        ],
        sessions: [{ compId: 1001, username: 'alice', gateway: 'gateway-1', epoch: 3 }],
        moreSessions: false,
        sessionsFault: null,
      });
      const facts = seen.nodes.map(({ name, alive, endedBecause, symbolCount, shardCount, connections }) => {
        return [name, alive, endedBecause, symbolCount, shardCount, connections];
      });
      expect(facts).to.deep.equal([
        ['engine-1', false, 'its lease was over', 1, 2, 0],
        ['engine-2', true, null, 1, 0, 0],
        ['gateway-1', true, null, 0, 0, 0],
        ['gateway-2', true, null, 0, 0, 3],
      ]);
      expect(seen.nodes[3]?.addresses).to.deep.equal(['[::1]:9880']);
    });

    it('and is told when its rows are of the past: no other node is ready then, and this one has its lease no more', async () => {
      cluster.change('gateway-1', { leaseAgeMs: 300, leaseLeftMs: 4_700 });
      const facts = async () => {
        const { readAgeMs, outdated, nodes } = await status();
        const [engine, , self] = nodes.map(({ ready, leaseAgeMs, leaseLeftMs }) => [
          ready,
          leaseAgeMs,
          leaseLeftMs,
        ]);
        return { readAgeMs, outdated, engine, self };
      };
      cluster.ageMs = cluster.renewMs + 100;
      const fresh = { engine: [true, 0, 5_000], self: [true, 300, 4_700] };
      expect(await facts()).to.deep.equal({ readAgeMs: 1_767, outdated: false, ...fresh });
      cluster.ageMs = 4_000;
      const missed = { engine: [false, 0, 5_000], self: [false, 4_300, 700] };
      expect(await facts()).to.deep.equal({ readAgeMs: 4_000, outdated: true, ...missed });
      cluster.ageMs = 9_000;
      expect((await facts()).self).to.deep.equal([false, 9_300, 0]);
      cluster.ageMs = undefined;
      expect(await facts()).to.deep.include({ readAgeMs: null, outdated: true });
    });

    it('and is told that the database is away as readiness is, though nothing was committed since', async () => {
      const usual = api.readiness;
      const databaseFault = 'the database cannot be reached';
      api.readiness = { ...api.readiness, ready: false, reasons: [databaseFault], databaseFault };
      expect((await api.get('/v1/status')).body).to.deep.include({
        database: { up: false, reason: databaseFault },
        notReadyBecause: [databaseFault],
      });
      api.readiness = usual;
    });

    it('and sees whose clock is wrong, and who runs with another configuration', async () => {
      const settings = { tradingCalendar: 'UTC', lease: 5_000 };
      const usual = configDigest(settings);
      for (const { name } of cluster.nodes) cluster.change(name, { configDigest: usual });
      const other = configDigest({ tradingCalendar: 'Europe/Zurich', lease: 6_000 });
      cluster.change('engine-2', { configDigest: other }, { clockOffsetMs: -1_440 });
      cluster.change('gateway-1', {}, { clockOffsetMs: 3_600_000 });
      cluster.change('gateway-2', {}, { clockOffsetMs: 1_000 });
      cluster.nodes.push({ ...nodeInView(idOf('engine-3'), 'engine', false), configDigest: other });
      cluster.change('engine-3', {}, { clockOffsetMs: 9_000 });
      const { nodes } = await status();
      expect(nodes.map(({ name, warnings }) => [name, ...warnings])).to.deep.equal([
        ['engine-1'],
        [
          'engine-2',
          "its clock is 1.4 s behind the database's",
          'runs with another configuration than engine-1: lease, tradingCalendar',
        ],
        ['gateway-1', "its clock is 3600.0 s ahead of the database's"],
        ['gateway-2'],
        ['engine-3'],
      ]);
      expect(nodes[1]?.clockOffsetMs).to.equal(-1_440);
    });

    it('and sees no more than a thousand sessions, and that there are more', async () => {
      await api.rows(
        'insert into fix_sessions (sender_comp_id, next_in, next_out, reserved_out, clean, owner, owner_incarnation) ' +
          `select n, 1, 1, 0, false, 'gateway-1', 1 from generate_series(1, ${MAX_SESSIONS + 5}) n`,
      );
      const { sessions, moreSessions } = await status();
      expect([sessions.length, moreSessions]).to.deep.equal([MAX_SESSIONS, true]);
    });

    it('of a venue in one process, and sees no cluster', async () => {
      api.cluster = undefined;
      expect((await api.get('/v1/status')).body).to.not.have.property('cluster');
    });
  });
});

describe('the status of a cluster without its database', () => {
  it('has everything but the sessions', async () => {
    const api = await AdminApi.start();
    api.cluster = new FakeCluster();
    await api.loseDatabase();
    const { status, body } = await api.get('/v1/status');
    const { cluster } = body as unknown as { readonly cluster: ClusterStatus };
    expect([status, cluster.nodes.length, cluster.sessions]).to.deep.equal([200, 4, []]);
    expect(cluster.sessionsFault).to.match(/^the database does not tell them/);
    await api.stop().catch(() => undefined);
  });
});

/** Where operators put symbols, how the cluster would be spread, and how a node is emptied. */
import { expect } from 'chai';
import { MembershipUnavailableError } from '../../src/cluster/membership.ts';
import { AdminApi, type Answered } from '../support/admin-api.ts';
import { nodeInView } from '../support/cluster-view.ts';
import { FakeCluster, idOf } from '../support/fake-cluster.ts';

describe('the admin API of a cluster', () => {
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
  });

  const audited = async (): Promise<unknown> => {
    const rows = await api.rows('select action, details from audit order by id');
    return rows.map(({ action, details }) => [action, details]);
  };

  async function isRefused(answered: Promise<Answered>, status: number, error: RegExp): Promise<void> {
    const { status: got, body } = await answered;
    const { error: text } = body;
    expect(got, String(text)).to.equal(status);
    expect(text).to.match(error);
    expect(cluster.asked).to.deep.equal([]);
  }

  const place = (symbols: readonly string[], node: string | null) =>
    api.post('/v1/placement', { symbols, node });

  describe('places symbols', () => {
    it('on an engine, and says where they were and where they are', async () => {
      const { status, body } = await place(['BTC-USD'], 'engine-2');
      expect(status).to.equal(200);
      expect(body).to.deep.equal({
        node: 'engine-2',
        symbols: [{ symbol: 'BTC-USD', owner: 'engine-1', epoch: 1, placedOn: null }],
        shards: [],
      });
      expect((await api.get('/v1/owners?symbols=BTC-USD&shards=1')).body).to.deep.equal({
        symbols: [{ symbol: 'BTC-USD', owner: 'engine-2', epoch: 2, placedOn: 'engine-2' }],
        shards: [{ shard: 1, owner: 'engine-1', epoch: 1, placedOn: null }],
      });
      expect(await audited()).to.deep.equal([['place', { symbols: ['BTC-USD'], node: 'engine-2' }]]);
    });

    it('nowhere in particular', async () => {
      expect((await place(['BTC-USD'], null)).status).to.equal(200);
      expect(cluster.asked).to.deep.equal([['place', ['BTC-USD'], [], undefined]]);
    });

    it('not at a node that is between two lives, and says who has what there neither', async () => {
      cluster.nodes = [];
      cluster.symbols.clear();
      cluster.shards.clear();
      const outside = /^this node is out of the cluster and about to join again/;
      await isRefused(place(['BTC-USD'], 'engine-2'), 503, outside);
      await isRefused(api.get('/v1/owners?symbols=&shards=1'), 503, outside);
      await isRefused(api.get('/v1/rebalance'), 503, outside);
    });

    it('of which each has an instrument', async () => {
      await isRefused(place(['BTC-USD', 'XXX'], 'engine-2'), 404, /^there is no instrument "XXX"$/);
      await isRefused(
        api.post('/v1/placement', { shards: [64], node: null }),
        404,
        /no shard 64: they are 0 to 1/,
      );
      await isRefused(api.get('/v1/owners?symbols=XXX'), 404, /no instrument "XXX"/);
    });

    it('on nothing but an engine that can take them', async () => {
      await isRefused(
        place(['BTC-USD'], 'engine-9'),
        404,
        /^there is no node "engine-9"; engines that run: engine-1, engine-2$/,
      );
      await isRefused(
        place(['BTC-USD'], 'gateway-1'),
        409,
        /^gateway-1 is no engine: it has the role gateway$/,
      );
      cluster.change('engine-2', { isLeaseValid: false });
      await isRefused(place(['BTC-USD'], 'engine-2'), 409, /^engine-2 does not renew its lease$/);
      cluster.change('engine-2', { isLeaseValid: true }, { draining: true });
      await isRefused(place(['BTC-USD'], 'engine-2'), 409, /^engine-2 drains/);
      cluster.change('engine-2', {}, { draining: false, natsReachable: false });
      await isRefused(place(['BTC-USD'], 'engine-2'), 409, /^engine-2 does not reach NATS$/);
      cluster.change('engine-2', { isAlive: false, endReason: 'its lease was over' });
      await isRefused(place(['BTC-USD'], 'engine-2'), 409, /^engine-2 does not run: its lease was over$/);
      expect(await audited()).to.deep.equal([]);
    });

    it('on none that NATS does not reach while it reaches another, though that takes nothing now', async () => {
      cluster.change('engine-1', {}, { draining: true });
      cluster.change('engine-2', {}, { natsReachable: false });
      await isRefused(place(['BTC-USD'], 'engine-2'), 409, /^engine-2 does not reach NATS$/);
      cluster.change('engine-1', { isLeaseValid: false });
      expect((await place(['BTC-USD'], 'engine-2')).status).to.equal(200);
    });

    it('also while NATS reaches nobody', async () => {
      for (const name of ['engine-1', 'engine-2']) cluster.change(name, {}, { natsReachable: false });
      expect((await place(['BTC-USD'], 'engine-2')).status).to.equal(200);
    });

    it('and says so when it is not known whether it has', async () => {
      cluster.placeFault = new MembershipUnavailableError('no answer');
      await isRefused(place(['BTC-USD'], 'engine-2'), 503, /not known whether they are placed: no answer/);
    });

    it('in no venue of one process', async () => {
      api.cluster = undefined;
      for (const answered of [
        place(['BTC-USD'], 'engine-2'),
        api.get('/v1/owners'),
        api.get('/v1/rebalance'),
        api.get('/v1/drain'),
        api.post('/v1/drain', { node: 'local' }),
      ]) {
        await isRefused(
          answered,
          409,
          /^this node is in no cluster: .*; name a node of a cluster with --node, or /,
        );
      }
    });
  });

  describe('spreads symbols', () => {
    const symbols = Array.from({ length: 40 }, (_, i) => `S${i}`);
    interface Plan {
      readonly engines: readonly string[];
      readonly symbols: readonly { readonly key: string; readonly from: string; readonly to: string }[];
      readonly kept: number;
      readonly spread: readonly {
        readonly engine: string;
        readonly symbols: number;
        readonly shards: number;
      }[];
    }
    const plan = async (query = ''): Promise<Plan> =>
      (await api.get(`/v1/rebalance${query}`)).body as unknown as Plan;

    beforeEach(() => {
      cluster = new FakeCluster('gateway-1', symbols, 64);
      api.cluster = cluster;
    });

    it('over engines that run: about half to the second, none twice, and then none', async () => {
      const first = await plan();
      expect(first.engines).to.deep.equal(['engine-1', 'engine-2']);
      expect(first.symbols.length).to.be.within(10, 30);
      const [one, two] = first.spread;
      expect([one?.engine, one?.symbols]).to.deep.equal(['engine-1', symbols.length - first.symbols.length]);
      expect([two?.engine, two?.symbols]).to.deep.equal(['engine-2', first.symbols.length]);
      expect((one?.shards ?? 0) + (two?.shards ?? 0)).to.equal(64);
      for (const { from, to } of first.symbols) expect([from, to]).to.deep.equal(['engine-1', 'engine-2']);
      await cluster.place({ symbols: first.symbols.map(({ key }) => key), shards: [] }, 'engine-2');
      await cluster.place({ symbols: first.symbols.map(({ key }) => key), shards: [] }, undefined);
      expect((await plan()).symbols).to.deep.equal([]);
    });

    it('but a third engine gets a part of both, and nothing moves between them', async () => {
      const { symbols: moves } = await plan();
      await cluster.place({ symbols: moves.map(({ key }) => key), shards: [] }, 'engine-2');
      await cluster.place({ symbols: moves.map(({ key }) => key), shards: [] }, undefined);
      cluster.nodes.push(nodeInView(idOf('engine-3'), 'engine'));
      const third = (await plan()).symbols;
      expect(new Set(third.map(({ to }) => to))).to.deep.equal(new Set(['engine-3']));
      expect(new Set(third.map(({ from }) => from))).to.deep.equal(new Set(['engine-1', 'engine-2']));
    });

    it('and leaves what is placed, unless it is asked for what operators have placed', async () => {
      const [one, two] = (await plan()).symbols.map(({ key }) => key);
      cluster.fixedPlacement.set(String(one), 'engine-1');
      await cluster.place({ symbols: [String(two)], shards: [] }, 'engine-1');
      const kept = await plan();
      expect(kept.kept).to.equal(2);
      expect(kept.symbols.map(({ key }) => key))
        .to.not.include(one)
        .and.not.include(two);
      const all = (await plan('?includePlaced=true')).symbols.map(({ key }) => key);
      expect(all).to.not.include(one);
      expect(all).to.include(two);
    });

    it('leaves what nobody has to the engine that takes it', async () => {
      cluster.change('engine-1', { isAlive: false });
      expect((await plan()).symbols).to.deep.equal([]);
    });
  });

  describe('drains its node', () => {
    const drain = (more: object = {}) => api.post('/v1/drain', { node: cluster.self, ...more });

    it('and says what is left', async () => {
      cluster.self = 'engine-1';
      cluster.progress = { symbols: 2, shards: 2, sessions: 0 };
      expect((await drain()).body).to.deep.include({ node: 'engine-1', draining: true, ...cluster.progress });
      expect(cluster.asked).to.deep.equal(['drain']);
      cluster.progress = { symbols: 0, shards: 0, sessions: 0 };
      expect((await api.get('/v1/drain')).body).to.deep.equal({
        node: 'engine-1',
        draining: true,
        symbols: 0,
        shards: 0,
        sessions: 0,
      });
      const undrain = async () => (await api.post('/v1/undrain', { node: 'engine-1' })).body;
      expect(await undrain()).to.deep.include({ draining: false, wasDraining: true });
      expect(cluster.asked).to.deep.equal(['drain', 'undrain']);
      expect(await audited()).to.deep.equal([
        ['drain', { node: 'engine-1' }],
        ['undrain', { node: 'engine-1' }],
      ]);
      expect(await undrain()).to.deep.include({ draining: false, wasDraining: false });
    });

    it('only when it is the one that is meant', async () => {
      await isRefused(
        api.post('/v1/drain', { node: 'engine-2' }),
        409,
        /^this is the node gateway-1, not engine-2/,
      );
    });

    it('only when others can take what it has, or by force', async () => {
      cluster.self = 'engine-1';
      cluster.progress = { symbols: 2, shards: 2, sessions: 0 };
      cluster.change('engine-2', {}, { draining: true });
      await isRefused(drain(), 409, /^no other engine can take what engine-1 has \(2 symbols and 2 shards/);
      cluster.self = 'gateway-1';
      cluster.progress = { symbols: 0, shards: 0, sessions: 3 };
      cluster.change('gateway-2', {}, { ready: false });
      await isRefused(drain(), 409, /^no other gateway takes the 3 sessions of gateway-1/);
      expect((await drain({ force: true })).status).to.equal(200);
    });

    it('only when other gateways have room for its members, or by force', async () => {
      cluster.progress = { symbols: 0, shards: 0, sessions: 3 };
      cluster.change('gateway-2', {}, { connections: 98, maxConnections: 100 });
      await isRefused(
        drain(),
        409,
        /^gateway-1 has 3 sessions, and the other gateway has room for 2 \(limits\.maxConnections\): start .* --force/,
      );
      cluster.change('engine-2', { roles: ['gateway', 'engine'] }, { connections: 105, maxConnections: 100 });
      await isRefused(drain(), 409, /the other gateways together have room for 2 /);
      cluster.change('engine-2', {}, { connections: 99 });
      expect((await drain()).status).to.equal(200);
    });

    it('not to gateways that NATS does not reach', async () => {
      cluster.progress = { symbols: 0, shards: 0, sessions: 3 };
      cluster.change('gateway-2', {}, { natsReachable: false });
      await isRefused(drain(), 409, /^no other gateway takes the 3 sessions of gateway-1/);
    });

    it('and, the last one that answers for DNS, only by force', async () => {
      cluster.self = 'dns-1';
      cluster.nodes.push(nodeInView(idOf('dns-1'), 'dns'), nodeInView(idOf('dns-2'), 'dns'));
      cluster.change('dns-2', {}, { draining: true });
      await isRefused(
        drain(),
        409,
        /^no other node answers for DNS: dns-1 goes on while it drains, .* --force$/,
      );
      cluster.change('dns-2', { isLeaseValid: false }, { draining: false });
      await isRefused(drain(), 409, /^no other node answers for DNS/);
      cluster.change('dns-2', { isLeaseValid: true });
      expect((await drain()).body).to.deep.include({ draining: true, roles: ['dns'] });
      cluster.nodes.pop();
      expect((await drain({ force: true })).status).to.equal(200);
    });

    it('and tells the last engine that nobody could take its symbols', async () => {
      cluster.self = 'engine-1';
      cluster.progress = { symbols: 2, shards: 2, sessions: 0 };
      cluster.change('engine-2', { isAlive: false });
      await isRefused(drain(), 409, /^no other engine .*: start one, or say --force$/);
    });
  });
});

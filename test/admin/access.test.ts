import { createServer } from 'node:net';
import { expect } from 'chai';
import { NO_BOOKS } from '../../src/admin/books-status.ts';
import { AdminPortInUse, startAdminServer } from '../../src/admin/server.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ADMIN_TOKEN, AdminApi, IDLE_STATUS } from '../support/admin-api.ts';

const READY = { ready: true, reasons: [], books: NO_BOOKS };

describe('the admin API', () => {
  let api: AdminApi;
  before(async () => {
    api = await AdminApi.start();
  });
  after(() => api.stop());
  beforeEach(() => {
    api.status = IDLE_STATUS;
    api.readiness = READY;
  });

  it('tells anybody whether the node lives and is ready, and why not', async () => {
    const nobody = { authorization: '' };
    expect(await api.call('GET', '/health/live', undefined, nobody)).to.deep.equal({
      status: 200,
      body: { live: true },
    });
    expect((await api.call('GET', '/health/ready', undefined, nobody)).status).to.equal(200);
    api.readiness = {
      ready: false,
      reasons: ['the database is down', 'the node is stopping'],
      books: NO_BOOKS,
    };
    expect(await api.call('GET', '/health/ready', undefined, nobody)).to.deep.equal({
      status: 503,
      body: { ready: false, reasons: ['the database is down', 'the node is stopping'], books: NO_BOOKS },
    });
  });

  it('answers everything else to the holder of the token only', async () => {
    const paths = ['/v1/status', '/v1/users', '/v1/nothing', '/health/live/x', '//health/live'];
    for (const path of paths) {
      for (const authorization of ['', 'Bearer ', `Bearer ${ADMIN_TOKEN}0`, ADMIN_TOKEN, 'Basic eDp5']) {
        const { status, body } = await api.call('GET', path, undefined, { authorization });
        expect(status, `${path} ${authorization}`).to.equal(401);
        expect(body).to.have.keys('error');
      }
    }
    expect((await api.get('/v1/status')).status).to.equal(200);
  });

  it('names what is wrong with a request, in one sentence', async () => {
    expect(await api.get('/v1/nothing?x=1')).to.deep.equal({
      status: 404,
      body: { error: 'there is no GET /v1/nothing' },
    });
    const wrong: readonly (readonly [object | string, number, string])[] = [
      [{}, 400, "body must have required property 'username'"],
      [{ username: 1, password: 'longenough', compId: 1 }, 400, 'username must be string'],
      [{ username: 'a', password: 'longenough', compId: '1' }, 400, 'compId must be integer'],
      [
        { username: 'a', password: 'longenough', compId: 1, admin: true },
        400,
        'there is no field "admin" here',
      ],
    ];
    for (const [body, status, error] of wrong) {
      expect(await api.post('/v1/users', body as object)).to.deep.equal({ status, body: { error } });
    }
    const broken = await api.call('POST', '/v1/users', '{"a":', { 'content-type': 'application/json' });
    expect(broken.status).to.equal(400);
    expect(broken.body).to.have.keys('error');
    const large = await api.post('/v1/users', { username: 'a'.repeat(5_000) });
    expect(large.status).to.equal(413);
  });

  it('shows the node’s state with times for people and halts with their reasons', async () => {
    api.readiness = { ready: false, reasons: ['draining'], books: NO_BOOKS };
    api.status = {
      ...IDLE_STATUS,
      draining: true,
      sessions: [{ compId: 1001, since: 0, remoteAddress: '127.0.0.1:5' }],
      symbols: [
        { symbol: 'AAPL', status: { type: 'Open' }, ready: true, referencePrice: '100.00' },
        {
          symbol: 'BTC-USD',
          status: { type: 'Halted', by: 'crash', reason: 'three incidents' },
          ready: false,
          referencePrice: undefined,
        },
      ],
    };
    const { body } = await api.get('/v1/status');
    expect(body).to.deep.include({
      node: 'local',
      draining: true,
      ready: false,
      notReadyBecause: ['draining'],
      sessions: [{ compId: 1001, since: '1970-01-01T00:00:00.000Z', remoteAddress: '127.0.0.1:5' }],
      symbols: [
        {
          symbol: 'AAPL',
          ready: true,
          referencePrice: '100.00',
          status: 'open',
          haltedBy: null,
          reason: null,
        },
        { symbol: 'BTC-USD', ready: false, status: 'halted', haltedBy: 'crash', reason: 'three incidents' },
      ],
    });
  });

  it('says that the database is away, and still shows the node’s state', async () => {
    const lost = await AdminApi.start();
    await lost.loseDatabase();
    lost.status = { ...IDLE_STATUS, database: { up: false, reason: 'connection refused' } };
    try {
      expect(await lost.get('/v1/users')).to.deep.equal({
        status: 503,
        body: { error: 'the database does not answer: connection refused' },
      });
      expect((await lost.get('/v1/status')).status).to.equal(200);
    } finally {
      await lost.stop();
    }
  });

  it('keeps an unforeseen failure to the log', async () => {
    api.reply = () => ({ type: 'Drained' });
    await api.post('/v1/users', { username: 'unforeseen', password: 'longenough', compId: 77 });
    const { status, body } = await api.post('/v1/orders/cancel', { username: 'unforeseen' });
    expect({ status, body }).to.deep.equal({
      status: 500,
      body: { error: 'the request failed; the log of the node says why' },
    });
    expect(api.logged.map(({ event }) => event)).to.include('operator request failed');
  });

  it('listens on a port of the system’s choice, and says so when a port is taken', async () => {
    const control = {
      orm: api.orm,
      gatewayName: 'fix',
      tell() {},
      ask: async () => ({ type: 'Drained' }) as const,
      metrics: { contentType: 'text/plain', text: async () => '' },
      status: () => IDLE_STATUS,
      databaseFault: async () => undefined,
      readiness: async () => READY,
      now: () => 0,
      hashPassword: async () => '',
    };
    const options = { host: '127.0.0.1', token: ADMIN_TOKEN, control, log: silentLog };
    const server = await startAdminServer({ ...options, port: 0 });
    try {
      const response = await fetch(`http://127.0.0.1:${server.port}/health/live`);
      expect(await response.json()).to.deep.equal({ live: true });
      const second = await startAdminServer({ ...options, port: server.port }).catch(
        (error: unknown) => error,
      );
      expect(second).to.be.instanceOf(AdminPortInUse);
      expect((second as AdminPortInUse).message)
        .to.contain(`127.0.0.1:${server.port}`)
        .and.contain('--admin-port');
    } finally {
      await server.close();
    }
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(server.port, '127.0.0.1', resolve));
    await new Promise((resolve) => free.close(resolve));
  });
});

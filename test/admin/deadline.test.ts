import { expect } from 'chai';
import type { VenueControl } from '../../src/admin/control.ts';
import { buildAdminServer } from '../../src/admin/server.ts';
import type { Log } from '../../src/platform/log.ts';
import { ADMIN_TOKEN, IDLE_STATUS } from '../support/admin-api.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { until } from '../support/until.ts';

const TIMEOUT_MS = 4_000;
const FROZEN = 'the database does not answer';
const DEPOSIT = { type: 'deposit', username: 'alice', asset: 'USD', amount: '1' };

describe('an operator’s request', () => {
  let clock: ManualClock;
  /** Ends the statement that every request waits for. */
  let thaw: (rows: readonly unknown[]) => void;
  let databaseFault: VenueControl['databaseFault'];
  let probes: number;
  let logged: string[];
  let app: ReturnType<typeof buildAdminServer>;

  beforeEach(() => {
    clock = new ManualClock(0);
    probes = 0;
    logged = [];
    databaseFault = async () => FROZEN;
    const statement = new Promise<readonly unknown[]>((resolve) => {
      thaw = resolve;
    });
    const em = { find: () => statement, findOne: () => statement, transactional: () => statement };
    const control = {
      orm: { em: { fork: () => em } },
      now: () => 0,
      gatewayName: 'fix',
      status: () => IDLE_STATUS,
      metrics: { contentType: 'text/plain', text: () => statement },
      databaseFault() {
        probes += 1;
        return databaseFault();
      },
    } as unknown as VenueControl;
    const note = (event: string): void => {
      logged.push(event);
    };
    const log: Log = { debug: note, info: note, warn: note, error: note, with: () => log };
    const limits = { maxAdminBodyBytes: 4_096, maxAdminRows: 5, operatorTimeoutMs: TIMEOUT_MS };
    app = buildAdminServer({ token: ADMIN_TOKEN, control, log, limits, clock });
  });
  afterEach(() => app.close());

  interface Answered {
    readonly status: number;
    readonly error: string;
  }

  /** What is answered while the clock goes on for so long. */
  async function answeredWithin(
    ms: number,
    method: 'GET' | 'POST',
    url: string,
    payload?: object,
  ): Promise<Answered | undefined> {
    let answered: Answered | undefined;
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const asked = app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
    const waiting = asked.then((response) => {
      answered = { status: response.statusCode, error: response.json().error };
    });
    await until('the request to wait', () => clock.timerCount > 0 || answered !== undefined);
    for (let passed = 0; passed < ms && answered === undefined; passed += 100) {
      clock.advance(100);
      // What promises do now, a real clock does between two timers.
      await new Promise(setImmediate);
    }
    if (answered !== undefined) await waiting;
    return answered;
  }

  it('is answered with 503 in time when the database stands still, whatever it asks for', async () => {
    for (const url of ['/v1/users', '/v1/orders', '/v1/trades', '/v1/balances', '/v1/instruments']) {
      const error = `${FROZEN}; try again`;
      expect(await answeredWithin(TIMEOUT_MS, 'GET', url), url).to.deep.equal({ status: 503, error });
    }
    const error = `${FROZEN}; it may still come into effect, look before you repeat it`;
    for (const [url, body] of [
      ['/v1/kill-switch', { reason: 'why' }],
      ['/v1/users/alice/disable', {}],
      ['/v1/users/alice/terms', { resetOnLogout: true }],
      ['/v1/orders/cancel', { all: true }],
    ] as const) {
      expect(await answeredWithin(TIMEOUT_MS, 'POST', url, body), url).to.deep.equal({ status: 503, error });
    }
  });

  it('for a transfer tells then the id with which it can be repeated, given or not', async () => {
    const given = await answeredWithin(TIMEOUT_MS, 'POST', '/v1/transfers', { ...DEPOSIT, id: 'wire-1' });
    const text = (id: string) =>
      `${FROZEN}; it may be booked, or come to be: repeat it with the id "${id}", and it is booked once`;
    expect(given).to.deep.equal({ status: 503, error: text('wire-1') });
    const made = await answeredWithin(TIMEOUT_MS, 'POST', '/v1/transfers', DEPOSIT);
    const [, id = ''] = /with the id "([0-9a-f-]{36})"/.exec(made?.error ?? '') ?? [];
    expect(made).to.deep.equal({ status: 503, error: text(id) });
  });

  it('is answered in time also when nothing is heard of whether the database answers', async () => {
    databaseFault = () => new Promise(() => {});
    const answered = await answeredWithin(TIMEOUT_MS, 'GET', '/v1/users');
    expect(answered).to.deep.equal({ status: 503, error: `${FROZEN}; try again` });
  });

  it('may take longer while the database answers, but not for ever', async () => {
    databaseFault = async () => undefined;
    const answered = await answeredWithin(6 * TIMEOUT_MS, 'GET', '/v1/users');
    expect(answered).to.deep.equal({ status: 504, error: 'no answer in time; try again' });
    expect(clock.now()).to.be.above(3 * TIMEOUT_MS);
    expect(probes).to.be.above(2);
  });

  it('that was answered goes on to its end, of which the log tells, and nobody is answered twice', async () => {
    await answeredWithin(TIMEOUT_MS, 'GET', '/v1/users');
    expect(logged).to.deep.equal(['operator request was not answered in time']);
    thaw([]);
    await until('the end', () => logged.length > 1);
    expect(logged.at(-1)).to.equal('operator request ended after its answer');
    expect(clock.timerCount).to.equal(0);
  });

  it('asks nobody whether the database is there when it is answered at once', async () => {
    thaw([]);
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    expect((await app.inject({ url: '/v1/users', headers })).json()).to.deep.equal({ users: [] });
    expect({ probes, timers: clock.timerCount }).to.deep.equal({ probes: 0, timers: 0 });
  });

  it('for the metrics is answered sooner: who collects them asks again', async () => {
    expect(await answeredWithin(2_000, 'GET', '/metrics')).to.deep.equal({
      status: 503,
      error: 'no answer in time',
    });
  });
});

import { expect } from 'chai';
import { AdminApi } from '../support/admin-api.ts';

const BTC = { symbol: 'BTC-USD', base: 'BTC', quote: 'USD', tick: '0.01', lot: '0.0001' };

describe('whether an instrument trades', () => {
  let api: AdminApi;
  before(async () => {
    api = await AdminApi.start();
  });
  after(() => api.stop());
  beforeEach(async () => {
    await api.reset();
    await api.post('/v1/instruments', BTC);
    api.told.length = 0;
  });

  const move = (to: 'halt' | 'cancel-only' | 'resume', reason?: string) =>
    api.post(`/v1/instruments/BTC-USD/${to}`, reason === undefined ? undefined : { reason });
  const told = (): unknown[] => api.told.map(({ message }) => message);
  const setStatus = (status: object): object => ({ type: 'SetTradingStatus', symbol: 'BTC-USD', status });

  async function row(): Promise<unknown> {
    const [found] = await api.rows('select status, halted_by, status_reason from instruments');
    return found;
  }

  async function audited(): Promise<unknown[]> {
    const rows = await api.rows(
      "select action, details from audit where action <> 'instrument add' order by id",
    );
    return rows.map(({ action, details }) => [action, details]);
  }

  it('is halted and resumed, rows first', async () => {
    const halted = await move('halt', 'news pending');
    expect(halted.body).to.include({ status: 'halted', haltedBy: 'operator', reason: 'news pending' });
    const resumed = await move('resume');
    expect(resumed.body).to.include({ status: 'open', haltedBy: null, reason: null });
    expect(told()).to.deep.equal([
      setStatus({ type: 'Halted', by: 'operator', reason: 'news pending' }),
      setStatus({ type: 'Open' }),
    ]);
    expect(await audited()).to.deep.equal([
      ['instrument halt', { symbol: 'BTC-USD', reason: 'news pending' }],
      ['instrument resume', { symbol: 'BTC-USD', was: 'halted', because: 'news pending' }],
    ]);
  });

  it('takes cancels only, from a halt too, and is resumed from that', async () => {
    await move('halt', 'news pending');
    const { body } = await move('cancel-only', 'last day of trading');
    expect(body).to.include({ status: 'cancel_only', haltedBy: null, reason: 'last day of trading' });
    expect(await row()).to.deep.equal({
      status: 'cancel_only',
      halted_by: null,
      status_reason: 'last day of trading',
    });
    await move('resume');
    expect(await row()).to.deep.equal({ status: 'open', halted_by: null, status_reason: null });
    expect(told().slice(1)).to.deep.equal([
      setStatus({ type: 'CancelOnly', reason: 'last day of trading' }),
      setStatus({ type: 'Open' }),
    ]);
    expect((await audited()).slice(1)).to.deep.equal([
      ['instrument cancel-only', { symbol: 'BTC-USD', reason: 'last day of trading' }],
      ['instrument resume', { symbol: 'BTC-USD', was: 'cancel_only', because: 'last day of trading' }],
    ]);
  });

  it('stays halted after a crash until it is resumed: nothing milder comes in between', async () => {
    await api.rows(
      "update instruments set status = 'halted', halted_by = 'crash', status_reason = 'it threw'",
    );
    expect(await move('halt', 'x')).to.deep.equal({
      status: 409,
      body: { error: 'BTC-USD is halted after a crash already: it threw' },
    });
    expect(await move('cancel-only', 'x')).to.deep.equal({
      status: 409,
      body: {
        error: 'BTC-USD is halted after a crash already: it threw; "onebook instrument resume" rebuilds it',
      },
    });
    expect(told()).to.deep.equal([]);
    expect(await audited()).to.deep.equal([]);
    expect((await move('resume')).body).to.include({ status: 'open' });
  });

  it('is told to the exchange in the order of the rows, however many operators are at it', async () => {
    const moves = Array.from({ length: 8 }, (_, no) =>
      no % 2 === 0 ? move('halt', `reason ${no}`) : move('cancel-only', `reason ${no}`),
    );
    await Promise.all(moves);
    const rows = (await audited()).map((entry) => (entry as [string, { reason: string }])[1].reason);
    const messages = api.told.map(({ message }) =>
      message.type === 'SetTradingStatus' && message.status.type !== 'Open' ? message.status.reason : message,
    );
    expect(messages).to.have.length(8).and.to.deep.equal(rows);
    expect(await row()).to.include({ status_reason: rows.at(-1) });
  });

  it('cannot be changed without a symbol that is there and a reason that members can be told', async () => {
    expect((await api.post('/v1/instruments/NOPE/resume')).status).to.equal(404);
    expect((await api.post('/v1/instruments/NOPE/halt', { reason: 'x' })).status).to.equal(404);
    expect((await api.post('/v1/instruments/NOPE/cancel-only', { reason: 'x' })).body).to.deep.equal({
      error: 'there is no instrument "NOPE"',
    });
    for (const to of ['halt', 'cancel-only'] as const) {
      expect((await move(to, 'a\u0001b')).status).to.equal(400);
      expect((await move(to, '')).status).to.equal(400);
      expect((await api.post(`/v1/instruments/BTC-USD/${to}`, {})).status).to.equal(400);
    }
    expect(told()).to.deep.equal([]);
  });

  it('is shown by the status as the running venue has it', async () => {
    const common = { symbol: 'X', ready: true, referencePrice: undefined };
    api.status = {
      ...api.status,
      symbols: [
        { ...common, status: { type: 'Open' } },
        { ...common, status: { type: 'CancelOnly', reason: 'last day' } },
        { ...common, status: { type: 'Halted', by: 'crash', reason: 'it threw' } },
      ],
    };
    const { symbols } = (await api.get('/v1/status')).body;
    const shown = (symbols as { status: string; haltedBy: string; reason: string }[]).map((one) => [
      one.status,
      one.haltedBy,
      one.reason,
    ]);
    expect(shown).to.deep.equal([
      ['open', null, null],
      ['cancel_only', null, 'last day'],
      ['halted', 'crash', 'it threw'],
    ]);
  });
});

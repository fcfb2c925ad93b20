/** What operators may say when they bust or correct a trade, what the venue is told of it, and what is on record. */
import { expect } from 'chai';
import type { Reply } from '../../src/actors/protocol.ts';
import { AdminApi } from '../support/admin-api.ts';

const DONE: Reply = {
  type: 'TradeAmended',
  tradeId: 9,
  symbol: 'BTC-USD',
  kind: 'correct',
  priceBefore: '10.00',
  quantityBefore: '1.5',
  price: '9.00',
  quantity: '1.0',
  charges: [{ username: 'alice', asset: 'USD', amount: '3' }],
};

describe('an operator who amends trades', () => {
  let api: AdminApi;

  before(async () => {
    api = await AdminApi.start();
    for (const [username, compId] of [
      ['alice', 1001],
      ['bob', 1002],
    ] as const) {
      await api.post('/v1/users', { username, password: 'correct horse', compId });
    }
    await api.post('/v1/instruments', {
      symbol: 'BTC-USD',
      base: 'BTC',
      quote: 'USD',
      tick: '0.01',
      lot: '0.1',
    });
    const order = (id: number, username: string, side: '1' | '2'): string =>
      `(${id}, (select id from users where username = '${username}'), 'BTC-USD', 'c${id}', 'c${id}', '${side}', '2', '1',
        10, 10, 1.5, 1.5, 1.5, 0, 15, 0, 0, 0, '2', false, ${id}, ${id}, '2026-03-01', now(), now())`;
    await api.rows(
      `insert into orders (id, user_id, symbol, entry_cl_ord_id, cl_ord_id, side, ord_type, time_in_force, entry_price,
         price, entry_quantity, quantity, filled_quantity, remaining_quantity, cum_notional, maker_fee_rate,
         taker_fee_rate, hold, status, is_open, priority, accepted_seq, trading_day, created_at, updated_at)
       values ${order(4, 'alice', '1')}, ${order(5, 'bob', '2')}`,
    );
    await api.rows(
      `insert into trades (id, symbol, price, quantity, maker_order_id, taker_order_id, maker_user_id, taker_user_id,
         taker_side, maker_fee, taker_fee, executed_at, maker_seq, taker_seq)
       select 9, 'BTC-USD', 10, 1.5, 4, 5, m.user_id, t.user_id, '2', 0, 0, '2026-03-01T10:00:00Z', 2, 3
         from orders m, orders t where m.id = 4 and t.id = 5`,
    );
  });
  after(() => api.stop());
  beforeEach(async () => {
    api.told.length = 0;
    api.reply = () => DONE;
    await api.rows("set local onebook.append_only = 'off'; truncate audit, trade_amendments");
  });

  async function audited(): Promise<unknown[]> {
    return api.rows('select actor, action, details from audit order by id');
  }

  const body = { reason: 'fat finger' };

  it('tells the venue what is asked, and is answered with the trade as it stands', async () => {
    const answered = await api.call(
      'POST',
      '/v1/trades/9/correct',
      { ...body, price: '9' },
      {
        'x-onebook-operator': 'olga',
      },
    );
    const { type: _, ...amended } = DONE;
    expect(answered).to.deep.equal({ status: 200, body: amended });
    expect(api.told.at(-1)?.message).to.deep.include({
      type: 'SubmitTradeAmendment',
      tradeId: 9,
      wanted: { type: 'Correct', price: '9', quantity: undefined },
      chargesVenue: false,
      reason: 'fat finger',
      requestedBy: 'olga',
    });
    await api.post('/v1/trades/9/bust', { ...body, chargeVenue: true });
    expect(api.told.at(-1)?.message).to.deep.include({ wanted: { type: 'Bust' }, chargesVenue: true });
  });

  it('leaves it to the commit to record what is done', async () => {
    await api.post('/v1/trades/9/bust', body);
    expect(await audited()).to.deep.equal([]);
  });

  it('is told why not, and that is on record', async () => {
    api.reply = () => ({ type: 'CommandRejected', text: 'alice lacks 1 BTC: 0 of 1 BTC is available' });
    expect(await api.post('/v1/trades/9/bust', body)).to.deep.equal({
      status: 409,
      body: { error: 'alice lacks 1 BTC: 0 of 1 BTC is available' },
    });
    expect(await audited()).to.deep.equal([
      {
        actor: 'operator',
        action: 'trade bust',
        details: {
          tradeId: 9,
          reason: 'fat finger',
          outcome: { refused: 'alice lacks 1 BTC: 0 of 1 BTC is available' },
        },
      },
    ]);
  });

  it('is told when no answer comes, and that is on record too', async () => {
    api.reply = () => {
      throw new Error('no answer within 1 ms');
    };
    const { status, body: told } = await api.post('/v1/trades/9/correct', { ...body, quantity: '1' });
    expect(status).to.equal(504);
    expect(await audited()).to.have.length(1);
    expect(told).to.have.property('error').that.contains('look before you repeat it');
  });

  it('must name a trade that there is, a reason, and what is right', async () => {
    expect(await api.post('/v1/trades/7/bust', body)).to.deep.equal({
      status: 404,
      body: {
        error:
          'there is no trade 7 in this month or the one before; older ones can no longer be busted or corrected',
      },
    });
    for (const tradeId of ['0', '-1', '1.5', 'x', '99999999999999999999', '%20']) {
      expect((await api.post(`/v1/trades/${tradeId}/bust`, body)).status, tradeId).to.equal(400);
    }
    expect((await api.post('/v1/trades/9/bust', {})).status).to.equal(400);
    expect((await api.post('/v1/trades/9/bust', { reason: '' })).status).to.equal(400);
    expect((await api.post('/v1/trades/9/bust', { ...body, price: '9' })).status).to.equal(400);
    expect((await api.post('/v1/trades/9/bust', { ...body, chargeVenue: 'yes' })).status).to.equal(400);
    expect((await api.post('/v1/trades/9/correct', { ...body, price: 9 })).status).to.equal(400);
    expect(await api.post('/v1/trades/9/correct', body)).to.deep.equal({
      status: 400,
      body: { error: 'say the price that is right, the quantity, or both' },
    });
    expect(api.told).to.deep.equal([]);
  });

  it('sees in the list of trades how an amended one stands', async () => {
    const amend = (kind: string, price: number, quantity: number): Promise<unknown> =>
      api.rows(
        `insert into trade_amendments (trade_id, symbol, kind, price_before, price_after, quantity_before, quantity_after,
           maker_fee_before, maker_fee_after, taker_fee_before, taker_fee_after, maker_seq, taker_seq, charged_to_venue,
           charges, reason, requested_by, executed_at)
         values (9, 'BTC-USD', '${kind}', 10, ${price}, 1.5, ${quantity}, 0, 0, 0, 0, 4, 5, false, '[]', 'r', 'o', now())`,
      );
    const listed = async (): Promise<unknown> => {
      const { trades } = (await api.get('/v1/trades')).body;
      return (trades as { amended: unknown }[])[0]?.amended;
    };
    expect(await listed()).to.equal(null);
    await amend('correct', 9.5, 1);
    expect(await listed()).to.equal('corrected: 1 at 9.5');
    await amend('bust', 9.5, 0);
    expect(await listed()).to.equal('busted');
  });
});

import { expect } from 'chai';
import { AdminApi } from '../support/admin-api.ts';

describe('orders, trades and balances', () => {
  let api: AdminApi;
  let alice: number;
  let bob: number;

  before(async () => {
    api = await AdminApi.start();
    for (const [username, compId] of [
      ['alice', 1001],
      ['bob', 1002],
    ] as const) {
      await api.post('/v1/users', { username, password: 'correct horse', compId });
    }
    const idOf = async (username: string): Promise<number> => {
      const [row] = await api.rows(`select id from users where username = '${username}'`);
      return (row as { id: number }).id;
    };
    alice = await idOf('alice');
    bob = await idOf('bob');
    for (const symbol of ['BTC-USD', 'ETH-USD']) {
      await api.post('/v1/instruments', {
        symbol,
        base: symbol.slice(0, 3),
        quote: 'USD',
        tick: '0.01',
        lot: '0.1',
      });
    }
    const order = (id: number, user: number, symbol: string, open: boolean): string => {
      const [status, filled, left] = open ? ['0', 0, 1.5] : ['2', 1.5, 0];
      return `(${id}, ${user}, '${symbol}', 'c${id}', 'c${id}', '1', '2', '1', 10, 10, 1.5, 1.5, ${filled}, ${left},
        ${open ? 0 : 15}, 0, 0, ${open ? 15 : 0}, '${status}', ${open}, ${id}, ${id}, '2026-03-01', now(), now())`;
    };
    await api.rows(
      `insert into orders (id, user_id, symbol, entry_cl_ord_id, cl_ord_id, side, ord_type, time_in_force, entry_price,
         price, entry_quantity, quantity, filled_quantity, remaining_quantity, cum_notional, maker_fee_rate,
         taker_fee_rate, hold, status, is_open, priority, accepted_seq, trading_day, created_at, updated_at)
       values ${[
         order(1, alice, 'BTC-USD', true),
         order(2, alice, 'ETH-USD', true),
         order(3, bob, 'BTC-USD', true),
         order(4, alice, 'BTC-USD', false),
         order(5, bob, 'BTC-USD', false),
       ].join(',')}`,
    );
    await api.rows(
      `insert into trades (id, symbol, price, quantity, maker_order_id, taker_order_id, maker_user_id, taker_user_id,
         taker_side, maker_fee, taker_fee, executed_at)
       values (9, 'BTC-USD', 10, 1.5, 4, 5, ${alice}, ${bob}, '2', 0, 0.03, '2026-03-01T10:00:00Z')`,
    );
    await api.rows(
      `insert into balances values (${bob}, 'USD', 100.5, 0.5), (${alice}, 'USD', 20, 20),
         (${alice}, 'BTC', 3, 0), (0, 'USD', 0.03, 0)`,
    );
  });
  after(() => api.stop());

  async function orderIds(query: string): Promise<unknown[]> {
    const { orders } = (await api.get(`/v1/orders${query}`)).body;
    return (orders as { orderId: number }[]).map(({ orderId }) => orderId);
  }

  it('shows open orders, the newest first, of one member or symbol', async () => {
    expect(await orderIds('')).to.deep.equal([3, 2, 1]);
    expect(await orderIds('?username=alice')).to.deep.equal([2, 1]);
    expect(await orderIds('?symbol=BTC-USD')).to.deep.equal([3, 1]);
    expect(await orderIds('?symbol=BTC-USD&username=alice')).to.deep.equal([1]);
    expect(await orderIds('?symbol=NONE')).to.deep.equal([]);
    expect((await api.get('/v1/orders?username=nobody')).status).to.equal(404);
  });

  it('shows closed orders too when asked for all', async () => {
    expect(await orderIds('?all=true')).to.deep.equal([5, 4, 3, 2, 1]);
    expect(await orderIds('?all=true&username=bob')).to.deep.equal([5, 3]);
  });

  it('shows an order in FIX’s words, with decimals as short as they are exact', async () => {
    const { orders } = (await api.get('/v1/orders?symbol=ETH-USD')).body;
    const [order] = orders as Record<string, unknown>[];
    expect(order).to.deep.include({
      orderId: 2,
      username: 'alice',
      clOrdId: 'c2',
      symbol: 'ETH-USD',
      side: '1',
      ordType: '2',
      timeInForce: '1',
      price: '10',
      orderQty: '1.5',
      cumQty: '0',
      leavesQty: '1.5',
      ordStatus: '0',
      hold: '15',
      tradingDay: '2026-03-01',
    });
  });

  it('shows what only some orders have: a stop, an expiry, what is displayed', async () => {
    await api.rows(
      `update orders set ord_type = '4', time_in_force = '6', stop_px = 9.5, entry_stop_px = 9.5, triggered = true,
         expire_at = '2026-03-02T00:00:00Z', entry_expire_at = '2026-03-02T00:00:00Z',
         expire_date = '2026-03-01', entry_expire_date = '2026-03-01', max_floor = 0.5, displayed_quantity = 0.3
       where id = 2`,
    );
    const { orders } = (await api.get('/v1/orders?username=alice')).body;
    const [iceberg, plain] = orders as Record<string, unknown>[];
    expect(iceberg).to.deep.include({
      ordType: '4',
      timeInForce: '6',
      stopPx: '9.5',
      triggered: true,
      expireTime: '2026-03-02T00:00:00.000Z',
      expireDate: '2026-03-01',
      execInst: null,
      minQty: null,
      maxFloor: '0.5',
      displayedQty: '0.3',
    });
    expect(plain).to.include({ stopPx: null, triggered: null, expireTime: null, displayedQty: null });
  });

  it('cuts an answer at the limit and says that there is more', async () => {
    expect((await api.get('/v1/orders?limit=2')).body).to.include({ more: true });
    expect(await orderIds('?limit=2')).to.deep.equal([3, 2]);
    expect((await api.get('/v1/orders?all=true&limit=999')).body).to.include({ more: false });
    for (const limit of ['0', '-1', 'x', '1.5', '']) {
      expect((await api.get(`/v1/orders?limit=${limit}`)).status, limit).to.equal(400);
    }
    expect((await api.get('/v1/orders?offset=1')).status).to.equal(400);
  });

  it('shows trades with both sides', async () => {
    expect((await api.get('/v1/trades')).body).to.deep.equal({
      trades: [
        {
          tradeId: 9,
          symbol: 'BTC-USD',
          price: '10',
          quantity: '1.5',
          takerSide: '2',
          maker: 'alice',
          taker: 'bob',
          makerOrderId: 4,
          takerOrderId: 5,
          makerFee: '0',
          takerFee: '0.03',
          executedAt: '2026-03-01T10:00:00.000Z',
          amended: null,
        },
      ],
      more: false,
    });
    expect((await api.get('/v1/trades?symbol=ETH-USD')).body).to.deep.equal({ trades: [], more: false });
  });

  it('shows what members own, hold and can use, and what the venue earned', async () => {
    const { balances } = (await api.get('/v1/balances')).body;
    expect(balances).to.deep.equal([
      { username: 'fees', asset: 'USD', amount: '0.03', held: '0', available: '0.03' },
      { username: 'alice', asset: 'BTC', amount: '3', held: '0', available: '3' },
      { username: 'alice', asset: 'USD', amount: '20', held: '20', available: '0' },
      { username: 'bob', asset: 'USD', amount: '100.5', held: '0.5', available: '100' },
    ]);
    const { balances: bobs } = (await api.get('/v1/balances?username=bob')).body;
    expect(bobs).to.have.length(1);
    expect((await api.get('/v1/balances?username=nobody')).status).to.equal(404);
  });
});

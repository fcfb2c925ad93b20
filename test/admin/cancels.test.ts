import { expect } from 'chai';
import type { Message, Reply } from '../../src/actors/protocol.ts';
import { AdminApi } from '../support/admin-api.ts';

const BY_OPERATOR = { execRestatementReason: 8, text: 'canceled by the operator' };
const REPLY_TO = { type: 'reply', requestId: 'r' } as const;

describe('an operator’s cancels', () => {
  let api: AdminApi;
  let alice: number;

  before(async () => {
    api = await AdminApi.start();
  });
  after(() => api.stop());

  beforeEach(async () => {
    await api.reset();
    const ids: number[] = [];
    for (const [username, compId] of [
      ['alice', 1001],
      ['bob', 1002],
    ] as const) {
      await api.post('/v1/users', { username, password: 'correct horse', compId });
      const [row] = await api.rows(`select id from users where username = '${username}'`);
      ids.push((row as { id: number }).id);
    }
    for (const base of ['BTC', 'ETH', 'SOL']) {
      const steps = { base, quote: 'USD', tick: '0.01', lot: '0.1' };
      await api.post('/v1/instruments', { symbol: `${base}-USD`, ...steps });
    }
    const [first = 0, second = 0] = ids;
    alice = first;
    // Alice has open orders in two of the three books, and a closed one in the third.
    for (const [id, user, symbol, open] of [
      [1, alice, 'BTC-USD', true],
      [2, alice, 'ETH-USD', true],
      [3, second, 'BTC-USD', true],
      [4, alice, 'SOL-USD', false],
    ] as const) {
      await api.rows(
        `insert into orders (id, user_id, symbol, entry_cl_ord_id, cl_ord_id, side, ord_type, time_in_force,
           entry_price, price, entry_quantity, quantity, filled_quantity, remaining_quantity, cum_notional,
           maker_fee_rate, taker_fee_rate, hold, status, is_open, priority, accepted_seq, trading_day, created_at,
           updated_at)
         values (${id}, ${user}, '${symbol}', 'c', 'c', '1', '2', '1', 10, 10, 1, 1, 0, ${open ? 1 : 0}, 0, 0, 0,
           ${open ? 10 : 0}, '${open ? '0' : '4'}', ${open}, ${id}, ${id}, '2026-03-01', now(), now())`,
      );
    }
    api.told.length = 0;
    api.reply = () => ({ type: 'CancelsRequested', orderCount: 2 });
  });

  const told = (): Message[] => api.told.map(({ message }) => message);
  const ofSymbol = (symbol: string, scope: object = {}, unsolicited = BY_OPERATOR): object => {
    return { type: 'CancelSymbolOrders', symbol, ...scope, unsolicited, replyTo: REPLY_TO };
  };
  const ofMember = (scope: object = {}, unsolicited = BY_OPERATOR): object => {
    const command = { type: 'CancelMemberOrders', ...scope, unsolicited };
    return { type: 'SubmitAccountCommand', userId: alice, command, replyTo: REPLY_TO };
  };
  const NOTHING_MISSED = { unreachable: [] };

  async function lastAudit(): Promise<unknown[]> {
    const [row] = await api.rows('select action, details from audit order by id desc limit 1');
    return Object.values(row ?? {});
  }

  /** Books of these symbols have crashed, the others find two orders each. */
  function crashed(...symbols: readonly string[]): (message: Message) => Reply {
    return (message) =>
      message.type === 'CancelSymbolOrders' && symbols.includes(message.symbol)
        ? { type: 'CommandRejected', text: `${message.symbol} is halted: it threw` }
        : { type: 'CancelsRequested', orderCount: 2 };
  }

  describe('of orders', () => {
    const cancel = (body: object) => api.post('/v1/orders/cancel', body);

    it('take one symbol', async () => {
      expect(await cancel({ symbol: 'BTC-USD' })).to.deep.equal({
        status: 200,
        body: { cancelsRequested: 2, unreachable: [] },
      });
      expect(told()).to.deep.equal([ofSymbol('BTC-USD')]);
      expect(await lastAudit()).to.deep.equal([
        'order cancel',
        { symbol: 'BTC-USD', outcome: { cancelsRequested: 2, unreachable: [] } },
      ]);
    });

    it('take one member: behind all that it sent, and then book by book until it is committed', async () => {
      api.reply = ({ type }) => ({
        type: 'CancelsRequested',
        orderCount: type === 'SubmitAccountCommand' ? 2 : 0,
      });
      expect((await cancel({ username: 'alice' })).body).to.deep.equal({
        cancelsRequested: 2,
        ...NOTHING_MISSED,
      });
      expect(told()).to.deep.equal([
        ofMember(),
        ofSymbol('BTC-USD', { userId: alice }),
        ofSymbol('ETH-USD', { userId: alice }),
      ]);
    });

    it('take everything, symbol by symbol, also where no row shows an order', async () => {
      expect((await cancel({ all: true })).body).to.deep.equal({ cancelsRequested: 6, ...NOTHING_MISSED });
      expect(told()).to.deep.equal([ofSymbol('BTC-USD'), ofSymbol('ETH-USD'), ofSymbol('SOL-USD')]);
    });

    it('take one side, and tell the owners why', async () => {
      const why = { ...BY_OPERATOR, text: 'canceled by the operator: fat finger' };
      const scope = { side: '2' } as const;
      await cancel({ symbol: 'BTC-USD', ...scope, reason: 'fat finger' });
      await cancel({ username: 'alice', ...scope, reason: 'fat finger' });
      expect(told()).to.deep.equal([
        ofSymbol('BTC-USD', scope, why),
        ofMember(scope, why),
        ofSymbol('BTC-USD', { userId: alice, ...scope }, why),
        ofSymbol('ETH-USD', { userId: alice, ...scope }, why),
      ]);
      const [, details] = await lastAudit();
      expect(details).to.deep.include({ username: 'alice', side: '2', reason: 'fat finger' });
    });

    it('name the book that cannot be reached, beside what was done', async () => {
      api.reply = crashed('ETH-USD');
      const unreachable = [{ where: 'ETH-USD', reason: 'ETH-USD is halted: it threw' }];
      expect(await cancel({ all: true })).to.deep.equal({
        status: 503,
        body: {
          cancelsRequested: 4,
          unreachable,
          error: 'cancels requested: 4, but not reached: ETH-USD (ETH-USD is halted: it threw); try again',
        },
      });
      expect(await lastAudit()).to.deep.equal([
        'order cancel',
        { all: true, outcome: { cancelsRequested: 4, unreachable } },
      ]);
      const { status, body } = await cancel({ username: 'alice' });
      expect(status).to.equal(503);
      expect(body).to.deep.include({ cancelsRequested: 4, unreachable });
    });

    it('go to the books of a member whose account does not answer', async () => {
      api.reply = (message) =>
        message.type === 'SubmitAccountCommand'
          ? { type: 'CommandRejected', text: 'the account cannot be read' }
          : { type: 'CancelsRequested', orderCount: 1 };
      const { status, body } = await cancel({ username: 'alice' });
      expect(status).to.equal(503);
      expect(body).to.deep.include({
        cancelsRequested: 2,
        unreachable: [{ where: 'the account of alice', reason: 'the account cannot be read' }],
      });
    });

    it('name a book that does not answer in time', async () => {
      api.reply = (message) => {
        if (message.type === 'CancelSymbolOrders' && message.symbol === 'SOL-USD')
          throw new Error('no answer');
        return { type: 'CancelsRequested', orderCount: 0 };
      };
      const { body } = await cancel({ all: true });
      expect(body).to.have.nested.property('unreachable[0].where', 'SOL-USD');
      expect(body).to.have.nested.property('unreachable[0].reason').that.contains('no answer in time');
    });

    it('take nothing that is not there, nor two things at once', async () => {
      expect((await cancel({ username: 'nobody' })).status).to.equal(404);
      expect((await cancel({ symbol: 'NONE' })).status).to.equal(404);
      expect((await cancel({ all: false })).status).to.equal(400);
      expect((await cancel({ symbol: 'BTC-USD', side: 'buy' })).status).to.equal(400);
      expect((await cancel({ symbol: 'BTC-USD', reason: 'a\u0001b' })).status).to.equal(400);
      const which = { error: 'say which orders: exactly one of username, symbol and all' };
      expect((await cancel({})).body).to.deep.equal(which);
      expect((await cancel({ side: '1' })).body).to.deep.equal(which);
      expect((await cancel({ all: true, symbol: 'BTC-USD' })).body).to.deep.equal(which);
      expect(api.told).to.deep.equal([]);
    });
  });

  describe('of a member that is disabled', () => {
    const disable = (body: object) => api.post('/v1/users/alice/disable', body);
    const LOGOUT = { type: 'LogoutMember', senderCompId: 1001, text: 'disabled by the operator' };

    it('come only when they are asked for', async () => {
      expect((await disable({ reason: 'unpaid fees' })).body).to.include({ status: 'disabled' });
      expect(told()).to.deep.equal([LOGOUT]);
      expect(await lastAudit()).to.deep.equal(['user disable', { username: 'alice', reason: 'unpaid fees' }]);
    });

    it('take all of its orders', async () => {
      const { status, body } = await disable({ cancelOrders: true });
      expect(status).to.equal(200);
      expect(body).to.deep.include({ username: 'alice', status: 'disabled', cancelsRequested: 6 });
      expect(told()).to.deep.equal([
        LOGOUT,
        ofMember(),
        ofSymbol('BTC-USD', { userId: alice }),
        ofSymbol('ETH-USD', { userId: alice }),
      ]);
      const outcome = { cancelsRequested: 6, unreachable: [] };
      expect(await lastAudit()).to.deep.equal([
        'user disable',
        { username: 'alice', cancelOrders: true, outcome },
      ]);
    });

    it('come twice when it was logged on: what it sent until the end is caught as well', async () => {
      const logout = { type: 'LogoutMember', senderCompId: 1001, text: '' } as const;
      const session = { compId: 1001, since: 0, remoteAddress: '192.0.2.1' };
      api.status = { ...api.status, sessions: [session] };
      // The gateway ends the session while the first cancels are on their way.
      api.reply = ({ type }) => {
        const orderCount = type === 'SubmitAccountCommand' ? 1 : 0;
        return { type: 'CancelsRequested', orderCount };
      };
      api.take = (message) => {
        if (message.type === 'SubmitAccountCommand') api.obey(logout);
      };
      const { body } = await disable({ cancelOrders: true });
      expect(body).to.include({ cancelsRequested: 2 });
      expect(told().filter(({ type }) => type === 'SubmitAccountCommand')).to.have.length(2);
    });

    it('say that it is disabled even if a book cannot be reached', async () => {
      api.reply = crashed('BTC-USD');
      const { status, body } = await disable({ cancelOrders: true });
      expect(status).to.equal(503);
      expect(body).to.include({
        status: 'disabled',
        error:
          'alice is disabled; cancels requested: 4, but not reached: BTC-USD (BTC-USD is halted: it threw); ' +
          'try again',
      });
    });
  });

  describe('by the kill switch', () => {
    const kill = (body: object) => api.post('/v1/kill-switch', body);
    const why = { ...BY_OPERATOR, text: 'canceled by the operator: runaway algorithm' };
    const HALT = { type: 'Halted', by: 'operator', reason: 'runaway algorithm' };

    it('come after every instrument is halted, and one audit entry tells it all', async () => {
      await api.post('/v1/instruments/ETH-USD/cancel-only', { reason: 'last day' });
      api.told.length = 0;
      const halted = ['BTC-USD', 'ETH-USD', 'SOL-USD'];
      expect(await kill({ reason: 'runaway algorithm' })).to.deep.equal({
        status: 200,
        body: { halted, cancelsRequested: 6, unreachable: [] },
      });
      expect(told()).to.deep.equal([
        ...halted.map((symbol) => ({ type: 'SetTradingStatus', symbol, status: HALT })),
        ...halted.map((symbol) => ofSymbol(symbol, {}, why)),
      ]);
      expect(
        await api.rows('select distinct status, halted_by, status_reason from instruments'),
      ).to.deep.equal([{ status: 'halted', halted_by: 'operator', status_reason: 'runaway algorithm' }]);
      const outcome = { cancelsRequested: 6, unreachable: [] };
      const details = { reason: 'runaway algorithm', halted, outcome };
      expect(await lastAudit()).to.deep.equal(['kill-switch', details]);
    });

    it('leave a crash halt as it is and say that its book was not reached', async () => {
      await api.rows(
        `update instruments set status = 'halted', halted_by = 'crash', status_reason = 'it threw'
         where symbol = 'BTC-USD'`,
      );
      api.reply = crashed('BTC-USD');
      const { status, body } = await kill({ reason: 'runaway algorithm' });
      expect(status).to.equal(503);
      expect(body).to.deep.include({
        halted: ['ETH-USD', 'SOL-USD'],
        error:
          'halted: ETH-USD, SOL-USD; cancels requested: 4, but not reached: BTC-USD (BTC-USD is halted: it threw); ' +
          'try again',
      });
      expect(await api.rows("select status_reason from instruments where halted_by = 'crash'")).to.deep.equal(
        [{ status_reason: 'it threw' }],
      );
    });

    it('stop one member only, when it is named', async () => {
      const { status, body } = await kill({ reason: 'runaway algorithm', username: 'alice' });
      expect({ status, body }).to.deep.equal({
        status: 200,
        body: { disabled: 'alice', cancelsRequested: 6, unreachable: [] },
      });
      expect(told().slice(1)).to.deep.equal([
        ofMember({}, why),
        ofSymbol('BTC-USD', { userId: alice }, why),
        ofSymbol('ETH-USD', { userId: alice }, why),
      ]);
      expect(await api.rows("select username from users where status = 'disabled'")).to.deep.equal([
        { username: 'alice' },
      ]);
      const [action, details] = await lastAudit();
      expect(action).to.equal('kill-switch');
      expect(details).to.deep.include({ reason: 'runaway algorithm', username: 'alice' });
    });

    it('want a reason that members can be told, and a member that is there', async () => {
      expect((await kill({})).status).to.equal(400);
      expect((await kill({ reason: '' })).body).to.deep.equal({
        error: 'a reason is 1 to 200 printable ASCII characters',
      });
      expect((await kill({ reason: 'x', username: 'nobody' })).status).to.equal(404);
      expect((await kill({ reason: 'x', username: 'fees' })).status).to.equal(409);
      expect(api.told).to.deep.equal([]);
      expect(await api.rows("select * from instruments where status <> 'open'")).to.deep.equal([]);
    });
  });
});

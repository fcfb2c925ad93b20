import { expect } from 'chai';
import { AdminApi } from '../support/admin-api.ts';

const BTC = { symbol: 'BTC-USD', base: 'BTC', quote: 'USD', tick: '0.01', lot: '0.0001' };
const UNIT = 10n ** 18n;

describe('limits', () => {
  let api: AdminApi;
  before(async () => {
    api = await AdminApi.start();
  });
  after(() => api.stop());
  beforeEach(() => api.reset());

  async function lastAudit(): Promise<unknown> {
    const [row] = await api.rows('select action, details from audit order by id desc limit 1');
    return row;
  }

  describe('of an instrument', () => {
    beforeEach(async () => {
      await api.post('/v1/instruments', BTC);
      api.told.length = 0;
    });
    const set = (settings: object) => api.post('/v1/instruments/BTC-USD/terms', settings);

    it('are there from the start when they are said', async () => {
      const terms = { maxNotional: '250000', maxOpenOrders: 100, postOnly: 'slide', priceBandPct: '10' };
      const { status, body } = await api.post('/v1/instruments', { ...BTC, symbol: 'ETH-USD', ...terms });
      expect(status).to.equal(201);
      expect(body).to.deep.include(terms);
    });

    it('are changed one by one while it trades, and taken back', async () => {
      const first = {
        minQty: '0.001',
        maxQty: '50',
        maxNotional: '1000000.5',
        maxOpenOrders: 10,
        priceBandPct: '7.5',
      };
      expect((await set(first)).body).to.deep.include({ ...BTC, ...first, postOnly: 'reject' });
      expect(api.told.map(({ message }) => message)).to.deep.equal([
        { type: 'InstrumentChanged', symbol: 'BTC-USD', replyTo: { type: 'reply', requestId: 'r' } },
      ]);
      expect(await lastAudit()).to.deep.equal({
        action: 'instrument set',
        details: { symbol: 'BTC-USD', ...first },
      });
      const second = { marketProtectionPct: '2', postOnly: 'slide', makerBps: '0.5', takerBps: '3' };
      expect((await set(second)).body).to.deep.include({ ...first, ...second });
      const none = { maxNotional: null, maxOpenOrders: null, priceBandPct: null };
      expect((await set(none)).body).to.deep.include({ ...first, ...second, ...none });
      expect((await set({ postOnly: 'reject' })).body).to.include({ postOnly: 'reject' });
    });

    it('cannot be such that nothing could be traded, and the sentence says why', async () => {
      for (const [settings, sentence] of [
        [{ maxQty: '0.00005' }, 'max-qty must be a multiple of the lot 0.0001'],
        [{ minQty: '2', maxQty: '1' }, 'max-qty must not be below min-qty: 1 is less than 2'],
        [{ minQty: '0' }, 'min-qty must be a positive decimal such as 0.5, not "0"'],
        [{ maxNotional: '-1' }, 'max-notional must be a positive decimal such as 0.5, not "-1"'],
        [{ maxNotional: 'NaN' }, 'max-notional must be a positive decimal such as 0.5, not "NaN"'],
        [{ maxOpenOrders: 0 }, 'max-open-orders is a whole number from 1 to 1000000000'],
        [{ maxOpenOrders: 1.5 }, 'max-open-orders is a whole number from 1 to 1000000000'],
        [{ priceBandPct: '0' }, 'price-band-pct must be above 0; none takes the band away'],
        [{ marketProtectionPct: '100' }, 'market-protection-pct must be below 100'],
        [{ postOnly: 'maybe' }, 'postOnly must be equal to one of the allowed values: reject, slide'],
        [{ tick: '1' }, 'there is no field "tick" here'],
        [{ base: 'ETH' }, 'there is no field "base" here'],
      ] as const) {
        const { status, body } = await set(settings);
        expect({ status, error: errorOf(body) }, JSON.stringify(settings)).to.deep.equal({
          status: 400,
          error: sentence,
        });
      }
      expect((await set({})).status).to.equal(400);
      expect((await api.post('/v1/instruments/NOPE/terms', { maxQty: '1' })).body).to.deep.equal({
        error: 'there is no instrument "NOPE"',
      });
      expect(api.told).to.deep.equal([]);
      expect(await lastAudit()).to.include({ action: 'instrument add' });
    });

    it('are judged against what holds already', async () => {
      await set({ maxQty: '5' });
      expect((await set({ minQty: '6' })).body).to.deep.equal({
        error: 'max-qty must not be below min-qty: 5 is less than 6',
      });
    });

    it('are stored even if the venue does not say that it has taken them, and the operator is told', async () => {
      api.reply = () => {
        throw new Error('no answer within 1 ms');
      };
      const { status, body } = await set({ maxOpenOrders: 3 });
      expect(status).to.equal(504);
      expect(errorOf(body)).to.contain('it may still come into effect');
      expect(await api.rows('select max_open_orders from instruments')).to.deep.equal([
        { max_open_orders: 3 },
      ]);
      api.reply = () => ({ type: 'CommandRejected', text: 'the database does not answer' });
      expect(await set({ maxOpenOrders: 4 })).to.deep.equal({
        status: 503,
        body: { error: 'the database does not answer' },
      });
    });
  });

  describe('of a member', () => {
    let userId: number;
    beforeEach(async () => {
      await api.post('/v1/users', { username: 'alice', password: 'correct horse', compId: 1001 });
      const [row] = await api.rows("select id from users where username = 'alice'");
      userId = (row as { id: number }).id;
      api.told.length = 0;
    });
    const set = (limits: object) => api.post('/v1/users/alice/terms', limits);
    const NO_LIMITS = {
      selfTradePrevention: undefined,
      maxQuantity: undefined,
      maxNotional: undefined,
      maxOpenOrders: undefined,
      priceBandBps: undefined,
      makerFeeRate: undefined,
      takerFeeRate: undefined,
    };

    it('are told to the running venue as the whole of what holds, after the row', async () => {
      const first = { selfTradePrevention: 'CancelOldest', maxOrderQty: '2.5' };
      expect((await set(first)).body).to.deep.include(first);
      const second = { maxOrderNotional: '1000', maxOpenOrders: 7, priceBandPct: '2.5' };
      expect((await set(second)).body).to.deep.include({ ...first, ...second });
      expect((await api.get('/v1/users/alice')).body).to.deep.include({ ...first, ...second });
      expect(await lastAudit()).to.deep.equal({
        action: 'user set',
        details: { username: 'alice', ...second },
      });
      const none = { selfTradePrevention: null, maxOrderQty: null, maxOrderNotional: null };
      await set({ ...none, maxOpenOrders: null, priceBandPct: null });
      const terms = { ...NO_LIMITS, selfTradePrevention: 'CancelOldest', maxQuantity: (5n * UNIT) / 2n };
      expect(api.told).to.deep.equal(
        [terms, { ...terms, maxNotional: 1000n * UNIT, maxOpenOrders: 7, priceBandBps: 250 }, NO_LIMITS].map(
          (told) => {
            const message = { type: 'TradingTermsChanged', userId, terms: told };
            return { address: { type: 'exchange' }, message };
          },
        ),
      );
    });

    it('may be fees instead of the instrument’s, which are audited and told like limits', async () => {
      const { body } = await api.get('/v1/users/alice');
      expect(body).to.deep.include({ makerBps: null, takerBps: null });
      const fees = { makerBps: '0', takerBps: '7.5' };
      expect((await set(fees)).body).to.deep.include(fees);
      expect((await api.get('/v1/users/alice')).body).to.deep.include(fees);
      expect(await lastAudit()).to.deep.equal({
        action: 'user set',
        details: { username: 'alice', ...fees },
      });
      expect((await set({ takerBps: null })).body).to.deep.include({ ...fees, takerBps: null });
      const told = [
        { ...NO_LIMITS, makerFeeRate: 0, takerFeeRate: 75_000 },
        { ...NO_LIMITS, makerFeeRate: 0 },
      ];
      expect(api.told.map(({ message }) => message)).to.deep.equal(
        told.map((terms) => ({ type: 'TradingTermsChanged', userId, terms })),
      );
      expect(
        await api.rows(`select maker_fee_rate, taker_fee_rate from users where id = ${userId}`),
      ).to.deep.equal([{ maker_fee_rate: 0, taker_fee_rate: null }]);
    });

    it('are none of the venue’s business while only the session is agreed on', async () => {
      await set({ resetOnLogon: true });
      expect(api.told).to.deep.equal([]);
    });

    it('cannot be such that nothing could be traded, and the sentence says why', async () => {
      for (const [limits, sentence] of [
        [{ maxOrderQty: '0' }, 'max-order-qty must be a positive decimal such as 0.5, not "0"'],
        [{ maxOrderNotional: '1e6' }, 'max-order-notional must be a positive decimal such as 0.5, not "1e6"'],
        [{ maxOpenOrders: 0 }, 'max-open-orders is a whole number from 1 to 1000000000'],
        [{ priceBandPct: '0' }, 'price-band-pct must be above 0; none takes the band away'],
        [{ priceBandPct: '0.001' }, 'price-band-pct can be told no finer than 0.01'],
        [{ makerBps: '-1' }, 'maker-bps must be a decimal such as 2.5, not "-1"'],
        [{ takerBps: '10000.0001' }, 'taker-bps must be at most 10000'],
        [{ takerBps: '0.00001' }, 'taker-bps can be told no finer than 0.0001'],
      ] as const) {
        const { status, body } = await set(limits);
        expect({ status, error: errorOf(body) }, JSON.stringify(limits)).to.deep.equal({
          status: 400,
          error: sentence,
        });
      }
      expect(errorOf((await set({ selfTradePrevention: 'CancelAll' })).body)).to.contain('CancelNewest');
      expect(api.told).to.deep.equal([]);
    });

    it('may be said when the member is added', async () => {
      const limits = { selfTradePrevention: 'Decrement', maxOpenOrders: 1, takerBps: '1' };
      const bob = { username: 'bob', password: 'correct horse', compId: 1002, ...limits };
      expect((await api.post('/v1/users', bob)).body).to.deep.include(limits);
    });
  });
});

function errorOf({ error }: Record<string, unknown>): unknown {
  return error;
}

import { expect } from 'chai';
import { AdminApi } from '../support/admin-api.ts';

const BTC = { symbol: 'BTC-USD', base: 'BTC', quote: 'USD', tick: '0.01', lot: '0.0001' };
const UNIT = 10n ** 18n;

describe('an operator', () => {
  let api: AdminApi;
  before(async () => {
    api = await AdminApi.start();
  });
  after(() => api.stop());
  beforeEach(() => api.reset());

  const addUser = (username: string, compId: number): Promise<unknown> =>
    api.post('/v1/users', { username, password: 'correct horse', compId });

  async function audited(): Promise<unknown[]> {
    const rows = await api.rows('select actor, action, details from audit order by id');
    return rows.map(({ actor, action, details }) => [actor, action, details]);
  }

  describe('and the members', () => {
    it('adds one, whose password is nowhere but hashed', async () => {
      const { status, body } = await api.call(
        'POST',
        '/v1/users',
        { username: 'alice', password: 'correct horse', compId: 1001, resetOnLogon: true },
        { 'x-onebook-operator': 'ops@desk' },
      );
      expect(status).to.equal(201);
      expect(body).to.deep.include({ username: 'alice', compId: 1001, status: 'active', resetOnLogon: true });
      expect(
        await api.rows("select password_hash, sender_comp_id from users where username = 'alice'"),
      ).to.deep.equal([{ password_hash: '$fake$13', sender_comp_id: 1001 }]);
      expect(await audited()).to.deep.equal([
        ['ops@desk', 'user add', { username: 'alice', compId: 1001, resetOnLogon: true }],
      ]);
      expect(JSON.stringify([body, api.logged]))
        .to.not.contain('correct horse')
        .and.not.contain('$fake$');
    });

    it('cannot add a second of the same name or comp id', async () => {
      await addUser('alice', 1001);
      expect(await addUser('alice', 1002)).to.deep.equal({
        status: 409,
        body: { error: 'there is a user "alice" already' },
      });
      expect(await addUser('bob', 1001)).to.deep.equal({
        status: 409,
        body: { error: 'comp id 1001 belongs to "alice" already' },
      });
      const together = await Promise.all([addUser('carol', 1003), addUser('carol', 1004)]);
      expect(together.map((answered) => (answered as { status: number }).status).sort()).to.deep.equal([
        201, 409,
      ]);
    });

    it('cannot add one with a name or a password that FIX cannot carry', async () => {
      const tried = async (username: string, password: string): Promise<number> =>
        (await api.post('/v1/users', { username, password, compId: 1 })).status;
      expect(await tried('a b', 'longenough')).to.equal(400);
      expect(await tried('a'.repeat(65), 'longenough')).to.equal(400);
      expect(await tried('', 'longenough')).to.equal(400);
      expect(await tried('a', 'short12')).to.equal(400);
      expect(await tried('a', 'x'.repeat(257))).to.equal(400);
      expect(await tried('a', 'pass\u0001word')).to.equal(400);
      expect(await tried('a', 'pässwörd')).to.equal(400);
      expect(await api.rows("select * from users where status <> 'venue'")).to.deep.equal([]);
    });

    const NOTHING_AGREED = {
      resetOnLogon: false,
      resetOnLogout: false,
      validateUserDefinedFields: true,
      schedule: null,
      cancelOnDisconnect: false,
      cancelGraceMs: 10_000,
      ordersPerSecond: null,
      allowedAddresses: null,
      certificateSubject: null,
      selfTradePrevention: null,
      maxOrderQty: null,
      maxOrderNotional: null,
      maxOpenOrders: null,
      priceBandPct: null,
    };

    it('adds one with whom nothing is agreed, unless it is said', async () => {
      expect((await addUser('alice', 1001)) as object).to.deep.nested.include({ status: 201 });
      expect((await api.get('/v1/users/alice')).body).to.deep.include(NOTHING_AGREED);
      const terms = {
        resetOnLogon: true,
        resetOnLogout: true,
        validateUserDefinedFields: false,
        schedule: 'Mon 08:00 - Fri 17:30 Europe/Zurich reset Sun 18:00',
        cancelOnDisconnect: true,
        cancelGraceMs: 0,
        ordersPerSecond: 100,
        allowedAddresses: ['192.0.2.7', '2001:db8::/32'],
        certificateSubject: 'CN=desk-1,O=Bank',
      };
      const bob = { username: 'bob', password: 'correct horse', compId: 1002 };
      expect((await api.post('/v1/users', { ...bob, ...terms })).body).to.deep.include(terms);
      expect((await api.get('/v1/users/bob')).body).to.deep.include(terms);
      expect((await audited()).at(-1)).to.deep.equal([
        'operator',
        'user add',
        { username: 'bob', compId: 1002, ...terms },
      ]);
    });

    it('changes what is agreed, term by term, and takes it back', async () => {
      await addUser('alice', 1001);
      const set = async (terms: object) => (await api.post('/v1/users/alice/terms', terms)).body;
      const first = { schedule: '08:00 - 17:30 UTC', ordersPerSecond: 5, allowedAddresses: ['192.0.2.7'] };
      expect(await set(first)).to.deep.include({ ...NOTHING_AGREED, ...first });
      expect(await set({ cancelOnDisconnect: true, schedule: null })).to.deep.include({
        ...NOTHING_AGREED,
        ...first,
        schedule: null,
        cancelOnDisconnect: true,
      });
      const back = { ordersPerSecond: null, allowedAddresses: null, cancelOnDisconnect: false };
      expect(await set(back)).to.deep.include(NOTHING_AGREED);
      expect((await api.get('/v1/users/alice')).body).to.deep.include(NOTHING_AGREED);
      expect((await audited()).slice(1)).to.deep.equal([
        ['operator', 'user set', { username: 'alice', ...first }],
        ['operator', 'user set', { username: 'alice', cancelOnDisconnect: true, schedule: null }],
        ['operator', 'user set', { username: 'alice', ...back }],
      ]);
    });

    it('keeps a schedule as it is told, in one way of writing', async () => {
      await addUser('alice', 1001);
      const { body } = await api.post('/v1/users/alice/terms', { schedule: ' mon 08:00-fri 17:30  UTC ' });
      expect(body).to.include({ schedule: 'Mon 08:00 - Fri 17:30 UTC' });
    });

    it('cannot agree on what makes no sense, and is told in one sentence what would', async () => {
      await addUser('alice', 1001);
      const before = (await api.get('/v1/users/alice')).body;
      for (const [terms, sentence] of [
        [{ schedule: 'at night' }, /^a session schedule is "08:00 - 17:30 Europe\/Zurich"/],
        [{ schedule: '08:00 - 17:30 Mars/Olympus' }, /^"Mars\/Olympus" is no time zone/],
        [{ schedule: '' }, /^a session schedule is/],
        [{ cancelGraceMs: -1 }, /^cancelGraceMs is a whole number from 0 to 3600000$/],
        [{ cancelGraceMs: 0.5 }, /^cancelGraceMs is a whole number/],
        [{ cancelGraceMs: null }, /^cancelGraceMs must be number$/],
        [{ ordersPerSecond: 0 }, /^ordersPerSecond is a whole number from 1 to 1000000$/],
        [{ allowedAddresses: ['192.0.2.0/33'] }, /^"192\.0\.2\.0\/33" is not an IP address or a network/],
        [{ allowedAddresses: ['192.0.2.1', 'example.org'] }, /^"example.org" is not/],
        [{ allowedAddresses: [] }, /^name at least one address/],
        [{ certificateSubject: 'desk' }, /^a certificate subject is text as of RFC 2253/],
        [{ certificateSubject: 'CN=desk-1, O=Bank' }, /^a certificate subject is text as of RFC 2253/],
        [{ certificateSubject: 'CN=a\nb' }, /^a certificate subject is text as of RFC 2253/],
        [{ resetOnLogon: 'yes' }, /^resetOnLogon must be boolean$/],
        [{ password: 'correct horse' }, /^there is no field "password" here$/],
        [{}, /fewer than 1/],
      ] as const) {
        const { status, body } = await api.post('/v1/users/alice/terms', terms);
        const { error } = body;
        expect(status, JSON.stringify(terms)).to.equal(400);
        expect(error, JSON.stringify(terms)).to.match(sentence);
      }
      expect((await api.get('/v1/users/alice')).body).to.deep.equal(before);
      expect(await audited()).to.have.length(1);
      const bob = { username: 'bob', password: 'correct horse', compId: 1002, ordersPerSecond: 0 };
      expect((await api.post('/v1/users', bob)).status).to.equal(400);
      expect((await api.get('/v1/users/bob')).status).to.equal(404);
    });

    it('disables one, which ends its session, and enables it again', async () => {
      await addUser('alice', 1001);
      expect((await api.post('/v1/users/alice/disable')).body).to.include({ status: 'disabled' });
      expect(api.told).to.deep.equal([
        {
          address: { type: 'gateway', name: 'fix' },
          message: { type: 'LogoutMember', senderCompId: 1001, text: 'disabled by the operator' },
        },
      ]);
      expect((await api.post('/v1/users/alice/enable')).body).to.include({ status: 'active' });
      expect(api.told).to.have.length(1);
      expect((await audited()).slice(1)).to.deep.equal([
        ['operator', 'user disable', { username: 'alice' }],
        ['operator', 'user enable', { username: 'alice' }],
      ]);
    });

    it('changes a password', async () => {
      await addUser('alice', 1001);
      expect((await api.post('/v1/users/alice/password', { password: 'short' })).status).to.equal(400);
      expect((await api.post('/v1/users/alice/password', { password: 'another long one' })).status).to.equal(
        200,
      );
      expect(await api.rows("select password_hash from users where username = 'alice'")).to.deep.equal([
        { password_hash: '$fake$16' },
      ]);
      expect((await audited()).at(-1)).to.deep.equal(['operator', 'user passwd', { username: 'alice' }]);
    });

    it('cannot touch one that is not there, nor the venue itself', async () => {
      expect((await api.post('/v1/users/nobody/disable')).status).to.equal(404);
      expect((await api.post('/v1/users/fees/disable')).status).to.equal(409);
      expect((await api.post('/v1/users/fees/terms', { resetOnLogon: true })).status).to.equal(409);
      expect((await api.post('/v1/users/nobody/terms', { resetOnLogon: true })).status).to.equal(404);
      expect((await api.get('/v1/users/nobody')).status).to.equal(404);
      expect((await api.post('/v1/users/fees/password', { password: 'long enough' })).status).to.equal(409);
      expect(await audited()).to.deep.equal([]);
    });

    it('sees them by name', async () => {
      await addUser('bob', 1002);
      await addUser('alice', 1001);
      const { users } = (await api.get('/v1/users')).body;
      expect((users as { username: string }[]).map(({ username }) => username)).to.deep.equal([
        'alice',
        'bob',
        'fees',
      ]);
      expect(JSON.stringify(users)).to.not.contain('$fake$');
    });
  });

  describe('and the instruments', () => {
    it('adds one with its book, and tells the exchange', async () => {
      const { status, body } = await api.post('/v1/instruments', {
        ...BTC,
        maxQty: '1000',
        priceBandPct: '12.5',
        referencePrice: '50000.00',
        makerBps: '1',
        takerBps: '2.5',
      });
      expect(status).to.equal(201);
      const { createdAt, ...shown } = body;
      expect(createdAt).to.match(/^\d{4}-/);
      const expected = {
        symbol: 'BTC-USD',
        base: 'BTC',
        quote: 'USD',
        tick: '0.01',
        lot: '0.0001',
        minQty: '0.0001',
        maxQty: '1000',
        maxNotional: null,
        maxOpenOrders: null,
        priceBandPct: '12.5',
        marketProtectionPct: '5',
        postOnly: 'reject',
        makerBps: '1',
        takerBps: '2.5',
        referencePrice: '50000',
        status: 'open',
        haltedBy: null,
        reason: null,
      };
      expect(shown).to.deep.equal(expected);
      const { instruments: listed } = (await api.get('/v1/instruments')).body as unknown as {
        instruments: object[];
      };
      expect(listed).to.have.length(1);
      expect(listed[0]).to.deep.equal({ ...expected, createdAt });
      expect(
        await api.rows(
          'select price_band_bps, market_protection_bps, maker_fee_rate, taker_fee_rate from instruments',
        ),
      ).to.deep.equal([
        { price_band_bps: 1250, market_protection_bps: 500, maker_fee_rate: 10_000, taker_fee_rate: 25_000 },
      ]);
      expect(await api.rows('select symbol, owner, epoch::int, last_seq::int from books')).to.deep.equal([
        { symbol: 'BTC-USD', owner: null, epoch: 0, last_seq: 0 },
      ]);
      expect(api.told).to.deep.equal([
        { address: { type: 'exchange' }, message: { type: 'InstrumentChanged', symbol: 'BTC-USD' } },
      ]);
    });

    it('cannot add one whose terms do not fit, and learns which', async () => {
      const refused: readonly (readonly [object, RegExp])[] = [
        [{ symbol: 'btc' }, /a symbol is/],
        [{ symbol: 'BTC:USD' }, /a symbol is/],
        [{ symbol: '' }, /a symbol is/],
        [{ quote: 'BTC' }, /two different assets/],
        [{ base: 'B C' }, /an asset is/],
        [{ tick: '0' }, /tick must be a positive decimal/],
        [{ tick: '1e-2' }, /tick must be a positive decimal/],
        [{ tick: '-1' }, /tick must be/],
        [{ lot: 'NaN' }, /lot must be/],
        [{ tick: '0.0000000001', lot: '0.0000000001' }, /at most 18 decimals/],
        [{ minQty: '0.00015' }, /min-qty must be a multiple of the lot 0.0001/],
        [{ minQty: '2', maxQty: '1' }, /max-qty must not be below min-qty/],
        [{ maxQty: '99999999999999' }, /max-qty is too large for the lot/],
        [{ referencePrice: '1.005' }, /multiple of the tick 0.01/],
        [{ referencePrice: '0' }, /reference-price must be a positive decimal/],
        [{ priceBandPct: '0' }, /above 0/],
        [{ priceBandPct: '0.001' }, /no finer than 0.01/],
        [{ marketProtectionPct: '100' }, /below 100/],
        [{ makerBps: '-1' }, /maker-bps must be a decimal/],
        [{ takerBps: '10001' }, /taker-bps must be at most 10000/],
        [{ takerBps: '0.00001' }, /no finer than 0.0001/],
      ];
      for (const [terms, error] of refused) {
        const { status, body } = await api.post('/v1/instruments', { ...BTC, ...terms });
        expect(status, JSON.stringify(terms)).to.equal(400);
        expect(body).to.have.property('error').that.matches(error);
      }
      expect(await api.rows('select * from instruments')).to.deep.equal([]);
      expect(api.told).to.deep.equal([]);
    });

    it('cannot add the same symbol twice', async () => {
      const answers = await Promise.all([api.post('/v1/instruments', BTC), api.post('/v1/instruments', BTC)]);
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, 409]);
      expect((await api.post('/v1/instruments', BTC)).status).to.equal(409);
    });

    it('sets the price that market orders and bands refer to', async () => {
      await api.post('/v1/instruments', { ...BTC, symbol: 'BTC/USD' });
      api.told.length = 0;
      const path = '/v1/instruments/BTC%2FUSD/reference-price';
      expect((await api.post(path, { price: '0.001' })).status).to.equal(400);
      expect((await api.post(path, { price: '123.45' })).body).to.include({ referencePrice: '123.45' });
      expect(api.told.map(({ message }) => message)).to.deep.equal([
        { type: 'InstrumentChanged', symbol: 'BTC/USD', replyTo: { type: 'reply', requestId: 'r' } },
      ]);
    });
  });

  describe('and money', () => {
    const deposit = { type: 'deposit', username: 'alice', asset: 'USD', amount: '1000.50', id: 'wire-1' };
    let userId: number;
    beforeEach(async () => {
      await addUser('alice', 1001);
      const [row] = await api.rows("select id from users where username = 'alice'");
      userId = (row as { id: number }).id;
      await api.post('/v1/instruments', BTC);
      api.told.length = 0;
    });

    it('makes no asset by a slip of the pen, unless that is what is meant', async () => {
      api.reply = () => ({ type: 'TransferBooked', balance: UNIT });
      await api.rows(`insert into balances values (${userId}, 'EUR', 1, 0), (${userId}, 'UDS', 0, 0)`);
      const refused = {
        status: 409,
        body: {
          error:
            'no instrument names the asset "UDS" and nobody holds it; there is BTC, EUR, USD. ' +
            'If it is meant, say --new-asset (newAsset: true)',
        },
      };
      const slip = { ...deposit, asset: 'UDS' };
      expect(await api.post('/v1/transfers', slip)).to.deep.equal(refused);
      const adjustment = { ...slip, type: 'adjustment', reason: 'why' };
      expect(await api.post('/v1/transfers', adjustment)).to.deep.equal(refused);
      expect(await api.post('/v1/transfers', { ...slip, newAsset: false })).to.deep.equal(refused);
      expect(api.told).to.deep.equal([]);
      for (const [asset, more] of [
        ['BTC', {}],
        ['EUR', {}],
        ['UDS', { newAsset: true }],
      ] as const) {
        const { status } = await api.post('/v1/transfers', { ...deposit, asset, id: `to-${asset}`, ...more });
        expect(status, asset).to.equal(200);
      }
      expect((await audited()).at(-1)).to.have.nested.property('[2].newAsset', true);
    });

    it('deposits through the account, exactly', async () => {
      api.reply = () => ({ type: 'TransferBooked', balance: 1_234n * UNIT });
      expect(await api.post('/v1/transfers', deposit)).to.deep.equal({
        status: 200,
        body: {
          id: 'wire-1',
          username: 'alice',
          asset: 'USD',
          amount: '1000.5',
          balance: '1234',
          repeated: false,
        },
      });
      expect(api.told).to.deep.equal([
        {
          address: { type: 'exchange' },
          message: {
            type: 'SubmitAccountCommand',
            userId,
            replyTo: { type: 'reply', requestId: 'r' },
            command: {
              type: 'TransferFunds',
              asset: 'USD',
              amount: 1_000_500_000_000_000_000_000n,
              idempotencyKey: 'wire-1',
              requestedBy: 'operator',
              kind: 'deposit',
              reason: undefined,
            },
          },
        },
      ]);
    });

    it('withdraws as a negative transfer, and is told why the account refuses', async () => {
      api.reply = () => ({ type: 'TransferRefused', text: 'only 3 USD are available' });
      const { status, body } = await api.post('/v1/transfers', { ...deposit, type: 'withdrawal' });
      expect({ status, body }).to.deep.equal({ status: 409, body: { error: 'only 3 USD are available' } });
      expect(api.told[0]?.message).to.have.nested.property('command.amount', -1_000_500_000_000_000_000_000n);
    });

    it('gets the same answer for the same id without asking again, and a conflict for other content', async () => {
      await api.rows(`insert into balances values (${userId}, 'USD', 1500, 0)`);
      await api.rows(
        `insert into transfers (user_id, asset, amount, idempotency_key, requested_by, created_at, kind)
         values (${userId}, 'USD', 1000.5, 'wire-1', 'x', now(), 'deposit')`,
      );
      const repeated = await api.post('/v1/transfers', deposit);
      expect(repeated.status).to.equal(200);
      expect(repeated.body).to.deep.include({ repeated: true, balance: '1500', amount: '1000.5' });
      for (const other of [{ amount: '1000.51' }, { asset: 'EUR' }, { type: 'withdrawal' }]) {
        const { status, body } = await api.post('/v1/transfers', { ...deposit, ...other });
        expect(status, JSON.stringify(other)).to.equal(409);
        expect(body).to.have.property('error', 'the id "wire-1" was used for another transfer');
      }
      expect(api.told).to.deep.equal([]);
    });

    it('learns what another node has booked meanwhile with the same id', async () => {
      for (const { amount, expected } of [
        { amount: '7', expected: { status: 409, repeated: undefined } },
        { amount: '1000.5', expected: { status: 200, repeated: true } },
      ]) {
        api.reply = async () => {
          await api.rows(
            `insert into transfers (user_id, asset, amount, idempotency_key, requested_by, created_at, kind)
             values (${userId}, 'USD', ${amount}, 'with-${amount}', 'x', now(), 'deposit')`,
          );
          return { type: 'CommandRejected', text: 'refused by the database (23505)' };
        };
        const { status, body } = await api.post('/v1/transfers', { ...deposit, id: `with-${amount}` });
        const { repeated } = body;
        expect({ status, repeated }).to.deep.equal(expected);
      }
    });

    it('finds what was booked although no answer came in time', async () => {
      api.reply = async () => {
        await api.rows(
          `insert into transfers (user_id, asset, amount, idempotency_key, requested_by, created_at, kind)
           values (${userId}, 'USD', 1000.5, 'wire-1', 'x', now(), 'deposit')`,
        );
        throw new Error('no answer within 1 ms');
      };
      const { status, body } = await api.post('/v1/transfers', deposit);
      const { repeated } = body;
      expect({ status, repeated }).to.deep.equal({ status: 200, repeated: false });
      expect((await audited()).at(-1)).to.have.nested.property('[2].outcome.booked', true);
    });

    it('who ask for one id at the same instant are one after the other, and the second one is told so', async () => {
      let answers = 0;
      api.reply = async () => {
        answers += 1;
        await api.rows(
          `insert into transfers (user_id, asset, amount, idempotency_key, requested_by, created_at, kind)
           values (${userId}, 'USD', 1000.5, 'wire-1', 'x', now(), 'deposit')`,
        );
        return { type: 'TransferBooked', balance: UNIT };
      };
      const asked = [deposit, deposit, { ...deposit, amount: '7' }].map((one) =>
        api.post('/v1/transfers', one),
      );
      const answered = (await Promise.all(asked)).map(
        ({ status, body: { repeated } }) => `${status} ${repeated}`,
      );
      expect(answered.sort()).to.deep.equal(['200 false', '200 true', '409 undefined']);
      expect(answers).to.equal(1);
    });

    it('adjusts either way, with a reason', async () => {
      api.reply = () => ({ type: 'TransferBooked', balance: UNIT });
      const adjustment = { ...deposit, type: 'adjustment', reason: 'a fee that was too high' };
      for (const [amount, id] of [
        ['-0.5', 'a'],
        ['0.5', 'b'],
      ]) {
        expect((await api.post('/v1/transfers', { ...adjustment, amount, id })).status).to.equal(200);
      }
      const commands = api.told.map(({ message }) => 'command' in message && message.command);
      const { reason } = adjustment;
      expect(commands[0]).to.include({ kind: 'adjustment', amount: -UNIT / 2n, reason });
      expect(commands[1]).to.include({ kind: 'adjustment', amount: UNIT / 2n, reason });
      const { id, ...named } = { ...adjustment, id: 'b', amount: '0.5' };
      const { type: _, ...details } = named;
      expect((await audited()).at(-1)).to.deep.equal([
        'operator',
        'adjustment',
        { ...details, id, outcome: { booked: true } },
      ]);
      for (const wrong of [
        { reason: undefined },
        { reason: '' },
        { amount: '0' },
        { amount: '-0' },
        { amount: '--1' },
        { amount: '+1' },
      ]) {
        const { status } = await api.post('/v1/transfers', { ...adjustment, id: 'c', ...wrong });
        expect(status, JSON.stringify(wrong)).to.equal(400);
      }
    });

    it('may leave the id to the venue, which tells it', async () => {
      api.reply = () => ({ type: 'TransferBooked', balance: UNIT });
      const { id: _none, ...withoutId } = deposit;
      const { id: first } = (await api.post('/v1/transfers', withoutId)).body;
      const { id: second } = (await api.post('/v1/transfers', withoutId)).body;
      expect(first).to.match(/^[0-9a-f-]{36}$/);
      expect(second)
        .to.match(/^[0-9a-f-]{36}$/)
        .and.not.equal(first);
    });

    it('moves no amount that is not a positive plain decimal', async () => {
      const amounts = [
        '0',
        '-1',
        '1e3',
        'NaN',
        '',
        ' 1',
        '0x10',
        '9'.repeat(21),
        `0.${'0'.repeat(18)}1`,
        '1,000',
      ];
      for (const amount of amounts) {
        expect((await api.post('/v1/transfers', { ...deposit, amount })).status, amount).to.equal(400);
      }
      expect((await api.post('/v1/transfers', { ...deposit, amount: 5 })).status).to.equal(400);
      expect((await api.post('/v1/transfers', { ...deposit, asset: 'usd' })).status).to.equal(400);
      expect((await api.post('/v1/transfers', { ...deposit, username: 'nobody' })).status).to.equal(404);
      expect(api.told).to.deep.equal([]);
    });

    it('moves money of the venue itself, which pays what it is charged with', async () => {
      api.reply = () => ({ type: 'TransferBooked', balance: 5n * 10n ** 18n });
      const { status, body } = await api.post('/v1/transfers', { ...deposit, username: 'fees' });
      expect(status).to.equal(200);
      expect(body).to.include({ username: 'fees', balance: '5' });
      expect(api.told.at(-1)?.message).to.include({ type: 'SubmitAccountCommand', userId: 0 });
    });

    it('is told when no answer comes, or the venue is busy; who asked is on record', async () => {
      const { status, body: late } = await api.post('/v1/transfers', deposit);
      const error = 'no answer in time; it may be booked, or come to be: ';
      const repeat = 'repeat it with the id "wire-1", and it is booked once';
      expect({ status, late }).to.deep.equal({ status: 504, late: { error: error + repeat } });
      api.reply = () => ({ type: 'CommandRejected', text: 'the venue is busy' });
      expect(await api.post('/v1/transfers', deposit)).to.deep.equal({
        status: 503,
        body: { error: 'the venue is busy' },
      });
      const { id, ...rest } = { ...deposit };
      const details = { id, username: rest.username, asset: rest.asset, amount: rest.amount };
      expect((await audited()).slice(2)).to.deep.equal([
        // Nobody knows what became of the first one: it has no outcome.
        ['operator', 'deposit', details],
        ['operator', 'deposit', details],
        ['operator', 'deposit', { ...details, outcome: { refused: 'the venue is busy' } }],
      ]);
    });
  });
});

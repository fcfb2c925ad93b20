import { expect } from 'chai';
import type { Authenticator } from '../../src/actors/ports.ts';
import { type VenueLimits, withDefaults } from '../../src/config/limits.ts';
import { DEFAULT_MEMBER_SETTINGS } from '../../src/fix/member-settings.ts';
import { createAuthenticator } from '../../src/persistence/authenticator.ts';
import { createIdSource, ID_BLOCK_SIZE, IdBlocks } from '../../src/persistence/id-blocks.ts';
import { createInstrumentSource } from '../../src/persistence/instruments.ts';
import { connect } from '../../src/persistence/orm.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { hashPassword, inHashingTurn } from '../../src/platform/passwords.ts';
import { BTC_USD } from '../support/instruments.ts';
import { postgresProxy } from '../support/postgres-proxy.ts';
import { until } from '../support/until.ts';
import {
  ALICE,
  ALICE_COMP_ID,
  BOB_COMP_ID,
  type VenueDatabase,
  venueDatabase,
} from '../support/venue-database.ts';

describe('identity', () => {
  let venue: VenueDatabase;
  before(async () => {
    venue = await venueDatabase();
  });
  after(() => venue.drop());

  describe('a logon', () => {
    let authenticator: Authenticator;
    let now: number;
    const clock = { ...systemClock, now: () => now };
    // Each test has addresses of its own, so that the failures of one do not lock the next one out.
    let lastAddress = 0;
    let peer = { remoteAddress: '', certificateSubject: undefined as string | undefined };
    const judge = (changes: Partial<Parameters<Authenticator['judge']>[0]> = {}) =>
      authenticator.judge({
        senderCompId: ALICE_COMP_ID,
        username: 'alice',
        password: 'secret',
        peer,
        ...changes,
      });
    const fresh = (limits: Partial<VenueLimits> = {}) =>
      createAuthenticator(venue.orm, { clock, limits: withDefaults(limits) });
    const from = (address: string) => ({ ...peer, remoteAddress: `${address}:50000` });
    const agree = (assignments: string) => venue.query(`update users set ${assignments} where id = ${ALICE}`);

    before(async () => {
      await venue.query('update users set password_hash = $1 where id = 1', [await hashPassword('secret')]);
    });
    beforeEach(async () => {
      now = Date.UTC(2026, 0, 1);
      lastAddress += 1;
      peer = { remoteAddress: `192.0.2.${lastAddress}:50000`, certificateSubject: undefined };
      authenticator = await fresh();
    });

    it('is accepted with the password of the user of its SenderCompID', async () => {
      expect(await judge()).deep.equal({
        type: 'Accepted',
        userId: ALICE,
        settings: DEFAULT_MEMBER_SETTINGS,
      });
    });

    it('brings what is agreed with the member', async () => {
      await agree(
        'reset_on_logon = true, reset_on_logout = true, validate_user_defined_fields = false, ' +
          "session_schedule = 'Mon 08:00 - Fri 17:30 Europe/Zurich reset Sun 18:00', cancel_on_disconnect = true, " +
          'cancel_grace_ms = 250, orders_per_second = 40',
      );
      expect(await judge()).deep.equal({
        type: 'Accepted',
        userId: ALICE,
        settings: {
          resetOnLogon: true,
          resetOnLogout: true,
          validateUserDefinedFields: false,
          schedule: {
            timeZone: 'Europe/Zurich',
            startTime: '08:00',
            endTime: '17:30',
            startDay: 1,
            endDay: 5,
            resetTime: '18:00',
            resetDay: 0,
          },
          cancelOnDisconnect: true,
          cancelGraceMs: 250,
          ordersPerSecond: 40,
        },
      });
      await agree("session_schedule = 'whenever'");
      expect(await judge()).include({ type: 'Unavailable' });
      await agree(
        'reset_on_logon = false, reset_on_logout = false, validate_user_defined_fields = true, ' +
          'session_schedule = null, cancel_on_disconnect = false, cancel_grace_ms = 10000, orders_per_second = null',
      );
    });

    it('is refused with another password, for another user, an unknown one, and the venue', async () => {
      for (const changes of [
        { password: 'Secret' },
        { password: '' },
        { username: 'bob' },
        { senderCompId: BOB_COMP_ID },
        { senderCompId: 4_711 },
        { senderCompId: 2 ** 40 },
        { senderCompId: 0, username: 'fees', password: '' },
        { senderCompId: BOB_COMP_ID, username: 'bob', password: '' },
      ]) {
        const verdict = await judge(changes);
        expect(verdict).include({ type: 'Refused' });
        expect(JSON.stringify(verdict)).not.match(/locked|secret/i);
      }
    });

    it('costs one hash, whatever is wrong with it, so that its time tells nothing', async () => {
      let hashCount = 0;
      const counted = await createAuthenticator(venue.orm, {
        clock,
        limits: withDefaults({}),
        inTurn: (work) =>
          inHashingTurn((verifyNow) =>
            work((phc, password) => {
              hashCount += 1;
              expect(phc).match(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
              return verifyNow(phc, password);
            }),
          ),
      });
      await agree("allowed_addresses = '{198.51.100.7}', certificate_subject = 'CN=desk-1'");
      const right = { ...peer, remoteAddress: '198.51.100.7:1', certificateSubject: 'CN=desk-1' };
      const alice = { senderCompId: ALICE_COMP_ID, username: 'alice', password: 'secret', peer: right };
      for (const [index, changes] of [
        {},
        { password: 'x' },
        { username: 'bob' },
        { senderCompId: 4_712 },
        { senderCompId: -1 },
        { senderCompId: 0, username: 'fees' },
        { peer: { ...right, remoteAddress: '203.0.113.1:1' } },
        { peer: { ...right, certificateSubject: undefined } },
      ].entries()) {
        const verdict = await counted.judge({ ...alice, ...changes });
        expect(verdict.type).equal(index === 0 ? 'Accepted' : 'Refused');
        expect(hashCount, JSON.stringify(changes)).equal(index + 1);
      }
      await agree('allowed_addresses = null, certificate_subject = null');
    });

    it('of a disabled user is answered only when the password is right', async () => {
      await agree("status = 'disabled'");
      expect(await judge()).include({ type: 'Disabled' });
      expect(await judge({ password: 'x' })).include({ type: 'Refused' });
      await agree("status = 'active'");
    });

    it('from an address that is not allowed for the member is refused, whatever its password', async () => {
      await agree("allowed_addresses = '{198.51.100.7,203.0.113.0/24,2001:db8::/32}'");
      for (const address of ['198.51.100.7', '203.0.113.200', '[2001:db8::5]']) {
        expect(await judge({ peer: from(address) }), address).include({ type: 'Accepted' });
      }
      for (const address of ['198.51.100.8', '203.0.114.1', '[2001:db9::5]']) {
        expect(await judge({ peer: from(address) }), address).deep.equal({
          type: 'Refused',
          reason: 'an address that is not allowed for the member',
        });
      }
      await agree('allowed_addresses = null');
    });

    it('must come with the very certificate that is bound to the member', async () => {
      await agree("certificate_subject = 'CN=desk-1,O=Bank'");
      const withCertificate = (certificateSubject: string | undefined) =>
        judge({ peer: { ...peer, certificateSubject } });
      expect(await withCertificate('CN=desk-1,O=Bank')).include({ type: 'Accepted' });
      expect(await withCertificate('CN=desk-2,O=Bank')).include({ type: 'Refused' });
      expect(await withCertificate(undefined)).include({ type: 'Refused' });
      await agree('certificate_subject = null');
      expect(await withCertificate('CN=desk-2,O=Bank')).include({ type: 'Accepted' });
    });

    it('is not judged while failures lock it out, and is when that is over', async () => {
      for (let failure = 0; failure < 5; failure += 1) await judge({ password: 'x' });
      expect(await judge()).deep.equal({
        type: 'Refused',
        reason: 'locked out for another 1 s after failed logons',
      });
      now += 1_000;
      expect(await judge()).include({ type: 'Accepted' });
    });

    it('is locked out for an unknown member as for a known one, so that the lock tells nothing', async () => {
      const reasonsOf = async (senderCompId: number) => {
        const reasons: unknown[] = [];
        for (let failure = 0; failure < 7; failure += 1) {
          const verdict = await judge({ senderCompId, password: 'x', peer: from(`198.51.100.${failure}`) });
          reasons.push('reason' in verdict && verdict.reason.startsWith('locked out'));
        }
        return reasons;
      };
      const known = await reasonsOf(ALICE_COMP_ID);
      authenticator = await fresh();
      expect(await reasonsOf(4_711)).deep.equal(known);
      expect(known).deep.equal([false, false, false, false, false, true, true]);
    });

    it('is not hashed behind the failure that locks it out, though all came at once', async () => {
      const verdicts = await Promise.all(
        Array.from({ length: 20 }, (_, index) => judge({ password: 'x', peer: from(`203.0.113.${index}`) })),
      );
      const judged = verdicts.filter((verdict) => 'reason' in verdict && verdict.reason === 'wrong password');
      // Two are hashed at a time: when the fifth is known, the sixth is under way.
      expect(judged.length).within(5, 6);
    });

    it('from where the member has logged on before cannot be locked out from elsewhere, over restarts', async () => {
      await venue.query('update users set password_hash = $1 where id = 2', [await hashPassword('secret')]);
      const bob = { senderCompId: BOB_COMP_ID, username: 'bob' };
      expect(await judge(bob)).include({ type: 'Accepted' });
      await until('the address to be remembered', async () => {
        const [row] = await venue.query<{ known: string[] | null }>(
          'select known_addresses as known from users where id = 2',
        );
        return row?.known?.includes(`192.0.2.${lastAddress}`);
      });
      authenticator = await fresh();
      for (let failure = 0; failure < 6; failure += 1) {
        await judge({ ...bob, password: 'x', peer: from('198.51.100.66') });
      }
      expect(await judge({ ...bob, peer: from('203.0.113.9') })).include({ type: 'Refused' });
      expect(await judge(bob)).include({ type: 'Accepted' });
    });

    it('does not wait behind a network that sends many, nor twice itself', async () => {
      authenticator = await fresh({ maxPendingLoginsPerNetwork: 8 });
      const flood = Array.from({ length: 20 }, (_, index) =>
        judge({ senderCompId: 5_000 + index, peer: from('198.51.100.66') }),
      );
      const [verdict, again] = await Promise.all([judge(), judge()]);
      expect(verdict).include({ type: 'Accepted' });
      expect(again).deep.equal({ type: 'Unavailable', reason: 'another logon of the member waits' });
      const types = (await Promise.all(flood)).map(({ type }) => type);
      expect(types.filter((type) => type === 'Refused').length, 'judged').equal(8);
      expect(types.lastIndexOf('Refused'), 'those that came first').equal(7);
      expect(await judge({ senderCompId: 5_000, peer: from('198.51.100.66') }), 'room again').include({
        type: 'Refused',
      });
    });

    it('from where the member has logged on before comes first, however many strangers wait', async () => {
      expect(await judge()).include({ type: 'Accepted' });
      const finished: string[] = [];
      const note = async (who: string, login: ReturnType<typeof judge>) => {
        finished.push(`${who} ${(await login).type}`);
      };
      const sameNetwork = Array.from({ length: 8 }, (_, index) =>
        note('stranger', judge({ senderCompId: 5_000 + index })),
      );
      await Promise.all([...sameNetwork, note('member', judge())]);
      // Two were being hashed when it came.
      expect(finished.indexOf('member Accepted')).within(0, 3);
      expect(finished.filter((one) => one === 'stranger Refused').length).equal(8);
    });

    it('is told when the database does not answer, and when too many wait', async () => {
      const proxy = await postgresProxy(venue.url);
      const orm = await connect(proxy.url);
      authenticator = await createAuthenticator(orm, {
        clock,
        limits: withDefaults({ maxPendingLogins: 1 }),
      });
      const verdicts = await Promise.all([judge(), judge({ peer: from('198.51.100.1') })]);
      expect(verdicts.map((verdict) => verdict.type)).deep.equal(['Accepted', 'Unavailable']);
      proxy.cutAll();
      expect(await judge()).include({ type: 'Unavailable' });
      await orm.close(true);
      await proxy.close();
    });
  });

  describe('ids', () => {
    it('are never given out twice, over restarts', async () => {
      const first = await createIdSource(venue.orm);
      const second = await createIdSource(venue.orm);
      expect(Math.abs(second.nextOrderId() - first.nextOrderId()) % ID_BLOCK_SIZE).equal(0);
      expect(second.nextTradeId()).not.equal(first.nextTradeId());
      expect(first.nextOrderId()).equal(2);
    });

    it('go on in the next block, which is fetched when half of one is used', async () => {
      const blocks = [100, 300];
      let reserveCount = 0;
      const reserve = async () => {
        reserveCount += 1;
        return blocks.shift() ?? 0;
      };
      const ids = await IdBlocks.open('order_ids', reserve, 4, silentLog);
      expect([ids.next(), reserveCount]).deep.equal([100, 1]);
      expect([ids.next(), reserveCount]).deep.equal([101, 2]);
      await Promise.resolve();
      expect([ids.next(), ids.next(), ids.next()]).deep.equal([102, 103, 300]);
    });

    it('are fetched again when that failed, and running out is a bug', async () => {
      let failCount = 0;
      const reserve = async () => {
        failCount += 1;
        if (failCount > 1) throw new Error('no database');
        return 1;
      };
      const ids = await IdBlocks.open('order_ids', reserve, 4, silentLog);
      for (let taken = 0; taken < 4; taken += 1) {
        ids.next();
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(failCount).equal(4);
      expect(() => ids.next()).throw('no block of order_ids is left');
    });
  });

  describe('an instrument', () => {
    it('is read with exact steps, and with its status and reference price', async () => {
      const source = createInstrumentSource(venue.orm);
      expect(await source.find('BTC-USD')).deep.equal({
        instrument: BTC_USD,
        status: { type: 'Open' },
        referencePrice: undefined,
        lastPrice: undefined,
      });
      await venue.query(
        "update instruments set status = 'halted', halted_by = 'operator', status_reason = 'news', reference_price = 100.05 " +
          "where symbol = 'ETH-USD'",
      );
      const [, eth] = await source.all();
      expect(eth).deep.include({
        status: { type: 'Halted', by: 'operator', reason: 'news' },
        referencePrice: 10_005,
      });
      expect(await source.find('NOPE')).equal(undefined);
    });
  });
});

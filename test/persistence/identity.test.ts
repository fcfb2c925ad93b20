import { expect } from 'chai';
import type { Authenticator } from '../../src/actors/ports.ts';
import { createAuthenticator } from '../../src/persistence/authenticator.ts';
import { createIdSource, ID_BLOCK_SIZE, IdBlocks } from '../../src/persistence/id-blocks.ts';
import { createInstrumentSource } from '../../src/persistence/instruments.ts';
import { connect } from '../../src/persistence/orm.ts';
import { silentLog } from '../../src/platform/log.ts';
import { hashPassword } from '../../src/platform/passwords.ts';
import { BTC_USD } from '../support/instruments.ts';
import { postgresProxy } from '../support/postgres-proxy.ts';
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
    const login = { senderCompId: ALICE_COMP_ID, username: 'alice', password: 'secret' };
    before(async () => {
      await venue.query('update users set password_hash = $1 where id = 1', [await hashPassword('secret')]);
      authenticator = await createAuthenticator(venue.orm);
    });

    it('is accepted with the password of the user of its SenderCompID', async () => {
      expect(await authenticator.judge(login)).deep.equal({
        type: 'Accepted',
        userId: ALICE,
        resetOnLogon: false,
      });
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
        expect(await authenticator.judge({ ...login, ...changes })).include({ type: 'Refused' });
      }
    });

    it('of a disabled user is answered only when the password is right', async () => {
      await venue.query("update users set status = 'disabled' where id = 1");
      expect(await authenticator.judge(login)).include({ type: 'Disabled' });
      expect(await authenticator.judge({ ...login, password: 'x' })).include({ type: 'Refused' });
      await venue.query("update users set status = 'active' where id = 1");
    });

    it('is told when the database does not answer, and when too many wait', async () => {
      const proxy = await postgresProxy(venue.url);
      const orm = await connect(proxy.url);
      const remote = await createAuthenticator(orm, { maxPendingLogins: 1 });
      const verdicts = await Promise.all([remote.judge(login), remote.judge(login)]);
      expect(verdicts.map((verdict) => verdict.type)).deep.equal(['Accepted', 'Unavailable']);
      proxy.cutAll();
      expect(await remote.judge(login)).include({ type: 'Unavailable' });
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

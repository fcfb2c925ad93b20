/** What differs between FIX.4.2, FIX.4.4 and FIX.5.0SP2 over FIXT.1.1, as a member sees it on the wire. */
import { expect } from 'chai';
import type { FixClient } from '../../support/fix-client.ts';
import { FixVenue, limitOrder, MEMBER, OTHER_MEMBER } from '../../support/fix-venue.ts';
import { forEachVersion } from '../../support/fix-versions.ts';

const GATE = { type: 'gateway', name: 'gate' } as const;

forEachVersion((version) => {
  const is42 = version === 'FIX.4.2';
  const isFixt = version === 'FIX.5.0SP2';

  describe('a session', () => {
    let venue: FixVenue;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
    });
    afterEach(() => venue.stop());

    it(`is opened with a Logon ${isFixt ? 'that says' : 'without'} DefaultApplVerID (1)`, async () => {
      const member = await venue.connect();
      member.sendLogon();
      const answer = await member.expect('A', { 34: 1, 98: 0, 108: 30 });
      expect(answer.get(1137)).to.equal(isFixt ? '9' : undefined);
      expect(answer.beginString).to.equal(isFixt ? 'FIXT.1.1' : version);
      expect([answer.tagAt(0), answer.tagAt(1), answer.tagAt(2)]).to.deep.equal([8, 9, 35]);
    });

    it('takes Username and Password in its Logon, and refuses whoever has them wrong (4)', async () => {
      const stranger = await venue.connect({ password: 'wrong' });
      stranger.sendLogon();
      await stranger.expectClosed();
      await venue.logon();
    });

    if (isFixt) {
      for (const [name, fields] of [
        ['without DefaultApplVerID', undefined],
        ['with the DefaultApplVerID of another version', '8'],
        ['with a DefaultApplVerID that does not exist', '33'],
      ] as const) {
        it(`${name} is not begun: the connection is closed without a word (4)`, async () => {
          const peer = await venue.connect();
          const { username, password } = MEMBER;
          const logon = { 98: '0', 108: '30', 553: username, 554: password };
          peer.send('A', fields === undefined ? logon : { ...logon, 1137: fields });
          await peer.expectClosed();
          expect(venue.opens).to.deep.equal([]);
        });
      }
    } else {
      it('has no DefaultApplVerID: a Logon with it is told so in a Logout', async () => {
        const member = await venue.connect();
        member.sendLogon({ 1137: '9' });
        const logout = await member.expect('5', { 34: 1 });
        expect(logout.get(58)).to.contain('1137');
        await member.expectClosed();
      });
    }

    it(`${is42 ? 'has no' : 'may use'} NextExpectedMsgSeqNum`, async () => {
      const member = await venue.connect();
      member.sendLogon({ 789: '1' });
      if (is42) {
        const logout = await member.expect('5', { 34: 1 });
        expect(logout.get(58)).to.contain('789');
        await member.expectClosed();
      } else {
        await member.expect('A', { 34: 1, 789: 2 });
      }
    });

    it('says what happens to orders in the version’s own words', async () => {
      const member = await venue.logon();
      const order = { orderQty: '2.00', clOrdId: 'a' };
      const traded = {
        execType: 'F',
        ordStatus: '1',
        cumQty: '0.50',
        leavesQty: '1.50',
        avgPx: '100',
        fill: {
          tradeId: 77,
          lastQty: '0.50',
          lastPx: '100.00',
          lastLiquidityInd: 1,
          fee: '0.05',
          feeAsset: 'USD',
        },
      } as const;
      venue.commit([
        venue.newReport(order),
        { ...venue.newReport(order), ...traded },
        { ...venue.newReport(order), ...traded, ordStatus: '2', cumQty: '2.00', leavesQty: '0.00' },
        { ...venue.newReport(order), execType: 'I', sourceSeq: 0 },
        { ...venue.newReport(order), execType: '8', ordStatus: '8', ordRejReason: 99, text: 'off the tick' },
        { ...venue.newReport(order), execType: '4', ordStatus: '4', execRestatementReason: 99 },
      ]);
      const accepted = await member.expect('8', {
        34: 2,
        150: '0',
        39: '0',
        6: '0',
        14: '0.00',
        151: '2.00',
      });
      const partial = await member.expect('8', {
        34: 3,
        150: is42 ? '1' : 'F',
        39: '1',
        31: '100.00',
        32: '0.50',
      });
      await member.expect('8', { 34: 4, 150: is42 ? '2' : 'F', 39: '2', 151: '0.00' });
      const status = await member.expect('8', { 34: 5, 150: is42 ? '0' : 'I', 39: '0' });
      await member.expect('8', { 34: 6, 150: '8', 39: '8', 103: is42 ? 0 : 99, 58: 'off the tick' });
      await member.expect('8', { 34: 7, 150: '4', 39: '4', 378: is42 ? 4 : 99 });
      expect([accepted, partial, status].map((report) => report.get(20))).to.deep.equal(
        is42 ? ['0', '0', '3'] : [undefined, undefined, undefined],
      );
      expect(partial.get(527), 'the trade’s id').to.equal(is42 ? undefined : '77');
      expect(partial.get(137), 'the fee').to.equal(is42 ? undefined : '0.05');
    });

    it('says why a cancel was refused in the version’s own words', async () => {
      const member = await venue.logon();
      venue.commit([
        {
          type: 'OrderCancelReject',
          userId: MEMBER.userId,
          source: 'user:7',
          sourceSeq: 1,
          at: venue.clock.now(),
          orderId: undefined,
          clOrdId: 'c',
          origClOrdId: 'a',
          ordStatus: '8',
          cxlRejResponseTo: 1,
          cxlRejReason: 6,
          text: 'ClOrdID was used before',
        },
      ]);
      const text = 'ClOrdID was used before';
      await member.expect('9', {
        11: 'c',
        41: 'a',
        37: 'NONE',
        39: '8',
        434: 1,
        102: is42 ? 0 : 6,
        58: text,
      });
    });

    it('tells its members News, one line each', async () => {
      const member = await venue.logon();
      const lines = ['Saturday from 10:00', 'until noon'];
      venue.system.tell(GATE, { type: 'Announce', headline: 'Maintenance', lines });
      const news = await member.expect('B', { 34: 2, 148: 'Maintenance', 33: 2, 58: 'Saturday from 10:00' });
      expect(Array.from({ length: news.fieldCount }, (_, i) => news.valueAt(i))).to.include('until noon');
      member.send('2', { 7: 2, 16: 0 });
      await member.expect('B', { 34: 2, 43: 'Y', 148: 'Maintenance' });
    });
  });
});

describe('members that speak different versions', () => {
  it('trade beside each other on one port', async () => {
    const venue = await FixVenue.start();
    try {
      const old: FixClient = await venue.logon({ version: 'FIX.4.2' });
      const young: FixClient = await venue.logon({ ...OTHER_MEMBER, version: 'FIX.5.0SP2' });
      old.send('D', limitOrder('a', {}, 'FIX.4.2'));
      young.send('D', limitOrder('b', {}, 'FIX.5.0SP2'));
      expect((await old.expect('8', { 11: 'a', 20: '0' })).beginString).to.equal('FIX.4.2');
      expect((await young.expect('8', { 11: 'b' })).beginString).to.equal('FIXT.1.1');
    } finally {
      await venue.stop();
    }
  });
});

/** How fast a member may send orders and questions: what is beyond is rejected with when to try again, and cancels always pass. */
import { expect } from 'chai';
import { DEFAULT_MEMBER_SETTINGS } from '../../../src/fix/member-settings.ts';
import type { FixClient } from '../../support/fix-client.ts';
import { FixVenue, limitOrder } from '../../support/fix-venue.ts';
import { forEachVersion } from '../../support/fix-versions.ts';
import { until } from '../../support/until.ts';

const CANCEL = { 11: 'f', 41: 'a', 55: 'BTC-USD', 54: '1', 60: '20260105-12:00:00.000' };
/** The id of each question that is asked here. */
const IDS: Readonly<Record<string, string>> = { H: 'a', AF: 'm', x: 'l', e: 's' };
const TOO_FAST = 'more than 2 requests a second, cancels aside: try again in 500 ms';

forEachVersion((version) => {
  const order = (clOrdId: string, changes: Readonly<Record<number, string>> = {}) =>
    limitOrder(clOrdId, changes, version);

  describe('a member that may send two orders a second', () => {
    let venue: FixVenue;
    let member: FixClient;

    beforeEach(async () => {
      venue = await FixVenue.start({ version, limits: { minThrottleAbuse: 30 } });
      venue.settings = { ...DEFAULT_MEMBER_SETTINGS, ordersPerSecond: 2 };
      member = await venue.logon();
    });
    afterEach(() => venue.stop());

    function submittedIds(): string[] {
      return venue.submitted.flatMap(({ commands }) =>
        commands.map(({ command }) => ('clOrdId' in command ? (command.clOrdId ?? '') : command.type)),
      );
    }

    async function useUp(): Promise<void> {
      for (const clOrdId of ['a', 'b']) {
        member.send('D', order(clOrdId));
        await member.expect('8', { 11: clOrdId });
      }
    }

    it('is told when to try the third again, and it is accepted then under the same ClOrdID', async () => {
      await useUp();
      member.send('D', order('c'));
      await member.expect('j', { 45: 4, 372: 'D', 379: 'c', 380: 0, 58: TOO_FAST });
      expect(submittedIds()).to.deep.equal(['a', 'b']);
      venue.clock.advance(500);
      member.send('D', order('c'));
      await member.expect('8', { 11: 'c' });
    });

    it('is told so of a replace as well', async () => {
      await useUp();
      member.send('G', order('c', { 41: 'a' }));
      await member.expect('j', { 45: 4, 372: 'G', 379: 'c', 380: 0, 58: TOO_FAST });
    });

    it('may cancel as fast as it wants', async () => {
      await useUp();
      venue.onSubmit = () => {};
      for (let i = 0; i < 20; i += 1) member.send('F', { ...CANCEL, 11: `f${i}` });
      await until('the cancels', () => submittedIds().length === 22);
    });

    if (version !== 'FIX.4.2') {
      it('may cancel all of its orders as fast as it wants', async () => {
        await useUp();
        venue.onSubmit = () => {};
        for (let i = 0; i < 20; i += 1) {
          member.send('q', { 11: `q${i}`, 530: '7', 60: '20260105-12:00:00.000' });
        }
        await until('the mass cancels', () => submittedIds().length === 22);
      });
    }

    const questions: Readonly<Record<string, Readonly<Record<number, string>>>> = {
      H: { 11: 'a', 54: '1', 55: 'BTC-USD' },
      e: { 55: 'BTC-USD', 263: '0', 324: 's' },
      ...(version === 'FIX.4.2' ? {} : { AF: { 584: 'm', 585: '7' }, x: { 320: 'l', 559: '4' } }),
    };
    for (const [msgType, fields] of Object.entries(questions)) {
      it(`is told so of a question (${msgType}) as well, by the id of the question`, async () => {
        await useUp();
        member.send(msgType, fields);
        await member.expect('j', { 45: 4, 372: msgType, 379: IDS[msgType] ?? '', 380: 0, 58: TOO_FAST });
      });

      it(`has questions (${msgType}) counted`, async () => {
        venue.onSubmit = () => {};
        member.send(msgType, fields);
        member.send(msgType, fields);
        member.send('D', order('c'));
        for (;;) {
          const message = await member.nextMessage();
          if (message.msgType === 'j') break;
        }
        expect(submittedIds()).to.not.include('c');
      });
    }

    it('has the numbers of rejected orders consumed', async () => {
      await useUp();
      member.send('D', order('c'));
      await member.expect('j');
      member.send('1', { 112: 'in order' });
      await member.expect('0', { 112: 'in order' });
      await member.logout();
      await venue.settled();
      expect(venue.stored().nextInSeqNum).to.equal(7);
    });

    it('can ask for the rejects again, since they are application messages', async () => {
      await useUp();
      member.send('D', order('c'));
      await member.expect('j', { 34: 4 });
      member.send('2', { 7: 4, 16: 0 });
      await member.expect('j', { 34: 4, 43: 'Y', 379: 'c' });
    });

    it('that goes on in spite of thirty rejects in a second is logged out', async () => {
      await useUp();
      for (let i = 0; i < 31; i += 1) member.send('D', order(`x${i}`));
      for (let i = 0; i < 30; i += 1) await member.expect('j', { 379: `x${i}` });
      await member.expect('5', { 58: 'too many requests beyond the allowed rate' });
      await member.expectClosed();
      expect(submittedIds()).to.deep.equal(['a', 'b']);
    });

    it('is forgiven what it did a second ago', async () => {
      await useUp();
      for (let round = 0; round < 3; round += 1) {
        for (let i = 0; i < 25; i += 1) member.send('D', order(`r${round}-${i}`));
        for (let i = 0; i < 25; i += 1) await member.nextMessage();
        venue.clock.advance(1_000);
      }
      member.send('D', order('after'));
      await member.expect('8', { 11: 'after' });
    });
  });
});

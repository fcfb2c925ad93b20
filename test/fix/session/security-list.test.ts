/** Which instruments there are (x, y): tick, lot and bounds, in as many messages as it takes. */
import { expect } from 'chai';
import { SECURITIES_PER_MESSAGE } from '../../../src/fix/security-list.ts';
import { TAG } from '../../../src/fix/tags.ts';
import { type FixClient, textOf } from '../../support/fix-client.ts';
import { FixVenue } from '../../support/fix-venue.ts';
import { forEachVersion } from '../../support/fix-versions.ts';
import { makeInstrument } from '../../support/instruments.ts';
import { until } from '../../support/until.ts';

forEachVersion((version) => {
  describe('a question about instruments', () => {
    let venue: FixVenue;
    let member: FixClient;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
      member = await venue.logon();
    });
    afterEach(() => venue.stop());

    if (version === 'FIX.4.2') {
      it('is not known: 35=3 with 373=11', async () => {
        member.send('x', { 320: 'l1', 559: '4' });
        await member.expect('3', { 45: 2, 373: 11 });
      });
      return;
    }

    it('of one symbol is answered with its tick, lot and bounds as exact text', async () => {
      venue.securities.add(
        makeInstrument({
          symbol: 'ETH-EUR',
          baseAsset: 'ETH',
          quoteAsset: 'EUR',
          tick: '0.05',
          lot: '0.001',
        }),
      );
      member.send('x', { 320: 'l1', 559: '0', 55: 'ETH-EUR' });
      const list = await member.expect('y', { 320: 'l1', 560: '0', 393: '1', 893: 'Y', 146: '1' });
      expect(list.has(322)).to.equal(true);
      const body = textOf(list)
        .replace(/^.*\|146=/, '|146=')
        .replace(/\|10=.*$/, '|');
      expect(body).to.equal(
        version === 'FIX.4.4'
          ? '|146=1|55=ETH-EUR|107=ETH against EUR|15=EUR|561=0.001|562=0.001|969=0.05|1140=10000000.000|'
          : '|146=1|55=ETH-EUR|969=0.05|107=ETH against EUR|562=0.001|1140=10000000.000|561=0.001|15=EUR|',
      );
    });

    it('of all of them is answered in fragments of a hundred, the last of which says so', async () => {
      const count = 2 * SECURITIES_PER_MESSAGE + 50;
      for (let i = 1; i < count; i += 1) venue.securities.add(makeInstrument({ symbol: `S${i}-USD` }));
      member.send('x', { 320: 'l1', 559: '4', 263: '0' });
      const told: string[] = [];
      const ids = new Set<string | undefined>();
      for (const [size, isLast] of [
        [100, 'N'],
        [100, 'N'],
        [50, 'Y'],
      ] as const) {
        const list = await member.expect('y', { 320: 'l1', 560: '0', 393: count, 893: isLast, 146: size });
        ids.add(list.get(322));
        for (let i = 0; i < list.fieldCount; i += 1) {
          if (list.tagAt(i) === TAG.Symbol) told.push(list.valueAt(i));
        }
      }
      expect(told).to.deep.equal(venue.securities.symbols());
      expect(ids.size, 'each message has an id of its own').to.equal(3);
    });

    it('about a symbol that there is not finds none', async () => {
      member.send('x', { 320: 'l1', 559: '0', 55: 'XXX-YYY' });
      const list = await member.expect('y', { 320: 'l1', 560: '2' });
      expect(list.has(146) || list.has(393)).to.equal(false);
    });

    it('about a symbol must name it', async () => {
      member.send('x', { 320: 'l1', 559: '0' });
      const reject = await member.expect('j', { 45: 2, 372: 'x', 379: 'l1', 380: 5 });
      expect(reject.get(58)).to.contain('Symbol(55) is missing');
    });

    it('of a kind that the venue does not answer, or for updates, is not supported', async () => {
      for (const kind of ['1', '2', '3']) {
        member.send('x', { 320: kind, 559: kind });
        await member.expect('y', { 320: kind, 560: '1' });
      }
      member.send('x', { 320: 'updates', 559: '4', 263: '1' });
      await member.expect('y', { 320: 'updates', 560: '1' });
    });

    it('in a venue without instruments finds none', async () => {
      const empty = await FixVenue.start({ version });
      try {
        empty.securities.remove('BTC-USD');
        const client = await empty.logon();
        client.send('x', { 320: 'l1', 559: '4' });
        await client.expect('y', { 560: '2' });
      } finally {
        await empty.stop();
      }
    });

    it('has an answer that can be asked for again', async () => {
      member.send('x', { 320: 'l1', 559: '4' });
      await member.expect('y', { 34: 2 });
      member.send('2', { 7: 2, 16: 0 });
      await member.expect('y', { 34: 2, 43: 'Y', 320: 'l1' });
    });
  });
});

describe('a member that asks for all instruments and does not read', () => {
  it('gets no more of them than it leaves unread, and loses its session for nothing', async () => {
    const venue = await FixVenue.start({ limits: { maxUnsentBytes: 1024 * 1024 } });
    try {
      for (let i = 0; i < 2_000; i += 1) venue.securities.add(makeInstrument({ symbol: `S${i}-USD` }));
      const member = await venue.logon();
      member.stopReading();
      const count = 400;
      for (let i = 0; i < count; i += 1) member.send('x', { 320: `l${i}`, 559: '4' });
      member.send('1', { 112: 'done' });
      await until('all questions to be answered', () => venue.stored().nextOutSeqNum > count);
      member.startReading();
      let unavailableCount = 0;
      for (;;) {
        const message = await member.nextMessage();
        if (message.get(560) === '4') unavailableCount += 1;
        if (message.msgType === '0') break;
      }
      expect(unavailableCount).to.be.greaterThan(0);
      expect(venue.sessionCount).to.equal(1);
    } finally {
      await venue.stop();
    }
  });
});

/** Who speaks, when, and in which bytes: points 12 and 13 of what an acceptor must do. */
import { expect } from 'chai';
import { beginStringOf } from '../../../src/fix/version.ts';
import { utcTimestamp } from '../../../src/fix/writer.ts';
import type { FixClient } from '../../support/fix-client.ts';
import { fixBytes } from '../../support/fix-frames.ts';
import { FixVenue, limitOrder, MEMBER, OTHER_MEMBER } from '../../support/fix-venue.ts';
import { forEachVersion } from '../../support/fix-versions.ts';

forEachVersion((version) => {
  const order = (clOrdId: string, changes: Readonly<Record<number, string>> = {}) =>
    limitOrder(clOrdId, changes, version);

  describe('a session', () => {
    let venue: FixVenue;
    let member: FixClient;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
      member = await venue.logon();
    });
    afterEach(() => venue.stop());

    const now = () => utcTimestamp(venue.clock.now());

    it('in which the BeginString changes is logged out and disconnected (12)', async () => {
      member.sendBody(`35=0|49=100|56=ONEBOOK|34=2|52=${now()}|`, 'FIX.4.1');
      await member.expect('5', { 58: `BeginString(8) is FIX.4.1 and must be ${beginStringOf(version)}` });
      await member.expectClosed();
    });

    it('in which another SenderCompID speaks is rejected, logged out and disconnected (12)', async () => {
      member.sendBody(`35=D|49=200|56=ONEBOOK|34=2|52=${now()}|`);
      await member.expect('3', { 45: 2, 371: 49, 372: 'D', 373: 9 });
      await member.expect('5');
      await member.expectClosed();
      expect(venue.submitted).to.deep.equal([]);
    });

    it('in which another TargetCompID is meant is rejected, logged out and disconnected (12)', async () => {
      member.sendBody(`35=0|49=100|56=OTHER|34=2|52=${now()}|`);
      await member.expect('3', { 45: 2, 371: 56, 373: 9 });
      await member.expect('5');
      await member.expectClosed();
    });

    for (const [name, offsetMs] of [
      ['early', 121_000],
      ['late', -121_000],
    ] as const) {
      it(`whose SendingTime is two minutes ${name} is rejected, logged out and disconnected (12)`, async () => {
        member.send('D', order('a'), { sendingTime: venue.clock.now() + offsetMs });
        await member.expect('3', { 45: 2, 371: 52, 373: 10 });
        await member.expect('5');
        await member.expectClosed();
        expect(venue.submitted).to.deep.equal([]);
      });
    }

    it('takes a SendingTime that is just not two minutes off', async () => {
      member.send('D', order('a'), { sendingTime: venue.clock.now() + 119_000 });
      await member.expect('8', { 11: 'a' });
    });

    it('that ended with an error may be closed by a Logout of the member’s, or without (12)', async () => {
      member.sendBody(`35=0|49=100|56=ONEBOOK|34=2|52=${now()}|`, 'FIX.4.1');
      member.send('5');
      await member.expect('5');
      await member.expectClosed();
    });

    const garbled: Record<string, (good: string) => string> = {
      'MsgType is missing': (good) => good.replace('|35=D|', '|'),
      'first field is another': (good) => `35=D|${good}`.replace('|35=D|', '|'),
      'middle lost a field’s end': (good) => good.replace('|56=', 'garbled='),
      'BodyLength is no number': (good) => good.replace(/\|9=\d+\|/, '|9=12x|'),
      'BodyLength is missing': (good) => good.replace(/\|9=\d+\|/, '|'),
      'CheckSum is beyond 255': (good) => good.replace(/\|10=\d+\|$/, '|10=256|'),
      'CheckSum has two digits': (good) => good.replace(/\|10=\d(\d\d)\|$/, '|10=$1|'),
      'first three fields are out of order': (good) => good.replace('|35=D|49=100|', '|49=100|35=D|'),
      'BodyLength is too short': (good) => good.replace(/\|9=(\d+)\|/, (_, n) => `|9=${Number(n) - 1}|`),
      'BodyLength is too long': (good) => good.replace(/\|9=(\d+)\|/, (_, n) => `|9=${Number(n) + 1}|`),
      'CheckSum is wrong': (good) =>
        good.replace(/\|10=(\d+)\|$/, (_, n) => `|10=${n === '000' ? '001' : '000'}|`),
    };

    it('leaves few lines in the log, however much garbled comes (13)', async () => {
      for (let i = 0; i < 200; i += 1) member.sendRaw('8=FIX.4.4|9=5|35=0|10=000|');
      member.send('1', { 112: 'behind it' });
      await member.expect('0', { 112: 'behind it' });
      const linesOf = (event: string) => venue.lines.filter((line) => line.event === event);
      expect(linesOf('garbled message ignored')).to.have.length(20);
      venue.clock.advance(1_000);
      member.sendRaw('8=FIX.4.4|9=5|35=0|10=000|');
      member.send('1', { 112: 'later' });
      await member.expect('0', { 112: 'later' });
      expect(linesOf('lines left out').map(({ count }) => count)).to.deep.equal([180]);
    });

    for (const [name, garble] of Object.entries(garbled)) {
      it(`ignores a message whose ${name}, and asks for its number when the next one comes (13)`, async () => {
        const good = member.encode('D', order('lost'), { msgSeqNum: 2 });
        member.sendRaw(fixBytes(garble(good.toString('latin1').replaceAll('\x01', '|'))));
        member.send('D', order('after'), { msgSeqNum: 3 });
        await member.expect('2', { 7: 2, 16: 0 });
        member.send('D', order('lost'), { msgSeqNum: 2, possDup: true });
        await member.expect('8', { 11: 'lost' });
        await member.expect('8', { 11: 'after' });
      });
    }

    it('finds the stream again after bytes that are not FIX (13)', async () => {
      const garbage = Buffer.from('garbage \x00\xff\x01', 'latin1');
      member.sendRaw(Buffer.concat([garbage, member.encode('D', order('a'))]));
      await member.expect('8', { 11: 'a' });
    });

    it('in which a gigabyte is announced is told what is too long, and disconnected', async () => {
      member.sendRaw('8=FIX.4.4|9=1000000000|35=D|');
      await member.expect('5', {
        58: 'BodyLength(9) 1000000000 is too long, messages have up to 65536 bytes',
      });
      await member.expectClosed();
    });

    it('understands messages that come one byte at a time', async () => {
      for (const byte of member.encode('1', { 112: 'bytes' })) member.sendRaw(Buffer.of(byte));
      await member.expect('0', { 112: 'bytes' });
      for (const byte of member.encode('D', order('a'))) member.sendRaw(Buffer.of(byte));
      await member.expect('8', { 11: 'a' });
    });

    it('that breaks costs nobody else anything', async () => {
      const other = await venue.logon(OTHER_MEMBER);
      member.sendRaw('8=FIX.4.4|9=1000000000|35=D|');
      await member.expect('5');
      await member.expectClosed();
      other.send('1', { 112: 'fine' });
      await other.expect('0', { 112: 'fine' });
    });
  });

  describe('the message log', () => {
    it('shows every message and no password', async () => {
      const venue = await FixVenue.start({ version, isLoggingMessages: true });
      try {
        const member = await venue.logon();
        member.send('D', order('a'));
        await member.expect('8');
        const messages = venue.lines.flatMap(({ event, ...fields }) =>
          event === 'fix in' || event === 'fix out' ? [String(fields.message)] : [],
        );
        expect(messages.map((text) => /\|35=(.)\|/.exec(text)?.[1])).to.deep.equal(['A', 'A', 'D', '8']);
        expect(messages[0]).to.contain('|553=alice|554=***|');
        expect(JSON.stringify(venue.lines)).to.not.contain(MEMBER.password);
      } finally {
        await venue.stop();
      }
    });
  });
});

/** What is wrong with a message is said, and the session goes on: points 14 to 16 of what an acceptor must do. */
import { expect } from 'chai';
import type { Fields, FixClient } from '../../support/fix-client.ts';
import { FixVenue, limitOrder } from '../../support/fix-venue.ts';

describe('a message that is not valid', () => {
  let venue: FixVenue;
  let member: FixClient;

  beforeEach(async () => {
    venue = await FixVenue.start();
    member = await venue.logon();
  });
  afterEach(async () => {
    member.send('D', limitOrder('the session goes on'));
    await member.expect('8', { 11: 'the session goes on' });
    expect(venue.submitted).to.have.length(1);
    await venue.stop();
  });

  it('of an unknown type is rejected with 373=11 (14)', async () => {
    member.send('~', { 58: 'what' });
    await member.expect('3', { 45: 2, 372: '~', 373: 11 });
  });

  it('of a type that is known but not supported here is a business reject with 380=3 (14)', async () => {
    member.send('B', { 148: 'headline' });
    await member.expect('j', { 45: 2, 372: 'B', 380: 3 });
  });

  it('without a field that its terms require names it in a business reject', async () => {
    const { 44: _price, ...withoutPrice } = limitOrder('a');
    member.send('D', withoutPrice);
    const reject = await member.expect('j', { 45: 2, 372: 'D', 379: 'a', 380: 5 });
    expect(reject.get(58)).to.contain('Price(44)');
  });

  const order = limitOrder('a');
  const { 11: _clOrdId, ...withoutClOrdId } = order;
  const pairs = Object.entries(order).map(([tag, value]) => [Number(tag), value] as const);
  const rejected: Record<string, [Fields, number, number]> = {
    'with an undefined tag is rejected with 373=0': [{ ...order, 9999: 'x' }, 0, 9999],
    'without a required tag is rejected with 373=1': [withoutClOrdId, 1, 11],
    'with a tag of other messages is rejected with 373=2': [{ ...order, 7: '1' }, 2, 7],
    'with a bad enumeration is rejected with 373=5': [{ ...order, 54: 'Z' }, 5, 54],
    'with a bad format is rejected with 373=6': [{ ...order, 38: '+200.00' }, 6, 38],
    'with a quantity of 1e400 is rejected with 373=6': [{ ...order, 38: '1e400' }, 6, 38],
    'with a price of NaN is rejected with 373=6': [{ ...order, 44: 'NaN' }, 6, 44],
    'with a Symbol of 5,000 characters is rejected with 373=6': [{ ...order, 55: 'X'.repeat(5_000) }, 6, 55],
    'with a repeated tag is rejected with 373=13': [[...pairs, [44, '101.00']], 13, 44],
    'with a header field after the body is rejected with 373=14': [[...pairs, [57, 'X']], 14, 57],
    'with a wrong group count is rejected with 373=16': [[...pairs, [453, '2'], [448, 'A']], 16, 453],
  };
  for (const [name, [fields, reason, tag]] of Object.entries(rejected)) {
    it(`${name} (15)`, async () => {
      member.send('D', fields);
      const reject = await member.expect('3', { 45: 2, 371: tag, 372: 'D', 373: reason });
      expect(reject.get(58)).to.contain(String(tag));
    });
  }

  it('with an empty field is rejected with 373=4 (15)', async () => {
    member.sendBody('35=D|49=100|56=ONEBOOK|34=2|52=20260105-12:00:00.000|11=|55=BTC-USD|54=1|');
    member.nextOutSeqNum += 1;
    await member.expect('3', { 45: 2, 371: 11, 372: 'D', 373: 4 });
  });

  it('that came through a third party goes back through it (16)', async () => {
    member.send('D', [
      [115, 'CLIENT'],
      [116, 'DESK'],
      [128, 'FLOOR'],
      [11, 'a'],
    ]);
    await member.expect('3', { 45: 2, 128: 'CLIENT', 129: 'DESK', 115: 'FLOOR' });
  });
});

describe('a message that is valid', () => {
  let venue: FixVenue;
  let member: FixClient;

  beforeEach(async () => {
    venue = await FixVenue.start();
    member = await venue.logon();
  });
  afterEach(() => venue.stop());

  it('may have its body in any order, and a group of nothing (16)', async () => {
    const reversed = Object.entries(limitOrder('a'))
      .reverse()
      .map(([tag, value]) => [Number(tag), value] as const);
    member.send('D', [...reversed, [453, '0']]);
    await member.expect('8', { 11: 'a' });
  });

  it('only consumes its number when it is a Reject (16)', async () => {
    member.send('3', { 45: 1, 58: 'I do not like your Logon' });
    member.send('j', { 45: 1, 372: 'A', 380: 0 });
    member.send('1', { 112: 'on' });
    await member.expect('0', { 34: 2, 112: 'on' });
  });
});

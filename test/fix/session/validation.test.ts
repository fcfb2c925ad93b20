/** What is wrong with a message is said, and the session goes on: points 14 to 16 of what an acceptor must do. */
import { expect } from 'chai';
import type { Fields, FixClient } from '../../support/fix-client.ts';
import { FixVenue, limitOrder } from '../../support/fix-venue.ts';
import { forEachVersion, reasonIn } from '../../support/fix-versions.ts';

const HEAD = '49=100|56=ONEBOOK|34=2|52=20260105-12:00:00.000|';

forEachVersion((version) => {
  const order = (clOrdId: string, changes: Readonly<Record<number, string>> = {}) =>
    limitOrder(clOrdId, changes, version);

  describe('a message that is not valid', () => {
    let venue: FixVenue;
    let member: FixClient;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
      member = await venue.logon();
    });
    afterEach(async () => {
      try {
        member.send('D', order('the session goes on'), { msgSeqNum: 3 });
        await member.expect('8', { 34: 3, 11: 'the session goes on' });
        expect(venue.submitted).to.have.length(1);
      } finally {
        await venue.stop();
      }
    });

    it('of an unknown type is rejected with 373=11 (14)', async () => {
      member.send('~', { 58: 'what' });
      await member.expect('3', { 34: 2, 45: 2, 372: '~', 373: 11 });
    });

    for (const [name, msgType, fields] of [
      ['known', 'B', { 148: 'headline' }],
      ['only the venue’s to send', '8', { 37: 'x', 17: 'x', 150: '0', 39: '0', 54: '1' }],
    ] as const) {
      it(`of a type that is ${name} is a business reject with 380=3 (14)`, async () => {
        member.send(msgType, fields);
        const reject = await member.expect('j', { 34: 2, 45: 2, 372: msgType, 380: 3 });
        expect(reject.has(371)).to.equal(false);
      });
    }

    it('without a field that its terms require names it in a business reject', async () => {
      const { 44: _price, ...withoutPrice } = order('a');
      member.send('D', withoutPrice);
      const reject = await member.expect('j', { 45: 2, 372: 'D', 379: 'a', 380: 5 });
      expect(reject.get(58)).to.contain('Price(44)');
    });

    const sound = order('a');
    const { 11: _clOrdId, ...withoutClOrdId } = sound;
    const { 54: _side, ...withoutSide } = sound;
    const pairs = Object.entries(sound).map(([tag, value]) => [Number(tag), value] as const);
    const rejected: Record<string, [fields: Fields, reason: number, tag: number]> = {
      'with a tag that no version has is rejected with 373=0': [{ ...sound, 4999: 'x' }, 0, 4999],
      'with a user-defined tag is rejected with 373=0': [{ ...sound, 9999: 'x' }, 0, 9999],
      'without its ClOrdID is rejected with 373=1': [withoutClOrdId, 1, 11],
      'without its Side is rejected with 373=1': [withoutSide, 1, 54],
      'with a tag of other messages is rejected with 373=2': [{ ...sound, 7: '1' }, 2, 7],
      'with a Side that does not exist is rejected with 373=5': [{ ...sound, 54: 'Z' }, 5, 54],
      'with a HandlInst that does not exist is rejected with 373=5': [{ ...sound, 21: '4' }, 5, 21],
      'with an OrdType that does not exist is rejected with 373=5': [{ ...sound, 40: 'w' }, 5, 40],
      'with a quantity of +200.00 is rejected with 373=6': [{ ...sound, 38: '+200.00' }, 6, 38],
      'with a quantity of 1e400 is rejected with 373=6': [{ ...sound, 38: '1e400' }, 6, 38],
      'with a price of NaN is rejected with 373=6': [{ ...sound, 44: 'NaN' }, 6, 44],
      'with a date for a time is rejected with 373=6': [{ ...sound, 126: '20040415' }, 6, 126],
      'with a Symbol of 5,000 characters is rejected with 373=6': [
        { ...sound, 55: 'X'.repeat(5_000) },
        6,
        55,
      ],
      'with a repeated tag is rejected with 373=13': [[...pairs, [40, '2']], 13, 40],
      'with a header field after the body is rejected with 373=14': [[...pairs, [57, 'X']], 14, 57],
      'with a group that does not begin at its first field is rejected with 373=15': [
        [...pairs, [78, '2'], [80, '50'], [79, 'A'], [80, '50'], [79, 'B']],
        15,
        80,
      ],
      'with a wrong group count is rejected with 373=16': [
        [...pairs, [386, '3'], [336, '1'], [336, '2']],
        16,
        386,
      ],
    };
    for (const [name, [fields, reason, tag]] of Object.entries(rejected)) {
      it(`${name}${version === 'FIX.4.2' && reason > 11 ? ', which is left out' : ''} (15)`, async () => {
        member.send('D', fields);
        const reject = await member.expect('3', { 45: 2, 371: tag, 372: 'D', ...reasonIn(version, reason) });
        expect(reject.get(58)).to.contain(String(tag));
        expect(reject.has(373)).to.equal(version !== 'FIX.4.2' || reason <= 11);
      });
    }

    const byHand: Record<string, [body: string, reason: number, tag: number]> = {
      'with an empty ClOrdID is rejected with 373=4': [`35=D|${HEAD}11=|55=BTC-USD|54=1|`, 4, 11],
      'with an empty TargetCompID is rejected with 373=4': [
        `35=0|49=100|34=2|52=20260105-12:00:00|56=|`,
        4,
        56,
      ],
      'without a TargetCompID is rejected with 373=1': [`35=0|34=2|49=100|52=20260105-12:00:00|`, 1, 56],
      'without a SenderCompID is rejected with 373=1': [`35=0|34=2|56=ONEBOOK|52=20260105-12:00:00|`, 1, 49],
      'without a SendingTime is rejected with 373=1': [`35=0|34=2|49=100|56=ONEBOOK|`, 1, 52],
      'with a SendingTime that is none is rejected with 373=6': [
        `35=0|34=2|49=100|56=ONEBOOK|52=now|`,
        6,
        52,
      ],
      'with the tag 0 is rejected with 373=0': [`35=0|${HEAD}0=HI|`, 0, 0],
      'with a negative tag is rejected with 373=0': [`35=0|${HEAD}-1=HI|`, 0, -1],
      'with its number after the body is rejected with 373=14': [
        '35=D|55=BTC-USD|34=2|49=100|52=20260105-12:00:00|56=ONEBOOK|11=a|54=1|40=1|',
        14,
        34,
      ],
    };
    for (const [name, [body, reason, tag]] of Object.entries(byHand)) {
      it(`${name} (15)`, async () => {
        member.sendBody(body);
        await member.expect('3', {
          45: 2,
          371: tag,
          372: body.slice(3, 4),
          ...reasonIn(version, reason),
        });
      });
    }

    it('that is not even tag=value somewhere is rejected with 373=0 and no tag', async () => {
      member.sendBody(`35=0|${HEAD}hello|`);
      const reject = await member.expect('3', { 45: 2, 372: '0', 373: 0 });
      expect(reject.has(371)).to.equal(false);
    });

    it('with an empty MsgType is rejected without repeating it', async () => {
      member.sendBody(`35=|${HEAD}`);
      const reject = await member.expect('3', { 45: 2, 371: 35, 373: 4 });
      expect(reject.has(372)).to.equal(false);
    });

    const routed: Record<string, [sent: Fields, back: Fields]> = {
      'for another member': [[[115, 'CLIENT']], { 128: 'CLIENT' }],
      'for another member’s desk': [
        [
          [115, 'CLIENT'],
          [116, 'DESK'],
          [144, 'ZRH'],
        ],
        { 128: 'CLIENT', 129: 'DESK', 145: 'ZRH' },
      ],
      'to be delivered elsewhere': [
        [
          [128, 'FLOOR'],
          [129, 'DESK'],
          [145, 'CHI'],
        ],
        { 115: 'FLOOR', 116: 'DESK', 144: 'CHI' },
      ],
    };
    for (const [name, [sent, back]] of Object.entries(routed)) {
      it(`that came ${name} is rejected the way that it came (16)`, async () => {
        const body = Object.entries(order('a', { 40: 'w' })).map(
          ([tag, value]) => [Number(tag), value] as const,
        );
        member.send('D', [...(sent as [number, string][]), ...body]);
        await member.expect('3', { ...back, 371: 40, 373: 5 });
      });
    }

    it('because of an empty routing field is rejected along the others alone (16)', async () => {
      member.sendBody(`35=D|${HEAD}115=CLIENT|116=|11=a|`);
      const reject = await member.expect('3', { 128: 'CLIENT', 371: 116, 373: 4 });
      expect(reject.has(129)).to.equal(false);
    });

    it('because its only routing field is empty is rejected without one (16)', async () => {
      member.sendBody(`35=D|${HEAD}128=|11=a|`);
      const reject = await member.expect('3', { 371: 128, 373: 4 });
      expect(reject.has(115)).to.equal(false);
    });
  });

  describe('a message that is valid', () => {
    let venue: FixVenue;
    let member: FixClient;

    beforeEach(async () => {
      venue = await FixVenue.start({ version });
      member = await venue.logon();
    });
    afterEach(() => venue.stop());

    it('may have its body in any order, and a group of nothing (16)', async () => {
      const reversed = Object.entries(order('a'))
        .reverse()
        .map(([tag, value]) => [Number(tag), value] as const);
      member.send('D', [...reversed, [386, '0']]);
      await member.expect('8', { 11: 'a' });
    });

    it('may have its header in any order after the MsgType (16)', async () => {
      const body = Object.entries(order('a')).map(([tag, value]) => `${tag}=${value}|`);
      member.sendBody(`35=D|52=20260105-12:00:00.000|34=2|56=ONEBOOK|49=100|${body.join('')}`);
      await member.expect('8', { 11: 'a' });
    });

    it('may say which of the venue’s messages the member has seen (369)', async () => {
      member.sendBody(`35=1|${HEAD}369=1|112=seen|`);
      await member.expect('0', { 112: 'seen' });
    });

    it('only consumes its number when it is a Reject (16)', async () => {
      member.send('3', { 45: 1, 58: 'I do not like your Logon' });
      member.send('j', { 45: 1, 372: 'A', 380: 0 });
      member.send('1', { 112: 'on' });
      await member.expect('0', { 34: 2, 112: 'on' });
    });
  });
});

describe('an application message over FIXT.1.1', () => {
  let venue: FixVenue;
  let member: FixClient;

  beforeEach(async () => {
    venue = await FixVenue.start({ version: 'FIX.5.0SP2' });
    member = await venue.logon();
  });
  afterEach(() => venue.stop());

  const withApplVerId = (applVerId: string): [number, string][] => [
    [1128, applVerId],
    ...Object.entries(limitOrder('a')).map(([tag, value]): [number, string] => [Number(tag), value]),
  ];

  it('may say the version that the Logon said', async () => {
    member.send('D', withApplVerId('9'));
    await member.expect('8', { 11: 'a' });
  });

  it('of another version is rejected with 373=18, and its number is consumed', async () => {
    member.send('D', withApplVerId('7'));
    await member.expect('3', { 45: 2, 371: 1128, 372: 'D', 373: 18 });
    member.send('1', { 112: 'on' });
    await member.expect('0', { 112: 'on' });
    expect(venue.submitted).to.deep.equal([]);
  });
});

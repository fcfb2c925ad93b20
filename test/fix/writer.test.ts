import { expect } from 'chai';
import { parseMessage } from '../../src/fix/message.ts';
import { TAG } from '../../src/fix/tags.ts';
import { MessageWriter, parseUtcTimestamp, utcTimestamp } from '../../src/fix/writer.ts';
import { AssertionError } from '../../src/platform/assert.ts';
import { fixFrame } from '../support/fix-frames.ts';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const writer = new MessageWriter({ beginString: 'FIX.4.4', senderCompId: 'ONEBOOK', targetCompId: '17' });
const HEADER = '49=ONEBOOK|56=17|34=9|52=20260102-03:04:05.678|';

describe('MessageWriter', () => {
  it('writes header, body, BodyLength and CheckSum', () => {
    const frame = writer.begin('0', 9, AT).field(TAG.TestReqID, 'id').end();
    expect(frame).to.deep.equal(fixFrame(`35=0|${HEADER}112=id|`));
  });

  it('writes 43, 97 and 122 where the header has them', () => {
    const options = { possDup: { origSendingTime: '20260102-03:00:00' }, possResend: true };
    expect(writer.begin('8', 9, AT, options).end()).to.deep.equal(
      fixFrame('35=8|49=ONEBOOK|56=17|34=9|43=Y|97=Y|52=20260102-03:04:05.678|122=20260102-03:00:00|'),
    );
  });

  it('writes integers of every size', () => {
    for (const value of [0, 7, 10, 99, 100, 123_456_789, 2 ** 31, Number.MAX_SAFE_INTEGER, -1, -1000]) {
      expect(writer.begin('0', 9, AT).field(TAG.Text, value).end()).to.deep.equal(
        fixFrame(`35=0|${HEADER}58=${value}|`),
      );
    }
  });

  it('writes tags of every length', () => {
    for (const tag of [1, 9, 58, 110, 999, 1000, 20_001, 99_999_999]) {
      expect(writer.begin('0', 9, AT).field(tag, 'x').end()).to.deep.equal(
        fixFrame(`35=0|${HEADER}${tag}=x|`),
      );
    }
  });

  it('writes a text with a number behind it, and a time', () => {
    const frame = writer
      .begin('8', 9, AT)
      .numbered(TAG.ExecID, 'BTC-USD', 1_234_567_890_123)
      .time(TAG.TransactTime, AT + 86_400_007)
      .numbered(TAG.ExecID, 'x', 0)
      .end();
    expect(frame).to.deep.equal(
      fixFrame(`35=8|${HEADER}17=BTC-USD-1234567890123|60=20260103-03:04:05.685|17=x-0|`),
    );
  });

  it('writes a message longer than its first buffer', () => {
    const text = 'x'.repeat(100_000);
    expect(writer.begin('B', 9, AT).field(TAG.Text, text).end()).to.deep.equal(
      fixFrame(`35=B|${HEADER}58=${text}|`),
    );
  });

  it('gives copies: a later message does not change an earlier one', () => {
    const first = writer.begin('0', 9, AT).field(TAG.TestReqID, 'first').end();
    writer.begin('0', 9, AT).field(TAG.TestReqID, 'other').end();
    expect(first).to.deep.equal(fixFrame(`35=0|${HEADER}112=first|`));
  });

  it('writes characters beyond latin1 as question marks', () => {
    expect(writer.begin('0', 9, AT).field(TAG.Text, 'é € 語').end()).to.deep.equal(
      fixFrame(`35=0|${HEADER}58=\xe9 ? ?|`),
    );
  });

  for (const [name, value] of [
    ['an empty value', ''],
    ['SOH in a value', 'a\x0158=b'],
    ['a fraction as a number', 0.1],
    ['NaN', Number.NaN],
    ['a number beyond the safe integers', 2 ** 60],
  ] as const) {
    it(`treats ${name} as a bug`, () => {
      expect(() => writer.begin('0', 9, AT).field(TAG.Text, value)).to.throw(AssertionError);
    });
  }

  it('treats a field outside a message, and a sequence number of zero, as bugs', () => {
    writer.begin('0', 9, AT).end();
    expect(() => writer.field(TAG.Text, 'x')).to.throw(AssertionError);
    expect(() => writer.end()).to.throw(AssertionError);
    expect(() => writer.begin('0', 0, AT)).to.throw(AssertionError);
    for (const tag of [0, -1, 1.5, Number.NaN]) {
      expect(() => writer.begin('0', 9, AT).field(tag, 'x'), String(tag)).to.throw(AssertionError);
    }
    for (const no of [-1, 0.5]) {
      expect(() => writer.begin('0', 9, AT).numbered(TAG.ExecID, 'x', no)).to.throw(AssertionError);
    }
  });
});

describe('a resent message', () => {
  const later = AT + 60_000;
  const resend = (body: string): Buffer => {
    const stored = parseMessage(fixFrame(body));
    if (stored.type === 'Malformed') throw new Error(stored.reason);
    return writer.resend(stored, later);
  };

  it('keeps number and body, and says when it was first sent', () => {
    const body = '37=1|58=10=000 8=FIX|11=c1|';
    expect(resend(`35=8|${HEADER}${body}`)).to.deep.equal(
      fixFrame(`35=8|49=ONEBOOK|56=17|34=9|43=Y|52=20260102-03:05:05.678|122=20260102-03:04:05.678|${body}`),
    );
  });

  it('keeps PossResend, the first OrigSendingTime and other header fields', () => {
    const stored =
      '35=8|49=ONEBOOK|56=17|57=desk|34=9|43=Y|97=Y|52=20260102-03:04:05.678|122=20260101-00:00:00|37=1|';
    expect(resend(stored)).to.deep.equal(
      fixFrame(
        '35=8|49=ONEBOOK|56=17|34=9|43=Y|97=Y|52=20260102-03:05:05.678|122=20260101-00:00:00|57=desk|37=1|',
      ),
    );
  });
});

describe('UTCTimestamp', () => {
  it('is written with milliseconds', () => {
    expect(utcTimestamp(AT)).to.equal('20260102-03:04:05.678');
    expect(utcTimestamp(AT - 678)).to.equal('20260102-03:04:05.000');
    expect(utcTimestamp(AT - 628)).to.equal('20260102-03:04:05.050');
    expect(utcTimestamp(AT + 86_400_000)).to.equal('20260103-03:04:05.678');
    expect(utcTimestamp(-1)).to.equal('19691231-23:59:59.999');
  });

  it('is read within the second that was read last as in any other', () => {
    for (const [fraction, expected] of [
      ['.678', AT],
      ['.000', AT - 678],
      ['.999', AT + 321],
      ['.67x', undefined],
      [':678', undefined],
      ['', AT - 678],
      ['.6789', AT],
    ] as const) {
      expect(parseUtcTimestamp('20260102-03:04:05.678')).to.equal(AT);
      expect(parseUtcTimestamp(`20260102-03:04:05${fraction}`), fraction).to.equal(expected);
    }
    const leapSecond = Date.UTC(2017, 0, 1, 0, 0, 0, 5);
    for (let i = 0; i < 2; i += 1) expect(parseUtcTimestamp('20161231-23:59:60.005')).to.equal(leapSecond);
  });

  for (const [text, expected] of [
    ['20260102-03:04:05', AT - 678],
    ['20260102-03:04:05.678', AT],
    ['20260102-03:04:05.678901', AT],
    ['20260102-03:04:05.678901234', AT],
    ['20240229-00:00:00', Date.UTC(2024, 1, 29)],
    ['20161231-23:59:60', Date.UTC(2017, 0, 1)],
    ['20260229-00:00:00', undefined],
    ['20260431-00:00:00', undefined],
    ['20261301-00:00:00', undefined],
    ['20260100-00:00:00', undefined],
    ['20260102-24:00:00', undefined],
    ['20260102-03:60:05', undefined],
    ['20260102-03:04:61', undefined],
    ['20260102-03:04:05.', undefined],
    ['20260102-03:04:05.67', undefined],
    ['20260102-03:04:05.6789012345', undefined],
    ['20260102-03:04:05Z', undefined],
    ['20260102 03:04:05', undefined],
    ['2026-01-02T03:04:05Z', undefined],
    ['', undefined],
  ] as const) {
    it(`reads "${text}" as ${expected === undefined ? 'no time' : new Date(expected).toISOString()}`, () => {
      expect(parseUtcTimestamp(text)).to.equal(expected);
    });
  }
});

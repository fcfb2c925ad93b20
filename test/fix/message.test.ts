import { expect } from 'chai';
import { FrameDecoder } from '../../src/fix/framing.ts';
import { FixMessage, parseMessage } from '../../src/fix/message.ts';
import { TAG } from '../../src/fix/tags.ts';
import { fixBytes, fixFrame, fixMessage, orderBody } from '../support/fix-frames.ts';

const NEW_ORDER = orderBody('11=c1|55=BTC-USD|54=1|38=0.5|');

describe('FixMessage', () => {
  it('gives the values of an order as they were sent', () => {
    const message = fixMessage(NEW_ORDER);
    expect(message.beginString).to.equal('FIX.4.4');
    expect(message.msgType).to.equal('D');
    expect(message.msgSeqNum).to.equal(2);
    expect(message.get(TAG.OrderQty)).to.equal('0.5');
    expect(message.get(TAG.Price)).to.equal(undefined);
    expect(message.has(TAG.Symbol)).to.equal(true);
    expect(message.has(TAG.Price)).to.equal(false);
    expect(message.fieldCount).to.equal(12);
    expect([message.tagAt(0), message.valueAt(0)]).to.deep.equal([8, 'FIX.4.4']);
    expect([message.tagAt(10), message.valueAt(10)]).to.deep.equal([38, '0.5']);
  });

  it('gives the first of a repeated tag', () => {
    expect(fixMessage(orderBody('11=c1|11=c2|')).get(TAG.ClOrdID)).to.equal('c1');
  });

  for (const [text, expected] of [
    ['7', 7],
    ['-7', -7],
    ['007', 7],
    ['+7', undefined],
    ['7.0', undefined],
    ['1e3', undefined],
    [' 7', undefined],
    ['', undefined],
    ['-', undefined],
    ['9'.repeat(40), undefined],
  ] as const) {
    it(`reads "${text.slice(0, 10)}" as ${expected === undefined ? 'no number' : expected}`, () => {
      expect(fixMessage(orderBody(`108=${text}|`)).getInt(TAG.HeartBtInt)).to.equal(expected);
    });
  }

  for (const [name, field] of [
    ['missing', ''],
    ['zero', '34=0|'],
    ['negative', '34=-4|'],
    ['a word', '34=x|'],
  ]) {
    it(`has no MsgSeqNum when it is ${name}`, () => {
      expect(fixMessage(`35=0|${field}52=20260102-03:04:05|`).msgSeqNum).to.equal(undefined);
    });
  }

  it('keeps SOH inside a data field that its length covers', () => {
    const message = fixMessage('35=A|34=1|95=9|96=a|10=000|c|98=0|'.replace('95=9', '95=10'));
    expect(message.get(TAG.RawData)).to.equal('a\x0110=000\x01c');
    expect(message.get(TAG.EncryptMethod)).to.equal('0');
  });

  it('ends a data field at SOH when its length is wrong', () => {
    const message = fixMessage('35=A|34=1|95=4|96=abc|98=0|');
    expect(message.get(TAG.RawData)).to.equal('abc');
    expect(message.get(TAG.EncryptMethod)).to.equal('0');
  });

  it('keeps what is no tag=value as a field without a tag', () => {
    const message = fixMessage('35=0|34=1|abc|=5|x1=2|011=3|1234567890=4|112=id|');
    const unreadable = ['abc', '=5', 'x1=2', '011=3', '1234567890=4'];
    expect(unreadable.map((_, i) => [message.tagAt(4 + i), message.valueAt(4 + i)])).to.deep.equal(
      unreadable.map((field) => [0, field]),
    );
    expect(message.get(TAG.TestReqID)).to.equal('id');
  });
});

describe('a message of a layout that was seen before', () => {
  /** The same tags often enough to be known. */
  const thirdOf = (body: string): FixMessage => [1, 2, 3].map(() => fixMessage(body))[2]!;

  it('has the same fields as the first', () => {
    const body = '35=8|34=2|5001=a|11=first|11=second|58=x|9999999=y|';
    const first = fixMessage(body);
    const third = thirdOf(body);
    expect(first.layout).to.equal(undefined);
    expect([...third.layout!.tags]).to.deep.equal([8, 9, 35, 34, 5001, 11, 11, 58, 9999999, 10]);
    for (const tag of [8, 9, 35, 34, 5001, 11, 58, 9999999, 10, 7, 71, 139, 5065]) {
      expect(third.get(tag), String(tag)).to.equal(first.get(tag));
    }
  });

  it('is told from one with other tags, and from one with the same in another order', () => {
    const one = thirdOf('35=8|34=2|58=x|1=y|');
    expect(thirdOf('35=8|34=3|58=z|1=w|').layout).to.equal(one.layout);
    expect(thirdOf('35=8|34=3|1=w|58=z|').layout).not.to.equal(one.layout);
    expect(thirdOf('35=8|34=3|58=z|').layout).not.to.equal(one.layout);
  });

  it('does not exist with a field that is no tag=value, nor with more than 64 fields', () => {
    expect(thirdOf('35=8|34=2|abc|').layout).to.equal(undefined);
    expect(thirdOf(`35=8|34=2|${'58=x|'.repeat(70)}`).layout).to.equal(undefined);
  });
});

describe('a detached message', () => {
  it('is the same in a buffer of its own', () => {
    const decoder = new FrameDecoder({ maxFrameBytes: 4096 });
    const frame = fixFrame(NEW_ORDER);
    decoder.push(Buffer.concat([fixFrame('35=0|34=1|'), frame]));
    decoder.next();
    const found = decoder.next();
    if (found?.type !== 'FixMessage') throw new Error('there is a second message');
    const detached = found.detached();
    found.source.fill(0);
    expect(detached.frame).to.deep.equal(frame);
    expect(detached.source.length).to.equal(frame.length);
    expect([detached.msgType, detached.msgSeqNum, detached.get(TAG.Symbol)]).to.deep.equal([
      'D',
      2,
      'BTC-USD',
    ]);
    expect(detached.valueAt(detached.fieldCount - 1)).to.equal(frame.toString('latin1').slice(-4, -1));
  });
});

describe('a message that is printable throughout', () => {
  for (const [name, body, isPlain] of [
    ['ASCII', '35=0|34=1|58= ~|', true],
    ['a tab', '35=0|34=1|58=a\tb|', false],
    ['DEL', '35=0|34=1|58=a\x7fb|', false],
    ['latin1', '35=0|34=1|58=a\xe9b|', false],
    ['data', '35=A|34=1|95=3|96=abc|', false],
  ] as const) {
    it(`is ${isPlain ? '' : 'not '}one with ${name}`, () => {
      expect(fixMessage(body).isPlain).to.equal(isPlain);
    });
  }
});

describe('parseMessage', () => {
  for (const [name, bytes, reason] of [
    ['nothing', '', 'too short to be a message'],
    ['no BeginString', '9=5|8=FIX.4.4|35=0|10=000|', 'BeginString(8) is not the first field'],
    ['no BodyLength', '8=FIX.4.4|34=7|35=0|10=000|', 'BodyLength(9) is not the second field'],
    ['MsgType elsewhere', '8=FIX.4.4|9=10|34=7|35=0|10=000|', 'MsgType(35) is not the third field'],
    ['no CheckSum', '8=FIX.4.4|9=5|35=0|11=000|', 'CheckSum(10) is not the last field'],
    ['another BodyLength', '8=FIX.4.4|9=6|35=0|10=000|', 'BodyLength(9) is not 5'],
    ['another CheckSum', '8=FIX.4.4|9=5|35=0|10=162|', 'CheckSum(10) is not 163'],
    ['a last field without end', '8=FIX.4.4|9=5|35=0|10=163', 'the last field does not end'],
  ] as const) {
    it(`finds ${name} malformed`, () => {
      expect(parseMessage(fixBytes(bytes))).to.deep.equal({ type: 'Malformed', reason });
    });
  }

  it('takes a heartbeat', () => {
    expect(parseMessage(fixFrame('35=0|'))).to.be.instanceOf(FixMessage);
  });
});

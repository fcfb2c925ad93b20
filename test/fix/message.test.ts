import { expect } from 'chai';
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

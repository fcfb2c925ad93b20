/**
 * Why fixparser does not frame, parse or encode what trades: each of its defects is shown on it and shown not
 * to be ours. If one is gone in a later version, its first assertion says so.
 */
import { expect } from 'chai';
import fixparser from 'fixparser';
import { parseMessage } from '../../src/fix/message.ts';
import { TAG } from '../../src/fix/tags.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import { decodeAll, fixBytes, fixFrame, fixMessage, MEMBER_HEADER } from '../support/fix-frames.ts';

const parse = (bytes: Buffer) => new fixparser.default().parse(bytes.toString('latin1'));
const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** A message with one field more, as fixparser and as our writer encode it. */
function encodeBoth(tag: number, value: string): { theirs: Buffer; ours: Buffer } {
  const fields: readonly (readonly [number, string])[] = [
    [TAG.SenderCompID, '17'],
    [TAG.TargetCompID, 'ONEBOOK'],
    [TAG.MsgSeqNum, '2'],
    [TAG.SendingTime, '20260102-03:04:05.678'],
    [tag, value],
  ];
  const message = new fixparser.Message(
    'FIX.4.4',
    new fixparser.Field(TAG.MsgType, 'D'),
    ...fields.map(([fieldTag, fieldValue]) => new fixparser.Field(fieldTag, fieldValue)),
  );
  const writer = new MessageWriter({
    beginString: 'FIX.4.4',
    senderCompId: '17',
    targetCompId: 'ONEBOOK',
  });
  return {
    theirs: Buffer.from(message.encode(), 'latin1'),
    ours: writer.begin('D', 2, AT).field(tag, value).end(),
  };
}

const TRAPS: readonly (readonly [string, number, string])[] = [
  ['10= inside a value', TAG.Text, 'see 10=000'],
  ['the tag 110', TAG.MinQty, '5'],
];

describe('fixparser, where a value or a tag looks like BodyLength or CheckSum', () => {
  for (const [name, tag, value] of TRAPS) {
    it(`encodes ${name} with a wrong length or checksum; our writer does not`, () => {
      const { theirs, ours } = encodeBoth(tag, value);
      expect(parseMessage(theirs)).to.have.property('type', 'Malformed');
      expect(parseMessage(ours)).to.have.property('type', 'FixMessage');
      expect(ours).to.deep.equal(fixFrame(`35=D|${MEMBER_HEADER}${tag}=${value}|`));
    });

    it(`finds a good message with ${name} wrong; our decoder takes it`, () => {
      const good = fixFrame(`35=D|${MEMBER_HEADER}${tag}=${value}|`);
      const [parsed] = parse(good);
      expect([parsed!.bodyLengthValid, parsed!.checksumValid]).to.deep.equal([false, false]);
      expect(decodeAll([good])).to.deep.equal([good.toString('latin1').replaceAll('\x01', '|')]);
    });
  }

  it('takes a tag that ends in 35 for the start of the body; our decoder does not', () => {
    const outOfOrder = fixBytes('8=FIX.4.4|9=10|135=1|35=0|10=000|');
    const [parsed] = parse(outOfOrder);
    expect(parsed!.bodyLengthValid, 'a body that begins in the middle of 135=1').to.equal(true);
    expect(decodeAll([outOfOrder])[0]).to.match(/^garbled/);
  });
});

describe('fixparser, where a text contains 8=FIX', () => {
  it('splits one message into two; our decoder gives one', () => {
    const frame = fixFrame(`35=B|${MEMBER_HEADER}58=we speak 8=FIX.4.4 here|`);
    expect(parse(frame)).to.have.length(2);
    expect(decodeAll([frame])).to.have.length(1);
    expect(fixMessage(`35=B|${MEMBER_HEADER}58=we speak 8=FIX.4.4 here|`).get(TAG.Text)).to.equal(
      'we speak 8=FIX.4.4 here',
    );
  });
});

describe('fixparser, where a price is a decimal', () => {
  it('turns prices and quantities into floats; ours stay the text that was sent', () => {
    const body = `35=D|${MEMBER_HEADER}38=0.10|44=12345678901234567.89|`;
    const [parsed] = parse(fixFrame(body));
    expect(parsed!.getField(TAG.Price)?.value).to.equal(Number('12345678901234567.89'));
    expect(parsed!.getField(TAG.OrderQty)?.value).to.equal(0.1);
    expect(fixMessage(body).get(TAG.Price)).to.equal('12345678901234567.89');
    expect(fixMessage(body).get(TAG.OrderQty)).to.equal('0.10');
  });
});

describe('fixparser, where only half a frame has come', () => {
  it('makes a message of it; our decoder waits', () => {
    const frame = fixFrame(`35=D|${MEMBER_HEADER}11=c1|38=100|`);
    const half = frame.subarray(0, frame.indexOf('38=100') + 4);
    const [parsed] = parse(half);
    expect(parsed!.getField(TAG.ClOrdID)?.value).to.equal('c1');
    expect(decodeAll([half])).to.deep.equal([]);
    expect(decodeAll([half, frame.subarray(half.length)])).to.have.length(1);
  });
});

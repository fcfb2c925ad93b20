import { expect } from 'chai';
import { FrameDecoder } from '../../src/fix/framing.ts';
import type { FixMessage } from '../../src/fix/message.ts';
import { TAG } from '../../src/fix/tags.ts';
import { decodeAll, fixBytes, fixFrame } from '../support/fix-frames.ts';

const HEARTBEAT = fixFrame('35=0|34=7|');
const ORDER = fixFrame('35=D|34=8|58=10=000 and 8=FIX.4.4 in a text|');
const text = (frame: Buffer): string => frame.toString('latin1').replaceAll('\x01', '|');

describe('FrameDecoder', () => {
  it('cuts a stream of messages into frames', () => {
    expect(decodeAll([Buffer.concat([HEARTBEAT, ORDER, HEARTBEAT])])).to.deep.equal([
      text(HEARTBEAT),
      text(ORDER),
      text(HEARTBEAT),
    ]);
  });

  it('finds the same frames when every byte comes alone', () => {
    const bytes = [...Buffer.concat([HEARTBEAT, ORDER, HEARTBEAT])].map((byte) => Buffer.of(byte));
    expect(decodeAll(bytes)).to.deep.equal([text(HEARTBEAT), text(ORDER), text(HEARTBEAT)]);
  });

  it('waits for the rest of half a frame', () => {
    expect(decodeAll([ORDER.subarray(0, ORDER.length - 1)])).to.deep.equal([]);
    expect(decodeAll([ORDER.subarray(0, 20), ORDER.subarray(20)])).to.deep.equal([text(ORDER)]);
  });

  it('gives messages that later input does not change', () => {
    const decoder = new FrameDecoder({ maxFrameBytes: 4096 });
    const stream = Buffer.concat([HEARTBEAT, ORDER, HEARTBEAT, ORDER]);
    const messages: FixMessage[] = [];
    for (let at = 0; at < stream.length; at += 7) {
      decoder.push(Buffer.from(stream.subarray(at, at + 7)));
      for (let found = decoder.next(); found !== undefined; found = decoder.next()) {
        if (found.type === 'FixMessage') messages.push(found);
      }
    }
    expect(messages.map((message) => text(message.frame))).to.deep.equal(
      [HEARTBEAT, ORDER, HEARTBEAT, ORDER].map(text),
    );
    expect(messages.map((message) => message.get(TAG.MsgSeqNum))).to.deep.equal(['7', '8', '7', '8']);
  });

  it('takes a message whose data holds SOH, a trailer and a beginning', () => {
    const frame = fixFrame('35=A|34=1|95=21|96=|10=000|8=FIX.4.4|9=5|98=0|');
    expect(decodeAll([frame])).to.deep.equal([text(frame)]);
  });

  it('tolerates leading zeros in BodyLength', () => {
    const body = '35=0|34=7|';
    const head = fixBytes(`8=FIX.4.4|9=000${body.length}|${body}`);
    const sum = head.reduce((total, byte) => total + byte, 0) % 256;
    const frame = Buffer.concat([head, fixBytes(`10=${String(sum).padStart(3, '0')}|`)]);
    expect(decodeAll([frame])).to.deep.equal([text(frame)]);
  });

  const faults: readonly (readonly [string, string, string])[] = [
    ['bytes that are not FIX', 'GET / HTTP/1.1\r\n\r\n', 'no 8=FIX'],
    ['a BeginString without an end', `8=FIX.${'4'.repeat(40)}`, 'BeginString(8) does not end'],
    [
      'a BodyLength that is not the second field',
      '8=FIX.4.4|35=0|9=5|',
      'BodyLength(9) is not the second field',
    ],
    ['an empty BodyLength', '8=FIX.4.4|9=|35=0|', 'BodyLength(9) is empty'],
    ['a BodyLength that is no number', '8=FIX.4.4|9=1x|35=0|', 'BodyLength(9) is not a number'],
    ['a negative BodyLength', '8=FIX.4.4|9=-5|35=0|', 'BodyLength(9) is not a number'],
    ['a BodyLength without an end', `8=FIX.4.4|9=${'0'.repeat(30)}`, 'BodyLength(9) does not end'],
    ['a BodyLength of zero', '8=FIX.4.4|9=0|10=000|', 'BodyLength(9) is too small'],
    [
      'a BodyLength that is too short',
      '8=FIX.4.4|9=5|35=0|34=7|10=000|',
      'no CheckSum(10) where BodyLength(9) ends',
    ],
    [
      'a BodyLength that is too long',
      '8=FIX.4.4|9=12|35=0|34=7|10=000|',
      'no CheckSum(10) where BodyLength(9) ends',
    ],
    [
      'a MsgType that is not the third field',
      text(fixFrame('34=7|35=0|')),
      'MsgType(35) is not the third field',
    ],
    ['a CheckSum that does not match', '8=FIX.4.4|9=10|35=0|34=7|10=000|', 'CheckSum(10) does not match'],
    ['a CheckSum of letters', '8=FIX.4.4|9=10|35=0|34=7|10=1a2|', 'CheckSum(10) is not three digits'],
  ];
  for (const [name, bytes, reason] of faults) {
    it(`skips ${name} and finds the good message after it`, () => {
      const stream = Buffer.concat([fixBytes(bytes), HEARTBEAT, ORDER]);
      const expected = [`garbled: ${reason}`, text(HEARTBEAT), text(ORDER)];
      expect(decodeAll([stream]), 'in one chunk').to.deep.equal(expected);
      const alone = [...stream].map((byte) => Buffer.of(byte));
      expect(decodeAll(alone), 'byte by byte').to.deep.equal(expected);
    });
  }

  it('finds a good message that a wrong BodyLength would have swallowed', () => {
    const swallowing = fixBytes(`8=FIX.4.4|9=${10 + 7 + HEARTBEAT.length - 7}|35=0|34=7|10=000|`);
    expect(decodeAll([Buffer.concat([swallowing, HEARTBEAT])])).to.deep.equal([
      'garbled: CheckSum(10) does not match',
      text(HEARTBEAT),
    ]);
  });

  it('reports one fault for a stretch of noise, however it is cut', () => {
    const noise = Buffer.alloc(10_000, '88=F8=FI');
    const chunks = [noise.subarray(0, 3333), noise.subarray(3333), HEARTBEAT];
    expect(decodeAll(chunks)).to.deep.equal(['garbled: no 8=FIX', text(HEARTBEAT)]);
  });

  it('refuses a frame of a gigabyte from its head, without waiting for its bytes', () => {
    expect(decodeAll([fixBytes('8=FIX.4.4|9=1073741824|35=')])).to.deep.equal(['oversize: 1073741824']);
    expect(decodeAll([fixBytes(`8=FIX.4.4|9=${'9'.repeat(30)}`)])[0]).to.match(/^oversize: /);
  });

  it('bounds the whole frame, and takes one of exactly that size', () => {
    const frame = fixFrame(`35=B|34=7|58=${'x'.repeat(200)}|`);
    expect(decodeAll([frame], frame.length)).to.deep.equal([text(frame)]);
    expect(decodeAll([frame], frame.length - 1)).to.deep.equal(['oversize: 214']);
  });

  it('never holds more than a frame and a chunk', () => {
    const maxFrameBytes = 1000;
    const decoder = new FrameDecoder({ maxFrameBytes });
    const stream = Buffer.concat([
      fixBytes('8=FIX.4.4|9=900|'.repeat(400)),
      ...Array.from({ length: 200 }, () => ORDER),
    ]);
    let frameCount = 0;
    for (let at = 0; at < stream.length; at += 333) {
      decoder.push(stream.subarray(at, at + 333));
      for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
        if (frame.type === 'FixMessage') frameCount += 1;
      }
      expect(decoder.bufferedBytes).to.be.below(maxFrameBytes);
    }
    expect(frameCount).to.equal(200);
  });
});

/** What makes a decoder look at the same bytes again and again, unless it takes care. */
describe('FrameDecoder under attack', () => {
  const STREAM_BYTES = 60_000;
  const repeated = (text: string): Buffer => Buffer.alloc(STREAM_BYTES, fixBytes(text));

  /** Messages inside one another: each announces the length at which one trailer for all of them stands. */
  function nested(checkSum: string): Buffer {
    const head = (bodyLength: number): string => `8=FIX.4.4|9=${String(bodyLength).padStart(6, '0')}|`;
    const part = `${head(0)}35=0|`;
    const count = Math.floor(STREAM_BYTES / part.length);
    const parts = Array.from({ length: count }, (_, i) => {
      const bodyLength = (count - i) * part.length - head(0).length;
      return `${head(bodyLength)}35=0|`;
    });
    return fixBytes(`${parts.join('')}10=${checkSum}|`);
  }

  const streams: readonly (readonly [string, Buffer])[] = [
    ['nothing but beginnings', repeated('8=FIX')],
    ['beginnings with a BodyLength that never ends', repeated('8=FIX.4.4|9=00000000')],
    ['heads that announce all that is allowed', repeated('8=FIX.4.4|9=59000|')],
    ['messages with a wrong CheckSum', repeated('8=FIX.4.4|9=20|35=0|34=7|58=123456789|10=000|')],
    ['messages inside one another that end in one wrong CheckSum', nested('999')],
    ['the same once more behind it', Buffer.concat([nested('999'), nested('998'), nested('997')])],
    ['empty fields', fixFrame(`35=0|${'|'.repeat(50_000)}`)],
  ];
  for (const [name, stream] of streams) {
    for (const chunkBytes of [1, 1000, STREAM_BYTES * 4]) {
      it(`looks at no byte of ${name} more than 64 times, in chunks of ${chunkBytes}`, () => {
        const decoder = new FrameDecoder({ maxFrameBytes: 65_536 });
        let lastFound: string | undefined;
        for (let at = 0; at < stream.length; at += chunkBytes) {
          decoder.push(stream.subarray(at, at + chunkBytes));
          for (let found = decoder.next(); found !== undefined; found = decoder.next())
            lastFound = found.type;
        }
        expect(decoder.examinedCount).to.be.below(64 * stream.length);
        expect(lastFound).to.equal(name === 'empty fields' ? 'FixMessage' : 'Garbled');
      });
    }
  }

  it('finds a message that begins inside of one with a wrong CheckSum', () => {
    const inner = fixFrame('35=0|34=9|58=found|');
    const body = fixBytes(`35=0|34=8|58=${'x'.repeat(300)}|`);
    const length = body.length + inner.length;
    const outer = Buffer.concat([fixBytes(`8=FIX.4.4|9=${length}|`), body, inner, fixBytes('10=000|')]);
    const stream = Buffer.concat([HEARTBEAT, outer, HEARTBEAT]);
    const expected = [text(HEARTBEAT), 'garbled: CheckSum(10) does not match', text(inner)];
    for (const chunkBytes of [1, 50, 1000]) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < stream.length; at += chunkBytes)
        chunks.push(stream.subarray(at, at + chunkBytes));
      expect(decodeAll(chunks), `chunks of ${chunkBytes}`).to.deep.equal([
        ...expected,
        'garbled: no 8=FIX',
        text(HEARTBEAT),
      ]);
    }
  });
});

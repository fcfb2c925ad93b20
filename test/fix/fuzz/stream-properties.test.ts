/**
 * Properties of the codec over whole conversations, valid and broken, in every version: what is written is what is
 * read, and where a stream is cut makes no difference.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { dataTagOf } from '../../../src/fix/dictionary.ts';
import { FrameDecoder } from '../../../src/fix/framing.ts';
import { parseMessage } from '../../../src/fix/message.ts';
import { beginStringOf, FIX_VERSIONS } from '../../../src/fix/version.ts';
import { MessageWriter, utcTimestamp } from '../../../src/fix/writer.ts';
import { fuzzCase } from '../../support/fuzz-case.ts';
import { conversation, VENUE } from '../../support/fuzz-conversations.ts';
import { checkSumOf } from '../../support/fuzz-frames.ts';
import { randomFrom } from '../../support/random.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const MAX_FRAME_BYTES = 8_192;

const seed = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const version = fc.constantFrom(...FIX_VERSIONS);
/** Any latin1 text that may be a value. */
const text = fc
  .array(
    fc.integer({ min: 0, max: 255 }).filter((code) => code !== 1),
    { minLength: 1, maxLength: 30 },
  )
  .map((codes) => String.fromCharCode(...codes));
/** What begins and ends a frame is elsewhere; what follows the length of data is read by its count. */
const tag = fc
  .integer({ min: 1, max: 99_999 })
  .filter((candidate) => ![8, 9, 10, 35].includes(candidate) && dataTagOf(candidate) === undefined);
const value = fc.oneof(text, fc.integer({ min: -(2 ** 52), max: 2 ** 52 }));
const cuts = fc.array(fc.nat({ max: 20_000 }), { maxLength: 40 });

/** Everything that a decoder finds in a stream that arrives in these parts: frames, and why others are none. */
function found(parts: readonly Buffer[]): string[] {
  const decoder = new FrameDecoder({ maxFrameBytes: MAX_FRAME_BYTES });
  const all: string[] = [];
  for (const part of parts) {
    decoder.push(part);
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
      if (frame.type === 'FixMessage') all.push(frame.frame.toString('latin1'));
      else all.push(frame.type === 'Garbled' ? `garbled: ${frame.reason}` : `oversize: ${frame.announced}`);
    }
  }
  return all;
}

function partsOf(stream: Buffer, places: readonly number[]): Buffer[] {
  const ordered = [...new Set(places.map((place) => place % (stream.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  return [...ordered, stream.length].map((to) => {
    const part = stream.subarray(from, to);
    from = to;
    return part;
  });
}

function singleBytes(stream: Buffer): Buffer[] {
  return Array.from(stream, (_, i) => stream.subarray(i, i + 1));
}

describe('a stream of messages', () => {
  it('reads as what was written, header and body, in every version', () => {
    const header = fc.record({ version, msgType: fc.stringMatching(/^[A-Za-z0-9]{1,3}$/), msgSeqNum: seed });
    const times = fc.record({ now: fc.integer({ min: 0, max: NOW }), isPossDup: fc.boolean() });
    fc.assert(
      fc.property(header, times, fc.array(fc.tuple(tag, value), { maxLength: 20 }), (head, at, body) => {
        const ids = { beginString: beginStringOf(head.version), senderCompId: 'A', targetCompId: 'B' };
        const possDup = { origSendingTime: utcTimestamp(at.now) };
        const writer = new MessageWriter(ids);
        writer.begin(head.msgType, head.msgSeqNum, at.now, at.isPossDup ? { possDup } : {});
        for (const [bodyTag, bodyValue] of body) writer.field(bodyTag, bodyValue);
        const frame = writer.end();
        const message = parseMessage(frame);
        if (message.type === 'Malformed') throw new Error(message.reason);
        const fields = Array.from({ length: message.fieldCount }, (_, i) => [
          message.tagAt(i),
          message.valueAt(i),
        ]);
        const bodyBytes = frame.length - `8=${ids.beginString}|9=${message.get(9)}|10=000|`.length;
        expect(fields).to.deep.equal([
          [8, ids.beginString],
          [9, String(bodyBytes)],
          [35, head.msgType],
          [49, 'A'],
          [56, 'B'],
          [34, String(head.msgSeqNum)],
          ...(at.isPossDup ? [[43, 'Y']] : []),
          [52, utcTimestamp(at.now)],
          ...(at.isPossDup ? [[122, utcTimestamp(at.now)]] : []),
          ...body.map(([bodyTag, bodyValue]) => [bodyTag, String(bodyValue)]),
          [10, checkSumOf(frame.toString('latin1').slice(0, -7))],
        ]);
      }),
      { numRuns: 500 },
    );
  });

  it('gives every message of a valid conversation, wherever it is cut', () => {
    fc.assert(
      fc.property(seed, version, cuts, (from, spoken, places) => {
        const speaker = { version: spoken, senderCompId: 7, nextInSeqNum: 3, nextOutSeqNum: 5, now: NOW };
        const { frames } = conversation(speaker, randomFrom(from), 12);
        const stream = Buffer.from(frames.join(''), 'latin1');
        expect(found(partsOf(stream, places))).to.deep.equal(frames);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same messages and the same faults wherever a broken one is cut', () => {
    fc.assert(
      fc.property(seed, cuts, (from, places) => {
        const { streams } = fuzzCase(from, 0, NOW);
        const stream = Buffer.concat(streams.flatMap(({ chunks }) => chunks));
        const whole = found([stream]);
        expect(found(partsOf(stream, places))).to.deep.equal(whole);
        expect(found(singleBytes(stream))).to.deep.equal(whole);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is written again as it was read', () => {
    fc.assert(
      fc.property(seed, version, (from, spoken) => {
        const speaker = { version: spoken, senderCompId: 7, nextInSeqNum: 3, nextOutSeqNum: 5, now: NOW };
        const ids = { beginString: beginStringOf(spoken), senderCompId: '7', targetCompId: VENUE };
        const writer = new MessageWriter(ids);
        for (const frame of conversation(speaker, randomFrom(from), 6).frames) {
          const message = parseMessage(Buffer.from(frame, 'latin1'));
          if (message.type === 'Malformed') throw new Error(message.reason);
          const isAgain = message.get(43) === 'Y';
          const options = {
            ...(isAgain ? { possDup: { origSendingTime: message.get(122) as string } } : {}),
            possResend: message.get(97) === 'Y',
          };
          writer.begin(message.msgType, message.msgSeqNum as number, NOW, options);
          const headLength = 7 + (isAgain ? 2 : 0) + (options.possResend ? 1 : 0);
          for (let i = headLength; i < message.fieldCount - 1; i += 1) {
            // Data that contains SOH is not written by this writer.
            if (message.valueAt(i).includes('\x01')) return;
            writer.field(message.tagAt(i), message.valueAt(i));
          }
          expect(writer.end().toString('latin1')).to.equal(frame);
        }
      }),
      { numRuns: 300 },
    );
  });
});

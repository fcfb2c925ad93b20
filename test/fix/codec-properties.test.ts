import { expect } from 'chai';
import fc from 'fast-check';
import fixparser from 'fixparser';
import { fieldType } from '../../src/fix/dictionary.ts';
import { FrameDecoder } from '../../src/fix/framing.ts';
import { type FixMessage, parseMessage } from '../../src/fix/message.ts';
import { readOrderCommand } from '../../src/fix/order-requests.ts';
import { writeReport } from '../../src/fix/report-messages.ts';
import { TAG } from '../../src/fix/tags.ts';
import { DEFAULT_VALIDATOR_OPTIONS, validate } from '../../src/fix/validator.ts';
import { beginStringOf, FIX_VERSIONS } from '../../src/fix/version.ts';
import { MessageWriter, utcTimestamp } from '../../src/fix/writer.ts';
import type { ExecutionReport } from '../../src/matching/execution-report.ts';
import { decodeAll, fixBytes } from '../support/fix-frames.ts';
import { NEW_REPORT } from '../support/venue-reports.ts';

type Field = readonly [number, string];

const AT = Date.UTC(2026, 0, 2);
const writer = new MessageWriter({ beginString: 'FIX.4.4', senderCompId: '17', targetCompId: 'ONEBOOK' });

/** Any latin1 text without SOH; pieces that look like framing are frequent. */
const value = fc
  .array(
    fc.oneof(
      fc.constantFrom('10=', '35=', '8=FIX.4.4', '9=5', '=', '10=000', '|'),
      fc.integer({ min: 2, max: 255 }).map((code) => String.fromCharCode(code)),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));
/** Tags that are not header, trailer or data; 110, 135 and 1010 are among them. */
const tag = fc.constantFrom(11, 55, 58, 110, 135, 210, 1010, 1035, 5000, 99_999_999);
const fields: fc.Arbitrary<Field[]> = fc.array(fc.tuple(tag, value), { maxLength: 10 });

function encode(msgSeqNum: number, body: readonly Field[]): Buffer {
  writer.begin('D', msgSeqNum, AT);
  for (const [fieldTag, text] of body) writer.field(fieldTag, text);
  return writer.end();
}

function parsed(frame: Buffer): FixMessage {
  const message = parseMessage(frame);
  if (message.type === 'Malformed') throw new Error(message.reason);
  return message;
}

/** Frames of a stream cut at the given places. */
function framesOf(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const decoder = new FrameDecoder({ maxFrameBytes: 8192 });
  const frames: Buffer[] = [];
  const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, stream.length]) {
    decoder.push(stream.subarray(from, to));
    from = to;
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
      if (frame.type === 'FixMessage') frames.push(frame.frame);
    }
  }
  return frames;
}

describe('the codec', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fields, fc.integer({ min: 1, max: 2 ** 40 }), (body, msgSeqNum) => {
        const message = parsed(encode(msgSeqNum, body));
        const read: Field[] = [];
        for (let i = 7; i < message.fieldCount - 1; i += 1) read.push([message.tagAt(i), message.valueAt(i)]);
        expect(read).to.deep.equal(body);
        expect(message.msgSeqNum).to.equal(msgSeqNum);
      }),
    );
  });

  it('finds the same messages however the stream is split', () => {
    fc.assert(
      fc.property(
        fc.array(fields, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (bodies, cuts) => {
          const frames = bodies.map((body, i) => encode(i + 1, body));
          expect(framesOf(Buffer.concat(frames), cuts)).to.deep.equal(frames);
        },
      ),
    );
  });

  it('finds a good message after any noise that announces no longer one', () => {
    const noise = fc
      .array(fc.constantFrom('8=FIX', '8=', '|', '9=', '10=000|', '35=D|', 'x', '8'), { maxLength: 20 })
      .filter((pieces) => !/9=\d\d/.test(pieces.join('')));
    fc.assert(
      fc.property(noise, fc.array(fc.nat(), { maxLength: 10 }), (pieces, cuts) => {
        const good = encode(1, [[58, 'good']]);
        // The separator ends a BeginString or BodyLength that the noise left open.
        const stream = Buffer.concat([fixBytes(pieces.join('')), fixBytes('|'), good]);
        expect(framesOf(stream, cuts)).to.deep.equal([good]);
      }),
    );
  });

  it('finds the same in a damaged stream however it is split', () => {
    const damage = fc.record({ at: fc.nat(), byte: fc.nat(255), isCut: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(fields, { minLength: 1, maxLength: 6 }),
        fc.array(damage, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (bodies, damages, cuts) => {
          let stream = Buffer.concat(bodies.map((body, i) => encode(i + 1, body)));
          for (const { at, byte, isCut } of damages) {
            const place = at % stream.length;
            if (isCut)
              stream = Buffer.concat([stream.subarray(0, place), stream.subarray(place + (byte % 40))]);
            else stream[place] = byte;
            if (stream.length === 0) return;
          }
          const places = [...new Set(cuts.map((cut) => cut % stream.length))].sort((a, b) => a - b);
          const chunks = [0, ...places].map((from, i) => stream.subarray(from, places[i] ?? stream.length));
          expect(decodeAll(chunks)).to.deep.equal(decodeAll([stream]));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('resends the same body under the same number', () => {
    fc.assert(
      fc.property(fields, (body) => {
        const stored = parsed(encode(5, body));
        const again = parsed(writer.resend(stored, AT + 1000));
        const bodyOf = (message: FixMessage, from: number): Field[] =>
          Array.from({ length: message.fieldCount - 1 - from }, (_, i) => [
            message.tagAt(from + i),
            message.valueAt(from + i),
          ]);
        expect(bodyOf(again, 9)).to.deep.equal(bodyOf(stored, 7));
        expect(again.get(TAG.OrigSendingTime)).to.equal(stored.get(TAG.SendingTime));
        expect([again.msgSeqNum, again.get(TAG.PossDupFlag)]).to.deep.equal([5, 'Y']);
      }),
    );
  });

  it('never throws at any bytes in a frame that holds, and always has an opinion', () => {
    const piece = fc.oneof(
      fc.constantFrom('11=c1', '453=2', '448=x', '447=D', '38=1', '95=3', '96=abc', '44', '=', '55=', '10=1'),
      value,
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const body = Buffer.from(`35=D\x01${pieces.map((text) => `${text}\x01`).join('')}`, 'latin1');
        const head = Buffer.concat([fixBytes(`8=FIX.4.4|9=${body.length}|`), body]);
        const sum = head.reduce((total, byte) => total + byte, 0) % 256;
        const frame = Buffer.concat([head, fixBytes(`10=${String(sum).padStart(3, '0')}|`)]);
        const violation = validate(parsed(frame), 'FIX.4.4');
        expect(violation?.text).to.match(/./);
      }),
    );
  });
});

const decimals = fc.stringMatching(/^[1-9]\d{0,5}(\.\d{1,4})?$/);
const labels = fc.stringMatching(/^[!-~]([ -~]{0,12}[!-~])?$/);
/** Ms since the epoch, of this century. */
const instants = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2099, 11, 31) });
/** What a D may ask for besides price and quantity, in any mixture that the session lets through. */
const instructions = fc
  .record({
    stopPx: fc.option(decimals, { nil: undefined }),
    expiry: fc.constantFrom('none', 'time', 'date'),
    at: instants,
    execInst: fc.constantFrom('6', 'G', undefined),
    minQty: fc.option(decimals, { nil: undefined }),
    maxFloor: fc.option(decimals, { nil: undefined }),
    mode: fc.option(fc.nat(4), { nil: undefined }),
    group: fc.option(fc.integer({ min: 1, max: 2_147_483_647 }), { nil: undefined }),
    account: fc.option(labels, { nil: undefined }),
    secondaryClOrdId: fc.option(labels, { nil: undefined }),
    clOrdLinkId: fc.option(labels, { nil: undefined }),
  })
  .map(({ expiry, at, ...others }) => ({
    ...others,
    expireTime: expiry === 'time' ? at : undefined,
    expireDate: expiry === 'date' ? new Date(at).toISOString().slice(0, 10) : undefined,
  }));
const VENUE_HEADER = { senderCompId: 'ONEBOOK', targetCompId: '17' };
const MODES = ['None', 'CancelNewest', 'CancelOldest', 'CancelBoth', 'Decrement'];

function present(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

describe('the instructions of an order', () => {
  it('are read as they were written, whichever of them there are', () => {
    fc.assert(
      fc.property(instructions, ({ mode, group, ...told }) => {
        const { stopPx, expireTime, expireDate, execInst, minQty, maxFloor } = told;
        const isGoodTillDate = expireTime !== undefined || expireDate !== undefined;
        const body: (readonly [number, string | number | undefined])[] = [
          [11, 'c1'],
          [55, 'BTC-USD'],
          [54, '1'],
          [60, utcTimestamp(AT)],
          [38, '5'],
          [40, stopPx === undefined ? '2' : '4'],
          [44, '100'],
          [59, isGoodTillDate ? '6' : undefined],
          [99, stopPx],
          [126, expireTime === undefined ? undefined : utcTimestamp(expireTime)],
          [432, expireDate?.replaceAll('-', '')],
          [18, execInst],
          [110, minQty],
          [111, maxFloor],
          [7929, mode],
          [7928, group],
          [1, told.account],
          [526, told.secondaryClOrdId],
          [583, told.clOrdLinkId],
        ];
        writer.begin('D', 1, AT);
        for (const [fieldTag, text] of body) if (text !== undefined) writer.field(fieldTag, text);
        const message = parsed(writer.end());
        expect(validate(message, 'FIX.4.4')).to.equal(undefined);
        const reading = readOrderCommand(message, 'FIX.4.4');
        expect(reading).to.deep.equal({
          type: 'Command',
          command: {
            type: 'NewOrderSingle',
            clOrdId: 'c1',
            symbol: 'BTC-USD',
            side: '1',
            ordType: stopPx === undefined ? '2' : '4',
            timeInForce: isGoodTillDate ? '6' : '0',
            orderQty: '5',
            price: '100',
            mayBeRepeat: false,
            ...present({
              ...told,
              selfTradePrevention: mode === undefined ? undefined : MODES[mode],
              selfTradeGroup: group,
            }),
          },
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('are told back as they were read, in the version that has them', () => {
    fc.assert(
      fc.property(instructions, fc.constantFrom(...FIX_VERSIONS), ({ mode, group, ...told }, version) => {
        const report = { ...NEW_REPORT, instructions: present(told) } as ExecutionReport;
        const header = { ...VENUE_HEADER, beginString: beginStringOf(version) };
        const venueWriter = new MessageWriter(header).begin('8', 1, AT);
        writeReport(venueWriter, report, version);
        const message = parsed(venueWriter.end());
        const has42 = version === 'FIX.4.2';
        const { expireTime } = told;
        expect(
          [99, 126, 432, 18, 110, 111, 1, 526, 583].map((fieldTag) => message.get(fieldTag)),
        ).to.deep.equal([
          told.stopPx,
          expireTime === undefined ? undefined : utcTimestamp(expireTime),
          told.expireDate?.replaceAll('-', ''),
          told.execInst,
          told.minQty,
          told.maxFloor,
          told.account,
          has42 ? undefined : told.secondaryClOrdId,
          has42 ? undefined : told.clOrdLinkId,
        ]);
        const options = { ...DEFAULT_VALIDATOR_OPTIONS, sender: 'venue' } as const;
        expect(validate(message, version, options)).to.equal(undefined);
      }),
      { numRuns: 500 },
    );
  });
});

describe('fixparser as a second opinion', () => {
  it('agrees on the fields, length and checksum of messages that it can read', () => {
    const plain = fc.array(
      fc.tuple(
        fc.constantFrom(TAG.ClOrdID, TAG.Symbol, TAG.Text, TAG.Account),
        fc.stringMatching(/^[A-Za-z][A-Za-z .-]{0,10}$/),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(plain, (body) => {
        const frame = encode(3, body);
        const [theirs] = new fixparser.default().parse(frame.toString('latin1'));
        const ours = parsed(frame);
        expect([theirs!.bodyLengthValid, theirs!.checksumValid]).to.deep.equal([true, true]);
        expect(theirs!.data.map((field) => [field.tag, String(field.value)])).to.deep.equal(
          Array.from({ length: ours.fieldCount }, (_, i) => [
            ours.tagAt(i),
            // fixparser makes numbers of numeric types.
            fieldType(ours.tagAt(i), 'FIX.4.4') === 'Length'
              ? String(Number(ours.valueAt(i)))
              : ours.valueAt(i),
          ]),
        );
      }),
    );
  });
});

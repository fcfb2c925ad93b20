import { expect } from 'chai';
import fc from 'fast-check';
import type { Address, Message } from '../../src/actors/protocol.ts';
import { record, text, variant, WireError, withDefault } from '../../src/cluster/wire/codec.ts';
import { type CrossingMessage, MESSAGES } from '../../src/cluster/wire/messages.ts';
import { commonVersion, createWire } from '../../src/cluster/wire.ts';
import { CROSSING_SAMPLES } from '../support/wire-messages.ts';

const TO: Address = { type: 'exchange' };
const wire = createWire();

function lineOf(message: CrossingMessage): string {
  return new TextDecoder().decode(wire.encode({ to: TO, message }, wire.version));
}

function decoded(line: string): unknown {
  return wire.decode(Buffer.from(line));
}

describe('the wire between nodes', () => {
  it('has a sample of every type of message that crosses', () => {
    expect([...new Set(CROSSING_SAMPLES.map(({ type }) => type))].sort()).to.deep.equal(
      [...MESSAGES.keys()].sort(),
    );
  });

  for (const message of CROSSING_SAMPLES) {
    it(`brings a ${message.type} across as it was`, () => {
      const line = lineOf(message);
      expect(line.endsWith('\n')).to.equal(true);
      expect(line.indexOf('\n')).to.equal(line.length - 1);
      expect(decoded(line.slice(0, -1))).to.deep.equal({ to: TO, message });
    });
  }

  it('brings every kind of address across', () => {
    const addresses: Address[] = [
      { type: 'exchange' },
      { type: 'persistence' },
      { type: 'account', userId: 4 },
      { type: 'book', symbol: 'BTC/USD' },
      { type: 'gateway', name: 'g' },
      { type: 'session', sessionId: 's' },
      { type: 'reply', requestId: 'r' },
      { type: 'exchange', node: 'engine-1' },
      { type: 'persistence', node: 'engine-1' },
      { type: 'book', symbol: 'BTC/USD', node: 'engine-1' },
      { type: 'reply', requestId: 'r', node: 'gateway-1' },
    ];
    for (const to of addresses) {
      const line = wire.encode({ to, message: { type: 'Drained' } }, 1) as Uint8Array;
      expect(wire.decode(line.subarray(0, -1)).to).to.deep.equal(to);
    }
  });

  it('ignores what a newer node says besides', () => {
    const line = JSON.stringify({
      to: { type: 'book', symbol: 'X', shard: 3 },
      message: { type: 'BookHalted', symbol: 'X', reason: 'r', since: 12, __proto__: null },
      trace: 'abc',
    });
    expect(decoded(line)).to.deep.equal({
      to: { type: 'book', symbol: 'X' },
      message: { type: 'BookHalted', symbol: 'X', reason: 'r' },
    });
  });

  for (const [garbage, complaint] of [
    ['', 'no line of JSON'],
    ['{', 'no line of JSON'],
    ['null', 'no message that crosses nodes'],
    ['[]', 'no message that crosses nodes'],
    ['{"to":{"type":"exchange"}}', 'no message that crosses nodes'],
    ['{"to":{"type":"exchange"},"message":{"type":"toString"}}', 'no message that crosses nodes'],
    ['{"to":{"type":"exchange"},"message":{"type":"JournalBook"}}', 'no message that crosses nodes'],
    ['{"message":{"type":"Drained"}}', 'to: unknown type nothing'],
    ['{"to":{"type":"nowhere"},"message":{"type":"Drained"}}', 'to: unknown type "nowhere"'],
    ['{"to":{"type":"account","userId":1.5},"message":{"type":"Drained"}}', 'to.userId: an integer expected'],
    [
      '{"to":{"type":"exchange"},"message":{"type":"TransferBooked","balance":5}}',
      'TransferBooked.balance: an integer as text expected, got 5',
    ],
    [
      '{"to":{"type":"exchange"},"message":{"type":"TransferBooked","balance":"0x10"}}',
      'TransferBooked.balance: an integer as text expected',
    ],
    [
      '{"to":{"type":"exchange"},"message":{"type":"BookReady","symbol":"X","lastPrice":0}}',
      'BookReady.lastPrice: an integer from 1 expected, got 0',
    ],
    [
      '{"to":{"type":"exchange"},"message":{"type":"Announce","headline":"h","lines":["a",1]}}',
      'Announce.lines[1]: text expected, got 1',
    ],
  ] as const) {
    it(`refuses ${garbage === '' ? 'an empty line' : garbage}`, () => {
      expect(() => decoded(garbage)).to.throw(WireError, complaint);
    });
  }

  it('refuses bytes that are no UTF-8', () => {
    expect(() => wire.decode(Buffer.from([0x22, 0xff, 0x22]))).to.throw(WireError);
  });

  it('takes a message of which any part was changed as a whole message or not at all', () => {
    const anything = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant(undefined));
    const property = fc.property(
      fc.constantFrom(...CROSSING_SAMPLES),
      fc.infiniteStream(fc.nat({ max: 50 })),
      anything,
      (message, path, replacement) => {
        const json = JSON.parse(lineOf(message));
        replaceWithin(json, path, replacement);
        let taken: ReturnType<typeof wire.decode>;
        try {
          taken = wire.decode(Buffer.from(JSON.stringify(json)));
        } catch (error) {
          expect(error).to.be.instanceOf(WireError);
          return;
        }
        const again = wire.encode(taken, 1) as Uint8Array;
        expect(wire.decode(again.subarray(0, -1))).to.deep.equal(taken);
      },
    );
    fc.assert(property, { numRuns: 2_000 });
  });

  it('does not send what is written for actors of the same node', () => {
    const message = { type: 'Tick' } as unknown as CrossingMessage;
    expect(() => wire.encode({ to: TO, message }, 1)).to.throw(WireError, 'Tick does not leave its node');
  });
});

describe('two versions of the wire', () => {
  const terms = { minVersion: 1, since: new Map<string, number>(), messages: MESSAGES };
  const newer = createWire({ ...terms, version: 2, since: new Map([['Announce', 2]]) });
  const announce: CrossingMessage = { type: 'Announce', headline: 'h', lines: [] };

  it('speak the older one, while it is young enough for the newer', () => {
    expect(commonVersion(newer, wire)).to.equal(1);
    expect(commonVersion(wire, newer)).to.equal(1);
    expect(commonVersion({ version: 3, minVersion: 2 }, wire)).to.equal(undefined);
    expect(commonVersion(wire, { version: 3, minVersion: 2 })).to.equal(undefined);
  });

  it('keep a message back that the older does not know', () => {
    expect(newer.encode({ to: TO, message: announce }, 1)).to.equal(undefined);
    expect(newer.encode({ to: TO, message: announce }, 2)).to.be.instanceOf(Uint8Array);
  });

  it('read a field that the older does not send with its default', () => {
    interface Later {
      readonly type: 'Announce';
      readonly headline: string;
      readonly urgency: string;
    }
    const later = variant<Later>('Announce', { headline: text, urgency: withDefault(text, 'flash') });
    const messages = new Map(MESSAGES).set('Announce', later as never);
    const line = lineOf(announce).slice(0, -1);
    const taken = createWire({ ...terms, version: 2, messages }).decode(Buffer.from(line));
    expect(taken.message as Message | Later).to.deep.equal({
      type: 'Announce',
      headline: 'h',
      urgency: 'flash',
    });
  });

  it('keep a property that may be absent apart from one that may be undefined', () => {
    const codec = record<{ readonly a: string }>({ a: text });
    expect(() => codec.decode({})).to.throw(WireError, '.a: text expected, got nothing');
  });
});

/** Replaces a value somewhere within `root`, as the numbers choose; undefined takes it out. */
function replaceWithin(root: object, path: Iterable<number>, replacement: unknown): void {
  let holder = root as Record<string, unknown>;
  for (const step of path) {
    const keys = Object.keys(holder);
    const key = keys[step % Math.max(1, keys.length)];
    if (key === undefined) return;
    const child = holder[key];
    if (typeof child === 'object' && child !== null && Object.keys(child).length > 0 && step % 7 !== 0) {
      holder = child as Record<string, unknown>;
    } else {
      holder[key] = replacement;
      return;
    }
  }
}

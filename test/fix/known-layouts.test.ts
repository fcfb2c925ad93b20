/** What is judged quickly because messages like it were right must be judged as if none had been. */
import { expect } from 'chai';
import fc from 'fast-check';
import { readOrderCommand } from '../../src/fix/order-requests.ts';
import { validate } from '../../src/fix/validator.ts';
import { fixMessage, orderBody } from '../support/fix-frames.ts';

/** Values that are right and that are wrong, by tag. */
const VALUES: readonly (readonly [number, readonly string[], readonly string[]])[] = [
  [11, ['c1', 'a longer identifier of an order'], ['', 'a\x02b']],
  [1, ['desk-7', 'd\xe9sk'], ['']],
  [55, ['BTC-USD'], ['']],
  [54, ['1', '2'], ['', '?', '11']],
  [
    60,
    ['20260102-03:04:05', '20260102-03:04:05.678'],
    ['20260102', '20260102-25:04:05.678', '20260102-03:04:05x678'],
  ],
  [38, ['1', '0.25'], ['', '1,5', '1.2.3', '-', '.']],
  [40, ['2'], ['', 'ZZ']],
  [44, ['50000.1', '-3', '.5'], ['', '1e3', '--1']],
  [59, ['0', '1'], ['', '0 1', 'x']],
];

const orders = fc.tuple(
  ...VALUES.map(([tag, right, wrong]) =>
    fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...right).map((value) => ({ tag, value, isRight: true })) },
      { weight: 1, arbitrary: fc.constantFrom(...wrong).map((value) => ({ tag, value, isRight: false })) },
    ),
  ),
);

function orderOf(fields: readonly { readonly tag: number; readonly value: string }[]) {
  return fixMessage(orderBody(fields.map(({ tag, value }) => `${tag}=${value}|`).join('')));
}

describe('the judgement of a layout that is known', () => {
  const right = VALUES.map(([tag, [value]]) => ({ tag, value: value ?? '' }));

  it('names the first wrong value, and lets the right ones pass', () => {
    for (let i = 0; i < 3; i += 1) expect(validate(orderOf(right), 'FIX.4.4')).to.equal(undefined);
    fc.assert(
      fc.property(orders, (fields) => {
        const violation = validate(orderOf(fields), 'FIX.4.4');
        expect(violation?.refTagId).to.equal(fields.find(({ isRight }) => !isRight)?.tag);
      }),
      { numRuns: 2_000 },
    );
  });

  it('still asks for a field that the values make necessary', () => {
    const withoutPrice = right.filter(({ tag }) => tag !== 44);
    const market = withoutPrice.map((field) => (field.tag === 40 ? { ...field, value: '1' } : field));
    for (let i = 0; i < 3; i += 1) expect(validate(orderOf(market), 'FIX.4.4')).to.equal(undefined);
    expect(validate(orderOf(withoutPrice), 'FIX.4.4')?.refTagId).to.equal(44);
  });

  for (const [name, tag, value, asksFor] of [
    ['StopPx of a stop limit order', 40, '4', 99],
    ['an end of a good till date order', 59, '6', 126],
  ] as const) {
    it(`asks for ${name}, and no more once it is there`, () => {
      const other = right.map((field) => (field.tag === tag ? { ...field, value } : field));
      const stopPx = { tag: 99, value: '90' };
      const ends = asksFor === 99 ? [stopPx] : [{ tag: 126, value: '20260102-03:04:05' }];
      for (let i = 0; i < 3; i += 1) {
        expect(validate(orderOf(right), 'FIX.4.4')).to.equal(undefined);
        expect(validate(orderOf(other), 'FIX.4.4')).to.include({
          refTagId: asksFor,
          businessRejectReason: 5,
        });
        expect(validate(orderOf([...other, ...ends]), 'FIX.4.4')).to.equal(undefined);
      }
      if (asksFor !== 126) return;
      for (let i = 0; i < 3; i += 1) {
        const byDate = [...other, { tag: 432, value: '20260102' }];
        expect(validate(orderOf(byDate), 'FIX.4.4')).to.equal(undefined);
      }
    });
  }

  it('is of its version and of its message type alone', () => {
    for (let i = 0; i < 3; i += 1) expect(validate(orderOf(right), 'FIX.4.4')).to.equal(undefined);
    expect(validate(orderOf(right), 'FIX.4.2')?.refTagId).to.equal(21);
    const fields = right.map(({ tag, value }) => `${tag}=${value}|`).join('');
    const replace = fixMessage(orderBody(fields).replace('35=D', '35=G'));
    expect(validate(replace, 'FIX.4.4')?.refTagId).to.equal(41);
  });

  it('bounds the length of a value', () => {
    const long = right.map((field) => (field.tag === 11 ? { ...field, value: 'c'.repeat(600) } : field));
    for (let i = 0; i < 3; i += 1) validate(orderOf(right), 'FIX.4.4');
    expect(validate(orderOf(long), 'FIX.4.4')?.refTagId).to.equal(11);
  });

  it('of what the venue does not do is the same as of a new one', () => {
    for (let i = 0; i < 3; i += 1)
      expect(readOrderCommand(orderOf(right), 'FIX.4.4').type).to.equal('Command');
    for (const [tag, value, text] of [
      [54, '5', 'Side(54)=5'],
      [59, '2', 'TimeInForce(59)=2'],
      [40, 'P', 'OrdType(40)=P'],
      [40, '1', 'Price(44) is only for OrdType(40)=2 (Limit)'],
      [40, '3', 'Price(44) is only for OrdType(40)=2 (Limit)'],
    ] as const) {
      const fields = right.map((field) => (field.tag === tag ? { tag, value } : field));
      const reading = readOrderCommand(orderOf(fields), 'FIX.4.4');
      expect(reading.type === 'Unsupported' && reading.refusal.text).to.match(
        new RegExp(`^${text.replace(/[()]/g, '\\$&')}`),
      );
    }
  });
});

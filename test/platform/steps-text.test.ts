/** The short way from text to steps, beside the long one by way of bigint. */
import { expect } from 'chai';
import fc from 'fast-check';
import { parseAmount, parseStepSize, type StepSize, textToSteps } from '../../src/platform/decimal.ts';

function byBigint(text: string, step: StepSize): number | string {
  const units = parseAmount(text);
  if (units === 'too precise') return 'off step';
  if (typeof units === 'string') return units;
  if (units < 0n) return 'negative';
  if (units % step.units !== 0n) return 'off step';
  const steps = units / step.units;
  return steps > BigInt(Number.MAX_SAFE_INTEGER) ? 'too large' : Number(steps);
}

describe('text in steps', () => {
  it('is the same number, or the same fault, as by way of bigint', () => {
    const text = fc.string({
      unit: fc.constantFrom(...'00001234567899.-'),
      maxLength: 24,
    });
    const step = fc.constantFrom('0.01', '0.05', '1', '5', '100', '0.3', '0.0001', '0.000000000000000001');
    fc.assert(
      fc.property(text, step, (value, stepText) => {
        const size = parseStepSize(stepText);
        if (typeof size === 'string') throw new Error(size);
        expect(textToSteps(value, size), `${value} in ${stepText}`).to.equal(byBigint(value, size));
      }),
      { numRuns: 5_000 },
    );
  });
});

/** Amounts are exact: what a float would round is told apart and comes back digit for digit. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  formatAmount,
  parseAmount,
  parseStepSize,
  stepsToText,
  textToSteps,
} from '../../src/platform/decimal.ts';

/** The largest amount of a NUMERIC(38,18) column. */
const LARGEST = `${'9'.repeat(20)}.${'9'.repeat(18)}`;

function stepOf(text: string) {
  const step = parseStepSize(text);
  if (typeof step === 'string') throw new Error(`${text} is no step: ${step}`);
  return step;
}

describe('a decimal', () => {
  it('of 38 digits becomes units and text again, and no digit changes', () => {
    expect(parseAmount(LARGEST)).to.equal(10n ** 38n - 1n);
    expect(formatAmount(10n ** 38n - 1n)).to.equal(LARGEST);
    expect(parseAmount('9007199254740993.000000000000000001')).to.equal(9007199254740993000000000000000001n);
    expect(parseAmount('0.1')).to.equal(10n ** 17n);
  });

  it('is the same after its text was read, whatever it is', () => {
    const units = fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n });
    fc.assert(fc.property(units, (amount) => parseAmount(formatAmount(amount)) === amount));
  });

  it('of which a column could not keep a digit is refused, not rounded', () => {
    expect(parseAmount('0.0000000000000000001')).to.equal('too precise');
    expect(parseAmount(`1${'0'.repeat(20)}`)).to.equal('too large');
    expect(parseAmount('0.1000000000000000000')).to.equal(10n ** 17n);
  });

  it('that is no plain decimal is malformed', () => {
    for (const text of ['', '-', '.', '1e3', '+1', ' 1', '0x10', 'NaN', '1,5', '1.2.3']) {
      expect(parseAmount(text), text).to.equal('malformed');
    }
  });
});

describe('a price or quantity in steps', () => {
  it('is a whole number of them, and 0.3 is three of 0.1', () => {
    const tenth = stepOf('0.1');
    expect(textToSteps('0.3', tenth)).to.equal(3);
    expect(stepsToText(3, tenth)).to.equal('0.3');
    expect(textToSteps('1.15', stepOf('0.05'))).to.equal(23);
    expect(textToSteps('0.300000000000000044', tenth)).to.equal('off step');
    expect(textToSteps('0.0000000000000000001', tenth)).to.equal('off step');
  });

  it('is exact to the last whole number, and refused beyond', () => {
    const cent = stepOf('0.01');
    expect(textToSteps('90071992547409.91', cent)).to.equal(Number.MAX_SAFE_INTEGER);
    expect(stepsToText(Number.MAX_SAFE_INTEGER, stepOf('0.03'))).to.equal('270215977642229.73');
    expect(textToSteps('90071992547409.92', cent)).to.equal('too large');
  });

  it('comes back from its text, whatever the step', () => {
    const steps = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const step = fc.constantFrom('0.01', '0.05', '0.000025', '1', '1000', '0.000000000000000001').map(stepOf);
    fc.assert(
      fc.property(steps, step, (count, size) => {
        const text = stepsToText(count, size);
        // Text of more integer digits than a column has is refused on its way back.
        return textToSteps(text, size) === (parseAmount(text) === 'too large' ? 'too large' : count);
      }),
    );
  });
});

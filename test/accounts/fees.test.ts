/** The one rule of rounding that holds, settlement and reports share. */
import { expect } from 'chai';
import fc from 'fast-check';
import { feeOn } from '../../src/accounts/fees.ts';
import { FEE_RATE_ONE, FEE_RATE_PER_BASIS_POINT } from '../../src/matching/instrument.ts';
import { AssertionError } from '../../src/platform/assert.ts';

const anyNotional = fc.bigInt({ min: 0n, max: 10n ** 30n });
const anyRate = fc.integer({ min: 0, max: Number(FEE_RATE_ONE) });

describe('fee', () => {
  it('is one unit in ten thousand per basis point, rounded down', () => {
    expect(feeOn(10_000n, FEE_RATE_PER_BASIS_POINT)).to.equal(1n);
    expect(feeOn(19_999n, FEE_RATE_PER_BASIS_POINT)).to.equal(1n);
    expect(feeOn(9_999n, FEE_RATE_PER_BASIS_POINT)).to.equal(0n);
    expect(feeOn(123_456n, 0)).to.equal(0n);
    expect(feeOn(123_456n, Number(FEE_RATE_ONE))).to.equal(123_456n);
  });

  it('is never larger in parts than for the whole', () => {
    fc.assert(
      fc.property(anyNotional, anyNotional, anyRate, (first, second, rate) => {
        expect(feeOn(first, rate) + feeOn(second, rate) <= feeOn(first + second, rate)).to.equal(true);
      }),
    );
  });

  it('refuses as a bug a rate below nothing, above the whole notional, or between two steps', () => {
    for (const rate of [-1, Number(FEE_RATE_ONE) + 1, 0.5, Number.NaN]) {
      expect(() => feeOn(1n, rate), `${rate}`).to.throw(AssertionError);
    }
    expect(() => feeOn(-1n, 1)).to.throw(AssertionError);
  });
});

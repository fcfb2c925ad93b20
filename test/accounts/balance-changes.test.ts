/** Sums of balance changes to their last digit, where a float would have lost it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { BalanceChanges } from '../../src/accounts/settlement.ts';

const LARGEST = 10n ** 38n - 1n;

function sumOf(amounts: readonly bigint[]) {
  const changes = new BalanceChanges();
  for (const amount of amounts) changes.add([{ userId: 1, asset: 'USD', amount, held: -amount }]);
  return changes.sorted();
}

describe('the sum of balance changes', () => {
  it('is exact to the unit beside the largest amount that a column has', () => {
    expect(sumOf([LARGEST, -1n])).to.deep.equal([
      { userId: 1, asset: 'USD', amount: LARGEST - 1n, held: 1n - LARGEST },
    ]);
    expect(sumOf([LARGEST, 1n, -LARGEST])).to.deep.equal([
      { userId: 1, asset: 'USD', amount: 1n, held: -1n },
    ]);
  });

  it('does not depend on their order', () => {
    const amounts = fc.array(fc.bigInt({ min: -LARGEST, max: LARGEST }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(amounts, (list) => {
        const forwards = sumOf(list);
        expect(sumOf(list.toReversed())).to.deep.equal(forwards);
        expect(forwards[0]?.amount ?? 0n).to.equal(list.reduce((sum, amount) => sum + amount, 0n));
      }),
    );
  });
});

import { expect } from 'chai';
import {
  changeDifferences,
  holdDifferences,
  rowDifferences,
  sumDifferences,
} from '../../src/demo/row-checks.ts';
import { EXPECTED_CHANGES, expectedOrders } from '../../src/demo/scenario.ts';

describe('the judgement of rows', () => {
  const rows = expectedOrders('r1').map((row) => ({ ...row, id: '17' }));

  it('accepts the rows of the scenario', () => {
    expect(rowDifferences('orders', expectedOrders('r1'), rows)).to.deep.equal([]);
  });

  it('names the row and the column that differ', () => {
    const wrong = rows.map((row, index) => (index === 1 ? { ...row, filled: '0.39', hold: '1' } : row));
    expect(rowDifferences('orders', expectedOrders('r1'), wrong)).to.deep.equal([
      'orders, row 2: filled is 0.39, expected 0.4',
      'orders, row 2: hold is 1, expected 0',
    ]);
  });

  it('notices a row too few or too many', () => {
    expect(rowDifferences('orders', expectedOrders('r1'), rows.slice(1))).to.deep.equal([
      'orders has 4 rows of this run, expected 5',
    ]);
  });
});

describe('the judgement of balances', () => {
  const start = [
    { member: 'alice', asset: 'USD', amount: '100000' },
    { member: 'bob', asset: 'BTC', amount: '10' },
    { member: 'bob', asset: 'ETH', amount: '100' },
  ];
  const end = [
    { member: 'alice', asset: 'BTC', amount: '1' },
    { member: 'alice', asset: 'USD', amount: '49900' },
    { member: 'bob', asset: 'BTC', amount: '9' },
    { member: 'bob', asset: 'ETH', amount: '100' },
    { member: 'bob', asset: 'USD', amount: '49950' },
    { member: 'fees', asset: 'USD', amount: '150' },
  ];

  it('accepts the changes of the scenario, which add up to nothing made or lost', () => {
    expect(changeDifferences(start, end, EXPECTED_CHANGES)).to.deep.equal([]);
    const usd = EXPECTED_CHANGES.filter(([, asset]) => asset === 'USD').map(([, , change]) => BigInt(change));
    expect(usd.reduce((sum, change) => sum + change, 0n)).to.equal(0n);
  });

  it('notices the smallest unit too much, and a balance that should not have moved', () => {
    const wrong = end.map((row) => {
      if (row.member === 'alice' && row.asset === 'USD')
        return { ...row, amount: '49900.000000000000000001' };
      return row.asset === 'ETH' ? { ...row, amount: '99' } : row;
    });
    expect(changeDifferences(start, wrong, EXPECTED_CHANGES)).to.deep.equal([
      "balances: alice's USD changed by -50099.999999999999999999, expected -50100",
      "balances: bob's ETH changed by -1, expected 0",
    ]);
  });

  it('notices money that was made or lost', () => {
    const sums = [
      { asset: 'BTC', owned: '10', deposited: '10.0' },
      { asset: 'USD', owned: '100000.01', deposited: '100000' },
    ];
    expect(sumDifferences(sums)).to.deep.equal(['balances of USD sum to 100000.01, deposits to 100000']);
  });

  it('notices a hold that no open order needs', () => {
    const holds = [
      { member: 'alice', asset: 'USD', held: '24549', needed: '24549' },
      { member: 'bob', asset: 'BTC', held: '0.25', needed: '0' },
    ];
    expect(holdDifferences(holds)).to.deep.equal(['bob has 0.25 BTC held, open orders need 0']);
  });
});

/** Promises 3 and 4: what keeps money exact, and orders within what their owners have. */
import type { Mutant } from '../mutant.ts';

const DECIMAL = 'src/platform/decimal.ts';
const DECIMAL_TEST = 'test/platform/decimal.test.ts';
const MISSED_COMMITS = 'src/actors/missed-commits.ts';
const MISSED_TEST = 'test/actors/account-missed.test.ts';
const SCHEMA = 'migrations/Migration20261101000000.ts';

export const MONEY: readonly Mutant[] = [
  {
    name: 'amounts-as-numbers',
    promise: 3,
    safeguard: 'text becomes a whole number of units without ever being a float',
    removed: 'the bigint: text goes through Number',
    file: DECIMAL,
    anchor: "BigInt(significantInteger + significantFraction.padEnd(AMOUNT_DECIMALS, '0'))",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a template.
    replacement: 'BigInt(Math.round(Number(`${significantInteger}.${significantFraction}`) * 1e18))',
    test: { file: DECIMAL_TEST, title: 'of 38 digits becomes units and text again, and no digit changes' },
  },
  {
    name: 'steps-are-whole',
    promise: 3,
    safeguard: 'a price or quantity is a whole number of steps',
    removed: 'the check: what is off the step is rounded',
    file: DECIMAL,
    anchor: "if (units % step.units !== 0n) return 'off step';",
    replacement: '',
    test: { file: DECIMAL_TEST, title: 'is a whole number of them, and 0.3 is three of 0.1' },
  },
  {
    name: 'notional-as-number',
    promise: 3,
    safeguard: 'price × quantity is a bigint',
    removed: 'the bigint: the product is a number',
    file: 'src/accounts/holds.ts',
    anchor: 'BigInt(price) * BigInt(quantity) * instrument.quoteUnitsPerTickLot',
    replacement: 'BigInt(price * quantity * Number(instrument.quoteUnitsPerTickLot))',
    test: { file: 'test/accounts/holds.test.ts', title: 'is exact for the largest price and quantity' },
  },
  {
    name: 'sums-as-numbers',
    promise: 3,
    safeguard: 'the changes of a commit are summed as bigint',
    removed: 'the bigint: sums are numbers',
    file: 'src/accounts/settlement.ts',
    anchor: '(sum?.amount ?? 0n) + change.amount;',
    replacement: 'BigInt(Number(sum?.amount ?? 0n) + Number(change.amount));',
    test: {
      file: 'test/accounts/balance-changes.test.ts',
      title: 'is exact to the unit beside the largest amount that a column has',
    },
  },
  {
    name: 'fee-rounded-up',
    promise: 3,
    safeguard: 'fees are rounded down, so that those of parts never exceed that of the whole',
    removed: 'the direction: fees are rounded up',
    file: 'src/accounts/fees.ts',
    anchor: '(notional * BigInt(rate)) / FEE_RATE_ONE',
    replacement: '(notional * BigInt(rate) + FEE_RATE_ONE - 1n) / FEE_RATE_ONE',
    test: { file: 'test/accounts/fees.test.ts', title: 'is never larger in parts than for the whole' },
  },
  {
    name: 'float-columns',
    promise: 3,
    safeguard: 'columns of money are NUMERIC',
    removed: 'the type: what a balance holds is double precision',
    file: SCHEMA,
    anchor: 'held numeric(38,18) not null,',
    replacement: 'held double precision not null,',
    test: {
      file: 'test/persistence/schema.test.ts',
      title: 'is what the entities say, with and without monthly partitions',
    },
  },
  {
    name: 'funds-of-order',
    promise: 4,
    safeguard: 'hold check: an order is refused beyond what is available',
    removed: 'the comparison',
    file: 'src/accounts/judge-new.ts',
    anchor: 'hold.amount > account.balances.available(hold.asset)',
    replacement: 'false',
    test: {
      file: 'test/accounts/order-checks.test.ts',
      title: 'refuse a purchase beyond the funds, fee included',
    },
  },
  {
    name: 'hold-of-order',
    promise: 4,
    safeguard: 'hold check: an order that is sent to its book holds its cost',
    removed: 'the hold',
    file: 'src/accounts/judge-new.ts',
    anchor: 'command.symbol, at), instrument, hold);',
    replacement: 'command.symbol, at), instrument, { ...hold, amount: 0n });',
    test: {
      file: 'test/accounts/orders-on-their-way.test.ts',
      title: 'are not available to the next order, fee included',
    },
  },
  {
    name: 'funds-of-replace',
    promise: 4,
    safeguard: 'hold check: a replace is refused beyond what is available',
    removed: 'the comparison',
    file: 'src/accounts/judge-replace.ts',
    anchor: 'increase > account.balances.available(hold.asset)',
    replacement: 'false',
    test: {
      file: 'test/actors/trading.test.ts',
      title: 'refuses a replace that costs more than there is, and the order lives on',
    },
  },
  {
    name: 'hold-of-replace',
    promise: 4,
    safeguard: 'a replace in flight holds enough for every outcome',
    removed: 'the case that the order fills at its old price first',
    file: 'src/accounts/holds.ts',
    anchor: 'largestOf(refused, replacedAtOnce, replacedLate)',
    replacement: 'largestOf(refused, replacedAtOnce)',
    test: {
      file: 'test/accounts/holds.test.ts',
      title: 'covers a fill at the old price before an increase at a lower one',
    },
  },
  {
    name: 'funds-of-withdrawal',
    promise: 4,
    safeguard: 'hold check: a withdrawal takes only what is not held',
    removed: 'the hold from the comparison',
    file: 'src/accounts/account.ts',
    anchor: 'balances.available(asset) < -amount',
    replacement: 'balances.amount(asset) < -amount',
    test: {
      file: 'test/accounts/account-money.test.ts',
      title: 'is deposited and withdrawn, but not what is held',
    },
  },
  {
    name: 'balance-constraint',
    promise: 4,
    safeguard: 'hold check: 0 <= held <= amount is a constraint of the database too',
    removed: 'the constraint',
    file: SCHEMA,
    anchor: 'check (0 <= held and held <= amount)',
    replacement: 'check (true)',
    test: {
      file: 'test/persistence/commit.test.ts',
      title: 'refuses a batch that would leave a balance negative, and keeps nothing of it',
    },
  },
  {
    name: 'missed-settlement',
    promise: 4,
    safeguard: 'a settlement that is missed is noticed by the next one of its engine',
    removed: 'the comparison with the one before',
    file: MISSED_COMMITS,
    anchor: 'previousNo > knownNo || ',
    replacement: '',
    test: {
      file: MISSED_TEST,
      title: 'notices by the next one, and spends nothing before it has read its rows',
    },
  },
  {
    name: 'settlement-out-of-turn',
    promise: 4,
    safeguard: 'nothing of a book’s next owner is applied before all of the owner before',
    removed: 'the look at the epochs of the books',
    file: MISSED_COMMITS,
    anchor: 'books.some((book) => !this.#hasAllBefore(book))',
    replacement: 'books.length < 0',
    test: {
      file: MISSED_TEST,
      title: 'takes nothing of a book’s next owner before it has all of the owner before',
    },
  },
];

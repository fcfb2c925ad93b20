/**
 * Judges the rows that a run has left: the orders and trades that the scenario makes, balances moved by exactly what
 * was traded, nothing made or lost, and held what open orders need. Each difference is a sentence.
 */
import { formatAmount, parseAmount } from '../platform/decimal.ts';
import type { SqlRow } from './rows.ts';
import type { ExpectedRow } from './scenario.ts';

/** Differences between rows and what they must be, one by one in their order; decimals by value. */
export function rowDifferences(
  table: string,
  expected: readonly ExpectedRow[],
  rows: readonly SqlRow[],
): string[] {
  if (rows.length !== expected.length) {
    return [`${table} has ${rows.length} rows of this run, expected ${expected.length}`];
  }
  return expected.flatMap((row, index) =>
    Object.entries(row).flatMap(([column, value]) => {
      const actual = rows[index]?.[column] ?? null;
      if (actual !== null && isSame(value, actual)) return [];
      return [`${table}, row ${index + 1}: ${column} is ${actual ?? 'null'}, expected ${value}`];
    }),
  );
}

/** What moved in `balances` and should not have, or did not and should have; in units of 10^-18. */
export function changeDifferences(
  before: readonly SqlRow[],
  after: readonly SqlRow[],
  expected: readonly (readonly [member: string, asset: string, change: string])[],
): string[] {
  const key = (member: string, asset: string): string => `${member}'s ${asset}`;
  const changes = new Map<string, bigint>();
  const add = (name: string, amount: bigint): void => {
    changes.set(name, (changes.get(name) ?? 0n) + amount);
  };
  for (const { member, asset, amount } of after) add(key(`${member}`, `${asset}`), unitsOf(amount));
  for (const { member, asset, amount } of before) add(key(`${member}`, `${asset}`), -unitsOf(amount));
  const wanted = new Map(expected.map(([member, asset, change]) => [key(member, asset), unitsOf(change)]));
  return [...new Set([...changes.keys(), ...wanted.keys()])].flatMap((name) => {
    const [change, want] = [changes.get(name) ?? 0n, wanted.get(name) ?? 0n];
    if (change === want) return [];
    return [`balances: ${name} changed by ${formatAmount(change)}, expected ${formatAmount(want)}`];
  });
}

/** Assets of which there is more or less than was deposited and not withdrawn. */
export function sumDifferences(sums: readonly SqlRow[]): string[] {
  return sums
    .filter(({ owned, deposited }) => unitsOf(owned) !== unitsOf(deposited))
    .map(({ asset, owned, deposited }) => `balances of ${asset} sum to ${owned}, deposits to ${deposited}`);
}

/** Members whose held amount is not what their open orders need. */
export function holdDifferences(holds: readonly SqlRow[]): string[] {
  return holds
    .filter(({ held, needed }) => unitsOf(held) !== unitsOf(needed))
    .map(({ member, asset, held, needed }) => {
      return `${member} has ${held} ${asset} held, open orders need ${needed}`;
    });
}

function isSame(expected: string, actual: string): boolean {
  if (expected === actual) return true;
  const units = parseAmount(actual);
  return typeof units === 'bigint' && units === parseAmount(expected);
}

/** NaN-proof: text that is no amount is a bug of ours, not a zero. */
function unitsOf(text: string | null | undefined): bigint {
  const units = parseAmount(text ?? '');
  if (typeof units === 'string') throw new Error(`an amount column has "${text}"`);
  return units;
}

/** What a trade costs its two parties: one rule of rounding, used by holds, settlement and reports alike. */

import { FEE_RATE_ONE, type FeeRate } from '../matching/instrument.ts';
import type { UserId } from '../matching/types.ts';
import { assert } from '../platform/assert.ts';

/** The owner of the fees: the venue itself, a row of `users` that nobody logs on as. */
export const FEE_USER_ID: UserId = 0;

/**
 * The fee on `notional`, both in quote units (10^-18), rounded down; it is MiscFeeAmt (137) of the report.
 *
 * Down, because floor(a) + floor(b) <= floor(a + b): however a quantity is cut into fills, the fees of the fills
 * never sum to more than the fee that was held for the whole. Rounded up, many small fills could exceed the hold.
 */
export function feeOn(notional: bigint, rate: FeeRate): bigint {
  assert(notional >= 0n, 'a fee is taken on a notional that is not negative');
  // Above the whole notional a seller would owe more than the proceeds, which nothing holds.
  assert(Number.isSafeInteger(rate) && rate >= 0 && rate <= Number(FEE_RATE_ONE), `not a fee rate: ${rate}`);
  return (notional * BigInt(rate)) / FEE_RATE_ONE;
}

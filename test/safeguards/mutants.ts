/** All mutants, in the order of the promises. */
import type { Mutant } from './mutant.ts';
import { BOUNDS } from './mutants/bounds.ts';
import { CRASHES } from './mutants/crashes.ts';
import { DELIVERY } from './mutants/delivery.ts';
import { DURABILITY } from './mutants/durability.ts';
import { MONEY } from './mutants/money.ts';
import { OWNERSHIP } from './mutants/ownership.ts';
import { RECOVERY } from './mutants/recovery.ts';
import { SESSION_ORDER } from './mutants/session-order.ts';

export const MUTANTS: readonly Mutant[] = [
  ...OWNERSHIP,
  ...DURABILITY,
  ...MONEY,
  ...RECOVERY,
  ...SESSION_ORDER,
  ...DELIVERY,
  ...BOUNDS,
  ...CRASHES,
];

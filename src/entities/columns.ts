/** Column types that several tables share, so that an amount is an amount everywhere. */
import { p } from '@mikro-orm/core';

/** An exact amount, price or quantity: NUMERIC(38,18), decimal text in TypeScript. */
export const amount = () => p.decimal('string').precision(38).scale(18);

/** A decimal as it was said, trailing zeros included: NUMERIC without a scale keeps them. */
export const spokenDecimal = () => p.decimal('string').columnType('numeric');

/** A one-letter FIX code such as Side (54) or OrdStatus (39). */
export const fixCode = <Code extends string>() => p.character().length(1).$type<Code>();

/** An instant, UTC, to the microsecond. */
export const instant = () => p.datetime(6).columnType('timestamptz');

/** `BIGINT` whose values are safe integers: ids and sequence numbers. */
export const safeBigint = () => p.bigint('number');

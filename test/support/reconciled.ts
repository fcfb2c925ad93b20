/** The reconciliation as an assertion: for tests that have a database and want to know that its rows agree. */
import { expect } from 'chai';
import { connect } from '../../src/persistence/orm.ts';
import {
  type Reconciliation,
  reconcile,
  reconcileWithin,
} from '../../src/persistence/reconcile/reconcile.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { VenueDatabase } from './venue-database.ts';

const LIMIT = 5;

/** Asserts that `onebook reconcile` would find nothing; returns what was checked. */
export async function expectReconciled(url: string): Promise<Reconciliation> {
  const orm = await connect(url, { maxConnections: 1 });
  try {
    const found = await reconcile(orm, { clock: systemClock, limit: LIMIT });
    expect(differencesIn(found)).to.deep.equal({});
    return found;
  } finally {
    await orm.close(true);
  }
}

/** What is found when these statements have been executed, which leave no trace. */
export function reconciledWith(
  { orm }: VenueDatabase,
  statements: readonly string[],
): Promise<Reconciliation> {
  return onConnection(orm, async (sql) => {
    await sql.rows('begin isolation level repeatable read');
    try {
      await sql.rows("select set_config('onebook.append_only', 'off', true)");
      for (const statement of statements) await sql.rows(statement);
      return await reconcileWithin(sql, { clock: systemClock, limit: LIMIT });
    } finally {
      await sql.rows('rollback');
    }
  });
}

/** The checks that found something, with what they tell of it. */
export function differencesIn({ checks }: Reconciliation): Record<string, readonly string[]> {
  const found = checks.filter(({ differenceCount }) => differenceCount > 0);
  return Object.fromEntries(found.map(({ name, differences }) => [name, differences]));
}

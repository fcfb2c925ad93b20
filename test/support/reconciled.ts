/** The reconciliation as an assertion: for tests that have a database and want to know that its rows agree. */
import { expect } from 'chai';
import { connect } from '../../src/persistence/orm.ts';
import { type Reconciliation, reconcile } from '../../src/persistence/reconcile/reconcile.ts';
import { systemClock } from '../../src/platform/clock.ts';

/** Asserts that `onebook reconcile` would find nothing; returns what was checked. */
export async function expectReconciled(url: string): Promise<Reconciliation> {
  const orm = await connect(url, { maxConnections: 1 });
  try {
    const found = await reconcile(orm, { clock: systemClock, limit: 5 });
    expect(differencesIn(found)).to.deep.equal({});
    return found;
  } finally {
    await orm.close(true);
  }
}

/** The checks that found something, with what they tell of it. */
export function differencesIn({ checks }: Reconciliation): Record<string, readonly string[]> {
  const found = checks.filter(({ differenceCount }) => differenceCount > 0);
  return Object.fromEntries(found.map(({ name, differences }) => [name, differences]));
}

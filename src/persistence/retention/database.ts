/** Retention as an operator asks for it: in a node's database, which is found or started and left as it was. */

import { assertSchema } from '../reconcile/reconcile.ts';
import { type NodeDatabase, onNodeDatabase } from '../reconcile/run.ts';
import { load } from '../sql.ts';
import { planRetention, type RetentionPlan, type RetentionTerms } from './plan.ts';
import { runRetention } from './run.ts';

const NAME = 'onebook retention';

interface Options extends NodeDatabase {
  readonly terms: RetentionTerms;
}

/**
 * @throws EmbeddedPostgresError, DatabaseUnfitError, StoreUnavailableError or the driver's error; a run ClosingRefused
 * and RetentionBusy as well.
 */
export const retentionDatabase = {
  plan: (options: Options): Promise<RetentionPlan> =>
    onNodeDatabase(options, NAME, async (orm) => {
      await load(orm, assertSchema);
      return planRetention(orm, options.terms, options.clock.now());
    }),
  run: (options: Options & { readonly actor: string }): Promise<RetentionPlan> =>
    onNodeDatabase(
      options,
      NAME,
      async (orm) => {
        await load(orm, assertSchema);
        const { plan } = await runRetention({ ...options, orm, verifiesTrail: true });
        return plan;
      },
      CONNECTIONS,
    ),
};

/** One holds the lock of the run, another works. */
const CONNECTIONS = 3;

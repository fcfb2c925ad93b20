/** The reconciliation over a random market's rows: clean as they are, and each planted difference is found and named. */
import { expect } from 'chai';
import { type Reconciliation, reconcileWithin } from '../../src/persistence/reconcile/reconcile.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { NUMBERS, PLANTS, type Row } from '../support/planted-differences.ts';
import { tradedDatabase } from '../support/postgres-market.ts';
import { differencesIn } from '../support/reconciled.ts';
import type { VenueDatabase } from '../support/venue-database.ts';

const LIMIT = 5;

describe('reconcile', () => {
  let database: VenueDatabase;

  before(async () => {
    database = await tradedDatabase(1);
  });
  after(() => database.drop());

  it('finds nothing after a random market with every kind of order, busts and corrections', async () => {
    const found = await withPlanted([]);
    expect(differencesIn(found)).to.deep.equal({});
    expect(found.differenceCount).to.equal(0);
    expect(found.commits.map(({ writer }) => writer)).to.deep.equal(['local']);
    const { orders, trades, trade_amendments: amendments, reports } = found.rowCounts;
    expect([orders, trades, amendments, reports].every((count) => (count ?? 0) >= 5)).to.equal(true);
    const kinds = await database.query<{ kind: string }>(
      "select distinct exec_type || coalesce('/' || restatement_reason, '') as kind from reports " +
        'where exec_type is not null order by 1',
    );
    expect(kinds.map(({ kind }) => kind)).to.include.members('4 4/8 5 8 C D/3 D/5 D/8 F G H L'.split(' '));
  });

  for (const { what, row, plant, found } of PLANTS) {
    it(`finds ${what}`, async () => {
      const [changed] = await database.query<Row>(row);
      if (changed === undefined) throw new Error('the market has no such row');
      const differences = differencesIn(await withPlanted(plant(changed)));
      const expected = found(changed);
      expect(Object.keys(differences)).to.have.members(Object.keys(expected));
      for (const [name, pattern] of Object.entries(expected)) {
        expect(
          differences[name]?.filter((text) => pattern.test(text)).length,
          `${pattern} in ${differences[name]?.join('\n')}`,
        ).to.be.at.least(1);
      }
    });
  }

  it('tells the first differences of a check, and counts the others', async () => {
    const [row] = await database.query<{ n: number }>(
      'select count(*)::int as n from reports where msg_type = $1',
      ['9'],
    );
    const found = await withPlanted([
      "delete from reports where msg_type = '9'",
      'update accounts set last_seq = 0',
    ]);
    const numbers = found.checks.find(({ name }) => name === NUMBERS);
    expect(row?.n).to.be.above(LIMIT);
    expect(numbers?.differences).to.have.length(LIMIT);
    expect(numbers?.differenceCount).to.be.above(LIMIT);
    expect(found.differenceCount).to.equal(numbers?.differenceCount);
  });

  it('does not try on rows of another version', async () => {
    const [newest] = await database.query<{ name: string }>(
      'select name from mikro_orm_migrations order by name desc limit 1',
    );
    const without = await failure(
      'delete from mikro_orm_migrations where name = (select max(name) from mikro_orm_migrations)',
    );
    expect(without).to.match(new RegExp(`of an earlier version of onebook \\(without ${newest?.name}\\)`));
    const beyond = await failure(
      "insert into mikro_orm_migrations (name) values ('Migration29991231000000')",
    );
    expect(beyond).to.match(/migrated by a newer version of onebook \(Migration29991231000000\)/);
  });

  async function failure(planted: string): Promise<string> {
    const failed = await withPlanted([planted]).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(failed?.name).to.equal('DatabaseUnfitError');
    return failed?.message ?? '';
  }

  /** What is found when these statements have been executed, which leave no trace. */
  function withPlanted(statements: readonly string[]): Promise<Reconciliation> {
    return onConnection(database.orm, async (sql) => {
      await sql.rows('begin isolation level repeatable read');
      try {
        await sql.rows("select set_config('onebook.append_only', 'off', true)");
        for (const statement of statements) await sql.rows(statement);
        return await reconcileWithin(sql, { clock: new ManualClock(0), limit: LIMIT });
      } finally {
        await sql.rows('rollback');
      }
    });
  }
});

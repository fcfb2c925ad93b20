/** The audit trail over a random market's rows: it holds as they are, and whatever somebody does to them is found. */
import { expect } from 'chai';
import { ensurePartitions } from '../../src/persistence/partitions.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { type Row, TAMPERINGS } from '../support/audit-tamperings.ts';
import { differencesIn, LIMIT, verified } from '../support/audit-trail.ts';
import { tradedDatabase } from '../support/postgres-market.ts';
import type { VenueDatabase } from '../support/venue-database.ts';

describe('the audit trail', () => {
  let database: VenueDatabase;
  before(async () => {
    database = await tradedDatabase(1);
  });
  after(() => database.drop());

  it('holds after a random market with every kind of order, busts and corrections', async () => {
    const found = await verified(database);
    expect(differencesIn(found)).to.deep.equal([]);
    expect(found.chains.map(({ chain }) => chain)).to.deep.equal(['local', 'operators']);
    const [rows] = await database.query<{ count: number; audited: number }>(
      'select ((select count(*) from orders) + (select count(*) from trades) + (select count(*) from reports) + ' +
        '(select count(*) from requests) + (select count(*) from transfers) + ' +
        '(select count(*) from trade_amendments))::int as count, (select count(*)::int from audit) as audited',
    );
    expect(found.chains.map(({ rowCount }) => rowCount)).to.deep.equal([rows?.count, rows?.audited]);
    expect(rows?.audited).to.be.above(5);
  });

  for (const { what, row, statements, told } of TAMPERINGS) {
    it(`finds ${what}`, async () => {
      const [found] = await database.query<Row>(row);
      if (found === undefined) throw new Error('the market has no such row');
      const differences = differencesIn(await verified(database, { statements: statements(found) }));
      for (const pattern of told(found)) {
        expect(
          differences.filter((text) => pattern.test(text)),
          `${pattern} in ${differences.join('\n')}`,
        ).to.have.length.above(0);
      }
    });
  }

  it('tells the first differences of a chain, and counts the others', async () => {
    const found = await verified(database, { statements: ["update reports set text = 'x'"] });
    const [local] = found.chains;
    expect(local?.differences).to.have.length(LIMIT);
    expect(local?.differenceCount).to.be.above(100);
    expect(found.differenceCount).to.equal(local?.differenceCount);
  });

  it('knows a head that was noted, in a chain that has grown; a chain that was written anew has it not', async () => {
    const heads = (await verified(database)).chains.flatMap(({ chain, head }) =>
      head === undefined ? [] : [{ chain, ...head }],
    );
    expect(heads.map(({ chain }) => chain)).to.deep.equal(['local', 'operators']);
    expect((await verified(database, { noted: heads })).differenceCount).to.equal(0);
    const forged = heads.map((head) => ({ ...head, hash: '0'.repeat(64) }));
    const beyond = heads.map((head) => ({ ...head, no: head.no + 1 }));
    expect(differencesIn(await verified(database, { noted: [...forged, ...beyond] }))).to.have.length(4);
  });

  it('may not be changed or cut by mistake', async () => {
    for (const table of [
      'reports',
      'trades',
      'trade_amendments',
      'requests',
      'transfers',
      'audit',
      'audit_links',
    ]) {
      const [column] = await database.query<{ name: string }>(
        `select attname as name from pg_attribute where attrelid = '${table}'::regclass and attnum > 0 limit 1`,
      );
      for (const statement of [
        `update ${table} set ${column?.name} = ${column?.name}`,
        `delete from ${table}`,
        `truncate ${table}`,
      ]) {
        const error = await database.query(statement).catch((reason: Error) => reason);
        expect(error, statement).to.include({ code: 'OB004' });
      }
    }
  });

  it('may not be emptied by a partition either, of before or of a month to come, but a month may be dropped', async () => {
    await ensurePartitions(database.orm, Date.UTC(2040, 0, 1));
    const appendOnly = await database.query<{ name: string }>(
      "select tgrelid::regclass::text as name from pg_trigger where tgname = 'refuse_change' order by 1",
    );
    const names = appendOnly.map(({ name }) => name);
    expect(names).to.include.members(['closings', 'trades_default', 'audit_2040_01', 'reports_2040_03']);
    for (const name of names) {
      const error = await database.query(`truncate ${name}`).catch((reason: Error) => reason);
      expect(error, name).to.include({ code: 'OB004', message: `rows of ${name} are only added` });
    }
    await database.query('drop table audit_2040_03');
    await onConnection(database.orm, async (sql) => {
      await sql.rows("begin; set local onebook.append_only = 'off'; truncate audit_2040_02; rollback");
    });
  });
});

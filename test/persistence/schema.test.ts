import { expect } from 'chai';
import { assertDurable, connect, durabilityFault, migrate } from '../../src/persistence/orm.ts';
import { ensurePartitions } from '../../src/persistence/partitions.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { testDatabase } from '../support/database.ts';
import { type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

async function errorOf(
  promise: Promise<unknown>,
): Promise<(Error & { code?: string; constraint?: string }) | undefined> {
  return promise.then(
    () => undefined,
    (error: Error) => error,
  );
}

describe('the schema', () => {
  let venue: VenueDatabase;
  beforeEach(async () => {
    venue = await venueDatabase();
  });
  afterEach(() => venue.drop());

  it('is what the entities say, with and without monthly partitions', async () => {
    expect(await venue.orm.schema.getUpdateSchemaSQL()).equal('');
    await ensurePartitions(venue.orm, Date.UTC(2026, 10, 30));
    expect(await venue.orm.schema.getUpdateSchemaSQL()).equal('');
    await venue.query('alter table orders drop column hold');
    expect(await venue.orm.schema.getUpdateSchemaSQL()).contain('"hold"');
  });

  it('is made once when two nodes start at the same time', async () => {
    const database = await testDatabase();
    const [one, two] = [await connect(database.url), await connect(database.url)];
    await Promise.all([migrate(one), migrate(two)]);
    expect(await one.schema.getUpdateSchemaSQL()).equal('');
    await Promise.all([one.close(), two.close()]);
    await database.drop();
  });

  it('is refused when a newer version has made it', async () => {
    await venue.query("insert into mikro_orm_migrations (name) values ('Migration29990101000000')");
    const error = await errorOf(migrate(venue.orm));
    expect(error?.name).equal('DatabaseUnfitError');
    expect(error?.message).contain('Migration29990101000000');
  });

  it('of the first version keeps its rows when it is brought up to date', async () => {
    const database = await testDatabase();
    const orm = await connect(database.url);
    await orm.migrator.up({ to: 'Migration20261101000000' });
    await onConnection(orm, async (sql) => {
      await sql.rows("insert into users (username, password_hash, sender_comp_id) values ('carol', 'x', 7)");
      await sql.rows('insert into fix_sessions values (7, 3, 5, 9, true)');
    });
    await migrate(orm);
    const rows = await onConnection(orm, (sql) =>
      sql.rows(
        'select username, validate_user_defined_fields, cancel_grace_ms, session_schedule, next_out, ' +
          'began_at is null as is_unknown, cancel_after_ms from users join fix_sessions using (sender_comp_id)',
      ),
    );
    expect(rows).deep.equal([
      {
        username: 'carol',
        validate_user_defined_fields: true,
        cancel_grace_ms: 10_000,
        session_schedule: null,
        next_out: '5',
        is_unknown: false,
        cancel_after_ms: null,
      },
    ]);
    await orm.close(true);
    await database.drop();
  });

  it('has the venue as user 0 and members from 1 on', async () => {
    expect(await venue.query('select id, status from users order by id')).deep.equal([
      { id: 0, status: 'venue' },
      { id: 1, status: 'active' },
      { id: 2, status: 'active' },
    ]);
  });

  for (const [fault, statement] of [
    ['a hold above the balance', 'update balances set held = amount + 1 where user_id = 1'],
    ['a negative balance', 'update balances set amount = -1 where user_id = 1'],
    ['a halt without an author', "update instruments set status = 'halted'"],
    ['a tick of zero', 'update instruments set tick_size = 0'],
    ['a fill beyond the quantity', 'update orders set filled_quantity = 2'],
    ['a remainder that is off', 'update orders set remaining_quantity = 0.5'],
    ['an open order that is filled', "update orders set status = '2'"],
    ['a hold of a closed order', "update orders set status = '4', is_open = false, remaining_quantity = 0"],
    ['a grace below zero', 'update users set cancel_grace_ms = -1'],
    ['a rate of zero', 'update users set orders_per_second = 0'],
    ['an allow-list that allows nobody', "update users set allowed_addresses = '{}'"],
    ['a schedule without words', "update users set session_schedule = ''"],
    ['a certificate without a subject', "update users set certificate_subject = ''"],
    ['an unknown side', "update orders set side = '3'"],
  ]) {
    it(`refuses ${fault}`, async () => {
      await venue.query(
        "insert into orders values (1, 1, 'BTC-USD', 'c', 'c', '1', '2', '0', 1, 1, 1, 1, 0, 1, 0, 0, 0, 1, '0', " +
          "true, 1, 1, '2024-05-06', now(), now())",
      );
      expect((await errorOf(venue.query(statement ?? '')))?.code).equal('23514');
    });
  }

  it('gives a month its partition, with the rows that came before it', async () => {
    const insert = "insert into audit (at, actor, action, details) values ($1, 'op', 'test', '{}')";
    await venue.query(insert, ['2026-12-15T00:00:00Z']);
    await venue.query(insert, ['2027-02-01T00:00:00Z']);
    await ensurePartitions(venue.orm, Date.UTC(2026, 11, 31, 23, 59));
    await ensurePartitions(venue.orm, Date.UTC(2026, 11, 31, 23, 59));
    await venue.query(insert, ['2027-01-31T23:59:59Z']);
    const rows = await venue.query('select tableoid::regclass::text as partition, id from audit order by at');
    expect(rows).deep.equal([
      { partition: 'audit_2026_12', id: '1' },
      { partition: 'audit_2027_01', id: '3' },
      { partition: 'audit_default', id: '2' },
    ]);
  });
});

describe('a database server', () => {
  it('is fit when commits are on disk before they are acknowledged', async () => {
    const database = await testDatabase();
    const orm = await connect(database.url);
    await assertDurable(orm);
    await orm.close();
    await database.drop();
  });

  it('is refused when it acknowledges commits early', async () => {
    const database = await testDatabase();
    const url = new URL(database.url);
    url.searchParams.set('options', '-c synchronous_commit=off');
    const orm = await connect(url.href);
    const error = await errorOf(assertDurable(orm));
    expect(error?.name).equal('DatabaseUnfitError');
    expect(error?.message).contain('synchronous_commit = off');
    await orm.close();
    await database.drop();
  });

  it('is refused without fsync or full page writes, and every such setting is named', () => {
    const safe = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'local' };
    const fault = (changes: object) => durabilityFault(new Map(Object.entries({ ...safe, ...changes })));
    expect(fault({})).equal(undefined);
    expect(fault({ fsync: 'off' })).contain('fsync = off');
    expect(fault({ full_page_writes: 'off', fsync: 'off' })).contain(
      'fsync = off and full_page_writes = off',
    );
    expect(durabilityFault(new Map())).contain('fsync = off');
  });

  it('that cannot be reached is an error, not a wait', async () => {
    const error = await errorOf(connect('postgres://nobody@127.0.0.1:1/none'));
    expect(error).instanceOf(Error);
  });
});

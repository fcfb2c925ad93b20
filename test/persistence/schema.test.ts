import { expect } from 'chai';
import { isPlain } from '../../src/persistence/instruction-rows.ts';
import { createInstrumentSource } from '../../src/persistence/instruments.ts';
import { ORDER_RECORD_COLUMNS, type OrderRecord, toSnapshot } from '../../src/persistence/order-rows.ts';
import { assertDurable, connect, durabilityFault, migrate } from '../../src/persistence/orm.ts';
import { ensurePartitions } from '../../src/persistence/partitions.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { testDatabase } from '../support/database.ts';
import { BTC_USD } from '../support/instruments.ts';
import { type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

async function errorOf(
  promise: Promise<unknown>,
): Promise<(Error & { code?: string; constraint?: string }) | undefined> {
  return promise.then(
    () => undefined,
    (error: Error) => error,
  );
}

function amendment(kind: string, quantityAfter: number, chargedToVenue = false): string {
  return (
    'insert into trade_amendments (trade_id, symbol, kind, price_before, price_after, quantity_before, ' +
    'quantity_after, maker_fee_before, maker_fee_after, taker_fee_before, taker_fee_after, maker_seq, taker_seq, ' +
    `charged_to_venue, charges, reason, requested_by, executed_at) values (1, 'BTC-USD', '${kind}', 1, 1, 1, ` +
    `${quantityAfter}, 0, 0, 0, 0, 1, 2, ${chargedToVenue}, '[]', 'why', 'op', now())`
  );
}

function report(msgType: string, ordStatus: string | null): string {
  return (
    'insert into reports (user_id, source, source_seq, at, msg_type, cl_ord_id, ord_status) values ' +
    `(1, 'BTC-USD', 1, now(), '${msgType}', 'c', ${ordStatus === null ? 'null' : `'${ordStatus}'`})`
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

  it('of the version before other order types keeps its orders, which are plain, and its reports', async () => {
    const database = await testDatabase();
    const orm = await connect(database.url);
    await orm.migrator.up({ to: 'Migration20261122010000' });
    const query = (text: string) => onConnection(orm, (sql) => sql.rows<OrderRecord>(text));
    await query("insert into users (username, password_hash, sender_comp_id) values ('carol', 'x', 7)");
    await query(
      'insert into instruments (symbol, base_asset, quote_asset, tick_size, lot_size, min_quantity, max_quantity, ' +
        'market_protection_bps, maker_fee_rate, taker_fee_rate, status, halted_by) values ' +
        "('BTC-USD', 'BTC', 'USD', 0.01, 0.0001, 0.0001, 1000, 500, 0, 0, 'halted', 'operator')",
    );
    await query(
      "insert into orders values (1, 1, 'BTC-USD', 'c', 'c', '1', '2', '0', 1, 1, 1, 1, 0, 1, 0, 0, 0, 1, '0', " +
        "true, 1, 1, '2024-05-06', now(), now())",
    );
    await query(report('9', '8'));
    await migrate(orm);
    const [record] = await query(`select ${ORDER_RECORD_COLUMNS} from orders`);
    expect(isPlain(toSnapshot(record!, BTC_USD))).equal(true);
    expect(toSnapshot(record!, BTC_USD)).not.have.any.keys('slides', 'triggered', 'displayedQty');
    expect(await query('select msg_type, details from reports')).deep.equal([
      { msg_type: '9', details: null },
    ]);
    const terms = await createInstrumentSource(orm).find('BTC-USD');
    expect(terms).deep.include({ status: { type: 'Halted', by: 'operator', reason: '' } });
    await orm.close(true);
    await database.drop();
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
    ['a stop order without a StopPx', "update orders set ord_type = '3'"],
    ['a limit order with a StopPx', 'update orders set stop_px = 1, entry_stop_px = 1'],
    ['a StopPx of zero', "update orders set ord_type = '4', stop_px = 0, entry_stop_px = 1"],
    ['a trigger of an order that has none', 'update orders set triggered = true'],
    ['an end that never comes', "update orders set time_in_force = '6'"],
    ['an end of a Day order', 'update orders set expire_at = now(), entry_expire_at = now()'],
    ['a last day without an instant', "update orders set expire_date = '2024-05-06'"],
    ['a MinQty beyond the quantity', 'update orders set min_qty = 2'],
    ['an unknown ExecInst', "update orders set exec_inst = 'X'"],
    ['an order that slides and may trade', 'update orders set slides = true'],
    ['a slice of nothing', 'update orders set max_floor = 0, displayed_quantity = 0'],
    ['a slice beyond MaxFloor', 'update orders set max_floor = 0.5, displayed_quantity = 1'],
    ['a slice beyond what is left', 'update orders set max_floor = 3, displayed_quantity = 2'],
    ['a slice that nobody asked for', 'update orders set displayed_quantity = 1'],
    ['an unknown prevention of self-trades', "update orders set stp_mode = 'Both'"],
    ['the same for a member', "update users set self_trade_prevention = 'Both'"],
    ['a group of zero', 'update orders set stp_group = 0'],
    ['a limit of zero', 'update users set max_open_orders = 0'],
    ['a fee that is paid to the member', 'update users set maker_fee_rate = -1'],
    ['a fee above the whole notional', 'update users set taker_fee_rate = 100000001'],
    ['a worth of zero', 'update instruments set max_notional = 0'],
    ['a symbol that takes cancels only by nobody', "update instruments set halted_by = 'operator'"],
    ['a bust of half a trade', amendment('bust', 0.5)],
    ['a correction to nothing', amendment('correct', 0)],
    ['a correction that makes a trade larger', amendment('correct', 2)],
    ['a charge of nothing', amendment('bust', 0, true)],
    ['an execution without OrdStatus', report('8', null)],
    ['an answer to a mass cancel with OrdStatus', report('r', '0')],
    ['an unknown report', report('7', '0')],
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
    await venue.query(insert, ['2027-03-01T00:00:00Z']);
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

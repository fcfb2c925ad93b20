/** A migrated database with two members, BTC-USD and ETH-USD, and a little money: where store tests begin. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { connect, migrate } from '../../src/persistence/orm.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { type TestDatabase, testDatabase } from './database.ts';

export interface VenueDatabase {
  readonly url: string;
  readonly orm: MikroORM;
  query<Row = Record<string, unknown>>(
    statement: string,
    parameters?: readonly (string | number)[],
  ): Promise<readonly Row[]>;
  /** Closes the pool and removes the database. */
  drop(): Promise<void>;
}

/** `users.id` and SenderCompID (49) of the two members. */
export const ALICE = 1;
export const ALICE_COMP_ID = 1001;
export const BOB = 2;
export const BOB_COMP_ID = 1002;

export async function venueDatabase(): Promise<VenueDatabase> {
  const database = await testDatabase();
  const orm = await connect(database.url);
  await migrate(orm);
  const venue = withQueries(database, orm);
  await venue.query(
    'insert into users (username, password_hash, sender_comp_id) values ' +
      `('alice', '', ${ALICE_COMP_ID}), ('bob', '', ${BOB_COMP_ID})`,
  );
  for (const [symbol, base] of [
    ['BTC-USD', 'BTC'],
    ['ETH-USD', 'ETH'],
  ]) {
    await venue.query(
      'insert into instruments (symbol, base_asset, quote_asset, tick_size, lot_size, min_quantity, ' +
        'max_quantity, market_protection_bps, maker_fee_rate, taker_fee_rate) values ' +
        `('${symbol}', '${base}', 'USD', 0.01, 0.0001, 0.0001, 1000000, 500, 100000, 200000)`,
    );
  }
  await venue.query(
    'insert into balances (user_id, asset, amount, held) values ' +
      `(${ALICE}, 'USD', 1000000, 0), (${BOB}, 'BTC', 100, 0), (${BOB}, 'USD', 1000000, 0)`,
  );
  return venue;
}

function withQueries(database: TestDatabase, orm: MikroORM): VenueDatabase {
  return {
    url: database.url,
    orm,
    query: (statement, parameters = []) => onConnection(orm, (sql) => sql.rows(statement, parameters)),
    async drop() {
      await orm.close(true);
      await database.drop();
    },
  };
}

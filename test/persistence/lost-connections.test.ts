/** Connections that die while somebody has them: the pool gets their places back, and can be closed. */
import { expect } from 'chai';
import { connect } from '../../src/persistence/orm.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

const PLACES = 2;

describe('a connection that is lost', () => {
  let venue: VenueDatabase;
  beforeEach(async () => {
    venue = await venueDatabase();
  });
  afterEach(() => venue.drop());

  /** Ends the connection inside of a transaction of the ORM, as an operator's request would meet it. */
  async function loseOne(orm: VenueDatabase['orm']): Promise<unknown> {
    return orm.em
      .fork()
      .transactional(async (tx) => {
        const [own] = await tx.execute<{ pid: number }[]>('select pg_backend_pid() as pid');
        await venue.query('select pg_terminate_backend($1::int)', [own?.pid ?? 0]);
        await tx.execute('select 1');
      })
      .catch((error: unknown) => error);
  }

  it('inside of a transaction of the ORM leaves its place to the next one, and nobody waits for it at the end', async () => {
    const orm = await connect(venue.url, { maxConnections: PLACES });
    for (let lost = 0; lost <= PLACES; lost += 1) expect(await loseOne(orm)).instanceOf(Error);
    const rows = await onConnection(orm, (sql) => sql.rows<{ one: number }>('select 1 as one'));
    expect(rows).deep.equal([{ one: 1 }]);
    await orm.close(true);
  });

  it('while it was borrowed may be given back all the same', async () => {
    const orm = await connect(venue.url, { maxConnections: PLACES });
    for (let lost = 0; lost <= PLACES; lost += 1) {
      const outcome = await onConnection(orm, async (sql) => {
        const [own] = await sql.rows<{ pid: number }>('select pg_backend_pid() as pid');
        await venue.query('select pg_terminate_backend($1::int)', [own?.pid ?? 0]);
        await sql.rows('select 1');
      }).catch((error: unknown) => error);
      expect(outcome).instanceOf(Error);
    }
    await orm.close(true);
  });
});

/** What judges the tests of real clusters: numbers of a symbol belong to who owned it when they were written. */
import { expect } from 'chai';
import { createStore } from '../../src/persistence/store.ts';
import { ownerDifferences, witnessOwners } from '../support/cluster-audit.ts';
import { beginLife, type LifeInRows } from '../support/cluster-lives.ts';
import { ALICE, type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

const SYMBOL = 'BTC-USD';

describe('the audit of owners', () => {
  let venue: VenueDatabase;
  let one: LifeInRows;
  let two: LifeInRows;

  /** A report with this number that the node has committed, if it may or not. */
  const write = async ({ nodeName }: LifeInRows, seq: number): Promise<void> => {
    await venue.query(
      'insert into reports (user_id, source, source_seq, at, msg_type, cl_ord_id, ord_status, link) ' +
        `select ${ALICE}, '${SYMBOL}', $1, clock_timestamp(), '9', 'some order', '8', chain * 2::bigint ^ 40 + 1 ` +
        'from commits where writer = $2',
      [seq, nodeName],
    );
    await venue.query('update books set last_seq = greatest(last_seq, $1) where symbol = $2', [seq, SYMBOL]);
  };

  beforeEach(async () => {
    venue = await venueDatabase();
    one = await beginLife(venue, 'one');
    two = await beginLife(venue, 'two');
    for (const { nodeName, incarnation } of [one, two]) {
      await createStore({ orm: venue.orm, nodeName, incarnation });
    }
    await witnessOwners(venue.url);
    await one.take({ symbols: [SYMBOL] });
    await write(one, 1);
    await write(one, 2);
    await one.end();
    await two.take({ symbols: [SYMBOL] });
    await write(two, 3);
  });
  afterEach(() => venue.drop());

  it('finds nothing where each wrote what was its own', async () => {
    expect(await ownerDifferences(venue.url)).to.deep.equal([]);
  });

  it('finds a number that an owner of before has written', async () => {
    await write(one, 4);
    expect(await ownerDifferences(venue.url)).to.deep.equal([
      'BTC-USD-4 was written by one when two owned it (epoch 2)',
    ]);
  });

  it('finds a number that is there twice', async () => {
    await write(two, 3);
    expect(await ownerDifferences(venue.url)).to.deep.equal(['BTC-USD-3 is there 2 times']);
  });

  it('finds a number that was written while nobody owned the symbol', async () => {
    await two.release({ symbols: [SYMBOL] });
    await write(two, 4);
    expect(await ownerDifferences(venue.url)).to.deep.equal([
      'BTC-USD-4 was written by two when nobody owned it (epoch 3)',
    ]);
  });
});

/** The statement of a large commit is made a step at a time, so that sessions live meanwhile. */
import { expect } from 'chai';
import { createCommitStatements } from '../../src/persistence/commit-statements.ts';
import { atOnce, inTurns } from '../../src/persistence/turns.ts';
import { buy, emptyBook, run, sell } from '../support/book-commands.ts';
import { bookBatch } from '../support/commit-batches.ts';
import { BTC_USD } from '../support/instruments.ts';
import { type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

describe('the statement of a commit', () => {
  let venue: VenueDatabase;

  before(async () => {
    venue = await venueDatabase();
  });
  after(() => venue.drop());

  it('is the same whether it is made at once or in turns, between which others have theirs', async () => {
    const statements = createCommitStatements(venue.orm);
    const head = { chain: 1, lastNo: 0, hash: new Uint8Array(32) };
    const events = run(emptyBook(), sell(1, 10, 9_000), buy(2, 10, 9_000));
    const steps = () => statements.write(bookBatch(1, 1, events, 3), () => BTC_USD, head);
    let turnCount = 0;
    let isOver = false;
    const turn = (): void => {
      turnCount += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const inParts = await inTurns(steps());
    isOver = true;
    expect(inParts).deep.equal(atOnce(steps()));
    // One for each column of what a trade writes.
    expect(turnCount).greaterThan(30);
  });
});

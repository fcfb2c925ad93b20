import { expect } from 'chai';
import fc from 'fast-check';
import { FixMessages } from '../../src/entities/fix-messages.ts';
import { Request } from '../../src/entities/request.ts';
import { bulkColumns, insertSql, unnest } from '../../src/persistence/bulk.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

describe('bulk writing', () => {
  let venue: VenueDatabase;
  before(async () => {
    venue = await venueDatabase();
  });
  after(() => venue.drop());

  it('brings every text back as it was, but for U+0000, and null as null', async () => {
    const columns = bulkColumns(venue.orm, Request, ['clOrdId', 'orderId']);
    const statement = `select v.cl_ord_id as text, v.order_id as id from ${unnest(columns, 1)}`;
    const awkward = fc.constantFrom(
      '',
      'NULL',
      'null',
      '{}',
      '{',
      ',',
      '"',
      '\\',
      '\\"',
      ' a ',
      "'",
      '\n',
      '\0',
      '\u00e9\u{1f600}',
    );
    const text = fc.oneof(awkward, fc.string({ unit: 'binary' }), fc.string());
    const row = fc.record({ clOrdId: text, orderId: fc.option(fc.maxSafeInteger(), { nil: null }) });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
        const answer = await onConnection(venue.orm, (sql) =>
          sql.rows<{ text: string; id: string | null }>(statement, columns.parameters(rows)),
        );
        expect(answer).deep.equal(
          rows.map(({ clOrdId, orderId }) => ({
            text: clOrdId.replaceAll('\0', '\ufffd').toWellFormed(),
            id: orderId === null ? null : String(orderId),
          })),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('brings every byte back', async () => {
    const columns = bulkColumns(venue.orm, FixMessages, ['frames', 'sentAt']);
    const statement = `select frames, (extract(epoch from sent_at) * 1000)::bigint as at from ${unnest(columns, 1)}`;
    const row = fc.record({
      frames: fc.uint8Array(),
      sentAt: fc.integer({ min: 0, max: 4_102_444_800_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 10 }), async (rows) => {
        const answer = await onConnection(venue.orm, (sql) =>
          sql.rows<{ frames: Buffer; at: string }>(statement, columns.parameters(rows)),
        );
        expect(answer).deep.equal(
          rows.map(({ frames, sentAt }) => ({ frames: Buffer.from(frames), at: String(sentAt) })),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('refuses a value that is too long for its column instead of cutting it', async () => {
    const columns = bulkColumns(venue.orm, Request, [
      'userId',
      'tradingDay',
      'createdAt',
      'clOrdId',
      'msgType',
      'accepted',
    ]);
    const row = { userId: 1, tradingDay: '2024-05-06', createdAt: 0, clOrdId: 'c', accepted: true } as const;
    const tooLong = [{ ...row, msgType: 'DD' as 'D' }];
    const error = await onConnection(venue.orm, (sql) =>
      sql.rows(insertSql(columns, 1), columns.parameters(tooLong)),
    ).then(
      () => undefined,
      (reason: { code?: string }) => reason,
    );
    expect(error).include({ code: '22001' });
  });
});

import { expect } from 'chai';
import { messagesRows, orderRows, sessionRows, tradeRows } from '../../src/persistence/rows.ts';
import { AT, buy, cancel, emptyBook, replace, run, sell } from '../support/book-commands.ts';
import { commitBatch, journalSession } from '../support/commit-batches.ts';
import { BTC_USD } from '../support/instruments.ts';

const instrumentOf = () => BTC_USD;

describe('rows of a batch', () => {
  it('are one for an order that came and went, in its final state and with its entry', () => {
    const events = run(
      emptyBook(),
      buy(1, 20_000, 10_000),
      replace(1, 30_000, 10_100),
      sell(2, 10_000, 9_000),
      cancel(1),
    );
    const { accepted, changed } = orderRows(events, instrumentOf);
    expect(changed).deep.equal([]);
    expect(accepted.map((row) => row.id)).deep.equal([1, 2]);
    expect(accepted[0]).deep.equal({
      id: 1,
      userId: 101,
      symbol: 'BTC-USD',
      entryClOrdId: 'c1',
      side: '1',
      ordType: '2',
      timeInForce: '0',
      entryPrice: '100.00',
      entryQuantity: '2.0000',
      makerFeeRate: 100_000,
      takerFeeRate: 200_000,
      acceptedSeq: 1,
      tradingDay: '2024-05-06',
      createdAt: AT,
      clOrdId: 'r1',
      price: '101.00',
      quantity: '3.0000',
      filledQuantity: '1.0000',
      remainingQuantity: '0.0000',
      cumNotional: '101',
      hold: '0',
      status: '4',
      isOpen: false,
      priority: 2,
      updatedAt: AT,
    });
  });

  it('change once an order of an earlier batch, however often it traded', () => {
    const book = emptyBook();
    run(book, sell(1, 50, 10_000));
    const events = run(book, buy(2, 10, 10_000), buy(3, 15, 10_000));
    const { accepted, changed } = orderRows(events, instrumentOf);
    expect(accepted.map((row) => row.id)).deep.equal([2, 3]);
    expect(changed).deep.equal([
      {
        id: 1,
        clOrdId: 'c1',
        price: '100.00',
        quantity: '0.0050',
        filledQuantity: '0.0025',
        remainingQuantity: '0.0025',
        cumNotional: '0.25',
        hold: '0.0025',
        status: '1',
        isOpen: true,
        priority: 1,
        updatedAt: AT,
      },
    ]);
  });

  it('keep what an open buy holds: its worst price with the larger fee', () => {
    const [row] = orderRows(run(emptyBook(), buy(1, 10_000, 10_000)), instrumentOf).accepted;
    expect(row).include({ hold: '100.2', isOpen: true, status: '0' });
  });

  it('have each trade with both fees', () => {
    const events = run(emptyBook(), sell(1, 10_000, 10_000), buy(2, 10_000, 10_100));
    expect(tradeRows(events, instrumentOf)).deep.equal([
      {
        id: 1,
        executedAt: AT,
        symbol: 'BTC-USD',
        price: '100.00',
        quantity: '1.0000',
        makerOrderId: 1,
        takerOrderId: 2,
        makerUserId: 101,
        takerUserId: 102,
        takerSide: '1',
        makerFee: '0.1',
        takerFee: '0.2',
      },
    ]);
  });

  it('have, of a session that ends with a reset, numbers of 1 and nothing that it sent', () => {
    const sent = (firstSeqNum: number) => ({
      firstSeqNum,
      lastSeqNum: firstSeqNum,
      frames: Buffer.from('a'),
    });
    const batch = commitBatch(1, {
      sessions: [
        journalSession(1001, 1, { sessionId: 'before', sent: sent(1), nextOutSeqNum: 2 }),
        journalSession(1002, 2, { sent: sent(3), nextOutSeqNum: 4, nextInSeqNum: 5 }),
        journalSession(1001, 1, { sent: sent(2), nextOutSeqNum: 3, resetAfter: true }),
      ],
    });
    expect(sessionRows(batch)).deep.equal([
      { senderCompId: 1001, nextIn: 1, nextOut: 1, reservedOut: 0, clean: false },
      { senderCompId: 1002, nextIn: 5, nextOut: 4, reservedOut: 100, clean: false },
    ]);
    expect(messagesRows(batch).map((row) => row.senderCompId)).deep.equal([1002]);
  });
});

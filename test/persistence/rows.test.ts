import { expect } from 'chai';
import { lots, ticks } from '../../src/matching/types.ts';
import { amendmentRows } from '../../src/persistence/amendment-rows.ts';
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
        makerSeq: 3,
        takerSeq: 4,
      },
    ]);
  });

  it('are none for an order that the book rejected', () => {
    const book = emptyBook();
    run(book, sell(1, 10, 10_000));
    const events = run(book, buy(2, 10, 10_000, { execInst: '6' }));
    expect(events.map((event) => event.type)).deep.equal(['OrderRejected']);
    expect(orderRows(events, instrumentOf)).deep.equal({
      accepted: [],
      changed: [],
      acceptedInstructed: [],
      changedInstructed: [],
    });
  });

  it('have of an iceberg what it shows, beside what it was entered with', () => {
    const iceberg = sell(1, 50_000, 10_000, {
      maxFloor: lots(20_000),
      selfTradePrevention: 'Decrement',
      selfTradeGroup: 7,
      account: 'fund',
    });
    const { accepted, acceptedInstructed } = orderRows(
      run(emptyBook(), iceberg, buy(2, 25_000, 10_000), {
        ...replace(1, 60_000, 10_100),
        maxFloor: lots(10_000),
      }),
      instrumentOf,
    );
    expect(accepted.map((row) => row.id)).deep.equal([2]);
    expect(acceptedInstructed).length(1);
    expect(acceptedInstructed[0]).include({
      id: 1,
      entryQuantity: '5.0000',
      quantity: '6.0000',
      filledQuantity: '2.5000',
      entryMaxFloor: '2.0000',
      maxFloor: '1.0000',
      displayedQuantity: '1.0000',
      stpMode: 'Decrement',
      stpGroup: 7,
      account: 'fund',
      stopPx: null,
      expireAt: null,
      execInst: null,
      triggered: false,
    });
  });

  it('change the instructions of an order only where it has any', () => {
    const book = emptyBook();
    const stop = buy(1, 10, 10_500, {
      ordType: '4',
      stopPx: ticks(10_200),
      timeInForce: '6',
      expireTime: AT + 5,
    });
    run(book, stop, buy(2, 10, 9_000), buy(3, 10, 9_100));
    const events = run(
      book,
      { ...replace(1, 20, 10_400), expireTime: AT + 9, expireDate: '2023-11-15' },
      sell(4, 5, 10_200),
      buy(5, 5, 10_200),
      replace(2, 5, 9_000),
      { ...replace(3, 10, 9_100), maxFloor: lots(4) },
    );
    const { changed, changedInstructed } = orderRows(events, instrumentOf);
    expect(changed.map((row) => row.id)).deep.equal([2]);
    expect(changed[0]).not.have.any.keys('stopPx', 'maxFloor', 'expireAt', 'triggered');
    expect(
      changedInstructed.map(({ id, triggered, stopPx, maxFloor, displayedQuantity, expireAt }) => [
        id,
        triggered,
        stopPx,
        maxFloor,
        displayedQuantity,
        expireAt,
      ]),
    ).deep.equal([
      [1, true, '102.00', null, null, AT + 9],
      [3, false, null, '0.0004', '0.0004', null],
    ]);
  });

  it('have what an amendment made of a trade, and of its orders', () => {
    const book = emptyBook();
    const traded = run(book, sell(1, 10_000, 10_000), buy(2, 20_000, 10_000));
    const trade = traded.find((event) => event.type === 'TradeExecuted');
    if (trade === undefined) throw new Error('there was no trade');
    const events = run(book, {
      type: 'AmendTrade',
      tradeId: trade.tradeId,
      maker: trade.maker,
      taker: trade.taker,
      before: { price: ticks(10_000), quantity: lots(10_000) },
      after: { price: ticks(9_000), quantity: lots(5_000) },
      makerRefSeq: trade.makerSeq,
      takerRefSeq: trade.takerSeq,
      charges: [{ userId: 101, asset: 'USD', amount: 5n * 10n ** 17n }],
      reason: 'a slip of the finger',
      requestedBy: 'operator',
    });
    expect(amendmentRows(events, instrumentOf)).deep.equal([
      {
        tradeId: 1,
        symbol: 'BTC-USD',
        kind: 'correct',
        priceBefore: '100.00',
        priceAfter: '90.00',
        quantityBefore: '1.0000',
        quantityAfter: '0.5000',
        makerFeeBefore: '0.1',
        makerFeeAfter: '0.045',
        takerFeeBefore: '0.2',
        takerFeeAfter: '0.09',
        makerSeq: 5,
        takerSeq: 6,
        chargedToVenue: true,
        charges: [{ userId: 101, asset: 'USD', amount: '0.5' }],
        reason: 'a slip of the finger',
        requestedBy: 'operator',
        executedAt: AT,
      },
    ]);
    const { changed } = orderRows(events, instrumentOf);
    expect(
      changed.map(({ id, quantity, filledQuantity, remainingQuantity, cumNotional }) => [
        id,
        quantity,
        filledQuantity,
        remainingQuantity,
        cumNotional,
      ]),
    ).deep.equal([
      [1, '0.5000', '0.5000', '0.0000', '45'],
      [2, '1.5000', '0.5000', '1.0000', '45'],
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

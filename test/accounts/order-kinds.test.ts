/** Which orders an account lets through to the book, what they look like there, and with which words it refuses others. */
import { expect } from 'chai';
import type { NewOrderSingle } from '../../src/matching/order-commands.ts';
import { SELL, ticks } from '../../src/matching/types.ts';
import { makeInstrument } from '../support/instruments.ts';
import {
  AT,
  endOfTradingDay,
  entered,
  JudgingDesk,
  OPEN,
  refusalOf,
  TODAY,
  TOMORROW,
  termsWith,
} from '../support/judging-desk.ts';
import { buyOrder, sellOrder } from '../support/member-commands.ts';

/** A buy of 1 BTC; the price is 100 where the order type has one. */
function order(changes: Partial<NewOrderSingle>): NewOrderSingle {
  const { ordType = '2' } = changes;
  const price = ordType === '2' || ordType === '4' ? '100' : undefined;
  return buyOrder('a', '1', price, changes);
}

const GTD = { timeInForce: '6', expireTime: AT + 1 } as const;
const STOP = { ordType: '3', stopPx: '101' } as const;
const STOP_LIMIT = { ordType: '4', stopPx: '101' } as const;

describe('kinds of orders', () => {
  let desk: JudgingDesk;

  beforeEach(() => {
    desk = new JudgingDesk();
  });

  describe('that go through', () => {
    const lifetimes: readonly Partial<NewOrderSingle>[] = [
      { timeInForce: '0' },
      { timeInForce: '1' },
      GTD,
      { timeInForce: '6', expireDate: TODAY },
    ];
    const momentary: readonly Partial<NewOrderSingle>[] = [{ timeInForce: '3' }, { timeInForce: '4' }];
    const good: readonly Partial<NewOrderSingle>[] = [
      ...[...lifetimes, ...momentary],
      ...[...lifetimes, ...momentary].map((end) => ({ ...end, minQty: '0.5' })),
      ...[{ timeInForce: '0' } as const, ...momentary].map((end) => ({ ...end, ordType: '1' as const })),
      ...[{ timeInForce: '0' } as const, ...momentary].map((end) => ({
        ...end,
        ordType: '1' as const,
        minQty: '1',
      })),
      ...lifetimes.map((end) => ({ ...end, ...STOP })),
      ...lifetimes.map((end) => ({ ...end, ...STOP_LIMIT })),
      ...lifetimes.map((end) => ({ ...end, ...STOP_LIMIT, maxFloor: '0.1' })),
      ...lifetimes.map((end) => ({ ...end, execInst: '6' as const })),
      ...lifetimes.map((end) => ({ ...end, maxFloor: '0.001' })),
      ...lifetimes.map((end) => ({ ...end, execInst: '6' as const, maxFloor: '2' })),
      ...momentary.map((end) => ({ ...end, execInst: 'G' as const })),
      ...momentary.map((end) => ({ ...end, execInst: 'G' as const, ordType: '1' as const, minQty: '0.3' })),
    ];
    for (const changes of good) {
      it(JSON.stringify(changes), () => {
        expect(desk.judge(order(changes)).type).to.equal('ToBook');
      });
    }
  });

  describe('that contradict themselves are refused (103=11):', () => {
    const cases: readonly (readonly [Partial<NewOrderSingle>, string])[] = [
      [{ price: undefined as never }, 'OrdType(40)=2 needs Price(44)'],
      [{ ordType: '1', price: '100' }, 'Price(44) does not go with OrdType(40)=1'],
      [{ ...STOP, price: '100' }, 'Price(44) does not go with OrdType(40)=3'],
      [{ ordType: '3' }, 'OrdType(40)=3 needs StopPx(99)'],
      [{ ordType: '4' }, 'OrdType(40)=4 needs StopPx(99)'],
      [{ stopPx: '101' }, 'StopPx(99) does not go with OrdType(40)=2'],
      [{ ordType: '1', stopPx: '101' }, 'StopPx(99) does not go with OrdType(40)=1'],
      [
        { ordType: '1', timeInForce: '1' },
        'OrdType(40)=1 (market) does not rest: TimeInForce(59) must be 0, 3 or 4',
      ],
      [{ ordType: '1', ...GTD }, 'OrdType(40)=1 (market) does not rest: TimeInForce(59) must be 0, 3 or 4'],
      [
        { ...STOP, timeInForce: '3' },
        'OrdType(40)=3 (stop) waits for its trigger: TimeInForce(59) must be 0, 1 or 6',
      ],
      [
        { ...STOP_LIMIT, timeInForce: '4' },
        'OrdType(40)=4 (stop limit) waits for its trigger: TimeInForce(59) must be 0, 1 or 6',
      ],
      [{ timeInForce: '6' }, 'TimeInForce(59)=6 needs ExpireTime(126) or ExpireDate(432)'],
      [{ ...GTD, expireDate: TODAY }, 'ExpireTime(126) and ExpireDate(432) exclude each other'],
      [{ timeInForce: '1', expireTime: AT + 1 }, 'ExpireTime(126) goes with TimeInForce(59)=6 only'],
      [{ timeInForce: '0', expireDate: TODAY }, 'ExpireDate(432) goes with TimeInForce(59)=6 only'],
      [{ execInst: '6', ordType: '1' }, 'ExecInst(18)=6 goes with OrdType(40)=2 only'],
      [{ execInst: '6', ...STOP_LIMIT }, 'ExecInst(18)=6 goes with OrdType(40)=2 only'],
      [{ execInst: '6', timeInForce: '3' }, 'ExecInst(18)=6 goes with TimeInForce(59) 0, 1 or 6 only'],
      [{ execInst: '6', minQty: '1' }, 'MinQty(110) does not go with ExecInst(18)=6'],
      [{ execInst: 'G' }, 'ExecInst(18)=G goes with TimeInForce(59) 3 or 4 only'],
      [{ execInst: 'G', ...STOP }, 'ExecInst(18)=G goes with TimeInForce(59) 3 or 4 only'],
      [{ minQty: '1', ...STOP }, 'MinQty(110) does not go with OrdType(40)=3'],
      [{ minQty: '1', ...STOP_LIMIT }, 'MinQty(110) does not go with OrdType(40)=4'],
      [{ maxFloor: '1', ordType: '1' }, 'MaxFloor(111) does not go with OrdType(40)=1'],
      [{ maxFloor: '1', ...STOP }, 'MaxFloor(111) does not go with OrdType(40)=3'],
      [{ maxFloor: '1', timeInForce: '3' }, 'MaxFloor(111) goes with TimeInForce(59) 0, 1 or 6 only'],
    ];
    for (const [changes, text] of cases) {
      it(`${JSON.stringify(changes)}: ${text}`, () => {
        expect(refusalOf(desk.judge(order(changes)))).to.deep.include({ ordRejReason: 11, text });
        expect(desk.available('USD')).to.equal('1000');
      });
    }
  });

  describe('whose values are wrong are refused:', () => {
    const cases: readonly (readonly [Partial<NewOrderSingle>, number, string])[] = [
      [{ ...STOP, stopPx: '101.001' }, 18, 'StopPx(99)=101.001 is not a multiple of the tick size 0.01'],
      [{ ...STOP, stopPx: '0' }, 99, 'StopPx(99)=0: must be more than zero'],
      [{ ...STOP, stopPx: '-1' }, 99, 'StopPx(99)=-1 must be more than zero'],
      [{ ...STOP, stopPx: 'Infinity' }, 99, 'StopPx(99)=Infinity is not a decimal number'],
      [{ minQty: '0' }, 13, 'MinQty(110)=0: must be more than zero'],
      [{ minQty: '0.00005' }, 13, 'MinQty(110)=0.00005 is not a multiple of the lot size 0.0001'],
      [{ minQty: '1.0001' }, 13, 'MinQty(110)=1.0001 is above OrderQty(38)=1'],
      [{ minQty: 'NaN' }, 13, 'MinQty(110)=NaN is not a decimal number'],
      [{ currency: 'EUR' }, 99, 'Currency(15)=EUR is not USD, in which BTC-USD is priced'],
      [{ currency: 'usd' }, 99, 'Currency(15)=usd is not USD, in which BTC-USD is priced'],
      [{ maxFloor: '0' }, 13, 'MaxFloor(111)=0: must be more than zero'],
      [{ maxFloor: '0.00005' }, 13, 'MaxFloor(111)=0.00005 is not a multiple of the lot size 0.0001'],
      [{ maxFloor: '0.0009' }, 13, 'MaxFloor(111)=0.0009 cuts OrderQty(38)=1 into more than 1000 slices'],
      [{ ...GTD, expireTime: AT }, 99, 'ExpireTime(126)=20231114-22:13:20.000 lies in the past'],
      [{ ...GTD, expireTime: Date.UTC(10_000, 0, 1) }, 99, 'ExpireTime(126) lies beyond the year 9999'],
      [{ timeInForce: '6', expireDate: '2024-05-05' }, 99, 'ExpireDate(432)=20240505 lies in the past'],
    ];
    for (const [changes, ordRejReason, text] of cases) {
      it(text, () => {
        expect(refusalOf(desk.judge(order(changes)))).to.deep.include({ ordRejReason, text });
      });
    }
  });

  describe('a stop', () => {
    it('holds at its protection price: StopPx away by the percentage, rounded inward', () => {
      const enter = entered(desk.judge(order({ ...STOP, stopPx: '101.01' })));
      expect(enter).to.deep.include({ ordType: '3', stopPx: ticks(10_101), price: ticks(10_606) });
      // 106.06 and 20 basis points.
      expect(desk.available('USD')).to.equal('893.72788');
      const sell = sellOrder('b', '1', undefined, { ordType: '3', stopPx: '99.99' });
      expect(entered(desk.judge(sell)).price).to.equal(9_500);
    });

    it('needs neither a reference price nor the band, and a stop limit the band for its limit only', () => {
      const unpriced = { referencePrice: undefined };
      expect(desk.judge(order({ ...STOP, stopPx: '200' }), unpriced).type).to.equal('ToBook');
      const far = desk.judge(buyOrder('b', '1', '110.01', { ...STOP_LIMIT, stopPx: '150' }));
      expect(refusalOf(far).text).to.equal(
        'Price(44)=110.01 is more than 10% away from the reference price 100.00',
      );
      const near = desk.judge(buyOrder('c', '1', '110', { ...STOP_LIMIT, stopPx: '150' }));
      expect(entered(near)).to.deep.include({ stopPx: ticks(15_000), price: ticks(11_000) });
    });
  });

  describe('good till a date', () => {
    it('ends at its ExpireTime', () => {
      expect(entered(desk.judge(order(GTD))))
        .to.deep.include({ expireTime: AT + 1 })
        .and.not.have.property('expireDate');
    });

    it('ends with the trading day ExpireDate, today’s too while it lasts', () => {
      const today = desk.judge(order({ timeInForce: '6', expireDate: TODAY }));
      expect(entered(today)).to.deep.include({ expireTime: endOfTradingDay(TODAY), expireDate: TODAY });
      const late = { at: endOfTradingDay(TODAY) };
      const gone = desk.judge(buyOrder('b', '1', '100', { timeInForce: '6', expireDate: TODAY }), late);
      expect(refusalOf(gone).text).to.equal('ExpireDate(432)=20240506 lies in the past');
      const tomorrow = desk.judge(
        buyOrder('c', '1', '100', { timeInForce: '6', expireDate: TOMORROW }),
        late,
      );
      expect(entered(tomorrow).expireTime).to.equal(endOfTradingDay(TOMORROW));
    });
  });

  describe('instructions', () => {
    it('of a post-only order slide where the instrument says so, and only there', () => {
      expect(entered(desk.judge(order({ execInst: '6' })))).not.to.have.property('slides');
      const sliding = {
        market: { instrument: makeInstrument({ postOnlySlides: true }), status: OPEN, ready: true },
      };
      const enter = entered(desk.judge(buyOrder('b', '1', '100', { execInst: '6' }), sliding));
      expect(enter).to.deep.include({ execInst: '6', slides: true });
      const labelled = buyOrder('c', '1', '100', { account: 'desk 1' });
      expect(entered(desk.judge(labelled, sliding))).not.to.have.property('slides');
    });

    it('reach the book in lots, with the labels as they are', () => {
      const labels = { account: 'desk 1', secondaryClOrdId: 's', clOrdLinkId: 'l' };
      const enter = entered(desk.judge(order({ minQty: '0.5', maxFloor: '0.25', ...labels })));
      expect(enter).to.deep.include({ minQty: 5_000, maxFloor: 2_500, ...labels });
    });
  });

  describe('self-trade prevention', () => {
    it('is the order’s own, else the member’s, else none', () => {
      const modeOf = (changes: Partial<NewOrderSingle>, clOrdId: string) =>
        entered(desk.judge({ ...order(changes), orderQty: '0.01', clOrdId })).selfTradePrevention;
      expect(modeOf({}, 'a')).to.equal(undefined);
      expect(modeOf({ selfTradePrevention: 'CancelBoth' }, 'b')).to.equal('CancelBoth');
      desk.account.setTerms(termsWith({ selfTradePrevention: 'Decrement' }));
      expect(modeOf({}, 'c')).to.equal('Decrement');
      expect(modeOf({ selfTradePrevention: 'CancelNewest' }, 'd')).to.equal('CancelNewest');
      expect(modeOf({ selfTradePrevention: 'None' }, 'e')).to.equal(undefined);
    });

    it('keeps an order’s group without a mode: other orders may name it', () => {
      const enter = entered(desk.judge(order({ selfTradePrevention: 'None', selfTradeGroup: 7 })));
      expect(enter).to.deep.include({ selfTradeGroup: 7 }).and.not.have.property('selfTradePrevention');
    });
  });

  it('of the other side are judged the same way', () => {
    const sell = sellOrder('a', '1', '100', { execInst: '6', maxFloor: '0.5' });
    expect(entered(desk.judge(sell))).to.deep.include({ side: SELL, execInst: '6', maxFloor: 5_000 });
  });
});

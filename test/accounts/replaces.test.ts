/** What a replace (G) may change of each kind of order, what it holds meanwhile, and what it is refused for. */
import { expect } from 'chai';
import type { NewOrderSingle, OrderCancelReplaceRequest } from '../../src/matching/order-commands.ts';
import { lots, type OrderSnapshot, ticks } from '../../src/matching/types.ts';
import {
  AT,
  endOfTradingDay,
  JudgingDesk,
  NOW,
  refusalOf,
  replaced,
  said,
  TOMORROW,
} from '../support/judging-desk.ts';
import { buyOrder, replaceOrder } from '../support/member-commands.ts';

const STOP = { ordType: '3', stopPx: '101' } as const;
const STOP_LIMIT = { ordType: '4', stopPx: '101' } as const;
const GTD = { timeInForce: '6', expireTime: AT + 1 } as const;

describe('replace', () => {
  let desk: JudgingDesk;

  beforeEach(() => {
    desk = new JudgingDesk();
  });

  /** Has a buy `a` of 1 BTC accepted; the price is 100 where the order type has one. */
  function accepted(changes: Partial<NewOrderSingle>, state: Partial<OrderSnapshot> = {}): OrderSnapshot {
    const { ordType = '2' } = changes;
    const price = ordType === '2' || ordType === '4' ? '100' : undefined;
    return desk.acceptOrder(buyOrder('a', '1', price, changes), state);
  }

  describe('of what it cannot change is refused (102=99):', () => {
    const cases: readonly (readonly [
      Partial<NewOrderSingle>,
      Partial<OrderCancelReplaceRequest> & { readonly orderQty?: string },
      string,
    ])[] = [
      [{}, { ordType: '1' }, 'OrdType(40) cannot be replaced'],
      [{ ordType: '1' }, { ordType: '1' }, 'an order with OrdType(40)=1 (market) cannot be replaced'],
      [{}, { timeInForce: '1' }, 'TimeInForce(59) cannot be replaced'],
      [{}, { execInst: '6' }, 'ExecInst(18) cannot be replaced'],
      [{ execInst: '6' }, { execInst: 'G' }, 'ExecInst(18) cannot be replaced'],
      [{}, { minQty: '0.5' }, 'MinQty(110) cannot be replaced'],
      [{ minQty: '0.5' }, { minQty: '0.6' }, 'MinQty(110) cannot be replaced'],
      [{ minQty: '0.5' }, { minQty: 'NaN' }, 'MinQty(110) cannot be replaced'],
      [{}, { currency: 'EUR' }, 'Currency(15)=EUR is not USD, in which BTC-USD is priced'],
      [STOP, { ordType: '3', price: '100' }, 'Price(44) does not go with OrdType(40)=3'],
      [{}, { stopPx: '101' }, 'StopPx(99) does not go with OrdType(40)=2'],
      [{}, { expireTime: AT + 1 }, 'ExpireTime(126) goes with TimeInForce(59)=6 only'],
      [{}, { expireDate: TOMORROW }, 'ExpireDate(432) goes with TimeInForce(59)=6 only'],
      [
        GTD,
        { expireTime: AT + 1, expireDate: TOMORROW },
        'ExpireTime(126) and ExpireDate(432) exclude each other',
      ],
      [
        STOP,
        { ordType: '3', price: undefined, maxFloor: '1' },
        'MaxFloor(111) does not go with OrdType(40)=3',
      ],
    ];
    for (const [order, request, text] of cases) {
      it(`${JSON.stringify(order)} to ${JSON.stringify(request)}: ${text}`, () => {
        accepted(order);
        const refusal = refusalOf(desk.judge(replaceOrder('y', 'a', '1', '100', request)));
        expect(refusal).to.deep.include({ cxlRejReason: 99, cxlRejResponseTo: 2, ordStatus: '0', text });
      });
    }
  });

  describe('with wrong values is refused (102=99):', () => {
    const cases: readonly (readonly [
      Partial<NewOrderSingle>,
      string,
      Partial<OrderCancelReplaceRequest>,
      string,
    ])[] = [
      [STOP_LIMIT, '1', { ordType: '4', stopPx: '0' }, 'StopPx(99)=0: must be more than zero'],
      [
        STOP,
        '1',
        { ordType: '3', price: undefined, stopPx: '1e2' },
        'StopPx(99)=1e2 is not a decimal number',
      ],
      [
        { maxFloor: '1' },
        '1',
        { maxFloor: '0.0001' },
        'MaxFloor(111)=0.0001 cuts OrderQty(38)=1 into more than 1000 slices',
      ],
      [
        { maxFloor: '0.001' },
        '1.0001',
        {},
        'MaxFloor(111)=0.0010 cuts OrderQty(38)=1.0001 into more than 1000 slices',
      ],
      [GTD, '1', { expireTime: AT }, 'ExpireTime(126)=20231114-22:13:20.000 lies in the past'],
      [GTD, '1', { expireDate: '2024-05-05' }, 'ExpireDate(432)=20240505 lies in the past'],
    ];
    for (const [order, quantity, request, text] of cases) {
      it(text, () => {
        accepted(order);
        expect(refusalOf(desk.judge(replaceOrder('y', 'a', quantity, '100', request))).text).to.equal(text);
      });
    }
  });

  it('may repeat what it cannot change', () => {
    accepted({ minQty: '0.5' });
    const same = replaceOrder('y', 'a', '2', '100', { timeInForce: '0', minQty: '0.50', currency: 'USD' });
    expect(replaced(desk.judge(same))).to.deep.equal({
      type: 'ReplaceOrder',
      orderId: 1,
      clOrdId: 'y',
      price: ticks(10_000),
      quantity: lots(20_000),
    });
  });

  it('leaves out of the command what stays as it is', () => {
    accepted({ ...STOP_LIMIT, ...GTD, maxFloor: '0.1' });
    const command = replaced(desk.judge(replaceOrder('y', 'a', '2', '99', { ordType: '4' })));
    expect(command).to.have.all.keys('type', 'orderId', 'clOrdId', 'price', 'quantity');
  });

  it('changes StopPx, MaxFloor and the end of an order', () => {
    accepted({ ...STOP_LIMIT, ...GTD, maxFloor: '0.1' });
    const changes = { ordType: '4', stopPx: '102', maxFloor: '0.2', expireDate: TOMORROW } as const;
    expect(replaced(desk.judge(replaceOrder('y', 'a', '1', '100', changes)))).to.deep.include({
      stopPx: ticks(10_200),
      maxFloor: lots(2_000),
      expireTime: endOfTradingDay(TOMORROW),
      expireDate: TOMORROW,
    });
    const instant = replaced(
      desk.judge(replaceOrder('z', 'y', '1', '100', { ordType: '4', expireTime: AT + 5 })),
    );
    expect(instant)
      .to.deep.include({ expireTime: AT + 5 })
      .and.not.have.property('expireDate');
  });

  it('makes an iceberg of a limit order', () => {
    accepted({});
    expect(replaced(desk.judge(replaceOrder('y', 'a', '1', '100', { maxFloor: '0.5' }))).maxFloor).to.equal(
      5_000,
    );
  });

  it('may repeat the StopPx of an order that was triggered, and not give it another (102=99)', () => {
    accepted(STOP_LIMIT, { triggered: true });
    const replace = (clOrdId: string, stopPx: string) =>
      desk.judge(replaceOrder(clOrdId, 'a', '1', '99', { ordType: '4', stopPx }));
    expect(refusalOf(replace('y', '102'))).to.deep.include({
      cxlRejReason: 99,
      text: 'StopPx(99) cannot be replaced: the order was triggered',
    });
    expect(replaced(replace('z', '101.00'))).to.not.have.property('stopPx');
  });

  describe('of a stop (40=3)', () => {
    const stop = (
      clOrdId: string,
      origClOrdId: string,
      changes: Partial<OrderCancelReplaceRequest>,
      qty = '1',
    ) => replaceOrder(clOrdId, origClOrdId, qty, undefined, { ordType: '3', ...changes });

    it('moves the protection price with StopPx, and the hold with it', () => {
      accepted(STOP);
      // 106.05 and its fee of 20 basis points.
      expect(desk.available('USD')).to.equal('893.7379');
      const command = replaced(desk.judge(stop('y', 'a', { stopPx: '110' })));
      expect(command).to.deep.include({ stopPx: ticks(11_000), price: ticks(11_550) });
      expect(desk.available('USD')).to.equal('884.269');
    });

    it('keeps the protection price while StopPx stays, given or not', () => {
      accepted({ ...STOP, stopPx: '101.01' });
      expect(replaced(desk.judge(stop('y', 'a', {}, '2')))).to.deep.include({ price: ticks(10_606) });
      const repeated = replaced(desk.judge(stop('z', 'y', { stopPx: '101.01' }, '3')));
      expect(repeated)
        .to.deep.include({ price: ticks(10_606) })
        .and.not.have.property('stopPx');
    });

    it('repeats the StopPx that a replace before it asks for, so that the two prices go together', () => {
      accepted(STOP);
      desk.judge(stop('y', 'a', { stopPx: '110' }));
      expect(replaced(desk.judge(stop('z', 'y', {}, '2')))).to.deep.include({
        stopPx: ticks(11_000),
        price: ticks(11_550),
      });
    });

    it('needs funds for a higher StopPx', () => {
      accepted({ ...STOP, stopPx: '100' });
      expect(refusalOf(desk.judge(stop('y', 'a', { stopPx: '1000' }))).text).to.equal(
        'insufficient funds: needs 946.89 USD, available 894.79 USD',
      );
    });
  });

  it('counts slices with whatever MaxFloor the order may have by then', () => {
    accepted({ maxFloor: '0.001' });
    desk.judge(replaceOrder('y', 'a', '1', '100', { maxFloor: '1' }));
    const text = 'MaxFloor(111)=0.0010 cuts OrderQty(38)=2 into more than 1000 slices';
    expect(refusalOf(desk.judge(replaceOrder('z1', 'y', '2', '100'))).text).to.equal(text);
    expect(
      replaced(desk.judge(replaceOrder('z2', 'y', '2', '100', { maxFloor: '0.002' }))).maxFloor,
    ).to.equal(20);
  });

  it('that a post-only order cannot follow is undone and refused (102=2)', () => {
    accepted({ execInst: '6' });
    const command = replaceOrder('y', 'a', '2', '101', { execInst: '6' });
    desk.judge(command);
    const refusal = refusalOf(desk.account.bounced(command, { type: 'WouldTrade' }, NOW));
    expect(refusal).to.deep.include({
      cxlRejReason: 2,
      ordStatus: '0',
      text: 'post-only: at this price the order would trade at once',
    });
    expect(desk.available('USD')).to.equal('899.8');
    expect(said(desk.judge(replaceOrder('z', 'y', '2', '99')))).to.equal('9 G 102=1 39=8 z<y');
  });
});

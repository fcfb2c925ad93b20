import { expect } from 'chai';
import { readOrderCommand } from '../../src/fix/order-requests.ts';
import { validate } from '../../src/fix/validator.ts';
import { fixMessage, MEMBER_HEADER, orderBody } from '../support/fix-frames.ts';

const LIMIT_ORDER = '11=c1|55=BTC-USD|54=1|60=20260102-03:04:05|40=2|38=0.50|44=100.25|';
const REPLACE = `35=G|${MEMBER_HEADER}41=c1|11=c2|55=BTC-USD|54=2|60=20260102-03:04:05|40=2|38=3|44=9|`;
const CANCEL = `35=F|${MEMBER_HEADER}41=c1|11=c2|55=BTC-USD|54=1|60=20260102-03:04:05|`;

/** Reads a body that the validator passes: nothing else comes this far. */
function read(body: string): ReturnType<typeof readOrderCommand> {
  const message = fixMessage(body);
  expect(validate(message, 'FIX.4.4')).to.equal(undefined);
  return readOrderCommand(message, 'FIX.4.4');
}

describe('an order message', () => {
  it('becomes a limit order, its decimals as they were sent', () => {
    expect(read(orderBody(`${LIMIT_ORDER}59=1|21=1|1=main|`))).to.deep.equal({
      type: 'Command',
      command: {
        type: 'NewOrderSingle',
        clOrdId: 'c1',
        symbol: 'BTC-USD',
        side: '1',
        ordType: '2',
        timeInForce: '1',
        orderQty: '0.50',
        price: '100.25',
        mayBeRepeat: false,
      },
    });
  });

  it('becomes a market order for the day when it has neither Price nor TimeInForce', () => {
    const body = orderBody('11=c1|55=BTC-USD|54=2|60=20260102-03:04:05|40=1|38=1|');
    expect(read(body)).to.deep.nested.include({
      'command.ordType': '1',
      'command.timeInForce': '0',
      'command.price': undefined,
    });
  });

  for (const flag of ['43=Y|122=20260102-03:04:05|', '97=Y|']) {
    it(`may be a repeat when its header says ${flag.slice(0, 4)}`, () => {
      const body = `35=D|${MEMBER_HEADER}${flag}${LIMIT_ORDER}`;
      expect(read(body)).to.deep.nested.include({ 'command.mayBeRepeat': true });
    });
  }

  it('becomes a cancel, with OrderID when it is given', () => {
    const command = {
      type: 'OrderCancelRequest',
      clOrdId: 'c2',
      origClOrdId: 'c1',
      orderId: undefined,
      symbol: 'BTC-USD',
      side: '1',
      mayBeRepeat: false,
    };
    expect(read(CANCEL)).to.deep.equal({ type: 'Command', command });
    expect(read(`${CANCEL}37=5|`)).to.deep.equal({ type: 'Command', command: { ...command, orderId: '5' } });
  });

  it('becomes a replace that keeps the TimeInForce which it does not name', () => {
    expect(read(REPLACE)).to.deep.equal({
      type: 'Command',
      command: {
        type: 'OrderCancelReplaceRequest',
        clOrdId: 'c2',
        origClOrdId: 'c1',
        orderId: undefined,
        symbol: 'BTC-USD',
        side: '2',
        ordType: '2',
        timeInForce: undefined,
        orderQty: '3',
        price: '9',
        mayBeRepeat: false,
      },
    });
  });
});

describe('an order that the venue does not do', () => {
  for (const [change, text] of [
    ['40=3', 'OrdType(40)=3 (Stop) is not supported'],
    ['40=P', 'OrdType(40)=P (Pegged) is not supported'],
    ['54=5', 'Side(54)=5 (SellShort) is not supported'],
    ['59=6', 'TimeInForce(59)=6 (GoodTillDate) is not supported'],
    ['18=6', 'ExecInst(18)=6 (ParticipateDoNotInitiate) is not supported'],
    ['110=1', 'MinQty(110)=1 is not supported'],
    ['111=1', 'MaxFloor(111)=1 is not supported'],
    ['152=1000', 'CashOrderQty(152)=1000 is not supported'],
    ['99=90', 'StopPx(99)=90 is not supported'],
    ['432=20260202', 'ExpireDate(432)=20260202 is not supported'],
    ['126=20260202-00:00:00', 'ExpireTime(126)=20260202-00:00:00 is not supported'],
    ['40=1', 'Price(44) is only for OrdType(40)=2 (Limit)'],
  ] as const) {
    it(`is refused with the field and its value: ${change}`, () => {
      const tag = change.slice(0, change.indexOf('=') + 1);
      const kept = LIMIT_ORDER.split('|').filter((field) => field !== '' && !field.startsWith(tag));
      expect(read(orderBody([...kept, change, ''].join('|')))).to.deep.equal({
        type: 'Unsupported',
        refusal: {
          type: 'OrderRefused',
          clOrdId: 'c1',
          symbol: 'BTC-USD',
          side: tag === '54=' ? '5' : '1',
          orderQty: '0.50',
          ordRejReason: 11,
          text,
        },
      });
    });
  }

  it('is refused with a quantity of zero when it has only a cash quantity', () => {
    const body = orderBody(LIMIT_ORDER.replace('38=0.50', '152=50'));
    expect(read(body)).to.deep.nested.include({ 'refusal.orderQty': '0' });
  });

  it('is refused as a replace by an OrderCancelReject', () => {
    expect(read(REPLACE.replace('40=2', '40=4'))).to.deep.equal({
      type: 'Unsupported',
      refusal: {
        type: 'CancelRefused',
        clOrdId: 'c2',
        origClOrdId: 'c1',
        orderId: undefined,
        symbol: 'BTC-USD',
        side: '2',
        orderQty: '3',
        cxlRejResponseTo: 2,
        cxlRejReason: 2,
        text: 'OrdType(40)=4 (StopLimit) is not supported',
      },
    });
  });

  it('is refused as a cancel only for its side: what a cancel says of quantities is not used', () => {
    expect(read(`${CANCEL}152=1|`)).to.include({ type: 'Command' });
    expect(read(CANCEL.replace('54=1', '54=7'))).to.deep.nested.include({
      'refusal.cxlRejResponseTo': 1,
      'refusal.text': 'Side(54)=7 (Undisclosed) is not supported',
    });
  });
});

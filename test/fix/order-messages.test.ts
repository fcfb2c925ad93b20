import { expect } from 'chai';
import { readOrderCommand, reportMsgType, writeReport } from '../../src/fix/order-messages.ts';
import { validate } from '../../src/fix/validator.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import type { ExecutionReport, OrderCancelReject, Report } from '../../src/matching/execution-report.ts';
import { fixFrame, fixMessage, MEMBER_HEADER, orderBody } from '../support/fix-frames.ts';

const LIMIT_ORDER = '11=c1|55=BTC-USD|54=1|60=20260102-03:04:05|40=2|38=0.50|44=100.25|';
const REPLACE = `35=G|${MEMBER_HEADER}41=c1|11=c2|55=BTC-USD|54=2|60=20260102-03:04:05|40=2|38=3|44=9|`;
const CANCEL = `35=F|${MEMBER_HEADER}41=c1|11=c2|55=BTC-USD|54=1|60=20260102-03:04:05|`;

/** Reads a body that the validator passes: nothing else comes this far. */
function read(body: string): ReturnType<typeof readOrderCommand> {
  const message = fixMessage(body);
  expect(validate(message)).to.equal(undefined);
  return readOrderCommand(message);
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

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const NEW: ExecutionReport = {
  type: 'ExecutionReport',
  userId: 17,
  source: 'BTC-USD',
  sourceSeq: 12,
  at: AT,
  orderId: 7,
  clOrdId: 'c1',
  origClOrdId: undefined,
  execType: '0',
  ordStatus: '0',
  symbol: 'BTC-USD',
  side: '1',
  ordType: '2',
  timeInForce: '1',
  orderQty: '0.50',
  price: '100.25',
  cumQty: '0.00',
  leavesQty: '0.50',
  avgPx: '0',
  fill: undefined,
  ordRejReason: undefined,
  execRestatementReason: undefined,
  text: undefined,
};

const FILL: ExecutionReport = {
  ...NEW,
  execType: 'F',
  ordStatus: '1',
  cumQty: '0.20',
  leavesQty: '0.30',
  avgPx: '100.25',
  fill: {
    tradeId: 9,
    lastQty: '0.20',
    lastPx: '100.25',
    lastLiquidityInd: 2,
    fee: '0.02005',
    feeAsset: 'USD',
  },
};

const writer = new MessageWriter({ beginString: 'FIX.4.4', senderCompId: 'ONEBOOK', targetCompId: '17' });
const VENUE_HEADER = '49=ONEBOOK|56=17|34=3|52=20260102-03:04:05.678|';

function written(report: Report): Buffer {
  writer.begin(reportMsgType(report), 3, AT);
  writeReport(writer, report);
  return writer.end();
}

describe('a report', () => {
  for (const [name, report, body] of [
    [
      'of a new order',
      NEW,
      '37=7|17=BTC-USD-12|150=0|39=0|55=BTC-USD|54=1|38=0.50|40=2|44=100.25|59=1|151=0.50|14=0.00|6=0|11=c1|60=20260102-03:04:05.678|',
    ],
    [
      'of a fill with a fee',
      FILL,
      '37=7|17=BTC-USD-12|150=F|39=1|55=BTC-USD|54=1|38=0.50|40=2|44=100.25|59=1|151=0.30|14=0.20|6=100.25|11=c1|60=20260102-03:04:05.678|31=100.25|32=0.20|527=9|851=2|136=1|137=0.02005|138=USD|139=4|',
    ],
    [
      'of a reject of an unknown order type',
      {
        ...NEW,
        sourceSeq: 0,
        orderId: undefined,
        execType: '8',
        ordStatus: '8',
        ordType: undefined,
        timeInForce: undefined,
        price: undefined,
        leavesQty: '0.00',
        ordRejReason: 11,
        text: 'not supported',
      },
      '37=NONE|17=0|150=8|39=8|55=BTC-USD|54=1|38=0.50|151=0.00|14=0.00|6=0|11=c1|60=20260102-03:04:05.678|103=11|58=not supported|',
    ],
    [
      'of a cancel that nobody asked for',
      { ...NEW, execType: '4', ordStatus: '4', leavesQty: '0.00', execRestatementReason: 6, text: 'halted' },
      '37=7|17=BTC-USD-12|150=4|39=4|55=BTC-USD|54=1|38=0.50|40=2|44=100.25|59=1|151=0.00|14=0.00|6=0|11=c1|60=20260102-03:04:05.678|378=6|58=halted|',
    ],
    [
      'of a replace, with both ids',
      { ...NEW, execType: '5', clOrdId: 'c2', origClOrdId: 'c1' },
      '37=7|17=BTC-USD-12|150=5|39=0|55=BTC-USD|54=1|38=0.50|40=2|44=100.25|59=1|151=0.50|14=0.00|6=0|11=c2|41=c1|60=20260102-03:04:05.678|',
    ],
  ] satisfies readonly (readonly [string, ExecutionReport, string])[]) {
    it(`${name} is an ExecutionReport`, () => {
      expect(written(report)).to.deep.equal(fixFrame(`35=8|${VENUE_HEADER}${body}`));
    });
  }

  it('of a fill without a fee has no fee group', () => {
    for (const fee of ['0', '0.00']) {
      const frame = written({ ...FILL, fill: { ...FILL.fill!, fee } }).toString('latin1');
      expect(frame).to.not.include('\x01136=');
      expect(frame).to.include('\x01851=2\x0110=');
    }
  });

  it('of a refused cancel is an OrderCancelReject', () => {
    const report: OrderCancelReject = {
      type: 'OrderCancelReject',
      userId: 17,
      source: 'U17',
      sourceSeq: 4,
      at: AT,
      orderId: undefined,
      clOrdId: 'c2',
      origClOrdId: 'c1',
      ordStatus: '8',
      cxlRejResponseTo: 1,
      cxlRejReason: 1,
      text: 'unknown order',
    };
    const body = '37=NONE|11=c2|41=c1|39=8|434=1|102=1|58=unknown order|60=20260102-03:04:05.678|';
    expect(written(report)).to.deep.equal(fixFrame(`35=9|${VENUE_HEADER}${body}`));
  });
});

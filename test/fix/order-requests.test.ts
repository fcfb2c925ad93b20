import { expect } from 'chai';
import { readOrderCommand } from '../../src/fix/order-requests.ts';
import type { OrderCommandReading } from '../../src/fix/request-readings.ts';
import { validate } from '../../src/fix/validator.ts';
import type { FixVersion } from '../../src/fix/version.ts';
import { fixMessage, MEMBER_HEADER, orderBody } from '../support/fix-frames.ts';
import { forEachVersion } from '../support/fix-versions.ts';

const LIMIT_ORDER = '11=c1|55=BTC-USD|54=1|60=20260102-03:04:05|40=2|38=0.50|44=100.25|';
const REPLACE = `35=G|${MEMBER_HEADER}41=c1|11=c2|55=BTC-USD|54=2|60=20260102-03:04:05|40=2|38=3|44=9|`;
const CANCEL = `35=F|${MEMBER_HEADER}41=c1|11=c2|55=BTC-USD|54=1|60=20260102-03:04:05|`;

/** Reads a body that the validator passes: nothing else comes this far. */
function read(body: string, version: FixVersion = 'FIX.4.4'): OrderCommandReading {
  const message = fixMessage(body);
  expect(validate(message, version)).to.equal(undefined);
  return readOrderCommand(message, version);
}

describe('an order message', () => {
  it('becomes a limit order, its decimals as they were sent', () => {
    expect(read(orderBody(`${LIMIT_ORDER}59=1|21=1|`))).to.deep.equal({
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

const STOP_ORDER = LIMIT_ORDER.replace('40=2|', '40=3|').replace('44=100.25|', '99=101.5|');

/** Each field with what the command has of it. */
const INSTRUCTIONS: readonly (readonly [string, object])[] = [
  ['18=6|', { execInst: '6' }],
  ['18=G|59=3|', { execInst: 'G' }],
  ['110=0.10|', { minQty: '0.10' }],
  ['111=0.2|', { maxFloor: '0.2' }],
  ['59=6|126=20260103-10:00:00|', { expireTime: Date.UTC(2026, 0, 3, 10) }],
  ['59=6|126=20260103-10:00:00.250|', { expireTime: Date.UTC(2026, 0, 3, 10, 0, 0, 250) }],
  ['59=6|432=20260103|', { expireDate: '2026-01-03' }],
];
const LABELS: readonly (readonly [string, object])[] = [
  ['1=desk 7|', { account: 'desk 7' }],
  ['526=s1|', { secondaryClOrdId: 's1' }],
  ['583=basket|', { clOrdLinkId: 'basket' }],
];
const SELF_TRADE: readonly (readonly [string, object])[] = [
  ['7929=0|', { selfTradePrevention: 'None' }],
  ['7929=1|', { selfTradePrevention: 'CancelNewest' }],
  ['7929=2|', { selfTradePrevention: 'CancelOldest' }],
  ['7929=3|', { selfTradePrevention: 'CancelBoth' }],
  ['7929=4|7928=12|', { selfTradePrevention: 'Decrement', selfTradeGroup: 12 }],
  ['7928=2147483647|', { selfTradeGroup: 2_147_483_647 }],
];

/** What a command has beyond that of a plain body. */
function beyond(plain: string, fields: string, version: FixVersion = 'FIX.4.4'): object {
  const commandOf = (body: string): Readonly<Record<string, unknown>> => {
    const reading = read(body, version);
    if (reading.type !== 'Command') throw new Error('not a command');
    return { ...reading.command };
  };
  const before = commandOf(plain);
  const after = commandOf(`${plain}${fields}`);
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));
}

describe('the Currency of an order', () => {
  const body = orderBody(LIMIT_ORDER);

  forEachVersion((version) => {
    it('is read as it was sent with a new order and with a replace, however long it is', () => {
      const handled = (text: string): string => (version === 'FIX.4.2' ? `${text}21=1|` : text);
      for (const currency of ['USD', 'USDT', 'usd']) {
        for (let i = 0; i < 3; i += 1) {
          expect(beyond(handled(body), `15=${currency}|`, version)).to.deep.equal({ currency });
          expect(beyond(handled(REPLACE), `15=${currency}|`, version)).to.deep.equal({ currency });
        }
      }
    });
  });
});

describe('the instructions of an order', () => {
  for (const [fields, expected] of [...INSTRUCTIONS, ...LABELS, ...SELF_TRADE]) {
    it(`are read as they were sent: ${fields}`, () => {
      const timeInForce = /59=(.)/.exec(fields)?.[1];
      const changed = timeInForce === undefined ? expected : { ...expected, timeInForce };
      // The first two make its layout known: how it is read must not change with that.
      for (let i = 0; i < 3; i += 1) {
        expect(beyond(orderBody(LIMIT_ORDER), fields)).to.deep.equal(changed);
      }
    });
  }

  it('are absent, not undefined, where they were not sent', () => {
    for (let i = 0; i < 3; i += 1) {
      const reading = read(orderBody(LIMIT_ORDER));
      expect(reading.type === 'Command' && Object.keys(reading.command)).to.have.length(9);
    }
  });

  it('of a stop order are its StopPx, with a price or without', () => {
    expect(read(orderBody(STOP_ORDER))).to.deep.nested.include({
      'command.ordType': '3',
      'command.stopPx': '101.5',
      'command.price': undefined,
    });
    expect(read(orderBody(LIMIT_ORDER.replace('40=2', '40=4').concat('99=101.5|')))).to.deep.nested.include({
      'command.ordType': '4',
      'command.stopPx': '101.5',
      'command.price': '100.25',
    });
  });

  it('of FIX.5.0SP2 may name what is displayed by its later name', () => {
    const plain = orderBody(LIMIT_ORDER);
    expect(beyond(plain, '1138=0.2|', 'FIX.5.0SP2')).to.deep.equal({ maxFloor: '0.2' });
    expect(beyond(plain, '1138=0.2|111=0.2|', 'FIX.5.0SP2')).to.deep.equal({ maxFloor: '0.2' });
    expect(read(`${plain}1138=0.2|111=0.3|`, 'FIX.5.0SP2')).to.deep.nested.include({
      'refusal.text': 'DisplayQty(1138)=0.2 is not MaxFloor(111)=0.3',
    });
  });

  for (const [fields, expected] of INSTRUCTIONS) {
    it(`may be those of a replace: ${fields}`, () => {
      const timeInForce = /59=(.)/.exec(fields)?.[1];
      const changed = timeInForce === undefined ? expected : { ...expected, timeInForce };
      expect(beyond(REPLACE, fields)).to.deep.equal(changed);
    });
  }

  it('stay as they are where a replace does not name them', () => {
    expect(beyond(REPLACE, '126=20260103-10:00:00|')).to.deep.equal({
      expireTime: Date.UTC(2026, 0, 3, 10),
    });
    for (let i = 0; i < 3; i += 1) {
      expect(read(`${REPLACE}59=6|`)).to.deep.nested.include({ 'command.timeInForce': '6' });
      expect(read(REPLACE.replace('40=2|', '40=4|'))).to.deep.nested.include({ 'command.ordType': '4' });
      expect(read(REPLACE.replace('40=2|', '40=3|').replace('44=9|', ''))).to.deep.nested.include({
        'command.ordType': '3',
        'command.price': undefined,
      });
    }
  });

  it('are no part of a replace where they are labels', () => {
    expect(beyond(REPLACE, '1=desk|526=s1|583=basket|')).to.deep.equal({});
  });
});

describe('an order that the venue does not do', () => {
  for (const [change, text] of [
    ['40=P', 'OrdType(40)=P (Pegged) is not supported'],
    ['54=5', 'Side(54)=5 (SellShort) is not supported'],
    ['59=2', 'TimeInForce(59)=2 (AtTheOpening) is not supported'],
    ['18=1', 'ExecInst(18)=1 (NotHeld) is not supported'],
    ['18=6 G', 'ExecInst(18)=6 G is not supported'],
    ['210=1', 'MaxShow(210)=1 is not supported'],
    ['152=1000', 'CashOrderQty(152)=1000 is not supported'],
    ['7929=5', 'SelfMatchPreventionMode(7929)=5 is not supported'],
    ['7928=0', 'SelfMatchPreventionID(7928)=0 is not a number from 1 to 2147483647'],
    ['7928=-1', 'SelfMatchPreventionID(7928)=-1 is not a number from 1 to 2147483647'],
    ['7928=2147483648', 'SelfMatchPreventionID(7928)=2147483648 is not a number from 1 to 2147483647'],
    ['40=1', 'Price(44) is only for OrdType(40)=2 (Limit) and OrdType(40)=4 (StopLimit)'],
    ['40=3|99=90', 'Price(44) is only for OrdType(40)=2 (Limit) and OrdType(40)=4 (StopLimit)'],
    ['99=90', 'StopPx(99) is only for OrdType(40)=3 (Stop) and OrdType(40)=4 (StopLimit)'],
    ['432=20260202', 'ExpireDate(432) is only for TimeInForce(59)=6 (GoodTillDate)'],
    ['126=20260202-00:00:00', 'ExpireTime(126) is only for TimeInForce(59)=6 (GoodTillDate)'],
    ['59=1|126=20260202-00:00:00', 'ExpireTime(126) is only for TimeInForce(59)=6 (GoodTillDate)'],
    ['59=6|126=20260202-00:00:00|432=20260202', 'ExpireTime(126) and ExpireDate(432) exclude each other'],
  ] as const) {
    it(`is refused with the field and its value: ${change}`, () => {
      const tag = change.slice(0, change.indexOf('=') + 1);
      const kept = LIMIT_ORDER.split('|').filter((field) => field !== '' && !field.startsWith(tag));
      for (let i = 0; i < 3; i += 1) {
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
      }
    });
  }

  it('is refused with a quantity of zero when it has only a cash quantity', () => {
    const body = orderBody(LIMIT_ORDER.replace('38=0.50', '152=50'));
    expect(read(body)).to.deep.nested.include({ 'refusal.orderQty': '0' });
  });

  it('is refused as a replace by an OrderCancelReject', () => {
    expect(read(REPLACE.replace('40=2', '40=P'))).to.deep.equal({
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
        text: 'OrdType(40)=P (Pegged) is not supported',
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

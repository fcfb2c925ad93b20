import { expect } from 'chai';
import type { FixMessage } from '../../src/fix/message.ts';
import {
  DEFAULT_VALIDATOR_OPTIONS,
  validate as judge,
  type ValidatorOptions,
  type Violation,
} from '../../src/fix/validator.ts';
import { fixMessage, MEMBER_HEADER, orderBody } from '../support/fix-frames.ts';

const TERMS = '11=c1|55=BTC-USD|54=1|60=20260102-03:04:05|40=2|38=1|44=100|';

/** Judges a message of FIX.4.4. */
function validate(message: FixMessage, options?: ValidatorOptions): Violation | undefined {
  return judge(message, 'FIX.4.4', options);
}

function reject(sessionRejectReason: number, refTagId: number | undefined, text: string): Violation {
  return { type: 'Reject', sessionRejectReason, refTagId, text };
}

function businessReject(businessRejectReason: number, refTagId: number, text: string): Violation {
  return { type: 'BusinessReject', businessRejectReason, refTagId, text };
}

/** A limit order with one field given another value, or another field after it. */
function orderWith(field: string): string {
  const tag = `${field.split('=')[0]}=`;
  const kept = TERMS.split('|').filter((term) => term !== '' && !term.startsWith(tag));
  return orderBody([...kept, field, ''].join('|'));
}

function orderWithout(tag: number): string {
  return orderBody(
    TERMS.split('|')
      .filter((term) => !term.startsWith(`${tag}=`))
      .join('|'),
  );
}

describe('a good message', () => {
  for (const [name, body] of [
    ['Logon', `35=A|${MEMBER_HEADER}98=0|108=30|141=Y|553=17|554=secret|`],
    ['Heartbeat', `35=0|${MEMBER_HEADER}`],
    ['TestRequest', `35=1|${MEMBER_HEADER}112=x|`],
    ['ResendRequest', `35=2|${MEMBER_HEADER}7=1|16=0|`],
    ['Reject', `35=3|${MEMBER_HEADER}45=2|371=44|372=D|373=6|58=why|`],
    ['SequenceReset', `35=4|${MEMBER_HEADER}123=Y|36=9|`],
    ['Logout', `35=5|${MEMBER_HEADER}58=bye|`],
    ['NewOrderSingle', orderBody(TERMS)],
    ['market order without Price', orderBody('11=c1|55=BTC-USD|54=2|60=20260102-03:04:05|40=1|38=1|')],
    [
      'OrderCancelRequest',
      `35=F|${MEMBER_HEADER}41=c1|11=c2|37=5|55=BTC-USD|54=1|60=20260102-03:04:05.678|38=1|`,
    ],
    ['OrderCancelReplaceRequest', `35=G|${MEMBER_HEADER}41=c1|${TERMS.replace('11=c1', '11=c2')}`],
    ['BusinessMessageReject', `35=j|${MEMBER_HEADER}45=3|372=8|380=0|58=why|`],
    [
      'order with its body in any order',
      orderBody(TERMS.split('|').reverse().join('|').slice(1).concat('|')),
    ],
    [
      'order with parties and allocations',
      orderWith('453=2|448=A|447=D|452=1|802=1|523=s|803=1|448=B|78=1|79=acct|80=1'),
    ],
    ['order with a group of no instances', orderWith('453=0')],
    ['order with an extended character set', orderWith('58=caf\xe9\n\ttable')],
    ['order with several instructions', orderWith('18=6 G')],
    ['order with data', orderWith('354=4|355=a|=b')],
    ['forty digits, which is for the account to refuse', orderWith(`38=${'9'.repeat(40)}`)],
  ] as const) {
    it(`passes: ${name}`, () => {
      expect(validate(fixMessage(body))).to.equal(undefined);
    });
  }
});

describe('a message type', () => {
  it('that FIX does not know is an invalid MsgType', () => {
    expect(validate(fixMessage(`35=ZZ|${MEMBER_HEADER}`))).to.deep.equal(
      reject(11, 35, 'MsgType(35)=ZZ is not a message of FIX.4.4'),
    );
  });

  it('that FIX got after 4.4 is an invalid MsgType', () => {
    expect(validate(fixMessage(`35=CA|${MEMBER_HEADER}`))).to.include({ sessionRejectReason: 11 });
  });

  it('that is empty is an empty tag', () => {
    expect(validate(fixMessage(`35=|${MEMBER_HEADER}`))).to.deep.equal(reject(4, 35, 'MsgType(35) is empty'));
  });

  for (const [msgType, name] of [
    ['R', 'QuoteRequest'],
    ['V', 'MarketDataRequest'],
    ['8', 'ExecutionReport'],
  ] as const) {
    it(`that the venue does not take is a business reject: ${name}`, () => {
      expect(validate(fixMessage(`35=${msgType}|${MEMBER_HEADER}`))).to.deep.equal(
        businessReject(3, 35, `${name}(35=${msgType}) is not supported`),
      );
    });
  }
});

describe('a bad field', () => {
  const decimal = 'is not a plain decimal number';
  for (const [name, body, expected] of [
    [
      'whose tag FIX does not define',
      orderWith('4999=x'),
      reject(0, 4999, 'tag 4999 is not defined in FIX.4.4'),
    ],
    [
      'of a later version',
      orderWith('1138=1'),
      reject(0, 1138, 'DisplayQty(1138) is not defined in FIX.4.4'),
    ],
    ['that is user-defined', orderWith('7001=x'), reject(0, 7001, 'tag 7001 is not defined in FIX.4.4')],
    ['without a tag', orderWith('hello'), reject(0, undefined, 'field 15 is not tag=value')],
    [
      'whose tag begins with zero',
      orderWith('058=x'),
      reject(0, undefined, 'field 15, "058=", is not tag=value'),
    ],
    [
      'of other messages',
      orderWith('108=30'),
      reject(2, 108, 'HeartBtInt(108) is not defined for NewOrderSingle(35=D)'),
    ],
    ['that is empty', orderWith('44='), reject(4, 44, 'Price(44) is empty')],
    ['with an undefined value', orderWith('54=Z'), reject(5, 54, 'Side(54)=Z is not a defined value')],
    [
      'with an undefined value among several',
      orderWith('18=6 ~'),
      reject(5, 18, 'ExecInst(18)=6 ~ is not a defined value'),
    ],
    ['with a sign', orderWith('38=+200.00'), reject(6, 38, `OrderQty(38)=+200.00 ${decimal}`)],
    ['with an exponent', orderWith('38=1e400'), reject(6, 38, `OrderQty(38)=1e400 ${decimal}`)],
    ['that is NaN', orderWith('44=NaN'), reject(6, 44, `Price(44)=NaN ${decimal}`)],
    ['in hexadecimal', orderWith('44=0x10'), reject(6, 44, `Price(44)=0x10 ${decimal}`)],
    ['that is blank', orderWith('44= '), reject(6, 44, `Price(44)=  ${decimal}`)],
    ['with a comma', orderWith('44=1,5'), reject(6, 44, `Price(44)=1,5 ${decimal}`)],
    ['with two points', orderWith('44=1.5.1'), reject(6, 44, `Price(44)=1.5.1 ${decimal}`)],
    ['with a point alone', orderWith('44=.'), reject(6, 44, `Price(44)=. ${decimal}`)],
    [
      'that should be one character',
      orderWith('40=22'),
      reject(6, 40, 'OrdType(40)=22 is not one character'),
    ],
    ['that should be a flag', orderWith('121=yes'), reject(6, 121, 'ForexReq(121)=yes is not Y or N')],
    [
      'that should be an integer',
      orderWith('660=1.0'),
      reject(6, 660, 'AcctIDSource(660)=1.0 is not an integer'),
    ],
    [
      'with two spaces between values',
      orderWith('18=6  G'),
      reject(6, 18, 'ExecInst(18)=6  G is not values with one space between them'),
    ],
    [
      'with a date that is none',
      orderWith('432=20260230'),
      reject(6, 432, 'ExpireDate(432)=20260230 is not a date, YYYYMMDD'),
    ],
    [
      'with a month that is none',
      orderWith('200=202613'),
      reject(6, 200, 'MaturityMonthYear(200)=202613 is not a month, YYYYMM'),
    ],
    [
      'with a time that is none',
      orderWith('60=20260102-25:00:00'),
      reject(6, 60, 'TransactTime(60)=20260102-25:00:00 is not a UTC timestamp, YYYYMMDD-HH:MM:SS[.sss]'),
    ],
    [
      'with a control character',
      orderWith('11=a\x00b'),
      reject(6, 11, 'ClOrdID(11)=a?b is not text without control characters'),
    ],
    [
      'of five thousand characters',
      orderWith(`55=${'x'.repeat(5000)}`),
      reject(6, 55, 'Symbol(55) has 5000 bytes, more than 512'),
    ],
    [
      'of five thousand digits',
      orderWith(`38=${'1'.repeat(5000)}`),
      reject(6, 38, 'OrderQty(38) has 5000 bytes, more than 512'),
    ],
    [
      'of data with another length',
      orderWith('354=3|355=a'),
      reject(6, 355, 'EncodedText(355) does not follow its length, or has another'),
    ],
    ['that appears twice', orderBody(`${TERMS}44=100|`), reject(13, 44, 'Price(44) appears twice')],
    [
      'of the header after the body',
      orderWith('57=desk'),
      reject(14, 57, 'TargetSubID(57) is a header field after the body'),
    ],
    [
      'of the body after the trailer',
      orderBody(`${TERMS}93=1|89=x|58=late|`),
      reject(14, 58, 'Text(58) is a body field after the trailer'),
    ],
  ] as const) {
    it(`${name} is rejected with its name and the reason`, () => {
      expect(validate(fixMessage(body))).to.deep.equal(expected);
    });
  }

  it('is the first one that is told', () => {
    expect(validate(fixMessage(orderBody(`9999=1|44=x|${TERMS}`)))).to.include({ refTagId: 9999 });
  });
});

describe('a repeating group', () => {
  for (const [name, field, expected] of [
    [
      'with fewer instances than it says',
      '453=2|448=A|447=D|452=1',
      reject(16, 453, 'NoPartyIDs(453)=2 but there are 1 instances'),
    ],
    [
      'with more instances than it says',
      '453=1|448=A|448=B',
      reject(16, 453, 'NoPartyIDs(453)=1 but there are 2 instances'),
    ],
    [
      'that says none and has one',
      '453=0|448=A',
      reject(16, 453, 'NoPartyIDs(453)=0 but there are 1 instances'),
    ],
    [
      'that starts with another field',
      '453=1|447=D|448=A',
      reject(15, 447, 'NoPartyIDs(453) must be followed by PartyID(448), not PartyIDSource(447)'),
    ],
    [
      'with a field twice in one instance',
      '453=1|448=A|447=D|447=D',
      reject(13, 447, 'PartyIDSource(447) appears twice in one instance of NoPartyIDs(453)'),
    ],
    ['with a bad value inside', '453=1|448=A|452=x', reject(6, 452, 'PartyRole(452)=x is not an integer')],
    [
      'with a wrong count inside another',
      '453=1|448=A|802=2|523=s',
      reject(16, 802, 'NoPartySubIDs(802)=2 but there are 1 instances'),
    ],
    ['whose fields have no count', '448=A', reject(15, 448, 'PartyID(448) is outside its repeating group')],
  ] as const) {
    it(`${name} is rejected`, () => {
      expect(validate(fixMessage(orderWith(field)))).to.deep.equal(expected);
    });
  }
});

describe('a missing field', () => {
  for (const [tag, name] of [
    [11, 'ClOrdID'],
    [55, 'Symbol'],
    [54, 'Side'],
    [60, 'TransactTime'],
    [40, 'OrdType'],
  ] as const) {
    it(`that an order must have is named: ${name}`, () => {
      expect(validate(fixMessage(orderWithout(tag)))).to.deep.equal(
        reject(1, tag, `${name}(${tag}) is missing`),
      );
    });
  }

  it('of the header is named', () => {
    expect(validate(fixMessage('35=0|49=17|56=ONEBOOK|34=2|'))).to.deep.equal(
      reject(1, 52, 'SendingTime(52) is missing'),
    );
  });

  it('of a cancel is named: OrigClOrdID', () => {
    const body = `35=F|${MEMBER_HEADER}11=c2|37=5|55=BTC-USD|54=1|60=20260102-03:04:05|`;
    expect(validate(fixMessage(body))).to.deep.equal(reject(1, 41, 'OrigClOrdID(41) is missing'));
  });

  it('that a limit order needs is a business reject: Price', () => {
    expect(validate(fixMessage(orderWithout(44)))).to.deep.equal(
      businessReject(5, 44, 'Price(44) is missing: it is required when OrdType(40) is 2 or 4'),
    );
  });

  it('that is the quantity is a business reject, unless the order has another kind of quantity', () => {
    expect(validate(fixMessage(orderWithout(38)))).to.deep.equal(
      businessReject(
        5,
        38,
        'OrderQty(38) is missing: it is required when CashOrderQty(152) and OrderPercent(516) are not there',
      ),
    );
    expect(validate(fixMessage(orderWithout(38).concat('152=100|')))).to.equal(undefined);
  });

  it('is not found in the message that was judged before', () => {
    expect(validate(fixMessage(orderBody(TERMS)))).to.equal(undefined);
    expect(validate(fixMessage(orderWithout(11)))).to.include({ refTagId: 11 });
  });
});

describe('user-defined fields', () => {
  const options = { ...DEFAULT_VALIDATOR_OPTIONS, allowUserDefined: true };

  it('pass for a member who may send them, but not empty, and nothing below 5000 with them', () => {
    expect(validate(fixMessage(orderWith('7001=x|7001=y|99999999=z')), options)).to.equal(undefined);
    expect(validate(fixMessage(orderWith('7001=')), options)).to.deep.equal(
      reject(4, 7001, 'tag 7001 is empty'),
    );
    expect(validate(fixMessage(orderWith('4999=x')), options)).to.include({ sessionRejectReason: 0 });
  });

  it('end the header', () => {
    const body = `35=0|49=17|56=ONEBOOK|7001=x|34=2|52=20260102-03:04:05|`;
    expect(validate(fixMessage(body), options)).to.include({ sessionRejectReason: 14, refTagId: 34 });
  });
});

describe('a secret in a message that is refused', () => {
  const logon = (fields: string): string => `35=A|${MEMBER_HEADER}98=0|108=30|553=alice|${fields}`;
  const cases: readonly (readonly [string, string, Violation])[] = [
    [
      'in Password (554)',
      logon('554=hun\x02ter|'),
      reject(6, 554, 'Password(554) is not text without control characters'),
    ],
    [
      'in NewPassword (925)',
      logon('554=x|925=hun\x02ter|'),
      reject(2, 925, 'NewPassword(925) is not defined for Logon(35=A)'),
    ],
    [
      'after a tag that begins with 0',
      logon('0554=hunter|'),
      reject(0, undefined, 'field 11, "0554=", is not tag=value'),
    ],
    ['after a tag without =', logon('554hunter|'), reject(0, undefined, 'field 11 is not tag=value')],
    ['that SOH divides', logon('554=a|hunter=b|'), reject(0, undefined, 'field 12 is not tag=value')],
    [
      'that SOH divides before a number',
      logon('554=a|-77=b|'),
      reject(0, undefined, 'field 12 is not tag=value'),
    ],
    [
      'that is data without its length',
      logon('96=hunter|'),
      reject(6, 96, 'RawData(96) does not follow its length, or has another'),
    ],
  ];
  for (const [where, body, expected] of cases) {
    it(`is not quoted: ${where}`, () => {
      expect(validate(fixMessage(body))).to.deep.equal(expected);
    });
  }
});

import { expect } from 'chai';
import { describeMessage, summariseMessage } from '../../src/fix/describe.ts';
import { fixFrame, MEMBER_HEADER, orderBody } from '../support/fix-frames.ts';

const ORDER = '8=FIX.4.4|9=5|35=D|34=2|11=c1|55=BTC-USD|54=1|38=0.5|40=2|44=100.00|59=1|10=000|';
const DESCRIBED = [
  'BeginString(8)=FIX.4.4',
  'BodyLength(9)=5',
  'MsgType(35)=D (NewOrderSingle)',
  'MsgSeqNum(34)=2',
  'ClOrdID(11)=c1',
  'Symbol(55)=BTC-USD',
  'Side(54)=1 (Buy)',
  'OrderQty(38)=0.5',
  'OrdType(40)=2 (Limit)',
  'Price(44)=100.00',
  'TimeInForce(59)=1 (GoodTillCancel)',
  'CheckSum(10)=000',
];

describe('a described message', () => {
  for (const [name, line] of [
    ['|', ORDER],
    ['^A', ORDER.replaceAll('|', '^A')],
    ['SOH', ORDER.replaceAll('|', '\x01')],
    ['| without the last one', ORDER.slice(0, -1)],
    ['| and a line end', `${ORDER}\r\n`],
    ['| after what a log line begins with', `2026-01-02 03:04:05 [in] ${ORDER}`],
  ] as const) {
    it(`names every field, separated by ${name}`, () => {
      expect(describeMessage(line)).to.deep.equal(DESCRIBED);
      expect(describeMessage(Buffer.from(line, 'latin1'))).to.deep.equal(DESCRIBED);
    });
  }

  it('never shows a password', () => {
    const line = '8=FIX.4.4|35=A|553=17|554=se|cret|925=other|95=6|96=secret|10=000|';
    const shown = describeMessage(line);
    expect(shown).to.include.members(['Username(553)=17', 'Password(554)=***', 'NewPassword(925)=***']);
    expect(`${shown.join()}${summariseMessage(line)}`).to.not.match(/cret|other/);
  });

  it('never shows a secret that contains a separator, whatever its length field says', () => {
    for (const separator of ['\x01', '|', '^A']) {
      for (const length of [7, 8, 3, 99]) {
        const line = `8=FIXT.1.1|35=A|95=${length}|96=sec|ret|1401=${length}|1402=sec|ret|98=0|10=000|`;
        const shown = describeMessage(line.replaceAll('|', separator));
        expect(shown).to.include.members(['RawData(96)=***', 'EncryptedPassword(1402)=***']);
        expect(shown).to.include.members(['EncryptMethod(98)=0 (None)', 'CheckSum(10)=000']);
        expect(`${shown.join()}${summariseMessage(line)}`).to.not.match(/sec|ret/);
      }
    }
  });

  it('never shows a secret whose tag cannot be read', () => {
    for (const separator of ['\x01', '|', '^A']) {
      const line = '8=FIX.4.4|35=A|553=17|0554=secret|0925=newer|10=000|'.replaceAll('|', separator);
      const shown = describeMessage(line);
      expect(shown).to.include.members(['Username(553)=17', '0554=***', '0925=***']);
      expect(`${shown.join()}${summariseMessage(line)}`).to.not.match(/secret|newer/);
    }
  });

  it('reads a data field by its length', () => {
    const line = '8=FIX.4.4\x01354=7\x01355=a\x0154=1b\x0154=2\x01';
    expect(describeMessage(line)).to.deep.equal([
      'BeginString(8)=FIX.4.4',
      'EncodedTextLen(354)=7',
      'EncodedText(355)=a?54=1b',
      'Side(54)=2 (Sell)',
    ]);
  });

  it('names fields as the version of the message does', () => {
    const shown = ['FIX.4.2', 'FIX.4.4', 'FIXT.1.1', 'FIX.9.9'].map((beginString) =>
      describeMessage(`8=${beginString}|35=8|20=0|150=1|32=5|10=000|`).slice(2, 5).join(' '),
    );
    const newer = 'ExecTransType(20)=0 (New) ExecType(150)=1 (PartialFill) LastQty(32)=5';
    expect(shown).to.deep.equal([newer.replace('LastQty', 'LastShares'), newer, newer, newer]);
  });

  it('names the fields that the venue adds', () => {
    const shown = describeMessage('8=FIX.4.2|35=A|553=17|8013=Y|8014=10|10=000|');
    expect(shown).to.include.members([
      'Username(553)=17',
      'CancelOrdersOnDisconnect(8013)=Y',
      'CancelOnDisconnectWindow(8014)=10',
    ]);
  });

  it('keeps a separator that is part of a value', () => {
    expect(describeMessage('8=FIX.4.4|58=a|b|10=000|')[1]).to.equal('Text(58)=a|b');
  });

  it('shows unknown tags and what is no field', () => {
    expect(describeMessage('8=FIX.4.4\x01abc\x017001=x\x01')).to.deep.equal([
      'BeginString(8)=FIX.4.4',
      'abc',
      '?(7001)=x',
    ]);
    expect(describeMessage('hello')).to.deep.equal(['hello']);
    expect(describeMessage('')).to.deep.equal([]);
  });

  it('lets no control character through to a terminal', () => {
    expect(describeMessage('8=FIX.4.4\x0158=\x1b[31mred\x01').join()).to.not.include('\x1b');
    expect(summariseMessage('8=FIX.4.4\x0135=B\x0158=\x1b[31mred\x01')).to.not.include('\x1b');
  });
});

describe('a summarised message', () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      orderBody('11=c1|55=BTC-USD|54=1|38=0.5|40=2|44=100.00|59=1|'),
      'NewOrderSingle 11=c1 BUY 0.5 BTC-USD @ 100.00 GoodTillCancel',
    ],
    [orderBody('11=c1|55=BTC-USD|54=2|38=1|40=1|'), 'NewOrderSingle 11=c1 SELL 1 BTC-USD @ Market'],
    [
      orderBody('11=c1|55=BTC-USD|54=1|38=5|40=4|44=101|99=100|111=1|59=6|126=20260103-10:00:00|'),
      'NewOrderSingle 11=c1 BUY 5 BTC-USD @ 101 when 100 trades showing 1 GoodTillDate',
    ],
    [
      `35=q|${MEMBER_HEADER}11=q1|530=1|55=BTC-USD|`,
      'OrderMassCancelRequest ClOrdID=q1 MassCancelRequestType=CancelOrdersForASecurity Symbol=BTC-USD',
    ],
    [
      `35=8|${MEMBER_HEADER}11=c1|150=D|39=0|55=BTC-USD|54=1|38=5|40=2|44=100|14=0|151=5|378=3|`,
      'ExecutionReport Restated: 11=c1 BUY 5 BTC-USD @ 100 is New, filled 0, leaves 5 RepricingOfOrder',
    ],
    [`35=F|${MEMBER_HEADER}41=c1|11=c2|55=BTC-USD|54=1|`, 'OrderCancelRequest 11=c2 41=c1 BUY BTC-USD'],
    [
      `35=G|${MEMBER_HEADER}41=c1|11=c2|55=BTC-USD|54=1|38=2|40=2|44=99|`,
      'OrderCancelReplaceRequest 11=c2 41=c1 BUY 2 BTC-USD @ 99',
    ],
    [
      `35=8|${MEMBER_HEADER}11=c1|150=F|39=1|55=BTC-USD|54=1|38=0.5|40=2|44=100|32=0.2|31=99|14=0.2|151=0.3|`,
      'ExecutionReport Trade: 11=c1 0.2 @ 99 of BUY 0.5 BTC-USD @ 100 is PartiallyFilled, filled 0.2, leaves 0.3',
    ],
    [
      `35=8|${MEMBER_HEADER}11=c1|150=8|39=8|55=X|54=1|38=5|14=0|151=0|103=1|58=no such symbol|`,
      'ExecutionReport Rejected: 11=c1 BUY 5 X is Rejected, filled 0, leaves 0 UnknownSymbol "no such symbol"',
    ],
    [
      `35=9|${MEMBER_HEADER}11=c2|41=c1|39=2|434=1|102=0|58=filled|`,
      'OrderCancelReject 11=c2 41=c1 order is Filled: TooLateToCancel "filled"',
    ],
    [`35=A|${MEMBER_HEADER}98=0|108=30|554=x|`, 'Logon EncryptMethod=None HeartBtInt=30 Password=***'],
    [`35=0|${MEMBER_HEADER}`, 'Heartbeat'],
    [`35=B|${MEMBER_HEADER}148=maintenance|`, 'News Headline=maintenance'],
    [
      `35=3|${MEMBER_HEADER}45=5|371=44|373=6|58=why|`,
      'Reject RefSeqNum=5 RefTagID=44 SessionRejectReason=IncorrectDataFormatForValue Text=why',
    ],
    [`35=~|${MEMBER_HEADER}58=x|`, 'MsgType(35)=~ Text=x'],
  ];
  for (const [body, expected] of cases) {
    it(`reads: ${expected}`, () => {
      expect(summariseMessage(fixFrame(body))).to.equal(expected);
    });
  }
});

import { expect } from 'chai';
import { readOrderCommand } from '../../src/fix/order-requests.ts';
import { DEFAULT_VALIDATOR_OPTIONS, type Violation, validate } from '../../src/fix/validator.ts';
import { FIX_VERSIONS, type FixVersion } from '../../src/fix/version.ts';
import { fixMessage, MEMBER_HEADER } from '../support/fix-frames.ts';

const TIME = '20260102-03:04:05';
const ORDER = `35=D|${MEMBER_HEADER}11=c1|21=1|55=BTC-USD|54=1|60=${TIME}|40=2|38=1|44=100|`;
const CANCEL = `35=F|${MEMBER_HEADER}41=c1|11=c2|55=BTC-USD|54=1|60=${TIME}|38=1|`;
const REPLACE = `35=G|${MEMBER_HEADER}41=c1|11=c2|21=1|55=BTC-USD|54=1|60=${TIME}|40=2|38=1|44=100|`;
const LOGON = `35=A|${MEMBER_HEADER}98=0|108=30|141=Y|553=17|554=secret|8013=Y|8014=10|`;

function judged(version: FixVersion, body: string): Violation | undefined {
  return validate(fixMessage(body), version);
}

/** `373=n 371=tag`, `380=n 371=tag`, or `passed`. */
function verdict(version: FixVersion, body: string): string {
  const violation = judged(version, body);
  if (violation === undefined) return 'passed';
  return violation.type === 'Reject'
    ? `373=${violation.sessionRejectReason} 371=${violation.refTagId}`
    : `380=${violation.businessRejectReason} 371=${violation.refTagId}`;
}

/** The body without one of its fields. */
function without(body: string, tag: number): string {
  return body.replace(new RegExp(`(?<=\\|)${tag}=[^|]*\\|`), '');
}

/** What FIX says wherever an engine is at fault, whatever the version. */
const CORNERS: readonly (readonly [string, string, string])[] = [
  ['an order', ORDER, 'passed'],
  ['a cancel', CANCEL, 'passed'],
  ['a replace', REPLACE, 'passed'],
  [
    'a body in another order',
    `35=D|49=17|34=2|56=ONEBOOK|52=${TIME}|40=1|55=B|60=${TIME}|54=1|21=3|11=i|38=1|`,
    'passed',
  ],
  ['a tag that is not defined', `${ORDER}4999=HI|`, '373=0 371=4999'],
  ['a tag of a member of its own', `${ORDER}5000=HI|`, '373=0 371=5000'],
  ['a tag of zero', `35=0|${MEMBER_HEADER}0=HI|`, '373=0 371=0'],
  ['a negative tag', `35=0|${MEMBER_HEADER}-1=HI|`, '373=0 371=-1'],
  ['an order without a side', without(ORDER, 54), '373=1 371=54'],
  ['a header without TargetCompID', `35=0|49=17|34=2|52=${TIME}|`, '373=1 371=56'],
  ['a text in a Heartbeat', `35=0|${MEMBER_HEADER}58=HI|`, '373=2 371=58'],
  ['the venue field of another message', `${ORDER}8013=Y|`, '373=2 371=8013'],
  ['an empty TargetCompID', `35=0|49=17|34=2|52=${TIME}|56=|`, '373=4 371=56'],
  ['an instruction that is not defined', ORDER.replace('21=1', '21=4'), '373=5 371=21'],
  ['a security type that is not defined', `${ORDER}167=BOO|`, '373=5 371=167'],
  ['a security type', `${ORDER}167=CS|`, 'passed'],
  ['leading zeros', ORDER.replace('38=1', '38=002000.00'), 'passed'],
  ['a plus sign', ORDER.replace('38=1', '38=+200.00'), '373=6 371=38'],
  [
    'all of the body before the header',
    `35=D|11=id|21=3|40=1|54=1|55=B|60=${TIME}|34=2|49=17|52=${TIME}|56=X|`,
    '373=14 371=34',
  ],
  [
    'one body field before the header',
    `35=D|55=B|34=3|49=17|52=${TIME}|56=X|11=id|21=3|40=1|54=1|60=${TIME}|`,
    '373=14 371=34',
  ],
  ['a tag twice', `${ORDER}40=2|`, '373=13 371=40'],
  ['a group of nothing', `${ORDER}386=0|`, 'passed'],
  ['a group', `${ORDER}386=2|336=1|336=2|`, 'passed'],
  ['a group that says three and has two', `${ORDER}386=3|336=1|336=2|`, '373=16 371=386'],
  ['a group that begins with another member', `${ORDER}78=2|80=50|79=a|80=150|79=b|`, '373=15 371=80'],
  ['an unknown message', `35=*|${MEMBER_HEADER}`, '373=11 371=35'],
  ['a message that only the venue sends', `35=8|${MEMBER_HEADER}37=id|`, '380=3 371=35'],
  ['a message that the venue does not take', `35=V|${MEMBER_HEADER}262=1|`, '380=3 371=35'],
  ['a limit order without a price', without(ORDER, 44), '380=5 371=44'],
  ['an order without a quantity', without(ORDER, 38), '380=5 371=38'],
  ['an order with data that contains SOH', `${ORDER}354=3|355=a|b|`, 'passed'],
];

for (const version of FIX_VERSIONS) {
  describe(`the validator of ${version}`, () => {
    it('judges how a group is laid out before what is in it', () => {
      expect(verdict(version, `${ORDER}386=3|336=PRE OPEN|336=\t|`)).to.equal('373=16 371=386');
    });

    for (const [name, body, expected] of CORNERS) {
      it(`judges ${name}: ${expected}`, () => {
        expect(verdict(version, body)).to.equal(expected);
      });
    }

    it('takes the Logon of a member with what the venue adds', () => {
      const logon = version === 'FIX.5.0SP2' ? `${LOGON}1137=9|` : LOGON;
      expect(verdict(version, logon)).to.equal('passed');
      expect(verdict(version, logon.replace('8013=Y', '8013=yes'))).to.equal('373=6 371=8013');
    });
  });
}

describe('the differences between versions', () => {
  for (const [name, body, fix42, fix44, fix50] of [
    ['HandlInst is required in FIX.4.2', without(ORDER, 21), '373=1 371=21', 'passed', 'passed'],
    ['and in a replace', without(REPLACE, 21), '373=1 371=21', 'passed', 'passed'],
    [
      'Symbol is required up to FIX.4.4, and by the venue',
      without(ORDER, 55),
      '373=1 371=55',
      '373=1 371=55',
      '380=5 371=55',
    ],
    ['OrigClOrdID likewise', without(CANCEL, 41), '373=1 371=41', '373=1 371=41', '380=5 371=41'],
    ['parties came with FIX.4.3', `${ORDER}453=0|`, '373=0 371=453', 'passed', 'passed'],
    [
      'so did the order of AllocAcctIDSource',
      `${ORDER}78=1|79=a|80=1|661=X|`,
      '373=0 371=661',
      '373=15 371=661',
      '373=15 371=661',
    ],
    [
      'display instructions came with FIX.5.0',
      `${ORDER}1138=1|`,
      '373=0 371=1138',
      '373=0 371=1138',
      'passed',
    ],
    ['Rule80A went after FIX.4.2', `${ORDER}47=A|`, 'passed', '373=0 371=47', '373=0 371=47'],
    ['ClientID too', `${ORDER}109=x|`, 'passed', '373=0 371=109', '373=0 371=109'],
    [
      'NextExpectedMsgSeqNum came with FIX.4.4',
      `${LOGON}789=1|1137=9|`,
      '373=0 371=789',
      '373=0 371=1137',
      'passed',
    ],
    ['FIXT.1.1 must name its application version', LOGON, 'passed', 'passed', '373=1 371=1137'],
    ['ApplVerID is FIXT.1.1', `35=0|${MEMBER_HEADER}1128=9|`, '373=0 371=1128', '373=0 371=1128', 'passed'],
    [
      'OnBehalfOfSendingTime is FIX.4.2',
      `35=0|${MEMBER_HEADER}370=${TIME}|`,
      'passed',
      '373=0 371=370',
      '373=0 371=370',
    ],
    [
      'a trade capture report request is no message of FIX.4.2',
      `35=AD|${MEMBER_HEADER}`,
      '373=11 371=35',
      '380=3 371=35',
      '380=3 371=35',
    ],
    [
      'an application report came with FIX.5.0',
      `35=BY|${MEMBER_HEADER}`,
      '373=11 371=35',
      '373=11 371=35',
      '380=3 371=35',
    ],
  ] as const) {
    it(name, () => {
      expect(FIX_VERSIONS.map((version) => verdict(version, body))).to.deep.equal([fix42, fix44, fix50]);
    });
  }

  it('are told in the words of the version', () => {
    expect(judged('FIX.4.2', `${ORDER}63=x|`)?.text).to.equal('SettlmntTyp(63)=x is not a defined value');
    expect(judged('FIX.4.2', `${ORDER}453=0|`)?.text).to.equal('NoPartyIDs(453) is not defined in FIX.4.2');
  });

  it('leave the tags of a member who may send its own alone, and not those of the venue', () => {
    const options = { ...DEFAULT_VALIDATOR_OPTIONS, allowUserDefined: true };
    for (const version of FIX_VERSIONS) {
      expect(validate(fixMessage(`${ORDER}8012=x|8015=|`), version, options)).to.include({ refTagId: 8015 });
      const logon = `${LOGON}${version === 'FIX.5.0SP2' ? '1137=9|' : ''}9000=x|8014=x|`;
      expect(validate(fixMessage(logon), version, options)).to.include({ refTagId: 8014 });
    }
  });
});

describe('an order of FIX.5.0SP2 that the venue does not do', () => {
  for (const [field, text] of [
    ['1084=1', 'DisplayMethod(1084)=1 (Initial) is not supported'],
    ['1100=4', 'TriggerType(1100)=4 (PriceMovement) is not supported'],
    ['1094=1', 'PegPriceType(1094)=1 (LastPeg) is not supported'],
  ] as const) {
    it(`is refused with the field and its value: ${field}`, () => {
      const message = fixMessage(`${ORDER}${field}|`);
      expect(validate(message, 'FIX.5.0SP2')).to.equal(undefined);
      expect(readOrderCommand(message, 'FIX.5.0SP2')).to.deep.nested.include({ 'refusal.text': text });
    });
  }
});

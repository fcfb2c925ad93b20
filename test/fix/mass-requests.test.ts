import { expect } from 'chai';
import { readOrderCommand } from '../../src/fix/order-requests.ts';
import { unsupportedRequest } from '../../src/fix/reports.ts';
import type { OrderCommandReading } from '../../src/fix/request-readings.ts';
import { type Violation, validate } from '../../src/fix/validator.ts';
import { FIX_VERSIONS, type FixVersion } from '../../src/fix/version.ts';
import { fixMessage, MEMBER_HEADER } from '../support/fix-frames.ts';

const MASS_CANCEL = `35=q|${MEMBER_HEADER}11=q1|60=20260102-03:04:05|`;
const STATUS = `35=H|${MEMBER_HEADER}55=BTC-USD|54=1|`;
const MASS_STATUS = `35=AF|${MEMBER_HEADER}584=s1|`;
const SINCE_44: readonly FixVersion[] = ['FIX.4.4', 'FIX.5.0SP2'];

/** Reads a body that the validator passes: nothing else comes this far. */
function read(body: string, version: FixVersion): OrderCommandReading {
  const message = fixMessage(body);
  expect(validate(message, version)).to.equal(undefined);
  return readOrderCommand(message, version);
}

/** `380=5 371=55`. */
function verdict(body: string, version: FixVersion): string {
  const violation: Violation | undefined = validate(fixMessage(body), version);
  if (violation === undefined) return 'passed';
  const reason =
    violation.type === 'Reject'
      ? `373=${violation.sessionRejectReason}`
      : `380=${violation.businessRejectReason}`;
  return `${reason} 371=${violation.refTagId}`;
}

for (const version of SINCE_44) {
  describe(`a mass cancel in ${version}`, () => {
    const ofAll = {
      type: 'OrderMassCancelRequest',
      clOrdId: 'q1',
      symbol: undefined,
      side: undefined,
      mayBeRepeat: false,
    };

    for (const [fields, expected] of [
      ['530=7|', ofAll],
      ['530=7|54=2|', { ...ofAll, side: '2' }],
      ['530=1|55=BTC-USD|', { ...ofAll, symbol: 'BTC-USD' }],
      ['530=1|55=BTC-USD|54=1|', { ...ofAll, symbol: 'BTC-USD', side: '1' }],
      ['530=7|55=BTC-USD|', ofAll],
    ] as const) {
      it(`is of what it names: ${fields}`, () => {
        expect(read(`${MASS_CANCEL}${fields}`, version)).to.deep.equal({
          type: 'Command',
          command: expected,
        });
      });
    }

    it('may be a repeat', () => {
      const body = MASS_CANCEL.replace('11=q1|', '97=Y|11=q1|');
      expect(read(`${body}530=7|`, version)).to.deep.nested.include({ 'command.mayBeRepeat': true });
    });

    for (const [fields, massCancelRejectReason, text] of [
      ['530=3|', 0, 'MassCancelRequestType(530)=3 (CancelOrdersForAProduct) is not supported'],
      ['530=7|54=5|', 99, 'Side(54)=5 (SellShort) is not supported'],
    ] as const) {
      it(`is refused by its own report and recorded: ${fields}`, () => {
        const reading = read(`${MASS_CANCEL}${fields}`, version);
        if (reading.type !== 'Unsupported') throw new Error('taken');
        const massCancelRequestType = fields.slice(4, 5);
        const side = fields.includes('54=') ? '5' : undefined;
        expect(reading.refusal).to.deep.equal({
          type: 'MassCancelRefused',
          clOrdId: 'q1',
          massCancelRequestType,
          symbol: undefined,
          side,
          massCancelRejectReason,
          text,
        });
        expect(unsupportedRequest(reading.refusal)).to.deep.equal({
          type: 'UnsupportedRequest',
          msgType: 'q',
          clOrdId: 'q1',
          origClOrdId: undefined,
          symbol: '',
          side: side ?? '',
          orderQty: '0',
          reason: massCancelRejectReason,
          massCancelRequestType,
          text,
        });
      });
    }

    it('by symbol needs one, and each a time and a kind', () => {
      expect(verdict(`${MASS_CANCEL}530=1|`, version)).to.equal('380=5 371=55');
      expect(verdict(MASS_CANCEL, version)).to.equal('373=1 371=530');
      expect(verdict(`35=q|${MEMBER_HEADER}11=q1|530=7|`, version)).to.equal('373=1 371=60');
      expect(verdict(`${MASS_CANCEL}530=x|`, version)).to.equal('373=5 371=530');
    });
  });

  describe(`a mass status request in ${version}`, () => {
    const ofAll = {
      type: 'OrderMassStatusRequest',
      massStatusReqId: 's1',
      symbol: undefined,
      side: undefined,
    };

    for (const [fields, expected] of [
      ['585=7|', ofAll],
      ['585=7|55=BTC-USD|54=1|', { ...ofAll, side: '1' }],
      ['585=1|55=BTC-USD|', { ...ofAll, symbol: 'BTC-USD' }],
    ] as const) {
      it(`is about what it names: ${fields}`, () => {
        expect(read(`${MASS_STATUS}${fields}`, version)).to.deep.equal({
          type: 'Command',
          command: expected,
        });
      });
    }

    it('of another kind has no answer of its own', () => {
      expect(read(`${MASS_STATUS}585=6|`, version)).to.deep.equal({
        type: 'NotOffered',
        text: 'MassStatusReqType(585)=6 (StatusForOrdersForATradingSession) is not supported',
      });
      expect(read(`${MASS_STATUS}585=7|54=5|`, version)).to.deep.equal({
        type: 'NotOffered',
        text: 'Side(54)=5 (SellShort) is not supported',
      });
    });

    it('by symbol needs one', () => {
      expect(verdict(`${MASS_STATUS}585=1|`, version)).to.equal('380=5 371=55');
    });
  });
}

for (const version of FIX_VERSIONS) {
  describe(`a status request in ${version}`, () => {
    const ofC1 = {
      type: 'OrderStatusRequest',
      clOrdId: 'c1',
      orderId: undefined,
      symbol: 'BTC-USD',
      side: '1',
      ordStatusReqId: undefined,
    };

    it('names its order by ClOrdID, and OrderID besides', () => {
      expect(read(`${STATUS}11=c1|`, version)).to.deep.equal({ type: 'Command', command: ofC1 });
      const both = { ...ofC1, orderId: '7' };
      expect(read(`${STATUS}11=c1|37=7|`, version)).to.deep.equal({ type: 'Command', command: both });
    });

    it('for another side has no answer of its own', () => {
      expect(read(`${STATUS.replace('54=1', '54=5')}11=c1|`, version)).to.deep.equal({
        type: 'NotOffered',
        text: 'Side(54)=5 (SellShort) is not supported',
      });
    });
  });
}

describe('the differences of these requests between versions', () => {
  for (const [name, body, ...expected] of [
    ['a mass cancel came with FIX.4.3', `${MASS_CANCEL}530=7|`, '373=11 371=35', 'passed', 'passed'],
    ['so did a mass status request', `${MASS_STATUS}585=7|`, '373=11 371=35', 'passed', 'passed'],
    ['OrdStatusReqID too', `${STATUS}11=c1|790=r1|`, '373=0 371=790', 'passed', 'passed'],
    [
      'OrderID alone may name an order since FIX.5.0',
      `${STATUS}37=7|`,
      '373=1 371=11',
      '373=1 371=11',
      'passed',
    ],
    ['one of the two there must be', STATUS, '373=1 371=11', '373=1 371=11', '380=5 371=11'],
  ] as const) {
    it(name, () => {
      expect(FIX_VERSIONS.map((version) => verdict(body, version))).to.deep.equal(expected);
    });
  }

  it('are none in what identifies the request', () => {
    for (const version of SINCE_44) {
      expect(read(`${STATUS}11=c1|790=r1|`, version)).to.deep.nested.include({
        'command.ordStatusReqId': 'r1',
      });
    }
    expect(read(`${STATUS}37=7|`, 'FIX.5.0SP2')).to.deep.nested.include({
      'command.clOrdId': undefined,
      'command.orderId': '7',
    });
  });
});

import { expect } from 'chai';
import { type FixMessage, parseMessage } from '../../src/fix/message.ts';
import { reportMsgType, writeReport } from '../../src/fix/report-messages.ts';
import { DEFAULT_VALIDATOR_OPTIONS, validate } from '../../src/fix/validator.ts';
import { beginStringOf, FIX_VERSIONS, type FixVersion } from '../../src/fix/version.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import type { ExecutionReport, Report } from '../../src/matching/execution-report.ts';
import { fixFrame } from '../support/fix-frames.ts';
import {
  CANCEL_REJECT,
  FILL_REPORT,
  NEW_REPORT,
  REFUSED_REPORT,
  REPORTED_AT,
  REPORTS,
} from '../support/venue-reports.ts';

/** A report as a member of that version gets it. */
function written(report: Report, version: FixVersion = 'FIX.4.4'): Buffer {
  const writer = new MessageWriter({
    beginString: beginStringOf(version),
    senderCompId: 'ONEBOOK',
    targetCompId: '17',
  });
  writer.begin(reportMsgType(report), 3, REPORTED_AT);
  writeReport(writer, report, version);
  return writer.end();
}

const VENUE_HEADER = '49=ONEBOOK|56=17|34=3|52=20260102-03:04:05.678|';

describe('a report', () => {
  for (const [name, report, body] of [
    [
      'of a new order',
      NEW_REPORT,
      '37=7|17=BTC-USD-12|150=0|39=0|55=BTC-USD|54=1|38=0.50|40=2|44=100.25|59=1|151=0.50|14=0.00|6=0|11=c1|60=20260102-03:04:05.678|',
    ],
    [
      'of a fill with a fee',
      FILL_REPORT,
      '37=7|17=BTC-USD-12|150=F|39=1|55=BTC-USD|54=1|38=0.50|40=2|44=100.25|59=1|151=0.30|14=0.20|6=100.25|11=c1|60=20260102-03:04:05.678|31=100.25|32=0.20|527=9|851=2|136=1|137=0.02005|138=USD|139=4|',
    ],
    [
      'of a reject of an unknown order type',
      {
        ...NEW_REPORT,
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
      {
        ...NEW_REPORT,
        execType: '4',
        ordStatus: '4',
        leavesQty: '0.00',
        execRestatementReason: 6,
        text: 'halted',
      },
      '37=7|17=BTC-USD-12|150=4|39=4|55=BTC-USD|54=1|38=0.50|40=2|44=100.25|59=1|151=0.00|14=0.00|6=0|11=c1|60=20260102-03:04:05.678|378=6|58=halted|',
    ],
    [
      'of a replace, with both ids',
      { ...NEW_REPORT, execType: '5', clOrdId: 'c2', origClOrdId: 'c1' },
      '37=7|17=BTC-USD-12|150=5|39=0|55=BTC-USD|54=1|38=0.50|40=2|44=100.25|59=1|151=0.50|14=0.00|6=0|11=c2|41=c1|60=20260102-03:04:05.678|',
    ],
  ] satisfies readonly (readonly [string, ExecutionReport, string])[]) {
    it(`${name} is an ExecutionReport`, () => {
      expect(written(report)).to.deep.equal(fixFrame(`35=8|${VENUE_HEADER}${body}`));
    });
  }

  it('of a fill without a fee has no fee group', () => {
    for (const fee of ['0', '0.00']) {
      const frame = written({ ...FILL_REPORT, fill: { ...FILL_REPORT.fill!, fee } }).toString('latin1');
      expect(frame).to.not.include('\x01136=');
      expect(frame).to.include('\x01851=2\x0110=');
    }
  });

  it('of a refused cancel is an OrderCancelReject', () => {
    const body = '37=NONE|11=c2|41=c1|39=8|434=1|102=1|58=unknown order|60=20260102-03:04:05.678|';
    expect(written(CANCEL_REJECT)).to.deep.equal(fixFrame(`35=9|${VENUE_HEADER}${body}`));
  });
});

/** The fields of a report in FIX.4.2, as `tag=value`. */
function fields42(report: Report): string[] {
  return written(report, 'FIX.4.2').toString('latin1').split('\x01');
}

describe('a report in FIX.4.2', () => {
  it('of a fill says its status twice, and neither trade id nor fee', () => {
    const body =
      '37=7|17=BTC-USD-12|20=0|150=1|39=1|55=BTC-USD|54=1|38=0.50|40=2|44=100.25|59=1|151=0.30|14=0.20|6=100.25|11=c1|60=20260102-03:04:05.678|31=100.25|32=0.20|';
    expect(written(FILL_REPORT, 'FIX.4.2')).to.deep.equal(fixFrame(`35=8|${VENUE_HEADER}${body}`, 'FIX.4.2'));
    expect(fields42({ ...FILL_REPORT, ordStatus: '2' })).to.include.members(['150=2', '39=2']);
  });

  it('of a replace says 39=5 while nothing is filled, then the quantity decides', () => {
    const replaced = { ...NEW_REPORT, execType: '5', clOrdId: 'c2', origClOrdId: 'c1' } as const;
    expect(fields42(replaced)).to.include.members(['20=0', '150=5', '39=5']);
    expect(fields42({ ...replaced, ordStatus: '1' })).to.include.members(['150=5', '39=1']);
  });

  it('that answers a repeat is a status: 20=3, and 150 as 39', () => {
    for (const ordStatus of ['0', '1', '2', '4', '8', 'C'] as const) {
      const report: ExecutionReport = { ...NEW_REPORT, sourceSeq: 0, execType: 'I', ordStatus };
      expect(fields42(report)).to.include.members(['17=0', '20=3', `150=${ordStatus}`, `39=${ordStatus}`]);
    }
  });

  it('of an expiry is 150=C as in the others', () => {
    expect(fields42({ ...NEW_REPORT, execType: 'C', ordStatus: 'C' })).to.include.members(['150=C', '39=C']);
  });

  it('gives reasons that the version does not know as the venue option, with the text', () => {
    for (const [ordRejReason, said] of [
      [3, 3],
      [6, 6],
      [11, 0],
      [13, 0],
      [99, 0],
    ] as const) {
      expect(fields42({ ...REFUSED_REPORT, ordRejReason })).to.include.members([
        `103=${said}`,
        '58=not supported',
      ]);
    }
    for (const execRestatementReason of [6, 7, 8, 99]) {
      expect(fields42({ ...NEW_REPORT, execType: '4', execRestatementReason })).to.include('378=4');
    }
    for (const [cxlRejReason, said] of [
      [0, 0],
      [1, 1],
      [2, 2],
      [6, 0],
      [99, 2],
    ] as const) {
      expect(fields42({ ...CANCEL_REJECT, cxlRejReason })).to.include(`102=${said}`);
    }
  });
});

for (const version of FIX_VERSIONS) {
  describe(`every report in ${version}`, () => {
    for (const [name, report] of REPORTS) {
      it(`keeps the venue's own rules: ${name}`, () => {
        const message = parseMessage(written(report, version)) as FixMessage;
        const options = { ...DEFAULT_VALIDATOR_OPTIONS, sender: 'venue' } as const;
        expect(validate(message, version, options)).to.equal(undefined);
      });
    }
  });
}

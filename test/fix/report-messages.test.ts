import { expect } from 'chai';
import { type FixMessage, parseMessage } from '../../src/fix/message.ts';
import { reportMsgType, writeReport } from '../../src/fix/report-messages.ts';
import { DEFAULT_VALIDATOR_OPTIONS, validate } from '../../src/fix/validator.ts';
import { beginStringOf, FIX_VERSIONS, type FixVersion } from '../../src/fix/version.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import type { ExecutionReport, OrderMassCancelReport, Report } from '../../src/matching/execution-report.ts';
import { fixFrame } from '../support/fix-frames.ts';
import {
  CANCEL_REJECT,
  FILL_REPORT,
  INSTRUCTIONS,
  MASS_CANCEL_REPORT,
  NEW_REPORT,
  NO_ORDER_REPORT,
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
  writer.begin(reportMsgType(report, version), 3, REPORTED_AT);
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

/** The fields of a report between its header and its trailer, or those of some tags. */
function fieldsOf(report: Report, version: FixVersion, tags?: readonly number[]): string {
  const fields = written(report, version).toString('latin1').split('\x01').slice(7, -2);
  const isWanted = (field: string): boolean => tags?.includes(Number(field.split('=')[0])) ?? true;
  return fields.filter(isWanted).join(' ');
}

describe('a report of each version', () => {
  const EXEC = [17, 19, 20, 39, 150, 378];
  const working = { ...INSTRUCTIONS, isWorking: true };
  for (const [name, report, tags, fix42, fix44, fix50] of [
    [
      'of a trigger is a restatement where there is no word for it',
      { ...NEW_REPORT, execType: 'L', instructions: working },
      [...EXEC, 636],
      '17=BTC-USD-12 20=0 150=D 39=0 378=4',
      '17=BTC-USD-12 150=D 39=0 636=Y 378=99',
      '17=BTC-USD-12 150=L 39=0 636=Y',
    ],
    [
      'of a fresh slice',
      { ...NEW_REPORT, execType: 'D', execRestatementReason: 8 },
      EXEC,
      '17=BTC-USD-12 20=0 150=D 39=0 378=4',
      '17=BTC-USD-12 150=D 39=0 378=8',
      '17=BTC-USD-12 150=D 39=0 378=8',
    ],
    [
      'of a decrement',
      { ...NEW_REPORT, execType: 'D', execRestatementReason: 5, ordStatus: '1' },
      EXEC,
      '17=BTC-USD-12 20=0 150=D 39=1 378=5',
      '17=BTC-USD-12 150=D 39=1 378=5',
      '17=BTC-USD-12 150=D 39=1 378=5',
    ],
    [
      'of a cancel by self-trade prevention',
      { ...NEW_REPORT, execType: '4', ordStatus: '4', execRestatementReason: 8 },
      EXEC,
      '17=BTC-USD-12 20=0 150=4 39=4 378=4',
      '17=BTC-USD-12 150=4 39=4 378=8',
      '17=BTC-USD-12 150=4 39=4 378=8',
    ],
    [
      'of a trade that is taken back',
      { ...NEW_REPORT, sourceSeq: 30, execType: 'H', ordStatus: '2', execRefId: 'BTC-USD-12' },
      EXEC,
      '17=BTC-USD-30 20=1 19=BTC-USD-12 150=2 39=2',
      '17=BTC-USD-30 19=BTC-USD-12 150=H 39=2',
      '17=BTC-USD-30 19=BTC-USD-12 150=H 39=2',
    ],
    [
      'of a trade that is corrected',
      { ...FILL_REPORT, sourceSeq: 30, execType: 'G', execRefId: 'BTC-USD-12' },
      [...EXEC, 31, 32, 527],
      '17=BTC-USD-30 20=2 19=BTC-USD-12 150=1 39=1 31=100.25 32=0.20',
      '17=BTC-USD-30 19=BTC-USD-12 150=G 39=1 31=100.25 32=0.20 527=9',
      '17=BTC-USD-30 19=BTC-USD-12 150=G 39=1 31=100.25 32=0.20 527=9',
    ],
    [
      'of an order with instructions and labels has all that the version has',
      { ...NEW_REPORT, instructions: INSTRUCTIONS },
      [1, 18, 99, 110, 111, 126, 432, 526, 583, 636],
      '99=99.50 126=20260103-10:00:00.000 432=20260103 18=6 110=0.10 111=0.20 1=desk-7',
      '99=99.50 126=20260103-10:00:00.000 432=20260103 18=6 110=0.10 111=0.20 1=desk-7 526=s1 583=basket 636=N',
      '99=99.50 126=20260103-10:00:00.000 432=20260103 18=6 110=0.10 111=0.20 1=desk-7 526=s1 583=basket 636=N',
    ],
    [
      'of a status names the request where the version has a field for it',
      { ...NEW_REPORT, sourceSeq: 0, execType: 'I', ordStatusReqId: 'r1' },
      [...EXEC, 790],
      '17=0 20=3 150=0 39=0',
      '17=0 150=I 39=0 790=r1',
      '17=0 150=I 39=0 790=r1',
    ],
  ] as const satisfies readonly (readonly [
    string,
    ExecutionReport,
    readonly number[],
    string,
    string,
    string,
  ])[]) {
    it(name, () => {
      const told = FIX_VERSIONS.map((version) => fieldsOf(report, version, tags));
      expect(told).to.deep.equal([fix42, fix44, fix50]);
    });
  }

  it('of one order among many counts them, and says which is the last', () => {
    const massStatus = { massStatusReqId: 's1', totNumReports: 2, isLast: false };
    const report: ExecutionReport = { ...NEW_REPORT, sourceSeq: 0, execType: 'I', massStatus };
    const last: ExecutionReport = { ...report, massStatus: { ...massStatus, isLast: true } };
    for (const version of ['FIX.4.4', 'FIX.5.0SP2'] as const) {
      expect(fieldsOf(report, version, [584, 911, 912])).to.equal('584=s1 911=2 912=N');
      expect(fieldsOf(last, version, [584, 911, 912])).to.equal('584=s1 911=2 912=Y');
    }
  });

  it('of no order at all names none', () => {
    for (const version of ['FIX.4.4', 'FIX.5.0SP2'] as const) {
      expect(fieldsOf(NO_ORDER_REPORT, version, [11, 37, 39, 54, 55, 150, 911, 912])).to.equal(
        '37=NONE 150=I 39=8 55=[N/A] 54=7 11=NONE 911=0 912=Y',
      );
    }
  });
});

describe('the report of a mass cancel', () => {
  const id = 'user:17-5';
  const time = '60=20260102-03:04:05.678';
  const head = `11=q1 37=${id}`;
  for (const [name, report, fix44, fix50] of [
    ['of all orders', MASS_CANCEL_REPORT, `530=7 531=7 533=2 ${time}`, undefined],
    [
      'whose count was lost',
      { ...MASS_CANCEL_REPORT, totalAffectedOrders: undefined },
      `530=7 531=7 ${time}`,
      undefined,
    ],
    [
      'of one symbol and side',
      { ...MASS_CANCEL_REPORT, symbol: 'BTC-USD', side: '1' },
      `530=1 531=1 533=2 55=BTC-USD 54=1 ${time}`,
      undefined,
    ],
    [
      'with orders of a book that has not answered',
      {
        ...MASS_CANCEL_REPORT,
        unanswered: [
          { clOrdId: 'c1', orderId: 7 },
          { clOrdId: 'c2', orderId: 9 },
        ],
      },
      `530=7 531=7 533=2 534=2 41=c1 535=7 41=c2 535=9 ${time}`,
      undefined,
    ],
    [
      'of an unknown symbol',
      {
        ...MASS_CANCEL_REPORT,
        symbol: 'X',
        massCancelRejectReason: 1,
        totalAffectedOrders: 0,
        text: 'Symbol(55)=X is not traded here',
      },
      `530=1 531=0 532=1 533=0 55=X ${time} 58=Symbol(55)=X is not traded here`,
      undefined,
    ],
    [
      'of a kind that the venue does not do',
      {
        ...MASS_CANCEL_REPORT,
        massCancelRequestType: '3',
        massCancelRejectReason: 0,
        totalAffectedOrders: 0,
        text: 'no',
      },
      `530=3 531=0 532=0 533=0 ${time} 58=no`,
      undefined,
    ],
    [
      'refused for a reason of two characters',
      { ...MASS_CANCEL_REPORT, massCancelRejectReason: 99, totalAffectedOrders: 0, text: 'used' },
      `530=7 531=0 533=0 ${time} 58=used`,
      `530=7 531=0 532=99 533=0 ${time} 58=used`,
    ],
  ] as const satisfies readonly (readonly [string, OrderMassCancelReport, string, string | undefined])[]) {
    it(`${name} is an OrderMassCancelReport`, () => {
      expect(reportMsgType(report, 'FIX.4.4')).to.equal('r');
      expect(fieldsOf(report, 'FIX.4.4')).to.equal(`${head} ${fix44}`);
      expect(fieldsOf(report, 'FIX.5.0SP2')).to.equal(`${head} 1369=${id} ${fix50 ?? fix44}`);
    });
  }

  it('is told as News to a member that has come back with FIX.4.2', () => {
    expect(reportMsgType(MASS_CANCEL_REPORT, 'FIX.4.2')).to.equal('B');
    const report = { ...MASS_CANCEL_REPORT, unanswered: [{ clOrdId: 'c1', orderId: 7 }] };
    expect(fieldsOf(report, 'FIX.4.2', [33, 58, 148])).to.equal(
      `148=OrderMassCancelReport ${id} 33=2 58=mass cancel q1: 2 orders are canceled 58=c1 (OrderID 7) may still be canceled`,
    );
    const uncounted = { ...MASS_CANCEL_REPORT, totalAffectedOrders: undefined };
    expect(fieldsOf(uncounted, 'FIX.4.2', [58])).to.equal(
      '58=mass cancel q1 is carried out: orders are canceled as reported',
    );
    const refused = { ...MASS_CANCEL_REPORT, massCancelRejectReason: 99, text: 'why' };
    expect(fieldsOf(refused, 'FIX.4.2', [58])).to.equal('58=mass cancel q1 was refused: why');
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

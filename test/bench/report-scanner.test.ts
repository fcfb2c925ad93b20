/** What the benchmark counts must be what the venue said, however the network cut it up. */
import { expect } from 'chai';
import fc from 'fast-check';
import { ReportScanner } from '../../bench/support/report-scanner.ts';
import { TAG } from '../../src/fix/tags.ts';
import { MessageWriter } from '../../src/fix/writer.ts';

interface Seen {
  readonly reports: (readonly [string, number])[];
  readonly others: string[];
}

describe('report scanner of the benchmark', () => {
  it('finds every report in any pieces, and hands on what is none', () => {
    const orders = fc.array(
      fc.record({
        execType: fc.constantFrom('0', 'F', '8'),
        orderNo: fc.integer({ min: 0, max: 99_999_999 }),
        isReport: fc.boolean(),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(orders, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (list, pieces) => {
        const bytes = Buffer.concat(
          list.map((one, index) => (one.isReport ? reportBytes(index + 1, one) : heartbeatBytes(index + 1))),
        );
        const seen = scan(bytes, pieces);
        const reports = list.filter(({ isReport }) => isReport);
        expect(seen.reports).to.deep.equal(reports.map(({ execType, orderNo }) => [execType, orderNo]));
        expect(seen.others).to.deep.equal(list.filter(({ isReport }) => !isReport).map(() => '0'));
      }),
    );
  });

  it('refuses bytes that are no FIX frames', () => {
    const bytes = reportBytes(1, { execType: '0', orderNo: 1 });
    bytes[0] = 0x20;
    expect(() => scan(bytes, [bytes.length])).to.throw('no FIX frame');
  });
});

function scan(bytes: Buffer, pieces: readonly number[]): Seen {
  const seen: Seen = { reports: [], others: [] };
  const scanner = new ReportScanner({
    onReport: (execType, orderNo) => seen.reports.push([String.fromCharCode(execType), orderNo]),
    onOther: (msgType) => seen.others.push(msgType),
  });
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = pieces[turn % pieces.length] ?? 1;
    scanner.push(bytes.subarray(at, at + length));
    at += length;
  }
  return seen;
}

function newWriter(): MessageWriter {
  return new MessageWriter({ beginString: 'FIX.4.4', senderCompId: 'ONEBOOK', targetCompId: '1001' });
}

function reportBytes(seqNum: number, one: { readonly execType: string; readonly orderNo: number }): Buffer {
  return newWriter()
    .begin('8', seqNum, 0)
    .field(TAG.OrderID, 111_501)
    .field(TAG.ExecID, '11=150=0')
    .field(TAG.ExecType, one.execType)
    .field(TAG.LeavesQty, '11.150')
    .field(TAG.ClOrdID, `B${String(one.orderNo).padStart(8, '0')}`)
    .field(TAG.Text, '150=8')
    .end();
}

function heartbeatBytes(seqNum: number): Buffer {
  return newWriter().begin('0', seqNum, 0).end();
}

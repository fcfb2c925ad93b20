/** fixparser 2.9.5 in the comparison, used as its own server and clients use it. */
import fixparser from 'fixparser';
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import { type ExecutionReport, execId } from '../../src/matching/execution-report.ts';
import type { EncodeContender, ParseContender, TakeFields } from './codec-contender.ts';
import { FIRST_AT, MEMBER_COMP_ID, type StreamInput, VENUE_COMP_ID } from './codec-input.ts';

type Message = ReturnType<InstanceType<typeof fixparser.default>['parse']>[number];

/** Its parser alone: it is handed whole frames, so that it has not to find them. */
export const fixparserParse: ParseContender = {
  name: 'fixparser',
  does: 'is given whole frames; length and checksum; decimals become floats; no rule of the message',
  parse: (input, take) => parseWith(input, take, () => {}),
};

/** The same on what a socket gives: it finds frames in the text by a regular expression, as its server does. */
export const fixparserStream: ParseContender = {
  name: 'fixparser + framing',
  does: 'the same from the stream itself, frames found as text by a regular expression, as its server finds them',
  parse(input, take) {
    const parser = new fixparser.default();
    let rest = '';
    for (const chunk of input.chunks) {
      const text = rest + chunk.toString('latin1');
      let taken = 0;
      for (const match of text.matchAll(FRAME)) {
        taken = match.index + match[0].length;
        for (const message of parser.parse(match[0])) takeMessage(message, take);
      }
      rest = text.slice(taken);
    }
  },
};

const SOH = '\x01';
const FRAME = new RegExp(`8=[^]+?${SOH}10=\\d{3}${SOH}`, 'g');

/** The same with its check of required fields, which it offers for every message. */
export const fixparserValidate: ParseContender = {
  name: 'fixparser + validate()',
  does: 'the same, and which fields the message knows and lacks',
  parse: (input, take) => parseWith(input, take, (message) => message.validate()),
};

function parseWith(input: StreamInput, take: TakeFields, check: (message: Message) => void): void {
  const parser = new fixparser.default();
  for (const chunk of input.framedChunks) {
    for (const message of parser.parse(chunk.toString('latin1'))) {
      check(message);
      takeMessage(message, take);
    }
  }
}

function takeMessage(message: Message, take: TakeFields): void {
  if (!message.bodyLengthValid || !message.checksumValid) throw new Error('fixparser found a bad frame');
  const value = (tag: number): string | number | undefined => message.getField(tag)?.value;
  const msgType = value(35);
  if (msgType === '0') {
    take(msgType, value(34));
    return;
  }
  const hasTerms = msgType !== 'F';
  const origClOrdId = msgType === 'D' ? undefined : value(41);
  const [orderQty, price] = hasTerms ? [value(38), value(44)] : [];
  take(msgType, value(34), value(11), origClOrdId, value(55), value(54), orderQty, price);
}

/** Its Message and Field objects, encoded and turned into bytes. */
export const fixparserEncode: EncodeContender = {
  name: 'fixparser',
  does: 'objects for the message and every field, joined as text, searched for its length and checksum',
  encode(reports, take) {
    let msgSeqNum = 0;
    for (const report of reports) {
      msgSeqNum += 1;
      take(Buffer.from(messageOf(report, msgSeqNum).encode(), 'latin1'));
    }
  },
};

function messageOf(report: ExecutionReport, msgSeqNum: number) {
  const { Field, Message } = fixparser;
  const fields = [
    new Field(35, '8'),
    new Field(49, VENUE_COMP_ID),
    new Field(56, MEMBER_COMP_ID),
    new Field(34, msgSeqNum),
    new Field(52, utcTimestamp(FIRST_AT + msgSeqNum)),
    new Field(37, report.orderId ?? 'NONE'),
    new Field(17, execId(report)),
    new Field(150, report.execType),
    new Field(39, report.ordStatus),
    new Field(55, report.symbol),
    new Field(54, report.side),
    new Field(38, report.orderQty),
  ];
  if (report.ordType !== undefined) fields.push(new Field(40, report.ordType));
  if (report.price !== undefined) fields.push(new Field(44, report.price));
  if (report.timeInForce !== undefined) fields.push(new Field(59, report.timeInForce));
  fields.push(
    new Field(151, report.leavesQty),
    new Field(14, report.cumQty),
    new Field(6, report.avgPx),
    new Field(11, report.clOrdId),
  );
  if (report.origClOrdId !== undefined) fields.push(new Field(41, report.origClOrdId));
  fields.push(new Field(60, utcTimestamp(report.at)));
  const { fill } = report;
  if (fill !== undefined) {
    fields.push(
      new Field(31, fill.lastPx),
      new Field(32, fill.lastQty),
      new Field(527, fill.tradeId),
      new Field(851, fill.lastLiquidityInd),
      new Field(136, 1),
      new Field(137, fill.fee),
      new Field(138, fill.feeAsset),
      new Field(139, '4'),
    );
  }
  return new Message('FIX.4.4', ...fields);
}

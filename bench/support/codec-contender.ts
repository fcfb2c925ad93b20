/** What every codec in the comparison does, in its own way, and Onebook's. */
import { FrameDecoder } from '../../src/fix/framing.ts';
import type { FixMessage } from '../../src/fix/message.ts';
import { readOrderCommand } from '../../src/fix/order-requests.ts';
import { writeReport } from '../../src/fix/report-messages.ts';
import { DEFAULT_SESSION_LIMITS } from '../../src/fix/session-limits.ts';
import { validate } from '../../src/fix/validator.ts';
import { beginStringOf, type FixVersion } from '../../src/fix/version.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import type { ExecutionReport } from '../../src/matching/execution-report.ts';
import { FIRST_AT, MEMBER_COMP_ID, type StreamInput, VENUE_COMP_ID } from './codec-input.ts';

/** A value as a codec gives it: text, or a number where it converts. */
export type Read = string | number | null | undefined;

/** Is given the fields that a venue acts on; those that the message does not have are null or undefined. */
export type TakeFields = (
  msgType: Read,
  msgSeqNum: Read,
  clOrdId?: Read,
  origClOrdId?: Read,
  symbol?: Read,
  side?: Read,
  orderQty?: Read,
  price?: Read,
) => void;

/** From the stream to messages whose order fields have been read. Throws at a message that it finds wrong. */
export interface ParseContender {
  readonly name: string;
  /** What it does and does not, in one line. */
  readonly does: string;
  parse(input: StreamInput, take: TakeFields): void;
}

/** From the values of reports to the bytes of ExecutionReports (8). */
export interface EncodeContender {
  readonly name: string;
  readonly does: string;
  encode(reports: readonly ExecutionReport[], take: (frame: Buffer) => void): void;
}

const VERSION: FixVersion = 'FIX.4.4';
const MAX_FRAME_BYTES = DEFAULT_SESSION_LIMITS.maxFrameBytes;

/** The codec of this repository, used as its session uses it. */
export const onebookParse: ParseContender = {
  name: 'onebook',
  does: 'finds frames, length, checksum, all rules of the message, builds the command; decimals stay text',
  parse(input, take) {
    const decoder = new FrameDecoder({ maxFrameBytes: MAX_FRAME_BYTES });
    for (const chunk of input.chunks) {
      decoder.push(chunk);
      for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
        if (frame.type !== 'FixMessage') throw new Error('onebook found a bad frame');
        takeMessage(frame, take);
      }
    }
  },
};

function takeMessage(message: FixMessage, take: TakeFields): void {
  const violation = validate(message, VERSION);
  if (violation !== undefined) throw new Error(violation.text);
  const { msgType, msgSeqNum } = message;
  if (msgType === '0') {
    take(msgType, msgSeqNum);
    return;
  }
  const reading = readOrderCommand(message, VERSION);
  if (reading.type !== 'Command') throw new Error('onebook does not do an order of the stream');
  const { command } = reading;
  switch (command.type) {
    case 'NewOrderSingle': {
      const { clOrdId, symbol, side, orderQty, price } = command;
      take(msgType, msgSeqNum, clOrdId, undefined, symbol, side, orderQty, price);
      return;
    }
    case 'OrderCancelRequest':
      take(msgType, msgSeqNum, command.clOrdId, command.origClOrdId, command.symbol, command.side);
      return;
    case 'OrderCancelReplaceRequest': {
      const { clOrdId, origClOrdId, symbol, side, orderQty, price } = command;
      take(msgType, msgSeqNum, clOrdId, origClOrdId, symbol, side, orderQty, price);
      return;
    }
    default:
      throw new Error(`the stream has no ${command.type}`);
  }
}

/** The writer of this repository, used as its session uses it. */
export const onebookEncode: EncodeContender = {
  name: 'onebook',
  does: 'writes into one buffer that is used again, copies the frame out',
  encode(reports, take) {
    const writer = new MessageWriter({
      beginString: beginStringOf(VERSION),
      senderCompId: VENUE_COMP_ID,
      targetCompId: MEMBER_COMP_ID,
    });
    let msgSeqNum = 0;
    for (const report of reports) {
      msgSeqNum += 1;
      writer.begin('8', msgSeqNum, FIRST_AT + msgSeqNum);
      writeReport(writer, report, VERSION);
      take(writer.end());
    }
  },
};

/**
 * FIX frames written by hand for tests, with `|` for SOH. Length and checksum are computed here on their own,
 * so that the codec is not tested with itself.
 */
import { FrameDecoder } from '../../src/fix/framing.ts';
import { type FixMessage, parseMessage } from '../../src/fix/message.ts';

/** Bytes of a text with `|` for SOH. */
export function fixBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll('|', '\x01'), 'latin1');
}

/** A frame with the given body (`35=…|…|`), its length and its checksum. */
export function fixFrame(body: string, beginString = 'FIX.4.4'): Buffer {
  const head = fixBytes(`8=${beginString}|9=${body.length}|${body}`);
  const sum = head.reduce((total, byte) => total + byte, 0) % 256;
  return Buffer.concat([head, fixBytes(`10=${String(sum).padStart(3, '0')}|`)]);
}

/** The message that a hand-written body is. */
export function fixMessage(body: string): FixMessage {
  const message = parseMessage(fixFrame(body));
  if (message.type === 'Malformed') throw new Error(message.reason);
  return message;
}

/** Header fields after MsgType, as member 17 sends them. */
export const MEMBER_HEADER = '49=17|56=ONEBOOK|34=2|52=20260102-03:04:05.678|';

/** A NewOrderSingle (D) with its body fields after the header. */
export function orderBody(fields: string): string {
  return `35=D|${MEMBER_HEADER}${fields}`;
}

/** All that a decoder finds in the chunks: frames as text with `|`, faults by their type and reason. */
export function decodeAll(chunks: readonly Buffer[], maxFrameBytes = 4096): string[] {
  const decoder = new FrameDecoder({ maxFrameBytes });
  const found: string[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
      if (frame.type === 'FixMessage') found.push(frame.frame.toString('latin1').replaceAll('\x01', '|'));
      else if (frame.type === 'Garbled') found.push(`garbled: ${frame.reason}`);
      else found.push(`oversize: ${frame.announced}`);
    }
  }
  return found;
}

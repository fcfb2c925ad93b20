/**
 * Frames as latin1 text, for what the fuzzer sends and for what comes back. Lengths and checksums are computed
 * here on their own, so that the codec is not judged by itself.
 */
import type { Random } from './random.ts';

/** The separator of fields, SOH. */
export const SOH = '\x01';

/** How a message of the venue begins. */
const HEAD = new RegExp(`^8=FIX[.T0-9]+${SOH}9=(\\d+)${SOH}`);

/** How any frame begins, whatever its BeginString (8) is. */
const ANY_HEAD = new RegExp(`^8=FIX[^${SOH}]*${SOH}9=(\\d+)${SOH}`);

/** The fields of a frame without their SOH, by position: data that contains SOH falls apart. */
export function fieldsOf(frame: string): string[] {
  const fields = frame.split(SOH);
  if (fields.at(-1) === '') fields.pop();
  return fields;
}

/** A frame of these fields as they are, whatever their length and checksum say. */
export function unsealed(fields: readonly string[]): string {
  return fields.map((field) => `${field}${SOH}`).join('');
}

/** The frame with BodyLength (9) and CheckSum (10) that are right for its bytes, if it has places for them. */
export function resealed(frame: string): string {
  const headEnd = frame.indexOf(SOH, frame.indexOf(SOH) + 1) + 1;
  const trailerAt = frame.lastIndexOf(`${SOH}10=`) + 1;
  if (headEnd === 0 || trailerAt < headEnd) return frame;
  const beginString = frame.slice(0, frame.indexOf(SOH) + 1);
  const body = frame.slice(headEnd, trailerAt);
  const summed = `${beginString}9=${body.length}${SOH}${body}`;
  return `${summed}10=${checkSumOf(summed)}${SOH}`;
}

/** CheckSum (10) of the text: three digits. */
export function checkSumOf(text: string): string {
  let sum = 0;
  for (let at = 0; at < text.length; at += 1) sum += text.charCodeAt(at);
  return String(sum & 255).padStart(3, '0');
}

/** Bytes as text that can be printed: `|` for SOH, `\xNN` for what is not ASCII. */
export function shown(bytes: Uint8Array | string): string {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be shown
  return text.replace(/[\x00-\x1f\\|\x7f-\xff]/g, (character) => {
    if (character === SOH) return '|';
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** How many frames with the right length and checksum can be found anywhere in the text, one inside another too. */
export function frameCount(text: string): number {
  let count = 0;
  for (let at = text.indexOf('8=FIX'); at >= 0; at = text.indexOf('8=FIX', at + 1)) {
    const head = ANY_HEAD.exec(text.slice(at, at + 50));
    if (head === null) continue;
    const trailerAt = at + head[0].length + Number(head[1]);
    const trailer = text.slice(trailerAt, trailerAt + 7);
    if (/^10=\d{3}.$/s.test(trailer) && trailer.slice(3, 6) === checkSumOf(text.slice(at, trailerAt)))
      count += 1;
  }
  return count;
}

/** A message that the venue sent. */
export interface Answer {
  readonly msgType: string;
  readonly msgSeqNum: number;
  /** PossDupFlag (43=Y): sent again, or in place of what was sent. */
  readonly isPossDup: boolean;
  readonly frame: string;
  /** The first value of each tag. */
  readonly fields: ReadonlyMap<number, string>;
}

/**
 * Cuts what the venue wrote into messages; throws at the first byte that is not of a message with the right length
 * and checksum. The venue's own messages have no data fields.
 */
export function answersIn(text: string): Answer[] {
  const answers: Answer[] = [];
  let at = 0;
  while (at < text.length) {
    const head = HEAD.exec(text.slice(at, at + 40));
    if (head === null) throw new Error(`the venue wrote no FIX: ${shown(text.slice(at, at + 200))}`);
    const trailerAt = at + head[0].length + Number(head[1]);
    const end = trailerAt + 7;
    const frame = text.slice(at, end);
    const trailer = `10=${checkSumOf(text.slice(at, trailerAt))}${SOH}`;
    if (frame.slice(-7) !== trailer) throw new Error(`not summed as ${shown(trailer)}: ${shown(frame)}`);
    answers.push(answerOf(frame));
    at = end;
  }
  return answers;
}

function answerOf(frame: string): Answer {
  const fields = new Map<number, string>();
  for (const field of fieldsOf(frame)) {
    const separator = field.indexOf('=');
    const tag = Number(field.slice(0, separator));
    if (separator < 1 || !Number.isInteger(tag)) throw new Error(`${shown(field)} in ${shown(frame)}`);
    if (!fields.has(tag)) fields.set(tag, field.slice(separator + 1));
  }
  const msgSeqNum = Number(fields.get(34));
  if (!Number.isSafeInteger(msgSeqNum) || msgSeqNum < 1) throw new Error(`no number in ${shown(frame)}`);
  const isPossDup = fields.get(43) === 'Y';
  return { msgType: fields.get(35) ?? '', msgSeqNum, isPossDup, frame, fields };
}

/** The stream cut at random places into at most so many parts; an empty stream is no part. */
export function cutAtRandom(stream: string, maxParts: number, random: Random): string[] {
  const places = new Set<number>([stream.length]);
  const cutCount = random.integer(0, maxParts - 1);
  for (let cut = 0; cut < cutCount; cut += 1) places.add(random.integer(0, stream.length));
  let from = 0;
  const parts: string[] = [];
  for (const to of [...places].sort((a, b) => a - b)) {
    if (to > from) parts.push(stream.slice(from, to));
    from = to;
  }
  return parts;
}

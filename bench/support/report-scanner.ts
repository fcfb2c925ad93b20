/**
 * Finds in the bytes of a session what the benchmark counts: ExecType (150) and the order's number out of ClOrdID
 * (11). Everything else of an ExecutionReport (8) is skipped unread; other messages are handed on as text.
 */
import { CL_ORD_ID_PREFIX } from './order-frames.ts';

/** What is done with what was found. */
export interface ReportListener {
  /** `execType` is the character code of ExecType (150). */
  onReport(execType: number, orderNo: number): void;
  /** A message that is no ExecutionReport. */
  onOther(msgType: string, text: string): void;
}

const SOH = 0x01;
const EQUALS = 0x3d;
const ZERO = 0x30;
const TAG_CL_ORD_ID = 11;
const TAG_EXEC_TYPE = 150;
const EXECUTION_REPORT = 0x38;
const BEGIN = '8=FIX.4.4\x019=';
/** `10=ddd|`. */
const TRAILER_LENGTH = 7;

/** Cuts one session's bytes by BodyLength (9) and reads two fields of each report. */
export class ReportScanner {
  readonly #listener: ReportListener;
  #rest: Buffer | undefined;

  constructor(listener: ReportListener) {
    this.#listener = listener;
  }

  /** @throws Error when the bytes are no FIX frames. */
  push(bytes: Buffer): void {
    const all = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    for (;;) {
      const next = this.#readFrame(all, at);
      if (next === undefined) break;
      at = next;
    }
    this.#rest = at < all.length ? all.subarray(at) : undefined;
  }

  /** The end of the frame at `at`; undefined when it is not all here. */
  #readFrame(bytes: Buffer, at: number): number | undefined {
    let index = at + BEGIN.length;
    let bodyLength = 0;
    for (; ; index += 1) {
      const byte = bytes[index];
      if (byte === undefined) return undefined;
      if (byte === SOH) break;
      bodyLength = bodyLength * 10 + (byte - ZERO);
    }
    const bodyAt = index + 1;
    const trailerAt = bodyAt + bodyLength;
    const end = trailerAt + TRAILER_LENGTH;
    if (end > bytes.length) return undefined;
    if (bytes[end - 1] !== SOH || bytes[at] !== BEGIN.charCodeAt(0))
      throw new Error('no FIX frame came back');
    this.#readBody(bytes, bodyAt, trailerAt);
    return end;
  }

  #readBody(bytes: Buffer, bodyAt: number, end: number): void {
    // The body starts with `35=`.
    if (bytes[bodyAt + 3] !== EXECUTION_REPORT || bytes[bodyAt + 4] !== SOH) {
      const text = bytes.toString('latin1', bodyAt, end);
      this.#listener.onOther(text.slice(3, text.indexOf('\x01')), text.replaceAll('\x01', '|'));
      return;
    }
    let execType = 0;
    let orderNo = -1;
    let at = bodyAt + 5;
    while (at < end && (execType === 0 || orderNo < 0)) {
      let tag = 0;
      for (; bytes[at] !== EQUALS; at += 1) tag = tag * 10 + ((bytes[at] ?? ZERO) - ZERO);
      at += 1;
      if (tag === TAG_EXEC_TYPE) {
        execType = bytes[at] ?? 0;
      } else if (tag === TAG_CL_ORD_ID) {
        orderNo = 0;
        for (at += CL_ORD_ID_PREFIX.length; bytes[at] !== SOH; at += 1) {
          orderNo = orderNo * 10 + ((bytes[at] ?? ZERO) - ZERO);
        }
      }
      while (bytes[at] !== SOH) at += 1;
      at += 1;
    }
    this.#listener.onReport(execType, orderNo);
  }
}

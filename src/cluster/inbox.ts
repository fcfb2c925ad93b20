/** One direction of a link at its receiving end: each batch once, in order, and the lines that it completes. */
import { WireError } from './wire/codec.ts';

const NEW_LINE = 0x0a;

export class Inbox {
  readonly #maxMessageBytes: number;
  #lastBatchNo = 0;
  #unfinished: Uint8Array[] = [];
  #unfinishedBytes = 0;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /**
   * The lines, without their ends, that the batch completes; undefined when it was here before. Throws
   * {@link WireError} when one before it is missing, or when a line is too long.
   */
  take(batchNo: number, payload: Uint8Array): Uint8Array[] | undefined {
    if (batchNo <= this.#lastBatchNo) return undefined;
    if (batchNo !== this.#lastBatchNo + 1) {
      throw new WireError(`batch ${batchNo} came after batch ${this.#lastBatchNo}`);
    }
    this.#lastBatchNo = batchNo;
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = payload.indexOf(NEW_LINE); end >= 0; end = payload.indexOf(NEW_LINE, start)) {
      lines.push(this.#complete(payload.subarray(start, end)));
      start = end + 1;
    }
    if (start < payload.length) this.#keep(payload.subarray(start));
    return lines;
  }

  #complete(end: Uint8Array): Uint8Array {
    if (this.#unfinished.length === 0) return end;
    this.#keep(end);
    const line = Buffer.concat(this.#unfinished);
    this.#unfinished = [];
    this.#unfinishedBytes = 0;
    return line;
  }

  #keep(part: Uint8Array): void {
    this.#unfinishedBytes += part.length;
    if (this.#unfinishedBytes > this.#maxMessageBytes) {
      throw new WireError(`a message is longer than ${this.#maxMessageBytes} bytes`);
    }
    // A copy: the carrier may have cut its own buffer.
    this.#unfinished.push(part.slice());
  }
}

/**
 * Bytes as latin1 text. Most values are short, and for those the call into the runtime would cost three times what
 * it takes to name the characters here.
 */

/** Longest text that is made here. */
const MAX_SHORT = 12;
/** Text of one character by its code. */
const CHARACTERS: readonly string[] = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

const text = String.fromCharCode;

/** The bytes from `from` up to and without `to`, one character each. */
export function latin1Text(bytes: Buffer, from: number, to: number): string {
  const length = to - from;
  if (length === 1) return CHARACTERS[bytes[from]!]!;
  return length <= MAX_SHORT ? shortText(bytes, from, length) : bytes.toString('latin1', from, to);
}

function shortText(bytes: Buffer, at: number, length: number): string {
  if (length <= 0) return '';
  const a = bytes[at]!;
  const b = bytes[at + 1]!;
  if (length === 2) return text(a, b);
  const c = bytes[at + 2]!;
  if (length === 3) return text(a, b, c);
  const d = bytes[at + 3]!;
  if (length === 4) return text(a, b, c, d);
  const e = bytes[at + 4]!;
  if (length === 5) return text(a, b, c, d, e);
  const f = bytes[at + 5]!;
  if (length === 6) return text(a, b, c, d, e, f);
  const g = bytes[at + 6]!;
  if (length === 7) return text(a, b, c, d, e, f, g);
  const h = bytes[at + 7]!;
  if (length === 8) return text(a, b, c, d, e, f, g, h);
  const i = bytes[at + 8]!;
  if (length === 9) return text(a, b, c, d, e, f, g, h, i);
  const j = bytes[at + 9]!;
  if (length === 10) return text(a, b, c, d, e, f, g, h, i, j);
  const k = bytes[at + 10]!;
  if (length === 11) return text(a, b, c, d, e, f, g, h, i, j, k);
  const l = bytes[at + 11]!;
  if (length === 12) return text(a, b, c, d, e, f, g, h, i, j, k, l);
  return bytes.toString('latin1', at, at + length);
}

/**
 * A DNS query as it came: which question it asks, and what its sender can take. Apart from the answer because it is
 * about bytes of strangers. The question's bytes are kept, since the answer repeats them with each letter's case, and
 * its labels are read here, since text with dots cannot tell a dot within a label.
 */
import { type Answer, type DecodedPacket, decode, type OptAnswer } from 'dns-packet';

/** What to do about a packet. */
export type ReadQuery =
  | Query
  /** Understood, but nothing that this server does; `bits` as in {@link Query}. */
  | { readonly type: 'Unsupported'; readonly id: number; readonly bits: number; readonly rcode: number }
  /** No query at all: no answer, since whoever it came from may not have sent it. */
  | { readonly type: 'Malformed'; readonly reason: string };

/** A query of this protocol version with one question. */
export interface Query {
  readonly type: 'Query';
  readonly id: number;
  /** Opcode, RD and CD, which the answer repeats. */
  readonly bits: number;
  readonly question: Question;
  /** Undefined: the sender does not know EDNS. */
  readonly edns: Edns | undefined;
}

export interface Question {
  /** As it was written, without the last dot; dots within a label are `\.`. */
  readonly name: string;
  /** The same in lower case, for comparing. */
  readonly key: string;
  /** TYPE and CLASS as numbers: not all have names. */
  readonly type: number;
  readonly class: number;
  /** The question section as it came. */
  readonly bytes: Buffer;
}

export interface Edns {
  readonly version: number;
  /** The longest answer over UDP that the sender takes. */
  readonly udpPayloadSize: number;
}

/** RCODEs of RFC 1035 and 6891, with which an answer says how it went. */
export const RCODE = {
  NoError: 0,
  FormErr: 1,
  ServFail: 2,
  NxDomain: 3,
  NotImp: 4,
  Refused: 5,
  /** The low four bits are 0, the rest is in the OPT record. */
  BadVers: 16,
} as const;

const HEADER_BYTES = 12;
const MAX_NAME_BYTES = 255;
const MAX_LABEL_BYTES = 63;
const QR = 0x8000;
const OPCODE = 0x7800;
const REPEATED_BITS = OPCODE | 0x0100 | 0x0010;

/** Reads one packet of at most `maxBytes`. */
export function readQuery(bytes: Buffer, maxBytes: number): ReadQuery {
  if (bytes.length < HEADER_BYTES) return malformed('shorter than a header');
  if (bytes.length > maxBytes) return malformed(`longer than ${maxBytes} bytes`);
  const id = bytes.readUInt16BE(0);
  const flags = bytes.readUInt16BE(2);
  // Answering an answer could go on for ever between two servers.
  if ((flags & QR) !== 0) return malformed('an answer');
  const bits = flags & REPEATED_BITS;
  if ((flags & OPCODE) !== 0) return { type: 'Unsupported', id, bits, rcode: RCODE.NotImp };
  if (bytes.readUInt16BE(4) !== 1) return { type: 'Unsupported', id, bits, rcode: RCODE.FormErr };
  const question = readQuestion(bytes);
  if (question === undefined) return malformed('no readable question');
  const packet = decoded(bytes);
  if (packet === undefined) return malformed('no readable records');
  const options = (packet.additionals ?? []).filter(isOpt);
  if (options.length > 1) return { type: 'Unsupported', id, bits, rcode: RCODE.FormErr };
  const [option] = options;
  const edns = option && { version: option.ednsVersion, udpPayloadSize: option.udpPayloadSize };
  return { type: 'Query', id, bits, question, edns };
}

/** The first question; undefined when it is cut off, too long or compressed, for which it has no reason. */
function readQuestion(bytes: Buffer): Question | undefined {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > MAX_LABEL_BYTES) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(bytes.toString('latin1', at, at + length).replaceAll('.', '\\.'));
    at += length;
    if (at - HEADER_BYTES >= MAX_NAME_BYTES) return undefined;
  }
  if (at + 4 > bytes.length) return undefined;
  const name = labels.join('.');
  return {
    name,
    key: name.toLowerCase(),
    type: bytes.readUInt16BE(at),
    class: bytes.readUInt16BE(at + 2),
    bytes: bytes.subarray(HEADER_BYTES, at + 4),
  };
}

function decoded(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}

function isOpt(record: Answer): record is OptAnswer {
  return record.type === 'OPT';
}

function malformed(reason: string): ReadQuery {
  return { type: 'Malformed', reason };
}

/**
 * What two ends of a link say to each other: a line of JSON, and behind a batch the bytes that it carries. The end whose
 * name sorts first opens, and numbers its links.
 */
import type { NodeId } from './node-id.ts';
import { type Codec, count, integerFrom, record, text, union, variant, WireError } from './wire/codec.ts';

/** The opener's wish to begin link `linkNo`, a number that it never uses twice. */
export interface Open {
  readonly type: 'open';
  readonly from: NodeId;
  readonly to: NodeId;
  readonly linkNo: number;
  readonly version: number;
  readonly minVersion: number;
}
/** The next bytes of one direction, gap-free from 1; without bytes it only asks whether the link is there. */
export interface Batch {
  readonly type: 'batch';
  readonly from: NodeId;
  readonly to: NodeId;
  readonly linkNo: number;
  readonly batchNo: number;
}
/** One end has given the link up. Published: who misses it is told when it sends. */
export interface End {
  readonly type: 'end';
  readonly from: NodeId;
  readonly to: NodeId;
  readonly linkNo: number;
  readonly reason: string;
}
export type Frame = Open | Batch | End;

export type FrameAnswer =
  /** To an open: from now on there is the link. */
  | {
      readonly type: 'opened';
      readonly linkNo: number;
      readonly version: number;
      readonly minVersion: number;
    }
  /** To an open by a version that is too old or too new. */
  | {
      readonly type: 'incompatible';
      readonly linkNo: number;
      readonly version: number;
      readonly minVersion: number;
    }
  /** The batch and all before it have been taken. */
  | { readonly type: 'took'; readonly linkNo: number; readonly batchNo: number }
  /** There is no such link, and will not be again. */
  | { readonly type: 'ended'; readonly linkNo: number; readonly reason: string }
  /** Not yet: the same later. */
  | { readonly type: 'wait'; readonly linkNo: number; readonly reason: string };

const node: Codec<NodeId> = record<NodeId>({ name: text, incarnation: count });
const ends = { from: node, to: node, linkNo: integerFrom<number>(1) };
const linkNo = integerFrom<number>(1);
const versions = { version: integerFrom<number>(1), minVersion: integerFrom<number>(1) };

const frame = union<Frame>({
  open: variant<Open>('open', { ...ends, ...versions }),
  batch: variant<Batch>('batch', { ...ends, batchNo: integerFrom<number>(1) }),
  end: variant<End>('end', { ...ends, reason: text }),
});

type AnswerOf<K extends FrameAnswer['type']> = Extract<FrameAnswer, { readonly type: K }>;

const answer = union<FrameAnswer>({
  opened: variant<AnswerOf<'opened'>>('opened', { linkNo, ...versions }),
  incompatible: variant<AnswerOf<'incompatible'>>('incompatible', { linkNo, ...versions }),
  took: variant<AnswerOf<'took'>>('took', { linkNo, batchNo: integerFrom<number>(1) }),
  ended: variant<AnswerOf<'ended'>>('ended', { linkNo, reason: text }),
  wait: variant<AnswerOf<'wait'>>('wait', { linkNo, reason: text }),
});

/** Room that a frame's own line takes at most, beside what a batch carries. */
export const FRAME_LINE_BYTES = 1024;

const NEW_LINE = 0x0a;

/** `payload` are the bytes of a batch. */
export function encodeFrame(value: Frame, payload: readonly Uint8Array[] = []): Uint8Array {
  return Buffer.concat([Buffer.from(`${JSON.stringify(value)}\n`), ...payload]);
}

/** Throws {@link WireError}. */
export function decodeFrame(body: Uint8Array): { readonly frame: Frame; readonly payload: Uint8Array } {
  const end = body.indexOf(NEW_LINE);
  if (end < 0 || end >= FRAME_LINE_BYTES) throw new WireError('no line of a frame');
  return { frame: frame.decode(parse(body.subarray(0, end))), payload: body.subarray(end + 1) };
}

export function encodeAnswer(value: FrameAnswer): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** Undefined: it is none. */
export function decodeAnswer(body: Uint8Array): FrameAnswer | undefined {
  try {
    return answer.decode(parse(body));
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch {
    throw new WireError('no JSON');
  }
}

/** Where a node listens for others: its name and incarnation, so that nothing meant for an earlier one reaches it. */
export function subjectOf(prefix: string, { name, incarnation }: NodeId): string {
  return `${prefix}.node.${name}.${incarnation}`;
}

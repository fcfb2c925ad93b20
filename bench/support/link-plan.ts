/** What the bench of links and the thread at their other end agree on. */
import type { NodeId } from '../../src/cluster/node-id.ts';

/** The end that measures; its name sorts first, so that it opens. */
export const NEAR: NodeId = { name: 'bench-a', incarnation: 1 };
export const FAR: NodeId = { name: 'bench-b', incarnation: 2 };
/** A message with this text is sent back. */
export const PING = 'ping';
/** Where the far end counts what is only published. */
export const RAW_SUBJECT = 'bench.raw';

/** What the thread is started with. */
export interface FarEndPlan {
  readonly natsUrl: string;
}

/** Asks the far end how much has come; it answers with {@link FarEndCounts} in its own time. */
export type FarEndAsk = 'counts';

export interface FarEndCounts {
  readonly type: 'counts';
  /** Commands and reports within the messages that links brought. */
  readonly parts: number;
  readonly published: number;
}

/**
 * What carries bytes between nodes, as a port: request and reply, and publish, to subjects. A carrier promises
 * nothing: what it is given may be lost, late, doubled or overtaken. src/cluster/links.ts makes order of that.
 */

/** Why a request has no answer. Whether it has arrived nobody knows, but for `nobody`. */
export type CarrierFault =
  /** Nobody listens on the subject. */
  | 'nobody'
  /** No answer in time. */
  | 'timeout'
  /** This carrier was closed. */
  | 'closed'
  /** This node has no connection to what carries, or may not use the subject. */
  | 'unreachable';

/** A request without an answer. */
export class CarrierError extends Error {
  override readonly name = 'CarrierError';
  readonly fault: CarrierFault;

  constructor(fault: CarrierFault, message: string = fault) {
    super(message);
    this.fault = fault;
  }
}

/** Answers a message that came as a request; undefined for one that was published. */
export type Answer = ((body: Uint8Array) => void) | undefined;

export interface Carrier {
  /** Sends to whoever listens on `subject` and resolves with its answer; rejects with {@link CarrierError}. */
  request(subject: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /** Sends and forgets; does nothing while the carrier is not reachable. */
  publish(subject: string, body: Uint8Array): void;
  /** Returns what ends it. Holds across connections that break and come back. */
  listen(subject: string, onMessage: (body: Uint8Array, answer: Answer) => void): () => void;
  /** False while this node is cut off from what carries. */
  readonly isReachable: boolean;
  /** Why it is not, in a sentence for operators with what to do; undefined while it is, or nothing has failed yet. */
  readonly fault?: string | undefined;
  /** Told when {@link isReachable} changes; returns what ends it. */
  onReachable(listener: (isReachable: boolean) => void): () => void;
  /** The longest body that can be sent, in bytes. */
  readonly maxBodyBytes: number;
  /** Requests without an answer reject with `closed`. */
  close(): Promise<void>;
}

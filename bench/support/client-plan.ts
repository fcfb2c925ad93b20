/** What the benchmark tells its client process, and what that tells back: plain data over the IPC channel. */

/** One member, with a session of its own. */
export interface BenchMember {
  /** SenderCompID (49). */
  readonly compId: number;
  readonly username: string;
  readonly password: string;
  /** Where it connects and what it trades, if not where the plan says. */
  readonly port?: number;
  readonly symbol?: string;
}

/** How orders are offered. */
export type Load =
  /** A new order goes out when an answer came in: `window` orders are outstanding per session, always. */
  | { readonly type: 'Closed'; readonly window: number }
  /** Orders go out by the clock, whatever the venue does; shared by the sessions in turn. */
  | { readonly type: 'Open'; readonly ordersPerSecond: number };

/** Everything that the client needs; the first and only message to it. */
export interface ClientPlan {
  readonly port: number;
  /** TargetCompID (56). */
  readonly venueCompId: string;
  readonly symbol: string;
  readonly members: readonly BenchMember[];
  readonly load: Load;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Orders that one session sends at most: the bound of every load loop. */
  readonly maxOrdersPerSession: number;
}

/** Percentiles of a set of times, in milliseconds. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What the client counted. */
export interface ClientResult {
  readonly sentCount: number;
  /** Reports with ExecType (150) = 0: each says that an order is durable. */
  readonly ackCount: number;
  /** Orders whose price crossed the book. */
  readonly crossingCount: number;
  /** Reports with ExecType (150) = F: two for each trade. */
  readonly fillCount: number;
  /** Acknowledgements that arrived while it was measured. */
  readonly measuredAckCount: number;
  /** How long it was measured. */
  readonly measuredMs: number;
  /** From the intended time of sending to the acknowledgement, of the orders meant for the measured time. */
  readonly latency: Percentiles;
  /** From the intended time of sending to the write: the client's own part of the latency. */
  readonly lateness: Percentiles;
}

/** What the client says, in this order; or `Failed` at any time. */
export type ClientMessage =
  | { readonly type: 'MeasureBegun' }
  | { readonly type: 'MeasureEnded' }
  | { readonly type: 'Finished'; readonly result: ClientResult }
  | { readonly type: 'Failed'; readonly reason: string };

/** What bench/overload.ts tells its two client processes, and what they tell back: plain data over the IPC channel. */
import type { BenchMember, Percentiles } from './client-plan.ts';

/** What a process is. */
export type Role =
  /** Offers as much as it is told to, on all its sessions. */
  | 'Load'
  /** One member that trades a little all the time: what the others do to it is what counts. */
  | 'Bystander';

/** How the load is offered from now on. */
export type Offer =
  | { readonly type: 'Nothing' }
  /** So many requests are outstanding on each session, always. */
  | { readonly type: 'Window'; readonly window: number }
  /** By the clock, whatever the venue does; shared by the sessions in turn. */
  | { readonly type: 'Rate'; readonly requestsPerSecond: number };

/** From the parent. */
export type ClientOrder =
  | {
      readonly type: 'LogOn';
      readonly role: Role;
      readonly port: number;
      readonly venueCompId: string;
      readonly symbol: string;
      readonly members: readonly BenchMember[];
    }
  /** Begins a phase: what is counted from now on belongs to it. Answered with the figures of the one before. */
  | { readonly type: 'Begin'; readonly offer: Offer }
  /** Resolves when nothing is outstanding, or nothing has come for long. */
  | { readonly type: 'AwaitAnswers' };

/** What came of one kind of request in one phase. Latency is that of accepted ones, from the write to the report. */
export interface KindFigures {
  /** Written to the socket. */
  readonly sent: number;
  readonly accepted: number;
  /** 8 with 150=8, or 9. */
  readonly rejected: number;
  /** BusinessMessageReject (j). */
  readonly businessRejected: number;
  readonly latency: Percentiles;
}

/** One phase of one process. */
export interface PhaseFigures {
  readonly tookMs: number;
  readonly orders: KindFigures;
  readonly cancels: KindFigures;
  /** Requests that were due by the clock and not written: the socket took no more, or too much is unanswered. */
  readonly heldBack: number;
  /** Of the bystander: when each accepted request was sent, ms since the epoch, and its latency in ms. */
  readonly series: readonly (readonly [sentAt: number, latencyMs: number])[];
}

/** From a client. */
export type ClientWord =
  | { readonly type: 'LoggedOn' }
  | { readonly type: 'Began'; readonly before: PhaseFigures }
  /** `unanswered`: requests without an answer. */
  | { readonly type: 'Answered'; readonly unanswered: number }
  | { readonly type: 'Failed'; readonly reason: string };

/**
 * What the demo's two processes tell each other: the one that runs the venue, and the one in which the members
 * trade. Plain data, since it crosses a process.
 */

/** The demo's members, in the order in which they are shown. */
export const MEMBER_NAMES = ['alice', 'bob'] as const;
export type MemberName = (typeof MEMBER_NAMES)[number];

/** What a member logs on with. */
export interface MemberLogin {
  /** SenderCompID (49). */
  readonly compId: number;
  /** Password (554). A secret. */
  readonly password: string;
}

/** To the members' process, once: where the venue is, and what to do there. */
export interface TradeOrder {
  readonly type: 'TradeOrder';
  readonly host: string;
  readonly port: number;
  /** TargetCompID (56). */
  readonly venueCompId: string;
  readonly members: Readonly<Record<MemberName, MemberLogin>>;
  /** Beginning of every ClOrdID (11) of this run, and of no other run's. */
  readonly runId: string;
  /** Whole BTC that alice cannot pay at the scenario's price. */
  readonly unaffordableQty: string;
}

/** From the members' process, in the order in which things happened. */
export type MemberEvent =
  | { readonly type: 'StepBegun'; readonly title: string }
  | {
      readonly type: 'MessageOnWire';
      readonly member: MemberName;
      readonly direction: 'toVenue' | 'fromVenue';
      /** The whole frame as latin1 text, with SOH. A Logon's contains the password. */
      readonly frame: string;
      /** A report about an order of an earlier run, which the member was not there to be told. */
      readonly isLate: boolean;
    }
  | { readonly type: 'StepEnded'; readonly reportCount: number; readonly differences: readonly string[] }
  | { readonly type: 'TradingEnded' };

/**
 * What is agreed with one member about its FIX session. The rows of `users` keep it, and the Authenticator hands it
 * to the session with the verdict on its Logon.
 */

/** Sunday is 0, as in `Date.getUTCDay`. */
export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** When a member may be logged on, in wall time of a zone. Without days it holds daily. */
export interface SessionSchedule {
  /** IANA name, `Europe/Zurich`. */
  readonly timeZone: string;
  /** `HH:MM`. Equal to `endTime` (and days equal or absent): open around the clock. */
  readonly startTime: string;
  /** `HH:MM`; before `startTime` it is on the next day. */
  readonly endTime: string;
  /** Weekly: the days of `startTime` and `endTime`; both or neither. */
  readonly startDay: Weekday | undefined;
  readonly endDay: Weekday | undefined;
  /** `HH:MM` at which both sides go back to 1, daily or, in a weekly schedule, on `resetDay`. */
  readonly resetTime: string;
  /** Weekly: the day of `resetTime`. */
  readonly resetDay: Weekday | undefined;
}

/** What is agreed with one member about its sessions. */
export interface MemberSettings {
  /** Both sides go back to 1 at every Logon (A), as if it had 141=Y. */
  readonly resetOnLogon: boolean;
  /** Both sides go back to 1 after every Logout (5) that was answered. */
  readonly resetOnLogout: boolean;
  /** False lets tags from 5000 on, beyond those of the venue, pass unread; true rejects them (373=0). */
  readonly validateUserDefinedFields: boolean;
  /** Undefined: around the clock, and numbers are only cut when asked. */
  readonly schedule: SessionSchedule | undefined;
  /** Cancel all open orders when the session ends, unless the Logon says else. */
  readonly cancelOnDisconnect: boolean;
  /** How long after the end a new Logon still saves the orders, ms. */
  readonly cancelGraceMs: number;
  /** Orders and replaces a second beyond which they are rejected; undefined: the venue's own limit. */
  readonly ordersPerSecond: number | undefined;
}

/** A member about whom nothing is agreed. */
export const DEFAULT_MEMBER_SETTINGS: MemberSettings = {
  resetOnLogon: false,
  resetOnLogout: false,
  validateUserDefinedFields: true,
  schedule: undefined,
  cancelOnDisconnect: false,
  cancelGraceMs: 10_000,
  ordersPerSecond: undefined,
};

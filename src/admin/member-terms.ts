/**
 * What operators agree with a member about its session, as whom it may come, and within which limits it trades
 * (trading-terms.ts): judged here, so that no row of `users` holds what a logon could not read.
 */
import type { User } from '../entities/user.ts';
import { describeSchedule, parseSchedule } from '../fix/session-schedule.ts';
import { parseAddressPatterns } from '../platform/addresses.ts';
import { Refusal } from './answers.ts';
import {
  type LimitColumns,
  MEMBER_LIMITS_SCHEMA,
  type MemberLimits,
  readMemberLimits,
  shownMemberLimits,
} from './trading-terms.ts';

/** As written by the operator. What is absent stays as it is; null takes an agreement back. */
export interface MemberTerms extends MemberLimits {
  readonly resetOnLogon?: boolean;
  readonly resetOnLogout?: boolean;
  readonly validateUserDefinedFields?: boolean;
  /** As `parseSchedule` reads it. */
  readonly schedule?: string | null;
  readonly cancelOnDisconnect?: boolean;
  readonly cancelGraceMs?: number;
  readonly ordersPerSecond?: number | null;
  /** Addresses and networks in CIDR form. */
  readonly allowedAddresses?: readonly string[] | null;
  /** RFC 2253 text. */
  readonly certificateSubject?: string | null;
}

/** The columns of `users` that terms decide. */
export type MemberColumns = Partial<
  Pick<
    User,
    | 'resetOnLogon'
    | 'resetOnLogout'
    | 'validateUserDefinedFields'
    | 'sessionSchedule'
    | 'cancelOnDisconnect'
    | 'cancelGraceMs'
    | 'ordersPerSecond'
    | 'allowedAddresses'
    | 'certificateSubject'
  >
> &
  LimitColumns;

const MAX_CANCEL_GRACE_MS = 3_600_000;
const MAX_ORDERS_PER_SECOND = 1_000_000;
const MAX_ADDRESSES = 100;
/** One name of a subject, `CN=desk-1`: blanks at its ends would have to be escaped. */
const SUBJECT_NAME = /^[A-Za-z0-9.]+=(?! )(?:\\.|[^\\,+"<>;\p{Cc}])*(?<!(?<!\\) )$/u;
/** Commas and plus signs that are not escaped separate names. */
const BETWEEN_NAMES = /(?<!\\)[,+]/;
const MAX_SUBJECT_LENGTH = 500;

/** JSON schema of {@link MemberTerms}: shapes only. */
export const MEMBER_TERMS_SCHEMA = {
  resetOnLogon: { type: 'boolean' },
  resetOnLogout: { type: 'boolean' },
  validateUserDefinedFields: { type: 'boolean' },
  schedule: { type: ['string', 'null'], maxLength: 200 },
  cancelOnDisconnect: { type: 'boolean' },
  cancelGraceMs: { type: 'number' },
  ordersPerSecond: { type: ['number', 'null'] },
  allowedAddresses: {
    type: ['array', 'null'],
    maxItems: MAX_ADDRESSES,
    items: { type: 'string', maxLength: 100 },
  },
  certificateSubject: { type: ['string', 'null'], maxLength: 1_000 },
  ...MEMBER_LIMITS_SCHEMA,
} as const;

/** The columns that the terms name, or the first thing that is wrong with them. */
export function readMemberTerms(terms: MemberTerms): MemberColumns | Refusal {
  const refusal = checkNumbers(terms) ?? checkSubject(terms);
  if (refusal !== undefined) return refusal;
  const limits = readMemberLimits(terms);
  if (limits instanceof Refusal) return limits;
  const { schedule, allowedAddresses, ...others } = terms;
  const { selfTradePrevention, maxOrderQty, maxOrderNotional, maxOpenOrders, ...besides } = others;
  const { priceBandPct, makerBps, takerBps, ...plain } = besides;
  const columns: MemberColumns = { ...plain, ...limits };
  if (schedule !== undefined) {
    const read = schedule === null ? null : parseSchedule(schedule);
    if (typeof read === 'string') return new Refusal(400, read);
    columns.sessionSchedule = read === null ? null : describeSchedule(read);
  }
  if (allowedAddresses !== undefined) {
    const fault = allowedAddresses === null ? undefined : addressFault(allowedAddresses);
    if (fault !== undefined) return new Refusal(400, fault);
    columns.allowedAddresses = allowedAddresses === null ? null : [...allowedAddresses];
  }
  return columns;
}

/** What is agreed, in the words of {@link MemberTerms}. */
export function shownMemberTerms(user: User): Required<MemberTerms> {
  return {
    resetOnLogon: user.resetOnLogon,
    resetOnLogout: user.resetOnLogout,
    validateUserDefinedFields: user.validateUserDefinedFields,
    schedule: user.sessionSchedule ?? null,
    cancelOnDisconnect: user.cancelOnDisconnect,
    cancelGraceMs: user.cancelGraceMs,
    ordersPerSecond: user.ordersPerSecond ?? null,
    allowedAddresses: user.allowedAddresses ?? null,
    certificateSubject: user.certificateSubject ?? null,
    ...shownMemberLimits(user),
  };
}

function checkNumbers({ cancelGraceMs, ordersPerSecond }: MemberTerms): Refusal | undefined {
  if (cancelGraceMs !== undefined && !isIntegerWithin(cancelGraceMs, 0, MAX_CANCEL_GRACE_MS)) {
    return new Refusal(400, `cancelGraceMs is a whole number from 0 to ${MAX_CANCEL_GRACE_MS}`);
  }
  if (ordersPerSecond == null || isIntegerWithin(ordersPerSecond, 1, MAX_ORDERS_PER_SECOND)) return undefined;
  return new Refusal(400, `ordersPerSecond is a whole number from 1 to ${MAX_ORDERS_PER_SECOND}`);
}

function checkSubject({ certificateSubject: subject }: MemberTerms): Refusal | undefined {
  if (subject == null) return undefined;
  const areNames = subject.split(BETWEEN_NAMES).every((name) => SUBJECT_NAME.test(name));
  if (areNames && subject.length <= MAX_SUBJECT_LENGTH) return undefined;
  return new Refusal(
    400,
    'a certificate subject is text as of RFC 2253, without blanks between its names, such as CN=desk-1,O=Bank',
  );
}

function addressFault(patterns: readonly string[]): string | undefined {
  if (patterns.length === 0) return 'name at least one address that is allowed, or none for any';
  const matcher = parseAddressPatterns(patterns);
  return typeof matcher === 'string' ? matcher : undefined;
}

function isIntegerWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

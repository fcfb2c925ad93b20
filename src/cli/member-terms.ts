/** What `onebook user add` and `onebook user set` agree with a member: their flags, and the columns that show it. */
import type { Command } from 'commander';
import { isNone, orNone, readCount, readCountOrNone, readYesNo } from './flag-values.ts';
import { LIMITS, type LimitFlags, readLimits, withLimits } from './member-limits.ts';
import type { Column } from './table.ts';

/** As commander gives them: a flag that may stand alone is `true` then. */
export interface TermsFlags extends LimitFlags {
  readonly resetOnLogon?: string | true;
  readonly resetOnLogout?: string | true;
  readonly validateUserDefinedFields?: string | true;
  readonly schedule?: string;
  readonly cancelOnDisconnect?: string | true;
  readonly cancelGraceMs?: string;
  readonly ordersPerSecond?: string;
  readonly allowedAddresses?: string;
  readonly certificateSubject?: string;
}

/** The terms that tables of several members show. */
export const LISTED_TERMS: readonly Column[] = [
  { title: 'RESET ON LOGON', field: 'resetOnLogon' },
  { title: 'SCHEDULE', field: 'schedule' },
];

/** All terms. */
export const TERMS: readonly Column[] = [
  { title: 'RESET ON LOGON', field: 'resetOnLogon' },
  { title: 'RESET ON LOGOUT', field: 'resetOnLogout' },
  { title: 'VALIDATE USER DEFINED FIELDS', field: 'validateUserDefinedFields' },
  { title: 'SCHEDULE', field: 'schedule' },
  { title: 'CANCEL ON DISCONNECT', field: 'cancelOnDisconnect' },
  { title: 'CANCEL GRACE MS', field: 'cancelGraceMs', right: true },
  { title: 'ORDERS PER SECOND', field: 'ordersPerSecond', right: true },
  { title: 'ALLOWED ADDRESSES', field: 'allowedAddresses' },
  { title: 'CERTIFICATE SUBJECT', field: 'certificateSubject' },
  ...LIMITS,
];

/** Adds the flags. */
export function withTerms(command: Command): Command {
  const agreed = command
    .option('--reset-on-logon [yes|no]', 'begin at sequence number 1 at every Logon, as if it had 141=Y')
    .option('--reset-on-logout [yes|no]', 'go back to sequence number 1 after every Logout')
    .option('--validate-user-defined-fields [yes|no]', 'reject tags from 5000 on that are not the venue’s')
    .option(
      '--schedule <times>',
      'when it may be logged on, and when numbers go back to 1: "08:00 - 17:30 Europe/Zurich", "Mon 08:00 - ' +
        'Fri 17:30 Europe/Zurich reset Sun 18:00", "00:00 - 00:00 UTC reset 17:00"; or none',
    )
    .option('--cancel-on-disconnect [yes|no]', 'cancel its open orders when its session ends')
    .option('--cancel-grace-ms <ms>', 'how long after that a new Logon still saves them; default 10000')
    .option(
      '--orders-per-second <count>',
      'orders and replaces beyond it are rejected; none: the venue’s limit',
    )
    .option('--allowed-addresses <list>', 'addresses and networks (CIDR) that it may come from; none: any')
    .option('--certificate-subject <subject>', 'the client certificate that it must present; or none');
  return withLimits(agreed);
}

/** The terms that the flags name, as the API takes them; it judges them. */
export function readTerms(flags: TermsFlags): Record<string, unknown> {
  const terms = {
    resetOnLogon: readYesNo('--reset-on-logon', flags.resetOnLogon),
    resetOnLogout: readYesNo('--reset-on-logout', flags.resetOnLogout),
    validateUserDefinedFields: readYesNo('--validate-user-defined-fields', flags.validateUserDefinedFields),
    schedule: orNone(flags.schedule),
    cancelOnDisconnect: readYesNo('--cancel-on-disconnect', flags.cancelOnDisconnect),
    cancelGraceMs: readCount('--cancel-grace-ms', flags.cancelGraceMs),
    ordersPerSecond: readCountOrNone('--orders-per-second', flags.ordersPerSecond),
    allowedAddresses: readList(flags.allowedAddresses),
    certificateSubject: orNone(flags.certificateSubject),
    ...readLimits(flags),
  };
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined));
}

function readList(value: string | undefined): readonly string[] | null | undefined {
  if (value === undefined) return undefined;
  return isNone(value) ? null : value.split(/[\s,]+/).filter((part) => part !== '');
}

/**
 * Fields that the venue adds to FIX: its own above 5000, and fields of later versions that it takes in an older
 * one. All of them belong to Logon (A). They are apart from the dictionary, which is FIX's word and not ours.
 */
import { type DictionaryVersion, FIX_VERSIONS, type FixVersion } from './version.ts';

/** A field that a version of FIX does not define and the venue takes all the same. */
export interface VenueField {
  readonly tag: number;
  readonly name: string;
  /** FIX data type. */
  readonly type: string;
  /** Where FIX does not define it. */
  readonly versions: readonly FixVersion[];
  /** What it is for, for the members' documents. */
  readonly description: string;
}

/** All of them, by tag. */
export const VENUE_FIELDS = [
  {
    tag: 553,
    name: 'Username',
    type: 'String',
    versions: ['FIX.4.2'],
    description: 'As FIX.4.3 and later define it.',
  },
  {
    tag: 554,
    name: 'Password',
    type: 'String',
    versions: ['FIX.4.2'],
    description: 'As FIX.4.3 and later define it.',
  },
  {
    tag: 8013,
    name: 'CancelOrdersOnDisconnect',
    type: 'Boolean',
    versions: FIX_VERSIONS,
    description:
      "Y: cancel all open orders when this session ends; N: leave them. Without it, the member's default.",
  },
  {
    tag: 8014,
    name: 'CancelOnDisconnectWindow',
    type: 'int',
    versions: FIX_VERSIONS,
    description:
      'Seconds after the end of a session within which a new Logon saves its orders from being canceled.',
  },
] as const satisfies readonly VenueField[];

/**
 * Whether the venue takes the tag in a version whose FIX dictionary does not have it. FIXT.1.1 has the fields of
 * the FIX.5.0SP2 that travels over it.
 */
export function isVenueField(version: DictionaryVersion, tag: number): boolean {
  const spoken = version === 'FIXT.1.1' ? 'FIX.5.0SP2' : version;
  const fields: readonly VenueField[] = VENUE_FIELDS;
  return fields.some((field) => field.tag === tag && field.versions.includes(spoken));
}

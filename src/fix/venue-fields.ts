/**
 * Fields that the venue adds to FIX: its own above 5000, and fields of later versions that it takes in an older
 * one. They are apart from the dictionary, which is FIX's word and not ours.
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
  /** MsgType (35) of the messages that have it there. */
  readonly messages: readonly string[];
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
    messages: ['A'],
    description: 'As FIX.4.3 and later define it.',
  },
  {
    tag: 554,
    name: 'Password',
    type: 'String',
    versions: ['FIX.4.2'],
    messages: ['A'],
    description: 'As FIX.4.3 and later define it.',
  },
  {
    tag: 969,
    name: 'MinPriceIncrement',
    type: 'float',
    versions: ['FIX.4.4'],
    messages: ['y'],
    description: 'The tick, as FIX.5.0 and later define it.',
  },
  {
    tag: 1140,
    name: 'MaxTradeVol',
    type: 'Qty',
    versions: ['FIX.4.4'],
    messages: ['y'],
    description: 'The most that an order may be for, as FIX.5.0 and later define it.',
  },
  {
    tag: 7928,
    name: 'SelfMatchPreventionID',
    type: 'int',
    versions: FIX_VERSIONS,
    messages: ['D'],
    description:
      'A number from 1 to 2147483647: the order is kept only from your orders with the same. Without it, from all of yours.',
  },
  {
    tag: 7929,
    name: 'SelfMatchPreventionMode',
    type: 'int',
    versions: FIX_VERSIONS,
    messages: ['D'],
    description:
      "What happens instead of a trade with your own order: 0 nothing, they trade; 1 the new order is canceled; 2 the old one; 3 both; 4 the smaller quantity is taken off both. Without it, the member's default.",
  },
  {
    tag: 8013,
    name: 'CancelOrdersOnDisconnect',
    type: 'Boolean',
    versions: FIX_VERSIONS,
    messages: ['A'],
    description:
      "Y: cancel all open orders when this session ends; N: leave them. Without it, the member's default.",
  },
  {
    tag: 8014,
    name: 'CancelOnDisconnectWindow',
    type: 'int',
    versions: FIX_VERSIONS,
    messages: ['A'],
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

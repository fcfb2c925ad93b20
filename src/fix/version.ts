/**
 * The versions of FIX that members may speak. A version is what its application messages are: FIX.5.0SP2
 * travels over FIXT.1.1, which has its own BeginString (8) and its own session messages.
 */

/** What a session speaks, by its application messages. */
export type FixVersion = 'FIX.4.2' | 'FIX.4.4' | 'FIX.5.0SP2';

/** All of them, the oldest first. */
export const FIX_VERSIONS = ['FIX.4.2', 'FIX.4.4', 'FIX.5.0SP2'] as const satisfies readonly FixVersion[];

/** What a data dictionary can be about: FIX.5.0SP2 needs two. */
export type DictionaryVersion = FixVersion | 'FIXT.1.1';

/** DefaultApplVerID (1137) and ApplVerID (1128) of FIX.5.0SP2. */
export const APPL_VER_ID_50SP2 = '9';

const BEGIN_STRINGS: { readonly [Version in FixVersion]: string } = {
  'FIX.4.2': 'FIX.4.2',
  'FIX.4.4': 'FIX.4.4',
  'FIX.5.0SP2': 'FIXT.1.1',
};

/** BeginString (8) of a version's messages. */
export function beginStringOf(version: FixVersion): string {
  return BEGIN_STRINGS[version];
}

/** The version that a BeginString (8) announces; undefined for one that the venue does not speak. */
export function versionOf(beginString: string): FixVersion | undefined {
  return FIX_VERSIONS.find((version) => BEGIN_STRINGS[version] === beginString);
}

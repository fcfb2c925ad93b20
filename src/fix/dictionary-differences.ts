/**
 * Where fixparser's data is wrong or silent, by version and each entry with the source that says so. It is one
 * late repository of all versions: fields that older versions had are gone, types are those of later versions.
 */
import { FIX42 } from './differences/fix42.ts';
import { FIX44 } from './differences/fix44.ts';
import { FIX50SP2 } from './differences/fix50sp2.ts';
import type { VersionDifferences } from './differences/version-differences.ts';
import type { FixVersion } from './version.ts';

/** By version; FIXT.1.1 is a part of FIX.5.0SP2 and has its own table. */
export const DIFFERENCES: { readonly [Version in FixVersion]: VersionDifferences } = {
  'FIX.4.2': FIX42,
  'FIX.4.4': FIX44,
  'FIX.5.0SP2': FIX50SP2,
};

/** Data fields (349) by the Length field (348) that counts their bytes, where fixparser does not say it. */
export const DATA_TAGS: ReadonlyMap<number, number> = new Map([
  // FIX50SP2.xml, the types of 1278, 1281 and 1398 and the names of what stands before them.
  [1277, 1278],
  [1280, 1281],
  [1397, 1398],
]);

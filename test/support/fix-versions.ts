/** The same conversation in each version of FIX: what an engine must do differs in few places. */
import { FIX_VERSIONS, type FixVersion } from '../../src/fix/version.ts';

/** Describes something once a version. */
export function forEachVersion(tell: (version: FixVersion) => void): void {
  for (const version of FIX_VERSIONS) describe(version, () => tell(version));
}

/** SessionRejectReason (373) as an expected field: FIX.4.2 has no word for those beyond 11, and leaves it out. */
export function reasonIn(version: FixVersion, reason: number): Readonly<Record<number, number>> {
  return version === 'FIX.4.2' && reason > 11 ? {} : { 373: reason };
}

/**
 * The passwords of the demo's members: random for each data directory, and kept in it, readable by its owner only,
 * so that one can log on as a member of the demo.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MEMBER_NAMES, type MemberLogin, type MemberName } from './protocol.ts';

export type MemberLogins = Readonly<Record<MemberName, MemberLogin>>;

const COMP_IDS: Readonly<Record<MemberName, number>> = { alice: 1001, bob: 1002 };
const OWNER_ONLY = 0o600;

/** Where the logins of the demo with this data directory are. */
export function loginsPath(dataDir: string): string {
  return join(dataDir, 'demo-members.json');
}

/** Whether the demo has run in this data directory before. */
export function hasLogins(dataDir: string): boolean {
  return existsSync(loginsPath(dataDir));
}

/** The logins of this data directory; made when they are missing, or when the file holds something else. */
export function loadOrCreateLogins(dataDir: string): MemberLogins {
  const before = readLogins(loginsPath(dataDir));
  if (before !== undefined) return before;
  const logins = Object.fromEntries(
    MEMBER_NAMES.map((name) => [
      name,
      { compId: COMP_IDS[name], password: randomBytes(12).toString('base64url') },
    ]),
  ) as unknown as MemberLogins;
  const draft = `${loginsPath(dataDir)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(logins, undefined, 2)}\n`, { mode: OWNER_ONLY });
  chmodSync(draft, OWNER_ONLY);
  renameSync(draft, loginsPath(dataDir));
  return logins;
}

function readLogins(path: string): MemberLogins | undefined {
  try {
    const read = JSON.parse(readFileSync(path, 'utf8')) as Partial<Record<MemberName, Partial<MemberLogin>>>;
    const isComplete = MEMBER_NAMES.every(
      (name) => typeof read[name]?.password === 'string' && read[name]?.compId === COMP_IDS[name],
    );
    return isComplete ? (read as MemberLogins) : undefined;
  } catch {
    return undefined;
  }
}

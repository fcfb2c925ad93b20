/**
 * The bearer token of the admin API: made at a node's first start, kept in its data directory, readable by its
 * owner only. Who can read the file may operate the venue.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TOKEN = /^[0-9a-f]{64}$/;
const OWNER_ONLY = 0o600;

/** The token file is there but holds no token. */
export class BadTokenFile extends Error {
  override readonly name = 'BadTokenFile';
}

/** Where the token of the node with this data directory is. */
export function adminTokenPath(dataDir: string): string {
  return join(dataDir, 'admin.token');
}

/**
 * The node's token; creates data directory and token when they are missing. Two processes that start at once
 * get the same one. Throws {@link BadTokenFile} when the file holds something else.
 */
export function loadOrCreateAdminToken(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true });
  return readAdminToken(dataDir) ?? createAdminToken(dataDir);
}

/** The node's token, or undefined when it has none yet. Throws {@link BadTokenFile} like the above. */
export function readAdminToken(dataDir: string): string | undefined {
  const path = adminTokenPath(dataDir);
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  if (TOKEN.test(text)) return text;
  throw new BadTokenFile(`${path} holds no token; remove it and start the node again to get a new one`);
}

function createAdminToken(dataDir: string): string {
  const path = adminTokenPath(dataDir);
  const token = randomBytes(32).toString('hex');
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${token}\n`, { mode: OWNER_ONLY, flag: 'wx', flush: true });
  try {
    // The umask may have taken bits away, never added any; the owner must be able to read it.
    chmodSync(draft, OWNER_ONLY);
    // A link appears complete or not at all, and does not replace the token of another process.
    linkSync(draft, path);
    return token;
  } catch (error) {
    const winner = isCode(error, 'EEXIST') ? readAdminToken(dataDir) : undefined;
    if (winner === undefined) throw error;
    return winner;
  } finally {
    rmSync(draft, { force: true });
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Compares in a time that tells nothing about where they differ. */
export function tokensEqual(expected: string, given: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(expected), digest(given));
}

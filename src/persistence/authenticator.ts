/** Judges a Logon (A) against the `users` table. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { type Authenticator, type LoginVerdict, StoreUnavailableError } from '../actors/ports.ts';
import { hashPassword, verifyPassword } from '../platform/passwords.ts';
import { load, reasonOf } from './sql.ts';

interface UserRecord {
  readonly id: number;
  readonly username: string;
  readonly password_hash: string;
  readonly status: 'active' | 'disabled' | 'venue';
  readonly reset_on_logon: boolean;
}

/** Logons that may wait for their turn to be hashed; more are told to come back. */
const DEFAULT_MAX_PENDING_LOGINS = 256;

export interface AuthenticatorOptions {
  readonly maxPendingLogins?: number;
}

/**
 * Username (553) must be the user of SenderCompID (49), and Password (554) theirs. An unknown user costs one hash
 * as well, so that the time of a refusal tells nothing.
 */
export async function createAuthenticator(
  orm: MikroORM,
  options: AuthenticatorOptions = {},
): Promise<Authenticator> {
  const maxPendingLogins = options.maxPendingLogins ?? DEFAULT_MAX_PENDING_LOGINS;
  const nobodysHash = await hashPassword('nobody');
  let pendingCount = 0;

  async function verdictOn(senderCompId: number, username: string, password: string): Promise<LoginVerdict> {
    const [user] = await load(orm, (sql) =>
      sql.rows<UserRecord>(
        'select id, username, password_hash, status, reset_on_logon from users where sender_comp_id = $1',
        [senderCompId],
      ),
    );
    const isMember = user !== undefined && user.status !== 'venue' && user.username === username;
    const isPassword = await verifyPassword(isMember ? user.password_hash : nobodysHash, password);
    if (user === undefined) return { type: 'Refused', reason: 'unknown SenderCompID' };
    if (!isMember) return { type: 'Refused', reason: 'Username and SenderCompID do not belong together' };
    if (!isPassword) return { type: 'Refused', reason: 'wrong password' };
    if (user.status === 'disabled') {
      return { type: 'Disabled', userId: user.id, text: 'this user is disabled' };
    }
    return { type: 'Accepted', userId: user.id, resetOnLogon: user.reset_on_logon };
  }

  return {
    async judge({ senderCompId, username, password }) {
      if (pendingCount >= maxPendingLogins) return { type: 'Unavailable', reason: 'too many logons at once' };
      // SenderCompID (49) is any integer of the member's; the column holds 32 bits.
      if (!Number.isSafeInteger(senderCompId) || senderCompId < 0 || senderCompId > 0x7fffffff) {
        return { type: 'Refused', reason: 'SenderCompID out of range' };
      }
      pendingCount += 1;
      try {
        return await verdictOn(senderCompId, username, password);
      } catch (error) {
        return {
          type: 'Unavailable',
          reason: error instanceof StoreUnavailableError ? error.message : `logon failed: ${reasonOf(error)}`,
        };
      } finally {
        pendingCount -= 1;
      }
    },
  };
}

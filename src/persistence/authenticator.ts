/** Judges a Logon (A) against the `users` table, and keeps those who guess from trying on. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { type Authenticator, type LoginVerdict, StoreUnavailableError } from '../actors/ports.ts';
import { hostOf, networkOf } from '../platform/addresses.ts';
import type { Clock } from '../platform/clock.ts';
import { hashPassword, inHashingTurn, type VerifyPassword } from '../platform/passwords.ts';
import { type LoginAttempt, LoginGuard, type LoginGuardLimits } from './login-guard.ts';
import { LoginQueue, type LoginQueueLimits } from './login-queue.ts';
import { MEMBER_RECORD_COLUMNS, type MemberRecord, memberSettings, peerFault } from './member-settings.ts';
import { load, onConnection, reasonOf } from './sql.ts';

export interface AuthenticatorOptions {
  readonly clock: Clock;
  /** Logons past the queue's bounds are told to come back. */
  readonly limits: LoginGuardLimits & LoginQueueLimits;
  /** Tests count hashes here. */
  readonly inTurn?: typeof inHashingTurn;
}

/** An authenticator that says how it is doing. */
export interface WatchedAuthenticator extends Authenticator {
  /** Logons that wait for their verdict, and failed ones that locked somebody out since the start. */
  status(): { readonly pendingLogins: number; readonly lockouts: number };
}

type Login = Parameters<Authenticator['judge']>[0];

/** SenderCompID (49) is any integer of the member's; the column holds 32 bits. */
const MAX_COMP_ID = 0x7fffffff;
/** Members whose networks are remembered over a restart, those that were added last first. */
const MAX_REMEMBERED_MEMBERS = 20_000;

/**
 * Username (553) must be the user of SenderCompID (49), Password (554) theirs, and the address and the certificate
 * of the connection such as are agreed with the member. Whatever is wrong, and also when there is no such member, a
 * refusal costs one row and one hash, so that its time tells nothing. What is locked out (see LoginGuard) is refused
 * at once: that tells how many logons have failed, which whoever sent them knows, and nothing of what they held,
 * since the lock is the same for members that do not exist and whatever the password.
 */
export async function createAuthenticator(
  orm: MikroORM,
  options: AuthenticatorOptions,
): Promise<WatchedAuthenticator> {
  const { clock, limits, inTurn = inHashingTurn } = options;
  const guard = new LoginGuard(limits);
  for (const { sender_comp_id: compId, known_addresses: networks } of await readKnownNetworks(orm)) {
    guard.remember(compId, networks);
  }
  const nobodysHash = await hashPassword('nobody');
  const queue = new LoginQueue<LoginVerdict>(limits);
  let saved: Promise<unknown> = Promise.resolve();

  function lockedOut(attempt: LoginAttempt): LoginVerdict | undefined {
    const now = clock.now();
    const until = guard.lockedUntil(attempt, now);
    if (until === undefined) return undefined;
    const seconds = Math.ceil((until - now) / 1_000);
    return { type: 'Refused', reason: `locked out for another ${seconds} s after failed logons` };
  }

  /** Judged when it is its turn: of guesses that came at once, those behind the one that locks are not hashed. */
  async function verdictOn(
    login: Login,
    attempt: LoginAttempt,
    verifyNow: VerifyPassword,
  ): Promise<LoginVerdict> {
    const locked = lockedOut(attempt);
    if (locked !== undefined) return locked;
    const record = await readMember(orm, login.senderCompId);
    const isMember = record !== undefined && record.status !== 'venue' && record.username === login.username;
    const isPassword = await verifyNow(isMember ? record.password_hash : nobodysHash, login.password);
    const fault = faultOf(record, isMember, isPassword, login);
    if (fault !== undefined || record === undefined) {
      guard.failed(attempt, clock.now());
      return { type: 'Refused', reason: fault ?? 'unknown SenderCompID' };
    }
    const networks = guard.succeeded(attempt);
    // One at a time and waited for by nobody: if it fails, only a restart forgets the network.
    if (networks !== undefined) saved = saved.then(() => saveKnownNetworks(orm, record.id, networks));
    if (record.status === 'disabled') {
      return { type: 'Disabled', userId: record.id, text: 'this user is disabled' };
    }
    const settings = memberSettings(record);
    if (typeof settings === 'string') return { type: 'Unavailable', reason: settings };
    return { type: 'Accepted', userId: record.id, settings };
  }

  return {
    status: () => ({ pendingLogins: queue.size, lockouts: guard.lockouts }),
    async judge(login) {
      const attempt = {
        senderCompId: login.senderCompId,
        network: networkOf(hostOf(login.peer.remoteAddress)),
      };
      const locked = lockedOut(attempt);
      if (locked !== undefined) return locked;
      const isKnown = guard.isKnown(attempt);
      const fault = queue.reasonToRefuse(attempt, isKnown);
      if (fault !== undefined) return { type: 'Unavailable', reason: fault };
      try {
        const verdict = queue.add(attempt, isKnown, (verifyNow) => verdictOn(login, attempt, verifyNow));
        // One turn for each that waits, but not its own: whose it is shows when it comes.
        void inTurn((verifyNow) => queue.takeNext(verifyNow));
        return await verdict;
      } catch (error) {
        return {
          type: 'Unavailable',
          reason: error instanceof StoreUnavailableError ? error.message : `logon failed: ${reasonOf(error)}`,
        };
      }
    },
  };
}

/** What is wrong with the logon, for the log only: the peer is told nothing. */
function faultOf(
  record: MemberRecord | undefined,
  isMember: boolean,
  isPassword: boolean,
  login: Login,
): string | undefined {
  if (record === undefined) return 'unknown SenderCompID';
  if (!isMember) return 'Username and SenderCompID do not belong together';
  if (!isPassword) return 'wrong password';
  return peerFault(record, login.peer);
}

async function readMember(orm: MikroORM, senderCompId: number): Promise<MemberRecord | undefined> {
  const canBeMember = Number.isSafeInteger(senderCompId) && senderCompId >= 0 && senderCompId <= MAX_COMP_ID;
  const [record] = await load(orm, (sql) =>
    sql.rows<MemberRecord>(`select ${MEMBER_RECORD_COLUMNS} from users where sender_comp_id = $1::int`, [
      canBeMember ? senderCompId : null,
    ]),
  );
  return record;
}

interface KnownNetworks {
  readonly sender_comp_id: number;
  readonly known_addresses: readonly string[];
}

function readKnownNetworks(orm: MikroORM): Promise<readonly KnownNetworks[]> {
  return load(orm, (sql) =>
    sql.rows<KnownNetworks>(
      'select sender_comp_id, known_addresses from users where known_addresses is not null ' +
        'order by id desc limit $1',
      [MAX_REMEMBERED_MEMBERS],
    ),
  );
}

async function saveKnownNetworks(orm: MikroORM, userId: number, networks: readonly string[]): Promise<void> {
  try {
    await onConnection(orm, (sql) =>
      sql.rows('update users set known_addresses = $2::text[] where id = $1', [userId, networks]),
    );
  } catch {
    // The next logon from a network that is new to us tries again.
  }
}

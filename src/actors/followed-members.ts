/**
 * Which members' sessions a gateway has, told to every engine: so that reports find them whoever commits them. The whole
 * list goes to an engine with each new link, changes to all that are reached; and when an engine has it, the sessions are
 * told how far its commits may have passed them by.
 */
import type { UserId } from '../matching/types.ts';
import type { FollowMembers, MembersFollowed, Tell } from './protocol.ts';

/** Where a gateway's sessions are made known to the engines of other nodes. */
export interface Followers {
  follow(userId: UserId, sessionId: string): void;
  unfollow(userId: UserId, sessionId: string): void;
  /** An engine tells these its commits from now on: what it committed before is in the rows, and may be unread. */
  followed(message: MembersFollowed): void;
}

export interface FollowedMembersOptions {
  readonly tell: Tell;
  /** The name of this node. */
  readonly node: string;
  /** Names of the engines to which there is a link; this node is not among them. */
  readonly engines: () => readonly string[];
}

/** Sessions of a list that are told in one message. */
const SESSIONS_PER_MESSAGE = 1_000;

/** Bounded by the gateway's connections: one session for each. */
export class FollowedMembers implements Followers {
  readonly #options: FollowedMembersOptions;
  readonly #sessions = new Map<UserId, string>();

  constructor(options: FollowedMembersOptions) {
    this.#options = options;
  }

  /** The session is about to be opened: from now on its member's reports go to it. */
  follow(userId: UserId, sessionId: string): void {
    const { engines } = this.#options;
    this.#sessions.set(userId, sessionId);
    for (const engine of engines()) this.#tell(engine, [{ userId, sessionId }]);
  }

  /** The session has ended; another one of the member's may have taken its place. */
  unfollow(userId: UserId, sessionId: string): void {
    const { tell, engines } = this.#options;
    if (this.#sessions.get(userId) === sessionId) this.#sessions.delete(userId);
    for (const node of engines()) {
      tell({ type: 'persistence', node }, { type: 'UnfollowMember', userId, sessionId });
    }
  }

  /** There is a new link to an engine: it knows nobody. */
  linkUp(engine: string): void {
    const sessions = Array.from(this.#sessions, ([userId, sessionId]) => ({ userId, sessionId }));
    for (let from = 0; from < sessions.length; from += SESSIONS_PER_MESSAGE) {
      this.#tell(engine, sessions.slice(from, from + SESSIONS_PER_MESSAGE));
    }
  }

  /** The sessions that are still there read what they have not been told. */
  followed({ sessionIds, writer, commitNo }: MembersFollowed): void {
    // Of one that has ended nobody lives at the address.
    for (const sessionId of sessionIds) {
      this.#options.tell({ type: 'session', sessionId }, { type: 'CatchUp', writer, commitNo });
    }
  }

  #tell(engine: string, sessions: readonly { readonly userId: UserId; readonly sessionId: string }[]): void {
    const { tell, node } = this.#options;
    tell({ type: 'persistence', node: engine }, { type: 'FollowMembers', node, sessions });
  }
}

/** The answer to a gateway, by the engine that has told of its commits up to `commitNo`. */
export function membersFollowed(
  { sessions }: FollowMembers,
  writer: string,
  commitNo: number,
): MembersFollowed {
  return {
    type: 'MembersFollowed',
    sessionIds: sessions.map(({ sessionId }) => sessionId),
    writer,
    commitNo,
  };
}

/**
 * What persistence does for FIX sessions apart from writing their rows: who is told a member's reports, on this node and,
 * where it is an engine, on others; and what is read for them. Loads come after everything that was journaled before.
 */
import { assertNever } from '../platform/assert.ts';
import type { Announcer } from './announcements.ts';
import { type Followers, membersFollowed } from './followed-members.ts';
import type { Loader } from './loads.ts';
import type { OpenSession, PersistenceMessage, Tell } from './protocol.ts';

/** What is told to persistence and is the desk's affair. */
export type SessionDeskMessage = Extract<
  PersistenceMessage,
  {
    readonly type:
      | 'OpenSession'
      | 'CloseSession'
      | 'FollowMembers'
      | 'UnfollowMember'
      | 'MembersFollowed'
      | 'PeerDown'
      | 'LoadMessages'
      | 'LoadUndelivered'
      | 'ResetSession'
      | 'SessionHeld';
  }
>;

export interface SessionDeskOptions {
  readonly tell: Tell;
  /** The node, whose commits are announced. */
  readonly writer: string;
  readonly announcer: Announcer;
  readonly loader: Loader;
  /** On a gateway: told which members have a session, so that other engines are. */
  readonly followers: Followers | undefined;
  /** Other nodes commit to the same rows. */
  readonly hasOtherWriters: boolean;
  /** The last commit of which everybody has been told. */
  readonly announcedNo: () => number;
  /** Runs it when all that was journaled before now has committed. */
  readonly whenDurable: (load: () => void) => void;
}

export class SessionDesk {
  readonly #options: SessionDeskOptions;
  /** Sessions that have asked to be opened and have not ended. */
  readonly #wanted = new Set<string>();

  constructor(options: SessionDeskOptions) {
    this.#options = options;
  }

  receive(message: SessionDeskMessage): void {
    const { tell, writer, announcer, loader, announcedNo, whenDurable } = this.#options;
    switch (message.type) {
      case 'OpenSession':
        this.#wanted.add(message.sessionId);
        whenDurable(() => {
          // Following begins before the rows are read: what commits meanwhile is told, and known by its number. Where
          // another gateway may have the session, what it is told must not be taken from it.
          if (!this.#options.hasOtherWriters) announcer.follow(message, announcedNo());
          loader.openSession(message);
        });
        break;
      case 'CloseSession':
        this.#wanted.delete(message.sessionId);
        announcer.unfollow(message.userId, message.sessionId);
        this.#options.followers?.unfollow(message.userId, message.sessionId);
        loader.closeSession(message.sessionId);
        break;
      case 'FollowMembers': {
        const { node } = message;
        for (const session of message.sessions) announcer.follow({ ...session, node }, announcedNo());
        tell({ type: 'persistence', node }, membersFollowed(message, writer, announcedNo()));
        break;
      }
      case 'UnfollowMember':
        announcer.unfollow(message.userId, message.sessionId);
        break;
      case 'MembersFollowed':
        this.#options.followers?.followed(message);
        break;
      case 'PeerDown':
        // If it lives it says with the next link who its members are.
        announcer.unfollowNode(message.node);
        break;
      case 'LoadMessages':
        whenDurable(() => loader.loadMessages(message));
        break;
      case 'LoadUndelivered':
        whenDurable(() => loader.loadUndelivered(message));
        break;
      case 'ResetSession':
        whenDurable(() => loader.resetSession(message));
        break;
      case 'SessionHeld':
        loader.sessionHeld(message);
        break;
      default:
        assertNever(message);
    }
  }

  /**
   * The session is this gateway's, and is about to be told so. What was committed here since its rows were read it was not
   * told: it is told to look.
   */
  opened({ userId, sessionId }: OpenSession): void {
    const { tell, writer, announcer, followers, hasOtherWriters, announcedNo } = this.#options;
    if (!hasOtherWriters || !this.#wanted.has(sessionId)) return;
    const commitNo = announcedNo();
    announcer.follow({ userId, sessionId }, commitNo);
    tell({ type: 'session', sessionId }, { type: 'CatchUp', writer, commitNo });
    followers?.follow(userId, sessionId);
  }
}

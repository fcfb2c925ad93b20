/** Who is connected, as an operator sees it; apart from the gateway, which only keeps them. */
import type { Connection } from '../fix/connection.ts';

/** One session, for whoever wants to know who is connected. */
export interface LiveSession {
  readonly sessionId: string;
  /** Undefined until its Logon was right. */
  readonly senderCompId: number | undefined;
  readonly remoteAddress: string;
  /** When it connected, ms since the epoch. */
  readonly since: number;
}

interface Kept {
  readonly connection: Connection;
  readonly since: number;
  readonly senderCompId: number | undefined;
}

/** In the order in which they have connected. */
export function liveSessions(sessions: ReadonlyMap<string, Kept>): LiveSession[] {
  return Array.from(sessions, ([sessionId, { connection, senderCompId, since }]) => ({
    sessionId,
    senderCompId,
    remoteAddress: connection.peer.remoteAddress,
    since,
  }));
}

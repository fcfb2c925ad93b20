/**
 * Loads for actors: asked of the store when what was journaled before them is durable, and repeated while the store
 * is away. Those of one account run one after the other and are all answered, so that the last answer is the newest
 * state. Those of books have a file of their own.
 */
import type { UserId } from '../matching/types.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { BookLoads } from './book-loads.ts';
import {
  type OpenSessionRequest,
  SessionElsewhereError,
  type Store,
  StoreUnavailableError,
} from './ports.ts';
import type {
  LoadBook,
  LoadMessages,
  LoadUndelivered,
  OpenSession,
  ResetSession,
  SessionHeld,
  Tell,
} from './protocol.ts';
import { SessionRequests } from './session-requests.ts';
import { TurnTaking } from './turn-taking.ts';

export interface LoaderOptions {
  readonly tell: Tell;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  /** Another node has taken books of this one, which must stop. */
  readonly onOwnershipLost: (symbols: readonly string[]) => void;
  readonly retryFromMs: number;
  readonly retryToMs: number;
  /** Outbound numbers that a session reserves at a time. */
  readonly reservedSeqNums: number;
  /** A session is open in the rows, and is told so next. */
  readonly onSessionOpened?: (request: OpenSession) => void;
  /** In a cluster: the name of the gateway of a node. */
  readonly gatewayOf?: (nodeName: string) => string;
  /** How long that may take to say whether it has a session. */
  readonly sessionAnswerMs?: number;
}

/** Reads of undelivered reports at a time: a new link may make every session of a gateway want one. */
const READS_AT_ONCE = 4;

/** Starts loads; each is answered to its actor. */
export interface Loader {
  loadBook(request: LoadBook): void;
  /** Somebody waits for the book. */
  hurryBook(symbol: string): void;
  /** Nobody wants it any more. */
  stopBookLoad(symbol: string): void;
  loadAccount(userId: UserId, tradingDay: string): void;
  openSession(request: OpenSession): void;
  /** Another gateway has answered whether somebody is connected there. */
  sessionHeld(answer: SessionHeld): void;
  /** The session wants nothing any more. */
  closeSession(sessionId: string): void;
  resetSession(request: ResetSession): void;
  loadUndelivered(request: LoadUndelivered): void;
  loadMessages(request: LoadMessages): void;
}

/** What a load is told by: it goes well, or fails for good with a reason. */
interface Answer<Loaded> {
  onLoaded(loaded: Loaded): void;
  onFailure(reason: string): void;
  /** The session is at another gateway. */
  onElsewhere?(error: SessionElsewhereError): void;
}

export function createLoader(options: LoaderOptions): Loader {
  const { tell, clock, log, store, retryFromMs, retryToMs } = options;
  const books = new BookLoads(options);
  const reads = new TurnTaking(READS_AT_ONCE);
  const sessions = new SessionRequests({
    tell,
    clock,
    node: store.writer,
    gatewayOf: options.gatewayOf,
    answerMs: options.sessionAnswerMs ?? 0,
    onFree: openSession,
  });
  /** Accounts of which a load is under way, with those that wait for it. */
  const waiting = new Map<UserId, (() => void)[]>();

  /** Repeats a load while the store is away. */
  function attempt<Loaded>(load: () => Promise<Loaded>, answer: Answer<Loaded>, delayMs = retryFromMs): void {
    load().then(
      (loaded) => answer.onLoaded(loaded),
      (error: unknown) => {
        if (error instanceof StoreUnavailableError) {
          clock.after(delayMs, () => attempt(load, answer, Math.min(delayMs * 2, retryToMs)));
          return;
        }
        if (error instanceof SessionElsewhereError && answer.onElsewhere !== undefined) {
          answer.onElsewhere(error);
          return;
        }
        log.error('a load failed', { err: error });
        answer.onFailure(error instanceof Error ? error.message : String(error));
      },
    );
  }

  function attemptInTurn<Loaded>(key: UserId, load: () => Promise<Loaded>, answer: Answer<Loaded>): void {
    const start = (): void =>
      attempt(load, {
        onLoaded(loaded) {
          answer.onLoaded(loaded);
          startNext(key);
        },
        onFailure(reason) {
          answer.onFailure(reason);
          startNext(key);
        },
      });
    const queue = waiting.get(key);
    if (queue !== undefined) {
      queue.push(start);
      return;
    }
    waiting.set(key, []);
    start();
  }

  function startNext(key: UserId): void {
    const next = waiting.get(key)?.shift();
    if (next === undefined) waiting.delete(key);
    else next();
  }

  function openSession(request: OpenSession, takeOverFrom?: OpenSessionRequest['takeOverFrom']): void {
    const { type: _, sessionId, ...terms } = request;
    const session = { type: 'session', sessionId } as const;
    const reserveCount = options.reservedSeqNums;
    attempt(() => store.openSession({ ...terms, reserveCount, takeOverFrom }), {
      onLoaded(opened) {
        options.onSessionOpened?.(request);
        tell(session, { type: 'SessionOpened', opened });
      },
      onFailure: (reason) => tell(session, { type: 'LoadFailed', reason }),
      onElsewhere: (error) => sessions.ask(request, error),
    });
  }

  return {
    loadBook(request) {
      books.load(request);
    },
    hurryBook(symbol) {
      books.hurry(symbol);
    },
    stopBookLoad(symbol) {
      books.stop(symbol);
    },
    loadAccount(userId, tradingDay) {
      const account = { type: 'account', userId } as const;
      attemptInTurn(userId, () => store.loadAccount(userId, tradingDay), {
        onLoaded: (loaded) => tell(account, { type: 'AccountLoaded', loaded }),
        onFailure: (reason) => tell(account, { type: 'LoadFailed', reason }),
      });
    },
    openSession(request) {
      openSession(request);
    },
    sessionHeld(answer) {
      sessions.answered(answer);
    },
    closeSession(sessionId) {
      sessions.forget(sessionId);
    },
    resetSession({ senderCompId, userId }) {
      attempt(() => store.resetSession(senderCompId), {
        onLoaded: () => log.info('numbers reset', { senderCompId }),
        onFailure: (reason) => log.error('numbers were not reset', { senderCompId, reason }),
        // The member has logged on there meanwhile, or its session ended without a word.
        onElsewhere: ({ owner }) => sessions.tellOwner(owner, { type: 'ResetMember', senderCompId, userId }),
      });
    },
    loadUndelivered({ sessionId, senderCompId, userId }) {
      const session = { type: 'session', sessionId } as const;
      reads.take((done) =>
        attempt(() => store.loadUndelivered(senderCompId, userId), {
          onLoaded(undelivered) {
            tell(session, { type: 'UndeliveredLoaded', undelivered });
            done();
          },
          onFailure(reason) {
            tell(session, { type: 'LoadFailed', reason });
            done();
          },
        }),
      );
    },
    loadMessages({ sessionId, senderCompId, beginSeqNum, endSeqNum }) {
      const session = { type: 'session', sessionId } as const;
      attempt(() => store.loadMessages(senderCompId, beginSeqNum, endSeqNum), {
        onLoaded: (messages) => tell(session, { type: 'MessagesLoaded', beginSeqNum, endSeqNum, messages }),
        onFailure: (reason) => tell(session, { type: 'LoadFailed', reason }),
      });
    },
  };
}

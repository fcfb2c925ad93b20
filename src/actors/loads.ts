/**
 * Loads for actors: asked of the store when what was journaled before them is durable, and repeated while the store
 * is away. Those of one account run one after the other and are all answered, so that the last answer is the newest
 * state; what is asked for while one runs is answered by one more. Those of books have a file of their own.
 */
import type { OrderId, UserId } from '../matching/types.ts';
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
  AccountLoaded,
  LoadBook,
  LoadFailed,
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

/** Reads of undelivered reports, or of orders, at a time: a new link may make every session of a gateway want one. */
const READS_AT_ONCE = 4;

/** Starts loads; each is answered to its actor. */
export interface Loader {
  loadBook(request: LoadBook): void;
  /** Somebody waits for the book. */
  hurryBook(symbol: string): void;
  /** Nobody wants it any more. */
  stopBookLoad(symbol: string): void;
  loadAccount(userId: UserId, tradingDay: string, life?: number): void;
  loadOrder(userId: UserId, orderId: OrderId, life?: number): void;
  openSession(request: OpenSession): void;
  /** Another gateway has answered whether somebody is connected there. */
  sessionHeld(answer: SessionHeld): void;
  /** The session wants nothing any more. */
  closeSession(sessionId: string): void;
  resetSession(request: ResetSession): void;
  loadUndelivered(request: LoadUndelivered): void;
  loadMessages(request: LoadMessages): void;
}

/** A load of an account that is asked for. */
interface AccountRequest {
  readonly tradingDay: string;
  readonly life: number | undefined;
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
  const orderReads = new TurnTaking(READS_AT_ONCE);
  const sessions = new SessionRequests({
    tell,
    clock,
    node: store.writer,
    gatewayOf: options.gatewayOf,
    answerMs: options.sessionAnswerMs ?? 0,
    onFree: openSession,
  });
  /** Accounts of which a load is under way, with what has been asked for since: where books move, that may be often. */
  const waiting = new Map<UserId, AccountRequest[]>();

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

  /** Answers requests for one account, all asked before now: one state is as new as each of them wants. */
  function loadAccountFor(userId: UserId, requests: readonly AccountRequest[]): void {
    const account = { type: 'account', userId } as const;
    const answer = (message: (right: { readonly life?: number }) => AccountLoaded | LoadFailed): void => {
      for (const { life } of requests) tell(account, message(life === undefined ? {} : { life }));
      loadNextOf(userId);
    };
    attempt(() => store.loadAccount(userId, requests[0]?.tradingDay ?? ''), {
      onLoaded: (loaded) => answer((right) => ({ type: 'AccountLoaded', loaded, ...right })),
      onFailure: (reason) => answer((right) => ({ type: 'LoadFailed', reason, ...right })),
    });
  }

  function loadNextOf(userId: UserId): void {
    const requests = waiting.get(userId) ?? [];
    const [first] = requests;
    if (first === undefined) {
      waiting.delete(userId);
      return;
    }
    const isLater = ({ tradingDay }: AccountRequest): boolean => tradingDay !== first.tradingDay;
    waiting.set(userId, requests.filter(isLater));
    loadAccountFor(
      userId,
      requests.filter((request) => !isLater(request)),
    );
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
    loadAccount(userId, tradingDay, life) {
      const underWay = waiting.get(userId);
      if (underWay !== undefined) {
        underWay.push({ tradingDay, life });
        return;
      }
      waiting.set(userId, []);
      loadAccountFor(userId, [{ tradingDay, life }]);
    },
    loadOrder(userId, orderId, life) {
      const account = { type: 'account', userId } as const;
      const right = life === undefined ? {} : { life };
      orderReads.take((done) =>
        attempt(() => store.loadOrder(userId, orderId), {
          onLoaded(order) {
            tell(account, { type: 'OrderLoaded', orderId, order, ...right });
            done();
          },
          onFailure() {
            tell(account, { type: 'OrderLoaded', orderId, order: undefined, ...right });
            done();
          },
        }),
      );
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

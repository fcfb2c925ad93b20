/**
 * Sessions that another gateway has, by the rows: that gateway is asked whether somebody is connected there. Only it
 * knows; and when it says that nobody is, what it had to write of the session has been written.
 */
import type { Clock } from '../platform/clock.ts';
import type { NodeLife, OpenSessionRequest, SessionElsewhereError } from './ports.ts';
import type { OpenSession, ResetMember, SessionHeld, SessionWanted, Tell } from './protocol.ts';

export interface SessionRequestsOptions {
  readonly tell: Tell;
  readonly clock: Clock;
  /** The name of this node. */
  readonly node: string;
  /** The name of the gateway of a node; undefined where there is none but this. */
  readonly gatewayOf: ((nodeName: string) => string) | undefined;
  /** How long a gateway may take over its answer: much less than a Logon may take, much more than a round trip. */
  readonly answerMs: number;
  /** Nobody is connected: the session may be taken from where it was. */
  readonly onFree: (request: OpenSession, from: OpenSessionRequest['takeOverFrom']) => void;
}

/** So often a member is found elsewhere, where it has just logged on, before its Logon here is refused. */
const MOST_QUESTIONS = 3;

interface Question {
  readonly request: OpenSession;
  readonly owner: NodeLife;
  readonly epoch: number;
  readonly cancel: () => void;
}

/** Bounded by the gateway's connections: a session asks one question at a time. */
export class SessionRequests {
  readonly #options: SessionRequestsOptions;
  readonly #asked = new Map<string, Question>();
  readonly #counts = new Map<string, number>();

  constructor(options: SessionRequestsOptions) {
    this.#options = options;
  }

  /** Asks; the session is opened, or told LoadFailed. */
  ask(request: OpenSession, { owner, epoch }: SessionElsewhereError): void {
    const { sessionId, senderCompId } = request;
    const { clock, node, answerMs } = this.#options;
    const count = (this.#counts.get(sessionId) ?? 0) + 1;
    if (count > MOST_QUESTIONS) {
      this.#refuse(sessionId, `the session is at ${owner.name}`);
      return;
    }
    const cancel = clock.after(answerMs, () => {
      if (this.#asked.get(sessionId)?.cancel !== cancel) return;
      this.#refuse(sessionId, `${owner.name} has the session and does not answer: try again`);
    });
    this.#counts.set(sessionId, count);
    this.#asked.set(sessionId, { request, owner, epoch, cancel });
    this.tellOwner(owner, { type: 'SessionWanted', senderCompId, sessionId, node });
  }

  answered({ sessionId, isAlive }: SessionHeld): void {
    const question = this.#asked.get(sessionId);
    if (question === undefined) return;
    question.cancel();
    this.#asked.delete(sessionId);
    const { request, owner, epoch } = question;
    if (isAlive) this.#refuse(sessionId, `the session is alive at ${owner.name}`);
    else this.#options.onFree(request, { ...owner, epoch });
  }

  /** The session has ended: whatever is answered, it wants nothing. */
  forget(sessionId: string): void {
    this.#asked.get(sessionId)?.cancel();
    this.#asked.delete(sessionId);
    this.#counts.delete(sessionId);
  }

  /** Tells the gateway that has a session; it does not hear it where it is dead. */
  tellOwner({ name }: NodeLife, message: SessionWanted | ResetMember): void {
    const { tell, gatewayOf } = this.#options;
    if (gatewayOf !== undefined) tell({ type: 'gateway', name: gatewayOf(name) }, message);
  }

  #refuse(sessionId: string, reason: string): void {
    this.forget(sessionId);
    this.#options.tell({ type: 'session', sessionId }, { type: 'LoadFailed', reason });
  }
}

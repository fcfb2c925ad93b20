/**
 * The members of bench/overload.ts, in processes of their own: the load, and the bystander. Each does what the parent
 * says over the IPC channel, phase by phase, and tells what came of it.
 */
import { delay, systemClock } from '../src/platform/clock.ts';
import type {
  ClientOrder,
  ClientWord,
  KindFigures,
  Offer,
  PhaseFigures,
  Role,
} from './support/overload-plan.ts';
import { type Answer, OverloadSession, type RequestKind } from './support/overload-session.ts';
import { Samples } from './support/percentiles.ts';

const METRONOME_MS = 1;
/** One request in so many of the load is an order that rests, and another one the cancel of such an order. */
const CANCEL_EVERY = 20;
/**
 * Requests without an answer of all sessions together at which they stop sending. Engines have such a bound; without
 * one the kernels' buffers are what is measured, which hold minutes of orders.
 */
const MAX_OUTSTANDING = 60_000;
/** Requests of one session and one tick. */
const MAX_BURST = 2_000;
/** Answers may take so long before they count as lost. */
const SILENCE_MS = 20_000;
const POLL_MS = 2;

/** Counts of one kind of request. */
class Kind {
  sent = 0;
  readonly #answers: Record<Answer, number> = { Accepted: 0, Rejected: 0, BusinessRejected: 0 };
  readonly #latency = new Samples();

  answer(answer: Answer, latencyMs: number): void {
    this.#answers[answer] += 1;
    if (answer === 'Accepted') this.#latency.add(latencyMs);
  }

  figures(): KindFigures {
    const { Accepted, Rejected, BusinessRejected } = this.#answers;
    const latency = this.#latency.percentiles();
    return {
      sent: this.sent,
      accepted: Accepted,
      rejected: Rejected,
      businessRejected: BusinessRejected,
      latency,
    };
  }
}

class OverloadClient {
  readonly #role: Role;
  #sessions: OverloadSession[] = [];
  #offer: Offer = { type: 'Nothing' };
  #kinds: Record<RequestKind, Kind> = { Order: new Kind(), Cancel: new Kind() };
  #series: (readonly [number, number])[] = [];
  #heldBack = 0;
  #begunMs = performance.now();
  #dueCount = 0;
  #lastAnswerMs = 0;
  /** Requests of each session, by which orders and cancels take turns. */
  #turns: number[] = [];

  constructor(role: Role) {
    this.#role = role;
  }

  async logOn(order: ClientOrder & { readonly type: 'LogOn' }): Promise<void> {
    for (const member of order.members) {
      this.#sessions.push(
        await OverloadSession.open(order, member, {
          onAnswer: (kind, answer, sentAtMs) => this.#onAnswer(kind, answer, sentAtMs),
          onBatchRead: (session) => this.#refill(session),
          onFailure: fail,
        }),
      );
    }
    this.#turns = this.#sessions.map(() => 0);
    systemClock.every(METRONOME_MS, () => this.#sendByTheClock());
  }

  begin(offer: Offer): PhaseFigures {
    const nowMs = performance.now();
    const before: PhaseFigures = {
      tookMs: nowMs - this.#begunMs,
      orders: this.#kinds.Order.figures(),
      cancels: this.#kinds.Cancel.figures(),
      heldBack: this.#heldBack,
      series: this.#series,
    };
    this.#offer = offer;
    this.#kinds = { Order: new Kind(), Cancel: new Kind() };
    this.#series = [];
    this.#heldBack = 0;
    this.#begunMs = nowMs;
    this.#dueCount = 0;
    for (const session of this.#sessions) this.#refill(session);
    return before;
  }

  async untilAnswered(): Promise<number> {
    this.#lastAnswerMs = performance.now();
    while (this.#outstanding > 0 && performance.now() - this.#lastAnswerMs < SILENCE_MS) {
      await delay(systemClock, POLL_MS);
    }
    return this.#outstanding;
  }

  get #outstanding(): number {
    return this.#sessions.reduce((sum, { outstanding }) => sum + outstanding, 0);
  }

  #onAnswer(kind: RequestKind, answer: Answer, sentAtMs: number): void {
    const nowMs = performance.now();
    this.#lastAnswerMs = nowMs;
    this.#kinds[kind].answer(answer, nowMs - sentAtMs);
    if (this.#role === 'Bystander' && answer === 'Accepted') {
      this.#series.push([performance.timeOrigin + sentAtMs, nowMs - sentAtMs]);
    }
  }

  #refill(session: OverloadSession): void {
    const offer = this.#offer;
    if (offer.type !== 'Window') return;
    const room = offer.window - session.outstanding;
    if (room > 0) this.#send(session, room);
  }

  #sendByTheClock(): void {
    const offer = this.#offer;
    if (offer.type !== 'Rate') return;
    const due = Math.floor(((performance.now() - this.#begunMs) * offer.requestsPerSecond) / 1000);
    let left = due - this.#dueCount;
    this.#dueCount = due;
    for (const [index, session] of this.#sessions.entries()) {
      const share = Math.ceil(left / (this.#sessions.length - index));
      left -= share;
      const room = MAX_OUTSTANDING / this.#sessions.length - session.outstanding;
      const count = session.takesMore ? Math.max(0, Math.min(share, MAX_BURST, Math.floor(room))) : 0;
      this.#heldBack += share - count;
      if (count > 0) this.#send(session, count);
    }
  }

  #send(session: OverloadSession, count: number): void {
    const index = this.#sessions.indexOf(session);
    for (let sent = 0; sent < count; sent += 1) {
      const turn = this.#turns[index] ?? 0;
      this.#turns[index] = turn + 1;
      const kind = this.#sendOne(session, turn);
      this.#kinds[kind].sent += 1;
    }
    session.flush();
  }

  #sendOne(session: OverloadSession, turn: number): RequestKind {
    // The bystander enters and cancels in turn, and never trades.
    const [entersResting, cancels] =
      this.#role === 'Bystander'
        ? [turn % 2 === 0, turn % 2 === 1]
        : [turn % CANCEL_EVERY === 0, turn % CANCEL_EVERY === CANCEL_EVERY / 2];
    if (cancels && session.cancelOldest()) return 'Cancel';
    if (entersResting || this.#role === 'Bystander') session.enterResting();
    else session.enterTrading();
    return 'Order';
  }
}

function tellParent(word: ClientWord): void {
  process.send?.(word);
}

/** Ends the process once the parent has been told. */
function fail(reason: string): void {
  process.send?.({ type: 'Failed', reason } satisfies ClientWord, undefined, undefined, () =>
    process.exit(1),
  );
}

let client = new OverloadClient('Load');

async function carryOut(order: ClientOrder): Promise<void> {
  switch (order.type) {
    case 'LogOn':
      client = new OverloadClient(order.role);
      await client.logOn(order);
      tellParent({ type: 'LoggedOn' });
      return;
    case 'Begin':
      tellParent({ type: 'Began', before: client.begin(order.offer) });
      return;
    case 'AwaitAnswers':
      tellParent({ type: 'Answered', unanswered: await client.untilAnswered() });
      return;
  }
}

process.on('message', (order: ClientOrder) => {
  carryOut(order).catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
});
process.once('disconnect', () => process.exit(0));
process.on('uncaughtException', (error) => fail(error.message));

/**
 * The members of the benchmark, in a process of their own: logs on every session, offers the load over real
 * sockets, measures, and checks that every order was acknowledged once. Started by orders.ts, which sends a
 * ClientPlan over the IPC channel.
 */
import { delay, systemClock } from '../src/platform/clock.ts';
import type { BenchMember, ClientMessage, ClientPlan, ClientResult } from './support/client-plan.ts';
import { LoadSession } from './support/load-session.ts';
import { Samples } from './support/percentiles.ts';

/** How long the last answers may take after the load has stopped. */
const DRAIN_TIMEOUT_MS = 30_000;
const POLL_MS = 5;
/** Fewer than the venue lets wait for the check of their password. */
const MAX_LOGONS_AT_ONCE = 50;
/** The open loop looks at the clock this often. */
const METRONOME_MS = 1;
/** Unanswered orders of an open loop past which the venue does not keep up with the rate. */
const MAX_OPEN_OUTSTANDING = 15_000;

/** One run of a plan. */
class OrderClient {
  readonly #plan: ClientPlan;
  readonly #latency = new Samples();
  readonly #lateness = new Samples();
  readonly #sessions: LoadSession[] = [];
  #isSending = false;
  #beginsMs = Number.POSITIVE_INFINITY;
  #endsMs = Number.POSITIVE_INFINITY;

  constructor(plan: ClientPlan) {
    this.#plan = plan;
  }

  async run(): Promise<ClientResult> {
    const { members, warmUpMs, measureMs } = this.#plan;
    for (let done = 0; done < members.length; done += MAX_LOGONS_AT_ONCE) {
      const some = members.slice(done, done + MAX_LOGONS_AT_ONCE);
      this.#sessions.push(...(await Promise.all(some.map((member) => this.#open(member)))));
    }
    this.#isSending = true;
    const startsMs = performance.now();
    this.#beginsMs = startsMs + warmUpMs;
    this.#endsMs = this.#beginsMs + measureMs;
    this.#offerLoad(startsMs);

    await delay(systemClock, warmUpMs);
    tellParent({ type: 'MeasureBegun' });
    const [firstAck, begunMs] = [this.#sum('ackCount'), performance.now()];
    await delay(systemClock, measureMs);
    const [lastAck, endedMs] = [this.#sum('ackCount'), performance.now()];
    tellParent({ type: 'MeasureEnded' });
    this.#isSending = false;
    await this.#untilAnswered();
    await Promise.all(this.#sessions.map((session) => session.leave()));
    return {
      sentCount: this.#sum('sentCount'),
      ackCount: this.#sum('ackCount'),
      crossingCount: this.#sum('crossingCount'),
      fillCount: this.#sum('fillCount'),
      measuredAckCount: lastAck - firstAck,
      measuredMs: endedMs - begunMs,
      latency: this.#latency.percentiles(),
      lateness: this.#lateness.percentiles(),
    };
  }

  #open(member: BenchMember): Promise<LoadSession> {
    const { load } = this.#plan;
    return LoadSession.open(this.#plan, member, {
      onAck: (intendedMs) => {
        if (this.#isMeasured(intendedMs)) this.#latency.add(performance.now() - intendedMs);
      },
      onBatchRead: (session) => {
        if (load.type === 'Closed') this.#refill(session, load.window);
      },
      onFailure: fail,
    });
  }

  #isMeasured(intendedMs: number): boolean {
    return intendedMs >= this.#beginsMs && intendedMs < this.#endsMs;
  }

  #offerLoad(startsMs: number): void {
    const { load } = this.#plan;
    switch (load.type) {
      case 'Closed':
        for (const session of this.#sessions) this.#refill(session, load.window);
        return;
      case 'Open':
        this.#sendByTheClock(startsMs, load.ordersPerSecond);
        return;
    }
  }

  #refill(session: LoadSession, window: number): void {
    const room = window - session.outstandingCount;
    if (!this.#isSending || room <= 0) return;
    const nowMs = performance.now();
    session.send(room, () => nowMs);
  }

  /** Order k is meant for k/rate seconds after the start, and goes to the sessions in turn. */
  #sendByTheClock(startsMs: number, ordersPerSecond: number): void {
    const sessionCount = this.#sessions.length;
    const sent = this.#sessions.map(() => 0);
    const intendedMs = (orderNo: number): number => startsMs + (orderNo * 1000) / ordersPerSecond;
    const stop = systemClock.every(METRONOME_MS, () => {
      if (!this.#isSending) {
        stop();
        return;
      }
      const nowMs = performance.now();
      const dueCount = Math.floor(((nowMs - startsMs) * ordersPerSecond) / 1000) + 1;
      for (const [index, session] of this.#sessions.entries()) {
        const first = sent[index] ?? 0;
        const count = Math.ceil((dueCount - index) / sessionCount) - first;
        if (count <= 0) continue;
        const meantFor = (n: number): number => intendedMs((first + n) * sessionCount + index);
        session.send(count, meantFor);
        for (let n = 0; n < count; n += 1) {
          if (this.#isMeasured(meantFor(n))) this.#lateness.add(nowMs - meantFor(n));
        }
        sent[index] = first + count;
      }
      const outstanding = this.#sum('sentCount') - this.#sum('ackCount');
      if (outstanding > MAX_OPEN_OUTSTANDING) {
        stop();
        fail(`the venue does not keep up with ${ordersPerSecond} orders/s: ${outstanding} are unanswered`);
      }
    });
  }

  async #untilAnswered(): Promise<void> {
    const deadline = systemClock.now() + DRAIN_TIMEOUT_MS;
    const isComplete = (): boolean =>
      this.#sum('ackCount') === this.#sum('sentCount') &&
      this.#sum('fillCount') === 2 * this.#sum('crossingCount');
    while (!isComplete() && systemClock.now() < deadline) await delay(systemClock, POLL_MS);
    if (isComplete()) return;
    const counts = (['sentCount', 'ackCount', 'crossingCount', 'fillCount'] as const)
      .map((name) => `${name} ${this.#sum(name)}`)
      .join(', ');
    fail(`answers are missing after ${DRAIN_TIMEOUT_MS} ms: ${counts}`);
  }

  #sum(name: 'sentCount' | 'ackCount' | 'crossingCount' | 'fillCount'): number {
    return this.#sessions.reduce((sum, session) => sum + session[name], 0);
  }
}

function tellParent(message: ClientMessage): void {
  process.send?.(message);
}

/** Ends the process once the parent has been told. */
function fail(reason: string): void {
  process.send?.({ type: 'Failed', reason } satisfies ClientMessage, undefined, undefined, () =>
    process.exit(1),
  );
}

process.once('message', (plan: ClientPlan) => {
  new OrderClient(plan).run().then(
    (result) => {
      tellParent({ type: 'Finished', result });
      process.disconnect();
    },
    (error: unknown) => fail(error instanceof Error ? error.message : String(error)),
  );
});
process.on('uncaughtException', (error) => fail(error.message));

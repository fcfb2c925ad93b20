/** What operators of a cluster do while it is tortured, and what came of it. */
import { assertNever } from '../../../src/platform/assert.ts';
import { delay, systemClock } from '../../../src/platform/clock.ts';
import type { ClusterProcess } from '../../support/cluster-process.ts';
import type { VenueProcess } from '../../support/venue-process.ts';
import type { Operators } from './operators.ts';
import type { Processes } from './processes.ts';
import { GUEST, type Operation } from './script.ts';

/** What is placed has arrived by then, or a fault keeps it. */
const ARRIVAL_MS = 20_000;
const LOOK_MS = 60;
/** Those of the members, whose numbers begin with 1. */
const MEMBERS_SHARDS = [1, 2, 3, 4, 5, 6, 7, 8];

export class Operations {
  /** How often each has come to what: `Move done`, `Drain refused`. */
  readonly outcomes = new Map<string, number>();
  readonly #cluster: ClusterProcess;
  readonly #processes: Processes;
  readonly #operators: Operators;

  constructor(cluster: ClusterProcess, processes: Processes, operators: Operators) {
    this.#cluster = cluster;
    this.#processes = processes;
    this.#operators = operators;
  }

  /** Does it, and waits for what comes of it. */
  async carryOut(operation: Operation): Promise<void> {
    switch (operation.type) {
      case 'Halt': {
        const { symbol, at, forMs } = operation;
        const path = `/v1/instruments/${symbol}`;
        const { status } = await this.#operators.ask(
          'POST',
          `${path}/halt`,
          { reason: 'torture' },
          this.#at(at),
        );
        if (this.#note('Halt', status)) {
          await delay(systemClock, forMs);
          await this.#operators.done('POST', `${path}/resume`);
        }
        return;
      }
      case 'Move': {
        const { symbol, to, at } = operation;
        return this.#place('Move', { symbols: [symbol], shards: [] }, to, at);
      }
      case 'MoveAccounts': {
        const { to, at } = operation;
        return this.#place('MoveAccounts', { symbols: [], shards: MEMBERS_SHARDS }, to, at);
      }
      case 'Rebalance': {
        const flags = ['--include-placed', '--wait', '20', '--node', operation.at];
        const isDone = await this.#cluster.onebook('rebalance', ...flags).then(
          () => true,
          () => false,
        );
        this.#note('Rebalance', isDone ? 200 : 409);
        return;
      }
      case 'Drain':
        return this.#processes.inTurn(operation.node, () => this.#drain(operation.node, operation.forMs));
      case 'Join':
        await this.#processes.inTurn(GUEST, () => this.#processes.start(GUEST));
        this.#note('Join', 200);
        return;
      case 'Leave':
        await this.#processes.inTurn(GUEST, () => this.#processes.stop(GUEST));
        this.#note('Leave', 200);
        return;
      default:
        assertNever(operation);
    }
  }

  async #place(
    name: string,
    items: { readonly symbols: readonly string[]; readonly shards: readonly number[] },
    to: string,
    at: string,
  ): Promise<void> {
    const { status } = await this.#operators.ask(
      'POST',
      '/v1/placement',
      { ...items, node: to },
      this.#at(at),
    );
    if (status !== 200) {
      this.#note(name, status);
      return;
    }
    const query = `symbols=${items.symbols.join(',')}&shards=${items.shards.join(',')}`;
    const deadline = systemClock.now() + ARRIVAL_MS;
    let isThere = false;
    while (!isThere && systemClock.now() < deadline) {
      await delay(systemClock, LOOK_MS);
      const body = await this.#operators.done('GET', `/v1/owners?${query}`);
      const { symbols, shards } = body as unknown as Record<
        'symbols' | 'shards',
        { readonly owner: string }[]
      >;
      isThere = [...symbols, ...shards].every(({ owner }) => owner === to);
    }
    await this.#operators.done('POST', '/v1/placement', { ...items, node: null });
    this.#note(isThere ? name : `${name} (not there after ${ARRIVAL_MS / 1_000} s)`, 200);
  }

  async #drain(node: string, forMs: number): Promise<void> {
    const ask = async (path: string): Promise<number> => {
      for (let attempt = 0; ; attempt += 1) {
        const { status } = await this.#operators.askOne(this.#cluster.node(node), 'POST', path, { node });
        // Between two lives a node is in no cluster.
        if (status === 200 || (path === '/v1/drain' && status === 409) || attempt > 300) return status;
        await delay(systemClock, LOOK_MS);
      }
    };
    if (!this.#note('Drain', await ask('/v1/drain'))) return;
    await delay(systemClock, forMs);
    const status = await ask('/v1/undrain');
    if (status !== 200) throw new Error(`${node} cannot be undrained: ${status}`);
  }

  #at(name: string): VenueProcess | undefined {
    return this.#processes.running.includes(name) ? this.#cluster.node(name) : undefined;
  }

  /** True when it was done. */
  #note(name: string, status: number): boolean {
    const isDone = status < 300;
    const outcome = `${name} ${isDone ? 'done' : 'refused'}`;
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    return isDone;
  }
}

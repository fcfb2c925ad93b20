/**
 * A cluster under torture, from the outside: what faults do to its processes and servers, and how long it took until all
 * of it was well again.
 */
import { delay, systemClock } from '../../../src/platform/clock.ts';
import { witnessOwners } from '../../support/cluster-audit.ts';
import { ClusterProcess } from '../../support/cluster-process.ts';
import type { MemberIdentity } from '../../support/recording-member.ts';
import { until } from '../../support/until.ts';
import { withRows } from '../../support/venue-process.ts';
import { tellVenue } from '../control.ts';
import type { Recovery } from '../market.ts';
import { ENVIRONMENT, TORTURED_VENUE } from '../venue.ts';
import { Health } from './health.ts';
import { Operations } from './operations.ts';
import { Operators } from './operators.ts';
import { Processes } from './processes.ts';
import {
  type ClusterFault,
  type Connections,
  ENGINES,
  GATEWAYS,
  GUEST,
  isOperation,
  kindOf,
  LEASE_MS,
  TRADED_SYMBOLS,
} from './script.ts';

/** Small, so that reservations, resends and retries happen all the time. */
const LIMITS = { reservedSeqNums: 128, settleMs: 300, maxUnsentBytes: 128 * 1024, retryToMs: 1_000 };
const HALF_A_DAY_MS = 12 * 3_600_000;
const STABLE_MS = 500;
/** How long a node that has been replaced is watched: it must not come back beside the other one. */
const WATCHED_MS = 2 * LEASE_MS;
const TWIN_TIMEOUT_MS = 60_000;

export class TorturedCluster {
  readonly cluster: ClusterProcess;
  readonly processes: Processes;
  readonly operators: Operators;
  readonly recoveries: Recovery[] = [];
  /** SIGKILLs by what was killed. */
  readonly kills = { engine: 0, gateway: 0, nats: 0, postgres: 0 };
  /** Symbols that crashes halted, and that were opened again. */
  haltCount = 0;
  readonly operations: Operations;
  readonly #health: Health;
  /** Symbols whose book was told to throw, and was not mended since. */
  readonly #broken = new Set<string>();

  private constructor(cluster: ClusterProcess) {
    this.cluster = cluster;
    this.processes = new Processes(cluster);
    this.operators = new Operators(() => this.processes.running.map((name) => cluster.node(name)));
    this.operations = new Operations(cluster, this.processes, this.operators);
    this.#health = new Health(cluster, this.processes);
  }

  static async prepare(): Promise<TorturedCluster> {
    process.env[ENVIRONMENT.rollTime] = new Date(systemClock.now() + HALF_A_DAY_MS)
      .toISOString()
      .slice(11, 16);
    const names = [...ENGINES, GUEST, ...GATEWAYS];
    return new TorturedCluster(
      await ClusterProcess.prepare({
        engines: [...ENGINES, GUEST],
        gateways: [...GATEWAYS, GUEST],
        lease: { ttlMs: LEASE_MS },
        limits: LIMITS,
        mains: Object.fromEntries(names.map((name) => [name, TORTURED_VENUE])),
      }),
    );
  }

  /** Starts the nodes, lists the instruments and lets the members in. */
  async open(members: readonly MemberIdentity[]): Promise<void> {
    for (const name of [...ENGINES, ...GATEWAYS]) await this.processes.start(name);
    await witnessOwners(this.cluster.databaseUrl);
    await this.untilReady();
    for (const symbol of TRADED_SYMBOLS) {
      const [base, quote] = symbol.split('-');
      const fees = { makerBps: '10', takerBps: '20' };
      const postOnly = symbol.startsWith('SOL') ? 'slide' : 'reject';
      const terms = { tick: '0.01', lot: '0.001', referencePrice: '100', postOnly, maxOpenOrders: 500 };
      await this.operators.done('POST', '/v1/instruments', { symbol, base, quote, ...terms, ...fees });
    }
    for (const { username, password, senderCompId } of members) {
      await this.operators.done('POST', '/v1/users', { username, password, compId: senderCompId });
    }
    await this.untilReady();
  }

  // ---- Being well -------------------------------------------------------------------------------------------

  /** Waits until all is well, and opens what crashes that were asked for have halted. */
  async untilReady(): Promise<void> {
    await this.#health.untilWell(0);
    for (;;) {
      const halted = await this.#health.haltedByCrash();
      const unasked = halted.find((symbol) => !this.#broken.has(symbol));
      if (unasked !== undefined) throw new Error(`${unasked} is halted, and nobody has asked for it`);
      if (halted.length === 0) return;
      for (const symbol of halted) {
        await this.operators.done('POST', `/v1/instruments/${symbol}/resume`);
        this.haltCount += 1;
      }
      await this.#health.untilWell(0);
    }
  }

  /** No book throws any more, and those that were halted for it are open again. */
  async mendBooks(): Promise<void> {
    for (const symbol of this.#broken) await this.#tellEngines(symbol, 0);
    await this.untilReady();
    this.#broken.clear();
  }

  // ---- Faults -----------------------------------------------------------------------------------------------

  /** Does it, and waits until the cluster is well again. */
  async suffer(fault: ClusterFault): Promise<void> {
    const repairedAt = await this.#carryOut(fault);
    if (repairedAt === undefined) return;
    const wellAt = await this.#health.untilWell(STABLE_MS);
    this.recoveries.push({ fault: kindOf(fault), tookMs: Math.max(0, wellAt - repairedAt) });
  }

  /** Since when it could be well again; undefined where there is nothing to recover from. */
  async #carryOut(fault: ClusterFault): Promise<number | undefined> {
    if (isOperation(fault)) {
      await this.operations.carryOut(fault);
      return undefined;
    }
    switch (fault.type) {
      case 'KillEngine':
      case 'KillGateway':
        return this.processes.inTurn(fault.node, async () => {
          this.kills[fault.type === 'KillEngine' ? 'engine' : 'gateway'] += 1;
          await this.processes.kill(fault.node);
          await delay(systemClock, fault.forMs);
          const startedAt = systemClock.now();
          await this.processes.start(fault.node);
          return startedAt;
        });
      case 'PauseEngine':
      case 'PauseGateway':
        return this.processes.inTurn(fault.node, async () => {
          this.processes.pause(fault.node);
          await delay(systemClock, fault.forMs);
          this.processes.resume(fault.node);
          return systemClock.now();
        });
      case 'ReplaceEngine':
        return this.processes.inTurn(fault.node, () => this.#replace(fault.node));
      case 'KillNats':
        return this.processes.inTurn('nats', async () => {
          this.kills.nats += 1;
          await this.cluster.nats.kill();
          await delay(systemClock, fault.forMs);
          await this.cluster.nats.restart();
          return systemClock.now();
        });
      case 'PauseNats':
        return this.processes.inTurn('nats', async () => {
          this.cluster.nats.pause();
          await delay(systemClock, fault.forMs);
          this.cluster.nats.resume();
          return systemClock.now();
        });
      case 'StopPostgres':
        return this.processes.inTurn('postgres', async () => {
          this.kills.postgres += 1;
          await this.cluster.stopPostgres();
          await delay(systemClock, fault.forMs);
          await this.cluster.startPostgres();
          return systemClock.now();
        });
      case 'CutFromPostgres':
        return this.processes.inTurn('postgres', () => this.#terminate(fault.node, fault.connections));
      case 'RollingRestart':
        return this.#restartAll();
      case 'StartTwice':
        return this.processes.inTurn(fault.node, () => this.#startTwice(fault.node));
      case 'BreakBook':
        this.#broken.add(fault.symbol);
        await this.#tellEngines(fault.symbol, fault.times);
        return undefined;
      case 'Together': {
        const both = await Promise.all(fault.both.map((one) => this.#carryOut(one)));
        return Math.max(...both.map((at) => at ?? 0));
      }
      default:
        throw new Error(`${fault.type} is no fault of the cluster`);
    }
  }

  async #terminate(node: string, connections: Connections): Promise<number> {
    const isWanted = {
      all: "application_name ~ ('^onebook (engine )?' || $1 || '\\M')",
      pool: "application_name = 'onebook ' || $1",
      membership: "application_name ~ ('^onebook ' || $1 || '(#| membership)')",
    }[connections];
    const statement = `select pg_terminate_backend(pid) from pg_stat_activity where ${isWanted}`;
    await withRows(this.cluster.databaseUrl, (client) => client.query(statement, [node]));
    return systemClock.now();
  }

  async #restartAll(): Promise<number> {
    let lastAt = systemClock.now();
    for (const name of this.cluster.names) {
      await this.processes.inTurn(name, async () => {
        if (!this.cluster.isRunning(name)) return;
        await this.processes.stop(name);
        lastAt = systemClock.now();
        await this.processes.start(name);
      });
      await this.#health.untilWell(0);
    }
    return lastAt;
  }

  /** A second process under a name that somebody alive has: it must not get in. */
  async #startTwice(node: string): Promise<undefined> {
    const before = await this.#lifeOf(node);
    const twin = await this.processes.startTwin(node);
    const isIn = await twin.untilRunning().then(
      () => true,
      () => false,
    );
    // Where the machine was too busy for its lease, the first is dead, and the second may have its name.
    const hasLived = (await this.#lifeOf(node)) === before;
    if (!twin.hasEnded) await twin.kill();
    if (isIn && hasLived) throw new Error(`a second ${node} got in beside the first`);
    if (!isIn && !twin.errorLines.some((line) => line.includes('is running already'))) {
      throw new Error(`a second ${node} was not refused for its name: ${twin.errorLines.at(-1)}`);
    }
    return undefined;
  }

  /** Its process stands still until another one has its name, and must not take it back when it goes on. */
  async #replace(node: string): Promise<number> {
    this.processes.pause(node);
    await delay(systemClock, 2 * LEASE_MS);
    const twin = await this.processes.startTwin(node);
    try {
      const life = await until(
        `another process under the name of ${node}`,
        async () => (await twin.untilRunning().then(() => true)) && (await this.#lifeOf(node)),
        TWIN_TIMEOUT_MS,
      );
      this.processes.resume(node);
      await delay(systemClock, WATCHED_MS);
      const after = await this.#lifeOf(node);
      if (after !== life) {
        const isLate = twin.errorLines.some((line) => line.includes('out of the cluster'));
        if (!isLate) throw new Error(`${node} came back beside another one of its name`);
      }
    } finally {
      await twin.kill();
      await this.processes.kill(node);
    }
    const startedAt = systemClock.now();
    await this.processes.start(node);
    return startedAt;
  }

  /** The incarnation of the life that has this name. */
  async #lifeOf(node: string): Promise<number | undefined> {
    const { nodes } = await this.cluster.owners();
    return nodes.find(({ name }) => name === node)?.incarnation;
  }

  async #tellEngines(symbol: string, times: number): Promise<void> {
    for (const name of this.processes.running) {
      if (!this.cluster.engines.includes(name)) continue;
      // One that another fault ends has no book to break.
      await tellVenue(this.cluster.node(name).pid, { type: 'BreakBook', symbol, times }).catch(() => {});
    }
  }
}

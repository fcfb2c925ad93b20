/**
 * Members of a cluster in one process, each with connections of its own: a member can pause (its clock stands still),
 * crash (its connections are cut, and no new ones are let through), or leave.
 */
import type { Items, Membership, NodeReport, Role } from '../../src/cluster/membership.ts';
import { keepOwnership } from '../../src/cluster/ownership-keeper.ts';
import type { FixedPlacement } from '../../src/cluster/ownership-plan.ts';
import { joinCluster } from '../../src/persistence/cluster/postgres-membership.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { type Log, silentLog } from '../../src/platform/log.ts';
import { monotonicMs } from '../../src/platform/monotonic.ts';
import { postgresProxy } from './postgres-proxy.ts';
import { until } from './until.ts';

/** Short enough to wait for, long enough for a busy machine to renew within it. */
export const LEASE_MS = 1_500;

/** A clock that can be stopped: what comes due meanwhile fires when it goes on, as in a process that was stopped. */
class StoppableClock implements Clock {
  #isStopped = false;
  #due: (() => void)[] = [];

  readonly #aheadMs: () => number;

  constructor(aheadMs: () => number = () => 0) {
    this.#aheadMs = aheadMs;
  }

  now = (): number => systemClock.now() + this.#aheadMs();

  after(delayMs: number, callback: () => void): () => void {
    return systemClock.after(delayMs, this.#held(callback));
  }

  every(intervalMs: number, callback: () => void): () => void {
    return systemClock.every(intervalMs, this.#held(callback));
  }

  stop(): void {
    this.#isStopped = true;
  }

  goOn(): void {
    this.#isStopped = false;
    const due = this.#due;
    this.#due = [];
    for (const callback of due) callback();
  }

  #held(callback: () => void): () => void {
    return () => {
      if (this.#isStopped) this.#due.push(callback);
      else callback();
    };
  }
}

export interface Member {
  readonly membership: Membership;
  /** What its actors would serve now, and everything that happened to it in order. */
  readonly served: Set<string>;
  readonly log: string[];
  /** Why its life in the cluster has ended. */
  readonly ended: string[];
  /** From now on it takes what is its to take, where it has not from the start. */
  keep(): void;
  /** Renews nothing and hears nothing until it goes on. */
  pause(): void;
  goOn(): void;
  /** As `kill -9` looks to the database. */
  crash(): void;
  leave(): Promise<void>;
}

export interface MemberOptions {
  readonly roles?: readonly Role[];
  readonly report?: Partial<NodeReport>;
  readonly fixed?: FixedPlacement;
  /** Without: it takes only what the test claims. */
  readonly keeps?: boolean;
  readonly natsGraceMs?: number;
  /** What is on its way never ends, so that nothing can be given up. */
  readonly isStuck?: boolean;
  readonly watchCount?: number;
  readonly leaseMs?: number;
  readonly configDigest?: string;
  /** By how much its clock is ahead of the others', ms, whenever it is asked. */
  readonly aheadMs?: () => number;
  readonly log?: Log;
}

/** The members of one test. */
export class Members {
  readonly #url: string;
  readonly #ends: (() => Promise<void>)[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  async join(name: string, options: MemberOptions = {}): Promise<Member> {
    const proxy = await postgresProxy(this.#url);
    const clock = new StoppableClock(options.aheadMs);
    let isPaused = false;
    const ended: string[] = [];
    const membership = await joinCluster({
      url: proxy.url,
      name,
      roles: options.roles ?? ['engine'],
      protocolVersion: 1,
      configDigest: options.configDigest ?? '',
      report: { ...READY, ...options.report },
      clock,
      log: options.log ?? silentLog,
      monotonic: monotonicMs,
      leaseMs: options.leaseMs ?? LEASE_MS,
      watchCount: options.watchCount ?? 2,
      onEnded: (reason) => ended.push(reason),
    }).catch(async (error: unknown) => {
      await proxy.close();
      throw error;
    });
    const served = new Set<string>();
    const log: string[] = [];
    const record = (what: string, keys: Iterable<string | number>): void => {
      for (const key of keys) {
        log.push(`${what} ${key}`);
        if (what === 'taken') served.add(String(key));
        else served.delete(String(key));
      }
    };
    const keep = (): (() => void) =>
      keepOwnership({
        membership,
        clock,
        log: silentLog,
        fixed: options.fixed ?? new Map(),
        natsGraceMs: options.natsGraceMs ?? 300,
        onCutOff: (reason) => log.push(`cut off: ${reason}`),
        handlers: {
          onTaken: ({ symbols, shards }) => {
            record('taken', symbols.keys());
            record('taken', shards.keys());
          },
          giveUp: async ({ symbols, shards }) => {
            if (options.isStuck === true) throw new Error('it is stuck');
            record('given up', symbols);
            record('given up', shards);
          },
          onReleased: ({ symbols, shards }) => {
            record('released', symbols);
            record('released', shards);
          },
          onLost: ({ symbols, shards }) => {
            record('lost', symbols);
            record('lost', shards);
          },
        },
      });
    let stopKeeping = options.keeps === true ? keep() : (): void => undefined;
    const member: Member = {
      membership,
      served,
      log,
      ended,
      keep() {
        stopKeeping = keep();
      },
      pause() {
        isPaused = true;
        clock.stop();
      },
      goOn() {
        isPaused = false;
        clock.goOn();
      },
      crash() {
        stopKeeping();
        clock.stop();
        proxy.cutAll();
      },
      async leave() {
        stopKeeping();
        if (!isPaused) await membership.leave();
      },
    };
    this.#ends.push(async () => {
      stopKeeping();
      proxy.cutAll();
      await membership.leave();
      await proxy.close();
    });
    return member;
  }

  async endAll(): Promise<void> {
    await Promise.all(this.#ends.map((end) => end()));
  }
}

const READY: NodeReport = {
  natsReachable: true,
  ready: true,
  draining: false,
  connections: 0,
  maxConnections: 100,
  clockOffsetMs: 0,
  endpoints: [],
};

/** The name of the owner of each symbol or shard as `member` sees it; undefined: nobody alive. */
export function ownersSeenBy({ membership }: Member): Readonly<Record<string, string | undefined>> {
  const { nodes, ownership } = membership.view();
  const owners = [...ownership.symbols, ...ownership.shards].map(([key, { owner }]) => {
    const node = nodes.find(({ name }) => name === owner?.name);
    const isAlive = node?.isAlive === true && node.incarnation === owner?.incarnation;
    return [key, isAlive ? owner?.name : undefined];
  });
  return Object.fromEntries(owners);
}

/** Waits until `member` sees `name` as dead or gone. */
export function untilBuried(member: Member, name: string): Promise<true> {
  return until(
    `${name} to be seen as gone`,
    () => member.membership.view().nodes.find((node) => node.name === name)?.isAlive === false,
  );
}

/** Waits until `member` sees `name` alive. */
export function untilSeen(member: Member, name: string): Promise<true> {
  return until(
    `${name} to be seen`,
    () => member.membership.view().nodes.find((node) => node.name === name)?.isAlive === true,
  );
}

/** Items of some symbols and no shard. */
export function symbols(...names: readonly string[]): Items {
  return { symbols: names, shards: [] };
}

/**
 * Wires one node: database, actors, FIX listener and admin API, in the order in which they need each other, and
 * takes them down in the reverse order. Its parts are in src/node/; besides main.ts they are the only ones that may
 * import everything.
 */
import { mkdir } from 'node:fs/promises';
import type { ActorSystem } from './actors/actor-system.ts';
import { NO_BOOKS } from './admin/books-status.ts';
import type { ClusterControl } from './admin/cluster-control.ts';
import type { VenueControl } from './admin/control.ts';
import { startAdminServer } from './admin/server.ts';
import { loadOrCreateAdminToken } from './admin/token.ts';
import { gatewayName } from './cluster/addresses.ts';
import type { NodeConfig } from './config/node-config.ts';
import type { ServedListener } from './fix/listeners.ts';
import { readTlsFiles } from './fix/tls.ts';
import { VenueMetrics } from './metrics/venue-metrics.ts';
import { startAlone } from './node/alone.ts';
import { startMember } from './node/cluster-member.ts';
import type { InjectedFaults, Trading } from './node/trading.ts';
import { acquireTradingRight, type Database, openDatabase } from './persistence/database.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import type { Log } from './platform/log.ts';
import { hashPassword } from './platform/passwords.ts';

export interface NodeOptions extends InjectedFaults {
  readonly log: Log;
  readonly clock?: Clock;
  /** What the node is doing, in words for people. */
  readonly onProgress?: (line: string) => void;
  /** Aborted when the node is told to stop before it has started; then `startNode` rejects. */
  readonly signal?: AbortSignal;
  /** The node cannot go on: the process should end with a failure. */
  readonly onFatal?: (reason: string) => void;
}

export interface RunningNode {
  /** Of the first listener; 0 where there is none. */
  readonly fixPort: number;
  readonly listeners: readonly ServedListener[];
  readonly adminPort: number;
  /** No new orders, what is in flight is committed and answered, Logout to every session; then all is closed. */
  drain(): Promise<void>;
  /** Reads the listeners' certificates again; a bad one leaves the old in use and is logged. */
  reloadCertificates(): void;
}

/** What a node needs to trade, alone or with others. */
export interface NodeParts {
  readonly config: NodeConfig;
  readonly options: NodeOptions;
  readonly clock: Clock;
  readonly database: Database;
  readonly metrics: VenueMetrics;
  readonly gatewayName: string;
}

/** A node that trades, or does what else it is for, from its first moment to its last. */
export interface NodeWork {
  /** Another one in each life of a node of a cluster; undefined between two. */
  system(): ActorSystem | undefined;
  /** Undefined between two lives, and where the node neither trades nor has members. */
  trading(): Trading | undefined;
  /** Why members cannot trade here now, though the node is up. */
  notReady(): readonly string[];
  readonly cluster: ClusterControl | undefined;
  stop(): Promise<void>;
}

/**
 * Starts a node and resolves when members can connect; books are loaded meanwhile, and those who ask for one wait for it.
 *
 * @throws typed errors whose message is one line for the operator: data directory or port in use, database unfit.
 */
export async function startNode(config: NodeConfig, options: NodeOptions): Promise<RunningNode> {
  const { log } = options;
  const clock = options.clock ?? systemClock;
  const metrics = new VenueMetrics({ clock, dataDir: config.dataDir });
  const onProgress = options.onProgress ?? (() => {});
  // Before a database is started for them: the listeners come last.
  for (const { tls } of config.listeners) if (tls !== undefined) readTlsFiles(tls);
  await mkdir(config.dataDir, { recursive: true });
  const database = await openDatabase({
    ...config,
    clock,
    log,
    onProgress,
    signal: options.signal,
    idleInTransactionTimeoutMs: config.cluster?.lease.idleInTransactionMs,
  });
  const stopWaiting = new AbortController();
  const stopSignal =
    options.signal === undefined ? stopWaiting.signal : AbortSignal.any([options.signal, stopWaiting.signal]);
  const isAlone = config.cluster === undefined;
  const state: NodeState = { work: undefined, waitingFor: 'the node is starting', isDraining: false };
  const parts: NodeParts = {
    config,
    options,
    clock,
    database,
    metrics,
    gatewayName: isAlone ? 'fix' : gatewayName(config.nodeName, 'fix'),
  };

  const close: (() => Promise<unknown>)[] = [() => database.close()];
  const closeAll = async (): Promise<void> => {
    for (const one of close.splice(0).reverse()) await one();
  };
  try {
    const { host, port } = config.admin;
    const admin = await startAdminServer({
      host,
      port,
      token: loadOrCreateAdminToken(config.dataDir),
      control: controlOf(parts, state),
      log,
      limits: config.limits,
      openMetrics: config.admin.openMetrics ?? false,
    });
    close.push(() => admin.close());
    const right = await acquireTradingRight({
      url: database.url,
      nodeName: config.nodeName,
      clock,
      log,
      signal: stopSignal,
      isShared: !isAlone,
      onWaiting(holder) {
        state.waitingFor = `${holder} trades on this database; this node takes over when it stops`;
        onProgress(state.waitingFor);
      },
      onLost: (reason) => options.onFatal?.(reason),
    });
    if (right === undefined) throw new Error('told to stop before the node had started');
    close.push(() => right.release());
    const work = await (isAlone ? startAlone(parts) : startMember(parts));
    state.work = work;
    state.waitingFor = undefined;
    metrics.started();
    const listeners = work.trading()?.listeners ?? [];
    return {
      fixPort: listeners[0]?.port ?? 0,
      listeners,
      adminPort: admin.port,
      reloadCertificates: () => work.trading()?.reloadCertificates(),
      async drain() {
        if (state.isDraining) return;
        state.isDraining = true;
        stopWaiting.abort();
        await work.stop();
        await closeAll();
      },
    };
  } catch (error) {
    stopWaiting.abort();
    await closeAll();
    throw error;
  }
}

interface NodeState {
  work: NodeWork | undefined;
  waitingFor: string | undefined;
  isDraining: boolean;
}

/** Of a node that does nothing yet. */
const IDLE = {
  fixPort: 0,
  listeners: [],
  sessions: [],
  symbols: [],
  commits: { lastNo: 0, lastBatch: 0 },
  commandsInFlight: 0,
};

/** The node as its operators' API sees it, from before it trades to its end. */
function controlOf(parts: NodeParts, state: NodeState): VenueControl {
  const { config, clock, database, metrics } = parts;
  const startedAt = clock.now();
  const trading = (): Trading | undefined => state.work?.trading();
  return {
    orm: database.orm,
    now: () => clock.now(),
    gatewayName: parts.gatewayName,
    tell: (address, message) => state.work?.system()?.tell(address, message),
    ask: (tellIt) =>
      state.work?.system()?.ask(tellIt, config.limits.operatorTimeoutMs) ??
      Promise.reject(new Error('the node does not trade now')),
    hashPassword,
    metrics,
    get cluster() {
      return state.work?.cluster;
    },
    status() {
      const fault = trading()?.persistence().storeFault;
      return {
        ...(trading()?.status() ?? IDLE),
        node: config.nodeName,
        venueCompId: config.venueCompId,
        uptimeMs: clock.now() - startedAt,
        draining: state.isDraining,
        database: { up: fault === undefined, reason: fault },
      };
    },
    databaseFault: () => database.fault(),
    async readiness() {
      const reasons: string[] = [];
      if (state.isDraining) reasons.push('the node is stopping');
      if (state.waitingFor !== undefined) reasons.push(state.waitingFor);
      reasons.push(...(state.work?.notReady() ?? []));
      const fault = await database.fault();
      if (fault !== undefined) reasons.push(fault);
      reasons.push(...(trading()?.notReady() ?? []));
      const books = trading()?.books() ?? NO_BOOKS;
      return { ready: reasons.length === 0, reasons, databaseFault: fault, books };
    },
  };
}

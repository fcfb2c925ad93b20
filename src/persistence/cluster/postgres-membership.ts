/**
 * One life of a node in the cluster, on Postgres: its lease, its lock, its view of the others, and what it takes and gives
 * up. Whether that is wise is decided elsewhere; that two nodes never own one thing is decided by the rows.
 */
import { type ClockReading, clockOffset, isClockAway } from '../../cluster/clock-offset.ts';
import {
  type ClusterView,
  type Epochs,
  type Items,
  type Membership,
  NodeNameTakenError,
  type NodeReport,
  type Role,
} from '../../cluster/membership.ts';
import { isSameNode, type NodeId, nodeText } from '../../cluster/node-id.ts';
import { lapsedNodes, nodesToWatch } from '../../cluster/ownership-plan.ts';
import type { CancelTimer, Clock } from '../../platform/clock.ts';
import { type Log, silentLog } from '../../platform/log.ts';
import { monotonicMs } from '../../platform/monotonic.ts';
import { reasonOf } from '../sql.ts';
import { ClusterConnection } from './connection.ts';
import { createNodeLock, type NodeLock, watchLock } from './node-lock.ts';
import * as sql from './node-rows.ts';

export interface JoinOptions {
  readonly url: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** Of the messages between nodes. */
  readonly protocolVersion: number;
  /** Of what all nodes must have alike in their configurations (config-digest.ts). */
  readonly configDigest: string;
  /** What the node says of itself at first. */
  readonly report: NodeReport;
  /** This life is over for good: nothing in memory is ours any more. The node may join again, as another. Called once. */
  readonly onEnded: (reason: string) => void;
  readonly clock: Clock;
  readonly log?: Log;
  /** Only for tests. */
  readonly monotonic?: () => number;
  /** How long the node is safe from others without a sign of life. */
  readonly leaseMs?: number;
  /** How often it gives one; default: three times in a lease. */
  readonly renewMs?: number;
  /** How many others this node watches, each on a connection of its own. */
  readonly watchCount?: number;
  readonly connectTimeoutMs?: number;
}

const DEFAULT_LEASE_MS = 5_000;
const DEFAULT_WATCH_COUNT = 2;
const DEFAULT_CONNECT_TIMEOUT_MS = 2_000;
const RENEWALS_PER_LEASE = 3;

const EMPTY: ClusterView = { nodes: [], ownership: { symbols: new Map(), shards: new Map() }, readAt: 0 };

/**
 * Joins the cluster on a migrated database.
 *
 * @throws NodeNameTakenError while another life of this name has a lease and its process is connected.
 * @throws MembershipUnavailableError when the database does not answer.
 */
export async function joinCluster(options: JoinOptions): Promise<Membership> {
  const { url, clock, name } = options;
  const timeoutMs = options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS;
  const work = new ClusterConnection({
    url,
    clock,
    connectTimeoutMs: timeoutMs,
    applicationName: `onebook ${name} membership`,
  });
  try {
    const [next] = await work.query<{ incarnation: number }>(sql.NEXT_INCARNATION, [], timeoutMs);
    const membership = new PostgresMembership({ name, incarnation: next?.incarnation ?? 0 }, work, options);
    await membership.join();
    return membership;
  } catch (error) {
    await work.close();
    throw error;
  }
}

class PostgresMembership implements Membership {
  readonly self: NodeId;
  readonly #options: JoinOptions;
  readonly #leaseMs: number;
  readonly #timeoutMs: number;
  readonly #log: Log;
  readonly #monotonic: () => number;
  readonly #work: ClusterConnection;
  /** Apart from `work`: a statement that waits for locks must not cost the lease. */
  readonly #lease: ClusterConnection;
  readonly #lock: NodeLock;
  readonly #listeners = new Set<(view: ClusterView) => void>();
  readonly #watches = new Map<number, () => void>();
  #report: NodeReport;
  #view: ClusterView = EMPTY;
  #viewReadAt = Number.NEGATIVE_INFINITY;
  #version = '';
  #leaseValidUntil = Number.NEGATIVE_INFINITY;
  #hasJoined = false;
  #isOver = false;
  #shouldNotify = false;
  #reading: Promise<void> | undefined;
  #readAgain = false;
  #stopTicks: CancelTimer = () => undefined;
  #stopLapseTimer: CancelTimer = () => undefined;

  constructor(self: NodeId, work: ClusterConnection, options: JoinOptions) {
    const { url, clock } = options;
    const connectTimeoutMs = options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS;
    this.self = self;
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS;
    this.#timeoutMs = options.renewMs ?? Math.ceil(this.#leaseMs / RENEWALS_PER_LEASE);
    this.#log = (options.log ?? silentLog).with({ node: nodeText(self) });
    this.#monotonic = options.monotonic ?? monotonicMs;
    this.#report = options.report;
    this.#work = work;
    const applicationName = `onebook ${nodeText(self)} lease`;
    this.#lease = new ClusterConnection({ url, clock, connectTimeoutMs, applicationName });
    const onNotification = (): void => this.#look();
    this.#lock = createNodeLock(self, { url, clock, connectTimeoutMs, onNotification });
  }

  /** The lock comes first: where others see the row, the lock is held. */
  async join(): Promise<void> {
    const { name, incarnation } = this.self;
    const { roles, protocolVersion, configDigest, clock } = this.#options;
    const life = [name, incarnation, this.#leaseMs, roles, protocolVersion, configDigest];
    try {
      await this.#lock.hold();
      const [row] = await this.#work.query<{ joined: boolean }>(
        sql.JOIN,
        [...life, ...sql.reportValues(this.#report)],
        this.#timeoutMs,
      );
      if (row?.joined !== true) throw new NodeNameTakenError(`a node ${name} is running already`);
      await this.#renew();
    } catch (error) {
      await this.#close();
      throw error;
    }
    this.#hasJoined = true;
    this.#stopTicks = clock.every(this.#timeoutMs, () => this.#look());
    if (this.#readAgain) this.#look();
  }

  view(): ClusterView {
    return this.#view;
  }

  viewAgeMs(): number {
    return this.#monotonic() - this.#viewReadAt;
  }

  onChange(listener: (view: ClusterView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  report(patch: Partial<NodeReport>): void {
    const before = usability(this.#report);
    this.#report = { ...this.#report, ...patch };
    if (usability(this.#report) === before) return;
    this.#shouldNotify = true;
    this.#look();
  }

  isLeaseValid(): boolean {
    return !this.#isOver && this.#monotonic() < this.#leaseValidUntil;
  }

  async claim({ symbols, shards }: Items): Promise<Epochs> {
    if (!this.isLeaseValid()) return { symbols: new Map(), shards: new Map() };
    return {
      symbols: await this.#change<string>(sql.TAKE_SYMBOLS, symbols),
      shards: await this.#change<number>(sql.TAKE_SHARDS, shards),
    };
  }

  async release({ symbols, shards }: Items): Promise<Epochs> {
    return {
      symbols: await this.#change<string>(sql.RELEASE_SYMBOLS, symbols),
      shards: await this.#change<number>(sql.RELEASE_SHARDS, shards),
    };
  }

  async place({ symbols, shards }: Items, nodeName: string | undefined): Promise<void> {
    if (symbols.length > 0) await this.#do(sql.PLACE_SYMBOLS, [nodeName ?? '', symbols]);
    if (shards.length > 0) await this.#do(sql.PLACE_SHARDS, [nodeName ?? '', shards]);
  }

  async prepared(symbols: readonly string[], isPrepared: boolean): Promise<void> {
    if (symbols.length > 0) await this.#do(sql.PREPARED, [this.self.incarnation, symbols, isPrepared]);
  }

  async leave(): Promise<void> {
    const { name, incarnation } = this.self;
    const wasOver = this.#isOver;
    this.#isOver = true;
    try {
      if (!wasOver) await this.#do(sql.LEAVE, [name, incarnation]);
    } catch (error) {
      this.#log.warn('left the cluster without a word', { reason: reasonOf(error) });
    }
    await this.#close();
  }

  // ---- The lease and the view -------------------------------------------------------------------------------

  /** Renews and reads as soon as what is on its way is answered; as often as one asks meanwhile, once. */
  #look(): void {
    if (this.#isOver) return;
    // Others may be heard of before the row is there: that it is missing would be taken for the end of this life.
    if (!this.#hasJoined || this.#reading !== undefined) {
      this.#readAgain = true;
      return;
    }
    this.#lock.hold().catch(() => undefined);
    this.#readAgain = false;
    this.#reading = this.#renew()
      .catch((error: unknown) => this.#log.warn('lease not renewed', { reason: reasonOf(error) }))
      .finally(() => {
        this.#reading = undefined;
        if (this.#readAgain) this.#look();
      });
  }

  async #renew(): Promise<void> {
    const { name, incarnation } = this.self;
    const sentAt = this.#monotonic();
    const notify = this.#shouldNotify;
    this.#shouldNotify = false;
    const values = [
      name,
      incarnation,
      this.#leaseMs,
      ...sql.reportValues(this.#report),
      this.#version,
      notify,
    ];
    let row: sql.RenewedRow | undefined;
    try {
      [row] = await this.#lease.query<sql.RenewedRow>(sql.RENEW, values, this.#timeoutMs);
    } catch (error) {
      this.#shouldNotify ||= notify;
      throw error;
    }
    const answeredAt = this.#options.clock.now();
    const tripMs = this.#monotonic() - sentAt;
    if (row === undefined || this.#isOver) return;
    const before = this.#view;
    this.#view = sql.viewOf(row, before.ownership);
    this.#viewReadAt = sentAt;
    this.#version = row.version;
    this.#compareClocks({ answeredAt, tripMs, readAt: this.#view.readAt });
    if (!row.renewed) return this.#end();
    this.#leaseValidUntil = sentAt + this.#leaseMs;
    this.#watchOthers();
    if (isNews(before, this.#view)) for (const listener of [...this.#listeners]) listener(this.#view);
  }

  /** The others are told with the next renewal. */
  #compareClocks(reading: ClockReading): void {
    const { clockOffsetMs: before } = this.#report;
    const clockOffsetMs = clockOffset(before, reading);
    this.#report = { ...this.#report, clockOffsetMs };
    if (isClockAway(clockOffsetMs) === isClockAway(before)) return;
    const event = isClockAway(clockOffsetMs)
      ? 'the clock of this machine and the clock of the database differ'
      : 'the clock of this machine and the clock of the database agree again';
    this.#log.warn(event, { aheadMs: clockOffsetMs });
  }

  #end(): void {
    const row = this.#view.nodes.find(({ name }) => name === this.self.name);
    const reason = isSameNode(row, this.self)
      ? (row?.endReason ?? 'ended')
      : 'another node has joined under this name';
    this.#isOver = true;
    this.#log.error('no longer in the cluster', { reason });
    this.#work.drop();
    void this.#close();
    this.#options.onEnded(reason);
  }

  /** Leases that pass are noticed when they do, crashes by their locks. */
  #watchOthers(): void {
    const { clock, url } = this.#options;
    this.#stopLapseTimer();
    for (const node of lapsedNodes(this.#view, this.self, this.#leaseMs)) {
      void this.#bury(this.#work, node, 'its lease was over', false);
    }
    const left = this.#view.nodes
      .filter((node) => node.isLeaseValid && node.name !== this.self.name)
      .map((node) => node.leaseLeftMs);
    if (left.length > 0) this.#stopLapseTimer = clock.after(Math.min(...left) + 1, () => this.#look());

    const wanted = nodesToWatch(this.#view, this.self, this.#options.watchCount ?? DEFAULT_WATCH_COUNT);
    for (const [incarnation, stop] of this.#watches) {
      if (wanted.some((node) => node.incarnation === incarnation)) continue;
      stop();
      this.#watches.delete(incarnation);
    }
    for (const node of wanted) {
      if (this.#watches.has(node.incarnation)) continue;
      const connectTimeoutMs = this.#options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS;
      const onFree = (connection: ClusterConnection): Promise<void> =>
        this.#bury(connection, node, 'it crashed: its connection ended', true);
      this.#watches.set(
        node.incarnation,
        watchLock({ url, clock, connectTimeoutMs, self: this.self, node, onFree }),
      );
    }
  }

  async #bury(
    connection: ClusterConnection,
    node: NodeId,
    reason: string,
    isLockFree: boolean,
  ): Promise<void> {
    if (!this.isLeaseValid()) return;
    const { name, incarnation } = this.self;
    const values = [node.name, node.incarnation, name, incarnation, reason, isLockFree, this.#leaseMs];
    try {
      const [row] = await connection.query<{ buried: boolean }>(sql.BURY, values, this.#timeoutMs);
      if (row?.buried === true) this.#log.warn('a node is gone', { gone: nodeText(node), reason });
    } catch (error) {
      this.#log.warn('a node may be gone', { gone: nodeText(node), reason: reasonOf(error) });
    }
  }

  // ---- Statements -------------------------------------------------------------------------------------------

  async #change<Key extends string | number>(text: string, keys: readonly Key[]): Promise<Map<Key, number>> {
    if (keys.length === 0) return new Map();
    const { name, incarnation } = this.self;
    const values = [name, incarnation, keys as readonly string[] | readonly number[]];
    const rows = await this.#work.query<{ key: Key; epoch: string }>(text, values, this.#leaseMs);
    return new Map(rows.map(({ key, epoch }) => [key, Number(epoch)]));
  }

  async #do(text: string, values: Parameters<ClusterConnection['query']>[1]): Promise<void> {
    await this.#work.query(text, values, this.#leaseMs);
  }

  async #close(): Promise<void> {
    this.#isOver = true;
    this.#stopTicks();
    this.#stopLapseTimer();
    this.#listeners.clear();
    for (const stop of this.#watches.values()) stop();
    this.#watches.clear();
    await Promise.all([this.#lease.close(), this.#lock.close(), this.#work.close()]);
  }
}

/** What of a report decides what the node may be used for. */
function usability({ natsReachable, ready, draining, endpoints, maxConnections }: NodeReport): string {
  return JSON.stringify([natsReachable, ready, draining, endpoints, maxConnections]);
}

function isNews(before: ClusterView, after: ClusterView): boolean {
  return before.ownership !== after.ownership || nodesText(before) !== nodesText(after);
}

function nodesText({ nodes }: ClusterView): string {
  return JSON.stringify(
    nodes.map((node) => [nodeText(node), node.isAlive, node.isLeaseValid, usability(node.report)]),
  );
}

/** A market in a cluster of processes: twenty symbols, members with money that are on at several gateways, and their end. */
import type { FixVersion } from '../../src/fix/version.ts';
import { auditCluster, witnessOwners } from './cluster-audit.ts';
import { ClusterMember, settle, startLoad, startProbing } from './cluster-clients.ts';
import { type ClusterOptions, ClusterProcess } from './cluster-process.ts';
import { identityOf } from './market-day.ts';

/** What is traded, everything against USD. */
export const CLUSTER_SYMBOLS: readonly string[] = Array.from(
  { length: 20 },
  (_, no) => `C${String(no + 1).padStart(2, '0')}-USD`,
);

const VERSIONS: readonly FixVersion[] = ['FIX.4.4', 'FIX.4.2', 'FIX.5.0SP2'];
const FIRST_COMP_ID_NO = 1;

export class ClusterMarket {
  readonly cluster: ClusterProcess;
  /** They trade at random, in all versions of FIX, at all gateways. */
  readonly traders: readonly ClusterMember[];
  /** They have orders that rest. */
  readonly resters: readonly ClusterMember[];
  /** Their orders are accepted and end at once. */
  readonly probers: readonly ClusterMember[];
  #nextNo = FIRST_COMP_ID_NO;

  private constructor(cluster: ClusterProcess) {
    this.cluster = cluster;
    this.traders = Array.from({ length: 6 }, (_, no) =>
      this.#newMember(`trader-${no + 1}`, VERSIONS[no % VERSIONS.length] ?? 'FIX.4.4'),
    );
    this.resters = Array.from({ length: 4 }, (_, no) => this.#newMember(`rester-${no + 1}`, 'FIX.4.4'));
    this.probers = Array.from({ length: 4 }, (_, no) => this.#newMember(`prober-${no + 1}`, 'FIX.4.4'));
  }

  /** Starts a cluster, lists the instruments, lets the members in, and waits until all are on. */
  static async open(options: ClusterOptions = {}): Promise<ClusterMarket> {
    const cluster = await ClusterProcess.open(options);
    try {
      await witnessOwners(cluster.databaseUrl);
      const market = new ClusterMarket(cluster);
      for (const symbol of CLUSTER_SYMBOLS) {
        const [base, quote] = symbol.split('-');
        const terms = { tick: '0.01', lot: '0.001', referencePrice: '100', makerBps: '10', takerBps: '20' };
        await cluster.done('POST', '/v1/instruments', { symbol, base, quote, ...terms });
      }
      await Promise.all(market.members.map((member) => market.#letIn(member)));
      await Promise.all(market.members.map((member) => member.stayOn()));
      return market;
    } catch (error) {
      const log = cluster.logEnd();
      await cluster.close();
      throw new Error(`the market does not open: ${String(error)}\n${log}`, { cause: error });
    }
  }

  get members(): readonly ClusterMember[] {
    return [...this.traders, ...this.resters, ...this.probers];
  }

  /** How often a member lost its connection without having ended it. */
  get lostConnections(): number {
    return this.members.reduce((sum, { lostConnections }) => sum + lostConnections, 0);
  }

  /** Random requests and probes on all symbols, together so many a second; returns what stops them. */
  startTrading(ratePerSecond: number, seed: number): () => void {
    const half = { symbols: CLUSTER_SYMBOLS, ratePerSecond: ratePerSecond / 2 };
    const sendings = [startLoad(this.traders, { ...half, seed }), startProbing(this.probers, half)];
    return () => {
      for (const sending of sendings) sending.stop();
    };
  }

  /** Everything is answered, the cluster is ready, and everything agrees. */
  async expectTruth(): Promise<void> {
    await this.cluster.untilReady();
    await settle(this.members, CLUSTER_SYMBOLS[0] ?? '');
    await auditCluster(this.cluster.databaseUrl, this.members);
  }

  async close(): Promise<void> {
    // Before the gateways are gone, so that nobody looks for another one.
    const stopped = Promise.all(this.members.map((member) => member.stopStaying()));
    for (const member of this.members) member.cut();
    await this.cluster.close();
    await stopped;
  }

  #newMember(username: string, version: FixVersion): ClusterMember {
    const no = this.#nextNo;
    this.#nextNo += 1;
    return new ClusterMember(identityOf(username, no), version, () => this.cluster.fixAddresses, no);
  }

  async #letIn({ identity }: ClusterMember): Promise<void> {
    const { username, password, senderCompId } = identity;
    await this.cluster.done('POST', '/v1/users', { username, password, compId: senderCompId });
    const bases = username.startsWith('trader') ? CLUSTER_SYMBOLS.map((symbol) => symbol.split('-')[0]) : [];
    for (const asset of ['USD', ...bases]) {
      const id = `${username}-${asset}`;
      const amount = asset === 'USD' ? '10000000' : '10000';
      await this.cluster.done('POST', '/v1/transfers', { type: 'deposit', username, asset, amount, id });
    }
  }
}

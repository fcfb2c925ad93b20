/** The torture of a cluster: its processes, its members and its proofs, made for one run. */
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../src/platform/clock.ts';
import { answersSince } from '../../support/cluster-clients.ts';
import { Auditor } from '../audit.ts';
import { cutMidMessage, readSlowly } from '../bad-members.ts';
import { Bank } from '../bank.ts';
import { faultText } from '../fault-text.ts';
import { playScript } from '../playing.ts';
import { settle } from '../settling.ts';
import type { Tell, Tortured } from '../torture.ts';
import { ClusterEvidence } from './evidence.ts';
import { TorturedCluster } from './market.ts';
import { ClusterMembers } from './members.ts';
import {
  CLUSTER_ASSETS,
  CLUSTER_MEMBERS,
  type ClusterFault,
  type ClusterRound,
  ClusterScript,
  GUEST,
  isOperation,
  kindOf,
  partsOf,
  TRADED_SYMBOLS,
} from './script.ts';
import { ClusterSummary } from './summary.ts';

/** Everything that a member asks for, and every fault, is over within this time. */
const ROUND_TIMEOUT_MS = 180_000;
const SETTLE_TIMEOUT_MS = 90_000;
/** Faults after which a gateway has no reason to lose a connection; the guest is one too. */
const HARMLESS_TO_SESSIONS: ReadonlySet<string> = new Set([
  'KillEngine',
  'PauseEngine',
  'PauseEngineForLong',
  'ReplaceEngine',
  'KillNats',
  'PauseNats',
  'StartTwice',
  'BreakBook',
  'CutMidMessage',
  'Halt',
  'Move',
  'MoveAccounts',
  'Rebalance',
]);
const SHOWN = 5;

export async function openTorturedCluster(seed: number, tell: Tell, only?: string): Promise<Tortured> {
  const market = await TorturedCluster.prepare();
  const { cluster, processes, operators } = market;
  const members = new ClusterMembers(() => cluster.fixAddresses);
  const bank = new Bank(operators.anyNode);
  const evidence = new ClusterEvidence(cluster, processes);
  const auditor = new Auditor(evidence, members.all, bank);
  const summary = new ClusterSummary({ market, members, bank, auditor });
  const script = new ClusterScript(seed, only);
  /** Kinds of faults of the round before and of this one: lines may be late. */
  let kindsBefore: readonly string[] = [];
  let kinds: string[] = [];

  async function suffer(fault: ClusterFault, roundNo: number): Promise<void> {
    kinds.push(...partsOf(fault).map(kindOf));
    summary.injected(fault);
    tell(
      `${isOperation(fault) ? 'operators' : `fault ${summary.faultNo}`}: ${faultText(fault, CLUSTER_MEMBERS)}`,
    );
    if (fault.type === 'CutMidMessage') {
      cutMidMessage(members.all[fault.memberNo], roundNo, TRADED_SYMBOLS[0] ?? '');
    } else if (fault.type === 'ReadSlowly') await readSlowly(members.all[fault.memberNo], fault.forMs);
    else await market.suffer(fault);
  }

  async function play(round: ClusterRound): Promise<void> {
    const startedAt = systemClock.now();
    const lostBefore = members.lostConnections;
    [kindsBefore, kinds] = [kinds, []];
    members.all.forEach((member, no) => {
      member.keepsWhatItSent = round.members[no]?.isForgetful !== true;
    });
    const acting = {
      members: members.all,
      bank,
      timeoutMs: ROUND_TIMEOUT_MS,
      suffer: (fault: ClusterFault) => suffer(fault, round.no),
    };
    await playScript(acting, round);
    await market.mendBooks();
    await settle(members.all, {
      symbol: TRADED_SYMBOLS[0] ?? '',
      idOf: (member, kind) => member.newId(kind),
      timeoutMs: SETTLE_TIMEOUT_MS,
    });
    await market.untilReady();
    summary.waited(round, answersSince(members.all, startedAt));
    failOn('owners', await evidence.disagreements());
    await auditor.audit();
    failOn('logs', unexpected());
    const lost = members.lostConnections - lostBefore;
    if (lost > 0 && isHarmless(round) && !processes.haveLeftCluster(startedAt)) {
      throw new Error(`${lost} sessions were lost, and no fault was theirs`);
    }
  }

  function unexpected(): readonly string[] {
    return processes.unexpected(new Set([...kindsBefore, ...kinds]));
  }

  return {
    async begin() {
      await market.open(members.all.map(({ identity }) => identity));
      const amounts = Object.fromEntries(
        CLUSTER_ASSETS.map((asset) => [asset, asset === 'USD' ? '1000000' : '5000']),
      );
      await Promise.all(members.all.map(({ identity }) => bank.open(identity, amounts)));
      await Promise.all(members.all.map((member) => member.stayOn()));
      tell(`seed ${seed}: ${members.all.length} members trade at ${cluster.gateways.length} gateways`);
    },
    async playRound(sinceMs) {
      const round = script.next();
      await play(round);
      summary.noteUse(sinceMs());
      return round.no;
    },
    async end() {
      await auditor.auditAll();
      await Promise.all(members.all.map((member) => member.stopStaying()));
      for (const member of members.all) await member.logout();
      for (const name of [...cluster.gateways, ...cluster.engines]) {
        if (cluster.isRunning(name)) await processes.stop(name);
      }
      failOn('logs', unexpected());
    },
    async abandon() {
      const stopped = members.all.map((member) => member.stopStaying());
      for (const member of members.all) member.cut();
      await processes.abandon();
      await Promise.all(stopped);
    },
    async keep(dir) {
      await mkdir(dir, { mode: 0o700 });
      await processes.writeLogs(dir);
      await members.writeWires(dir);
      await cp(cluster.configFile, join(dir, 'cluster.config.ts'));
      await cluster.stopPostgres();
      await cp(cluster.postgresDir, join(dir, 'postgres'), { recursive: true });
      await cluster.close();
      return undefined;
    },
    async close() {
      await processes.abandon();
      await cluster.close();
      return undefined;
    },
    get log() {
      return cluster.names.map((name) => `--- ${name}\n${cluster.logOf(name).slice(-LOG_LINES).join('\n')}`);
    },
    get faultNo() {
      return summary.faultNo;
    },
    get progress() {
      return summary.progress;
    },
    summary: (tookMs) => summary.lines(tookMs, seed),
  };
}

const LOG_LINES = 400;

function isHarmless({ faults }: ClusterRound): boolean {
  return faults
    .flatMap(({ fault }) => partsOf(fault))
    .every((fault) => HARMLESS_TO_SESSIONS.has(kindOf(fault)) && !('node' in fault && fault.node === GUEST));
}

function failOn(where: string, found: readonly string[]): void {
  if (found.length === 0) return;
  const rest = found.length - SHOWN;
  const more = rest > 0 ? `\n  and ${rest} more` : '';
  throw new Error(`${where}: ${found.slice(0, SHOWN).join('\n  and ')}${more}`);
}

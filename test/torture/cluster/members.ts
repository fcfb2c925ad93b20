/** The members of a tortured cluster, with the last lines that went over their wires, for whoever looks into a failure. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../src/platform/clock.ts';
import { ClusterMember } from '../../support/cluster-clients.ts';
import type { FixAddress } from '../../support/cluster-process.ts';
import { textOf } from '../../support/fix-client.ts';
import { identityOf } from '../../support/market-day.ts';
import { CLUSTER_MEMBERS } from './script.ts';

/** Lines of each member that are kept. */
const LINES_KEPT = 6_000;

export class ClusterMembers {
  readonly all: readonly ClusterMember[];
  readonly #lines = new Map<ClusterMember, string[]>();

  /** They know these gateways, and begin at different ones. */
  constructor(addresses: () => readonly FixAddress[]) {
    this.all = CLUSTER_MEMBERS.map(([name, version], no) => {
      const member = new ClusterMember(identityOf(name, no + 1), version, addresses, no);
      const lines: string[] = [];
      this.#lines.set(member, lines);
      const note = (text: string): void => {
        lines.push(`${new Date(systemClock.now()).toISOString()} ${member.place} ${text}`);
        if (lines.length > 2 * LINES_KEPT) lines.splice(0, LINES_KEPT);
      };
      member.record.onMessage = (message) => note(`< ${textOf(message)}`);
      member.onSend = (frame) => note(`> ${frame.toString('latin1').replaceAll('\u0001', '|')}`);
      return member;
    });
  }

  /** How often a member lost its connection without having ended it. */
  get lostConnections(): number {
    return this.all.reduce((sum, { lostConnections }) => sum + lostConnections, 0);
  }

  /** What each of them has sent and heard, and what it was told by that, one file each. */
  async writeWires(dir: string): Promise<void> {
    for (const [{ identity, record }, lines] of this.#lines) {
      await writeFile(join(dir, `wire-${identity.username}.log`), `${lines.join('\n')}\n`);
      const told = [...record.told].map(([key, facts]) => `${key}: ${facts}`);
      await writeFile(join(dir, `told-${identity.username}.log`), `${told.join('\n')}\n`);
    }
  }
}

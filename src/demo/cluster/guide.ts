/** How to go on from the cluster demo: a client of one's own at either gateway, and what operators can try. */
import { loginsPath, type MemberLogins } from '../credentials.ts';
import { MEMBER_NAMES } from '../protocol.ts';
import { heading, type Style } from '../wire-view.ts';
import { ASKED_NODE, type DemoNodes, GATEWAY_OF, HOST, VENUE_COMP_ID } from './nodes.ts';
import { STRUCK } from './scenario.ts';

const NAME_WIDTH = 24;

/** Sections for a member's developer and for an operator. No secret is in it, only where they are. */
export function clusterGuide(nodes: DemoNodes, dataDir: string, logins: MemberLogins, style: Style): string {
  const row = (name: string, value: string): string =>
    `  ${style('bold', name.padEnd(NAME_WIDTH))}${value}\n`;
  const onebook = (command: string): string => `  npm run --silent onebook -- ${command}\n`;
  const gateways = Object.values(GATEWAY_OF);
  return [
    heading('Connect your own client', style),
    ...gateways.map((name) => row(`Address of ${name}`, `${HOST}:${nodes.fixPortOf(name)}, plain TCP`)),
    row('TargetCompID(56)', VENUE_COMP_ID),
    row('SenderCompID(49)', MEMBER_NAMES.map((name) => `${logins[name].compId} (${name})`).join(' or ')),
    row('Username(553)', `${MEMBER_NAMES.join(' or ')}, in the Logon`),
    row('Password(554)', `in ${loginsPath(dataDir)}, which only you can read`),
    row('ResetSeqNumFlag(141)', 'Y, since the demo has used numbers of these sessions'),
    `\n  In the ${STRUCK} book: alice bids 49,000.00 for 0.1. Either member may log on at either gateway.\n`,
    heading('Operate the cluster', style),
    onebook(`status --config ${nodes.configFile} --node ${ASKED_NODE}`),
    onebook(`symbol move ${STRUCK} --to engine-2 --config ${nodes.configFile} --node ${ASKED_NODE}`),
    onebook(`reconcile --data-dir ${dataDir}`),
    '\n',
    row('Processes', ''),
    ...nodes.running().map(({ name, pid, logFile }) => row(`  ${name}`, `process ${pid}, log ${logFile}`)),
  ].join('');
}

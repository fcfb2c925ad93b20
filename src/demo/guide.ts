/** How to go on from the demo: a client of one's own, and the venue's operators. */
import { adminTokenPath } from '../admin/token.ts';
import { loginsPath, type MemberLogins } from './credentials.ts';
import { MEMBER_NAMES } from './protocol.ts';
import { heading, type Style } from './wire-view.ts';

/** Where the venue of this run is. */
export interface VenuePlace {
  readonly host: string;
  readonly fixPort: number;
  readonly adminPort: number;
  readonly venueCompId: string;
  /** As the user wrote it. */
  readonly dataDir: string;
}

const NAME_WIDTH = 24;

/** Sections for a member's developer and for an operator. No secret is in it, only where they are. */
export function guide(venue: VenuePlace, logins: MemberLogins, style: Style): string {
  const { host, fixPort, adminPort, venueCompId, dataDir } = venue;
  const row = (name: string, value: string): string =>
    `  ${style('bold', name.padEnd(NAME_WIDTH))}${value}\n`;
  const either = (value: (name: keyof MemberLogins) => string): string =>
    MEMBER_NAMES.map((name) => value(name)).join(' or ');
  const onebook = (command: string): string =>
    `  npm run --silent onebook -- ${command} --data-dir ${dataDir} --admin-port ${adminPort}\n`;
  return [
    heading('Connect your own client', style),
    row('Address', `${host}:${fixPort}, plain TCP; your engine is the initiator`),
    row('BeginString(8)', 'FIX.4.4 (or FIX.4.2, or FIXT.1.1 with 1137=9)'),
    row('TargetCompID(56)', venueCompId),
    row(
      'SenderCompID(49)',
      either((name) => `${logins[name].compId} (${name})`),
    ),
    row('Username(553)', `${either((name) => name)}, in the Logon`),
    row('Password(554)', `in ${loginsPath(dataDir)}, which only you can read`),
    row('ResetSeqNumFlag(141)', 'Y, since the demo has used numbers of these sessions'),
    '\n  In the BTC-USD book: alice bids 49,000.00 for 0.5, bob offers 0.25 at 51,000.00.\n',
    heading('Operate the venue', style),
    row('Admin API', `http://${host}:${adminPort}, bearer token in ${adminTokenPath(dataDir)}`),
    row('Health', `http://${host}:${adminPort}/health/ready`),
    '\n',
    onebook('status'),
    onebook('orders'),
  ].join('');
}

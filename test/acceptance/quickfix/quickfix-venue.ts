/**
 * The venue that QuickFIX's members meet: the real process, with a listener for each transport, the dictionaries
 * that it prints for them, and a market for each conversation, so that none meets another's orders.
 */
import { writeFile } from 'node:fs/promises';
import type { DictionaryVersion, FixVersion } from '../../../src/fix/version.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { createTestCertificates, type TestCertificates } from '../../support/certificates.ts';
import { onebook } from '../../support/cli.ts';
import type { MemberIdentity } from '../../support/recording-member.ts';
import {
  type ApiBody,
  newDataDir,
  removeVenue,
  type VenueOptions,
  VenueProcess,
} from '../../support/venue-process.ts';
import type { QuickFixMember } from './quickfix-member.ts';
import { dictionaryFile, type OwnValues, settingsFor } from './settings.ts';
import { TRANSPORTS, type Transport } from './transports.ts';

const DICTIONARIES: readonly DictionaryVersion[] = ['FIX.4.2', 'FIX.4.4', 'FIXT.1.1', 'FIX.5.0SP2'];

/** HeartBtInt (108) of all members. */
export const HEART_BT_INT_S = 2;
/** The engine starts again from 1 at an hour, UTC, which no run of a test reaches. */
const FAR_AWAY_MS = 12 * 3_600_000;

/** The venue of one run. */
export class QuickFixVenue {
  /** Directory of the data dictionaries that the venue has printed. */
  readonly #dictionaries: string;
  readonly #dataDir: string;
  readonly #certificates: TestCertificates;
  #process: VenueProcess;

  private constructor(
    dictionaries: string,
    dataDir: string,
    certificates: TestCertificates,
    venue: VenueProcess,
  ) {
    this.#dictionaries = dictionaries;
    this.#dataDir = dataDir;
    this.#certificates = certificates;
    this.#process = venue;
  }

  /** Starts a venue, and writes its dictionaries and certificates into the directory. */
  static async open(directory: string): Promise<QuickFixVenue> {
    for (const version of DICTIONARIES) {
      const printed = await onebook(['fix', 'dictionary', '--version', version]);
      if (printed.exitCode !== 0) throw new Error(`no dictionary of ${version}: ${printed.stderr}`);
      await writeFile(dictionaryFile(directory, version), printed.stdout);
    }
    const certificates = await createTestCertificates(directory);
    const dataDir = await newDataDir();
    const venue = await VenueProcess.start(dataDir, optionsWith(certificates, { tcp: 0, tls: 0 }));
    return new QuickFixVenue(directory, dataDir, certificates, venue);
  }

  /**
   * The settings of a member's engine: the page's, and this venue's values. `changes` outrank them; with `caFile`
   * the engine trusts another authority than the venue's.
   */
  settingsFor(
    { identity, storePath }: Pick<QuickFixMember, 'identity' | 'storePath'>,
    version: FixVersion,
    transport: Transport,
    changes: OwnValues = {},
    caFile = this.#certificates.caFile,
  ): Promise<string> {
    const startTime = `${new Date(systemClock.now() + FAR_AWAY_MS).toISOString().slice(11, 13)}:00:00`;
    const own = {
      SocketConnectHost: '127.0.0.1',
      SocketConnectPort: this.#portOf(transport),
      ReconnectInterval: 1,
      HeartBtInt: HEART_BT_INT_S,
      StartTime: startTime,
      EndTime: startTime,
      SenderCompID: identity.senderCompId,
      FileStorePath: storePath,
      ...changes,
    };
    return settingsFor(version, this.#dictionaries, own, transport === 'tls' ? { caFile } : undefined);
  }

  /** Certifies nothing that this venue has. */
  get strangerCaFile(): string {
    return this.#certificates.strangerCaFile;
  }

  /** Asks the admin API for what must succeed; returns the answer. */
  done(method: 'GET' | 'POST', path: string, body?: object): Promise<ApiBody> {
    return this.#process.done(method, path, body);
  }

  /** Lists an instrument that is traded against USD, and lets the members in with enough of both. */
  async openMarket(symbol: string, members: readonly MemberIdentity[]): Promise<void> {
    const [base = '', quote = ''] = symbol.split('-');
    const terms = { symbol, base, quote, tick: '0.01', lot: '0.001', makerBps: '10', takerBps: '20' };
    await this.done('POST', '/v1/instruments', terms);
    for (const { username, password, senderCompId } of members) {
      await this.done('POST', '/v1/users', { username, password, compId: senderCompId });
      for (const asset of [base, quote]) {
        const id = `${username}-${asset}`;
        const deposit = { type: 'deposit', username, asset, amount: '100000', id };
        await this.done('POST', '/v1/transfers', deposit);
      }
    }
  }

  /** Messages of a type that it has sent to a member since it was started, as its log has them. */
  sentTo({ senderCompId }: MemberIdentity, msgType: string): readonly string[] {
    return this.#process.events
      .filter(({ event }) => event === 'fix out')
      .map(({ message }) => String(message))
      .filter((message) => message.includes(`|35=${msgType}|`) && message.includes(`|56=${senderCompId}|`));
  }

  /** Sends the signal of a crash. */
  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** Starts the venue again, where it was. */
  async restart(): Promise<void> {
    const ports = { tcp: this.#portOf('tcp'), tls: this.#portOf('tls') };
    this.#process = await VenueProcess.start(this.#dataDir, optionsWith(this.#certificates, ports));
  }

  async close(): Promise<void> {
    await removeVenue(this.#dataDir);
  }

  #portOf(transport: Transport): number {
    const port = this.#process.fixPorts[TRANSPORTS.indexOf(transport)];
    if (port === undefined) throw new Error(`there is no listener for ${transport}`);
    return port;
  }
}

/** One listener a transport. Every message is in the log: what is sent to a member that does not listen is seen. */
function optionsWith(
  certificates: TestCertificates,
  ports: Readonly<Record<Transport, number>>,
): VenueOptions {
  const { certFile, keyFile } = certificates;
  const listeners = [{ port: ports.tcp }, { port: ports.tls, tls: { certFile, keyFile } }];
  return { fixPort: ports.tcp, listeners, logLevel: 'debug' };
}

/**
 * A venue process whose database and whose members can be stopped at an exact moment: everything that a test needs
 * to kill it between two steps, start it again on the same rows, and hold what members were told against them.
 */
import { expect } from 'chai';
import type { VenueLimits } from '../../src/config/limits.ts';
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import type { FixVersion } from '../../src/fix/version.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { cancelOf, identityOf, newOrder, openMarket, SYMBOLS } from './market-day.ts';
import { type AuditedMember, auditMember, hasHeardAll } from './member-audit.ts';
import { type PostgresGate, postgresGate } from './postgres-gate.ts';
import { auditRebuiltOrders } from './rebuilt-orders.ts';
import { expectReconciled } from './reconciled.ts';
import { SocketGate } from './socket-gate.ts';
import { type Asked, type LogonWay, StrictMember } from './strict-member.ts';
import { until } from './until.ts';
import { newDataDir, removeVenue, type VenueOptions, VenueProcess, withRows } from './venue-process.ts';
import { auditRows, readVenueRows, type VenueRows } from './venue-rows.ts';

/** Small, so that what a crash skips is little and a reset is seen to go below it. */
export const RESERVED_SEQ_NUMS = 64;

const LIMITS = {
  reservedSeqNums: RESERVED_SEQ_NUMS,
  settleMs: 300,
  sessionFlushMs: 5,
};
const [SYMBOL] = SYMBOLS;

export class KillableMarket {
  readonly database: PostgresGate;
  readonly #testDatabase: TestDatabase;
  readonly #options: VenueOptions;
  readonly #dataDirs: readonly string[];
  readonly #members: StrictMember[] = [];
  #venue: VenueProcess;
  /** Waits beside the one that trades, as another node does, and so takes over within a moment. */
  #next: VenueProcess;
  #lastNo = 0;

  private constructor(
    testDatabase: TestDatabase,
    database: PostgresGate,
    options: VenueOptions,
    [venue, next]: readonly [VenueProcess, VenueProcess],
  ) {
    this.#testDatabase = testDatabase;
    this.database = database;
    this.#options = options;
    this.#dataDirs = [venue.dataDir, next.dataDir];
    this.#venue = venue;
    this.#next = next;
  }

  /** Starts the venue with these members, by the version that each speaks. Nobody is logged on yet. */
  static async open(
    versions: Readonly<Record<string, FixVersion>>,
    limits: Partial<VenueLimits> = {},
  ): Promise<KillableMarket> {
    const own = await testDatabase();
    const database = await postgresGate(own.url);
    const options = { databaseUrl: database.url, limits: { ...LIMITS, ...limits } };
    const venue = await VenueProcess.start(await newDataDir(), options);
    const next = await VenueProcess.spawn(await newDataDir(), options);
    const market = new KillableMarket(own, database, options, [venue, next]);
    for (const [name, version] of Object.entries(versions)) {
      const identity = identityOf(name, 700_001 + market.#members.length);
      market.#members.push(new StrictMember(identity, await SocketGate.open(), version));
    }
    await openMarket(
      venue,
      market.#members.map(({ identity }) => identity),
    );
    return market;
  }

  get venue(): VenueProcess {
    return this.#venue;
  }

  get fixPort(): number {
    return this.#venue.fixPort;
  }

  member(name: string): StrictMember {
    const member = this.#members.find(({ identity }) => identity.username === name);
    if (member === undefined) throw new Error(`there is no member ${name}`);
    return member;
  }

  async close(): Promise<void> {
    for (const dataDir of this.#dataDirs) await removeVenue(dataDir);
    await Promise.all(this.#members.map(({ gate }) => gate.close()));
    await this.database.close();
    await this.#testDatabase.drop();
  }

  // ---- Life and death ---------------------------------------------------------------------------------------

  /** kill -9, and a new process on the same rows. */
  async killAndRestart(): Promise<void> {
    const dead = this.#venue;
    await dead.kill();
    for (const { gate } of this.#members) gate.drain();
    await Promise.all(this.#members.map((member) => member.untilCut()));
    // What was held has died with the process.
    this.database.hold('before COMMIT', () => false).release();
    await this.#next.untilRunning();
    this.#venue = this.#next;
    this.#next = await VenueProcess.spawn(dead.dataDir, this.#options);
  }

  /** Lets the venue end in order. */
  async stop(): Promise<void> {
    await this.#next.kill();
    expect(await this.#venue.stop()).to.deep.equal({ code: 0, signal: null });
  }

  /** Logs on those that are not, all at once; where numbers do not fit they are reset. */
  async comeBack(members: readonly StrictMember[], way: LogonWay = {}): Promise<void> {
    const absent = members.filter(({ isOn }) => !isOn);
    await Promise.all(absent.map((member) => member.comeBack(this.fixPort, way)));
  }

  /** Waits until these members have been told everything, and everything that they were told is stored. */
  async settle(members: readonly StrictMember[]): Promise<void> {
    const isTold = async (): Promise<boolean> => {
      if (members.some((member) => !member.hasNoGap || member.unanswered.length > 0)) return false;
      const rows = await this.rows();
      return members.every((member) => hasHeardAll(audited(member), rows));
    };
    await until('everything that is owed', isTold).catch(() => {
      // The audit says what is missing.
    });
    await until('the rows of what was sent', async () => {
      const stored = await this.#lastStoredSeqNums();
      return members.every(
        (member) => (stored.get(member.senderCompId) ?? 0) >= member.lastApplicationSeqNum,
      );
    });
  }

  /** Asserts that rows, the trail of them and members agree in everything. */
  async audit(members: readonly StrictMember[]): Promise<VenueRows> {
    const rows = await this.rows();
    auditRows(rows);
    await expectReconciled(this.#testDatabase.url);
    for (const member of members) {
      const { username, senderCompId } = member.identity;
      expect(member.violations, `what the venue did wrong to ${username}`).to.deep.equal([]);
      expect(member.gate.misusedNumbers, `numbers of ${username}`).to.deep.equal([]);
      expect(member.unanswered, `unanswered requests of ${username}`).to.deep.equal([]);
      const userId = rows.userIds.get(senderCompId) ?? 0;
      auditRebuiltOrders(username, member.reports, rows, userId);
      // Its facts are in the words of FIX.4.4.
      if (member.version === 'FIX.4.4') auditMember(audited(member), rows);
    }
    return rows;
  }

  rows(): Promise<VenueRows> {
    return withRows(this.#testDatabase.url, readVenueRows);
  }

  /** Runs one statement beside the venue. */
  async query(statement: string, parameters: readonly (string | number)[] = []): Promise<void> {
    await withRows(this.#testDatabase.url, (client) => client.query(statement, [...parameters]));
  }

  async #lastStoredSeqNums(): Promise<ReadonlyMap<number, number>> {
    const statement = 'select sender_comp_id as id, max(last_seq) as last from fix_messages group by 1';
    const { rows } = await withRows(this.#testDatabase.url, (client) =>
      client.query<{ id: number; last: string }>(statement),
    );
    return new Map(rows.map(({ id, last }) => [id, Number(last)]));
  }

  // ---- Requests ---------------------------------------------------------------------------------------------

  /** A price that no order has had. Later ones are higher, so that what rests from before is never met by a sale. */
  newPrice(): string {
    this.#lastNo += 1;
    return `${100 + this.#lastNo}.00`;
  }

  order(side: '1' | '2', orderQty: string, price: string): Asked {
    const fields = newOrder({ clOrdId: this.#newClOrdId(), symbol: SYMBOL, side, orderQty, price });
    return { msgType: MSG_TYPE.NewOrderSingle, fields: { ...fields, [TAG.HandlInst]: '1' } };
  }

  replace(original: Asked, orderQty: string): Asked {
    const { fields } = original;
    return {
      msgType: MSG_TYPE.OrderCancelReplaceRequest,
      fields: {
        ...fields,
        [TAG.ClOrdID]: this.#newClOrdId(),
        [TAG.OrigClOrdID]: clOrdIdOf(original),
        [TAG.OrderQty]: orderQty,
      },
    };
  }

  cancel(original: Asked): Asked {
    const side = original.fields[TAG.Side] ?? '1';
    return {
      msgType: MSG_TYPE.OrderCancelRequest,
      fields: cancelOf(this.#newClOrdId(), clOrdIdOf(original), SYMBOL, side),
    };
  }

  #newClOrdId(): string {
    this.#lastNo += 1;
    return `c-${this.#lastNo}`;
  }
}

/** How a report was marked when it came. */
export type Mark = 'as new' | 'with 43=Y' | 'with 97=Y';

/** The marks of those reports that are about executions: status answers are news of nothing. */
export function marksOf(reports: readonly FixMessage[]): readonly Mark[] {
  return reports
    .filter((report) => report.get(TAG.ExecType) !== 'I' && report.get(TAG.ExecTransType) !== '3')
    .map((report) => {
      if (report.get(TAG.PossDupFlag) === 'Y') return 'with 43=Y';
      return report.get(TAG.PossResend) === 'Y' ? 'with 97=Y' : 'as new';
    });
}

/** ClOrdID (11) of a request. */
export function clOrdIdOf({ fields }: Asked): string {
  return fields[TAG.ClOrdID] ?? '';
}

/** Lives of numbers are judged on the wire, by the member's gate; the rest is the common audit's. */
function audited(member: StrictMember): AuditedMember {
  const { identity, violations, heard } = member;
  return { identity, violations, heard, arrivals: [] };
}

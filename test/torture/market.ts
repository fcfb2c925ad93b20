/**
 * The venue of a torture run from the outside: its process, its Postgres and its disk, which faults end, stop and
 * fill, and what operators do about it. It comes back after each fault, and how long that took is written down.
 */
import type { VenueLimits } from '../../src/config/limits.ts';
import { clusterDirOf } from '../../src/persistence/postgres/cluster.ts';
import { delay, systemClock } from '../../src/platform/clock.ts';
import type { MemberIdentity } from '../support/recording-member.ts';
import { until } from '../support/until.ts';
import { embeddedUrl, VenueProcess } from '../support/venue-process.ts';
import { alarmsIn } from './alarms.ts';
import { type LiveState, tellVenue } from './control.ts';
import type { Disk } from './disk.ts';
import { PostgresVictim } from './postgres-victim.ts';
import { reasonOf } from './reasons.ts';
import { type ASSETS, type Fault, SYMBOLS } from './script.ts';
import { ENVIRONMENT, TORTURED_VENUE } from './venue.ts';

/** Small, so that reservations, resends and retries happen all the time. */
const LIMITS: Partial<VenueLimits> = {
  reservedSeqNums: 128,
  settleMs: 300,
  maxUnsentBytes: 128 * 1024,
  retryToMs: 1_000,
};
const HALF_A_DAY_MS = 12 * 3_600_000;
const READY_TIMEOUT_MS = 60_000;
const STABLE_MS = 300;
const RESTART_TIMEOUT_MS = 90_000;
const RETRY_START_MS = 200;
const LOG_LINES_KEPT = 2_000;

/** How long something took to be right again, ms. */
export interface Recovery {
  readonly fault: string;
  readonly tookMs: number;
}

interface Status {
  readonly symbols: readonly {
    readonly symbol: string;
    readonly status: string;
    readonly haltedBy: string | null;
  }[];
}

export class TorturedMarket {
  readonly disk: Disk;
  readonly recoveries: Recovery[] = [];
  /** Symbols that crashes halted, and that were opened again. */
  haltCount = 0;
  /** SIGKILLs: of the venue, of the postmaster, of another process of Postgres; and how often both were killed at once. */
  readonly kills = { venue: 0, postgres: 0, postgresChild: 0, both: 0 };
  /** How often the process was started. */
  startCount = 0;
  #venue: VenueProcess | undefined;
  #isUp = false;
  #isAbandoned = false;
  #clockOffsetMs = 0;
  #turn: Promise<void> = Promise.resolve();
  readonly #postgres: PostgresVictim;
  readonly #log: string[] = [];
  readonly #alarms: string[] = [];
  /** Symbols whose book was told to throw, and was not mended since. */
  readonly #broken = new Set<string>();

  constructor(disk: Disk) {
    this.disk = disk;
    this.#postgres = new PostgresVictim(clusterDirOf(disk.dataDir));
    process.env[ENVIRONMENT.rollTime] = new Date(systemClock.now() + HALF_A_DAY_MS)
      .toISOString()
      .slice(11, 16);
  }

  get venue(): VenueProcess {
    if (this.#venue === undefined) throw new Error('the venue was never started');
    return this.#venue;
  }

  /** Where members connect; undefined while nobody answers there. */
  get fixPort(): number | undefined {
    return this.#isUp && !this.venue.hasEnded ? this.venue.fixPort : undefined;
  }

  /** The end of the logs of all its processes. */
  get log(): readonly string[] {
    return [...this.#log, ...(this.#venue?.errorLines ?? [])].slice(-LOG_LINES_KEPT);
  }

  /** What its processes have said that no fault of a run explains. */
  get alarms(): readonly string[] {
    return [...this.#alarms, ...alarmsIn(this.#venue?.errorLines ?? [])];
  }

  databaseUrl(): Promise<string> {
    return embeddedUrl(this.disk.dataDir);
  }

  liveState(): Promise<LiveState | undefined> {
    return tellVenue(this.venue.pid, { type: 'TellState' });
  }

  /** Lists the instruments and lets the members in. */
  async open(members: readonly MemberIdentity[]): Promise<void> {
    await this.#start();
    for (const symbol of SYMBOLS) {
      const [base, quote] = symbol.split('-');
      const fees = { makerBps: '10', takerBps: '20' };
      const postOnly = symbol.startsWith('SOL') ? 'slide' : 'reject';
      const terms = { tick: '0.01', lot: '0.001', referencePrice: '100', postOnly, maxOpenOrders: 500 };
      await this.venue.done('POST', '/v1/instruments', { symbol, base, quote, ...terms, ...fees });
    }
    for (const { username, password, senderCompId } of members) {
      await this.venue.done('POST', '/v1/users', { username, password, compId: senderCompId });
    }
  }

  /** Waits until the venue says that it is ready, and opens what crashes that were asked for have halted. */
  async untilReady(): Promise<void> {
    let unasked: string | undefined;
    await until(
      'the venue to be ready',
      async () => {
        // Another fault may end the venue between any two questions: then all are asked again.
        if (!this.#isUp || !(await this.#isReady())) return false;
        const { symbols } = (await this.venue.done('GET', '/v1/status')) as unknown as Status;
        const halted = symbols.filter(({ status }) => status === 'halted');
        unasked = halted.find((one) => one.haltedBy !== 'crash' || !this.#broken.has(one.symbol))?.symbol;
        if (unasked !== undefined) return true;
        for (const { symbol } of halted) {
          await this.venue.done('POST', `/v1/instruments/${symbol}/resume`);
          this.haltCount += 1;
        }
        return halted.length === 0;
      },
      READY_TIMEOUT_MS,
    );
    if (unasked !== undefined) throw new Error(`${unasked} is halted, and nobody has asked for it`);
  }

  /** No book throws any more, and those that were halted for it are open again. */
  async mendBooks(): Promise<void> {
    for (const symbol of SYMBOLS) await this.#tellRunning({ type: 'BreakBook', symbol, times: 0 });
    await this.untilReady();
    this.#broken.clear();
  }

  /** Does it, sees to it that the venue comes back, and writes down how long that took. */
  async suffer(fault: Fault): Promise<void> {
    const repairedAt = await this.#carryOut(fault);
    if (repairedAt !== undefined) {
      const readyAt = await this.#untilReadyForGood();
      this.recoveries.push({ fault: fault.type, tookMs: Math.max(0, readyAt - repairedAt) });
    }
    await this.untilReady();
  }

  /** Since when it is ready without a break: right after a fault it may not have noticed yet. */
  async #untilReadyForGood(): Promise<number> {
    let readyAt: number | undefined;
    await until(
      'the venue to be ready for good',
      async () => {
        const isReady = this.#isUp && (await this.#isReady().catch(() => false));
        const now = systemClock.now();
        readyAt = isReady ? (readyAt ?? now) : undefined;
        return readyAt !== undefined && now - readyAt >= STABLE_MS;
      },
      READY_TIMEOUT_MS,
    );
    return readyAt ?? systemClock.now();
  }

  async #isReady(): Promise<boolean> {
    return (await this.venue.api('GET', '/health/ready')).status === 200;
  }

  /** Lets the venue end in order. */
  async stop(): Promise<void> {
    this.#isUp = false;
    const end = await this.venue.stop();
    if (end.code !== 0) throw new Error(`the venue ended with ${end.code ?? end.signal}`);
  }

  /** Ends the venue for good: no fault that is still being carried out starts it again. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    await this.#kill();
    // Where one was just being started, it has been ended too when that fault is over.
    await Promise.race([this.#turn, delay(systemClock, READY_TIMEOUT_MS)]);
  }

  async #kill(): Promise<void> {
    this.#isUp = false;
    if (this.#venue?.hasEnded === false) await this.#venue.kill();
  }

  /** Since when it could be well again; undefined where there is nothing to recover from. */
  async #carryOut(fault: Fault): Promise<number | undefined> {
    switch (fault.type) {
      case 'KillVenue':
        return this.#inTurn(async () => {
          this.kills.venue += 1;
          await this.#kill();
          return this.#restart(fault.againAfterMs);
        });
      case 'KillBoth':
        return this.#inTurn(async () => {
          this.kills.postgres += 1;
          this.kills.both += 1;
          await this.#postgres.endPostmaster('SIGKILL');
          this.kills.venue += 1;
          await this.#kill();
          return this.#restart(fault.againAfterMs);
        });
      case 'KillPostgres':
        if (fault.target === 'backend') {
          this.kills.postgresChild += 1;
          return this.#postgres.killChild();
        }
        this.kills.postgres += 1;
        return this.#postgres.endPostmaster('SIGKILL');
      case 'RestartPostgres':
        return this.#postgres.endPostmaster('SIGINT');
      case 'PausePostgres':
        await this.#postgres.pause(fault.forMs);
        return systemClock.now();
      case 'FillDisk':
        await this.#fillDisk(fault.forMs, fault.withLog);
        return systemClock.now();
      case 'JumpClock':
        await this.jumpClock(fault.byMs);
        return undefined;
      case 'BreakBook':
        this.#broken.add(fault.symbol);
        await this.#tellRunning({ type: 'BreakBook', symbol: fault.symbol, times: fault.times });
        return undefined;
      default:
        throw new Error(`${fault.type} is no fault of the venue`);
    }
  }

  /** The clock of this process and of those after it. */
  async jumpClock(byMs: number): Promise<void> {
    await this.#tellRunning({ type: 'JumpClock', byMs });
    this.#clockOffsetMs += byMs;
  }

  /** Another fault may have ended the process: it is told when there is one again. */
  async #tellRunning(control: Parameters<typeof tellVenue>[1]): Promise<void> {
    await until(
      'a venue to talk to',
      async () => {
        if (!this.#isUp) return false;
        await tellVenue(this.venue.pid, control);
        return true;
      },
      READY_TIMEOUT_MS,
    );
  }

  // ---- The process -------------------------------------------------------------------------------------------

  /** Of two faults that end the process the second waits until the first has brought it back. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work);
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  /** Starts the process, kills it as often as is asked, and starts it for good; returns when that was. */
  async #restart(againAfterMs: readonly number[]): Promise<number> {
    for (const afterMs of againAfterMs) {
      const venue = await this.#spawn();
      await delay(systemClock, afterMs);
      this.kills.venue += 1;
      await venue.kill();
    }
    return this.#start();
  }

  /** A process that refuses, for want of a disk or a database, is started again. */
  async #start(): Promise<number> {
    const deadline = systemClock.now() + RESTART_TIMEOUT_MS;
    for (;;) {
      const startedAt = systemClock.now();
      try {
        const venue = await this.#spawn();
        await venue.untilRunning();
        this.#isUp = true;
        return startedAt;
      } catch (error) {
        if (this.#isAbandoned || systemClock.now() > deadline) throw error;
        this.#log.push(`a start that failed: ${reasonOf(error)}`);
        await delay(systemClock, RETRY_START_MS);
      }
    }
  }

  async #spawn(): Promise<VenueProcess> {
    if (this.#venue !== undefined) {
      if (!this.#venue.hasEnded) await this.#venue.kill();
      this.#alarms.push(...alarmsIn(this.#venue.errorLines));
      this.#log.push(...this.#venue.errorLines.slice(-LOG_LINES_KEPT));
      this.#log.splice(0, this.#log.length - LOG_LINES_KEPT);
    }
    process.env[ENVIRONMENT.clockOffsetMs] = String(this.#clockOffsetMs);
    const venue = await VenueProcess.spawn(this.disk.dataDir, { limits: LIMITS, main: TORTURED_VENUE });
    this.startCount += 1;
    this.#venue = venue;
    if (this.#isAbandoned) {
      await venue.kill();
      throw new Error('the run is over');
    }
    return venue;
  }

  async #fillDisk(forMs: number, withLog: boolean): Promise<void> {
    await this.disk.fill();
    try {
      if (withLog) await this.#postgres.useUpLog();
      await delay(systemClock, forMs);
    } finally {
      await this.disk.free();
    }
  }
}

/** Everything that members start with; as deposits, which go through their accounts. */
export const OPENING_DEPOSITS: Readonly<Record<(typeof ASSETS)[number], string>> = {
  USD: '1000000',
  BTC: '5000',
  ETH: '5000',
  SOL: '5000',
};

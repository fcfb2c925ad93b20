/**
 * One history: a script played against a venue whose every next moment the seed chooses, then quiet, then the count.
 * What it comes to is a list of breaches, empty for a venue that keeps its promises, and what was done on the way.
 */
import { createHash } from 'node:crypto';
import type { Store } from '../../src/actors/ports.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { SimulatedClock } from './clock.ts';
import { Connections } from './connections.ts';
import { Database } from './database.ts';
import { FaultCounts, type FaultKind } from './fault-counts.ts';
import { checkCommit, checkMember, checkMemory, checkMoney, checkReports, checkTold } from './invariants.ts';
import { MemberEngine } from './member.ts';
import { CALENDAR, VenueNode } from './node.ts';
import { Operator } from './operator.ts';
import { commandOf } from './requests.ts';
import { Rows } from './rows.ts';
import { MEMBERS, type Script, type StepAction } from './script.ts';
import { PLANNED_CRASH, Troubles } from './troubles.ts';
import { FUNDS, INSTRUMENTS } from './venue-rows.ts';

/** Noon. */
const START_AT = Date.UTC(2024, 4, 6, 12);
/** Moments after which a venue that is not quiet never will be. */
const MAX_MOMENTS = 20_000;
/** How often what is unanswered is asked again before it counts as lost. */
const MAX_ROUNDS = 40;

/** What a history came to. */
export interface HistoryResult {
  /** What the venue did wrong, in the order in which it was found. */
  readonly breaches: readonly string[];
  /** Whether every one of its moments was the same as another history's. */
  readonly digest: string;
  readonly trace: readonly string[];
  readonly rows: Rows;
  readonly counts: HistoryCounts;
}

export interface HistoryCounts {
  readonly moments: number;
  readonly commits: number;
  readonly trades: number;
  readonly requests: number;
  readonly reports: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
}

export interface HistoryOptions {
  /** Keeps a line for each moment. */
  readonly isTraced?: boolean;
  /** Puts a store that breaks its promises in place of one that does not. */
  readonly wrapStore?: (store: Store, rows: Rows) => Store;
}

/** Plays the script to its end. Never throws for what the venue does: that is a breach. */
export function playHistory(script: Script, options: HistoryOptions = {}): HistoryResult {
  const history = new History(script, options);
  try {
    history.play();
  } catch (error) {
    history.blame(`the venue threw: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
  }
  return history.result();
}

class History {
  readonly #script: Script;
  readonly #wrapStore: (store: Store, rows: Rows) => Store;
  readonly #random: Random;
  readonly #clock = new SimulatedClock(START_AT);
  readonly #rows = new Rows(INSTRUMENTS);
  readonly #database: Database;
  readonly #troubles = new Troubles();
  readonly #members: MemberEngine[];
  readonly #operator: Operator;
  readonly #trace: string[] = [];
  readonly #note: ((line: string) => void) | undefined;
  readonly #breaches: string[] = [];
  readonly #connections: Connections;
  #node: VenueNode;
  #moments = 0;
  readonly #faults = new FaultCounts();
  #commits = 0;

  constructor(script: Script, { isTraced = false, wrapStore = (store) => store }: HistoryOptions) {
    this.#script = script;
    this.#wrapStore = wrapStore;
    this.#random = randomFrom(script.seed ^ 0x51_ab_1e);
    this.#note = isTraced ? (line) => this.#trace.push(line) : undefined;
    for (const { userId, asset, amount } of FUNDS) this.#rows.fund(userId, asset, amount);
    this.#database = new Database({
      rows: this.#rows,
      trace: this.#note,
      onCommitted: (batch, seqsBefore) => {
        this.#commits += 1;
        checkCommit(this.#rows, batch, seqsBefore, (text) => this.blame(text));
      },
      onRefused: (batch, reason) =>
        this.blame(`the database had to refuse commit ${batch.commitNo}: ${reason}`),
      onFault: (kind) => this.#faults.add(kind),
    });
    this.#database.refuseWhen = (batch) => this.#troubles.isPoisoned(batch);
    this.#members = script.members.map(
      (userId) => new MemberEngine(userId, userId === MEMBERS.at(-1), (text) => this.blame(text)),
    );
    this.#connections = new Connections({
      members: this.#members,
      random: this.#random,
      trace: this.#note,
      onReports: (message) => checkTold(this.#rows, message, (text) => this.blame(text)),
    });
    this.#operator = new Operator(this.#rows, (text) => this.blame(text));
    this.#node = this.#startNode();
  }

  blame(text: string): void {
    if (this.#breaches.length < 20) this.#breaches.push(text);
    this.#note?.(`BREACH: ${text}`);
  }

  play(): void {
    for (const member of this.#members) this.#connect(member);
    for (const { action, then } of this.#script.steps) {
      this.#note?.(`-- ${JSON.stringify(action)}`);
      this.#act(action);
      this.#run(then);
    }
    this.#note?.('-- the end of all trouble');
    this.#finish();
    checkMoney(this.#rows, (text) => this.blame(text));
    checkMemory(this.#rows, this.#node, (text) => this.blame(text));
    checkReports(this.#rows, (text) => this.blame(text));
    for (const member of this.#members) checkMember(this.#rows, member, (text) => this.blame(text));
    this.#operator.check();
  }

  result(): HistoryResult {
    const { events, reports, orders, balances } = this.#rows;
    const requests = this.#members.reduce((sum, member) => sum + member.requests.size, 0);
    const trades = events.filter((event) => event.type === 'TradeExecuted').length;
    const digest = (): string => {
      const hash = createHash('sha256');
      for (const one of [events, [...orders], [...balances], this.#moments, this.#trace]) {
        hash.update(JSON.stringify(one, (_, value) => (typeof value === 'bigint' ? `${value}` : value)));
      }
      return hash.digest('hex');
    };
    return {
      breaches: this.#breaches,
      digest: this.#note === undefined ? '' : digest(),
      trace: this.#trace,
      rows: this.#rows,
      counts: {
        moments: this.#moments,
        commits: this.#commits,
        trades,
        requests,
        reports: reports.size,
        faults: this.#faults.byKind,
      },
    };
  }

  // ---- Steps ----------------------------------------------------------------------------------------------

  #act(action: StepAction): void {
    const { tell } = this.#node.system;
    switch (action.type) {
      case 'Send': {
        const member = this.#member(action.member);
        for (const wish of action.wishes) {
          const command = commandOf(wish, member, wish.id, this.#clock.now());
          if (wish.trouble !== undefined) this.#troubles.add(wish.id, wish.trouble);
          member.send(wish.id, command);
        }
        return;
      }
      case 'Repeat': {
        const member = this.#member(action.member);
        const ids = [...member.requests.keys()];
        const id = ids[Math.floor(action.which * ids.length)];
        if (id !== undefined) member.repeat(id);
        return;
      }
      case 'Connect':
        this.#connect(this.#member(action.member));
        return;
      case 'Disconnect': {
        const member = this.#member(action.member);
        if (action.inOrder && member.isLoggedOn) member.wire?.sayToVenue({ type: 'Logout' });
        else this.#cut(member, action.heard);
        return;
      }
      case 'Crash':
        this.#crash(action.commitArrives, action.heard);
        return;
      case 'TakeOver':
        this.#operator.takeOver(action.symbol, this.#clock.now());
        this.#node.life.isOvertaken = true;
        this.#faults.add('take-over');
        return;
      case 'StoreAway':
        this.#database.isAway = action.isAway;
        return;
      case 'LoseCall':
        this.#database.breakNext(action.of, action.isDone);
        return;
      case 'BreakActor':
        this.#node.system.breakNext({ type: action.actor }, PLANNED_CRASH);
        return;
      case 'BreakSession': {
        const { wire } = this.#member(action.member);
        if (wire === undefined) return;
        const { sessionId } = wire;
        this.#node.system.breakNext({ type: 'session', sessionId }, PLANNED_CRASH);
        return;
      }
      case 'JumpClock':
        this.#clock.jump(action.byMs);
        this.#faults.add('clock jump');
        return;
      case 'Advance':
        this.#advance(action.byMs);
        return;
      case 'NextDay':
        this.#faults.add('day roll');
        this.#advance(CALENDAR.nextRollAfter(this.#clock.now()) - this.#clock.now());
        tell(
          { type: 'exchange' },
          { type: 'RollTradingDay', tradingDay: CALENDAR.tradingDayAt(this.#clock.now()) },
        );
        return;
      default:
        this.#operator.act(action, this.#node.system);
    }
  }

  #member(userId: number): MemberEngine {
    return this.#members.find((member) => member.userId === userId) as MemberEngine;
  }

  #cut(member: MemberEngine, heard: number): void {
    if (member.wire !== undefined) this.#faults.add('connection cut');
    this.#connections.cut(member, heard, this.#node.system);
  }

  #connect(member: MemberEngine): void {
    this.#connections.connect(member, this.#node.system);
  }

  /** Moves the time on, and tells the exchange, as the scheduler does. */
  #advance(byMs: number): void {
    this.#clock.advance(byMs);
    this.#node.system.tell({ type: 'exchange' }, { type: 'ExpireDue', upTo: this.#clock.now() });
  }

  // ---- Moments --------------------------------------------------------------------------------------------

  #run(moments: number): void {
    for (let count = 0; count < moments; count += 1) if (!this.#moment()) return;
  }

  #runUntilQuiet(): void {
    for (let count = 0; count < MAX_MOMENTS; count += 1) if (!this.#moment()) return;
    throw new Error(`not quiet after ${MAX_MOMENTS} moments: ${this.#node.describe()}`);
  }

  /** Something that can happen next happens; false when nothing can. */
  #moment(): boolean {
    const { system } = this.#node;
    const wires = this.#connections.busyCount;
    const actors = system.readyCount;
    const calls = this.#database.pendingCount;
    const count = actors + calls + wires;
    if (count === 0) return false;
    this.#moments += 1;
    let chosen = this.#random.integer(0, count - 1);
    const { storeDelay, networkDelay } = this.#script;
    const isSlow = this.#random.chance(chosen < actors + calls ? storeDelay : networkDelay);
    if (chosen >= actors && actors > 0 && isSlow) chosen = this.#random.integer(0, actors - 1);
    if (chosen < actors) system.runOne(chosen);
    else if (chosen < actors + calls) this.#runCall(chosen - actors);
    else this.#connections.carry(this.#connections.busy(chosen - actors - calls), system);
    if (this.#node.hasLostBooks) {
      if (!this.#node.life.isOvertaken) this.blame('the node has lost a book to nobody');
      this.#crash(false, 0);
    }
    return true;
  }

  /** What an answer of the database sets off is persistence's doing. */
  #runCall(index: number): void {
    this.#node.system.runAs({ type: 'persistence' }, () => this.#database.runOne(index));
  }

  // ---- Lives ----------------------------------------------------------------------------------------------

  #startNode(): VenueNode {
    const { maxEventsPerCommit, incidentsToHalt, maxCommandsInFlight } = this.#script;
    return new VenueNode({
      rows: this.#rows,
      database: this.#database,
      clock: this.#clock,
      random: this.#random,
      order: this.#script.order,
      wrapStore: (store) => this.#wrapStore(store, this.#rows),
      maxEventsPerCommit,
      limits: { incidentsToHalt, maxCommandsInFlight },
      trace: this.#note,
      wrapBook: this.#troubles.wrapBook,
      createAccount: this.#troubles.createAccount,
      onCrash: (actor, messageType, error) => {
        if (this.#troubles.isPlanned(error)) {
          this.#faults.add(`${actor.split(' ', 1)[0]} crash` as FaultKind);
          return;
        }
        this.blame(`${actor} crashed on ${messageType}: ${error.stack}`);
      },
    });
  }

  /** Everything in memory is gone, what was committed stays; a new process starts on it. */
  #crash(commitArrives: boolean, heard: number): void {
    this.#faults.add('crash of the node');
    this.#note?.('-- the node is gone');
    const { life } = this.#node;
    this.#node.end();
    this.#connections.cutAll(heard, this.#node.system);
    this.#database.crash(life, commitArrives);
    this.#operator.onCrash();
    this.#node = this.#startNode();
  }

  // ---- The end --------------------------------------------------------------------------------------------

  /** All trouble ends: whatever was asked must be answered now. */
  #finish(): void {
    this.#database.recover();
    this.#troubles.end();
    // Whoever has no more to commit hears of it from its lock.
    if (this.#node.life.isOvertaken) this.#crash(false, 0);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      this.#runUntilQuiet();
      this.#advance(1_000);
      this.#runUntilQuiet();
      for (const member of this.#members) this.#connect(member);
      this.#operator.settle(this.#node.system);
      if (this.#members.every((member) => member.isLoggedOn) && this.#node.isIdle) {
        const open = this.#members.flatMap((member) => member.unanswered.map(({ id }) => ({ member, id })));
        if (open.length === 0 && this.#operator.isDone) break;
        for (const { member, id } of open) member.repeat(id);
      }
      if (round === MAX_ROUNDS - 1) this.#blameSilence();
    }
    // Whoever comes back last is told what is left.
    for (const member of this.#members) member.wire?.sayToVenue({ type: 'Logout' });
    this.#runUntilQuiet();
    for (const member of this.#members) this.#connect(member);
    this.#runUntilQuiet();
  }

  #blameSilence(): void {
    for (const member of this.#members) {
      for (const { id, command } of member.unanswered) {
        this.blame(`request ${id} of user ${member.userId} is never answered: ${command.type}`);
      }
    }
    this.blame(`the venue does not come to rest: ${this.#node.describe()}`);
  }
}

/**
 * What happens in the torture of a cluster, from its seed alone: which processes and servers fail, when and for how
 * long, and what operators ask for meanwhile. Only names are in it: who owns what when a fault comes is the cluster's.
 */
import type { FixVersion } from '../../../src/fix/version.ts';
import type { Random } from '../../support/random.ts';
import { type At, type Cast, type RoundOf, type Tempo, TradingScript } from '../trading-script.ts';

/** Everything is traded against USD. */
const BASES = ['BTC', 'ETH', 'SOL', 'ADA', 'DOT', 'XRP'] as const;
export const CLUSTER_ASSETS: readonly string[] = ['USD', ...BASES];
export const TRADED_SYMBOLS: readonly string[] = BASES.map((base) => `${base}-USD`);

/** Members by the version that each speaks. */
export const CLUSTER_MEMBERS: readonly (readonly [name: string, version: FixVersion])[] = [
  ['alice', 'FIX.4.4'],
  ['bob', 'FIX.4.2'],
  ['carol', 'FIX.5.0SP2'],
  ['dave', 'FIX.4.4'],
  ['erin', 'FIX.4.2'],
  ['frank', 'FIX.5.0SP2'],
  ['grace', 'FIX.4.4'],
  ['heidi', 'FIX.5.0SP2'],
];

/** Those that always run. */
export const ENGINES = ['engine-1', 'engine-2'] as const;
export const GATEWAYS = ['gateway-1', 'gateway-2'] as const;
/** Engine and gateway in one: runs in some rounds, so that there are two or three of each. */
export const GUEST = 'both-1';
const STEADY = [...ENGINES, ...GATEWAYS] as const;

/** So long does a node own what it has without a word; short, so that faults are on both sides of it. */
export const LEASE_MS = 2_000;

/** Which connections of a node to Postgres. */
export type Connections = 'all' | 'pool' | 'membership';

/** Something that goes wrong. Times in milliseconds. */
export type Failure =
  /** SIGKILL; started again so long after. */
  | { readonly type: 'KillEngine'; readonly node: string; readonly forMs: number }
  | { readonly type: 'KillGateway'; readonly node: string; readonly forMs: number }
  /** SIGSTOP, then SIGCONT: before its lease is over, or long after. */
  | { readonly type: 'PauseEngine'; readonly node: string; readonly forMs: number }
  | { readonly type: 'PauseGateway'; readonly node: string; readonly forMs: number }
  /** SIGSTOP until it is dead for the others, another process under its name, and then SIGCONT. */
  | { readonly type: 'ReplaceEngine'; readonly node: string }
  /** SIGKILL, and a new server on the same port. */
  | { readonly type: 'KillNats'; readonly forMs: number }
  | { readonly type: 'PauseNats'; readonly forMs: number }
  /** An immediate shutdown, as a crash is. */
  | { readonly type: 'StopPostgres'; readonly forMs: number }
  /** `pg_terminate_backend` of what a node has open. */
  | { readonly type: 'CutFromPostgres'; readonly node: string; readonly connections: Connections }
  /** SIGTERM and a new process, one node after the other. */
  | { readonly type: 'RollingRestart' }
  /** A second process under a name that is taken. */
  | { readonly type: 'StartTwice'; readonly node: string }
  /** The next so many commands that the book of this symbol executes throw, wherever it is. */
  | { readonly type: 'BreakBook'; readonly symbol: string; readonly times: number }
  | { readonly type: 'CutMidMessage'; readonly memberNo: number }
  | { readonly type: 'ReadSlowly'; readonly memberNo: number; readonly forMs: number }
  /** Two of them at one moment. */
  | { readonly type: 'Together'; readonly both: readonly [Failure, Failure] };

/** Something that operators do, at a node of their choice. */
export type Operation =
  | { readonly type: 'Halt'; readonly symbol: string; readonly at: string; readonly forMs: number }
  | { readonly type: 'Move'; readonly symbol: string; readonly to: string; readonly at: string }
  | { readonly type: 'MoveAccounts'; readonly to: string; readonly at: string }
  | { readonly type: 'Rebalance'; readonly at: string }
  | { readonly type: 'Drain'; readonly node: string; readonly forMs: number }
  /** The guest is started. */
  | { readonly type: 'Join' }
  /** The guest is told to end. */
  | { readonly type: 'Leave' };

export type ClusterFault = Failure | Operation;
export type ClusterRound = RoundOf<ClusterFault>;

const CAST: Cast = { members: CLUSTER_MEMBERS, symbols: TRADED_SYMBOLS, assets: CLUSTER_ASSETS };
const TEMPO: Tempo = { requests: { min: 100, max: 200 }, pauseMs: { min: 30, max: 200 } };
/** A kind that is not drawn by then is none. */
const MAX_DRAWS = 10_000;
const OPERATIONS: ReadonlySet<string> = new Set<Operation['type']>([
  'Halt',
  'Move',
  'MoveAccounts',
  'Rebalance',
  'Drain',
  'Join',
  'Leave',
]);

export function isOperation(fault: ClusterFault): fault is Operation {
  return OPERATIONS.has(fault.type);
}

/** The kind of a fault as it is counted: a pause is another one when it is longer than a lease. */
export function kindOf(fault: ClusterFault): string {
  if (fault.type === 'Together') return fault.both.map(kindOf).join('+');
  if (fault.type === 'PauseEngine' || fault.type === 'PauseGateway') {
    return `${fault.type}${fault.forMs > LEASE_MS ? 'ForLong' : ''}`;
  }
  return fault.type === 'CutFromPostgres' ? `${fault.type}:${fault.connections}` : fault.type;
}

/** The faults of which it is made, itself by default. */
export function partsOf(fault: ClusterFault): readonly ClusterFault[] {
  return fault.type === 'Together' ? fault.both.flatMap(partsOf) : [fault];
}

/** The rounds of a seed, one after the other. */
export class ClusterScript {
  readonly #trading: TradingScript;
  readonly #only: string | undefined;
  #isGuestOn = false;

  /** `only`: failures are of this kind, for whoever looks into one. */
  constructor(seed: number, only?: string) {
    this.#trading = new TradingScript(seed, CAST, TEMPO);
    this.#only = only;
  }

  next(): ClusterRound {
    return this.#trading.next((random, count) => this.#faults(random, count));
  }

  #faults(random: Random, count: number): At<ClusterFault>[] {
    const faults: ClusterFault[] = [];
    const toggles = random.chance(0.15);
    const engines = this.#isGuestOn && !toggles ? [...ENGINES, GUEST] : ENGINES;
    if (toggles) {
      faults.push({ type: this.#isGuestOn ? 'Leave' : 'Join' });
      this.#isGuestOn = !this.#isGuestOn;
    }
    const first = this.#failure(random, engines);
    faults.push(first);
    // The refusal of a second process is certain only while nothing else fails.
    if (first.type !== 'StartTwice') {
      if (random.chance(0.35)) faults.push(inPlaceOf('StartTwice', this.#failure(random, engines)));
      for (let left = random.integer(0, 2); left > 0; left -= 1) faults.push(operation(random, engines));
    }
    return faults
      .map((fault) => ({ afterRequests: Math.floor(count * (0.1 + 0.75 * random.next())), fault }))
      .sort((left, right) => left.afterRequests - right.afterRequests);
  }

  #failure(random: Random, engines: readonly string[]): Failure {
    for (let left = MAX_DRAWS; left > 0; left -= 1) {
      const drawn = failure(random, engines);
      if (this.#only === undefined || kindOf(drawn) === this.#only) return drawn;
    }
    throw new TypeError(`there is no kind of failure ${this.#only}`);
  }
}

function inPlaceOf(unwanted: Failure['type'], drawn: Failure): Failure {
  return drawn.type === unwanted ? { type: 'KillNats', forMs: 1_000 } : drawn;
}

function failure(random: Random, engines: readonly string[]): Failure {
  const draw = random.next();
  const engine = random.pick(engines);
  const gateway = random.pick(GATEWAYS);
  if (draw < 0.15) return killEngine(random, engine);
  if (draw < 0.27) return pauseEngine(random, engine);
  if (draw < 0.35) return killGateway(random, gateway);
  if (draw < 0.43) return { type: 'PauseGateway', node: gateway, forMs: pause(random) };
  if (draw < 0.49) return { type: 'KillNats', forMs: random.integer(200, 4_000) };
  if (draw < 0.54) return { type: 'PauseNats', forMs: random.integer(300, 4_000) };
  if (draw < 0.6) return { type: 'StopPostgres', forMs: random.integer(100, 3_000) };
  if (draw < 0.67) return cutFromPostgres(random, [...engines, ...GATEWAYS]);
  if (draw < 0.78) return together(random, engine, gateway);
  if (draw < 0.81) return { type: 'RollingRestart' };
  if (draw < 0.84) return { type: 'StartTwice', node: random.pick(STEADY) };
  if (draw < 0.87) return { type: 'ReplaceEngine', node: random.pick(ENGINES) };
  const memberNo = random.integer(0, CLUSTER_MEMBERS.length - 1);
  if (draw < 0.89) return { type: 'CutMidMessage', memberNo };
  if (draw < 0.91) return { type: 'ReadSlowly', memberNo, forMs: random.integer(500, 2_500) };
  return { type: 'BreakBook', symbol: random.pick(TRADED_SYMBOLS), times: random.pick([1, 1, 2, 2, 6]) };
}

function killEngine(random: Random, node: string): Failure {
  return { type: 'KillEngine', node, forMs: random.integer(0, 5_000) };
}

function killGateway(random: Random, node: string): Failure {
  return { type: 'KillGateway', node, forMs: random.integer(0, 4_000) };
}

function pauseEngine(random: Random, node: string): Failure {
  return { type: 'PauseEngine', node, forMs: pause(random) };
}

/** Well within a lease, or well beyond it. */
function pause(random: Random): number {
  return random.chance(0.4)
    ? random.integer(100, LEASE_MS / 2)
    : random.integer(LEASE_MS * 1.5, LEASE_MS * 3.5);
}

function cutFromPostgres(random: Random, nodes: readonly string[]): Failure {
  const connections = random.pick(['all', 'pool', 'membership'] as const);
  return { type: 'CutFromPostgres', node: random.pick(nodes), connections };
}

function together(random: Random, engine: string, gateway: string): Failure {
  const ofEngine = random.chance(0.6) ? killEngine(random, engine) : pauseEngine(random, engine);
  const draw = random.next();
  if (draw < 0.45) return { type: 'Together', both: [ofEngine, killGateway(random, gateway)] };
  const forMs = random.integer(200, 3_000);
  if (draw < 0.75) return { type: 'Together', both: [ofEngine, { type: 'KillNats', forMs }] };
  if (draw < 0.9) return { type: 'Together', both: [ofEngine, { type: 'StopPostgres', forMs }] };
  return { type: 'Together', both: [killEngine(random, 'engine-1'), killEngine(random, 'engine-2')] };
}

function operation(random: Random, engines: readonly string[]): Operation {
  const draw = random.next();
  const at = random.pick(STEADY);
  const to = random.pick(engines);
  const symbol = random.pick(TRADED_SYMBOLS);
  if (draw < 0.25) return { type: 'Halt', symbol, at, forMs: random.integer(100, 2_000) };
  if (draw < 0.55) return { type: 'Move', symbol, to, at };
  if (draw < 0.7) return { type: 'MoveAccounts', to, at };
  if (draw < 0.8) return { type: 'Rebalance', at };
  return { type: 'Drain', node: random.pick(STEADY), forMs: random.integer(500, 3_000) };
}

/**
 * `npm run bench:matching`: operations per second of the book on seeded streams, beside nodejs-order-book on the same
 * streams in the same run. docs/PERFORMANCE.md says what the figures mean.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from './support/machine.ts';
import { OWN_CONTENDERS } from './support/matching-contenders.ts';
import { streamProfiles } from './support/matching-stream.ts';
import type { Inspection, TurnRequest, TurnResult } from './support/matching-turn.ts';

const USAGE = `npm run bench:matching -- [--rounds N] [--operations N] [--seed N] [--streams 1,2,3] [--peer MODULE] [--json]

  --rounds N      how often each book takes its turn; default 5
  --operations N  of a stream; default 1000000
  --seed N        of the streams; default 1
  --streams LIST  which of the three; default all
  --peer MODULE   the book to compare with; default nodejs-order-book; "none" for none
  --json          one JSON object instead of text`;

const TURN = fileURLToPath(new URL('./support/matching-turn.ts', import.meta.url));
/** Measured runs of a turn: of the peer, which takes several seconds for one, and of the others. */
const PEER_RUNS = 1;
const OWN_RUNS = 3;
/** Filling a book with a million orders takes the peer longer than everything else together: two streams are enough. */
const PEER_STREAMS = [0, 1];

interface Options {
  readonly rounds: number;
  readonly operations: number;
  readonly seed: number;
  readonly streams: readonly number[];
  readonly peer: string;
  readonly isJson: boolean;
}

function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '5' },
        operations: { type: 'string', default: '1000000' },
        seed: { type: 'string', default: '1' },
        streams: { type: 'string', default: '1,2,3' },
        peer: { type: 'string', default: 'nodejs-order-book' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return USAGE;
    const streams = values.streams.split(',').map(Number);
    const numbers = [values.rounds, values.operations, values.seed].map(Number);
    for (const value of [...numbers, ...streams]) {
      if (!Number.isSafeInteger(value) || value < 1) return 'numbers are positive integers';
    }
    const [rounds = 1, operations = 1, seed = 1] = numbers;
    return { rounds, operations, seed, streams, peer: values.peer, isJson: values.json };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`;
  }
}

/** What one book did on one stream. */
interface Standing extends Inspection {
  readonly name: string;
  readonly does: string;
  readonly bestPerSecond: number;
  readonly medianPerSecond: number;
  /** Of the thread's own CPU time. */
  readonly medianPerCpuSecond: number;
}

interface StreamResult {
  readonly stream: string;
  readonly measuredCount: number;
  readonly restingCount: number;
  readonly standings: readonly Standing[];
}

function takeTurn(request: TurnRequest): TurnResult {
  const output = execFileSync(process.execPath, [TURN, JSON.stringify(request)], { encoding: 'utf8' });
  return JSON.parse(output) as TurnResult;
}

/** Lets the books take turns on one stream: what slows the machine down for a while slows all of them down. */
function compare(options: Options, streamIndex: number): StreamResult {
  const { rounds, operations, seed, peer } = options;
  const hasPeer = peer !== 'none' && PEER_STREAMS.includes(streamIndex);
  const contenders: (number | string)[] = [...OWN_CONTENDERS.keys(), ...(hasPeer ? [peer] : [])];
  const turns = contenders.map((): TurnResult[] => []);
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      const runs = contender === peer ? PEER_RUNS : OWN_RUNS;
      const inspects = round === rounds;
      turns[index]?.push(takeTurn({ operations, seed, streamIndex, contender, runs, inspects }));
    }
  }
  const standings = turns.map(standingOf);
  checkAlike(standings);
  const last = turns[0]?.at(-1);
  return {
    stream: streamProfiles(operations)[streamIndex]?.name ?? '',
    measuredCount: last?.measuredCount ?? 0,
    restingCount: last?.restingCount ?? 0,
    standings,
  };
}

function standingOf(turns: readonly TurnResult[]): Standing {
  const last = turns.at(-1);
  if (last?.inspection === undefined) throw new Error('the last turn of a book inspects it');
  const rates = turns.flatMap((turn) => turn.ratesPerSecond);
  return {
    name: last.name,
    does: last.does,
    bestPerSecond: Math.max(...rates),
    medianPerSecond: medianOf(rates),
    medianPerCpuSecond: medianOf(turns.flatMap((turn) => turn.cpuRatesPerSecond)),
    ...last.inspection,
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** A book that trades otherwise is not compared. */
function checkAlike(standings: readonly Standing[]): void {
  const [first] = standings;
  for (const { name, tradedQuantity, checksum } of standings) {
    if (tradedQuantity !== first?.tradedQuantity || checksum !== first.checksum)
      throw new Error(`${name} traded ${tradedQuantity} lots, ${first?.tradedQuantity} were expected`);
  }
}

function standingText(standing: Standing, first: Standing): string {
  const { bestPerSecond, medianPerSecond, medianPerCpuSecond } = standing;
  const fixed = (value: number, digits: number) => value.toFixed(digits);
  return [
    `  ${standing.name}: ${standing.does}`,
    `    ${fixed(bestPerSecond / 1e6, 2)} M operations/s best, ${fixed(medianPerSecond / 1e6, 2)} M median;` +
      ` ${fixed(medianPerCpuSecond / 1e6, 2)} M per second of CPU time` +
      ` (the first does ${fixed(first.medianPerCpuSecond / medianPerCpuSecond, 1)} times this)`,
    `    one operation: p50 ${fixed(standing.p50Us, 2)} µs, p99.9 ${fixed(standing.p999Us, 1)} µs,` +
      ` max ${fixed(standing.maxUs, 0)} µs`,
    `    ${standing.gcCount} collections, ${fixed(standing.gcMs, 1)} ms, longest ${fixed(standing.longestGcMs, 1)} ms;` +
      ` heap ${fixed(standing.heapMiB, 1)} MiB more, typed arrays ${fixed(standing.arrayMiB, 1)} MiB`,
    `    ${standing.tradedQuantity} lots in ${standing.tradeCount} trades, checksum ${standing.checksum}`,
  ].join('\n');
}

function main(options: Options): void {
  const machine = describeMachine(process.cwd());
  const results: StreamResult[] = [];
  if (!options.isJson) {
    const { cpuModel, cpuCount, memoryGiB, nodeVersion, loadBefore, commit, isDirty } = machine;
    console.log(
      `${cpuModel} × ${cpuCount}, ${memoryGiB} GiB, Node ${nodeVersion}, load ${loadBefore} before,` +
        ` commit ${commit}${isDirty ? ' with changes' : ''}, seed ${options.seed}`,
    );
  }
  for (const number of options.streams) {
    const result = compare(options, number - 1);
    results.push(result);
    if (options.isJson) continue;
    const { stream, measuredCount, restingCount, standings } = result;
    console.log(`\n${stream}: ${measuredCount} operations, ${restingCount} orders rest at the end`);
    for (const standing of standings) console.log(standingText(standing, standings[0] ?? standing));
  }
  if (options.isJson) console.log(JSON.stringify({ machine, seed: options.seed, results }));
}

const options = readOptions();
if (typeof options === 'string') {
  console.log(options);
  process.exitCode = options === USAGE ? 0 : 2;
} else main(options);

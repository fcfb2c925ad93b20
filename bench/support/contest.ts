/**
 * Several ways to do the same, measured in turns, each turn in a process of its own: no way warms up or spoils the
 * compiler's assumptions for another, and what slows the machine down for a while slows all of them down. The measure
 * is CPU time, garbage collection included, so that other processes count little.
 */

/** One way to do it. */
export interface Contestant {
  readonly name: string;
  /** What it does and does not, in one line. */
  readonly does: string;
  /** What every `run` must return: a way that loses messages is no way. */
  readonly expectedCount: number;
  /** Does it once for the whole input; returns the number of messages. */
  run(): number;
}

/** How long a turn lasts, in ms of CPU time: it goes on until the input is through. */
export interface TurnOptions {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What one turn showed. */
export interface Turn {
  readonly name: string;
  readonly does: string;
  /** Messages per second of CPU time. */
  readonly rate: number;
}

/** What all turns of one contestant showed, in messages per second of CPU time. */
export interface Standing {
  readonly name: string;
  readonly does: string;
  readonly median: number;
  readonly best: number;
  /** Median over the rounds of the first contestant's rate divided by this one's in the same round. */
  readonly ratio: number;
}

/** What was compared. The first contestant is the one that the others are measured against. */
export interface ContestResult {
  readonly title: string;
  readonly standings: readonly Standing[];
}

/** One turn: messages per second of CPU time. Throws when messages are missing. */
export function takeTurn(contestant: Contestant, { warmUpMs, measureMs }: TurnOptions): number {
  measure(contestant, warmUpMs);
  return measure(contestant, measureMs);
}

function measure(contestant: Contestant, cpuMs: number): number {
  const begun = process.cpuUsage();
  let count = 0;
  let usedUs = 0;
  while (usedUs < cpuMs * 1000) {
    const done = contestant.run();
    if (done !== contestant.expectedCount) {
      throw new Error(`${contestant.name} returned ${done} of ${contestant.expectedCount} messages`);
    }
    count += done;
    const { user, system } = process.cpuUsage(begun);
    usedUs = user + system;
  }
  return (count * 1_000_000) / usedUs;
}

/** The result of a contest: for each contestant its turns, one a round. */
export function standingsOf(turns: readonly (readonly Turn[])[]): Standing[] {
  const [first = []] = turns;
  return turns.map((own) => {
    const rates = own.map(({ rate }) => rate);
    const ratios = own.map(({ rate }, round) => (first[round]?.rate ?? 0) / rate);
    const { name = '', does = '' } = own[0] ?? {};
    return { name, does, median: medianOf(rates), best: Math.max(...rates), ratio: medianOf(ratios) };
  });
}

/** The upper of the two in the middle when there are as many on both sides. */
function medianOf(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

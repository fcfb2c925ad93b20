/**
 * Metrics whose values are read when they are asked for: each names its metric, says what it means and in which unit,
 * and knows where the numbers are. Nothing is kept twice.
 */
import { Counter, Gauge, type Registry } from 'prom-client';

/** Values of the labels, by their names. Never a member's name or anything that a member has sent. */
export type Labels = Readonly<Record<string, string>>;

/** One series at the moment of the question. */
export type Sample = readonly [labels: Labels, value: number];

/** A metric with its meaning. */
export interface Series {
  /** Without `onebook_`. */
  readonly name: string;
  /** What is counted or measured, with its unit. */
  readonly help: string;
  readonly labels?: readonly string[];
  read(): Iterable<Sample> | number;
}

const PREFIX = 'onebook_';

/** Adds numbers that only grow. */
export function addCounters(registry: Registry, counters: readonly Series[]): void {
  for (const { name, help, labels = [], read } of counters) {
    const counter: Counter = new Counter({
      name: `${PREFIX}${name}`,
      help,
      labelNames: [...labels],
      registers: [registry],
      collect() {
        counter.reset();
        for (const [labelValues, value] of samplesOf(read())) counter.inc(labelValues, value);
      },
    });
  }
}

/** Adds numbers that go up and down. */
export function addGauges(registry: Registry, gauges: readonly Series[]): void {
  for (const { name, help, labels = [], read } of gauges) {
    const gauge: Gauge = new Gauge({
      name: `${PREFIX}${name}`,
      help,
      labelNames: [...labels],
      registers: [registry],
      collect() {
        gauge.reset();
        for (const [labelValues, value] of samplesOf(read())) gauge.set(labelValues, value);
      },
    });
  }
}

/** One sample for each entry, under one label. */
export function* byLabel(label: string, values: Iterable<readonly [unknown, number]>): Iterable<Sample> {
  for (const [key, value] of values) yield [{ [label]: String(key) }, value];
}

function samplesOf(samples: Iterable<Sample> | number): Iterable<Sample> {
  return typeof samples === 'number' ? [[{}, samples]] : samples;
}

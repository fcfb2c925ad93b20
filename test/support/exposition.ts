/**
 * Reads the text format of Prometheus, and reads it strictly: what a lenient collector would pass over fails here.
 * The grammar is that of version 0.0.4.
 */

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(,|$)/y;
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|[+-]Inf|Nan|NaN)$/i;
const TYPES: readonly string[] = ['counter', 'gauge', 'histogram', 'summary'];

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly help: string;
  type: string | undefined;
}

/** What was exposed. */
export class Exposition {
  readonly #families = new Map<string, Family>();
  readonly #samples = new Map<string, number>();
  readonly #labels: { readonly name: string; readonly label: string; readonly value: string }[] = [];

  /** @throws an Error that quotes the first line that is wrong. */
  constructor(text: string) {
    if (!text.endsWith('\n')) throw new Error('the last line has no end');
    for (const line of text.slice(0, -1).split('\n')) {
      if (line !== '') this.#take(line);
    }
    for (const [name, { type }] of this.#families) {
      if (type === undefined) throw new Error(`${name} has no TYPE`);
      if (type === 'histogram') this.#checkHistogram(name);
    }
  }

  /** Names of the metrics. */
  get names(): readonly string[] {
    return [...this.#families.keys()];
  }

  /** Every label of every sample. */
  get labels(): readonly { readonly name: string; readonly label: string; readonly value: string }[] {
    return this.#labels;
  }

  helpOf(name: string): string {
    return this.#families.get(name)?.help ?? '';
  }

  /** The value of one series; fails when there is none. */
  value(name: string, labels: Labels = {}): number {
    const value = this.#samples.get(keyOf(name, labels));
    if (value === undefined) throw new Error(`there is no ${keyOf(name, labels)}`);
    return value;
  }

  /** All series of a metric that has one label, by the label's value. */
  byLabel(name: string, label: string): Record<string, number> {
    const values: Record<string, number> = {};
    for (const one of this.#labels) {
      if (one.name === name && one.label === label)
        values[one.value] = this.value(name, { [label]: one.value });
    }
    return values;
  }

  #take(line: string): void {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      if (kind === 'HELP') this.#help(name, rest, line);
      else this.#type(name, rest, line);
      return;
    }
    const [, name = '', labels, value = ''] = SAMPLE.exec(line) ?? fail('no sample', line);
    if (!VALUE.test(value)) fail('no number', line);
    const family = this.#families.get(name) ?? this.#families.get(name.replace(/_(bucket|sum|count)$/, ''));
    if (family?.type === undefined) fail('a sample before its HELP and TYPE', line);
    const read = this.#readLabels(name, labels, line);
    const key = keyOf(name, read);
    if (this.#samples.has(key)) fail('a series twice', line);
    const number = Number(value.replace('Inf', 'Infinity'));
    if (family?.type === 'counter' && !(number >= 0)) fail('a counter that is no count', line);
    this.#samples.set(key, number);
  }

  #help(name: string, help: string, line: string): void {
    if (!NAME.test(name) || this.#families.has(name)) fail('a HELP twice, or of no metric', line);
    this.#families.set(name, { help, type: undefined });
  }

  #type(name: string, type: string, line: string): void {
    const family = this.#families.get(name);
    if (family === undefined || family.type !== undefined || !TYPES.includes(type))
      fail('a wrong TYPE', line);
    else family.type = type;
  }

  #readLabels(name: string, text: string | undefined, line: string): Labels {
    const labels: Record<string, string> = {};
    let at = 0;
    while (text !== undefined && at < text.length) {
      LABEL.lastIndex = at;
      const [whole, label = '', escaped = ''] = LABEL.exec(text) ?? fail('wrong labels', line);
      if (Object.hasOwn(labels, label)) fail('a label twice', line);
      const value = escaped.replace(/\\(.)/g, (_, character: string) =>
        character === 'n' ? '\n' : character,
      );
      labels[label] = value;
      this.#labels.push({ name, label, value });
      at += whole.length;
    }
    return labels;
  }

  #checkHistogram(name: string): void {
    const count = [...this.#samples.keys()].some((key) => key.startsWith(`${name}_count`));
    const last = [...this.#samples].filter(([key]) => key.startsWith(`${name}_bucket`));
    // One without a label of its own; its buckets are cumulative and the last one is the count.
    const isPlain = last.every(([key]) => /^[^{]+\{le=/.test(key));
    if (!count || !isPlain) return;
    let before = 0;
    for (const [key, value] of last) {
      if (value < before) throw new Error(`${key} is below the bucket before it`);
      before = value;
    }
    if (before !== this.value(`${name}_count`)) throw new Error(`${name} has buckets that are not its count`);
  }
}

function keyOf(name: string, labels: Labels): string {
  const pairs = Object.entries(labels)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

function fail(what: string, line: string): never {
  throw new Error(`${what}: ${line}`);
}

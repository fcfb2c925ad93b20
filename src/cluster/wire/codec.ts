/**
 * Typed values to JSON and back, checked on the way in. Codecs are built from the types that they are for: a field that
 * a codec forgets, or an alternative of a union, does not compile. Bigints travel as decimal text, exactly; fields that
 * the receiver does not know are ignored, so that a newer node may send them.
 */

/** Bytes that are not what they should be: a lesser version, a bug, or a stranger. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

export interface Codec<T> {
  /** The value is its own JSON form: nothing has to be converted. */
  readonly isPlain: boolean;
  encode(value: T): unknown;
  /** Throws {@link WireError}, which names the place within the value. */
  decode(json: unknown): T;
}

/** A field that an object may be without. */
export interface OptionalField<T> {
  readonly optional: Codec<T>;
}

/** A codec for each field of T; one that may be absent is {@link optional}. */
export type FieldsOf<T> = {
  readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K>
    ? OptionalField<Exclude<T[K], undefined>>
    : Codec<T[K]>;
};

function plain<T>(expected: string, isOne: (json: unknown) => boolean): Codec<T> {
  return {
    isPlain: true,
    encode: (value) => value,
    decode(json) {
      if (!isOne(json)) throw new WireError(`: ${expected} expected, got ${shown(json)}`);
      return json as T;
    },
  };
}

/** What was received instead, shortened; never the whole of a message. */
function shown(json: unknown): string {
  if (typeof json === 'object' && json !== null) return Array.isArray(json) ? 'a list' : 'an object';
  if (json === undefined) return 'nothing';
  const text = String(JSON.stringify(json));
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

export const text: Codec<string> = plain('text', (json) => typeof json === 'string');
export const flag: Codec<boolean> = plain('true or false', (json) => typeof json === 'boolean');
/** A safe integer, negative too: an id, a sequence number, ms since the epoch. */
export const integer: Codec<number> = plain('an integer', (json) => Number.isSafeInteger(json));
/** A safe integer from 0 on. */
export const count: Codec<number> = plain('a count', (json) => isSafe(json, 0));

/** Of a branded number: a safe integer of at least `min`. */
export function integerFrom<T extends number>(min: number): Codec<T> {
  return plain(`an integer from ${min}`, (json) => isSafe(json, min));
}

function isSafe(json: unknown, min: number): boolean {
  return Number.isSafeInteger(json) && (json as number) >= min;
}

/** One of these values and no other. */
export function oneOf<const T extends string | number | boolean>(...values: readonly T[]): Codec<T> {
  const set = new Set<unknown>(values);
  return plain(values.map((value) => JSON.stringify(value)).join(' or '), (json) => set.has(json));
}

/** At most so many digits: a NUMERIC(38,18) in units of 10^-18 has 38, and sums and tick-lots not many more. */
const BIG_INTEGER = /^(?:0|-?[1-9]\d{0,99})$/;

/** Exact, as decimal text. */
export const bigInteger: Codec<bigint> = {
  isPlain: false,
  encode: (value) => value.toString(),
  decode(json) {
    if (typeof json !== 'string' || !BIG_INTEGER.test(json)) {
      throw new WireError(`: an integer as text expected, got ${shown(json)}`);
    }
    return BigInt(json);
  },
};

/** A property that is always there, and may be undefined. */
export function orUndefined<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    isPlain: codec.isPlain,
    encode: (value) => (value === undefined ? undefined : codec.encode(value)),
    decode: (json) => (json === undefined ? undefined : codec.decode(json)),
  };
}

/** A property that may be absent (`field?:`). */
export function optional<T>(codec: Codec<T>): OptionalField<T> {
  return { optional: codec };
}

/** A field that older nodes do not send yet: theirs count as `missing`. */
export function withDefault<T>(codec: Codec<T>, missing: T): Codec<T> {
  return { ...codec, decode: (json) => (json === undefined ? missing : codec.decode(json)) };
}

export function listOf<T>(item: Codec<T>): Codec<readonly T[]> {
  return {
    isPlain: item.isPlain,
    encode: (values) => (item.isPlain ? values : values.map((value) => item.encode(value))),
    decode(json) {
      if (!Array.isArray(json)) throw new WireError(`: a list expected, got ${shown(json)}`);
      let index = 0;
      try {
        const values: T[] = [];
        for (; index < json.length; index += 1) values.push(item.decode(json[index]));
        return values;
      } catch (error) {
        throw within(`[${index}]`, error);
      }
    },
  };
}

interface Field {
  readonly name: string;
  readonly codec: Codec<unknown>;
  readonly isOptional: boolean;
}

/** An object with these fields; what else it has is left out. */
export function record<T extends object>(fields: FieldsOf<T>): Codec<T> {
  const entries = Object.entries<Codec<unknown> | OptionalField<unknown>>(fields).map(
    ([name, field]): Field =>
      'optional' in field
        ? { name, codec: field.optional, isOptional: true }
        : { name, codec: field, isOptional: false },
  );
  const isPlain = entries.every(({ codec }) => codec.isPlain);
  return {
    isPlain,
    encode: (value) => (isPlain ? value : encodeFields(entries, value as Record<string, unknown>)),
    decode(json) {
      if (!isObject(json)) throw new WireError(`: an object expected, got ${shown(json)}`);
      return decodeFields(entries, json) as T;
    },
  };
}

function encodeFields(fields: readonly Field[], value: Record<string, unknown>): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const { name, codec, isOptional } of fields) {
    const one = value[name];
    if (one !== undefined || !isOptional) json[name] = codec.encode(one);
  }
  return json;
}

function decodeFields(fields: readonly Field[], json: Record<string, unknown>): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  let at = '';
  try {
    for (const { name, codec, isOptional } of fields) {
      at = name;
      const one = Object.hasOwn(json, name) ? json[name] : undefined;
      if (one !== undefined || !isOptional) value[name] = codec.decode(one);
    }
    return value;
  } catch (error) {
    throw within(`.${at}`, error);
  }
}

/** An object of one alternative of a union: its `type` and the other fields. */
export function variant<T extends { readonly type: string }>(
  type: T['type'],
  fields: Omit<FieldsOf<T>, 'type'>,
): Codec<T> {
  return record<T>({ type: oneOf(type), ...fields } as unknown as FieldsOf<T>);
}

/** A codec for each alternative of T, by its `type`. */
export type VariantsOf<T extends { readonly type: string }> = {
  readonly [K in T['type']]: Codec<Extract<T, { readonly type: K }>>;
};

/** Objects that differ by their `type`. */
export function union<T extends { readonly type: string }>(variants: VariantsOf<T>): Codec<T> {
  const byType = new Map(Object.entries(variants as Record<string, Codec<unknown>>));
  return {
    isPlain: [...byType.values()].every((codec) => codec.isPlain),
    encode: (value) => (byType.get(value.type) as Codec<unknown>).encode(value),
    decode(json) {
      const { type }: { readonly type?: unknown } = isObject(json) ? json : {};
      const codec = typeof type === 'string' ? byType.get(type) : undefined;
      if (codec === undefined) throw new WireError(`: unknown type ${shown(type)}`);
      return codec.decode(json) as T;
    },
  };
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** The same error, one level further out. */
function within(place: string, error: unknown): unknown {
  return error instanceof WireError ? new WireError(`${place}${error.message}`) : error;
}

/**
 * What one node says to another, as lines of JSON, and which versions of it understand each other. The border of the
 * cluster: nothing that comes in is believed before it has passed here.
 */
import type { Address, Message } from '../actors/protocol.ts';
import { type Codec, WireError } from './wire/codec.ts';
import { address, type CrossingMessage, MESSAGES } from './wire/messages.ts';

/**
 * Version of the messages that this software sends. A field that older nodes may ignore, or that is read with a default
 * where it is missing, needs no new one; a new type of message or a new meaning does.
 */
export const PROTOCOL_VERSION = 1;
/** The oldest version that it still understands: that of the release before, for a rolling upgrade. */
export const MIN_PROTOCOL_VERSION = 1;

/** A message on its way to an actor of another node. */
export interface WireMessage {
  readonly to: Address;
  readonly message: CrossingMessage;
}

/** Versions of the software at one end. */
export interface Versions {
  readonly version: number;
  readonly minVersion: number;
}

/** The messages of one version of the software. */
export interface Wire extends Versions {
  /** One line, with its end. Undefined: the other end, of version `version`, does not know the message yet. */
  encode(sent: WireMessage, version: number): Uint8Array | undefined;
  /** Of a line without its end; throws {@link WireError}. What was sent by a newer version may have more fields. */
  decode(line: Uint8Array): WireMessage;
}

/** What makes a {@link Wire} another than today's. */
export interface WireTerms extends Versions {
  /** The version since which there is a type of message, where that is not the first. */
  readonly since: ReadonlyMap<string, number>;
  readonly messages: ReadonlyMap<string, Codec<Message>>;
}

const TODAY: WireTerms = {
  version: PROTOCOL_VERSION,
  minVersion: MIN_PROTOCOL_VERSION,
  since: new Map(),
  messages: MESSAGES,
};

/** The version that both ends speak; undefined when one has become too old for the other. */
export function commonVersion(one: Versions, other: Versions): number | undefined {
  const version = Math.min(one.version, other.version);
  return version < Math.max(one.minVersion, other.minVersion) ? undefined : version;
}

/** Today's messages, or those of another version, for tests. */
export function createWire(terms: WireTerms = TODAY): Wire {
  const { version: ownVersion, minVersion, since, messages } = terms;
  return {
    version: ownVersion,
    minVersion,
    encode({ to, message }, version) {
      if ((since.get(message.type) ?? 1) > version) return undefined;
      const codec = messages.get(message.type);
      if (codec === undefined) throw new WireError(`${message.type} does not leave its node`);
      const line = JSON.stringify({ to: address.encode(to), message: codec.encode(message) });
      return Buffer.from(`${line}\n`);
    },
    decode(line) {
      const json = parse(line);
      const { to, message } = (typeof json === 'object' ? json : null) ?? {};
      const type =
        typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined;
      const codec = typeof type === 'string' ? messages.get(type) : undefined;
      if (codec === undefined)
        throw new WireError(`no message that crosses nodes: ${String(type).slice(0, 40)}`);
      return {
        to: located('to', () => address.decode(to)),
        message: located(String(type), () => codec.decode(message) as CrossingMessage),
      };
    },
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parse(line: Uint8Array): { readonly to?: unknown; readonly message?: unknown } | null {
  try {
    return JSON.parse(utf8.decode(line));
  } catch {
    throw new WireError('no line of JSON');
  }
}

function located<T>(place: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw error instanceof WireError ? new WireError(`${place}${error.message}`) : error;
  }
}

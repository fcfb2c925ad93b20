/**
 * What single values of a configuration look like, in the file, in flags and in environment variables alike: what is
 * expected, in words, and a parser that gives undefined for what is wrong.
 */
import { isIP } from 'node:net';
import { isTimeZone, parseTimeOfDay } from '../platform/wall-clock.ts';
import { LOG_LEVELS, type LogLevel } from './cluster.ts';

/** Default ports of a node whose configuration names none. */
export const DEFAULT_FIX_PORT = 9880;
export const DEFAULT_ADMIN_PORT = 9881;
export const DEFAULT_HOST = '127.0.0.1';

/** Retention in months. A month is the least: the trades of the one before can still be amended. */
export const RETENTION_MONTHS = { min: 1, max: 1_200 } as const;

export const PORT_EXPECTED = 'a port from 0 to 65535';
export const HOST_EXPECTED = 'a host name or an IP address';
export const COMP_ID_EXPECTED = '1 to 64 printable characters without blanks, "|" or "="';
export const DATABASE_URL_EXPECTED = 'a URL like postgres://user:password@host:5432/database';
export const LOG_LEVEL_EXPECTED = `one of ${LOG_LEVELS.join(', ')}`;
export const LISTENER_NAME_EXPECTED = 'letters, digits, ".", "_" and "-", at most 64';
export const TIME_ZONE_EXPECTED = 'a time zone of the IANA database, "Europe/Zurich" for example';
export const ROLL_TIME_EXPECTED = 'a time from "00:00" to "23:59"';

export function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

export function parseHost(text: string): string | undefined {
  return /^[A-Za-z0-9._:%-]{1,253}$/.test(text) ? text : undefined;
}

export function parseListenerName(text: string): string | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text) ? text : undefined;
}

export function parseCompId(text: string): string | undefined {
  return /^[!-~]{1,64}$/.test(text) && !/[|=]/.test(text) ? text : undefined;
}

export function parseDatabaseUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, pathname } = new URL(text);
  return /^postgres(ql)?:$/.test(protocol) && pathname.length > 1 ? text : undefined;
}

export function parseLogLevel(text: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === text);
}

export function parseTimeZone(text: string): string | undefined {
  return isTimeZone(text) ? text : undefined;
}

export function parseRollTimeText(text: string): string | undefined {
  return parseTimeOfDay(text) === undefined ? undefined : text;
}

export const NODE_NAME_EXPECTED = 'letters, digits, ".", "_" and "-", at most 64, and not "operators"';
export const SYMBOL_EXPECTED = '1 to 32 of A-Z, 0-9, ".", "_", "/" and "-"';
export const DNS_NAME_EXPECTED = 'a DNS name, "fix.venue.example" for example';
export const DNS_SERVICE_EXPECTED = 'a service over TCP, "_fix._tcp" for example';

/** What a node may be called: it names a directory, writes commits, and has a chain in the audit trail as operators do. */
export function parseNodeName(text: string): string | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text) && text !== 'operators' ? text : undefined;
}

export function parseSymbol(text: string): string | undefined {
  return /^[A-Z0-9._/-]{1,32}$/.test(text) ? text : undefined;
}

/** A part of a DNS name between dots. */
export function isDnsLabel(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(text);
}

/** Without the dot at its end. */
export function parseDnsName(text: string): string | undefined {
  const bare = text.endsWith('.') ? text.slice(0, -1) : text;
  // The last label is never a number: that would be an address.
  return bare.length <= 253 && bare.split('.').every(isDnsLabel) && !/(?:^|\.)\d+$/.test(bare)
    ? bare
    : undefined;
}

export function parseDnsService(text: string): string | undefined {
  return /^_[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?\._tcp$/i.test(text) ? text : undefined;
}

/** `0.0.0.0`, `::` and the like: all addresses of the machine. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || (isIP(host) === 6 && /^[0:]+$/.test(host));
}

/** An address that every machine has for itself. */
export function isLoopback(host: string): boolean {
  return (
    host.toLowerCase() === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  );
}

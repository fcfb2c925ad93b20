/**
 * The engine's settings, taken from docs/CONNECTING.md, so that what the page tells members is what is tested; only
 * hosts, ports, names and paths are a test's own.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beginStringOf, type DictionaryVersion, type FixVersion } from '../../../src/fix/version.ts';

/** The page that members read. */
export const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'CONNECTING.md');
const BLOCK = /^```ini\n(.*?)^```$/gms;
const FILE_OF: Readonly<Record<DictionaryVersion, string>> = {
  'FIX.4.2': 'FIX42.xml',
  'FIX.4.4': 'FIX44.xml',
  'FIXT.1.1': 'FIXT11.xml',
  'FIX.5.0SP2': 'FIX50SP2.xml',
};

/** What a test puts in the place of the page's examples, by key. */
export type OwnValues = Readonly<Record<string, string | number>>;

/** What TLS needs. */
export interface TlsFiles {
  /** Authorities that may certify the venue, as PEM. */
  readonly caFile: string;
}

/** Where a version's dictionary lies in a directory, under the name that the page gives it. */
export function dictionaryFile(directory: string, version: DictionaryVersion): string {
  return join(directory, FILE_OF[version]);
}

/**
 * The page's settings for one session: those for every version, those for TLS if `tls` is given, those of the
 * version. A key of `own` that the page does not have is an error: the page would be incomplete.
 */
export async function settingsFor(
  version: FixVersion,
  dictionaries: string,
  own: OwnValues,
  tls?: TlsFiles,
): Promise<string> {
  const blocks = [...(await readFile(PAGE, 'utf8')).matchAll(BLOCK)].map((block) => block[1] ?? '');
  const blockWith = (line: string): string => {
    const block = blocks.find((candidate) => candidate.split('\n').includes(line));
    if (block === undefined) throw new Error(`${PAGE} has no settings with the line ${line}`);
    return block;
  };
  const parts = [
    blockWith('ConnectionType=initiator'),
    tls === undefined ? '' : blockWith('CertificateVerifyLevel=1'),
    blockWith(`BeginString=${beginStringOf(version)}`),
  ];
  const files = tls === undefined ? {} : { CertificationAuthoritiesFile: tls.caFile };
  return filled(parts.join(''), { ...own, ...files }, dictionaries);
}

function filled(settings: string, values: OwnValues, dictionaries: string): string {
  const unused = new Set(Object.keys(values));
  const lines = settings.split('\n').map((line) => {
    const [key = '', example] = line.split('=');
    if (example === undefined) return line;
    unused.delete(key);
    const isDictionary = example.endsWith('.xml');
    return `${key}=${values[key] ?? (isDictionary ? join(dictionaries, example) : example)}`;
  });
  if (unused.size > 0) throw new Error(`${PAGE} has no ${[...unused].join(', ')}`);
  return lines.join('\n');
}

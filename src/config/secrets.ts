/**
 * Passwords: where they may stand, and which files they and the certificates of a node are in. The only part of the
 * configuration besides load.ts that reads files.
 */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileFault } from '../platform/file-faults.ts';
import { isObject, join, settingOf } from './checks.ts';
import { NATS_PASSWORD_ENV } from './nats.ts';
import type { Environment } from './node-config.ts';

/**
 * What a command needs of a configuration: `address`: to find the node; `database`: its rows; `node`: to run it. Files
 * and passwords that it does not need may be out of its reach.
 */
export type Purpose = 'address' | 'database' | 'node';

/** Undefined where there is none, or it is not needed. Never log these. */
export interface Secrets {
  readonly databasePassword?: string | undefined;
  readonly natsPassword?: string | undefined;
  /** The password of NATS is that of the environment, whatever file is named. */
  readonly isNatsPasswordInEnv?: boolean;
  /** Where the password of the database is from; absolute. */
  readonly databasePasswordFile?: string | undefined;
}

/** A file that the configuration names, with the setting that does. */
export interface NamedFile {
  readonly path: string;
  readonly file: string;
}

/** Faults of `databaseUrl`s with a password in the file itself. One that the environment has is not in the file. */
export function writtenPasswords(exported: unknown, env: Environment): readonly string[] {
  const nodes = settingOf(exported, 'nodes');
  const entries: readonly (readonly [string, unknown])[] = isObject(nodes) ? Object.entries(nodes) : [];
  const places = [
    ['', exported] as const,
    ...entries.map(([name, entry]) => [`nodes.${name}`, entry] as const),
  ];
  return places.flatMap(([path, settings]) => {
    const url = settingOf(settings, 'databaseUrl');
    const password = typeof url === 'string' ? passwordIn(url) : undefined;
    if (password === undefined || isInEnvironment(password, env)) return [];
    return [
      `${join(path, 'databaseUrl')} must not have a password in it: write that to a file and name it in ` +
        'databasePasswordFile, or set ONEBOOK_DATABASE_URL',
    ];
  });
}

/** True where the URL itself says the password: a file's is then not used. */
export function hasPassword(databaseUrl: string): boolean {
  return passwordIn(databaseUrl) !== undefined;
}

/** The URL, with this password unless it has one. */
export function withPassword(databaseUrl: string, password: string | undefined): string {
  if (password === undefined || passwordIn(databaseUrl) !== undefined) return databaseUrl;
  const url = new URL(databaseUrl);
  // The setter takes a "%" of the password for an escape.
  url.password = encodeURIComponent(password);
  // Without a host, as for a local socket, a URL has no place for a password.
  if (url.password === '') url.searchParams.set('password', password);
  return url.href;
}

/** The files that the node reads when it runs, wherever the rest of the file is wrong. Paths are absolute. */
export function filesOf(exported: unknown, nodeName: string, clusterDir: string): readonly NamedFile[] {
  const nats = settingOf(exported, 'nats');
  const fix = settingOf(settingOf(settingOf(exported, 'nodes'), nodeName), 'fix');
  const listeners: readonly unknown[] = Array.isArray(fix) ? fix : [fix];
  const tls = ['certFile', 'keyFile', 'caFile'];
  return [
    ...named(nats, 'nats', ['credsFile']),
    ...named(settingOf(nats, 'tls'), 'nats.tls', tls),
    ...listeners.flatMap((listener, index) => {
      const at = `nodes.${nodeName}.fix${Array.isArray(fix) ? `[${index}]` : ''}.tls`;
      return named(settingOf(listener, 'tls'), at, tls);
    }),
  ].map(({ path, file }) => ({ path, file: resolve(clusterDir, file) }));
}

/** Those of the files that hold a secret, with the cluster's passwords that the environment does not have. */
export function secretFilesOf(
  exported: unknown,
  nodeName: string,
  clusterDir: string,
  env: Environment,
): readonly NamedFile[] {
  const isSecret = ({ path }: NamedFile): boolean => /(?:credsFile|keyFile)$/.test(path);
  const passwords = [
    ...named(exported, '', ['databasePasswordFile']),
    ...(env[NATS_PASSWORD_ENV] ? [] : named(settingOf(exported, 'nats'), 'nats', ['passwordFile'])),
  ].map(({ path, file }) => ({ path, file: resolve(clusterDir, file) }));
  return [...passwords, ...filesOf(exported, nodeName, clusterDir).filter(isSecret)];
}

/** Secrets that others than their owner may read or write, each a sentence; a file that is not there is no matter of this. */
export function exposed(files: readonly NamedFile[]): readonly string[] {
  return files.flatMap(({ path, file }) => {
    const mode = (statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
    if ((mode & 0o077) === 0) return [];
    return [
      `${path} names ${file}, which others may read (mode ${mode.toString(8).padStart(4, '0')}): chmod 600 it`,
    ];
  });
}

/** Files that cannot be read, each a sentence. */
export function unreadable(files: readonly NamedFile[]): readonly string[] {
  return files.flatMap(({ path, file }) => {
    try {
      accessSync(file, constants.R_OK);
      return statSync(file).isFile() ? [] : [`${path} names ${file}, which is no file`];
    } catch (error) {
      return [`${path} names ${file}, which cannot be read: ${fileFault(error)}`];
    }
  });
}

/** The passwords that `purpose` needs, and what is wrong with the files that they are in. */
export function readSecrets(
  exported: unknown,
  env: Environment,
  purpose: Purpose,
  clusterDir: string,
): { readonly secrets: Secrets; readonly faults: readonly string[] } {
  const faults: string[] = [];
  const read = (settings: unknown, path: string, name: string): string | undefined => {
    const [entry] = named(settings, path, [name]);
    if (entry === undefined) return undefined;
    const password = readPassword({ ...entry, file: resolve(clusterDir, entry.file) });
    if (password.type === 'Read') return password.text;
    faults.push(password.fault);
    return undefined;
  };
  const nats = settingOf(exported, 'nats');
  const fromEnv = env[NATS_PASSWORD_ENV] || undefined;
  const natsPassword = purpose !== 'node' ? undefined : (fromEnv ?? read(nats, 'nats', 'passwordFile'));
  if (purpose === 'node' && fromEnv === undefined && isUserAlone(nats)) {
    faults.push(`nats.passwordFile is missing beside nats.user; or set ${NATS_PASSWORD_ENV}`);
  }
  const databasePassword = purpose === 'address' ? undefined : read(exported, '', 'databasePasswordFile');
  const databasePasswordFile = databasePassword === undefined ? undefined : fileIn(exported, clusterDir);
  return {
    secrets: {
      databasePassword,
      natsPassword,
      isNatsPasswordInEnv: fromEnv !== undefined,
      databasePasswordFile,
    },
    faults,
  };
}

function fileIn(exported: unknown, clusterDir: string): string | undefined {
  const [entry] = named(exported, '', ['databasePasswordFile']);
  return entry === undefined ? undefined : resolve(clusterDir, entry.file);
}

function isUserAlone(nats: unknown): boolean {
  return ['passwordFile', 'credsFile'].every((name) => settingOf(nats, name) === undefined)
    ? settingOf(nats, 'user') !== undefined
    : false;
}

function named(settings: unknown, path: string, names: readonly string[]): readonly NamedFile[] {
  return names.flatMap((name) => {
    const file = settingOf(settings, name);
    return typeof file === 'string' && file !== '' ? [{ path: join(path, name), file }] : [];
  });
}

type ReadPassword =
  | { readonly type: 'Read'; readonly text: string }
  | { readonly type: 'Fault'; readonly fault: string };

/** The first line; what editors put behind it is not the password's. */
function readPassword({ path, file }: NamedFile): ReadPassword {
  try {
    const [text = ''] = readFileSync(file, 'utf8').split(/\r?\n/, 1);
    return text === ''
      ? { type: 'Fault', fault: `${path} names ${file}, whose first line is empty` }
      : { type: 'Read', text };
  } catch (error) {
    return { type: 'Fault', fault: `${path} names ${file}, which cannot be read: ${fileFault(error)}` };
  }
}

/** As it stands in the URL; undefined without one. */
function passwordIn(databaseUrl: string): string | undefined {
  if (!URL.canParse(databaseUrl)) return undefined;
  const { password, searchParams } = new URL(databaseUrl);
  return password || searchParams.get('password') || undefined;
}

function isInEnvironment(password: string, env: Environment): boolean {
  const spellings = [password, decoded(password)];
  return Object.values(env).some(
    (value) => value !== undefined && spellings.some((one) => value === one || passwordIn(value) === one),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

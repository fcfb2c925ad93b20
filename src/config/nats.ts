/**
 * How nodes reach the NATS servers that carry their messages: what is written in the file, and what a node makes of
 * it. Secrets are in files of their own or in the environment.
 */
import { resolve } from 'node:path';
import { assertNever } from '../platform/assert.ts';
import { both, type Check, file, integer, object, settingOf, shown, text } from './checks.ts';
import type { Secrets } from './secrets.ts';

export interface NatsConfig {
  /** `nats://host:port` or `tls://host:port`, at least one; the servers tell of the others. */
  readonly servers: readonly string[];
  /** The user that nodes log on as; its password is in `passwordFile` or ONEBOOK_NATS_PASSWORD. */
  readonly user?: string;
  readonly passwordFile?: string;
  /** A credentials file of NATS (JWT and seed), instead of a user. */
  readonly credsFile?: string;
  /** Default with a `tls://` server: TLS with the system's authorities. Otherwise: plain TCP. */
  readonly tls?: NatsTlsConfig;
  /** Begins every subject, so that several venues can share servers; default `onebook`. */
  readonly subjectPrefix?: string;
  /** An engine that NATS has not reached for this long lets others take its symbols; default 2,000. */
  readonly releaseAfterMs?: number;
}

/** Files in PEM form, relative to the file that names them. */
export interface NatsTlsConfig {
  /** The authorities that certify the servers; default: the system's. */
  readonly caFile?: string;
  /** The nodes' own certificate, where servers ask for one. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** What a node connects with. Holds a password: never log it. */
export interface NatsTerms {
  readonly servers: readonly string[];
  readonly login:
    | { readonly type: 'None' }
    | {
        readonly type: 'Password';
        readonly user: string;
        /** Undefined only where nobody connects: a command that needs no NATS. */
        readonly password: string | undefined;
        /** Absolute path of the file that has it, or the variable. */
        readonly passwordFrom: string;
      }
    | { readonly type: 'Credentials'; readonly credsFile: string };
  /** Undefined: plain TCP. Paths are absolute. */
  readonly tls:
    | {
        readonly caFile: string | undefined;
        readonly certFile: string | undefined;
        readonly keyFile: string | undefined;
      }
    | undefined;
  readonly subjectPrefix: string;
  readonly releaseAfterMs: number;
}

/** Who nodes log on as and where that is written, for messages; undefined without a login. */
export function natsLoginText({ login }: Pick<NatsTerms, 'login'>): string | undefined {
  switch (login.type) {
    case 'None':
      return undefined;
    case 'Password':
      return `user ${login.user}, its password in ${login.passwordFrom}`;
    case 'Credentials':
      return `the credentials in ${login.credsFile}`;
    default:
      return assertNever(login);
  }
}

/** Environment variable with the password of `nats.user`; outranks `nats.passwordFile`. */
export const NATS_PASSWORD_ENV = 'ONEBOOK_NATS_PASSWORD';

/** `password`: what the file or the environment has; paths are made absolute from `clusterDir`. */
export function natsTerms(
  nats: NatsConfig,
  { natsPassword: password, isNatsPasswordInEnv = false }: Secrets,
  clusterDir: string,
): NatsTerms {
  const { servers, user, passwordFile, credsFile, tls } = nats;
  const path = (name: string | undefined) => (name === undefined ? undefined : resolve(clusterDir, name));
  const isTls = tls !== undefined || servers.some((server) => server.startsWith('tls:'));
  return {
    servers,
    login:
      user !== undefined
        ? {
            type: 'Password',
            user,
            password,
            passwordFrom: (isNatsPasswordInEnv ? undefined : path(passwordFile)) ?? NATS_PASSWORD_ENV,
          }
        : credsFile !== undefined
          ? { type: 'Credentials', credsFile: resolve(clusterDir, credsFile) }
          : { type: 'None' },
    tls: isTls
      ? { caFile: path(tls?.caFile), certFile: path(tls?.certFile), keyFile: path(tls?.keyFile) }
      : undefined,
    subjectPrefix: nats.subjectPrefix ?? 'onebook',
    releaseAfterMs: nats.releaseAfterMs ?? 2_000,
  };
}

const SERVER_EXPECTED = 'a URL like nats://host:4222 or tls://host:4222';

const server: Check = (value, path) => {
  if (typeof value !== 'string' || !URL.canParse(value)) return [`${path} must be ${SERVER_EXPECTED}`];
  const { protocol, hostname, username, password, pathname, search } = new URL(value);
  if (username !== '' || password !== '') {
    return [`${path} must not have a user or a password in it: nats.user and nats.passwordFile have them`];
  }
  const isServer =
    /^(?:nats|tls):$/.test(protocol) && hostname !== '' && /^\/?$/.test(pathname) && search === '';
  return isServer ? [] : [`${path} must be ${SERVER_EXPECTED}, not ${shown(value)}`];
};

const servers: Check = (value, path) => {
  if (!Array.isArray(value) || value.length === 0) {
    return [`${path} must be a list with at least one ${SERVER_EXPECTED.replace(/^an? /, '')}`];
  }
  return value.flatMap((one, index) => {
    const faults = server(one, `${path}[${index}]`);
    return faults.length === 0 && value.indexOf(one) < index ? [`${path} has ${shown(one)} twice`] : faults;
  });
};

const SECRET_ELSEWHERE = `write it to a file and name that in nats.passwordFile, or set ${NATS_PASSWORD_ENV}`;
const CREDS_ELSEWHERE = 'write it to a file of NATS credentials and name that in nats.credsFile';

const tls = both(object({ caFile: file, certFile: file, keyFile: file }), (value, path) => {
  const [certFile, keyFile] = [settingOf(value, 'certFile'), settingOf(value, 'keyFile')];
  if ((certFile === undefined) === (keyFile === undefined)) return [];
  const [has, lacks] = certFile === undefined ? ['keyFile', 'certFile'] : ['certFile', 'keyFile'];
  return [`${path}.${lacks} is missing beside ${path}.${has}`];
});

const fields = object(
  {
    servers,
    user: text((user) => (/^\S{1,128}$/.test(user) ? user : undefined), 'a user name without blanks'),
    passwordFile: file,
    credsFile: file,
    tls,
    subjectPrefix: text(
      (prefix) => (/^[A-Za-z0-9_-]{1,32}(?:\.[A-Za-z0-9_-]{1,32}){0,3}$/.test(prefix) ? prefix : undefined),
      'one to four words of letters, digits, "_" and "-", with "." between them',
    ),
    releaseAfterMs: integer(100, 60_000),
  },
  {
    password: SECRET_ELSEWHERE,
    pass: SECRET_ELSEWHERE,
    token: CREDS_ELSEWHERE,
    creds: CREDS_ELSEWHERE,
    seed: CREDS_ELSEWHERE,
    nkey: CREDS_ELSEWHERE,
  },
);

/** `nats` of the cluster; whether there is a password is asked when a node starts. */
export const natsCheck = both(fields, (value, path) => {
  const [listed, user, passwordFile, credsFile] = ['servers', 'user', 'passwordFile', 'credsFile'].map(
    (name) => settingOf(value, name),
  );
  const faults: string[] = [];
  if (listed === undefined) faults.push(`${path}.servers is missing: ["nats://127.0.0.1:4222"] for example`);
  if (user === undefined && passwordFile !== undefined) {
    faults.push(`${path}.user is missing beside ${path}.passwordFile`);
  }
  if (user !== undefined && credsFile !== undefined) {
    faults.push(`${path} has both a user and a credsFile; nodes log on with one of them`);
  }
  return faults;
});

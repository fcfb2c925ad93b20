/**
 * What drivers say of a server that cannot be reached or lets nobody in, as one sentence with what to do. Apart,
 * since starting a node and proving its rows meet the same server, and a driver's own words name no setting.
 */
import { redactUrls } from '../platform/redact.ts';

/** Codes of the system: nobody listens there, or nothing comes back. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

/** Codes of Postgres: a server that refuses the password, the user or the database. */
const REFUSED: ReadonlySet<string> = new Set(['28000', '28P01', '3D000']);

/** Of these, the password or the user. */
const WRONG_LOGIN: ReadonlySet<string> = new Set(['28000', '28P01']);

/** Code of Postgres. */
const TOO_MANY_CONNECTIONS = '53300';

/** What is known of the server's URL. */
export interface DatabaseSource {
  readonly databaseUrl: string | undefined;
  /** The setting that the URL is from, with its file. */
  readonly databaseUrlSource?: string;
  /** That the URL's password is from. */
  readonly databasePasswordFile?: string;
}

/** The sentence has no password; undefined where the error is about something else. */
export function databaseTrouble(
  error: unknown,
  { databaseUrl, databaseUrlSource, databasePasswordFile: passwordFile }: DatabaseSource,
): string | undefined {
  if (databaseUrl === undefined || !(error instanceof Error) || !URL.canParse(databaseUrl)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const { hostname, port } = new URL(databaseUrl);
  const server = `the database server ${hostname}:${port || '5432'}`;
  const urlRemedy = `correct ${databaseUrlSource ?? '--database-url (ONEBOOK_DATABASE_URL)'}`;
  // A listener's own host may be unknown as well.
  const asked = 'hostname' in error && typeof error.hostname === 'string' ? error.hostname : hostname;
  if (UNREACHABLE.has(code) && asked === hostname) {
    return `${server} cannot be reached (${code}): start it, or ${urlRemedy}`;
  }
  if (WRONG_LOGIN.has(code) && passwordFile !== undefined) {
    const remedy = `correct the password in ${passwordFile} (databasePasswordFile), or the user in ${databaseUrlSource ?? 'databaseUrl'}`;
    return `${server} refuses: ${redactUrls(error.message)}; ${remedy}`;
  }
  if (code === TOO_MANY_CONNECTIONS) {
    return `${server} has no connection left: raise its max_connections (14 for each node, and some for operators)`;
  }
  if (REFUSED.has(code)) return `${server} refuses: ${redactUrls(error.message)}; ${urlRemedy}`;
  return undefined;
}

/** Why a command could not work on the database, in one line that is fit for people. */
export function databaseFailureText(error: unknown, source: DatabaseSource): string {
  const reason = error instanceof Error ? error.message || error.name : String(error);
  return databaseTrouble(error, source) ?? redactUrls(reason);
}

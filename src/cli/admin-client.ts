/** Asks the admin API of a running node, and turns what can go wrong into one line and an exit code. */
import { type IncomingMessage, request } from 'node:http';
import { userInfo } from 'node:os';
import { adminTokenPath, BadTokenFile, readAdminToken } from '../admin/token.ts';
import type { NodeConfig } from '../config/node-config.ts';
import { fileFault } from '../platform/file-faults.ts';
import { CliFailure, EXIT } from './failure.ts';
import type { Row } from './table.ts';

/** What an answer of the API is made of. */
export type Body = Row;

/** Longer than the node itself waits for its actors. */
const TIMEOUT_MS = 60_000;

/** Where the node that a command is about can be reached. */
export type NodePlace = Pick<NodeConfig, 'admin' | 'dataDir' | 'nodeName'>;

export interface AdminClient {
  /** The body of the answer. Throws {@link CliFailure} for everything but success. */
  get(path: string): Promise<Body>;
  post(path: string, body?: object): Promise<Body>;
}

/** Makes a client with the token of the node's data directory; connects when it is asked first. */
export function adminClient(place: NodePlace): AdminClient {
  const token = findToken(place);
  const call = async (method: 'GET' | 'POST', path: string, body?: object): Promise<Body> => {
    const { status, text } = await send(place, token, method, path, body);
    return judge(place, status, text);
  };
  return { get: (path) => call('GET', path), post: (path, body) => call('POST', path, body) };
}

/** A query string of the fields that are given, with its `?`; empty when none is. */
export function queryOf(fields: Readonly<Record<string, string | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.size === 0 ? '' : `?${query.toString()}`;
}

function findToken(place: NodePlace): string {
  try {
    const token = readAdminToken(place.dataDir);
    if (token !== undefined) return token;
  } catch (error) {
    if (error instanceof BadTokenFile) throw new CliFailure(EXIT.unreachable, error.message);
    const path = adminTokenPath(place.dataDir);
    throw new CliFailure(
      EXIT.unreachable,
      `the admin token ${path} cannot be read: ${fileFault(error)}; commands are run by the node's user, or root`,
    );
  }
  throw new CliFailure(
    EXIT.unreachable,
    `no admin token at ${adminTokenPath(place.dataDir)}: start the node first, or name its --data-dir`,
  );
}

function send(
  place: NodePlace,
  token: string,
  method: 'GET' | 'POST',
  path: string,
  body: object | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        host: reachableHost(place.admin.host),
        port: place.admin.port,
        method,
        path,
        agent: false,
        timeout: TIMEOUT_MS,
        headers: {
          authorization: `Bearer ${token}`,
          'x-onebook-operator': userInfo().username,
          ...(payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
        },
      },
      (response: IncomingMessage) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', (error) => reject(unreachable(place, error)));
      },
    );
    asking.on('timeout', () => asking.destroy(new Error('no answer in time')));
    asking.on('error', (error) => reject(unreachable(place, error)));
    asking.end(payload);
  });
}

/** Where to connect to for a server that listens on every address. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

function unreachable(place: NodePlace, error: Error): CliFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  return new CliFailure(
    EXIT.unreachable,
    `no node answers at ${place.admin.host}:${place.admin.port} (${code}): start it with "onebook start", ` +
      'or say where it is with --admin-host and --admin-port',
  );
}

function judge(place: NodePlace, status: number, text: string): Body {
  const body = parseBody(text);
  if (body === undefined) {
    const where = `${place.admin.host}:${place.admin.port}`;
    throw new CliFailure(EXIT.unreachable, `what answers at ${where} is no onebook node; check --admin-port`);
  }
  if (status >= 200 && status < 300) return body;
  if (status === 401) {
    throw new CliFailure(
      EXIT.refused,
      `the node at ${place.admin.host}:${place.admin.port} does not accept the token of ${place.dataDir}: ` +
        'name the data directory of that node with --data-dir',
    );
  }
  const { error } = body;
  const reason = typeof error === 'string' ? error : `the node answered with status ${status}`;
  throw new CliFailure(status === 400 ? EXIT.usage : EXIT.refused, reason);
}

function parseBody(text: string): Body | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Body) : undefined;
  } catch {
    return undefined;
  }
}

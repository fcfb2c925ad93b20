/**
 * The NATS server of the cluster demo: the machine's own program on a free port of loopback, with a password that is in
 * files of the data directory only; or one that somebody else runs, and names by a URL.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { CliFailure, EXIT } from '../../cli/failure.ts';
import { NATS_PASSWORD_ENV, type NatsConfig } from '../../config/nats.ts';
import { Child, ProgramMissing } from './children.ts';
import { type Patience, until } from './waiting.ts';

/** Environment variable that names a server; a password may be in it. */
export const NATS_URL_ENV = 'ONEBOOK_NATS_URL';

/** A server, and how nodes log on to it. */
export interface NatsForNodes {
  readonly config: NatsConfig;
  /** Variables that nodes need besides. Secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** For people. */
  readonly text: string;
  /** Undefined: somebody else's. */
  readonly child: Child | undefined;
}

/** Where Debian has it, and the shells of most users do not look. */
const SYSTEM_PROGRAMS = ['/usr/sbin', '/usr/local/sbin'];
const USER = 'onebook';
const PASSWORD_FILE = 'nats.password';
const CONFIG_FILE = 'nats.conf';
const READY_TIMEOUT_MS = 15_000;
const OWNER_ONLY = 0o600;

/**
 * The server that a flag or the environment names, which nobody connects to yet. A password in a flag is refused: every
 * user of the machine can read command lines. Throws {@link CliFailure}.
 */
export function namedNats(flag: string | undefined, env: NodeJS.ProcessEnv): NatsForNodes | undefined {
  const text = flag ?? (env[NATS_URL_ENV] || undefined);
  if (text === undefined) return undefined;
  const source = flag === undefined ? NATS_URL_ENV : '--nats-url';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(?:nats|tls):$/.test(url.protocol) || url.hostname === '') {
    throw new CliFailure(EXIT.usage, `${source} must be a URL like nats://user@host:4222`);
  }
  if (flag !== undefined && url.password !== '') {
    throw new CliFailure(
      EXIT.usage,
      `${source} must not have a password in it: set ${NATS_PASSWORD_ENV}, or name the server by ${NATS_URL_ENV}`,
    );
  }
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password) || env[NATS_PASSWORD_ENV] || '';
  if (user !== '' && password === '') {
    throw new CliFailure(EXIT.usage, `${source} names the user ${user}: set ${NATS_PASSWORD_ENV} as well`);
  }
  const server = `${url.protocol}//${url.host}`;
  return {
    config: { servers: [server], ...(user === '' ? {} : { user }) },
    env: user === '' ? {} : { [NATS_PASSWORD_ENV]: password },
    text: `${server}, which ${source} names`,
    child: undefined,
  };
}

/** Starts the machine's own; ready when this resolves. Throws {@link CliFailure} where there is no such program. */
export async function startNats(
  dataDir: string,
  patience: Patience,
  program = 'nats-server',
): Promise<NatsForNodes> {
  const dir = resolve(dataDir);
  const password = loadOrCreatePassword(join(dir, PASSWORD_FILE));
  const configFile = join(dir, CONFIG_FILE);
  writeFileSync(configFile, configText(dir, password), { mode: OWNER_ONLY });
  // A server that was killed leaves its own behind.
  for (const name of await readdir(dir)) if (name.endsWith('.ports')) await rm(join(dir, name));
  const { PATH = '' } = process.env;
  const child = await Child.start({
    name: 'the NATS server',
    program,
    argv: ['--config', configFile],
    env: { PATH: [PATH, ...SYSTEM_PROGRAMS].join(delimiter) },
    logFile: join(dir, 'nats.log'),
  }).catch((error: unknown) => {
    throw error instanceof ProgramMissing ? new CliFailure(EXIT.usage, MISSING) : error;
  });
  try {
    const portsFile = join(dir, await portsFileOf(dir, child, patience));
    const [url = ''] = (JSON.parse(await readFile(portsFile, 'utf8')) as { nats: string[] }).nats;
    return {
      config: { servers: [url], user: USER, passwordFile: PASSWORD_FILE },
      env: {},
      text: `${url}, started for the demo`,
      child,
    };
  } catch (error) {
    await child.kill();
    throw error;
  }
}

const MISSING =
  `there is no nats-server on this machine, by which the nodes talk: install it (apt-get install nats-server), or name a ` +
  `server that runs (docker compose up -d nats) with --nats-url or ${NATS_URL_ENV}`;

/** Nobody waits long for a node that has stopped reading: what it misses it is sent again. */
function configText(dir: string, password: string): string {
  return [
    'listen: "127.0.0.1:-1"',
    `ports_file_dir: ${JSON.stringify(dir)}`,
    'write_deadline: "500ms"',
    `authorization { user: ${JSON.stringify(USER)}, password: ${JSON.stringify(password)} }`,
    '',
  ].join('\n');
}

/** Written by the server when it listens, under a name with its process id. */
async function portsFileOf(dir: string, child: Child, patience: Patience): Promise<string> {
  let found: string | undefined;
  await until(
    patience,
    READY_TIMEOUT_MS,
    () => `the NATS server does not start (see ${join(dir, 'nats.log')})`,
    async () => {
      if (child.failure !== undefined) throw new CliFailure(EXIT.refused, child.failure);
      const name = (await readdir(dir)).find((one) => one.endsWith(`_${child.pid}.ports`));
      if (name !== undefined && (await readFile(join(dir, name), 'utf8')).includes('nats://')) found = name;
      return found !== undefined;
    },
  );
  return found ?? '';
}

function loadOrCreatePassword(path: string): string {
  try {
    const found = readFileSync(path, 'utf8').trim();
    if (found !== '') return found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const password = randomBytes(24).toString('base64url');
  writeFileSync(path, `${password}\n`, { mode: OWNER_ONLY });
  return password;
}

/**
 * `onebook demo`: a venue on a database of its own, two members that trade over FIX from another process, and every
 * message and row of it on the terminal. Stays up for one's own client unless told to exit.
 */
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DEFAULT_NODE, type NodeConfig, resolveNodeConfig } from '../config/node-config.ts';
import { DEFAULT_HOST } from '../config/values.ts';
import { hasLogins, loadOrCreateLogins, type MemberLogins } from '../demo/credentials.ts';
import { eventView } from '../demo/event-view.ts';
import { guide } from '../demo/guide.ts';
import { runMembers } from '../demo/members-process.ts';
import { showRows } from '../demo/row-view.ts';
import { embeddedDatabaseUrl, openRows, type RowReader } from '../demo/rows.ts';
import { PRICE } from '../demo/scenario.ts';
import { fileLog, say, stopOnSignals, style, write } from '../demo/terminal.ts';
import { SetupRefused, setUpVenue, unaffordableQuantity } from '../demo/venue-setup.ts';
import { heading } from '../demo/wire-view.ts';
import { assert } from '../platform/assert.ts';
import { systemClock } from '../platform/clock.ts';
import { adminClient } from './admin-client.ts';
import { CliFailure, EXIT, tellError } from './failure.ts';
import type { DemoOptions } from './program.ts';
import { type RunningNode, type StartNode, startFailure } from './start.ts';

/** What one run of the demo works with. */
interface Run {
  readonly options: DemoOptions;
  readonly config: NodeConfig;
  readonly logins: MemberLogins;
  /** The data directory was the demo's before, or its database is nobody else's. */
  readonly isOwnVenue: boolean;
  readonly runId: string;
  readonly signal: AbortSignal;
}

/** Runs the demo; resolves with the exit code: not 0 when anything that the scenario expects did not happen. */
export async function demo(options: DemoOptions, startNode: StartNode): Promise<number> {
  const asked = configOf(options);
  write(heading('A venue that speaks FIX', style));
  write(`  data directory ${options.dataDir}, log of the venue in ${join(options.dataDir, 'venue.log')}\n`);
  const config = await withFreePorts(asked, options);
  mkdirSync(config.dataDir, { recursive: true });
  const logPath = join(config.dataDir, 'venue.log');
  const log = fileLog(logPath);
  const stopping = stopOnSignals(log);
  const { signal } = stopping;

  const node = await startNode(config, {
    log,
    signal,
    onProgress: say,
    onFatal(reason) {
      log.error('the node cannot go on', { reason });
      tellError(reason);
      process.exit(EXIT.refused);
    },
  }).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw startFailure(error, config, log);
  });
  if (node === undefined) return EXIT.refused;
  try {
    const run: Run = {
      options,
      config,
      signal,
      isOwnVenue: config.databaseUrl === undefined || hasLogins(config.dataDir),
      logins: loadOrCreateLogins(config.dataDir),
      runId: systemClock.now().toString(36),
    };
    const faults = await tradeAndCheck(run, node);
    if (signal.aborted) return EXIT.refused;
    if (faults.length > 0) {
      for (const fault of faults) tellError(fault);
      return EXIT.refused;
    }
    write(guide(placeOf(run, node), run.logins, style));
    if (options.once) {
      write('\n  The venue stops now (--once). Without it, it stays up for you.\n');
      return EXIT.ok;
    }
    write('\n  The venue stays up. Stop it with Ctrl-C.\n');
    await stopping.stopped;
    return EXIT.ok;
  } finally {
    await node.drain();
    say('stopped');
  }
}

/** Sets the venue up, lets the members trade and shows it; resolves with everything that was not as expected. */
async function tradeAndCheck(run: Run, node: RunningNode): Promise<string[]> {
  const { config, logins, runId, signal, isOwnVenue } = run;
  const operator = adminClient({ ...config, admin: { ...config.admin, port: node.adminPort } });
  say(
    `members connect to ${fixHostOf(config)}:${node.fixPort}, operators to ${config.admin.host}:${node.adminPort}`,
  );
  await setUpVenue({ operator, logins, runId, isOwnVenue, clock: systemClock, say }).catch(
    (error: unknown) => {
      throw error instanceof SetupRefused ? new CliFailure(EXIT.refused, error.message) : error;
    },
  );
  if (signal.aborted) return [];
  const reader = await openRows(config.databaseUrl ?? (await embeddedDatabaseUrl(config.dataDir)));
  try {
    return await tradeBetween(
      run,
      node,
      reader,
      await unaffordableQuantity(operator, 'alice', PRICE),
      signal,
    );
  } finally {
    await reader.close();
  }
}

async function tradeBetween(
  run: Run,
  node: RunningNode,
  reader: RowReader,
  unaffordableQty: string,
  signal: AbortSignal,
): Promise<string[]> {
  const { config, logins, runId } = run;
  const before = await reader.balances();
  const differences: string[] = [];
  const host = fixHostOf(config);
  const ending = await runMembers(
    {
      ...{ type: 'TradeOrder', host, port: node.fixPort, venueCompId: config.venueCompId },
      ...{ members: logins, runId, unaffordableQty },
    },
    eventView(differences, write, style),
    signal,
  );
  if (signal.aborted) return [];
  if (ending !== undefined) return [...differences, ending];
  // What the members were told is committed: a report leaves the venue after that.
  return [...differences, ...(await showRows(reader, runId, before, write, style))];
}

function placeOf({ config, options }: Run, node: RunningNode): Parameters<typeof guide>[0] {
  const { venueCompId } = config;
  const { fixPort, adminPort } = node;
  return { host: fixHostOf(config), fixPort, adminPort, venueCompId, dataDir: options.dataDir };
}

function fixHostOf({ listeners }: NodeConfig): string {
  return listeners[0]?.host ?? DEFAULT_HOST;
}

/** The demo does not depend on files or variables: flags and defaults only. */
function configOf(options: DemoOptions): NodeConfig {
  const { dataDir, databaseUrl, fixPort, adminPort } = options;
  const workingDir = process.cwd();
  const config = resolveNodeConfig({
    flags: { dataDir, databaseUrl, fixPort, adminPort },
    env: {},
    cluster: { nodes: { [DEFAULT_NODE]: {} } },
    clusterFile: 'the demo',
    clusterDir: workingDir,
    workingDir,
    nodeName: DEFAULT_NODE,
  });
  if (Array.isArray(config)) throw new CliFailure(EXIT.usage, ...config.map(({ message }) => message));
  return config;
}

/** With a free port where nobody asked for one and the usual one is taken. */
async function withFreePorts(config: NodeConfig, options: DemoOptions): Promise<NodeConfig> {
  const { listeners, admin } = config;
  const [fix] = listeners;
  assert(fix !== undefined, 'the demo has a listener');
  const fixPort = options.fixPort === undefined ? await freePort(fix.port, 'members') : fix.port;
  const adminPort = options.adminPort === undefined ? await freePort(admin.port, 'operators') : admin.port;
  return { ...config, listeners: [{ ...fix, port: fixPort }], admin: { ...admin, port: adminPort } };
}

/** The port, or 0 (any) when somebody listens on it. */
function freePort(port: number, whose: string): Promise<number> {
  return new Promise((settle) => {
    const probe = createServer();
    probe.once('error', () => {
      say(`port ${port} is taken: ${whose} get another one`);
      settle(0);
    });
    probe.listen({ host: DEFAULT_HOST, port }, () => probe.close(() => settle(port)));
  });
}

/**
 * `onebook demo --cluster`: two gateways and two engines as processes of their own over one database and one NATS
 * server, members that trade across them, and an engine that is killed while they do.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterStatus } from '../../admin/cluster-status.ts';
import { drawCluster } from '../../cli/cluster-drawing.ts';
import { CliFailure, EXIT, tellError } from '../../cli/failure.ts';
import type { DemoOptions } from '../../cli/program.ts';
import { type ReconcileDatabase, reconciliationText } from '../../cli/reconcile.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { monotonicMs } from '../../platform/monotonic.ts';
import { loadOrCreateLogins, type MemberLogins } from '../credentials.ts';
import { eventView } from '../event-view.ts';
import { type Member, SessionBroken } from '../member.ts';
import { MEMBER_NAMES, type MemberEvent, type MemberName } from '../protocol.ts';
import { showRows } from '../row-view.ts';
import { openRows, type RowReader } from '../rows.ts';
import type { Step } from '../step-messages.ts';
import { connectMember, type Members, StepPlayer } from '../steps.ts';
import { fileLog, say, stopOnSignals, style, write } from '../terminal.ts';
import { SetupRefused, setUpVenue } from '../venue-setup.ts';
import { heading, PAGE_WIDTH, wrap } from '../wire-view.ts';
import { endLeftBehind } from './children.ts';
import { clusterGuide } from './guide.ts';
import { type NatsForNodes, namedNats, startNats } from './nats.ts';
import { DemoNodes, ENGINES, GATEWAY_OF, HOST, VENUE_COMP_ID } from './nodes.ts';
import { CLUSTER_ROWS } from './rows.ts';
import { firstSteps, lastSteps, MARKET, orderAfterKill, PLACEMENT, SPARED, STRUCK } from './scenario.ts';
import { type Patience, Stopped, throwIfStopped, unlessStopped } from './waiting.ts';

/** The database that the demo starts for its nodes. */
export interface SharedPostgres {
  /** A secret. */
  readonly url: string;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** What the demo is given, so that this folder need not know the venue's insides. */
export interface ClusterDemoParts {
  startPostgres(options: {
    readonly dataDir: string;
    readonly clock: Clock;
    readonly log: Log;
    readonly onProgress: (line: string) => void;
    readonly settings: Readonly<Record<string, string>>;
  }): Promise<SharedPostgres>;
  readonly reconcile: ReconcileDatabase;
}

/** Room for what four nodes hold, and for operators. */
const POSTGRES_SETTINGS = { max_connections: '150' };
const RECONCILE_LIMIT = 5;

/** Everything that runs while the demo does. */
interface Run extends Patience {
  readonly dataDir: string;
  readonly nodes: DemoNodes;
  readonly database: SharedPostgres;
  readonly logins: MemberLogins;
  readonly runId: string;
  readonly reconcile: ReconcileDatabase;
}

/** Runs the demo; resolves with the exit code: not 0 when anything that the scenario expects did not happen. */
export async function clusterDemo(options: DemoOptions, parts: ClusterDemoParts): Promise<number> {
  refuseFlags(options);
  const { dataDir } = options;
  const named = namedNats(options.natsUrl, process.env);
  write(heading('A venue in several processes', style));
  say(`data directory ${dataDir}, log of the demo in ${join(dataDir, 'demo.log')}`);
  mkdirSync(dataDir, { recursive: true });
  const log = fileLog(join(dataDir, 'demo.log'));
  // The processes are in groups of their own: a terminal that closes tells the demo only.
  const { signal, stopped } = stopOnSignals(log, ['SIGTERM', 'SIGINT', 'SIGHUP']);
  const patience: Patience = { clock: systemClock, signal };
  const endings: (() => Promise<void>)[] = [];
  try {
    const run = await begin(options, parts, { named, log, patience, endings });
    const faults = await tradeAndCheck(run);
    if (faults.length > 0) {
      for (const fault of faults) tellError(fault);
      return EXIT.refused;
    }
    if (options.once === true) {
      write('\n  Everything stops now (--once). Without it, the cluster stays up for you.\n');
      return EXIT.ok;
    }
    await bringBack(run);
    write(clusterGuide(run.nodes, dataDir, run.logins, style));
    write('\n  The cluster stays up. Stop it with Ctrl-C.\n');
    await stopped;
    return EXIT.ok;
  } catch (error) {
    // Whatever fails once somebody has stopped it, fails because of that.
    if (signal.aborted || error instanceof Stopped) return EXIT.refused;
    throw operatorsFailure(error, log);
  } finally {
    const hasBegun = endings.length > 0;
    for (const end of endings.reverse()) await end();
    if (hasBegun) say('stopped');
  }
}

function refuseFlags({ fixPort, adminPort, databaseUrl }: DemoOptions): void {
  const flags = { '--fix-port': fixPort, '--admin-port': adminPort, '--database-url': databaseUrl };
  for (const [flag, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    throw new CliFailure(
      EXIT.usage,
      `${flag} does not go with --cluster: its nodes have free ports and a database of their own`,
    );
  }
}

/** Starts everything, in the order in which it is needed; what is to be ended is added to `endings`. */
async function begin(
  { dataDir }: DemoOptions,
  parts: ClusterDemoParts,
  {
    named,
    log,
    patience,
    endings,
  }: {
    readonly named: NatsForNodes | undefined;
    readonly log: Log;
    readonly patience: Patience;
    readonly endings: (() => Promise<void>)[];
  },
): Promise<Run> {
  const { clock, signal } = patience;
  const nats = named ?? (await startNats(dataDir, patience));
  endings.push(async () => nats.child?.stop(clock, NATS_STOP_TIMEOUT_MS));
  say(`NATS server: ${nats.text}`);
  const database = await parts.startPostgres({
    ...{ dataDir, clock, log, onProgress: say, settings: POSTGRES_SETTINGS },
  });
  endings.push(() => database.stop());
  process.on('exit', () => endAtOnce(database));
  // The database's lock on the directory is this demo's now.
  const leftCount = await endLeftBehind(join(dataDir, 'processes.json'), clock);
  if (leftCount > 0) say(`ended ${leftCount} processes that a killed demo has left behind`);
  throwIfStopped(signal);
  const nodes = await DemoNodes.configure({ ...patience, dataDir, databaseUrl: database.url, nats });
  endings.push(() => nodes.stop());
  say(`configuration of the nodes: ${nodes.configFile}`);
  await nodes.startAll();
  for (const { name, pid, logFile } of nodes.running()) say(`${name}: process ${pid}, log ${logFile}`);
  await nodes.untilReady([...ENGINES, ...Object.values(GATEWAY_OF)], []);
  const runId = clock.now().toString(36);
  const { reconcile } = parts;
  return { ...patience, dataDir, nodes, database, logins: loadOrCreateLogins(dataDir), runId, reconcile };
}

const NATS_STOP_TIMEOUT_MS = 5_000;

/** A process that ends at once cannot wait for its database, but it can tell it to end: committed is committed. */
function endAtOnce({ pid }: SharedPostgres): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // It is gone already.
  }
}

/** Sets the venue up, lets the members trade and shows it; resolves with everything that was not as expected. */
async function tradeAndCheck(run: Run): Promise<readonly string[]> {
  const { nodes, clock, signal, logins, runId } = run;
  const operator = nodes.operator();
  const setUp = { operator, logins, runId, isOwnVenue: true, clock, say, market: MARKET };
  await unlessStopped(signal, setUpVenue(setUp));
  await placeSymbols(run);
  await nodes.untilReady(Object.values(GATEWAY_OF), [STRUCK, SPARED]);
  const reader = await openRows(run.database.url, CLUSTER_ROWS.statements);
  try {
    const before = await reader.balances();
    const differences = await trade(run);
    throwIfStopped(signal);
    return [...differences, ...(await showWhatIsLeft(run, reader, before))];
  } finally {
    await reader.close();
  }
}

/** Each on its own engine; where somebody has moved them since the last run, that is forgotten. */
async function placeSymbols({ nodes }: Run): Promise<void> {
  say('the symbols go where the configuration places them ...');
  const seen = await nodes.untilSeen('the symbols of the cluster', ({ symbols }) =>
    Object.keys(PLACEMENT).every((symbol) => symbols.some((one) => one.symbol === symbol)),
  );
  const moved = seen.symbols.filter(({ placedOn }) => placedOn !== null).map(({ symbol }) => symbol);
  if (moved.length > 0) await nodes.operator().post('/v1/placement', { symbols: moved, node: null });
  await nodes.untilSeen('the placement of the symbols', (cluster) =>
    Object.entries(PLACEMENT).every(([symbol, engine]) => ownerOf(cluster, symbol) === engine),
  );
}

/** Plays the whole scenario. */
async function trade(run: Run): Promise<string[]> {
  const differences: string[] = [];
  const tell = eventView(differences, write, style);
  const connected: Member[] = [];
  const closeAll = (): void => {
    for (const member of connected) member.close();
  };
  run.signal.addEventListener('abort', closeAll);
  const connect = async (name: MemberName): Promise<Member> => {
    const door = { host: HOST, port: run.nodes.fixPortOf(GATEWAY_OF[name]), venueCompId: VENUE_COMP_ID };
    const member = await connectMember(name, run.logins[name], door, { ...run, tell });
    connected.push(member);
    return member;
  };
  try {
    const members = { alice: await connect('alice'), bob: await connect('bob') };
    await play(run, members, tell);
  } catch (error) {
    if (!(error instanceof SessionBroken)) throw error;
    tell({ type: 'StepEnded', reportCount: 0, differences: [error.message] });
  } finally {
    run.signal.removeEventListener('abort', closeAll);
    closeAll();
  }
  return [...differences, ...run.nodes.failures()];
}

async function play(run: Run, members: Members, tell: (event: MemberEvent) => void): Promise<void> {
  const { nodes, runId } = run;
  const player = new StepPlayer(members, runId, tell);
  const playStep = ({ title, request, reports }: Step): Promise<boolean> =>
    player.play(title, () => members[request.member].send(request.name, request.fields), reports);

  if (!(await player.logOn('alice logs on at gateway-1, bob at gateway-2'))) return;
  const before = await nodes.untilSeen('the Logons', ({ nodes: all, sessions }) => {
    const connections = all.reduce((sum, node) => sum + node.connections, 0);
    return sessions.length === MEMBER_NAMES.length && connections === MEMBER_NAMES.length;
  });
  draw('Who is where', before);
  const places = { struckEngine: ownerOf(before, STRUCK) ?? '', sparedEngine: ownerOf(before, SPARED) ?? '' };
  for (const step of firstSteps(runId, places)) if (!(await playStep(step))) return;

  if (!(await killAndGoOn(run, members, player, places.struckEngine))) return;
  for (const step of lastSteps(runId)) if (!(await playStep(step))) return;
  await player.logOut('alice and bob log out');
}

/** Kills the engine, sends an order for a symbol that it had, and says how long the answer took. */
async function killAndGoOn(
  { nodes, runId }: Run,
  members: Members,
  player: StepPlayer,
  victim: string,
): Promise<boolean> {
  const command = `kill -9 ${nodes.pidOf(victim)}`;
  const { title, request, reports } = orderAfterKill(
    runId,
    `${command}: ${victim} is dead. At once alice bids in its symbol, ${STRUCK}`,
  );
  let killedAt = 0;
  const act = async (): Promise<void> => {
    killedAt = monotonicMs();
    await nodes.kill(victim);
    members[request.member].send(request.name, request.fields);
  };
  if (!(await player.play(title, act, reports))) return false;
  const tookMs = Math.round(monotonicMs() - killedAt);
  const after = await nodes.untilSeen(`the end of ${victim}`, (cluster) => {
    const owner = ownerOf(cluster, STRUCK);
    return owner !== undefined && owner !== victim && isGone(cluster, victim);
  });
  draw('Who is where now', after);
  write(
    `\n  ${style('green', '✓')} ${STRUCK} is on ${ownerOf(after, STRUCK)}: its first order was acknowledged ` +
      `${tookMs} ms after the kill\n`,
  );
  return true;
}

/** Rows, and the reconciliation of all of them. */
async function showWhatIsLeft(
  { runId, reconcile, dataDir, database, clock, signal }: Run,
  reader: RowReader,
  before: Awaited<ReturnType<RowReader['balances']>>,
): Promise<readonly string[]> {
  const differences = await unlessStopped(
    signal,
    showRows(reader, runId, before, write, style, CLUSTER_ROWS),
  );
  write(heading('onebook reconcile', style));
  const found = await unlessStopped(
    signal,
    reconcile({ dataDir, databaseUrl: database.url, clock, limit: RECONCILE_LIMIT, onProgress: say }),
  );
  for (const line of reconciliationText(found).trimEnd().split('\n')) write(wrap([line], '  ', ''));
  const { differenceCount } = found;
  if (differenceCount === 0) return differences;
  return [...differences, `reconcile found ${differenceCount} difference${differenceCount === 1 ? '' : 's'}`];
}

/** For whoever goes on from here: all four nodes, as configured. */
async function bringBack({ nodes }: Run): Promise<void> {
  const names = new Set(nodes.running().map(({ name }) => name));
  for (const name of ENGINES) {
    if (names.has(name)) continue;
    write('\n');
    say(`${name} starts again; in some seconds it takes back the symbol that the configuration places on it`);
    await nodes.start(name);
  }
}

function draw(title: string, cluster: ClusterStatus): void {
  write(heading(title, style));
  const text = drawCluster(cluster, { database: 'that all nodes share', width: PAGE_WIDTH - 2 });
  write(`\n${text.replace(/^(?=.)/gm, '  ')}`);
}

function ownerOf({ symbols }: ClusterStatus, symbol: string): string | undefined {
  return symbols.find((one) => one.symbol === symbol)?.owner ?? undefined;
}

function isGone({ nodes }: ClusterStatus, name: string): boolean {
  return nodes.every((node) => node.name !== name || !node.alive);
}

/** Failures that one can do something about, as one line. */
function operatorsFailure(error: unknown, log: Log): unknown {
  if (!(error instanceof Error) || error instanceof CliFailure) return error;
  if (error instanceof SetupRefused) return new CliFailure(EXIT.refused, error.message);
  if (error.name === 'DataDirectoryInUse' || error.name === 'EmbeddedPostgresError') {
    return new CliFailure(EXIT.usage, error.message);
  }
  log.error('the demo failed', { error });
  return error;
}

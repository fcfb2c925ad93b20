/**
 * The cluster as one would draw it on a board: members at the top, gateways with their sessions, engines with their
 * symbols, and below what all of them stand on. Pure; bounded, whatever the size of the cluster.
 */
import type { ClusterStatus, NodeStatus } from '../admin/cluster-status.ts';

/** What the drawing says besides the cluster. */
export interface DrawingFacts {
  /** Of the database, in a line. */
  readonly database: string;
  /** Columns; 80 to 110 are used. */
  readonly width: number;
}

const MIN_WIDTH = 80;
const MAX_WIDTH = 110;
const BOX_GAP = 2;
/** A box with less says too little. */
const MIN_BOX_WIDTH = 34;
/** Of nodes with the same roles; further ones are counted. */
const MAX_BOXES = 6;
/** Of nodes that have ended, the latest. */
const MAX_ENDED = 5;
const STEM = '    │';
/** Why a node has ended that was stopped in order; everything else is for somebody to look at. */
const LEFT = 'left';

/** Lines, each ended. */
export function drawCluster(cluster: ClusterStatus, { database, width }: DrawingFacts): string {
  const drawnWidth = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width));
  const living = cluster.nodes.filter(({ alive }) => alive);
  const bandOf = (...roles: readonly string[]): readonly string[] => {
    const nodes = living.filter((node) => isBand(node, roles));
    return nodes.length === 0 ? [] : drawBand(cluster, nodes, drawnWidth);
  };
  const gateways = [...bandOf('gateway'), ...bandOf('gateway', 'engine')];
  const engines = bandOf('engine');
  const others = living.filter(({ roles }) => !roles.includes('gateway') && !roles.includes('engine'));
  const lines = [
    ...ageLines(cluster).flatMap((line) => wrapped('  ', line, drawnWidth)),
    ...wrapped('  ', membersLine(cluster), drawnWidth),
    `${STEM} FIX`,
    ...(gateways.length === 0 && !cluster.outdated ? ['  ! no gateway runs'] : gateways),
    ...natsLines(cluster, living, drawnWidth),
    ...engines,
    ...(cluster.outdated || living.some(({ roles }) => roles.includes('engine'))
      ? []
      : ['  ! no engine runs: nobody owns a symbol']),
    ...others.flatMap((node) => [
      ...wrapped('  ', otherLine(cluster, node), drawnWidth),
      ...faultLines(cluster, node, drawnWidth - 4).map((line) => `    ${line}`),
    ]),
    `${STEM} SQL`,
    ...wrapped('  ', `database ${database}`, drawnWidth),
    ...endedLines(cluster).flatMap((line) => wrapped('  ', line, drawnWidth)),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** What is drawn is of the past when the rows are not read any more. */
function ageLines({ self, readAgeMs, outdated }: ClusterStatus): readonly string[] {
  if (!outdated) return [];
  if (readAgeMs === null) return [`! ${self} is out of the cluster: it has no rows to draw`];
  return [`! rows last read ${Math.round(readAgeMs / 1000)} s ago: owners and figures are as of then`];
}

function otherLine(cluster: ClusterStatus, node: NodeStatus): string {
  const asked = node.name === cluster.self ? ' (asked)' : '';
  const state = stateOf(cluster, node);
  return `${node.name}${asked} (${node.roles.join(', ')}): ${state}, ${leaseText(cluster, node)}`;
}

/** What holds of a node, the worst first: `ready` when nothing is wrong. */
function stateOf(cluster: ClusterStatus, node: NodeStatus): string {
  const { alive, endedBecause, leaseLeftMs, draining, ready, natsReachable } = node;
  if (!alive) return `ended: ${endedBecause ?? 'it stopped'}`;
  if (leaseLeftMs === 0) return 'lease over';
  if (isOfThePast(cluster, node)) return 'not known';
  if (draining) return 'draining';
  if (!ready) return 'not ready';
  return natsReachable ? 'ready' : 'without NATS';
}

/** The node that answers knows of its own lease at any time. */
function isOfThePast({ outdated, self }: ClusterStatus, { name }: NodeStatus): boolean {
  return outdated && name !== self;
}

/** `1,204`: figures of a venue are long. */
export function countOf(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 symbol`, `1,204 symbols`. */
export function nounsOf(count: number, noun: string): string {
  return `${countOf(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function isBand({ roles }: NodeStatus, wanted: readonly string[]): boolean {
  return ['gateway', 'engine'].every((role) => roles.some((one) => one === role) === wanted.includes(role));
}

function membersLine({ sessions, moreSessions, sessionsFault }: ClusterStatus): string {
  if (sessionsFault !== null) return `members: ${sessionsFault}`;
  return `members: ${moreSessions ? 'more than ' : ''}${nounsOf(sessions.length, 'session')}`;
}

function natsLines(
  { self, natsReachable, natsFault, outdated }: ClusterStatus,
  living: readonly NodeStatus[],
  width: number,
): readonly string[] {
  // Of the others only a node itself knows why.
  const why =
    natsFault === null ? [] : wrapped('  ', `! ${self}: ${natsFault}; it tries again by itself`, width);
  if (outdated) {
    return [
      `${STEM} NATS: ${natsReachable ? 'reaches' : 'does not reach'} ${self}; others are not known`,
      ...why,
    ];
  }
  const without = living.filter((node) => !node.natsReachable).map(({ name }) => name);
  if (without.length === living.length) return [`${STEM} NATS: reaches no node`, ...why];
  if (without.length > 0) {
    return [...wrapped(`${STEM} `, `NATS: does not reach ${without.join(', ')}`, width), ...why];
  }
  const text = natsReachable ? 'reaches every node' : `${self} has lost it just now`;
  return [`${STEM} NATS: ${text}`, ...why];
}

function endedLines(cluster: ClusterStatus): readonly string[] {
  const ended = cluster.nodes
    .filter(({ alive }) => !alive)
    .toSorted((left, right) => (left.startedAt < right.startedAt ? 1 : -1));
  const lines = ended
    .slice(0, MAX_ENDED)
    .map(
      (node) =>
        `${node.endedBecause === LEFT ? '' : '! '}not running: ${node.name} (${stateOf(cluster, node)})`,
    );
  return ended.length <= MAX_ENDED
    ? lines
    : [...lines, `and ${countOf(ended.length - MAX_ENDED)} more that have ended`];
}

/** Boxes side by side; those that want somebody's attention first where not all are drawn. */
function drawBand(cluster: ClusterStatus, nodes: readonly NodeStatus[], width: number): readonly string[] {
  const first =
    nodes.length <= MAX_BOXES ? nodes : nodes.toSorted((a, b) => rank(cluster, a) - rank(cluster, b));
  const shown = first.slice(0, MAX_BOXES);
  const perRow = Math.min(shown.length, Math.floor((width + BOX_GAP) / (MIN_BOX_WIDTH + BOX_GAP)));
  const boxWidth = Math.min(54, Math.floor((width + BOX_GAP) / Math.max(2, perRow)) - BOX_GAP);
  const lines: string[] = [];
  for (let i = 0; i < shown.length; i += perRow) {
    lines.push(...drawBoxes(cluster, shown.slice(i, i + perRow), boxWidth));
  }
  const rest = first.slice(MAX_BOXES);
  if (rest.length > 0) {
    const connections = rest.reduce((sum, node) => sum + node.connections, 0);
    const symbols = rest.reduce((sum, node) => sum + node.symbolCount, 0);
    const states = [...new Set(rest.map((node) => stateOf(cluster, node)))].join(', ');
    const owned = symbols === 0 ? '' : `, ${nounsOf(symbols, 'symbol')}`;
    lines.push(`  and ${rest.length} more: ${states}; ${nounsOf(connections, 'connection')}${owned}`);
  }
  return lines;
}

function rank(cluster: ClusterStatus, node: NodeStatus): number {
  return stateOf(cluster, node) === 'ready' && linkFault(node) === undefined && node.warnings.length === 0
    ? 1
    : 0;
}

/** Boxes of one width and height. */
function drawBoxes(cluster: ClusterStatus, nodes: readonly NodeStatus[], width: number): readonly string[] {
  const texts = nodes.map((node) => boxLines(cluster, node, width - 4));
  const height = Math.max(...texts.map((lines) => lines.length));
  const boxes = nodes.map((node, i) => drawBox(cluster, node, { lines: texts[i] ?? [], height, width }));
  return Array.from({ length: height + 2 }, (_, row) =>
    boxes.map((box) => box[row] ?? '').join(' '.repeat(BOX_GAP)),
  );
}

function drawBox(
  cluster: ClusterStatus,
  node: NodeStatus,
  {
    lines,
    height,
    width,
  }: { readonly lines: readonly string[]; readonly height: number; readonly width: number },
): readonly string[] {
  const inner = width - 4;
  const state = stateOf(cluster, node);
  const name = cut(node.name === cluster.self ? `${node.name} (asked)` : node.name, inner - state.length - 5);
  const line = '─'.repeat(Math.max(1, width - name.length - state.length - 8));
  const texts = Array.from({ length: height }, (_, row) => cut(lines[row] ?? '', inner).padEnd(inner));
  return [
    `┌─ ${name} ${line} ${state} ─┐`,
    ...texts.map((text) => `│ ${text} │`),
    `└${'─'.repeat(width - 2)}┘`,
  ];
}

function boxLines(cluster: ClusterStatus, node: NodeStatus, width: number): readonly string[] {
  const lines: string[] = [];
  if (node.roles.includes('gateway')) {
    lines.push(node.addresses.join(', ') || noAddressText(node));
    lines.push(`${countOf(node.connections)} of ${countOf(node.maxConnections)} connections`);
    const members = cluster.sessions.filter(({ gateway }) => gateway === node.name);
    if (members.length > 0) {
      const names = members.map(({ username, compId }) => username ?? String(compId));
      // A session's row names its gateway until the session has ended in order, which is after its connection.
      const heading = members.length > node.connections ? 'by rows: ' : '';
      lines.push(heading + namesWithin(names, width - heading.length, cluster.moreSessions));
    }
  }
  if (node.roles.includes('engine')) {
    lines.push(`${nounsOf(node.symbolCount, 'symbol')}, ${nounsOf(node.shardCount, 'shard')} of accounts`);
    const symbols = cluster.symbols.filter(({ owner }) => owner === node.name);
    if (symbols.length > 0) {
      const names = symbols.map(({ symbol, epoch }) => `${symbol}@${epoch}`);
      lines.push(namesWithin(names, width, false));
    }
  }
  lines.push(leaseText(cluster, node), ...faultLines(cluster, node, width));
  const versions = new Set(cluster.nodes.filter(({ alive }) => alive).map((one) => one.protocolVersion));
  if (versions.size > 1) lines.push(`speaks version ${node.protocolVersion} between nodes`);
  return lines;
}

/** A gateway tells its addresses when it listens. */
function noAddressText({ ready }: NodeStatus): string {
  return ready ? 'no address is advertised' : 'no address yet: it is not ready';
}

/** What is wrong with a node, in full. */
function faultLines(cluster: ClusterStatus, node: NodeStatus, width: number): readonly string[] {
  const fault = node.natsReachable || isOfThePast(cluster, node) ? linkFault(node) : 'NATS does not reach it';
  const faults = fault === undefined ? node.warnings : [fault, ...node.warnings];
  return faults.flatMap((one) => wrapped('', `! ${one}`, width));
}

/**
 * In full, since what matters stands at its end: a word that does not fit begins another line, below the first word
 * behind a `!`.
 */
function wrapped(indent: string, text: string, width: number): readonly string[] {
  const further = ' '.repeat(indent.length) + (text.startsWith('! ') ? '  ' : '');
  const lines: string[] = [];
  let line = indent;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = further;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    // The mark itself is no word.
    isEmpty = isEmpty && word === '!';
    if (word === '!') line += ' ';
  }
  return [...lines, line].map((one) => cut(one, width));
}

/** A link that is not there yet may be opening: only one that has failed is worth a word. */
function linkFault({ link }: NodeStatus): string | undefined {
  if (link === null || link.phase === 'Up' || link.lastFault === null) return undefined;
  return `no link: ${link.lastFault}`;
}

function leaseText(cluster: ClusterStatus, node: NodeStatus): string {
  if (isOfThePast(cluster, node)) return 'its lease is not known';
  const { leaseAgeMs, leaseLeftMs } = node;
  return `lease ${tenths(leaseAgeMs)} s old, ${tenths(leaseLeftMs)} s left`;
}

function tenths(ms: number): string {
  return (ms / 1000).toFixed(1);
}

/** As many as fit, and how many do not. */
function namesWithin(names: readonly string[], width: number, hasMore: boolean): string {
  let text = '';
  for (const [index, name] of names.entries()) {
    const rest = names.length - index - 1;
    const longer = text === '' ? name : `${text} ${name}`;
    const room = rest > 0 || hasMore ? ` +${countOf(rest)}`.length + 1 : 0;
    if (longer.length + room > width) return `${text} +${countOf(rest + 1)}`.trimStart();
    text = longer;
  }
  return hasMore ? `${text} …` : text;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/**
 * What nodes tell each other of their configuration, so that nodes that run with different files are noticed: of each
 * setting that all must share, a digest, which says that two differ and not what they are.
 */
import { createHash } from 'node:crypto';
import { isSameNode, type NodeId } from './node-id.ts';

/** What is compared of a node. */
export interface ConfiguredNode extends NodeId {
  readonly isAlive: boolean;
  /** Ms since the epoch. */
  readonly startedAt: number;
  /** Of {@link configDigest}; empty where nothing is known. */
  readonly configDigest: string;
}

/** A node has other settings than another one. */
export interface ConfigDifference {
  readonly than: NodeId;
  /** Their names. */
  readonly settings: readonly string[];
}

const DIGITS = 12;

/** `lease=0b1f… tradingCalendar=77a0…`: the settings by name, in that order. Values are as JSON; the order of keys is no matter. */
export function configDigest(settings: Readonly<Record<string, unknown>>): string {
  return Object.keys(settings)
    .toSorted()
    .map((name) => `${name}=${digestOf(settings[name])}`)
    .join(' ');
}

/** The names of the settings that both have, and have differently: what only one version of the software knows is no difference. */
export function differingSettings(one: string, other: string): readonly string[] {
  const others = settingsOf(other);
  return [...settingsOf(one)]
    .filter(([name, digest]) => (others.get(name) ?? digest) !== digest)
    .map(([name]) => name);
}

/** The living nodes that `self` differs from. */
export function differencesFrom(
  self: ConfiguredNode,
  nodes: readonly ConfiguredNode[],
): readonly ConfigDifference[] {
  return nodes.flatMap((node) => {
    if (!node.isAlive || isSameNode(node, self)) return [];
    const settings = differingSettings(self.configDigest, node.configDigest);
    return settings.length === 0 ? [] : [{ than: node, settings }];
  });
}

/**
 * By name, the living nodes that have a setting as most others do not; of as many against as many, those that began
 * later. What they have otherwise is told against the node that has run longest with what most have.
 */
export function oddConfigs(
  nodes: readonly ConfiguredNode[],
): ReadonlyMap<string, readonly ConfigDifference[]> {
  const living = nodes
    .filter(({ isAlive }) => isAlive)
    .toSorted((one, other) => one.startedAt - other.startedAt || one.incarnation - other.incarnation)
    .map((node) => ({ node, settings: settingsOf(node.configDigest) }));
  const odd = new Map<string, { readonly than: NodeId; readonly settings: string[] }[]>();
  for (const name of new Set(living.flatMap(({ settings }) => [...settings.keys()].toSorted()))) {
    const usual = commonest(living.flatMap(({ settings }) => settings.get(name) ?? []));
    const than = living.find(({ settings }) => settings.get(name) === usual)?.node;
    for (const { node, settings } of living) {
      const digest = settings.get(name);
      if (than === undefined || digest === undefined || digest === usual) continue;
      const known = odd.get(node.name) ?? [];
      const same = known.find((one) => isSameNode(one.than, than));
      if (same === undefined) odd.set(node.name, [...known, { than, settings: [name] }]);
      else same.settings.push(name);
    }
  }
  return odd;
}

/** The first of those that are there most often. */
function commonest(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return [...counts].find(([, count]) => count === most)?.[0];
}

function settingsOf(digest: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const part of digest.split(' ')) {
    const [name = '', value] = part.split('=');
    if (value !== undefined) settings.set(name, value);
  }
  return settings;
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, DIGITS);
}

function canonical(value: unknown): string {
  return JSON.stringify([value], (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}

/**
 * What can be said about each node of a file that may be wrong anywhere: its roles, and the addresses and directories
 * that it takes. The checks across nodes read this, so that they need not wait until every single value is right.
 */
import { resolve } from 'node:path';
import { isObject, join, settingOf } from './checks.ts';
import { DEFAULT_DNS_PORT } from './dns.ts';
import { DEFAULT_ROLES, isRole, type Role } from './roles.ts';
import { DEFAULT_ADMIN_PORT, DEFAULT_FIX_PORT, DEFAULT_HOST, parseNodeName } from './values.ts';

/** An address with the setting that it comes from. */
export interface OutlinedAddress {
  readonly path: string;
  readonly host: string;
  readonly port: number;
}

export interface NodeOutline {
  readonly name: string;
  /** Path of the node's entry. */
  readonly path: string;
  readonly entry: Readonly<Record<string, unknown>>;
  /** Undefined: they are wrong, and may be any. */
  readonly roles: readonly Role[] | undefined;
  /** Undefined: not named. */
  readonly machine: string | undefined;
  /** Where it listens, but for ports that the system chooses. */
  readonly listens: readonly OutlinedAddress[];
  /** Its first listener for members; undefined of what is no gateway. */
  readonly members: OutlinedAddress | undefined;
  /** Where it says that members reach it, if it says so. */
  readonly advertises: readonly OutlinedAddress[];
  /** As one path, whatever it is relative to. */
  readonly dataDir: string;
}

/** All nodes of the file. */
export function outlineNodes(exported: unknown): readonly NodeOutline[] {
  const nodes = settingOf(exported, 'nodes');
  if (!isObject(nodes)) return [];
  return Object.entries(nodes).map(([name, entry]) =>
    isObject(entry) && parseNodeName(name) !== undefined ? outline(name, entry) : unreadable(name),
  );
}

/** False when the roles are known and this is not among them. */
export function mayBe({ roles }: NodeOutline, role: Role): boolean {
  return roles === undefined || roles.includes(role);
}

/** A node of which nothing but its name is told, and that is wrong or all that there is. */
function unreadable(name: string): NodeOutline {
  const path = join('nodes', name);
  return {
    name,
    path,
    entry: {},
    roles: undefined,
    machine: name,
    listens: [],
    members: undefined,
    advertises: [],
    dataDir: path,
  };
}

function outline(name: string, entry: Record<string, unknown>): NodeOutline {
  const path = join('nodes', name);
  const { roles: listed, machine, dataDir, fix, admin, dns, advertise } = entry;
  const roles = listed === undefined ? DEFAULT_ROLES : rolesOf(listed);
  const listeners = listOf(fix ?? {}, join(path, 'fix'), (index) => (index === 0 ? DEFAULT_FIX_PORT : 0));
  // Only gateways are in each other's way by what they advertise: the port is members'.
  const memberPort = roles?.includes('gateway') === true ? (listeners[0]?.port ?? 0) : 0;
  return {
    name,
    path,
    entry,
    roles,
    machine: typeof machine === 'string' ? machine : undefined,
    listens: [
      ...(roles?.includes('gateway') === true ? listeners : []),
      ...listOf(admin ?? {}, join(path, 'admin'), () => DEFAULT_ADMIN_PORT),
      ...(roles?.includes('dns') === true
        ? listOf(dns ?? {}, join(path, 'dns'), () => DEFAULT_DNS_PORT)
        : []),
    ].filter(({ port }) => port !== 0),
    members: roles?.includes('gateway') === true ? listeners[0] : undefined,
    advertises: advertise === undefined ? [] : listOf(advertise, join(path, 'advertise'), () => memberPort),
    dataDir: resolve('/', typeof dataDir === 'string' ? dataDir : `data/${name}`),
  };
}

function rolesOf(listed: unknown): readonly Role[] | undefined {
  return Array.isArray(listed) && listed.length > 0 && listed.every(isRole) ? listed : undefined;
}

function listOf(
  value: unknown,
  path: string,
  defaultPort: (index: number) => number,
): readonly OutlinedAddress[] {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  return entries.flatMap((one, index) => {
    if (!isObject(one)) return [];
    const { host = DEFAULT_HOST, port = defaultPort(index) } = one;
    if (typeof host !== 'string' || typeof port !== 'number') return [];
    return [{ path: Array.isArray(value) ? `${path}[${index}]` : path, host, port }];
  });
}

/**
 * Machines for the nodes of a cluster: network namespaces of this one, each with a link of its own to NATS, to Postgres
 * and to members, which can be cut one by one. A cut link loses what is sent and tells nobody.
 */
import { execFileSync } from 'node:child_process';
import type { Machines } from './cluster-process.ts';

/** What a link of a machine leads to. */
export const LINKS = ['nats', 'database', 'members'] as const;
export type Link = (typeof LINKS)[number];

export interface NamedMachines extends Machines {
  /** Nothing passes on the links from now on, either way. */
  cut(node: string, ...links: readonly Link[]): void;
  /** They are as they were. */
  mend(node: string, ...links: readonly Link[]): void;
  /** Takes everything away again. Processes there must have ended. */
  remove(): void;
}

/** Names of links have 15 letters at most, and runs side by side must not meet. */
const TAG = `ob${(process.pid % 46_656).toString(36)}`;

/** The second part of all addresses: 10.64 to 10.191. */
const SECOND = 64 + (process.pid % 128);
/** This machine's place on each link. */
const HERE = 1;

/** Why there can be no machines here; undefined when there can. */
export function machinesRefused(): string | undefined {
  const name = `${TAG}try`;
  try {
    ip('netns', 'add', name);
    ip('link', 'add', `${TAG}t`, 'type', 'bridge');
    ip('link', 'del', `${TAG}t`);
    return undefined;
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n').slice(-2);
    return line === undefined || line === '' ? 'ip (iproute2) does not do it' : line;
  } finally {
    quietly('netns', 'del', name);
  }
}

/** Makes a machine for each node. Needs the rights to make network namespaces. */
export function makeMachines(nodes: readonly string[]): NamedMachines {
  const removeAll = (): void => {
    for (const no of nodes.keys()) {
      for (const link of LINKS) quietly('link', 'del', endOf(no, link));
      quietly('netns', 'del', namespaceOf(no));
    }
    for (const link of LINKS) quietly('link', 'del', bridgeOf(link));
  };
  const numberOf = (node: string): number => {
    const no = nodes.indexOf(node);
    if (no < 0) throw new Error(`there is no machine of ${node}`);
    return no;
  };
  const set = (node: string, links: readonly Link[], state: 'up' | 'down'): void => {
    // The end that is here: on the machine itself, addresses and routes stay, and nothing is refused at once.
    for (const link of links) ip('link', 'set', endOf(numberOf(node), link), state);
  };
  process.once('exit', removeAll);
  try {
    for (const link of LINKS) {
      ip('link', 'add', bridgeOf(link), 'type', 'bridge');
      ip('addr', 'add', `${addressOn(link, HERE)}/24`, 'dev', bridgeOf(link));
      ip('link', 'set', bridgeOf(link), 'up');
    }
    for (const no of nodes.keys()) addMachine(no);
  } catch (error) {
    removeAll();
    throw error;
  }
  return {
    natsHost: addressOn('nats', HERE),
    postgresHost: addressOn('database', HERE),
    network: `10.${SECOND}.0.0/16`,
    addressOf: (node) => addressOn('members', HERE + 1 + numberOf(node)),
    through: (node) => ['ip', 'netns', 'exec', namespaceOf(numberOf(node))],
    cut: (node, ...links) => set(node, links, 'down'),
    mend: (node, ...links) => set(node, links, 'up'),
    remove() {
      process.off('exit', removeAll);
      removeAll();
    },
  };
}

function addMachine(no: number): void {
  const namespace = namespaceOf(no);
  ip('netns', 'add', namespace);
  ip('-n', namespace, 'link', 'set', 'lo', 'up');
  for (const link of LINKS) {
    const end = endOf(no, link);
    ip('link', 'add', end, 'type', 'veth', 'peer', 'name', link, 'netns', namespace);
    ip('link', 'set', end, 'master', bridgeOf(link), 'up');
    ip('-n', namespace, 'addr', 'add', `${addressOn(link, HERE + 1 + no)}/24`, 'dev', link);
    ip('-n', namespace, 'link', 'set', link, 'up');
  }
}

function namespaceOf(no: number): string {
  return `${TAG}-${no}`;
}

function bridgeOf(link: Link): string {
  return `${TAG}-${link}`;
}

/** The end of the link that is here. */
function endOf(no: number, link: Link): string {
  return `${TAG}-${no}${link.slice(0, 2)}`;
}

function addressOn(link: Link, place: number): string {
  return `10.${SECOND}.${LINKS.indexOf(link)}.${place}`;
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function quietly(...args: readonly string[]): void {
  try {
    ip(...args);
  } catch {
    // It is gone already, or was never made.
  }
}

/** Ports and processes as the operating system shows them, for tests that take them away. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/** Above what services have by habit. */
const LOWEST_LASTING_PORT = 10_000;

/** A server on a free loopback port, which is thereby taken. */
export function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** The port that it listens on. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address.port;
}

/** Ports that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map(portOf);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * Free ports that stay free while whoever listens there is away: below those that the system gives to outgoing
 * connections.
 */
export async function lastingPorts(count: number): Promise<number[]> {
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  const room = Math.max(Number(range.split('\t')[0]) - LOWEST_LASTING_PORT, 1_000);
  const ports: number[] = [];
  // Runs side by side begin at different places.
  for (let no = (process.pid * 97) % room; ports.length < count; no += 1) {
    const port = LOWEST_LASTING_PORT + (no % room);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** Running processes with their parent, as the kernel shows them. */
function processes(): { readonly pid: number; readonly parentPid: number }[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return [{ pid, parentPid: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }];
    } catch {
      return [];
    }
  });
}

/** Process ids of the children of a process. */
export function childrenOf(parent: number): number[] {
  return processes().flatMap(({ pid, parentPid }) => (parentPid === parent ? [pid] : []));
}

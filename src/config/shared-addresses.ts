/**
 * Nodes that are in each other's way: ports of one machine, data directories, addresses that members are sent to.
 *
 * An address of loopback, and a data directory, are one per machine; so nodes on different machines name theirs. Where
 * none is named, nodes are taken to be on one, which is what whoever tries a cluster out has.
 */
import { addressAndPort } from '../platform/addresses.ts';
import { join } from './checks.ts';
import type { NodeOutline, OutlinedAddress } from './outline.ts';
import { isLoopback, isWildcard } from './values.ts';

/** Each a sentence about two nodes, or about a responder and what else its node listens on. */
export function sharedAddressFaults(nodes: readonly NodeOutline[]): readonly string[] {
  return nodes.flatMap((node, index) => [
    ...nodes.slice(0, index).flatMap((earlier) => clashes(earlier, node)),
    ...ownClashes(node),
  ]);
}

/** A responder listens for connections too. What else is in each other's way on a node, listeners.ts finds. */
function ownClashes({ path, listens }: NodeOutline): readonly string[] {
  const dnsPath = join(path, 'dns');
  const dns = listens.find((one) => one.path === dnsPath);
  if (dns === undefined) return [];
  return listens
    .filter((one) => one !== dns && one.port === dns.port && meet(one.host, dns.host, true))
    .map((one) => clashText(dns, one));
}

function clashes(one: NodeOutline, other: NodeOutline): readonly string[] {
  const isOneMachine = one.machine === other.machine;
  const faults = pairs(one.listens, other.listens)
    .filter(([a, b]) => a.port === b.port && meet(a.host, b.host, isOneMachine))
    .map(
      ([a, b]) =>
        clashText(b, a) +
        (isOneMachine && !(isOwnAddress(a.host) && isOwnAddress(b.host)) ? machineHint(one) : ''),
    );
  const advertised = pairs(one.advertises, other.advertises)
    .filter(([a, b]) => a.port !== 0 && a.port === b.port && sameHost(a.host, b.host))
    .map(([a, b]) => `${b.path} and ${a.path} send members to the same place, ${shownAddress(a)}`);
  const dataDirs =
    isOneMachine && one.dataDir === other.dataDir
      ? [`${other.path}.dataDir is that of ${one.path}; each node has its own${machineHint(one)}`]
      : [];
  return [...faults, ...advertised, ...dataDirs];
}

function clashText(one: OutlinedAddress, other: OutlinedAddress): string {
  return `${one.path} listens on ${shownAddress(one)} and ${other.path} on ${shownAddress(other)}; change a port`;
}

/** The hint is of use only to those who have not said where the nodes are. */
function machineHint({ machine }: NodeOutline): string {
  return machine === undefined ? ', or say on which machine each node is (machine: "a")' : '';
}

/** True when a port of one is a port of the other. */
function meet(a: string, b: string, isOneMachine: boolean): boolean {
  if (isOwnAddress(a) && isOwnAddress(b)) return sameHost(a, b);
  if (!isOneMachine) return false;
  if (isWildcard(a) || isWildcard(b)) return isWildcard(a) && isWildcard(b) ? true : isCovered(a, b);
  return sameHost(a, b);
}

/** A wildcard and an address: `0.0.0.0` has no IPv6 addresses, `::` has all. */
function isCovered(a: string, b: string): boolean {
  const [wildcard, address] = isWildcard(a) ? [a, b] : [b, a];
  return wildcard.includes(':') || !address.includes(':');
}

/** No other machine has it. */
function isOwnAddress(host: string): boolean {
  return !isLoopback(host) && !isWildcard(host);
}

function sameHost(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

function plain(host: string): string {
  const lower = host.toLowerCase();
  return lower === 'localhost' ? '127.0.0.1:0' : addressAndPort(lower, 0);
}

function shownAddress({ host, port }: OutlinedAddress): string {
  return addressAndPort(host, port);
}

function pairs<Item>(first: readonly Item[], second: readonly Item[]): (readonly [Item, Item])[] {
  return first.flatMap((a) => second.map((b) => [a, b] as const));
}

/**
 * IP addresses as operators write them in allow-lists, and as sockets name them: one notion of "the same address",
 * in which IPv4 mapped into IPv6 (`::ffff:192.0.2.1`, what a dual-stack socket says) is the IPv4 address.
 */
import { BlockList, isIP, SocketAddress } from 'node:net';

/** A set of addresses. */
export interface AddressMatcher {
  /** `address` may carry a port, as in {@link hostOf}; what is no IP address matches nothing. */
  matches(address: string): boolean;
}

/** What a pattern may be; for error texts. */
export const ADDRESS_PATTERN_EXPECTED = 'an IP address or a network like 192.0.2.0/24 or 2001:db8::/32';

/**
 * The set that the patterns describe together, each an IPv4 or IPv6 address or a network in CIDR form; else a
 * sentence about the first pattern that is neither. No pattern at all matches nothing.
 */
export function parseAddressPatterns(patterns: readonly string[]): AddressMatcher | string {
  // Node takes IPv4 for a part of ::/0 when both are in one list.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const pattern of patterns) {
    const network = parseNetwork(pattern);
    if (network === undefined) return `${JSON.stringify(pattern)} is not ${ADDRESS_PATTERN_EXPECTED}`;
    lists[network.family].addSubnet(network.address, network.prefix, network.family);
  }
  return {
    matches(address) {
      const host = hostOf(address);
      // A link-local address has its interface behind a %, which no pattern knows.
      const [bare = host] = host.split('%');
      const family = familyOf(bare);
      return family !== undefined && lists[family].check(bare, family);
    },
  };
}

/**
 * The address in `192.0.2.1:9880`, `[2001:db8::1]:9880` or the same without a port; an IPv4 address mapped into
 * IPv6 is given as IPv4. What has no address in it comes back as it is.
 */
export function hostOf(remoteAddress: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(remoteAddress)?.[1];
  if (bracketed !== undefined) return unmapped(bracketed);
  if (isIP(remoteAddress) !== 0) return unmapped(remoteAddress);
  const withPort = /^(.*):\d+$/.exec(remoteAddress)?.[1];
  return withPort === undefined || isIP(withPort) === 0 ? remoteAddress : unmapped(withPort);
}

/** `192.0.2.1:9880` or, IPv6 in its shortest spelling, `[2001:db8::1]:9880`: what {@link hostOf} takes apart. */
export function addressAndPort(host: string, port: number): string {
  const plain = unmapped(host);
  return isIP(plain) === 6 ? `[${shortest(plain)}]:${port}` : `${plain}:${port}`;
}

/**
 * What counts as one place: an IPv4 address, or the /64 of an IPv6 address, since its owner has all of that to choose
 * from. `address` has no port.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const all = [...groups, ...Array<string>(Math.max(missing, 0)).fill('0'), ...(tail ?? '').split(':')];
  const network = all.slice(0, 4).map((group) => Number.parseInt(group || '0', 16).toString(16));
  return `${network.join(':')}::/64`;
}

type Family = 'ipv4' | 'ipv6';

interface Network {
  readonly family: Family;
  readonly address: string;
  readonly prefix: number;
}

const BITS = { ipv4: 32, ipv6: 128 } as const;
/** Bits in front of an IPv4 address that is mapped into IPv6. */
const MAPPED_BITS = BITS.ipv6 - BITS.ipv4;

function familyOf(address: string): Family | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}

function parseNetwork(pattern: string): Network | undefined {
  const [, written = '', prefixText] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(pattern) ?? [];
  const family = familyOf(written);
  if (family === undefined) return undefined;
  const prefix = prefixText === undefined ? BITS[family] : Number(prefixText);
  if (prefix > BITS[family]) return undefined;
  const address = unmapped(written);
  if (address === written) return { family, address, prefix };
  return prefix < MAPPED_BITS ? undefined : { family: 'ipv4', address, prefix: prefix - MAPPED_BITS };
}

/** An IPv4 address mapped into IPv6, in whichever spelling, as IPv4; any other address unchanged. */
function unmapped(address: string): string {
  if (isIP(address) !== 6 || !/^[0:]*:ffff:/i.test(address)) return address;
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(shortest(address))?.[1] ?? address;
}

function shortest(ipv6: string): string {
  return ipv6.includes('%') ? ipv6 : new SocketAddress({ address: ipv6, family: 'ipv6' }).address;
}

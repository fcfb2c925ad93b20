/** The bounds of the DNS responder and their defaults; they are configured under `limits`, as all others are. */

/** Sizes in bytes, times in milliseconds, unless the name says else. */
export interface DnsLimits {
  /**
   * Gateways in one answer. Few: resolvers put the addresses of an answer into an order of their own, so that each of
   * them gets its part of the members, the fourth best too.
   */
  readonly maxDnsAnswers: number;
  /**
   * How old the list of gateways may be; then the names that depend on it are answered with SERVFAIL, at which a
   * resolver asks another server.
   */
  readonly dnsStaleAfterMs: number;
  /** The longest query that is read; a longer one is dropped. */
  readonly maxDnsQueryBytes: number;
  /** The longest answer over UDP, whatever the asker offers: what passes every network in one piece. */
  readonly maxDnsUdpBytes: number;
  /** TCP connections; for one more the network that has most of them gives one up. */
  readonly maxDnsTcpConnections: number;
  /** How long a TCP connection lasts, whatever it is used for. */
  readonly dnsTcpLifetimeMs: number;
  /** Answers that an asker does not read; past it its TCP connection is closed. */
  readonly maxDnsUnsentBytes: number;
}

/** What holds when the configuration names nothing else. */
export const DEFAULT_DNS_LIMITS: DnsLimits = {
  maxDnsAnswers: 4,
  dnsStaleAfterMs: 10_000,
  maxDnsQueryBytes: 4_096,
  maxDnsUdpBytes: 1_232,
  maxDnsTcpConnections: 100,
  dnsTcpLifetimeMs: 10_000,
  maxDnsUnsentBytes: 65_536,
};

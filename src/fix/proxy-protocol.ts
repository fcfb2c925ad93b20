/**
 * The binary header of the PROXY protocol, version 2, with which a load balancer says whose connection it passes
 * on. Pure: bytes in, verdict out; the acceptor decides who may say so and how long it may take.
 */

/** What the bytes at the start of a connection are. */
export type ProxyHeader =
  /** The beginning of a header: more bytes are needed. */
  | { readonly type: 'Incomplete' }
  /**
   * A whole header of `byteCount` bytes. Without a source the connection is the load balancer's own (LOCAL, its health
   * check) or of a kind that has no address (UNSPEC): then the socket's own address holds.
   */
  | { readonly type: 'Header'; readonly byteCount: number; readonly source: ProxySource | undefined }
  /** No header that is understood; the reason is for the log. */
  | { readonly type: 'Refused'; readonly reason: string };

/** Who connected to the load balancer. */
export interface ProxySource {
  /** An IPv4 or IPv6 address. */
  readonly host: string;
  readonly port: number;
}

/** The longest header that is read, extensions included; the specification asks for no more. */
export const MAX_PROXY_HEADER_BYTES = 536;

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const VERSION_1 = Buffer.from('PROXY ', 'latin1');
/** Signature, version and command, family and transport, length. */
const FIXED_BYTES = 16;
const COMMAND_LOCAL = 0x20;
const COMMAND_PROXY = 0x21;
const UNSPEC = 0x00;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;
/** Two addresses and two ports. */
const IPV4_BLOCK_BYTES = 12;
const IPV6_BLOCK_BYTES = 36;

const INCOMPLETE: ProxyHeader = { type: 'Incomplete' };

/**
 * Judges all bytes that have come so far; the same bytes give the same verdict however they were split. What is
 * refused is refused as early as it can be seen.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (!agree(bytes, SIGNATURE)) {
    return agree(bytes, VERSION_1)
      ? versionOne(bytes)
      : refused('no PROXY protocol header where the listener expects one');
  }
  const [command, transport] = [bytes[12], bytes[13]];
  if (command === undefined) return INCOMPLETE;
  if (command >> 4 !== 2) return refused(`PROXY protocol version ${command >> 4} is not supported`);
  if (command !== COMMAND_LOCAL && command !== COMMAND_PROXY) {
    return refused(`PROXY protocol command ${command & 0x0f} is unknown`);
  }
  if (transport === undefined) return INCOMPLETE;
  const blockBytes = command === COMMAND_LOCAL ? 0 : blockBytesOf(transport);
  if (blockBytes === undefined) {
    return refused(`PROXY protocol transport 0x${transport.toString(16).padStart(2, '0')} is not TCP`);
  }
  if (bytes.length < FIXED_BYTES) return INCOMPLETE;
  const byteCount = FIXED_BYTES + bytes.readUInt16BE(14);
  if (byteCount > MAX_PROXY_HEADER_BYTES) {
    return refused(`a PROXY protocol header of ${byteCount} bytes is longer than ${MAX_PROXY_HEADER_BYTES}`);
  }
  if (byteCount < FIXED_BYTES + blockBytes) {
    return refused('a PROXY protocol header that is too short for its addresses');
  }
  if (bytes.length < byteCount) return INCOMPLETE;
  return { type: 'Header', byteCount, source: sourceIn(bytes, blockBytes) };
}

function refused(reason: string): ProxyHeader {
  return { type: 'Refused', reason };
}

function versionOne(bytes: Buffer): ProxyHeader {
  if (bytes.length < VERSION_1.length) return INCOMPLETE;
  return refused('PROXY protocol version 1 (text) is not supported: let the load balancer send version 2');
}

/** True when the bytes and the text agree as far as both go. */
function agree(bytes: Buffer, text: Buffer): boolean {
  const length = Math.min(bytes.length, text.length);
  return bytes.compare(text, 0, length, 0, length) === 0;
}

/** Bytes of the addresses that the header must have; undefined for what does not carry FIX. */
function blockBytesOf(transport: number): number | undefined {
  switch (transport) {
    case UNSPEC:
      return 0;
    case TCP_OVER_IPV4:
      return IPV4_BLOCK_BYTES;
    case TCP_OVER_IPV6:
      return IPV6_BLOCK_BYTES;
    default:
      return undefined;
  }
}

/** Source address and port; what follows the addresses (TLVs) says nothing that the venue needs. */
function sourceIn(bytes: Buffer, blockBytes: number): ProxySource | undefined {
  switch (blockBytes) {
    case IPV4_BLOCK_BYTES:
      return {
        host: Array.from(bytes.subarray(16, 20)).join('.'),
        port: bytes.readUInt16BE(24),
      };
    case IPV6_BLOCK_BYTES:
      return { host: ipv6Text(bytes.subarray(16, 32)), port: bytes.readUInt16BE(48) };
    default:
      return undefined;
  }
}

function ipv6Text(bytes: Buffer): string {
  return Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(2 * group).toString(16)).join(':');
}

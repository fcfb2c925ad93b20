/**
 * X.509 certificates for tests, made when they are needed: an authority, a server, members, and some that are wrong.
 * Node signs but does not build certificates, and OpenSSL's command is not everywhere, so the few DER structures that
 * a certificate needs are written here. Nothing in them is meant for use outside of tests.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/platform/clock.ts';

/** A name in a certificate: its parts in the certificate's order, `[['C', 'CH'], ['O', 'Bank']]`. */
export type DistinguishedName = readonly (readonly [keyof typeof NAME_OIDS, string])[];

/** A certificate with its key. */
export interface Issued {
  readonly subject: DistinguishedName;
  readonly certificate: Buffer;
  readonly key: KeyObject;
}

/** What a certificate says. */
export interface CertificateTerms {
  readonly subject: DistinguishedName;
  /** Undefined: it signs itself, and is an authority. */
  readonly issuer?: Issued;
  /** ms since the epoch; a day around now by default. */
  readonly validFrom?: number;
  readonly validTo?: number;
  /** True for `localhost`, `127.0.0.1` and `::1` as the names of a server. */
  readonly isServer?: boolean;
}

/** Files of {@link createTestCertificates}, in PEM form. */
export interface TestCertificates {
  /** The authority of everything but the strangers. */
  readonly caFile: string;
  /** The server: localhost, 127.0.0.1 and ::1. */
  readonly certFile: string;
  readonly keyFile: string;
  /** The key of `certFile` under the passphrase `secret`. */
  readonly encryptedKeyFile: string;
  /** The same server's next certificate, with another key. */
  readonly renewedCertFile: string;
  readonly renewedKeyFile: string;
  /** A member. */
  readonly clientCertFile: string;
  readonly clientKeyFile: string;
  /** RFC 2253 text of the member's subject. */
  readonly clientSubject: string;
  /** The member, yesterday. */
  readonly expiredClientCertFile: string;
  readonly expiredClientKeyFile: string;
  /** An authority that the venue does not know, and the same name certified by it. */
  readonly strangerCaFile: string;
  readonly strangerCertFile: string;
  readonly strangerKeyFile: string;
}

const DAY_MS = 86_400_000;

/** Writes the files into a directory. */
export async function createTestCertificates(dir: string): Promise<TestCertificates> {
  const now = systemClock.now();
  const member: DistinguishedName = [
    ['C', 'CH'],
    ['O', 'Bank, Sons'],
    ['OU', 'FX'],
    ['CN', 'desk-1'],
  ];
  const ca = issue({ subject: [['CN', 'Test Authority']] });
  const strangerCa = issue({ subject: [['CN', 'Test Authority']] });
  const server = issue({ subject: [['CN', 'localhost']], issuer: ca, isServer: true });
  const renewed = issue({ subject: [['CN', 'localhost']], issuer: ca, isServer: true });
  const client = issue({ subject: member, issuer: ca });
  const past = { validFrom: now - 2 * DAY_MS, validTo: now - DAY_MS };
  const expired = issue({ subject: member, issuer: ca, ...past });
  const stranger = issue({ subject: member, issuer: strangerCa });
  const write = async (name: string, text: string): Promise<string> => {
    const file = join(dir, name);
    await writeFile(file, text, { mode: 0o600 });
    return file;
  };
  return {
    caFile: await write('ca.pem', certificatePem(ca)),
    certFile: await write('server.pem', certificatePem(server)),
    keyFile: await write('server.key', keyPem(server)),
    encryptedKeyFile: await write('encrypted.key', keyPem(server, 'secret')),
    renewedCertFile: await write('renewed.pem', certificatePem(renewed)),
    renewedKeyFile: await write('renewed.key', keyPem(renewed)),
    clientCertFile: await write('client.pem', certificatePem(client)),
    clientKeyFile: await write('client.key', keyPem(client)),
    clientSubject: 'CN=desk-1,OU=FX,O=Bank\\, Sons,C=CH',
    expiredClientCertFile: await write('expired.pem', certificatePem(expired)),
    expiredClientKeyFile: await write('expired.key', keyPem(expired)),
    strangerCaFile: await write('stranger-ca.pem', certificatePem(strangerCa)),
    strangerCertFile: await write('stranger.pem', certificatePem(stranger)),
    strangerKeyFile: await write('stranger.key', keyPem(stranger)),
  };
}

/** A certificate over a new P-256 key. */
export function issue(terms: CertificateTerms): Issued {
  const { subject, issuer } = terms;
  const now = systemClock.now();
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))),
    // A leading 0x40 keeps the number positive and long.
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    nameOf((issuer ?? terms).subject),
    sequence(time(terms.validFrom ?? now - DAY_MS), time(terms.validTo ?? now + DAY_MS)),
    nameOf(subject),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensionsOf(terms))),
  );
  const signature = sign('sha256', toBeSigned, issuer?.key ?? pair.privateKey);
  return {
    subject,
    certificate: sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(signature)),
    key: pair.privateKey,
  };
}

/** The certificate in PEM form. */
export function certificatePem({ certificate }: Issued): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** Its key in PEM form, encrypted when there is a passphrase. */
export function keyPem({ key }: Issued, passphrase?: string): string {
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return key.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString();
}

// ---- What a certificate says besides its names and its key ------------------------------------------------

function extensionsOf({ issuer, isServer }: CertificateTerms): Buffer[] {
  const isAuthority = issuer === undefined;
  const extensions = [extension(OID.basicConstraints, sequence(...(isAuthority ? [TRUE] : [])))];
  if (isAuthority) {
    // Bits 5 and 6: signs certificates and revocation lists.
    extensions.push(extension(OID.keyUsage, tagged(0x03, Buffer.from([1, 0b0000_0110]))));
  } else {
    const purpose = isServer === true ? OID.serverAuth : OID.clientAuth;
    extensions.push(extension(OID.keyUsage, tagged(0x03, Buffer.from([7, 0b1000_0000]))));
    extensions.push(extension(OID.extKeyUsage, sequence(oid(purpose))));
  }
  if (isServer === true) {
    const names = [
      tagged(0x82, Buffer.from('localhost')),
      tagged(0x87, Buffer.from([127, 0, 0, 1])),
      tagged(0x87, Buffer.concat([Buffer.alloc(15), Buffer.from([1])])),
    ];
    extensions.push(sequence(oid(OID.subjectAltName), tagged(0x04, sequence(...names))));
  }
  return extensions;
}

/** A critical one. */
function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), TRUE, tagged(0x04, value));
}

function nameOf(parts: DistinguishedName): Buffer {
  return sequence(
    ...parts.map(([type, value]) => {
      // Countries are PrintableString, everything else UTF8String.
      const text = tagged(type === 'C' ? 0x13 : 0x0c, Buffer.from(value));
      return tagged(0x31, sequence(oid(NAME_OIDS[type]), text));
    }),
  );
}

/** UTCTime, which holds for years before 2050. */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '');
  return tagged(0x17, Buffer.from(digits.slice(2)));
}

// ---- DER --------------------------------------------------------------------------------------------------

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const lengthBytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function explicit(index: number, content: Buffer): Buffer {
  return tagged(0xa0 + index, content);
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function bitString(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([0]), bytes]));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Buffer.from([40 * first + second, ...rest.flatMap(base128)]));
}

/** Seven bits a byte, the highest first; all but the last have the top bit set. */
function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) bytes.unshift((left & 0x7f) | 0x80);
  return bytes;
}

const TRUE = tagged(0x01, Buffer.from([0xff]));

const NAME_OIDS = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
} as const;

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extKeyUsage: '2.5.29.37',
  subjectAltName: '2.5.29.17',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

const ECDSA_WITH_SHA256 = sequence(oid(OID.ecdsaWithSha256));

/**
 * Certificates of a TLS listener: read, checked against each other and told about in one sentence when they do not
 * fit; and the name in a member's certificate as the text that it is compared by.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureVersion, type TLSSocket } from 'node:tls';
import { fileFault } from '../platform/file-faults.ts';

/** How a listener speaks TLS; the files are in PEM form. */
export interface TlsSettings {
  /** The listener's certificate, then those between it and its root. */
  readonly certFile: string;
  /** The certificate's private key, not encrypted. */
  readonly keyFile: string;
  /** Authorities of the members' certificates; undefined: no certificate is asked for. */
  readonly caFile: string | undefined;
  /** Refuses who shows none; what is shown must hold in any case. */
  readonly requireClientCert: boolean;
  /** The oldest version that is spoken. */
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** Files that cannot be served with. The message is one sentence for the operator. */
export class BadTlsFiles extends Error {
  override readonly name = 'BadTlsFiles';
}

/** The files' contents, checked; part of what `tls.createServer` and `setSecureContext` take. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | undefined;
  readonly minVersion: SecureVersion;
  /** When the certificate begins and ceases to hold, ms since the epoch. */
  readonly validFrom: number;
  readonly validTo: number;
}

/** Reads the files. @throws BadTlsFiles when one is missing or unreadable, or they do not belong together. */
export function readTlsFiles(settings: TlsSettings): TlsMaterial {
  const { certFile, keyFile, caFile, minVersion } = settings;
  const cert = read('certFile', certFile);
  const key = read('keyFile', keyFile);
  const ca = caFile === undefined ? undefined : read('caFile', caFile);
  const certificate = certificateIn('certFile', certFile, cert);
  if (caFile !== undefined && ca !== undefined) certificateIn('caFile', caFile, ca);
  if (!certificate.checkPrivateKey(keyIn(keyFile, key))) {
    throw new BadTlsFiles(`the key in keyFile ${keyFile} does not belong to the certificate in ${certFile}`);
  }
  try {
    createSecureContext({ cert, key, ...(ca === undefined ? {} : { ca }), minVersion });
  } catch (error) {
    throw new BadTlsFiles(`TLS cannot be served with certFile ${certFile}: ${reasonOf(error)}`);
  }
  return {
    cert,
    key,
    ca,
    minVersion,
    validFrom: Date.parse(certificate.validFrom),
    validTo: Date.parse(certificate.validTo),
  };
}

/**
 * Subject of the certificate that the peer has proved: RFC 2253 text (`CN=desk-1,OU=FX,O=Bank,C=CH`), the last
 * name first, `,+"\<>;` in a value escaped by a backslash, UTF-8 as it is. Undefined without a certificate.
 * `openssl x509 -noout -subject -nameopt RFC2253,-esc_msb,utf8` prints the same.
 */
export function certificateSubject(socket: TLSSocket): string | undefined {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  return certificate === undefined ? undefined : subjectText(certificate.subject);
}

/**
 * RFC 2253 text from Node's, which has one name a line in the certificate's order. Values are escaped there already,
 * line ends included; ` + ` joins the parts of a name that has several.
 */
export function subjectText(subject: string): string {
  const parts = subject.split(/(\n| \+ )/);
  return parts
    .reverse()
    .map((part) => (part === '\n' ? ',' : part === ' + ' ? '+' : part))
    .join('');
}

type FileRole = 'certFile' | 'keyFile' | 'caFile';

function read(role: FileRole, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') throw new BadTlsFiles(`there is no ${role} ${path}`);
    throw new BadTlsFiles(`${role} ${path} cannot be read: ${fileFault(error)}`);
  }
}

function certificateIn(role: FileRole, path: string, pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new BadTlsFiles(`${role} ${path} has no certificate in PEM form`);
  }
}

function keyIn(path: string, pem: Buffer): KeyObject {
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(pem.toString('latin1'))) {
    throw new BadTlsFiles(
      `keyFile ${path} is encrypted, and nobody is there to say its passphrase when the node starts: ` +
        'decrypt it with "openssl pkey" and let only the node read it',
    );
  }
  try {
    return createPrivateKey(pem);
  } catch {
    throw new BadTlsFiles(`keyFile ${path} has no private key in PEM form`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

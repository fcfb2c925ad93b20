/** Certificates as files and as names: what is said about bad ones, and what a member's subject looks like. */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { BadTlsFiles, readTlsFiles, subjectText, type TlsSettings } from '../../src/fix/tls.ts';
import {
  certificatePem,
  createTestCertificates,
  issue,
  type TestCertificates,
} from '../support/certificates.ts';

describe('the files of a TLS listener', () => {
  let dir: string;
  let files: TestCertificates;
  let mutual: TlsSettings;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'onebook-tls-files-'));
    files = await createTestCertificates(dir);
    const { certFile, keyFile, caFile } = files;
    mutual = { certFile, keyFile, caFile, requireClientCert: true, minVersion: 'TLSv1.2' };
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  function fault(changes: Partial<TlsSettings>): string {
    try {
      readTlsFiles({ ...mutual, ...changes });
    } catch (error) {
      if (error instanceof BadTlsFiles) return error.message;
      throw error;
    }
    return 'none';
  }

  it('are told about in one sentence when they cannot be served with', () => {
    const empty = join(dir, 'empty.pem');
    writeFileSync(empty, '');
    expect(fault({})).to.equal('none');
    expect(fault({ certFile: join(dir, 'x') })).to.equal(`there is no certFile ${join(dir, 'x')}`);
    expect(fault({ keyFile: dir })).to.equal(`keyFile ${dir} cannot be read: it is a directory`);
    expect(fault({ certFile: empty })).to.equal(`certFile ${empty} has no certificate in PEM form`);
    expect(fault({ caFile: files.keyFile })).to.equal(
      `caFile ${files.keyFile} has no certificate in PEM form`,
    );
    expect(fault({ keyFile: files.certFile })).to.equal(
      `keyFile ${files.certFile} has no private key in PEM form`,
    );
    expect(fault({ keyFile: files.renewedKeyFile })).to.equal(
      `the key in keyFile ${files.renewedKeyFile} does not belong to the certificate in ${files.certFile}`,
    );
    expect(fault({ keyFile: files.encryptedKeyFile })).to.match(/^keyFile .* is encrypted, .*"openssl pkey"/);
  });
});

describe('a certificate’s subject', () => {
  function subjectOf(...parts: Parameters<typeof issue>[0]['subject']): string {
    return subjectText(new X509Certificate(certificatePem(issue({ subject: parts }))).subject);
  }

  it('is written from the last name to the first, its special characters escaped', () => {
    expect(subjectOf(['C', 'CH'], ['O', 'Bank'], ['CN', 'desk-1'])).to.equal('CN=desk-1,O=Bank,C=CH');
    expect(subjectOf(['O', 'Zürcher Bank'], ['O', 'A, B + C'], ['CN', '#x "y"'])).to.equal(
      'CN=\\#x \\"y\\",O=A\\, B \\+ C,O=Zürcher Bank',
    );
  });

  it('cannot be made to look like another one by what stands in a name', () => {
    expect(subjectOf(['CN', 'desk-1,O=Bank'])).to.equal('CN=desk-1\\,O=Bank');
    expect(subjectOf(['CN', 'desk-1\nO=Bank'])).to.equal('CN=desk-1\\0AO=Bank');
    expect(subjectOf(['CN', 'desk-1 + O=Bank'])).to.equal('CN=desk-1 \\+ O=Bank');
  });
});

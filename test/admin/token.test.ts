import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  adminTokenPath,
  BadTokenFile,
  loadOrCreateAdminToken,
  readAdminToken,
  tokensEqual,
} from '../../src/admin/token.ts';

describe('the admin token', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'onebook-token-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('is made at the first start and kept, for its owner only', () => {
    const dataDir = join(dir, 'not/there/yet');
    expect(readAdminToken(dataDir)).to.equal(undefined);
    const token = loadOrCreateAdminToken(dataDir);
    expect(token).to.match(/^[0-9a-f]{64}$/);
    expect(loadOrCreateAdminToken(dataDir)).to.equal(token);
    expect(readFileSync(adminTokenPath(dataDir), 'utf8')).to.equal(`${token}\n`);
    expect(statSync(adminTokenPath(dataDir)).mode & 0o777).to.equal(0o600);
    expect(readdirSync(dataDir), 'no draft is left').to.deep.equal(['admin.token']);
  });

  it('is another one for every data directory', () => {
    expect(loadOrCreateAdminToken(join(dir, 'a'))).to.not.equal(loadOrCreateAdminToken(join(dir, 'b')));
  });

  it('is not replaced when the file holds something else', () => {
    writeFileSync(adminTokenPath(dir), 'short');
    expect(() => loadOrCreateAdminToken(dir)).to.throw(BadTokenFile, 'holds no token');
    expect(readFileSync(adminTokenPath(dir), 'utf8')).to.equal('short');
  });

  it('equals only itself', () => {
    expect(tokensEqual('abc', 'abc')).to.equal(true);
    for (const other of ['', 'abd', 'abcd', 'ab']) expect(tokensEqual('abc', other), other).to.equal(false);
  });
});

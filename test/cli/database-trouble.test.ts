import { expect } from 'chai';
import { databaseFailureText, databaseTrouble } from '../../src/cli/database-trouble.ts';

const URL_OF_SERVER = 'postgres://onebook:s3cret@db.example:6543/onebook';
const SERVER = { databaseUrl: URL_OF_SERVER };

function failure(message: string, fields: Readonly<Record<string, string>>): Error {
  return Object.assign(new Error(message), fields);
}

describe('a database server that cannot be used', () => {
  it('is named with its port and with what to do, when nobody listens there', () => {
    // Of a name with two addresses the driver says no word but the code.
    for (const message of ['connect ECONNREFUSED 192.0.2.1:6543', '']) {
      expect(databaseTrouble(failure(message, { code: 'ECONNREFUSED' }), SERVER)).to.equal(
        'the database server db.example:6543 cannot be reached (ECONNREFUSED): ' +
          'start it, or correct --database-url (ONEBOOK_DATABASE_URL)',
      );
    }
  });

  it('is told with the setting that the URL is from', () => {
    const databaseUrlSource = 'databaseUrl in /etc/venue/cluster.config.ts';
    const database = { ...SERVER, databaseUrlSource };
    expect(databaseTrouble(failure('', { code: 'ECONNREFUSED' }), database)).to.match(
      /: start it, or correct databaseUrl in \/etc\/venue\/cluster\.config\.ts$/,
    );
    expect(databaseTrouble(failure('database "x" does not exist', { code: '3D000' }), database)).to.match(
      /; correct databaseUrl in \/etc\/venue\/cluster\.config\.ts$/,
    );
  });

  it('has the usual port where the URL says none', () => {
    const text = databaseTrouble(failure('', { code: 'ETIMEDOUT' }), {
      databaseUrl: 'postgres://db.example/onebook',
    });
    expect(text).to.contain('db.example:5432 cannot be reached (ETIMEDOUT)');
  });

  it('says why it lets nobody in, and no password', () => {
    for (const [code, message] of [
      ['28P01', 'password authentication failed for user "onebook"'],
      ['3D000', 'database "onebook" does not exist'],
    ] as const) {
      const text = databaseTrouble(failure(message, { code }), SERVER);
      expect(text).to.equal(
        `the database server db.example:6543 refuses: ${message}; ` +
          'correct --database-url (ONEBOOK_DATABASE_URL)',
      );
    }
  });

  it('names the file that the password is from, where that or the user is wrong', () => {
    const wrong = failure('password authentication failed for user "onebook"', { code: '28P01' });
    expect(
      databaseTrouble(wrong, { ...SERVER, databasePasswordFile: '/etc/onebook/database.password' }),
    ).to.equal(
      'the database server db.example:6543 refuses: password authentication failed for user "onebook"; correct the ' +
        'password in /etc/onebook/database.password (databasePasswordFile), or the user in databaseUrl',
    );
    const missing = failure('database "onebook" does not exist', { code: '3D000' });
    expect(databaseTrouble(missing, { ...SERVER, databasePasswordFile: '/f' })).to.contain(
      'correct --database-url',
    );
    expect(databaseFailureText(wrong, { ...SERVER, databasePasswordFile: '/f' })).to.contain(
      'correct the password in /f',
    );
  });

  it('that has no connection left is told of as that', () => {
    const text = databaseTrouble(failure('sorry, too many clients already', { code: '53300' }), SERVER);
    expect(text).to.match(
      /^the database server db\.example:6543 has no connection left: raise its max_connections/,
    );
  });

  it('is not blamed for the unknown host of a listener, nor for what is no matter of servers', () => {
    const listener = failure('getaddrinfo ENOTFOUND fix.example', {
      code: 'ENOTFOUND',
      hostname: 'fix.example',
    });
    expect(databaseTrouble(listener, SERVER)).to.equal(undefined);
    expect(databaseTrouble(failure('out of range', { code: '22003' }), SERVER)).to.equal(undefined);
    expect(
      databaseTrouble(failure('refused', { code: 'ECONNREFUSED' }), { databaseUrl: undefined }),
    ).to.equal(undefined);
  });

  it('is what a command that reads rows says, and else the error itself', () => {
    const known = databaseFailureText(
      failure('getaddrinfo ENOTFOUND db.example', { code: 'ENOTFOUND', hostname: 'db.example' }),
      SERVER,
    );
    expect(known).to.contain('db.example:6543 cannot be reached (ENOTFOUND)');
    expect(
      databaseFailureText(new Error('there is no database in ./data/x'), { databaseUrl: undefined }),
    ).to.equal('there is no database in ./data/x');
  });
});

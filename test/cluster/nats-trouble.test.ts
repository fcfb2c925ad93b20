import { expect } from 'chai';
import { natsTrouble } from '../../src/cluster/nats-trouble.ts';

const PLACE = { servers: ['nats://10.0.0.1:4222', 'nats://10.0.0.2:4222'] };
const SERVERS = 'nats://10.0.0.1:4222, nats://10.0.0.2:4222';

describe('a NATS server that cannot be used', () => {
  for (const [words, text] of [
    ['connection refused', `nobody listens at ${SERVERS}: start NATS there, or correct nats.servers`],
    [
      'getaddrinfo ENOTFOUND nats',
      `there is no such name: ${SERVERS} (getaddrinfo ENOTFOUND nats): correct nats.servers`,
    ],
    ['timeout', `${SERVERS} does not answer: start NATS there, or correct nats.servers`],
    [
      'self-signed certificate in certificate chain',
      `${SERVERS} and this node do not agree on TLS (self-signed certificate in certificate chain): check nats.tls`,
    ],
    ['something else', `${SERVERS} cannot be used: something else`],
    ['', `${SERVERS} cannot be used: the connection ended`],
  ] as const) {
    it(`is named with what to do: ${words || 'without a reason'}`, () => {
      expect(natsTrouble(new Error(words), PLACE)).to.equal(text);
    });
  }

  it('that refuses the login is named with who that is, and where it is written', () => {
    const refused = new Error("'Authorization Violation'");
    expect(
      natsTrouble(refused, { ...PLACE, loginText: 'the credentials in /etc/venue/node.creds' }),
    ).to.equal(
      `${SERVERS} refuses the login (the credentials in /etc/venue/node.creds): correct it there or on the server`,
    );
    expect(natsTrouble(refused, PLACE)).to.contain('lets nobody in without a login: set nats.user');
  });
});

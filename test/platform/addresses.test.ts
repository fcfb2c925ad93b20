/** Allow-lists of addresses: what a pattern covers, and how an address is found in what a socket says. */
import { expect } from 'chai';
import { addressAndPort, hostOf, networkOf, parseAddressPatterns } from '../../src/platform/addresses.ts';

function matches(patterns: readonly string[], address: string): boolean {
  const matcher = parseAddressPatterns(patterns);
  if (typeof matcher === 'string') throw new Error(matcher);
  return matcher.matches(address);
}

describe('an address pattern', () => {
  it('covers its address or its network, in both families', () => {
    const patterns = ['192.0.2.7', '10.0.0.0/8', '2001:db8::/32', '::1'];
    for (const inside of ['192.0.2.7', '10.255.0.1', '2001:db8:9::1', '::1', '0:0:0:0:0:0:0:1']) {
      expect(matches(patterns, inside), inside).to.equal(true);
    }
    for (const outside of ['192.0.2.8', '11.0.0.1', '2001:db9::1', '::2', 'localhost', '']) {
      expect(matches(patterns, outside), outside).to.equal(false);
    }
  });

  it('covers an IPv4 address however a socket writes it', () => {
    for (const written of [
      '10.1.2.3',
      '10.1.2.3:9880',
      '::ffff:10.1.2.3',
      '::FFFF:10.1.2.3',
      '::ffff:a01:203',
    ]) {
      expect(matches(['10.1.2.0/24'], written), written).to.equal(true);
      expect(matches(['10.1.3.0/24'], written), written).to.equal(false);
    }
  });

  it('covers a link-local address whatever its interface', () => {
    expect(matches(['fe80::/10'], '[fe80::1%eth0]:9880')).to.equal(true);
  });

  it('keeps the families apart, so that all of IPv6 is not all of IPv4', () => {
    expect(matches(['::/0'], '2001:db8::1')).to.equal(true);
    expect(matches(['::/0'], '192.0.2.1')).to.equal(false);
    expect(matches(['::/0'], '::ffff:192.0.2.1')).to.equal(false);
    expect(matches(['0.0.0.0/0'], '2001:db8::1')).to.equal(false);
    expect(matches(['::ffff:192.0.2.0/120'], '192.0.2.1'), 'mapped by the operator').to.equal(true);
  });

  it('covers nothing when there is none', () => {
    expect(matches([], '127.0.0.1')).to.equal(false);
  });

  it('is refused with its text when it is neither an address nor a network', () => {
    for (const wrong of [
      '10.0.0.0/33',
      '::/129',
      'localhost',
      '10.0.0',
      '10.0.0.0/',
      '',
      'fe80::1%eth0',
      '1.2.3.4:5',
    ]) {
      expect(parseAddressPatterns(['127.0.0.1', wrong]), wrong).to.equal(
        `${JSON.stringify(wrong)} is not an IP address or a network like 192.0.2.0/24 or 2001:db8::/32`,
      );
    }
  });
});

describe('the host of a remote address', () => {
  it('is found with and without a port, and IPv4 is IPv4', () => {
    const hosts = {
      '192.0.2.1:9880': '192.0.2.1',
      '192.0.2.1': '192.0.2.1',
      '[2001:db8::1]:9880': '2001:db8::1',
      '2001:db8::1': '2001:db8::1',
      '::ffff:192.0.2.1': '192.0.2.1',
      '[::ffff:192.0.2.1]:1': '192.0.2.1',
      '::ffff:192.0.2.1:80': '192.0.2.1',
      'unknown:0': 'unknown:0',
    };
    for (const [written, host] of Object.entries(hosts)) expect(hostOf(written), written).to.equal(host);
  });

  it('is what was put in', () => {
    for (const host of ['192.0.2.1', '2001:db8::1', '::1']) {
      expect(hostOf(addressAndPort(host, 9880))).to.equal(host);
    }
    expect(addressAndPort('2001:db8:0:0:0:0:0:1', 1)).to.equal('[2001:db8::1]:1');
    expect(addressAndPort('fe80::1%eth0', 1)).to.equal('[fe80::1%eth0]:1');
    expect(addressAndPort('::ffff:192.0.2.1', 1)).to.equal('192.0.2.1:1');
  });
});

describe('the network of an address', () => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0db8::1:2:3:4:5', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ] as const) {
    it(`${address} is ${network}`, () => {
      expect(networkOf(address)).to.equal(network);
    });
  }
});

/** The PROXY protocol before FIX: its header byte by byte, and a listener behind a load balancer. */
import { expect } from 'chai';
import fc from 'fast-check';
import { MAX_PROXY_HEADER_BYTES, readProxyHeader } from '../../src/fix/proxy-protocol.ts';
import { type AddressMatcher, parseAddressPatterns } from '../../src/platform/addresses.ts';
import { FixVenue, MEMBER } from '../support/fix-venue.ts';
import { Reception, untilClosed } from '../support/reception.ts';
import { until } from '../support/until.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
/** 203.0.113.7:4711 to 10.0.0.1:9880. */
const IPV4_BLOCK = 'cb0071070a00000112672698';
/** [2001:db8::7]:4711 to [2001:db8::1]:9880. */
const IPV6_BLOCK = `20010db8${'0'.repeat(23)}720010db8${'0'.repeat(23)}112672698`;

function header(
  command: number,
  transport: number,
  block: string,
  extensions: Buffer = Buffer.alloc(0),
): Buffer {
  const body = Buffer.concat([Buffer.from(block, 'hex'), extensions]);
  const fixed = Buffer.concat([Buffer.from(SIGNATURE, 'hex'), Buffer.from([command, transport, 0, 0])]);
  fixed.writeUInt16BE(body.length, 14);
  return Buffer.concat([fixed, body]);
}

const PROXY_IPV4 = header(0x21, 0x11, IPV4_BLOCK);

/** An extension (TLV) of type NOOP with so many bytes in all. */
function extension(byteCount: number): Buffer {
  const bytes = Buffer.alloc(byteCount, 0xaa);
  bytes[0] = 0x04;
  bytes.writeUInt16BE(byteCount - 3, 1);
  return bytes;
}

function trusting(...patterns: string[]): AddressMatcher {
  const matcher = parseAddressPatterns(patterns);
  if (typeof matcher === 'string') throw new Error(matcher);
  return matcher;
}

function reasonOf(bytes: Buffer): string {
  const verdict = readProxyHeader(bytes);
  if (verdict.type !== 'Refused') throw new Error(`${verdict.type} instead of a refusal`);
  return verdict.reason;
}

describe('a PROXY protocol header', () => {
  const source = { host: '203.0.113.7', port: 4711 };

  it('names the member’s address, IPv4 or IPv6', () => {
    expect(readProxyHeader(PROXY_IPV4)).to.deep.equal({ type: 'Header', byteCount: 28, source });
    expect(readProxyHeader(header(0x21, 0x21, IPV6_BLOCK))).to.deep.equal({
      type: 'Header',
      byteCount: 52,
      source: { host: '2001:db8:0:0:0:0:0:7', port: 4711 },
    });
  });

  it('names none for a connection of the load balancer itself or of no known kind', () => {
    const own = { type: 'Header', source: undefined };
    expect(readProxyHeader(header(0x20, 0x00, ''))).to.deep.equal({ ...own, byteCount: 16 });
    expect(readProxyHeader(header(0x20, 0x11, IPV4_BLOCK))).to.deep.equal({ ...own, byteCount: 28 });
    expect(readProxyHeader(header(0x21, 0x00, 'ffff'))).to.deep.equal({ ...own, byteCount: 18 });
  });

  it('ends after its extensions, up to 536 bytes', () => {
    const longest = header(0x21, 0x11, IPV4_BLOCK, extension(MAX_PROXY_HEADER_BYTES - 28));
    expect(readProxyHeader(longest)).to.deep.equal({ type: 'Header', byteCount: 536, source });
    const tooLong = header(0x21, 0x11, IPV4_BLOCK, extension(MAX_PROXY_HEADER_BYTES - 27));
    expect(reasonOf(tooLong.subarray(0, 16)), 'before the rest has come').to.equal(
      'a PROXY protocol header of 537 bytes is longer than 536',
    );
  });

  it('is refused with what is wrong with it', () => {
    const cases: readonly (readonly [Buffer, string])[] = [
      [Buffer.from('8=FIX'), 'no PROXY protocol header where the listener expects one'],
      [Buffer.from('PROXY TCP4 203.0.113.7'), 'PROXY protocol version 1 (text) is not supported'],
      [header(0x11, 0x11, IPV4_BLOCK), 'PROXY protocol version 1 is not supported'],
      [header(0x22, 0x11, IPV4_BLOCK), 'PROXY protocol command 2 is unknown'],
      [header(0x21, 0x12, IPV4_BLOCK), 'PROXY protocol transport 0x12 is not TCP'],
      [header(0x21, 0x31, '00'.repeat(216)), 'PROXY protocol transport 0x31 is not TCP'],
      [
        header(0x21, 0x11, IPV4_BLOCK.slice(2)),
        'a PROXY protocol header that is too short for its addresses',
      ],
      [header(0x21, 0x21, IPV4_BLOCK), 'a PROXY protocol header that is too short for its addresses'],
    ];
    for (const [bytes, reason] of cases) expect(reasonOf(bytes)).to.contain(reason);
  });

  it('is the same however its bytes are split', () => {
    const anyHeader = fc.oneof(
      fc.constantFrom(PROXY_IPV4, header(0x21, 0x21, IPV6_BLOCK), header(0x20, 0, '')),
      fc.integer({ min: 3, max: 600 }).map((count) => header(0x21, 0x11, IPV4_BLOCK, extension(count))),
      fc.tuple(fc.integer({ min: 0, max: 27 }), fc.nat(255)).map(([at, value]) => {
        const broken = Buffer.from(PROXY_IPV4);
        broken[at] = value;
        return broken;
      }),
      fc.constantFrom('PROXY TCP4 1.2.3.4', '8=FIX.4.4|').map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(anyHeader, fc.uint8Array({ maxLength: 40 }), (start, after) => {
        const bytes = Buffer.concat([start, after]);
        const whole = readProxyHeader(bytes);
        for (let length = 0; length <= bytes.length; length += 1) {
          const verdict = readProxyHeader(bytes.subarray(0, length));
          if (verdict.type === 'Incomplete') continue;
          expect(verdict).to.deep.equal(whole);
          if (verdict.type === 'Header') expect(length).to.be.at.least(verdict.byteCount);
          return;
        }
        expect(whole.type).to.equal('Incomplete');
      }),
      { numRuns: 500 },
    );
  });
});

describe('a listener behind a load balancer', () => {
  let reception: Reception;
  before(async () => {
    reception = await Reception.open({ trustedProxies: trusting('127.0.0.0/8') });
  });
  after(() => reception.close());
  beforeEach(() => {
    reception.guests.length = 0;
    reception.lines.length = 0;
  });

  it('takes the member’s address from the header, and FIX from the byte after it', async () => {
    const socket = await reception.visit();
    const bytes = Buffer.concat([PROXY_IPV4, Buffer.from('8=FIX.4.4|')]);
    socket.write(bytes);
    const guest = await reception.guest(({ text }) => text !== '');
    expect(guest.text).to.equal('8=FIX.4.4|');
    expect(guest.peer).to.deep.equal({ remoteAddress: '203.0.113.7:4711', certificateSubject: undefined });
    socket.end();
    await until('the end', () => guest.isGone);
  });

  it('takes it when every byte comes alone', async () => {
    const socket = await reception.visit();
    const bytes = Buffer.concat([header(0x21, 0x21, IPV6_BLOCK, extension(9)), Buffer.from('8=F')]);
    for (const byte of bytes) await new Promise((sent) => socket.write(Buffer.from([byte]), sent));
    const guest = await reception.guest(({ text }) => text === '8=F');
    expect(guest.peer.remoteAddress).to.equal('[2001:db8::7]:4711');
  });

  it('keeps the load balancer’s own address for its own connections', async () => {
    const socket = await reception.visit();
    socket.write(header(0x20, 0, ''));
    const guest = await reception.guest();
    expect(guest.peer.remoteAddress).to.equal(`127.0.0.1:${socket.localPort}`);
  });

  it('closes what does not begin with a header, and says what it was', async () => {
    const cases = ['8=FIX.4.4\x019=5\x01', 'PROXY TCP4 203.0.113.7 10.0.0.1 4711 9880\r\n', '\x16\x03\x01'];
    for (const text of cases) {
      const socket = await reception.visit();
      socket.write(Buffer.from(text, 'latin1'));
      await untilClosed(socket);
    }
    const reasons = await Promise.all(cases.map((_, index) => reception.refusal(index)));
    expect(reasons).to.deep.equal([
      'warn: no PROXY protocol header where the listener expects one',
      'warn: PROXY protocol version 1 (text) is not supported: let the load balancer send version 2',
      'warn: no PROXY protocol header where the listener expects one',
    ]);
    expect(reception.guests).to.deep.equal([]);
  });

  it('waits for a header as long as it is told, and no longer', async () => {
    const socket = await reception.visit();
    socket.write(PROXY_IPV4.subarray(0, 27));
    await until('the time limit', () => reception.clock.timerCount === 1);
    reception.clock.advance(4_999);
    expect(reception.refusalCount).to.equal(0);
    reception.clock.advance(1);
    expect(await reception.refusal()).to.equal('warn: no PROXY protocol header within 5000 ms');
    await untilClosed(socket);
    expect(reception.clock.timerCount).to.equal(0);
  });

  it('does not bother operators with probes that say nothing', async () => {
    (await reception.visit()).end();
    expect(await reception.refusal()).to.equal('debug: it ended before FIX began');
  });

  it('closes connections from anywhere but its load balancers', async () => {
    const elsewhere = await Reception.open({ trustedProxies: trusting('192.0.2.0/24') });
    try {
      const socket = await elsewhere.visit();
      socket.write(PROXY_IPV4);
      await untilClosed(socket);
      expect(await elsewhere.refusal()).to.equal('warn: its address is not in trustedProxies');
      expect(elsewhere.guests).to.deep.equal([]);
    } finally {
      await elsewhere.close();
    }
  });

  it('bounds how many connections may be without a header', async () => {
    const small = await Reception.open({
      trustedProxies: trusting('127.0.0.1'),
      limits: { maxPendingHandshakes: 2 },
    });
    try {
      const waiting = [await small.visit(), await small.visit()];
      const third = await small.visit();
      await untilClosed(third);
      expect(await small.refusal()).to.equal('warn: 2 connections have not finished their handshake');
      waiting[0]?.write(PROXY_IPV4);
      await small.guest();
      (await small.visit()).write(PROXY_IPV4);
      await until('the next one', () => small.guests.length === 2);
    } finally {
      await small.close();
    }
  });
});

describe('a member behind a load balancer', () => {
  it('logs on with its own address, not the load balancer’s', async () => {
    const venue = await FixVenue.start({ listener: { trustedProxies: trusting('127.0.0.1') } });
    try {
      const client = await venue.connect();
      client.sendRaw(PROXY_IPV4);
      await client.logon();
      expect(venue.peers).to.deep.equal([
        { remoteAddress: '203.0.113.7:4711', certificateSubject: undefined },
      ]);
      expect(venue.lines.find(({ event }) => event === 'connection opened')).to.have.property(
        'remoteAddress',
        '203.0.113.7:4711',
      );
      await client.logout();
      await until('the session to be over', () => venue.sessionCount === 0);
      expect(venue.stored(MEMBER.senderCompId).nextInSeqNum).to.equal(3);
    } finally {
      await venue.stop();
    }
  });
});

describe('a listener that expects no load balancer', () => {
  it('says so when a PROXY protocol header comes', async () => {
    const reception = await Reception.open();
    try {
      const socket = await reception.visit();
      socket.write(PROXY_IPV4);
      await untilClosed(socket);
      expect(await reception.refusal()).to.equal(
        'warn: a PROXY protocol header on a listener without proxyProtocol',
      );
      expect(reception.guests).to.have.length(1);
      expect(reception.guests[0]).to.include({ text: '', isGone: true });
    } finally {
      await reception.close();
    }
  });
});

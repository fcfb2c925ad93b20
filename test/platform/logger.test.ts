import { expect } from 'chai';
import { createLogger, type LoggerOptions } from '../../src/platform/logger.ts';

function recorder(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({ level: 'debug', pretty: false, write: (line) => lines.push(line), ...options });
  return { log, lines };
}

function parsed(line: string | undefined): { readonly event: string; readonly time: string } {
  return JSON.parse(line ?? '') as { event: string; time: string };
}

describe('the log', () => {
  it('writes one JSON line an event, with the fields of the event and of its origin', () => {
    const { log, lines } = recorder();
    log.with({ sessionId: 's-1' }).info('order accepted', { orderId: 7, notional: 10n ** 30n });
    expect(lines).to.have.length(1);
    expect(lines[0]?.endsWith('\n')).to.equal(true);
    const { time, ...rest } = parsed(lines[0]);
    expect(time).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(rest).to.deep.equal({
      level: 'info',
      event: 'order accepted',
      sessionId: 's-1',
      orderId: 7,
      notional: '1000000000000000000000000000000',
    });
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = recorder({ level: 'warn' });
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines.map((line) => parsed(line).event)).to.deep.equal(['c', 'd']);
    const silent = recorder({ level: 'silent' });
    silent.log.error('e');
    expect(silent.lines).to.deep.equal([]);
  });

  it('never writes a password, a token, a hash or the password of a URL, at any depth or in any error', () => {
    const secrets = {
      password: 'hunter2',
      newPassword: 'hunter2',
      headers: { authorization: 'Bearer hunter2' },
      rows: [{ passwordHash: 'hunter2', password_hash: 'hunter2' }],
      adminToken: 'hunter2',
      url: 'postgres://onebook:hunter2@db/x?password=hunter2',
      error: new Error('cannot reach postgres://onebook:hunt@er2hunter2@db/x', {
        cause: Object.assign(new Error('hidden'), { connectionString: 'hunter2' }),
      }),
      bytes: Buffer.from('hunter2'),
    };
    for (const pretty of [false, true]) {
      const { log, lines } = recorder({ pretty });
      log.info('x', secrets);
      log.with(secrets).error('y');
      expect(lines).to.have.length(2);
      expect(lines.join('')).to.contain('[redacted]').and.not.contain('hunter2');
    }
  });

  it('writes a line for a person when the output is a terminal', () => {
    const { log, lines } = recorder({ pretty: true });
    log.warn('book halted', { symbol: 'AAPL' });
    expect(lines[0]).to.contain('WARN').and.contain('book halted').and.contain('AAPL');
    expect(() => JSON.parse(lines[0] ?? '') as unknown).to.throw(SyntaxError);
  });
});

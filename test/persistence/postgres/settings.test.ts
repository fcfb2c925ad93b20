import { expect } from 'chai';
import { EmbeddedPostgresError } from '../../../src/persistence/postgres/errors.ts';
import { checkSettings, renderSettings } from '../../../src/persistence/postgres/settings.ts';

function lineOf(text: string, name: string): readonly string[] {
  return text.split('\n').filter((line) => line.startsWith(`${name} =`));
}

describe('settings of the embedded Postgres', () => {
  it('give way to the configured ones', () => {
    const text = renderSettings({ shared_buffers: '1GB' }, 5432, 'build');
    expect(lineOf(text, 'shared_buffers')).to.deep.equal(["shared_buffers = '1GB'"]);
  });

  it('are quoted, so that a value cannot become a setting of its own', () => {
    const text = renderSettings({ search_path: "o'clock\\" }, 5432, 'build');
    expect(lineOf(text, 'search_path')).to.deep.equal(["search_path = 'o''clock\\\\'"]);
  });

  it('never weaken durability or open another address', () => {
    const text = renderSettings({ fsync: 'off', listen_addresses: '*' }, 5432, 'build');
    expect(lineOf(text, 'fsync')).to.deep.equal(["fsync = 'on'"]);
    expect(lineOf(text, 'listen_addresses')).to.deep.equal(["listen_addresses = '127.0.0.1'"]);
  });

  it('are refused before anything starts when they are not the operator’s to set', () => {
    const faulty: Record<string, string>[] = [
      { fsync: 'off' },
      { port: '5432' },
      { unix_socket_directories: '/tmp' },
      { 'work mem': '8MB' },
      { Work_Mem: '8MB' },
      { work_mem: '8MB\nfsync = off' },
    ];
    for (const settings of faulty) {
      expect(() => checkSettings(settings), JSON.stringify(settings)).to.throw(EmbeddedPostgresError);
    }
    expect(() => checkSettings({ work_mem: '8MB', 'auto_explain.log_format': 'json' })).not.to.throw();
  });
});

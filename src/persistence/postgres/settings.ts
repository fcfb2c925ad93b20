/**
 * What the embedded Postgres runs with. The venue writes all of it to `onebook.conf` in the cluster at every
 * start; the three settings on which "acknowledged means durable" rests are given on the command line besides,
 * where no file of the cluster can override them.
 */
import { EmbeddedPostgresError } from './errors.ts';

/** Name of the settings file, which `postgresql.conf` includes. */
export const SETTINGS_FILE = 'onebook.conf';

/** Settings without which an acknowledgement would be a guess. Never configurable. */
export const DURABILITY: Readonly<Record<string, string>> = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
};

/** Where the server listens and what it reads are the venue's business: an override would break supervision. */
const RESERVED = new Set([
  ...Object.keys(DURABILITY),
  'allow_alter_system',
  'cluster_name',
  'config_file',
  'data_directory',
  'external_pid_file',
  'hba_file',
  'ident_file',
  'lc_messages',
  'listen_addresses',
  'logging_collector',
  'port',
  'unix_socket_directories',
]);

/** For a machine with two cores and a few GB of memory that it shares with the venue. */
const DEFAULTS: Readonly<Record<string, string>> = {
  shared_buffers: '256MB',
  max_connections: '50',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  jit: 'off',
  wal_compression: 'on',
  // What a crash of the server costs at most: so much log is replayed before it answers, at 120 to 270 MB/s.
  max_wal_size: '1GB',
  min_wal_size: '256MB',
  checkpoint_timeout: '15min',
  checkpoint_completion_target: '0.9',
  // The tables that change most are small and hot, or append-only and large: look often, work early.
  autovacuum_naptime: '30s',
  autovacuum_worker_slots: '4',
  autovacuum_max_workers: '2',
  autovacuum_vacuum_scale_factor: '0.05',
  autovacuum_analyze_scale_factor: '0.05',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
  // Statements carry members' orders and, in tools, passwords: an error is logged without its statement.
  log_min_error_statement: 'panic',
};

/** A setting's name: letters, digits, underscores, and a dot for those of an extension. */
const NAME = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/;

/**
 * Checks an operator's settings before anything is started.
 *
 * @throws EmbeddedPostgresError naming the first one that is malformed or is not the operator's to set.
 */
export function checkSettings(settings: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(settings)) {
    if (!NAME.test(name)) {
      throw new EmbeddedPostgresError(
        `the database setting ${JSON.stringify(name)} is no Postgres setting: use lower-case names`,
      );
    }
    if (RESERVED.has(name)) {
      throw new EmbeddedPostgresError(`the database setting ${name} is fixed by the venue: remove it`);
    }
    if (/[\r\n\0]/.test(value)) {
      throw new EmbeddedPostgresError(
        `the database setting ${name} has a line break in its value: remove it`,
      );
    }
  }
}

/**
 * The text of `onebook.conf`. It also names the server's build, so that a running server can be compared by
 * text with the one that would be started.
 */
export function renderSettings(
  settings: Readonly<Record<string, string>>,
  port: number,
  build: string,
): string {
  const all: Record<string, string> = {
    ...DEFAULTS,
    ...settings,
    ...DURABILITY,
    listen_addresses: '127.0.0.1',
    port: String(port),
    // A socket path may have 107 bytes only, and TCP with a password is enough.
    unix_socket_directories: '',
    cluster_name: 'onebook',
    allow_alter_system: 'off',
    lc_messages: 'C',
    logging_collector: 'off',
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = '${quote(value)}'`);
  return [`# Written by the venue at every start: changes are lost.`, `# ${build}`, ...lines, ''].join('\n');
}

/** Command line options that no configuration file can override. */
export function durabilityArguments(): string[] {
  return Object.entries(DURABILITY).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function quote(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll("'", "''");
}

/** The dependency rule of the folders under src/: reads what a file imports and names what it must not. */

/** What the files of one folder may import: other folders or files of src/, and packages. */
interface Rule {
  /** Folders (`matching/`) or files (`platform/assert.ts`), relative to src/. */
  readonly imports: readonly string[];
  /** The same, but only with `import type`, which leaves nothing at run time. */
  readonly types?: readonly string[];
  readonly packages?: readonly string[];
}

/** Of files that may do more than their folder. */
const FILE_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'fix/acceptor.ts': ['node:net', 'node:tls', 'node:crypto'],
  'fix/socket-connection.ts': ['node:net'],
  'fix/tls.ts': ['node:crypto', 'node:fs', 'node:tls'],
  'fix/dictionary.ts': ['fixparser'],
  'fix/dictionary-editions.ts': ['fixparser'],
  'fix/tags.ts': ['fixparser'],
  'actors/actor-system.ts': ['nact'],
};

/** May import everything: they wire the parts together. */
const WIRING = new Set(['node.ts', 'main.ts']);
/** The parts of node.ts. */
const WIRING_FOLDER = 'node/';

const RULES: Readonly<Record<string, Rule>> = {
  platform: {
    imports: [],
    // The calendar is the implementation of a port.
    types: ['actors/ports.ts'],
    packages: ['node:', 'pino', 'pino-pretty', '@node-rs/argon2'],
  },
  matching: { imports: ['platform/'] },
  accounts: { imports: ['matching/', 'platform/'] },
  fix: { imports: ['matching/', 'platform/'] },
  entities: { imports: [], types: ['matching/'], packages: ['@mikro-orm/'] },
  persistence: {
    imports: [
      'entities/',
      'matching/',
      'accounts/',
      'platform/',
      'actors/ports.ts',
      'cluster/clock-offset.ts',
      'cluster/membership.ts',
      'cluster/node-id.ts',
      'cluster/ownership-plan.ts',
      'fix/member-settings.ts',
      'fix/session-schedule.ts',
    ],
    types: ['actors/protocol.ts', 'fix/connection.ts'],
    packages: ['@mikro-orm/', 'kysely', 'pg', 'node:'],
  },
  actors: { imports: ['matching/', 'accounts/', 'fix/', 'platform/'] },
  cluster: {
    imports: ['accounts/', 'actors/', 'fix/', 'matching/', 'platform/'],
    packages: ['@nats-io/', 'dns-packet', 'pg', 'node:'],
  },
  metrics: { imports: ['actors/', 'fix/', 'matching/', 'platform/'], packages: ['prom-client', 'node:'] },
  admin: {
    imports: [
      'entities/',
      'matching/',
      'accounts/',
      'platform/',
      'actors/ports.ts',
      'cluster/clock-offset.ts',
      'cluster/config-digest.ts',
      'cluster/membership.ts',
      'cluster/node-id.ts',
      'cluster/ownership-plan.ts',
      'cluster/placement.ts',
      'fix/session-schedule.ts',
    ],
    types: ['actors/protocol.ts', 'cluster/link.ts'],
    packages: ['fastify', '@mikro-orm/', 'node:'],
  },
  config: {
    imports: ['cluster/dns/limits.ts', 'fix/session-limits.ts', 'matching/', 'platform/'],
    packages: ['node:'],
  },
  cli: { imports: ['admin/', 'config/', 'demo/', 'fix/', 'platform/'], packages: ['commander', 'node:'] },
  demo: {
    imports: ['admin/', 'cli/', 'config/', 'fix/', 'matching/', 'persistence/postgres/', 'platform/'],
    packages: ['pg', 'node:'],
  },
};

/** Files that a folder must not import, although it may import their folder. */
const SOCKET_FILES = new Set(['fix/acceptor.ts', 'fix/socket-connection.ts', 'fix/tls.ts']);

const NONDETERMINISM = /\b(?:Date\.now|Math\.random|setTimeout|setInterval|performance\.now)\b|new Date\(\)/;

const IMPORT_STATEMENT = /^(?:import|export)\s+(type\s+)?(?:[^'";`]*?\sfrom\s+)?'([^']+)'/gm;
const IMPORT_CALL = /\bimport\(\s*'([^']+)'\s*\)/g;

/**
 * The breaches of the rule in one file, each a sentence with the file and the import; none when it is kept. `path`
 * is relative to src/, with forward slashes.
 */
export function breachesIn(path: string, source: string): string[] {
  if (WIRING.has(path) || path.startsWith(WIRING_FOLDER)) return [];
  const folder = path.split('/')[0] ?? '';
  const rule = RULES[folder];
  if (rule === undefined || !path.includes('/')) return [`src/${path} is in no folder that has a rule`];
  const breaches: string[] = [];
  for (const { target, isType } of importsOf(source)) {
    const isAllowed = target.startsWith('.')
      ? mayImportFile(folder, rule, resolvePath(path, target), isType)
      : mayImportPackage(path, rule, target);
    if (!isAllowed) breaches.push(`src/${path} must not import ${isType ? 'even types of ' : ''}${target}`);
  }
  if (folder !== 'platform') {
    const found = NONDETERMINISM.exec(source);
    if (found !== null) breaches.push(`src/${path} must not use ${found[0]}: it belongs in src/platform`);
  }
  return breaches;
}

function importsOf(source: string): { readonly target: string; readonly isType: boolean }[] {
  const statements = [...source.matchAll(IMPORT_STATEMENT)].map(([, type, target]) => ({
    target: target ?? '',
    isType: type !== undefined,
  }));
  const calls = [...source.matchAll(IMPORT_CALL)].map(([, target]) => ({
    target: target ?? '',
    isType: false,
  }));
  return [...statements, ...calls];
}

function mayImportFile(folder: string, rule: Rule, target: string, isType: boolean): boolean {
  if (target.startsWith(`${folder}/`)) return true;
  if (SOCKET_FILES.has(target)) return false;
  const allowed = isType ? [...rule.imports, ...(rule.types ?? [])] : rule.imports;
  return allowed.some((one) => (one.endsWith('/') ? target.startsWith(one) : target === one));
}

function mayImportPackage(path: string, rule: Rule, target: string): boolean {
  const allowed = [...(rule.packages ?? []), ...(FILE_PACKAGES[path] ?? [])];
  return allowed.some((one) =>
    /[:/]$/.test(one) ? target.startsWith(one) : target === one || target.startsWith(`${one}/`),
  );
}

/** `../matching/types.ts` as seen from `fix/messages/blocks.ts`, relative to src/. */
function resolvePath(from: string, target: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

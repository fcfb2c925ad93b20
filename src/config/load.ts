/**
 * Finds and loads cluster.config.ts and resolves one node's configuration: the part of the configuration that
 * touches files.
 */
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { redactUrls } from '../platform/redact.ts';
import { isObject, settingOf } from './checks.ts';
import { BUILT_IN_CLUSTER } from './cluster.ts';
import {
  type ConfigError,
  DEFAULT_NODE,
  type Environment,
  flagFaults,
  fromFlagOrEnv,
  type NodeConfig,
  resolveNodeConfig,
  type StartFlags,
  unknownNode,
} from './node-config.ts';
import { readCluster } from './read-cluster.ts';
import { filesOf, type Purpose, readSecrets, unreadable } from './secrets.ts';
import { configWarnings } from './warnings.ts';

/** Looked for in the working directory when `--config` and ONEBOOK_CONFIG are not given; the first one wins. */
const CONFIG_FILES = ['cluster.config.ts', 'cluster.config.js', 'cluster.config.mjs'];

/** What the file exports, not judged yet. */
interface LoadedCluster {
  readonly exported: unknown;
  readonly file: string;
  readonly dir: string;
}

/**
 * The configuration of the node that flags and environment name, or everything that is wrong with it: in the file, the
 * flags and the variables, and with the files that this node needs for the purpose. Without a file in the working
 * directory, and none asked for, the built-in node `local` is used.
 */
export async function loadNodeConfig(
  flags: StartFlags,
  env: Environment,
  workingDir: string,
  purpose: Purpose = 'node',
): Promise<NodeConfig | ConfigError[]> {
  const asked = fromFlagOrEnv('config', flags, env)?.text;
  const nodeName = fromFlagOrEnv('node', flags, env)?.text ?? DEFAULT_NODE;
  const loaded = await loadCluster(asked, workingDir);
  if (Array.isArray(loaded)) return [...loaded, ...flagFaults(flags, env)];
  const { exported, file: clusterFile, dir: clusterDir } = loaded;
  const { secrets, faults } = readSecrets(exported, env, purpose, clusterDir);
  const unread = purpose === 'node' ? unreadable(filesOf(exported, nodeName, clusterDir)) : [];
  const fileFaults = [...unread, ...faults].map((fault) => ({ message: `${clusterFile}: ${fault}` }));
  const cluster = readCluster(exported, clusterFile, env);
  if (Array.isArray(cluster)) {
    const nodes = settingOf(exported, 'nodes');
    const missing = isObject(nodes) ? unknownNode({ nodeName, clusterFile }, Object.keys(nodes)) : [];
    return [...cluster, ...fileFaults, ...missing, ...flagFaults(flags, env)];
  }
  const sources = { flags, env, cluster, clusterFile, clusterDir, workingDir, nodeName, purpose, secrets };
  const config = resolveNodeConfig(sources);
  if (Array.isArray(config)) return [...fileFaults, ...config];
  if (fileFaults.length > 0) return fileFaults;
  const warnings = purpose === 'node' ? configWarnings({ exported, nodeName, clusterDir, env }) : [];
  return warnings.length === 0
    ? config
    : { ...config, warnings: warnings.map((warning) => `${clusterFile}: ${warning}`) };
}

async function loadCluster(
  asked: string | undefined,
  workingDir: string,
): Promise<LoadedCluster | ConfigError[]> {
  if (asked !== undefined) {
    const path = resolve(workingDir, asked);
    if (!existsSync(path)) return [{ message: `there is no configuration file ${path} (--config)` }];
    if (statSync(path).isDirectory()) {
      return [{ message: `${path} is a directory: name the configuration file in it (--config)` }];
    }
    return importCluster(path);
  }
  const found = CONFIG_FILES.map((name) => resolve(workingDir, name)).find((path) => existsSync(path));
  if (found !== undefined) return importCluster(found);
  return { exported: BUILT_IN_CLUSTER, file: 'the built-in configuration', dir: workingDir };
}

async function importCluster(path: string): Promise<LoadedCluster | ConfigError[]> {
  let exported: unknown;
  try {
    const module: { readonly default?: unknown } = await import(pathToFileURL(path).href);
    exported = module.default;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const firstLine = redactUrls(reason).split('\n')[0] ?? '';
    return [{ message: `${path}${lineOf(error, path)} does not load: ${firstLine}` }];
  }
  if (exported === undefined) {
    return [{ message: `${path} has no default export; write: export default defineCluster({ … })` }];
  }
  return { exported, file: path, dir: dirname(path) };
}

/** `:3`: the line of the file in which it went wrong; empty where Node does not say. */
function lineOf(error: unknown, path: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const name of [path, pathToFileURL(path).href]) {
    const [, after = ''] = stack.split(`${name}:`);
    const [line] = /^\d+/.exec(after) ?? [];
    if (line !== undefined) return `:${line}`;
  }
  return '';
}

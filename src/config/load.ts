/**
 * Finds and loads cluster.config.ts and resolves one node's configuration: the part of the configuration that
 * touches files.
 */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { redactUrls } from '../platform/redact.ts';
import { BUILT_IN_CLUSTER, type ClusterConfig } from './cluster.ts';
import {
  type ConfigError,
  DEFAULT_NODE,
  type Environment,
  fromFlagOrEnv,
  type NodeConfig,
  resolveNodeConfig,
  type StartFlags,
} from './node-config.ts';
import { readCluster } from './read-cluster.ts';

/** Looked for in the working directory when `--config` and ONEBOOK_CONFIG are not given; the first one wins. */
const CONFIG_FILES = ['cluster.config.ts', 'cluster.config.js', 'cluster.config.mjs'];

interface LoadedCluster {
  readonly cluster: ClusterConfig;
  readonly file: string;
  readonly dir: string;
}

/**
 * The configuration of the node that flags and environment name. Without a file in the working directory, and
 * none asked for, the built-in node `local` is used.
 */
export async function loadNodeConfig(
  flags: StartFlags,
  env: Environment,
  workingDir: string,
): Promise<NodeConfig | ConfigError[]> {
  const asked = fromFlagOrEnv('config', flags, env)?.text;
  const loaded = await loadCluster(asked, workingDir);
  if (Array.isArray(loaded)) return loaded;
  return resolveNodeConfig({
    flags,
    env,
    cluster: loaded.cluster,
    clusterFile: loaded.file,
    clusterDir: loaded.dir,
    workingDir,
    nodeName: fromFlagOrEnv('node', flags, env)?.text ?? DEFAULT_NODE,
  });
}

async function loadCluster(
  asked: string | undefined,
  workingDir: string,
): Promise<LoadedCluster | ConfigError[]> {
  if (asked !== undefined) {
    const path = resolve(workingDir, asked);
    if (!existsSync(path)) return [{ message: `there is no configuration file ${path} (--config)` }];
    return importCluster(path);
  }
  const found = CONFIG_FILES.map((name) => resolve(workingDir, name)).find((path) => existsSync(path));
  if (found !== undefined) return importCluster(found);
  return { cluster: BUILT_IN_CLUSTER, file: 'the built-in configuration', dir: workingDir };
}

async function importCluster(path: string): Promise<LoadedCluster | ConfigError[]> {
  let exported: unknown;
  try {
    const module: { readonly default?: unknown } = await import(pathToFileURL(path).href);
    exported = module.default;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const firstLine = redactUrls(reason).split('\n')[0] ?? '';
    return [{ message: `${path} does not load: ${firstLine}` }];
  }
  if (exported === undefined) {
    return [{ message: `${path} has no default export; write: export default defineCluster({ … })` }];
  }
  const cluster = readCluster(exported, path);
  return Array.isArray(cluster) ? cluster : { cluster, file: path, dir: dirname(path) };
}

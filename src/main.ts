#!/usr/bin/env node
/** The command line's way in. Loads what a command needs when it runs, so that the small ones start fast. */
import { readFileSync } from 'node:fs';
import { type DemoOptions, runProgram } from './cli/program.ts';

// Warnings of the runtime are not for operators; `start` puts those that matter into its log.
process.removeAllListeners('warning');

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read our output (head, a closed terminal) has seen enough.
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

process.exitCode = await runProgram(process.argv.slice(2), readVersion(), {
  startNode: async () => (await import('./node.ts')).startNode,
  demo: async () => (options) => (options.cluster === true ? clusterDemo(options) : demo(options)),
  reconcile: async () => (await import('./persistence/reconcile/run.ts')).reconcileDatabase,
  verifyAudit: async () => (await import('./persistence/audit-chain/verify.ts')).verifyAuditDatabase,
  retention: async () => (await import('./persistence/retention/database.ts')).retentionDatabase,
  backup: async () => (await import('./persistence/backup/run.ts')).backupDatabase,
});

async function demo(options: DemoOptions): Promise<number> {
  const [program, { startNode }] = await Promise.all([import('./cli/demo.ts'), import('./node.ts')]);
  return program.demo(options, startNode);
}

async function clusterDemo(options: DemoOptions): Promise<number> {
  const [program, { startEmbeddedPostgres }, { reconcileDatabase }] = await Promise.all([
    import('./demo/cluster/demo.ts'),
    import('./persistence/embedded-postgres.ts'),
    import('./persistence/reconcile/run.ts'),
  ]);
  const parts = { startPostgres: startEmbeddedPostgres, reconcile: reconcileDatabase };
  return program.clusterDemo(options, parts);
}

/** From package.json: beside src/, or beside dist/ when built. */
function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        version: string;
      };
      return version;
    } catch {
      // The other one.
    }
  }
  return 'unknown';
}

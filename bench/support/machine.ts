/** On what was measured: a figure without it cannot be compared with anything. */
import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

/** The machine, and the program that ran on it. */
export interface Machine {
  readonly cpuModel: string;
  readonly cpuCount: number;
  readonly memoryGiB: number;
  readonly nodeVersion: string;
  /** `unknown` outside of a git checkout. */
  readonly commit: string;
  /** Whether files differ from the commit. */
  readonly isDirty: boolean;
  /** Runnable processes over the last minute, before the benchmark began: on an idle machine about 0. */
  readonly loadBefore: number;
}

const BYTES_PER_GIB = 1024 ** 3;

/** Describes this machine and the checkout in `directory`. */
export function describeMachine(directory: string): Machine {
  const processors = cpus();
  const commit = git(directory, 'rev-parse', '--short=12', 'HEAD');
  return {
    cpuModel: processors[0]?.model.trim() ?? 'unknown',
    cpuCount: processors.length,
    memoryGiB: Math.round((totalmem() / BYTES_PER_GIB) * 10) / 10,
    nodeVersion: process.version,
    commit: commit ?? 'unknown',
    isDirty: commit !== undefined && git(directory, 'status', '--porcelain') !== '',
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

function git(directory: string, ...args: string[]): string | undefined {
  try {
    return execFileSync('git', ['-C', directory, ...args], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}

const PAGE_BYTES = 8192;
const SYNC_COUNT = 200;

/** Mean cost in µs of writing one page and syncing it, in `directory`: what the disk asks for durability. */
export function measureFdatasyncUs(directory: string): number {
  const path = join(directory, 'fdatasync.tmp');
  const file = openSync(path, 'w');
  try {
    const page = Buffer.alloc(PAGE_BYTES, 1);
    // As a log segment is: written before, so that syncing it moves no metadata.
    for (let index = 0; index < SYNC_COUNT; index += 1) writeSync(file, page);
    fsyncSync(file);
    const begunMs = performance.now();
    for (let index = 0; index < SYNC_COUNT; index += 1) {
      writeSync(file, page, 0, PAGE_BYTES, index * PAGE_BYTES);
      fdatasyncSync(file);
    }
    return ((performance.now() - begunMs) * 1000) / SYNC_COUNT;
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

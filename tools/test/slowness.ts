import { execFile } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';

/** What `probe` took on a quiet machine of two cores. */
const QUIET_MS = 310;
const PROBES = 2;

/**
 * How much slower than a quiet machine of two cores this one is now: at least 1. Deadlines of tests are multiplied by it, and
 * nothing else is; a test that asserts a rate states its tolerance by what it measured itself.
 */
export async function measureSlowness(): Promise<number> {
  let fastest = Infinity;
  for (let n = 0; n < PROBES; n += 1) fastest = Math.min(fastest, await probe());
  return Math.max(1, Math.round((fastest / QUIET_MS) * 10) / 10);
}

/** Much of what a test waits for: a process starts, and computes, while another one does. */
async function probe(): Promise<number> {
  const work = 'let x = 0; for (let n = 0; n < 5e7; n += 1) x = (x * 31 + n) | 0; process.exit(x === 1 ? 1 : 0)';
  const begin = performance.now();
  await Promise.all([0, 1].map(() => promisify(execFile)(process.execPath, ['-e', work])));
  return performance.now() - begin;
}

import { relative } from 'node:path';
import { repositoryRoot } from '../stack/repository';

/** What jest's `--json` says, as far as it is used here. */
export interface JestResult {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  /** Files that broke before any of their tests could run. */
  numRuntimeErrorTestSuites: number;
  success: boolean;
  /** A file each; times in milliseconds since 1970. */
  testResults: { name: string; startTime: number; endTime: number }[];
}

export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

export const NOTHING: Totals = { passed: 0, failed: 0, skipped: 0 };

const SLOWEST = 10;

/** Adds a run; one that left no result at all (it crashed, or was ended) counts as a failure, and so does a file that broke. */
export function add(totals: Totals, result: JestResult | undefined): Totals {
  if (!result) return { ...totals, failed: totals.failed + 1 };
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  // Jest also fails for reasons it counts nowhere, an obsolete snapshot with --ci for one.
  const uncounted = failed === 0 && !result.success ? 1 : 0;
  return {
    passed: totals.passed + result.numPassedTests,
    failed: totals.failed + failed + uncounted,
    skipped: totals.skipped + result.numPendingTests + result.numTodoTests,
  };
}

/** Seconds of each suite, by folder, then the slowest ones and the whole. */
export function durations(results: (JestResult | undefined)[], totalMs: number): string {
  const suites = results
    .flatMap((result) => result?.testResults ?? [])
    .map(({ name, startTime, endTime }) => ({ name: relative(repositoryRoot(), name), ms: endTime - startTime }));
  const line = ({ name, ms }: { name: string; ms: number }) => `${(ms / 1000).toFixed(1).padStart(8)} s  ${name}`;
  const byName = suites.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(line);
  const slowest = suites
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, SLOWEST)
    .map(line);
  const whole = `${suites.length} suites in ${(totalMs / 1000).toFixed(0)} s`;
  return ['seconds per suite:', ...byName, `the slowest ${slowest.length}:`, ...slowest, whole].join('\n');
}

/** The last line of every run. */
export function closingLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

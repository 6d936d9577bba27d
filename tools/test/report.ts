/** What jest's `--json` says, as far as it is used here. */
export interface JestResult {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  /** Files that broke before any of their tests could run. */
  numRuntimeErrorTestSuites: number;
  success: boolean;
}

export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

export const NOTHING: Totals = { passed: 0, failed: 0, skipped: 0 };

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

/** The last line of every run. */
export function closingLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

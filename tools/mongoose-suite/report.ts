/** What is used of mocha's JSON report. */
export interface SuiteResult {
  stats: { passes: number; failures: number; pending: number };
  failures: { fullTitle: string; err: { message?: string } }[];
}

const LONGEST_REASON = 120;

/** The failed tests by name, and the share that passed of those that ran; none ran counts as none passed. */
export function report({ stats, failures }: SuiteResult): { lines: string[]; share: number } {
  const ran = stats.passes + stats.failures;
  const share = ran === 0 ? 0 : stats.passes / ran;
  const reasons = failures.map(({ fullTitle, err }) => {
    const [reason = ''] = (err.message ?? '').split('\n');
    return `  ${fullTitle}: ${reason.slice(0, LONGEST_REASON)}`;
  });
  const summary = `mongoose's own tests: ${stats.passes} of ${ran} pass, ${(share * 100).toFixed(2)} % (${stats.pending} not run)`;
  return { lines: [...reasons, summary], share };
}

import { report } from './report';

describe('report', () => {
  it('counts the share of those that ran, and names each failure by the first line of its reason', () => {
    const { lines, share } = report({
      stats: { passes: 197, failures: 3, pending: 10 },
      failures: [{ fullTitle: 'model saves', err: { message: 'no such command\nat x' } }],
    });
    expect(share).toBeCloseTo(0.985);
    expect(lines).toEqual([
      '  model saves: no such command',
      "mongoose's own tests: 197 of 200 pass, 98.50 % (10 not run)",
    ]);
  });

  it('takes a run of nothing for a failure', () => {
    expect(report({ stats: { passes: 0, failures: 0, pending: 5 }, failures: [] }).share).toBe(0);
  });
});

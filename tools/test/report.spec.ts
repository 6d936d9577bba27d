import { add, closingLine, NOTHING, type JestResult } from './report';

const result = (more: Partial<JestResult>): JestResult => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  success: true,
  ...more,
});

describe('the closing line', () => {
  it('sums the runs and names skipped tests only when there are some', () => {
    const once = add(NOTHING, result({ numPassedTests: 3 }));
    expect(closingLine(once)).toBe('3 passed, 0 failed');
    const twice = add(
      once,
      result({ numPassedTests: 2, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1, success: false }),
    );
    expect(closingLine(twice)).toBe('5 passed, 1 failed, 2 skipped');
  });

  it('counts a file that could not run, a run without a result, and a failure jest does not count', () => {
    expect(add(NOTHING, result({ numRuntimeErrorTestSuites: 1, success: false })).failed).toBe(1);
    expect(add(NOTHING, undefined).failed).toBe(1);
    expect(add(NOTHING, result({ numPassedTests: 1, success: false })).failed).toBe(1);
  });
});

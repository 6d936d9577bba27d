import { join } from 'node:path';
import { repositoryRoot } from '../stack/repository';
import { add, closingLine, durations, NOTHING, type JestResult } from './report';

const result = (more: Partial<JestResult>): JestResult => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  success: true,
  testResults: [],
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

describe('the durations', () => {
  const suite = (name: string, seconds: number) => ({
    name: join(repositoryRoot(), name),
    startTime: 5_000,
    endTime: 5_000 + seconds * 1_000,
  });

  it('name every suite of every run, and the slowest ten again', () => {
    const quick = Array.from({ length: 10 }, (_, at) => suite(`test/e2e/quick-${at}.spec.ts`, 1 + at / 10));
    const slow = suite('test/faults/slow.spec.ts', 61.25);
    const lines = durations([result({ testResults: quick }), undefined, result({ testResults: [slow] })], 90_400).split(
      '\n',
    );
    expect(lines.filter((line) => line.endsWith('quick-0.spec.ts'))).toEqual(['     1.0 s  test/e2e/quick-0.spec.ts']);
    const slowest = lines.slice(lines.indexOf('the slowest 10:') + 1, -1);
    expect(slowest).toHaveLength(10);
    expect(slowest[0]).toBe('    61.3 s  test/faults/slow.spec.ts');
    expect(lines.at(-1)).toBe('11 suites in 90 s');
  });
});

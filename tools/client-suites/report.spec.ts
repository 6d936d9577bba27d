import { report, type EngineLimit, type MochaResult } from './report';

const limits: EngineLimit[] = [{ feature: 'capped collections', code: 115, tests: ['capped: creation'] }];
const options = { limits, folderOf: (file: string) => file.split('/')[0]! };

function result(failures: MochaResult['failures'], passes = 197): MochaResult {
  return {
    passes: Array.from({ length: passes }, (_, i) => ({ fullTitle: `passes ${i}`, file: 'crud/find.js' })),
    pending: [{ fullTitle: 'later' }],
    failures,
  };
}

describe('report', () => {
  it('names failures by the first line of their reason, apart from what the engine cannot do', () => {
    const { lines, share, explained } = report(
      result([
        { fullTitle: 'model saves', file: 'gridfs/a.js', err: { message: 'no such command\nat x' } },
        { fullTitle: 'collections: capped: creation', file: 'crud/a.js', err: { message: 'not supported', code: 115 } },
      ]),
      options,
    );
    expect(share).toBeCloseTo(197 / 198);
    expect(explained).toBe(1);
    expect(lines).toEqual([
      'by folder, passed of those that ran:',
      '  crud: 197 of 198',
      '  gridfs: 0 of 1',
      'the engine cannot (1):',
      '  capped collections, code 115 (1):',
      '    collections: capped: creation: not supported',
      'other failures (1):',
      '    model saves: no such command',
      'no test lost to a failing hook',
      '197 of 198 pass, 99.49 %, beside 1 that the engine cannot (1 not run)',
    ]);
  });

  it('excuses no failure with another code than the refusal', () => {
    const failure = { fullTitle: 'collections: capped: creation', err: { message: 'internal', code: 1 } };
    expect(report(result([failure]), options).explained).toBe(0);
  });

  it('excuses a failed assertion where the limit says so by its message, or says that there is no refusal', () => {
    const failure = { fullTitle: 'sorts', err: { message: "'no $where' == 'late'", code: 'ERR_ASSERTION' } };
    const explained = (limit: Partial<EngineLimit>) =>
      report(result([failure]), { ...options, limits: [{ feature: 'x', tests: ['sorts'], ...limit }] }).explained;
    expect(explained({ code: 2 })).toBe(0);
    expect(explained({ message: 'no $where' })).toBe(1);
    expect(explained({ message: 'capped' })).toBe(0);
    expect(explained({})).toBe(1);
  });

  it('counts hooks that failed, for the tests behind them are lost unnoticed', () => {
    const failure = {
      fullTitle: 'x "after each" hook for "capped: creation"',
      err: { message: 'deadlock', code: 115 },
    };
    const { failedHooks, explained, lines } = report(result([failure]), options);
    expect({ failedHooks, explained }).toEqual({ failedHooks: 1, explained: 0 });
    expect(lines).toContain('1 hooks failed: the tests after them did not run and are not counted');
  });

  it('excuses a hook only where the limit names it', () => {
    const tests = ['tailable "before each" hook'];
    const failure = {
      fullTitle: 'tailable "before each" hook for "waits"',
      err: { message: 'not supported', code: 115 },
    };
    const { failedHooks, explained } = report(result([failure]), {
      ...options,
      limits: [{ feature: 'capped collections', code: 115, tests }],
    });
    expect({ failedHooks, explained }).toEqual({ failedHooks: 0, explained: 1 });
  });

  it('takes a run of nothing for a failure', () => {
    expect(report(result([], 0), options).share).toBe(0);
  });
});

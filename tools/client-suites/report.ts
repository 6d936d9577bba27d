/** What is used of mocha's JSON report. */
export interface MochaResult {
  passes: MochaTest[];
  pending: MochaTest[];
  failures: (MochaTest & { err: { message?: string; code?: unknown } })[];
}

interface MochaTest {
  fullTitle: string;
  file?: string;
}

/** Something that the engine cannot do, and the tests that ask for it. */
export interface EngineLimit {
  feature: string;
  /** MongoDB's code of the refusal, which the failure must have. */
  code?: number;
  /** Where a test wraps the refusal in an assertion: a part of its message. With neither, the engine answers otherwise than MongoDB. */
  message?: string;
  /** Parts of the tests' full titles. A hook that fails is explained only by a part that names the hook. */
  tests: readonly string[];
}

export interface SuiteReport {
  lines: string[];
  /** Of the tests that ran and do not ask for what the engine cannot do: how many pass. None ran counts as none passed. */
  share: number;
  /** Failures that a limit of the engine explains. */
  explained: number;
  /** Hooks that failed and are not explained: mocha leaves out the tests after them without naming them. */
  failedHooks: number;
}

const HOOK = /"(before|after) (each|all)" hook/;
const LONGEST_REASON = 160;

/** @param folderOf the part of the suite that a test file belongs to */
export function report(
  result: MochaResult,
  { limits, folderOf }: { limits: readonly EngineLimit[]; folderOf: (file: string) => string },
): SuiteReport {
  const explained = new Map<EngineLimit, string[]>();
  const others: string[] = [];
  let failedHooks = 0;
  for (const failure of result.failures) {
    const line = `    ${failure.fullTitle}: ${reasonOf(failure.err.message)}`;
    const limit = limits.find((candidate) => explains(candidate, failure));
    if (limit) {
      explained.set(limit, [...(explained.get(limit) ?? []), line]);
    } else {
      others.push(line);
      if (isHook(failure)) failedHooks++;
    }
  }
  const known = result.failures.length - others.length;
  const asked = result.passes.length + others.length;
  const share = asked === 0 ? 0 : result.passes.length / asked;
  const lines = [
    'by folder, passed of those that ran:',
    ...byFolder(result, folderOf),
    `the engine cannot (${known}):`,
    ...[...explained].flatMap(([limit, failures]) => [
      `  ${limit.feature}, ${answerOf(limit)} (${failures.length}):`,
      ...failures,
    ]),
    `other failures (${others.length}):`,
    ...others,
    failedHooks === 0
      ? 'no test lost to a failing hook'
      : `${failedHooks} hooks failed: the tests after them did not run and are not counted`,
    `${result.passes.length} of ${asked} pass, ${(share * 100).toFixed(2)} %, beside ${known} that the engine cannot (${result.pending.length} not run)`,
  ];
  return { lines, share, explained: known, failedHooks };
}

function answerOf({ code, message }: EngineLimit): string {
  if (code !== undefined) return `code ${code}`;
  return message === undefined ? 'answered otherwise' : `"${message}"`;
}

function explains({ code, message, tests }: EngineLimit, failure: MochaResult['failures'][number]): boolean {
  if (code !== undefined && failure.err.code !== code) return false;
  if (message !== undefined && !failure.err.message?.includes(message)) return false;
  const hook = isHook(failure);
  return tests.some((part) => failure.fullTitle.includes(part) && (!hook || HOOK.test(part)));
}

function isHook({ fullTitle }: MochaTest): boolean {
  return HOOK.test(fullTitle);
}

function byFolder({ passes, failures }: MochaResult, folderOf: (file: string) => string): string[] {
  const counts = new Map<string, { passed: number; ran: number }>();
  const count = ({ file = '' }: MochaTest, passed: number) => {
    const folder = folderOf(file);
    const before = counts.get(folder) ?? { passed: 0, ran: 0 };
    counts.set(folder, { passed: before.passed + passed, ran: before.ran + 1 });
  };
  passes.forEach((test) => count(test, 1));
  failures.forEach((test) => count(test, 0));
  return [...counts].sort().map(([folder, { passed, ran }]) => `  ${folder}: ${passed} of ${ran}`);
}

function reasonOf(message = ''): string {
  const [first = ''] = message.split('\n');
  return first.slice(0, LONGEST_REASON);
}

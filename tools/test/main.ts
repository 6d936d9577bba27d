/**
 * `npm test [-- jest's own arguments]`: builds (as `pretest`), starts engines and a system on free ports and a data folder that is
 * thrown away, runs every test, stops everything, says what took longest, and ends with a line `N passed, N failed`.
 */
import { cpus } from 'node:os';
import { whenAskedToEnd } from '../stack/ending';
import { SetupError } from '../stack';
import { listTests, runTests } from './jest';
import { LANES, projectOf, StartedLane, type LaneRun } from './lanes';
import { add, closingLine, durations, NOTHING, type JestResult, type Totals } from './report';
import { measureSlowness } from './slowness';

/** Longer than any run should take, so that a test that hangs ends with a report instead of with the machine's patience. */
const LONGEST_RUN_MS = 60 * 60_000;

const ALL_PROJECTS = ['unit', ...LANES.flatMap(({ projects }) => projects)];

async function main(args: string[]): Promise<number> {
  const asked = whenAskedToEnd().asked;
  const tooLong = AbortSignal.timeout(LONGEST_RUN_MS);
  const signal = AbortSignal.any([asked, tooLong]);
  const begin = performance.now();
  let totals: Totals = NOTHING;
  try {
    const slowness = await measureSlowness();
    console.log(
      `test: this machine is ${slowness} times as slow as a quiet one; deadlines are ${slowness} times as long`,
    );
    const files = await listTests(args, signal);
    if (files.length === 0) throw new SetupError(`no test matches ${args.join(' ')}`);
    const results = await runStages(files, args, { CAAS_TEST_SLOWNESS: String(slowness) }, signal);
    console.log(durations(results, performance.now() - begin));
    totals = results.reduce(add, totals);
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    totals = add(totals, undefined);
  }
  if (tooLong.aborted) console.error(`ended after ${LONGEST_RUN_MS / 60_000} minutes`);
  console.log(closingLine(totals));
  return totals.failed > 0 || signal.aborted ? 1 : 0;
}

type Results = (JestResult | undefined)[];

/** Unit tests first, while engines start: they need none and say soonest what is wrong. Then the lanes, side by side. */
async function runStages(
  files: string[],
  args: string[],
  environment: Record<string, string>,
  signal: AbortSignal,
): Promise<Results> {
  const named = {
    mongodbUri: process.env['MONGODB_URI'] || undefined,
    redisUrl: process.env['REDIS_URL'] || undefined,
  };
  const lanes = LANES.filter(({ projects }) => files.some((file) => projects.includes(projectOf(file))));
  const runs = lanes.map((_lane, at): LaneRun => ({
    files,
    args,
    environment,
    signal,
    shown: at === 0 ? 'at once' : 'at the end',
    ...named,
  }));
  const starting = startInTurn(lanes.map((lane, at) => () => StartedLane.start(lane, runs[at]!)));
  try {
    const results: Results = [];
    if (files.some((file) => projectOf(file) === 'unit')) {
      const unit = only([`--maxWorkers=${cpus().length}`, ...args], 'unit');
      results.push(await runTests(unit, environment, signal, 'at once'));
    }
    signal.throwIfAborted();
    const test = async (lane: Promise<StartedLane>) => (await lane).test(only);
    if (!named.mongodbUri && !named.redisUrl) results.push(...(await Promise.all(starting.map(test))));
    // Engines that were named are one database for all.
    else for (const lane of starting) results.push(await test(lane));
    return results;
  } finally {
    const started = await Promise.allSettled(starting);
    const running = started.filter((lane) => lane.status === 'fulfilled');
    await Promise.all(running.map(({ value }) => value.stop()));
  }
}

/** One after the other: what the machine lacks is installed once. */
function startInTurn<T>(starts: (() => Promise<T>)[]): Promise<T>[] {
  let last: Promise<unknown> = Promise.resolve();
  const started = starts.map((start) => {
    const next = last.then(start);
    last = next;
    next.catch(() => undefined);
    return next;
  });
  return started;
}

/** The option comes last, because it takes every word that follows it. A reader's own choice of projects stands. */
function only(args: string[], ...projects: string[]): string[] {
  const chosen = args.findIndex((arg) => arg.startsWith('--selectProjects'));
  if (chosen < 0) return [...args, '--passWithNoTests', '--selectProjects', ...projects];
  const ignored = ALL_PROJECTS.filter((project) => !projects.includes(project));
  return [...args, '--passWithNoTests', '--ignoreProjects', ...ignored];
}

void main(process.argv.slice(2)).then((code) => process.exit(code));

/**
 * `npm test [-- jest's own arguments]`: builds (as `pretest`), starts engines of its own on free ports and a data folder that is
 * thrown away, runs every test, stops everything, and ends with a line `N passed, N failed`.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { whenAskedToEnd } from '../stack/ending';
import { removeDataDir, SetupError, startEngines, type Engines } from '../stack';
import { repositoryRoot } from '../stack/repository';
import { listTests, runTests, type Shown } from './jest';
import { add, closingLine, NOTHING, type Totals } from './report';

/** Longer than any run should take, so that a test that hangs ends with a report instead of with the machine's patience. */
const LONGEST_RUN_MS = 24 * 60_000;

/**
 * Each is one jest on engines of its own: its tests share a database, and some kill processes and watch the clock, so one by one.
 * Those of the second mostly wait, for grace periods and for what was killed, so they take little from the first.
 */
const LANES = [
  ['isolation', 'e2e'],
  ['timing', 'faults', 'contract'],
];
const ALL_PROJECTS = ['unit', ...LANES.flat()];

async function main(args: string[]): Promise<number> {
  const asked = whenAskedToEnd();
  const tooLong = AbortSignal.timeout(LONGEST_RUN_MS);
  const signal = AbortSignal.any([asked, tooLong]);
  let totals: Totals = NOTHING;
  try {
    const files = await listTests(args, signal);
    if (files.length === 0) throw new SetupError(`no test matches ${args.join(' ')}`);
    totals = await runStages(files, args, signal);
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    totals = add(totals, undefined);
  }
  if (tooLong.aborted) console.error(`ended after ${LONGEST_RUN_MS / 60_000} minutes`);
  console.log(closingLine(totals));
  return totals.failed > 0 || signal.aborted ? 1 : 0;
}

/** Unit tests first: they need no engine and say soonest what is wrong. Then the lanes, side by side. */
async function runStages(files: string[], args: string[], signal: AbortSignal): Promise<Totals> {
  const inLane = (projects: string[]) =>
    files.some((file) => projects.some((name) => file.startsWith(join(repositoryRoot(), 'test', name) + sep)));
  const lanes = LANES.filter(inLane);
  const isUnit = (file: string) => !file.startsWith(join(repositoryRoot(), 'test') + sep);
  let totals = NOTHING;
  if (files.some(isUnit)) totals = add(totals, await runTests(only(args, 'unit'), {}, signal, 'at once'));
  if (signal.aborted) return totals;

  // Engines that were named are one database for all.
  const shared = Boolean(process.env['MONGODB_URI'] || process.env['REDIS_URL']);
  const results = shared
    ? await inTurn(lanes, (lane) => runLane(lane, args, signal, 'at once'))
    : await Promise.all(
        lanes.map((lane, index) => runLane(lane, args, signal, index === 0 ? 'at once' : 'at the end')),
      );
  return results.reduce(add, totals);
}

async function inTurn<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

let starting: Promise<unknown> = Promise.resolve();

async function runLane(projects: string[], args: string[], signal: AbortSignal, shown: Shown) {
  const dataDir = await mkdtemp(join(tmpdir(), 'caas-test-'));
  let engines: Engines | undefined;
  try {
    // One lane's after the other's: what the machine lacks is installed once.
    const turn = starting.catch(() => undefined).then(() => testEngines(dataDir, signal));
    starting = turn;
    engines = await turn;
    const env = {
      MONGODB_URI: engines.mongodbUri,
      REDIS_URL: engines.redisUrl,
      CAAS_TEST_POSTGRES: engines.postgres,
      // Hundreds of processes are started, all of the same modules: compiled once, they start in two thirds of the time.
      NODE_COMPILE_CACHE: join(dataDir, 'compiled'),
    };
    return await runTests(['--runInBand', ...only(args, ...projects)], env, signal, shown);
  } finally {
    await engines?.stop();
    await removeDataDir(dataDir);
  }
}

/** The option comes last, because it takes every word that follows it. A reader's own choice of projects stands. */
function only(args: string[], ...projects: string[]): string[] {
  const chosen = args.findIndex((arg) => arg.startsWith('--selectProjects'));
  if (chosen < 0) return [...args, '--passWithNoTests', '--selectProjects', ...projects];
  const ignored = ALL_PROJECTS.filter((project) => !projects.includes(project));
  return [...args, '--passWithNoTests', '--ignoreProjects', ...ignored];
}

function testEngines(dataDir: string, signal: AbortSignal): Promise<Engines> {
  return startEngines({
    dataDir,
    mongodbUri: process.env['MONGODB_URI'] || undefined,
    redisUrl: process.env['REDIS_URL'] || undefined,
    // The data is thrown away in any case, and on a small machine waiting for the disk is most of what a test would do. What
    // must survive a crash of the engine is tested on stacks that the fault tests start for themselves, durable as in earnest.
    durable: false,
    progress: (line) => console.log(`test: ${line}`),
    signal,
  });
}

void main(process.argv.slice(2)).then((code) => process.exit(code));

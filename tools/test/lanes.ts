import { mkdtemp } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { OwnSystem } from '#caas/testing';
import { removeDataDir, startEngines, type Engines } from '../stack';
import { repositoryRoot } from '../stack/repository';
import { runTests, type Shown } from './jest';
import type { JestResult } from './report';

/** Suites that run on the same engines, beside the other lanes. */
interface Lane {
  /** Jest's projects: folders of `test/`. */
  projects: string[];
  /** Those of the projects whose suites have tenants of their own at one system that runs for all of them. */
  onSharedSystem: string[];
  /** Suites at once. Those that kill processes and reconfigure systems go one by one. */
  atOnce: number;
}

/**
 * What watches the product's clocks is in the first; what kills and starts processes, which holds everything up that shares
 * engines with it, is in the second.
 */
export const LANES: Lane[] = [
  {
    projects: ['isolation', 'e2e', 'timing', 'contract'],
    onSharedSystem: ['isolation', 'e2e', 'timing'],
    atOnce: cpus().length,
  },
  { projects: ['configured', 'faults'], onSharedSystem: [], atOnce: 1 },
];

/** What the archive's suites would otherwise start a system of their own for. Nothing else is asked for more often by it. */
const SHARED_ENVIRONMENT = { ARCHIVE_TRUST: '300ms' };

export const projectOf = (file: string): string => {
  const [folder, project] = file.slice(repositoryRoot().length + 1).split(sep);
  // What benches compute with is tested like what production code computes with.
  return folder === 'test' && project !== 'bench' ? project! : 'unit';
};

export interface LaneRun {
  /** Absolute paths of the suites that were asked for. */
  files: string[];
  args: string[];
  environment: Record<string, string>;
  shown: Shown;
  signal: AbortSignal;
  /** Engines that the reader named are one database for all. */
  mongodbUri?: string;
  redisUrl?: string;
}

/** The engines of a lane and, where a suite needs it, its system: started ahead of the tests. */
export class StartedLane {
  private constructor(
    private readonly lane: Lane,
    private readonly run: LaneRun,
    private readonly dataDir: string,
    private readonly engines: Engines,
    private readonly system: OwnSystem | null,
  ) {}

  static async start(lane: Lane, run: LaneRun): Promise<StartedLane> {
    const dataDir = await mkdtemp(join(tmpdir(), 'caas-test-'));
    let engines: Engines | undefined;
    try {
      engines = await startEngines({
        dataDir,
        mongodbUri: run.mongodbUri,
        redisUrl: run.redisUrl,
        // The data is thrown away in any case, and on a small machine waiting for the disk is most of what a test would do.
        // What must survive a crash of the engine is tested on stacks that the fault tests start for themselves, durable as in
        // earnest.
        durable: false,
        progress: (line) => console.log(`test: ${line}`),
        signal: run.signal,
      });
      const isShared = run.files.some((file) => lane.onSharedSystem.includes(projectOf(file)));
      const started = new StartedLane(lane, run, dataDir, engines, isShared ? sharedSystem(run, engines) : null);
      await started.system?.start();
      return started;
    } catch (error) {
      await engines?.stop();
      await removeDataDir(dataDir);
      throw error;
    }
  }

  /** Undefined when jest left no result. */
  test(select: (args: string[], ...projects: string[]) => string[]): Promise<JestResult | undefined> {
    const { lane, run, system } = this;
    const environment = {
      ...environmentOf(run, this.engines),
      ...(system ? { CAAS_TEST_SYSTEM: system.handedOn } : {}),
    };
    const many = lane.atOnce > 1 ? [`--maxWorkers=${lane.atOnce}`] : ['--runInBand'];
    return runTests([...many, ...select(run.args, ...lane.projects)], environment, run.signal, run.shown);
  }

  /** @throws Error when a command of the shared system went past the tenant firewall */
  async stop(): Promise<void> {
    try {
      await this.system?.stop();
    } finally {
      await this.engines.stop();
      await removeDataDir(this.dataDir);
    }
  }
}

const environmentOf = ({ environment }: LaneRun, engines: Engines): Record<string, string> => ({
  ...environment,
  MONGODB_URI: engines.mongodbUri,
  REDIS_URL: engines.redisUrl,
  ...(engines.postgresUri ? { CAAS_TEST_POSTGRES: engines.postgresUri } : {}),
  // A hundred processes are started, all of the same modules: compiled once, they start in two thirds of the time.
  NODE_COMPILE_CACHE: join(repositoryRoot(), 'node_modules', '.cache', 'compiled'),
});

const sharedSystem = (run: LaneRun, engines: Engines): OwnSystem =>
  new OwnSystem({
    logLevel: 'fatal',
    environment: { ...environmentOf(run, engines), ...SHARED_ENVIRONMENT },
  });

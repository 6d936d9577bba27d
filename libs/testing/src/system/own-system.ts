import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../../tools/stack/process/ports';
import { builtEntry, repositoryRoot } from '../../../../tools/stack/repository';
import { patient, waitFor } from '../patience';
import { assertCommandsRight } from './command-note';
import { TestSystem, type SystemAddress } from './test-system';

type App = 'api' | 'worker';
type Environment = Record<string, string>;

export interface OwnSystemOptions {
  /** How much the processes print; a suite that provokes warnings has no use for them. */
  logLevel?: 'warn' | 'error' | 'fatal';
  /** What its processes read beside the test's own environment; a function is asked when the system starts. */
  environment?: Environment | (() => Environment | Promise<Environment>);
  /** Default: two apis and a worker. */
  apps?: readonly App[];
}

/** `NODE_OPTIONS` that load files of `test/support` before anything else. */
export const preloading = (...names: string[]): string =>
  names.map((name) => `--require ${join(repositoryRoot(), `dist/test/support/${name}.js`)}`).join(' ');

/** Of `test/support`, beside what every process of a test loads: `CAAS_TEST_PRELOAD=loop-probe`. */
const MORE_PRELOADED = process.env['CAAS_TEST_PRELOAD']?.split(',') ?? [];

/** Processes of the system on the engines of the test run, which a suite may configure, kill and start again. */
export class OwnSystem extends TestSystem {
  protected readonly address: SystemAddress = {
    urls: [],
    platformKey: randomBytes(16).toString('hex'),
    dataDir: '',
    pids: [],
  };
  private readonly apis: ChildProcess[] = [];
  private readonly workers: ChildProcess[] = [];
  private environment: Environment = {};

  constructor(private readonly options: OwnSystemOptions = {}) {
    super();
  }

  async start(): Promise<void> {
    const { apps = ['api', 'api', 'worker'], environment = {} } = this.options;
    this.environment = typeof environment === 'function' ? await environment() : environment;
    this.address.dataDir = await mkdtemp(join(tmpdir(), 'caas-test-'));
    for (const app of apps) await (app === 'api' ? this.launchApi(this.apis.length) : this.launchWorker());
    await Promise.all(this.urls.map((url) => this.answers(url)));
  }

  /** What the suites of a lane need to share it. */
  get handedOn(): string {
    return JSON.stringify(this.address);
  }

  /** Starts an api again, where it was, if it has ended. */
  async startApiAgain(api: number, environment: Environment = {}): Promise<void> {
    if (!hasEnded(this.apis[api]!)) return;
    await this.launchApi(api, environment);
    await this.answers(this.urls[api]!);
  }

  /** Ends an api; by SIGKILL without a word. Resolves with its exit code. */
  async endApi(api: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.apis[api]!;
    const ended = once(child, 'exit');
    child.kill(signal);
    return ((await ended) as [number | null])[0];
  }

  /** Resolves when the worker has ended; with a signal, it is sent that first. */
  async workerEnded(signal?: NodeJS.Signals): Promise<void> {
    const child = this.workers[0];
    if (!child || hasEnded(child)) return;
    const ended = once(child, 'exit');
    if (signal) child.kill(signal);
    await ended;
  }

  /** Another worker in the place of the first, which ends. */
  async startWorker(environment: Environment = {}): Promise<void> {
    await this.workerEnded('SIGKILL');
    await this.launchWorker(0, environment);
  }

  /** @throws Error when a command went past the tenant firewall */
  async stop(): Promise<void> {
    await this.closeSessions();
    await Promise.all([...this.apis, ...this.workers].map(end));
    try {
      await assertCommandsRight(this.dataDir);
    } finally {
      await rm(this.dataDir, { recursive: true, force: true });
    }
  }

  /** Resolves when an api has ended by itself. */
  async apiEnded(api: number): Promise<void> {
    const child = this.apis[api]!;
    if (!hasEnded(child)) await once(child, 'exit');
  }

  private async launchApi(at: number, environment: Environment = {}): Promise<void> {
    const url = this.urls[at] ?? `http://127.0.0.1:${await freePort()}`;
    this.apis[at] = this.spawn('api', { PORT: new URL(url).port, ...environment });
    this.address.urls[at] = url;
    this.address.pids[at] = this.apis[at].pid!;
  }

  private async launchWorker(at = this.workers.length, environment: Environment = {}): Promise<void> {
    this.workers[at] = this.spawn('worker', { PORT: String(await freePort()), ...environment });
  }

  private async answers(url: string): Promise<void> {
    await waitFor(`${url} answers`, 30_000, async () => {
      if ([...this.apis, ...this.workers].some(hasEnded))
        throw new Error('A process ended before the system was ready: see its output above.');
      const answer = await fetch(`${url}/health/ready`).catch(() => null);
      return answer?.status === 200;
    });
  }

  private spawn(app: App, environment: Environment): ChildProcess {
    return spawn(process.execPath, [builtEntry(app)], {
      env: {
        ...process.env,
        NODE_ENV: 'test',
        NODE_OPTIONS: preloading('command-recorder', 'kill-at-step', ...MORE_PRELOADED),
        HOST: '127.0.0.1',
        DATA_DIR: this.dataDir,
        PLATFORM_ADMIN_KEY: this.platformKey,
        LOG_LEVEL: this.options.logLevel ?? 'warn',
        // On, as in earnest, and far away: tests call faster than people do.
        RATE_LIMITS_FACTOR: '1000',
        METRICS_PORT: '',
        ...this.environment,
        ...environment,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  }
}

/** A system for one suite, started before its tests and stopped after them. */
export function ownSystem(options: OwnSystemOptions = {}): OwnSystem {
  const system = new OwnSystem(options);
  beforeAll(() => system.start(), patient(60_000));
  afterAll(() => system.stop(), patient(60_000));
  return system;
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), patient(10_000));
  child.kill('SIGTERM');
  await ended;
  clearTimeout(timer);
}

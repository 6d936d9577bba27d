import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLATFORM_KEY_FILE } from '#caas/platform/config';
import { apiProcess, apiUrl, workerProcess } from './apps';
import { markStopping, openDataDir, type DataDir, type StackFile } from './data-dir';
import { launchEngines, type EngineOptions, type EngineRole, type Engines } from './engines';
import type { ManagedProcess } from './process/managed-process';
import { freePortRange, isFree } from './process/ports';
import type { Progress, Supervision } from './process/supervision';
import { waitFor } from './process/wait';
import { SetupError } from './process/setup-error';

export interface StackOptions extends EngineOptions {
  dataDir: string;
  /** Where the apis listen; default 127.0.0.1. */
  host?: string;
  /** The first api's port, the next has the next; free ones unless given. */
  port?: number;
  /** Where apis and then workers serve health checks and metrics, counted up; free ports unless given. */
  metricsPort?: number;
  /** Default 127.0.0.1. */
  metricsHost?: string;
  /** Default 1 each. */
  apiProcesses?: number;
  workerProcesses?: number;
  /** The operator's key; the api makes one and keeps it in the data folder unless given. */
  platformAdminKey?: string;
  /** More environment for api and worker, over this process's own. */
  env?: NodeJS.ProcessEnv;
  progress?: Progress;
  signal?: AbortSignal;
  /** Aborted when the reader insists: what takes its time to end is killed. */
  hurry?: AbortSignal;
}

export interface Stack {
  dataDir: string;
  apiUrls: string[];
  /** Of health checks and metrics. */
  metricsUrls: StackFile['metrics_urls'];
  mongodbUri: string;
  redisUrl: string;
  /** `postgresql://…` of the embedded PostgreSQL, when that is the engine. */
  postgresUri?: string;
  platformKey: string;
  platformKeyFile: string | null;
  /** As they are now; null while one is down. */
  readonly pids: StackFile['pids'];
  /** Kills one process as a crash would, and answers once it is gone. It is started again; `ready` waits for that. */
  kill9(role: 'api' | 'worker' | EngineRole, index?: number): Promise<void>;
  /** Resolves once every process runs and answers. */
  ready(timeoutMs?: number): Promise<void>;
  /** Stops everything in order and gives the data folder back: within 10 s, unless the database has much to write. */
  stop(): Promise<void>;
}

/** Starts engines, apis and workers on a data folder, and resolves when all of them are ready. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { progress = () => undefined, signal = new AbortController().signal, hurry } = options;
  const home = await openDataDir(options.dataDir, { progress, signal, hurry });
  const stack = new RunningStack(home, options);
  try {
    await stack.start();
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

class RunningStack implements Stack {
  apiUrls: string[] = [];
  metricsUrls: StackFile['metrics_urls'] = { api: [], worker: [] };
  private engines?: Engines;
  private apis: ManagedProcess[] = [];
  private workers: ManagedProcess[] = [];
  private announced = false;
  private stopped?: Promise<void>;
  private readonly supervision: Supervision;

  constructor(
    private readonly home: DataDir,
    private readonly options: StackOptions,
  ) {
    const { progress = () => undefined, signal = new AbortController().signal, hurry } = options;
    this.supervision = {
      dataDir: home.path,
      ledger: home.ledger,
      signal,
      hurry,
      progress,
      onStarted: () => this.announced && this.writeStackFile(),
      onCrashed: (role, reason, ms) => {
        progress(`${role} ended (${reason}); starting it again in ${ms / 1000} s`);
        if (this.announced) this.writeStackFile();
      },
    };
  }

  get dataDir(): string {
    return this.home.path;
  }
  get mongodbUri(): string {
    return this.started.mongodbUri;
  }
  get redisUrl(): string {
    return this.started.redisUrl;
  }
  get postgresUri(): string | undefined {
    return this.started.postgresUri;
  }
  get platformKey(): string {
    return this.options.platformAdminKey ?? readFileSync(this.platformKeyFile as string, 'utf8').trim();
  }
  get platformKeyFile(): string | null {
    return this.options.platformAdminKey ? null : join(this.home.path, PLATFORM_KEY_FILE);
  }

  get pids(): StackFile['pids'] {
    const pid = (child: ManagedProcess | undefined) => child?.pid ?? null;
    const { gateway, redis, postgres, mongod } = this.engines?.processes ?? {};
    return {
      supervisor: process.pid,
      api: this.apis.map(pid),
      worker: this.workers.map(pid),
      gateway: pid(gateway),
      redis: pid(redis),
      postgres: pid(postgres),
      mongod: pid(mongod),
    };
  }

  async start(): Promise<void> {
    const { host = '127.0.0.1', apiProcesses = 1, workerProcesses = 1 } = this.options;
    const ports = await this.apiPorts(host, apiProcesses);
    this.apiUrls = ports.map((port) => apiUrl(host, port));
    this.engines = await launchEngines(this.supervision, this.home, this.options);

    this.supervision.progress('starting the api and the worker');
    const env = this.appEnvironment(host);
    const { metricsHost = '127.0.0.1' } = this.options;
    const metricsPorts = await this.metricsPorts(metricsHost, apiProcesses + workerProcesses);
    const monitored = metricsPorts.map((port) => ({
      url: apiUrl(metricsHost, port),
      env: { ...env, METRICS_PORT: String(port), METRICS_HOST: metricsHost },
    }));
    const [ofApis, ofWorkers] = [monitored.slice(0, apiProcesses), monitored.slice(apiProcesses)];
    this.metricsUrls = { api: ofApis.map(({ url }) => url), worker: ofWorkers.map(({ url }) => url) };
    this.apis = ports.map((port, index) =>
      apiProcess(this.supervision, index, apiUrl(host, port), {
        ...ofApis[index]!.env,
        PORT: String(port),
        // Empty: the first process makes one and keeps it in the data folder, whatever this process's own environment says.
        PLATFORM_ADMIN_KEY: this.options.platformAdminKey ?? '',
        PLATFORM_READONLY_KEY: process.env['PLATFORM_READONLY_KEY'],
        ...operatorKeysIn(this.options.env),
      }),
    );
    this.workers = ofWorkers.map((own, index) => workerProcess(this.supervision, index, own.url, own.env));
    const starts = await Promise.allSettled([...this.apis, ...this.workers].map((child) => child.start()));
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed) throw failed.reason;
    this.announced = true;
    this.writeStackFile();
  }

  async kill9(role: 'api' | 'worker' | EngineRole, index = 0): Promise<void> {
    const child =
      role === 'api' ? this.apis[index] : role === 'worker' ? this.workers[index] : this.started.processes[role];
    if (!child) throw new Error(`no ${role} ${index} in this stack`);
    await child.kill9();
  }

  async ready(timeoutMs = 30_000): Promise<void> {
    const children = [...Object.values(this.started.processes), ...this.apis, ...this.workers];
    await waitFor('every process to be ready', timeoutMs, async () => {
      const answers = await Promise.all(children.map((child) => child.isReady()));
      return answers.every(Boolean);
    });
  }

  stop(): Promise<void> {
    this.stopped ??= this.stopInOrder();
    return this.stopped;
  }

  /** First those who use the engines: their last writes must find them. */
  private async stopInOrder(): Promise<void> {
    markStopping(this.home.path);
    await Promise.all([...this.apis, ...this.workers].map((child) => child.stop()));
    await this.engines?.stop();
    await this.home.release();
  }

  private get started(): Engines {
    if (!this.engines) throw new Error('the stack has not started');
    return this.engines;
  }

  private apiPorts(host: string, count: number): Promise<number[]> {
    return portsFrom(this.options.port, { host, count, variable: 'PORT' });
  }

  private metricsPorts(host: string, count: number): Promise<number[]> {
    return portsFrom(this.options.metricsPort, { host, count, variable: 'METRICS_PORT' });
  }

  private appEnvironment(host: string): NodeJS.ProcessEnv {
    return {
      ...this.options.env,
      HOST: host,
      DATA_DIR: this.home.path,
      MONGODB_URI: this.mongodbUri,
      REDIS_URL: this.redisUrl,
      // Nobody but an api has a use for them.
      PLATFORM_ADMIN_KEY: undefined,
      PLATFORM_READONLY_KEY: undefined,
    };
  }

  private writeStackFile(): void {
    this.home.writeStackFile({
      api_urls: this.apiUrls,
      mongodb_uri: this.mongodbUri,
      redis_url: this.redisUrl,
      platform_key_file: this.platformKeyFile,
      metrics_urls: this.metricsUrls,
      pids: this.pids,
    });
  }
}

/** @throws SetupError that says which variable to change */
async function portsFrom(
  given: number | undefined,
  { host, count, variable }: { host: string; count: number; variable: string },
): Promise<number[]> {
  const first = given ?? (await freePortRange(count));
  const ports = Array.from({ length: count }, (_, index) => first + index);
  if (first + count - 1 > 65_535) {
    throw new SetupError(`${count} processes do not fit between ${variable} ${first} and 65535.`);
  }
  for (const port of ports) {
    if (!(await isFree(port, host))) {
      throw new SetupError(`Port ${port} on ${host} is in use. Set ${variable} to another one.`);
    }
  }
  return ports;
}

/** Those that a test hands in beside its other environment. */
const operatorKeysIn = ({ PLATFORM_READONLY_KEY }: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv =>
  PLATFORM_READONLY_KEY === undefined ? {} : { PLATFORM_READONLY_KEY };

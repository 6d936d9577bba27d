import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import type { Tier } from '#caas/kernel';
import { freePort, waitFor } from '../../tools/stack';
import { builtEntry, repositoryRoot } from '../../tools/stack/repository';
import { Caller } from './caller';
import { WITNESS_NOTE, type WitnessNote } from './witness-note';

export { Caller, type Answer } from './caller';

/** A tenant of its own, its server, and its users at either of two api processes. */
export class TestTenant {
  constructor(
    readonly id: string,
    private readonly urls: string[],
    readonly serverKey: string,
    readonly signingKey: { kid: string; secret: string },
  ) {}

  private readonly sockets: Socket[] = [];

  server(process = 0): Caller {
    return new Caller(this.urls[process]!, this.serverKey);
  }

  /** The server key in a user's name. */
  acting(externalId: string, process = 0): Caller {
    return new Caller(this.urls[process]!, this.serverKey, { 'x-acting-user': externalId });
  }

  /** Of an api process. */
  urlOf(process: number): string {
    return this.urls[process]!;
  }

  withToken(token: string, process = 0): Caller {
    return new Caller(this.urls[process]!, token);
  }

  /** A new user, by their own token. */
  async user(externalId: string, profile: object = {}): Promise<Caller> {
    const made = await this.server().put(`/v1/users/${externalId}`, profile);
    if (made.status >= 300) throw new Error(JSON.stringify(made.body));
    return this.withToken(await this.token(externalId));
  }

  /** A live client of a user, connected and in its rooms. */
  async socket(externalId: string, process = 0): Promise<LiveClient> {
    return this.connect(await this.token(externalId), process);
  }

  async connect(token: unknown, process = 0, headers: Record<string, string> = {}): Promise<LiveClient> {
    const socket = io(this.urls[process]!, {
      path: '/realtime',
      transports: ['websocket'],
      auth: { token },
      extraHeaders: headers,
      reconnection: false,
      forceNew: true,
    });
    this.sockets.push(socket);
    const client = new LiveClient(socket);
    await client.ready;
    return client;
  }

  disconnect(): void {
    for (const socket of this.sockets) socket.disconnect();
  }

  async token(externalId: string, options: object = {}): Promise<string> {
    const { status, body } = await this.server().post(`/v1/users/${externalId}/tokens`, options);
    if (status !== 201) throw new Error(JSON.stringify(body));
    return (body as { token: string }).token;
  }
}

/** A socket that remembers what it was sent. */
export class LiveClient {
  readonly events: {
    type: string;
    rev?: number;
    seq?: number;
    conversation_id?: string;
    data: Record<string, unknown>;
  }[] = [];
  readonly ready: Promise<void>;
  disconnectedBecause: string | null = null;

  constructor(readonly socket: Socket) {
    socket.onAny((_type: string, event: LiveClient['events'][number]) => this.events.push(event));
    socket.on('disconnect', (reason) => (this.disconnectedBecause = reason));
    this.ready = new Promise((resolve, reject) => {
      socket.once('ready', () => resolve());
      socket.once('connect_error', reject);
    });
  }

  of(type: string) {
    return this.events.filter((event) => event.type === type);
  }

  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into JSON of every shape */
  send(message: string, payload: unknown): Promise<any> {
    return this.socket.timeout(10_000).emitWithAck(message, payload);
  }
}

const WORKER = 2;

/** `NODE_OPTIONS` that load files of this folder before anything else. */
export const preloading = (...names: string[]): string =>
  names.map((name) => `--require ${join(repositoryRoot(), `dist/test/support/${name}.js`)}`).join(' ');

/** Two apis and a worker, unless it is said otherwise, on the engines of the test run. */
export class TestSystem {
  private readonly children: ChildProcess[] = [];
  private readonly tenants: TestTenant[] = [];
  readonly platformKey = randomBytes(16).toString('hex');
  readonly urls: string[] = [];
  /** Where its processes keep files. */
  dataDir: string;

  /** `logLevel`: how much the processes print; a suite that provokes warnings has no use for them. */
  constructor(
    private readonly logLevel: 'warn' | 'error' | 'fatal' = 'warn',
    private readonly environment: Record<string, string> = {},
    private readonly apps: readonly ('api' | 'worker')[] = ['api', 'api', 'worker'],
  ) {}

  async start(): Promise<void> {
    this.dataDir = await mkdtemp(join(tmpdir(), 'caas-test-'));
    for (const app of this.apps) await this.launch(app);
    await Promise.all(this.urls.map((url) => this.answers(url)));
  }

  /** Starts an api again that has ended, where it was. */
  async startApiAgain(process: number): Promise<void> {
    await this.launch('api', process);
    await this.answers(this.urls[process]!);
  }

  private async answers(url: string): Promise<void> {
    const isReady = async () => {
      const answer = await fetch(`${url}/health/ready`).catch(() => null);
      return answer?.status === 200;
    };
    await waitFor(`${url} answers`, 50_000, () => this.assertRunning() && isReady());
  }

  /** Ends an api; by SIGKILL without a word. Resolves with its exit code. */
  endApi(process: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.children[process]!;
    return new Promise((resolve) => {
      child.once('exit', resolve);
      child.kill(signal);
    });
  }

  /** Where the processes keep their files: what the command line needs to see the same objects. */
  get dataFolder(): string {
    return this.dataDir;
  }

  /** Resolves when the worker has ended; with a signal, it is sent that first. */
  async workerEnded(signal?: NodeJS.Signals): Promise<void> {
    const child = this.children[WORKER]!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const end = new Promise((resolve) => child.once('exit', resolve));
    if (signal) child.kill(signal);
    await end;
  }

  /** Another one in the place of a worker that has ended. */
  async startWorker(environment: Record<string, string> = {}): Promise<void> {
    await this.workerEnded('SIGKILL');
    this.children[WORKER] = await this.spawn('worker', environment);
  }

  /** Of an api, now. */
  async residentBytes(process: number): Promise<number> {
    const status = await readFile(`/proc/${this.children[process]!.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
  }

  /** Connections among them. Of an api, now. */
  async openFiles(process: number): Promise<number> {
    return (await readdir(`/proc/${this.children[process]!.pid}/fd`)).length;
  }

  get platform(): Caller {
    return new Caller(this.urls[0]!, this.platformKey);
  }

  /** Nobody's: for what is open to all, and for what must not be. */
  caller(authorization: string | null, headers?: Record<string, string>): Caller {
    return new Caller(this.urls[0]!, authorization, headers);
  }

  async tenant(tier: Tier, id?: string): Promise<TestTenant> {
    const wanted = { name: 'Test', tier, ...(id === undefined ? {} : { id }) };
    const { status, body } = await this.platform.post('/platform/v1/tenants', wanted);
    if (status !== 201) throw new Error(JSON.stringify(body));
    const made = body as { id: string; server_key: { key: string }; signing_key: { kid: string; secret: string } };
    const tenant = new TestTenant(made.id, this.urls, made.server_key.key, made.signing_key);
    this.tenants.push(tenant);
    return tenant;
  }

  async stop(): Promise<void> {
    for (const tenant of this.tenants) {
      tenant.disconnect();
      await this.platform.delete(`/platform/v1/tenants/${tenant.id}`);
    }
    await Promise.all(this.children.map(ended));
    try {
      await this.assertAllCommandsRead();
    } finally {
      await rm(this.dataDir, { recursive: true, force: true });
    }
  }

  /**
   * Of the commands that the processes wrote to the engine, the tenant firewall has read every one. `COMMAND_LOG` names a file
   * that the counts are added to.
   */
  private async assertAllCommandsRead(): Promise<void> {
    const names = (await readdir(this.dataDir)).filter((name) => WITNESS_NOTE.test(name));
    if (names.length === 0) throw new Error('No process said which commands it had sent.');
    for (const name of names) {
      const { written, read } = JSON.parse(await readFile(join(this.dataDir, name), 'utf8')) as WitnessNote;
      const missed = Object.keys(written).filter((command) => written[command]! > (read[command] ?? 0));
      if (missed.length > 0) throw new Error(`Went past the tenant firewall: ${missed.join(', ')}`);
      if (process.env['COMMAND_LOG']) await appendFile(process.env['COMMAND_LOG'], `${JSON.stringify(written)}\n`);
    }
  }

  private assertRunning(): boolean {
    if (this.children.every(({ exitCode }) => exitCode === null)) return true;
    throw new Error('A process ended before it was ready: see its output above.');
  }

  private async launch(app: string, again?: number): Promise<void> {
    const child = await this.spawn(app, {}, again);
    if (again === undefined) this.children.push(child);
    else this.children[again] = child;
  }

  /** @param again which of the apis, at its own port */
  private async spawn(app: string, environment: Record<string, string> = {}, again?: number): Promise<ChildProcess> {
    const port = again === undefined ? await freePort() : Number(new URL(this.urls[again]!).port);
    if (app === 'api' && again === undefined) this.urls.push(`http://127.0.0.1:${port}`);
    return spawn(process.execPath, [builtEntry(app)], {
      env: {
        ...process.env,
        NODE_ENV: 'test',
        NODE_OPTIONS: preloading('command-witness', 'kill-at-step'),
        HOST: '127.0.0.1',
        PORT: String(port),
        DATA_DIR: this.dataDir,
        PLATFORM_ADMIN_KEY: this.platformKey,
        LOG_LEVEL: this.logLevel,
        // On, as in earnest, and far away: tests call faster than people do.
        RATE_LIMITS_FACTOR: '1000',
        ...this.environment,
        ...environment,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

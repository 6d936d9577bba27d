import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { LogRotation } from './log-rotation';
import { SetupError } from './setup-error';
import type { Supervision } from './supervision';
import { waitFor } from './wait';

export interface ProcessSpec {
  /** `postgres`, `api-0`, ...: its name in the ledger, in messages and of its log. */
  role: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Done before each start, also the one after a crash. */
  prepare?(): Promise<void>;
  /** Answers true once the process does its work. Asked again and again until then. */
  ready(): Promise<boolean>;
  readyTimeoutMs: number;
  /** The signal that makes it end cleanly; `SIGTERM` unless told. */
  stopSignal?: NodeJS.Signals;
  /** How long it may take to end before it is killed; null: as long as it takes, unless the reader insists (`hurry`). */
  stopTimeoutMs: number | null;
  /** What it does when it takes long to end: `writes its data to disk`. */
  whileStopping?: string;
}

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 10_000;
/** After running this long a crash counts as the first one again. */
const STEADY_MS = 30_000;
/** Between two lines that say what is still waited for. */
const PROGRESS_EVERY_MS = 3_000;

/**
 * A child that is started, waited for, started again with growing pauses when it crashes, and stopped. Its output goes to a
 * file. It runs in a session of its own: a Ctrl-C on the terminal reaches the supervisor alone, which then stops its children
 * in order.
 */
export class ManagedProcess {
  private child?: ChildProcess;
  private startedAt = 0;
  private exited: Promise<void> = Promise.resolve();
  private starting = false;
  private stopping = false;
  private crashes = 0;
  private restartTimer?: NodeJS.Timeout;

  private readonly logFile: string;
  private readonly rotation: LogRotation;

  constructor(
    private readonly supervision: Supervision,
    private readonly spec: ProcessSpec,
  ) {
    this.logFile = join(supervision.dataDir, 'logs', `${spec.role}.log`);
    this.rotation = new LogRotation(this.logFile);
  }

  get role(): string {
    return this.spec.role;
  }

  /** Undefined while it is down. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Starts it and waits until it is ready. Throws with the end of its log if it ends first or takes too long. */
  async start(): Promise<void> {
    const { role, readyTimeoutMs } = this.spec;
    const { signal } = this.supervision;
    signal.throwIfAborted();
    const giveUp = () => void this.stop();
    signal.addEventListener('abort', giveUp);
    this.starting = true;
    try {
      await this.spawn();
      await waitFor(`${role} to be ready`, readyTimeoutMs, async () => {
        if (!this.child) throw new Error(`${role} ended before it was ready`);
        return this.isReady();
      });
    } catch (error) {
      await this.stop();
      signal.throwIfAborted();
      throw new SetupError(`${(error as Error).message}\n${this.logTail()}\n(whole log: ${this.logFile})`);
    } finally {
      this.starting = false;
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Asks it to end, insists after `stopTimeoutMs`, and comes back once it is gone. It is not started again. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restartTimer);
    this.rotation.stop();
    if (!this.child) return this.exited;
    this.child.kill(this.spec.stopSignal ?? 'SIGTERM');
    const { stopTimeoutMs } = this.spec;
    const { hurry } = this.supervision;
    const kill = () => this.child?.kill('SIGKILL');
    const force = stopTimeoutMs === null ? undefined : setTimeout(kill, stopTimeoutMs);
    const progress = this.tellWhileStopping();
    hurry?.addEventListener('abort', kill);
    if (hurry?.aborted) kill();
    await this.exited;
    hurry?.removeEventListener('abort', kill);
    clearInterval(progress);
    clearTimeout(force);
  }

  private tellWhileStopping(): NodeJS.Timeout | undefined {
    const { role, whileStopping } = this.spec;
    if (whileStopping === undefined) return undefined;
    const askedAt = Date.now();
    return setInterval(() => {
      const seconds = Math.round((Date.now() - askedAt) / 1000);
      this.supervision.progress(`${role} ${whileStopping}: ${seconds} s so far (ask again to kill it)`);
    }, PROGRESS_EVERY_MS);
  }

  /** As a crash would: no warning, and it is started again. Answers once the process is gone. */
  async kill9(): Promise<void> {
    this.child?.kill('SIGKILL');
    await this.exited;
  }

  /** Running and doing its work, now. */
  async isReady(): Promise<boolean> {
    return this.child !== undefined && (await this.spec.ready());
  }

  private async spawn(): Promise<void> {
    const { role, command, args, env, stopSignal, prepare } = this.spec;
    const { ledger } = this.supervision;
    await prepare?.();
    if (this.stopping) return;
    mkdirSync(dirname(this.logFile), { recursive: true, mode: 0o700 });
    this.rotation.start();
    const log = openSync(this.logFile, 'a', 0o600);
    const [file, ...rest] = boundToParent(withPrivateFiles([command, ...args]));
    const child = spawn(file, rest, { env, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.startedAt = Date.now();
    this.child = child;
    if (child.pid !== undefined) ledger.add(role, child.pid, stopSignal ?? 'SIGTERM');
    this.exited = new Promise((resolve) => {
      const ended = (reason: string) => {
        if (this.child !== child) return;
        this.child = undefined;
        if (child.pid !== undefined) ledger.remove(child.pid);
        resolve();
        if (!this.starting && !this.stopping) this.restartLater(reason, Date.now() - this.startedAt);
      };
      child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
      child.once('error', (error) => ended(error.message));
    });
    this.supervision.onStarted();
  }

  private restartLater(reason: string, ranForMs: number): void {
    if (ranForMs >= STEADY_MS) this.crashes = 0;
    const pauseMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.crashes);
    this.crashes += 1;
    this.supervision.onCrashed(this.role, reason, pauseMs);
    this.restartTimer = setTimeout(() => {
      this.spawn().catch((error: Error) => this.restartLater(error.message, 0));
    }, pauseMs);
  }

  private logTail(lines = 15): string {
    try {
      return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } catch {
      return '(no log)';
    }
  }
}

/** What it makes is for its own user alone, whatever the umask of the terminal. */
const withPrivateFiles = (argv: string[]): [string, ...string[]] => ['sh', '-c', 'umask 077; exec "$@"', 'sh', ...argv];

/**
 * The command, asked of the kernel to be told to end when this process does, however it does (`PR_SET_PDEATHSIG`). Where
 * setpriv is missing the ledger alone has to do.
 */
export function boundToParent(argv: [string, ...string[]]): [string, ...string[]] {
  return onPath('setpriv') ? ['setpriv', '--pdeathsig', 'TERM', '--', ...argv] : argv;
}

/** The full path of an executable on the PATH, or undefined. */
export function onPath(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return undefined;
}

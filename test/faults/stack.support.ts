import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '#caas/testing';
import { freePortRange, removeDataDir, type StackFile } from '../../tools/stack';
import { identify, isRunning, type ProcessIdentity } from '../../tools/stack/process/identity';
import { repositoryRoot } from '../../tools/stack/repository';

/** One data folder on which the system is started again and again, as `npm start` does after its build. */
export class NpmStart {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'caas-start-'));
  private readonly children: ChildProcess[] = [];

  private constructor(readonly port: number) {}

  static async onFreePort(): Promise<NpmStart> {
    return new NpmStart(await freePortRange(2));
  }

  /** Starts a supervisor in the background; its output goes to a file, so that it does not depend on this process. */
  start(env: NodeJS.ProcessEnv = {}): Supervisor {
    return this.run(process.execPath, ['dist/tools/stack/main.js'], env);
  }

  /** The same by npm, without the build that it would do first. */
  startByNpm(): Supervisor {
    return this.run('npm', ['start', '--ignore-scripts'], {});
  }

  private run(command: string, args: string[], env: NodeJS.ProcessEnv): Supervisor {
    const output = join(this.dataDir, `start-${this.children.length}.log`);
    const file = openSync(output, 'a');
    // Engines of its own, and no parent to watch but npm: those of the test run stay out of it.
    const { MONGODB_URI: _m, REDIS_URL: _r, NODE_OPTIONS: _n, npm_lifecycle_event: _npm, ...rest } = process.env;
    const child = spawn(command, args, {
      cwd: repositoryRoot(),
      env: { ...rest, DATA_DIR: this.dataDir, PORT: String(this.port), LOG_LEVEL: 'warn', ...env },
      stdio: ['ignore', file, file],
      detached: true,
    });
    closeSync(file);
    this.children.push(child);
    return new Supervisor(child, this.dataDir, output, command === 'npm');
  }

  /** Ends whatever is left and removes the folder. */
  async remove(): Promise<void> {
    await Promise.all(
      this.children.map(async (child) => {
        if (child.exitCode === null && child.signalCode === null) {
          const ended = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGTERM');
          await ended;
        }
      }),
    );
    await removeDataDir(this.dataDir);
  }
}

export class Supervisor {
  readonly exited: Promise<number | string>;

  constructor(
    private readonly child: ChildProcess,
    private readonly dataDir: string,
    private readonly outputFile: string,
    readonly isByNpm: boolean,
  ) {
    this.exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code ?? 0)));
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get output(): string {
    return readFileSync(this.outputFile, 'utf8');
  }

  get stack(): StackFile {
    return JSON.parse(readFileSync(join(this.dataDir, 'stack.json'), 'utf8')) as StackFile;
  }

  get engines(): { mongodbUri: string; redisUrl: string } {
    return { mongodbUri: this.stack.mongodb_uri, redisUrl: this.stack.redis_url };
  }

  /** Resolves once it has said that it is ready; throws with its output if it ends instead. */
  async ready(timeoutMs = 60_000): Promise<this> {
    await waitFor('the stack', timeoutMs, () => {
      if (!this.isRunning) throw new Error(`it ended:\n${this.output}`);
      return this.output.includes('CaaS is ready') && existsSync(join(this.dataDir, 'stack.json'));
    });
    return this;
  }

  /** Every process of the stack, the supervisor among them, recognisable also after it is gone. */
  processes(): ProcessIdentity[] {
    const { api, worker, ...others } = this.stack.pids;
    const pids = [...Object.values(others), ...api, ...worker].filter((pid) => pid !== null);
    return pids.map((pid) => {
      const identity = identify(pid);
      if (!identity) throw new Error(`pid ${pid} of ${JSON.stringify(this.stack.pids)} does not run`);
      return identity;
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** Those of them that still run. */
export const survivors = (processes: ProcessIdentity[]) => processes.filter(isRunning);

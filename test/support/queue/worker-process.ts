import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { repositoryRoot } from '../../../tools/stack/repository';

/** A stand-in worker, or another program of the same kind, of which a test disposes. */
export class WorkerProcess {
  /** What it has counted, and when it said so (ms since 1970). */
  counted = 0;
  countedAt = 0;
  private readonly child: ChildProcess;

  constructor(redisUrl: string, program = 'test/support/queue/stand-in-worker.js', args: string[] = []) {
    const env = { ...process.env, REDIS_URL: redisUrl };
    this.child = fork(join(repositoryRoot(), 'dist', program), args, { env, execArgv: [] });
    this.child.on('message', ({ counted, at }: { counted: number; at: number }) => {
      this.counted = counted;
      this.countedAt = at;
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../tools/stack';
import { commandOf } from '../../tools/stack/engines/system-packages';

/** A Redis of a suite's own, that it may empty and take away. It keeps nothing when it stops, unless it is durable. */
export class OwnRedis {
  readonly commands: Redis;
  private server: ChildProcess;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly isDurable: boolean,
  ) {
    this.server = this.spawn();
    this.commands = new Redis(this.url, { maxRetriesPerRequest: null });
    this.commands.on('error', () => undefined);
  }

  static async start({ durable = false } = {}): Promise<OwnRedis> {
    const redis = new OwnRedis(await mkdtemp(join(tmpdir(), 'caas-redis-')), await freePort(), durable);
    await redis.commands.ping();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.server.pid!;
  }

  /** Gone, with everything in it unless it is durable, for as long as `work` takes. */
  async away(work: () => Promise<void>): Promise<void> {
    await this.end();
    try {
      await work();
    } finally {
      this.server = this.spawn();
      await this.commands.ping();
    }
  }

  /** Connected and silent for as long as `work` takes. */
  async suspended(work: () => Promise<void>): Promise<void> {
    this.server.kill('SIGSTOP');
    try {
      await work();
    } finally {
      this.server.kill('SIGCONT');
      await this.commands.ping();
    }
  }

  async remove(): Promise<void> {
    this.commands.disconnect();
    await this.end();
    await rm(this.folder, { recursive: true, force: true });
  }

  private spawn(): ChildProcess {
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, '--save', ''];
    if (this.isDurable) settings.push('--appendonly', 'yes', '--appendfsync', 'everysec');
    return spawn(commandOf('redis'), settings, { stdio: 'ignore' });
  }

  private async end(): Promise<void> {
    if (this.server.exitCode !== null || this.server.signalCode !== null) return;
    const ended = new Promise((resolve) => this.server.once('exit', resolve));
    this.server.kill('SIGKILL');
    await ended;
  }
}

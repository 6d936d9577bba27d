import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ClientMessage, ClientTask } from './client';
import type { Probed } from './prober';

const STOP_MS = 45_000;

/** The client processes of one phase; one that is killed is started again. */
export class Clients {
  private readonly children: ChildProcess[] = [];
  private started = 0;
  kills = 0;
  /** By operation. */
  readonly done: ClientMessage = {};

  /** @param task without the journal, which each process has of its own in `folder` */
  constructor(
    private readonly task: Omit<ClientTask, 'journal'>,
    private readonly folder: string,
    count: number,
  ) {
    for (let index = 0; index < count; index += 1) this.start(index);
  }

  get operations(): number {
    return Object.entries(this.done).reduce((sum, [name, { count }]) => sum + (name.startsWith('(') ? 0 : count), 0);
  }

  /** Resolves when each of them has done something: the start of a process takes its time. */
  async ready(): Promise<void> {
    await Promise.all(this.children.map((child) => once(child, 'message')));
  }

  kill(index: number): void {
    this.kills += 1;
    this.children[index]!.kill('SIGKILL');
    this.start(index);
  }

  /** Lets them finish what they are at. */
  async stop(): Promise<void> {
    await Promise.all(
      this.children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
        const exit = once(child, 'exit');
        child.send('stop');
        await exit;
        clearTimeout(timer);
      }),
    );
  }

  private start(index: number): void {
    const child = fork(join(__dirname, 'client.js'));
    child.send({ ...this.task, journal: join(this.folder, `${this.started++}.log`) } satisfies ClientTask);
    child.on('message', (message: ClientMessage) => this.add(message));
    this.children[index] = child;
  }

  private add(message: ClientMessage): void {
    for (const [name, { count, maxMs }] of Object.entries(message)) {
      const all = (this.done[name] ??= { count: 0, maxMs: 0 });
      all.count += count;
      all.maxMs = Math.max(all.maxMs, maxMs);
    }
  }
}

/** The process that has nothing to do with them. */
export class Prober {
  private constructor(private readonly child: ChildProcess) {}

  static async start(mongodbUri: string): Promise<Prober> {
    const child = fork(join(__dirname, 'prober.js'), [mongodbUri]);
    await once(child, 'message');
    return new Prober(child);
  }

  /** What it saw since the last time. */
  async take(): Promise<Probed> {
    const answer = once(this.child, 'message');
    this.child.send('take');
    return ((await answer) as [Probed])[0];
  }

  stop(): void {
    this.child.kill();
  }
}

import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { RedisConnections } from '#caas/platform/redis';

const PROCESSES = 'caas:folds:processes';
const listOf = (process: string): string => `caas:folds:dirty:${process}`;
const signOf = (process: string): string => `caas:folds:alive:${process}`;

/** The longest time that a send waits for Redis. */
const WAIT_AT_MOST_MS = 50;
const SIGN_EVERY_MS = 5_000;
/** After this time without a sign of life, a worker finishes the process's work. */
const LAPSES_AFTER_SECONDS = 15;
/** How long a conversation stays in the list after its last message, so that the next message need not enter it again. */
const STAYS_MS = 10_000;

/**
 * Lists in Redis: the conversations in which a process has stored messages that may not be folded or published yet. They also name
 * what dead processes left. This is only a hint: a slow rotation finds the rest.
 */
@Injectable()
export class DirtyConversations implements OnApplicationShutdown {
  private readonly own = randomUUID();
  /** By conversation: when it was last marked. */
  private readonly marked = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly redis: RedisConnections) {}

  /**
   * Enters the conversations that are not in the list. The command is sent synchronously.
   * @returns a promise that resolves when Redis has it or does not answer in time; null when all are in the list
   */
  mark(conversations: string[]): Promise<void> | null {
    const now = performance.now();
    const added = conversations.filter((key) => !this.marked.has(key));
    for (const key of conversations) this.marked.set(key, now);
    if (added.length === 0) return null;
    if (!this.timer) this.begin();
    return atMost(WAIT_AT_MOST_MS, this.redis.commands.sadd(listOf(this.own), ...added));
  }

  /** Call it when everything is folded and the process ends. */
  async end(): Promise<void> {
    this.onApplicationShutdown();
    this.marked.clear();
    await this.forget(this.own).catch(() => undefined);
  }

  onApplicationShutdown(): void {
    if (this.timer) clearInterval(this.timer);
  }

  /** Processes that have died and left conversations. */
  async lapsed(): Promise<string[]> {
    const processes = await this.redis.commands.smembers(PROCESSES);
    const signs = processes.length === 0 ? [] : await this.redis.commands.mget(processes.map(signOf));
    return processes.filter((process, at) => signs[at] === null && process !== this.own);
  }

  /** Keys of the conversations that a process has left. */
  left(process: string): Promise<string[]> {
    return this.redis.commands.smembers(listOf(process));
  }

  async clear(process: string, conversation: string): Promise<void> {
    await this.redis.commands.srem(listOf(process), conversation);
  }

  /** Call it when all conversations of that process are done. */
  async forget(process: string): Promise<void> {
    await this.redis.commands.multi().del(listOf(process), signOf(process)).srem(PROCESSES, process).exec();
  }

  private begin(): void {
    this.timer = setInterval(() => void this.renew(), SIGN_EVERY_MS).unref();
    this.redis.commands.on('ready', () => void this.writeAnew());
    void this.renew();
  }

  private async renew(): Promise<void> {
    this.sweep();
    try {
      const { commands } = this.redis;
      const before = await commands.set(signOf(this.own), '1', 'EX', LAPSES_AFTER_SECONDS, 'GET');
      // Null at the start, after Redis was emptied, or after this process stalled for so long that a worker took its list.
      if (before === null) await this.writeAnew();
    } catch {
      // Redis is away: when it is back, the whole list is written again.
    }
  }

  private async writeAnew(): Promise<void> {
    const all = [...this.marked.keys()];
    const writing = this.redis.commands.multi().sadd(PROCESSES, this.own);
    if (all.length > 0) writing.sadd(listOf(this.own), ...all);
    await writing.exec().catch(() => undefined);
  }

  /** Removes conversations without a recent message. They are folded by now, unless the engine is away. */
  private sweep(): void {
    const before = performance.now() - STAYS_MS;
    const quiet = [...this.marked].filter(([, atMs]) => atMs < before).map(([key]) => key);
    if (quiet.length === 0) return;
    for (const key of quiet) this.marked.delete(key);
    this.redis.commands.srem(listOf(this.own), ...quiet).catch(() => undefined);
  }
}

function atMost(limitMs: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limitMs);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(done, done);
  });
}

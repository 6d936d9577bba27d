import { Injectable } from '@nestjs/common';
import { RedisConnections } from '#caas/platform/redis';
import { STREAM } from './between-processes';

/**
 * How busy live clients are, for work that is to give way to them. It is read off the stream between the processes, which
 * every event passes: nobody counts anything for it, and live traffic pays nothing.
 */
@Injectable()
export class LiveTraffic {
  private last: { added: number; atMs: number } | null = null;

  constructor(private readonly redis: RedisConnections) {}

  /** Events a second since the last question; null when nobody can tell: at first, and while Redis is away. */
  async perSecond(): Promise<number | null> {
    const added = await this.added().catch(() => null);
    const before = this.last;
    const now = { added: added ?? 0, atMs: performance.now() };
    this.last = added === null ? null : now;
    if (!before || added === null) return null;
    return Math.max(0, now.added - before.added) / ((now.atMs - before.atMs) / 1_000);
  }

  /** Since the stream began; null before Redis 7. */
  private async added(): Promise<number | null> {
    const told = (await this.redis.commands.xinfo('STREAM', STREAM).catch(emptyWithoutStream)) as unknown[];
    const at = told.indexOf('entries-added');
    return at < 0 ? null : Number(told[at + 1]);
  }
}

function emptyWithoutStream(error: Error): unknown[] {
  if (error.message.includes('no such key')) return ['entries-added', 0];
  throw error;
}

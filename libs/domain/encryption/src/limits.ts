import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CaasError } from '#caas/kernel';
import { RedisConnections } from '#caas/platform/redis';

const HOUR_MS = 60 * 60_000;
const MAX_COUNTED_HERE = 50_000;

export interface Limit {
  /** What is counted; names the tenant. */
  key: string;
  perHour: number;
  /** For the client: "No more than 5 ...". */
  of: string;
}

/** How often something may happen within an hour, over all processes; with Redis away, each process counts for itself. */
@Injectable()
export class HourlyLimits {
  private readonly countedHere = new LRUCache<string, { count: number; until: number }>({
    max: MAX_COUNTED_HERE,
    ttl: HOUR_MS,
  });

  constructor(private readonly redis: RedisConnections) {}

  /** @throws CaasError `rate_limited` (429) */
  async spend({ key, perHour, of }: Limit): Promise<void> {
    const { count, leftMs } = await this.count(`caas:hourly:${key}`).catch(() => this.countHere(key));
    if (count <= perHour) return;
    const detail = `No more than ${perHour} ${of} within an hour.`;
    throw new CaasError('too_many', 'rate_limited', detail, [], { retryAfterSeconds: Math.ceil(leftMs / 1000) });
  }

  private async count(key: string): Promise<{ count: number; leftMs: number }> {
    const answers = await this.redis.commands.multi().incr(key).pexpire(key, HOUR_MS, 'NX').pttl(key).exec();
    const [count, , leftMs] = (answers ?? []).map(([error, value]) => {
      if (error) throw error;
      return Number(value);
    });
    if (count === undefined || leftMs === undefined) throw new Error('Redis did not count');
    return { count, leftMs: Math.max(leftMs, 1) };
  }

  private countHere(key: string): { count: number; leftMs: number } {
    const now = Date.now();
    const known = this.countedHere.get(key);
    const counted = known && known.until > now ? known : { count: 0, until: now + HOUR_MS };
    counted.count += 1;
    if (counted !== known) this.countedHere.set(key, counted);
    return { count: counted.count, leftMs: counted.until - now };
  }
}

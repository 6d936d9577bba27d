import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { Log } from '#caas/platform/logging';
import { RedisConnections } from '#caas/platform/redis';
import type { Counted, PointCounter } from './rate-budget';

const KEY_PREFIX = 'caas:limits';
/** Longer than a busy Redis or a busy process needs. No call waits longer for the count. */
const REDIS_TIMEOUT_MS = 500;
const LOOK_AGAIN_AFTER_MS = 1_000;
/** The library's script with half the commands, since the number of commands is most of what a count costs Redis. */
const COUNT = `
local consumed = redis.call('incrby', KEYS[1], ARGV[1])
local left = consumed > tonumber(ARGV[1]) and redis.call('pttl', KEYS[1]) or -1
if left < 0 then
  redis.call('expire', KEYS[1], ARGV[2])
  left = 1000 * ARGV[2]
end
return {consumed, left}`;
/** The library only counts and keeps the windows; the budgets decide whether there are enough points. */
const COUNT_ONLY = { points: Number.MAX_SAFE_INTEGER, duration: 1, keyPrefix: KEY_PREFIX };

/** Counts in Redis, for all processes. While Redis is away or slow, this process counts for itself, and asks again each second. */
@Injectable()
export class SharedCounter implements PointCounter {
  private readonly redis: Redis;
  private readonly shared: RateLimiterRedis;
  private readonly own = new RateLimiterMemory(COUNT_ONLY);
  private lookAgainAtMs = 0;
  private isAway = false;

  constructor(
    connections: RedisConnections,
    private readonly log: Log,
  ) {
    this.redis = connections.open('limits', {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: REDIS_TIMEOUT_MS,
    });
    this.shared = new RateLimiterRedis({
      ...COUNT_ONLY,
      storeClient: this.redis,
      rejectIfRedisNotReady: true,
      customIncrTtlLuaScript: COUNT,
    });
  }

  async add(key: string, points: number, seconds: number): Promise<Counted> {
    const { by, isShared } = await this.count(key, points, seconds);
    return { consumed: by.consumedPoints, msLeft: by.msBeforeNext, isFirst: by.isFirstInDuration, isShared };
  }

  fill(key: string, points: number, seconds: number): void {
    void this.own.set(key, points, seconds);
    this.shared.set(key, points, seconds).catch(() => undefined);
  }

  private async count(key: string, points: number, seconds: number) {
    const options = { customDuration: seconds };
    if (!this.isAway) {
      try {
        return { by: await this.shared.consume(key, points, options), isShared: true };
      } catch (error) {
        this.tell(true, error as Error);
      }
    } else this.lookAgain();
    return { by: await this.own.consume(key, points, options), isShared: false };
  }

  /** Checks Redis in the background, so that no call waits to learn that Redis is still unreachable. */
  private lookAgain(): void {
    if (performance.now() < this.lookAgainAtMs) return;
    this.lookAgainAtMs = performance.now() + LOOK_AGAIN_AFTER_MS;
    this.redis.ping().then(
      () => this.tell(false),
      () => undefined,
    );
  }

  private tell(isAway: boolean, error?: Error): void {
    if (isAway === this.isAway) return;
    this.isAway = isAway;
    if (isAway)
      this.log.root.warn({ reason: error?.message }, 'rates are limited by each process for itself: no Redis');
    else this.log.root.info('rates are limited in common again');
  }
}

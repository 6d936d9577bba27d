import { Injectable, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import { InjectConfig, runtimeConfig, type ConfigOf } from '#caas/platform/config';
import { HealthChecks, HealthModule } from '#caas/platform/health';
import { Log } from '#caas/platform/logging';
import { MetricsModule } from '#caas/platform/metrics';
import { RedisMetrics } from './redis-metrics';

const RECONNECT_AT_MOST_EVERY_MS = 1_000;
/** A busy Redis answers sooner. */
const ANSWER_WITHIN_MS = 3_000;

/**
 * Options of a connection without blocking commands: a command fails at once while Redis is unreachable, and after a timeout
 * while it does not respond.
 */
export const FAIL_FAST = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: ANSWER_WITHIN_MS,
};

/**
 * The process's connections to Redis. They reconnect by themselves. The commands of `commands` fail at once while Redis is
 * unreachable, and within seconds while it does not respond: data that must not be lost never waits for Redis in a process's
 * memory.
 */
@Injectable()
export class RedisConnections implements OnModuleInit, OnApplicationShutdown {
  private readonly opened: Redis[] = [];
  readonly commands: Redis;

  constructor(
    @InjectConfig(runtimeConfig) private readonly config: ConfigOf<typeof runtimeConfig>,
    private readonly log: Log,
    private readonly health: HealthChecks,
    metrics: RedisMetrics,
  ) {
    this.commands = this.open('commands', FAIL_FAST);
    metrics.watch(this.commands);
  }

  onModuleInit(): void {
    this.health.add('redis', () => this.commands.ping());
  }

  /** A connection of its own: for subscriptions, blocking reads, and workers. */
  open(name: string, options: RedisOptions = {}): Redis {
    const redis = new Redis(this.config.REDIS_URL, {
      connectionName: `caas-${name}`,
      maxRetriesPerRequest: null,
      retryStrategy: (attempt) => Math.min(50 * attempt, RECONNECT_AT_MOST_EVERY_MS),
      ...options,
    });
    let wasDown = false;
    redis.on('error', (error: Error) => {
      if (!wasDown) this.log.root.warn({ connection: name, reason: error.message }, 'Redis is away');
      wasDown = true;
    });
    redis.on('ready', () => {
      if (wasDown) this.log.root.info({ connection: name }, 'Redis is back');
      wasDown = false;
    });
    if (options.enableOfflineQueue === false) waitForFirstConnection(redis);
    this.opened.push(redis);
    return redis;
  }

  onApplicationShutdown(): void {
    for (const redis of this.opened) redis.disconnect();
  }
}

/** Commands from before the first connection wait until it is ready or has failed. */
function waitForFirstConnection(redis: Redis): void {
  const failFastFromNowOn = () => (redis.options.enableOfflineQueue = false);
  redis.options.enableOfflineQueue = true;
  redis.once('ready', failFastFromNowOn);
  redis.once('error', failFastFromNowOn);
}

@Module({
  imports: [HealthModule, MetricsModule],
  providers: [RedisConnections, RedisMetrics],
  exports: [RedisConnections],
})
export class RedisModule {}

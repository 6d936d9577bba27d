import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Gauge, Histogram } from 'prom-client';
import { LATENCY_BUCKETS, Metrics } from '#caas/platform/metrics';

interface Sending {
  sendCommand(command: { promise: Promise<unknown> }, stream?: unknown): unknown;
}

/** Metrics of this process's use of Redis. */
@Injectable()
export class RedisMetrics {
  private readonly duration: Histogram;
  private readonly up: Gauge;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.duration = new Histogram({
      name: 'caas_redis_command_duration_seconds',
      help: 'From a command that does not block to its answer, by whether it succeeded; on the connection that all share',
      labelNames: ['outcome'],
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.up = new Gauge({
      name: 'caas_redis_up',
      help: '1 while the connection that all share is ready, else 0',
      registers,
    });
    this.up.set(0);
  }

  /** Every command of ioredis passes `sendCommand`, which its documentation says may be overridden. */
  watch(redis: Redis): void {
    const [ok, failed] = (['ok', 'failed'] as const).map((outcome) => this.duration.labels({ outcome }));
    const send = (redis as unknown as Sending).sendCommand.bind(redis);
    const known = new WeakSet<object>();
    (redis as unknown as Sending).sendCommand = (command, stream) => {
      // A command that waited for a connection passes here a second time. Commands have no id, so the object itself is
      // remembered.
      if (known.has(command)) return send(command, stream);
      known.add(command);
      const startedAtMs = performance.now();
      const seconds = () => (performance.now() - startedAtMs) / 1000;
      command.promise.then(
        () => ok!.observe(seconds()),
        () => failed!.observe(seconds()),
      );
      return send(command, stream);
    };
    redis.on('ready', () => this.up.set(1));
    redis.on('close', () => this.up.set(0));
  }
}

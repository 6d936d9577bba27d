import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { QUEUES } from '#caas/contracts';
import { MetricsModule } from '#caas/platform/metrics';
import { FAIL_FAST, RedisConnections, RedisModule } from '#caas/platform/redis';
import { Admission } from './admission/admission';
import { AdmissionJanitor } from './admission/admission-janitor';
import { JobHandlers } from './job-handlers';
import { JobRunner } from './job-runner';
import { QueueMetrics } from './queue-metrics';
import { Queues } from './queues';

/** The queues, for every process that adds jobs. */
@Module({
  imports: [
    MetricsModule,
    RedisModule,
    BullModule.forRootAsync({
      imports: [RedisModule],
      inject: [RedisConnections],
      // An api must not wait for Redis when it cannot queue a job: the outbox and its sweeper queue the job later.
      useFactory: (redis: RedisConnections) => ({
        connection: redis.open('queues', FAIL_FAST) as never,
      }),
    }),
    BullModule.registerQueue(...QUEUES.map((name) => ({ name }))),
  ],
  providers: [Queues, QueueMetrics, Admission],
  exports: [Queues, QueueMetrics, Admission],
})
export class QueueModule {}

/** Also runs jobs: for workers. */
@Module({ imports: [DiscoveryModule, QueueModule, RedisModule], providers: [JobHandlers, JobRunner, AdmissionJanitor] })
export class JobRunnerModule {}

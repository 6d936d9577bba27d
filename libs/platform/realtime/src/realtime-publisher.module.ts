import { Module } from '@nestjs/common';
import { MetricsModule } from '#caas/platform/metrics';
import { RedisModule } from '#caas/platform/redis';
import { EventRateProbe } from './event-rate-probe';
import { ProcessChannel } from './process-channel';
import { Realtime } from './realtime';
import { RealtimeMetrics } from './realtime-metrics';

/** `Realtime`, for every process that publishes events. The app binds `ConversationDirectory`. */
@Module({
  imports: [MetricsModule, RedisModule],
  providers: [ProcessChannel, Realtime, RealtimeMetrics],
  exports: [ProcessChannel, Realtime, RealtimeMetrics],
})
export class RealtimePublisherModule {}

/** For background work that gives way to live traffic. A module of its own, because the probe listens to every event. */
@Module({ imports: [RealtimePublisherModule], providers: [EventRateProbe], exports: [EventRateProbe] })
export class EventRateProbeModule {}

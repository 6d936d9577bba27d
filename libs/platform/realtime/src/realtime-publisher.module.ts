import { Global, Module } from '@nestjs/common';
import { EventRateProbe } from './event-rate-probe';
import { ProcessChannel } from './process-channel';
import { Realtime } from './realtime';
import { RealtimeMetrics } from './realtime-metrics';

/** `Realtime` for processes without clients. The app binds `ConversationDirectory`. */
@Global()
@Module({ providers: [Realtime, RealtimeMetrics, ProcessChannel, EventRateProbe], exports: [Realtime, EventRateProbe] })
export class RealtimePublisherModule {}

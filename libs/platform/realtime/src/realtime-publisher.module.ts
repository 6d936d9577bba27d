import { Global, Module } from '@nestjs/common';
import { LiveTraffic } from './live-traffic';
import { ProcessChannel } from './process-channel';
import { Realtime } from './realtime';
import { RealtimeMetrics } from './realtime-metrics';

/** `Realtime` for processes without clients. Needs `ConversationDirectory` (messaging) from somewhere, globally. */
@Global()
@Module({ providers: [Realtime, RealtimeMetrics, ProcessChannel, LiveTraffic], exports: [Realtime, LiveTraffic] })
export class RealtimePublisherModule {}

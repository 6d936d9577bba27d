import { Module } from '@nestjs/common';
import { MetricsModule } from '#caas/platform/metrics';
import { OriginCheck } from './cors';
import { HttpMetrics } from './http-metrics';
import { ServerState } from './server-state';

@Module({
  imports: [MetricsModule],
  providers: [HttpMetrics, OriginCheck, ServerState],
  exports: [HttpMetrics, OriginCheck, ServerState],
})
export class HttpModule {}

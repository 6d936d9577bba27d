import { Global, Module } from '@nestjs/common';
import { MetricsModule } from '#caas/platform/metrics';
import { HttpMetrics } from './http-metrics';
import { ServerState } from './server-state';

@Global()
@Module({ imports: [MetricsModule], providers: [HttpMetrics, ServerState], exports: [HttpMetrics, ServerState] })
export class HttpModule {}

import { Global, Module } from '@nestjs/common';
import { HttpMetrics } from './http-metrics';

@Global()
@Module({ providers: [HttpMetrics], exports: [HttpMetrics] })
export class HttpModule {}

import { Module, type OnModuleInit } from '@nestjs/common';
import { Realtime, RealtimePublisherModule } from '#caas/platform/realtime';
import { QuotaWarnings } from './quotas/quota-warnings';
import { UsageModule } from './usage.module';

/** Sends quota warnings to all sockets of a tenant. For processes that publish events, which the command line does not. */
@Module({ imports: [RealtimePublisherModule, UsageModule] })
export class UsageEventsModule implements OnModuleInit {
  constructor(
    private readonly warnings: QuotaWarnings,
    private readonly realtime: Realtime,
  ) {}

  onModuleInit(): void {
    this.warnings.on((ctx, data) => this.realtime.publish(ctx, { everyone: true }, { type: 'quota.warning', data }));
  }
}

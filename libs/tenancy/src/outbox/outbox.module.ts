import { Module } from '@nestjs/common';
import { MetricsModule } from '#caas/platform/metrics';
import { QueueModule } from '#caas/platform/queue';
import { RedisModule } from '#caas/platform/redis';
import { TenancyModule } from '../tenancy.module';
import { DirtyTenants } from './dirty-tenants';
import { Outbox } from './outbox';
import { OutboxMetrics } from './outbox-metrics';
import { outbox } from './outbox-entry.schema';

/** For every process that changes tenant data. */
@Module({
  imports: [MetricsModule, QueueModule, RedisModule, TenancyModule.forFeature([outbox])],
  providers: [Outbox, DirtyTenants, OutboxMetrics],
  exports: [Outbox, DirtyTenants, OutboxMetrics],
})
export class OutboxModule {}

import { Global, Module } from '@nestjs/common';
import { JobContexts } from '#caas/platform/queue';
import { TenantJobContexts } from '../jobs/job-contexts';
import { TenancyModule } from '../tenancy.module';
import { DirtyTenants } from './dirty-tenants';
import { Outbox } from './outbox';
import { OutboxMetrics } from './outbox-metrics';
import { outbox } from './outbox-entry.schema';
import { OutboxSweeper } from './outbox-sweeper';

/** For every process that changes tenant data. */
@Global()
@Module({
  imports: [TenancyModule.forFeature([outbox])],
  providers: [Outbox, DirtyTenants, OutboxMetrics],
  exports: [Outbox, DirtyTenants, OutboxMetrics],
})
export class OutboxModule {}

/** For workers: contexts for jobs, and the sweeper. */
@Global()
@Module({
  providers: [OutboxSweeper, TenantJobContexts, { provide: JobContexts, useExisting: TenantJobContexts }],
  exports: [JobContexts, OutboxSweeper],
})
export class TenancyJobsModule {}

import { Module } from '@nestjs/common';
import { QueueModule } from '#caas/platform/queue';
import { TenancyModule } from '../tenancy.module';
import { OutboxModule } from '../outbox/outbox.module';
import { OutboxSweeper } from '../outbox/outbox-sweeper';
import { TenantJobContexts } from './job-contexts';

/** For workers: contexts for jobs, a port of the queue that the app binds, and the sweeper. */
@Module({
  imports: [OutboxModule, QueueModule, TenancyModule],
  providers: [OutboxSweeper, TenantJobContexts],
  exports: [TenantJobContexts],
})
export class TenancyJobsModule {}

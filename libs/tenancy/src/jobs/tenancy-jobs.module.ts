import { Global, Module } from '@nestjs/common';
import { JobContexts } from '#caas/platform/queue';
import { OutboxSweeper } from '../outbox/outbox-sweeper';
import { TenantJobContexts } from './job-contexts';

/** For workers: contexts for jobs, and the sweeper. */
@Global()
@Module({
  providers: [OutboxSweeper, TenantJobContexts, { provide: JobContexts, useExisting: TenantJobContexts }],
  exports: [JobContexts, OutboxSweeper],
})
export class TenancyJobsModule {}

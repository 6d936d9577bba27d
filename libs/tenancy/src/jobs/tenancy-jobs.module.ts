import { Global, Module } from '@nestjs/common';
import { OutboxSweeper } from '../outbox/outbox-sweeper';
import { TenantJobContexts } from './job-contexts';

/** For workers: contexts for jobs, a port of the queue that the app binds, and the sweeper. */
@Global()
@Module({
  providers: [OutboxSweeper, TenantJobContexts],
  exports: [TenantJobContexts],
})
export class TenancyJobsModule {}

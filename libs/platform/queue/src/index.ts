export { serveBullBoard } from './bull-board';
export { encodeJob } from './job-data';
export { Handles, type ReportProgress, type SystemJobHandler, type TenantJobHandler } from './job-handlers';
export { JobContexts } from './ports';
export { waitingSince } from './queue-metrics';
export { JobRunnerModule, QueueModule } from './queue.module';
export { Queues } from './queues';

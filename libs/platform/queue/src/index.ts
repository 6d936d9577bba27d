export { serveBullBoard, type OperatorCheck } from './bull-board';
export {
  Handles,
  JobHandlers,
  type ReportProgress,
  type SystemJobHandler,
  type TenantJobHandler,
} from './job-handlers';
export { decodeJob, encodeJob, type JobData, type JobMeta } from './job-data';
export { JobContexts } from './ports';
export { JobRunnerModule, QueueModule } from './queue.module';
export { waitingSince } from './queue-metrics';
export { Queues } from './queues';

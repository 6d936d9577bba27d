export { ScheduledApiModule, ScheduledJobsModule, ScheduledModule } from './scheduled.module';

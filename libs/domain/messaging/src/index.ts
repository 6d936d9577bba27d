export { MessagingApiModule } from './messaging-api.module';
export { MessagingJobsModule } from './messaging-jobs.module';
export { MessagingModule } from './messaging.module';

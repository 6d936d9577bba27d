export { messagingConfig } from './messaging.config';
export { MessagingApiModule } from './messaging-api.module';
export { MessagingJobsModule } from './messaging-jobs.module';
export { MessagingModule } from './messaging.module';
export { presenceConfig } from './presence/presence.config';

export { messagingConfig } from './messaging.config';
export { MessagingApiModule } from './messaging-api.module';
export { MessagingJobsModule } from './messaging-jobs.module';
export { MessagingModule } from './messaging.module';
export { ConversationsVerifier, type Verification } from './verify/conversations-verifier';
export { presenceConfig } from './presence/presence.config';

export { MessagingApiModule } from './messaging-api.module';
export { MessagingModule } from './messaging.module';
export { presenceConfig } from './presence/presence.config';

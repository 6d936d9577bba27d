export { MessagingApiModule } from './messaging-api.module';
export { MessagingModule } from './messaging.module';

export { ModerationMessagePolicy } from './cases/moderation-message-policy';
export { ModerationApiModule, ModerationModule } from './moderation.module';
export { ModerationTextPolicy } from './texts/moderation-text-policy';

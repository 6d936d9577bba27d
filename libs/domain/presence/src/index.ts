export { PresenceApiModule, PresenceModule } from './presence.module';
export { presenceConfig } from './presence/presence.config';

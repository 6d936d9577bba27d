export { serveAsyncApi } from './async-api';
export { CaasIoAdapter } from './caas-io-adapter';
export { ConversationFeed, SocketAuthenticator, type SocketPrincipal } from './ports';
export { Realtime, type Audience, type OutgoingEvent } from './realtime';
export { realtimeConfig } from './realtime.config';
export { RealtimeModule } from './realtime.module';
export { SocketMessage, SocketMessages } from './socket-messages';

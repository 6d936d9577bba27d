export { serveAsyncApi } from './async-api';
export { CaasIoAdapter } from './caas-io-adapter';
export { Digests, type DigestEntry } from './digests';
export { ConversationFeed, SocketAuthenticator, type SocketPrincipal } from './ports';
export { Realtime, type Audience, type OutgoingEvent } from './realtime';
export { realtimeConfig } from './realtime.config';
export { RealtimeModule } from './realtime.module';
export { SocketMessage, SocketMessages } from './socket-messages';
export { SocketObservers, type OpenSocket, type SocketObserver } from './socket-observers';

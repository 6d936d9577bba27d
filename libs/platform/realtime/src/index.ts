export { serveAsyncApi } from './async-api';
export { CaasIoAdapter } from './caas-io-adapter';
export type { RoomPosition } from './delivery';
export { Digests, type DigestEntry } from './digests';
export { LiveTraffic } from './live-traffic';
export {
  ConversationFeed,
  SocketAuthenticator,
  SocketOrigins,
  SocketPlaces,
  type MissedEvent,
  type SocketPeer,
  type SocketPrincipal,
} from './ports';
export { Realtime, type Audience, type OutgoingEvent } from './realtime';
export { realtimeConfig } from './realtime.config';
export { RealtimePublisherModule } from './realtime-publisher.module';
export { RealtimeModule } from './realtime.module';
export { SocketMessage, SocketMessages } from './socket-messages';
export { SocketObservers, type OpenSocket, type SocketObserver } from './socket-observers';

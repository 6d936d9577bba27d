export { serveAsyncApi } from './async-api';
export { CaasIoAdapter } from './caas-io-adapter';
export { Digests } from './digests';
export { EventRateProbe } from './event-rate-probe';
export {
  ConnectionQuotaPort,
  ConversationDirectory,
  type MissedEvent,
  SocketAuthenticator,
  SocketOrigins,
  type SocketPeer,
  type SocketPrincipal,
} from './ports';
export { EventRateProbeModule, RealtimePublisherModule } from './realtime-publisher.module';
export { realtimeConfig } from './realtime.config';
export { RealtimeModule } from './realtime.module';
export { type OutgoingEvent, Realtime } from './realtime';
export { SocketMessage } from './socket-messages';
export { type OpenSocket, type SocketObserver, SocketObservers } from './socket-observers';

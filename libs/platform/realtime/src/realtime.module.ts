import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Digests } from './digests';
import { FloodGuard } from './flood-guard';
import { HandshakeGuard } from './handshake-guard';
import { ProcessChannel } from './process-channel';
import { Realtime } from './realtime';
import { RealtimeGateway } from './realtime.gateway';
import { RealtimeMetrics } from './realtime-metrics';
import { SocketMessages } from './socket-messages';
import { SocketObservers } from './socket-observers';

/** The sockets of clients. The app binds `SocketAuthenticator`, and may bind `SocketOrigins` and `ConnectionQuotaPort`. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    ProcessChannel,
    Realtime,
    RealtimeGateway,
    RealtimeMetrics,
    SocketMessages,
    SocketObservers,
    Digests,
    FloodGuard,
    HandshakeGuard,
  ],
  exports: [Realtime, SocketMessages, SocketObservers, Digests],
})
export class RealtimeModule {}

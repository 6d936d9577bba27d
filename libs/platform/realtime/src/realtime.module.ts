import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { CacheModule } from '#caas/platform/cache';
import { HttpModule } from '#caas/platform/http';
import { LimitsModule } from '#caas/platform/limits';
import { Digests } from './digests';
import { FloodGuard } from './flood-guard';
import { HandshakeGuard } from './handshake-guard';
import { RealtimePublisherModule } from './realtime-publisher.module';
import { RealtimeGateway } from './realtime.gateway';
import { SocketMessages } from './socket-messages';
import { SocketObservers } from './socket-observers';

/** The sockets of clients. The app binds `SocketAuthenticator`, and may bind `SocketOrigins` and `ConnectionQuotaPort`. */
@Module({
  imports: [CacheModule, DiscoveryModule, HttpModule, LimitsModule, RealtimePublisherModule],
  providers: [RealtimeGateway, SocketMessages, SocketObservers, Digests, FloodGuard, HandshakeGuard],
  exports: [RealtimePublisherModule, SocketMessages, SocketObservers, Digests],
})
export class RealtimeModule {}

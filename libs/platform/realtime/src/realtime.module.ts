import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Digests } from './digests';
import { FloodGuard } from './flood-guard';
import { MessageGates } from './message-gates';
import { Realtime } from './realtime';
import { RealtimeGateway } from './realtime.gateway';
import { SocketMessages } from './socket-messages';
import { SocketObservers } from './socket-observers';

/** Needs `SocketAuthenticator` (access) and `ConversationFeed` (messaging) from somewhere, globally. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [Realtime, RealtimeGateway, SocketMessages, SocketObservers, Digests, FloodGuard, MessageGates],
  exports: [Realtime, MessageGates, SocketMessages, SocketObservers, Digests],
})
export class RealtimeModule {}

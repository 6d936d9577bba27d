import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Realtime } from './realtime';
import { RealtimeGateway } from './realtime.gateway';
import { SocketMessages } from './socket-messages';

/** Needs `SocketAuthenticator` (access) and `ConversationFeed` (messaging) from somewhere, globally. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [Realtime, RealtimeGateway, SocketMessages],
  exports: [Realtime, SocketMessages],
})
export class RealtimeModule {}

import { Module } from '@nestjs/common';
import { ConversationsApiModule } from '#caas/domain/conversations';
import { MessagesApiModule, MessagesModule } from '#caas/domain/messages';
import { UsersModule } from '#caas/domain/users';
import { RealtimePublisherModule } from '#caas/platform/realtime';
import { TenancyModule } from '#caas/tenancy';
import { ConversationFeed } from './feed/conversation-feed';
import { InboxController } from './list/inbox.controller';
import { InboxService } from './list/inbox.service';
import { MentionsController } from './mentions/mentions.controller';
import { MentionsService } from './mentions/mentions.service';
import { MissedMessages } from './sync/missed-messages';
import { SyncController } from './sync/sync.controller';
import { SyncService } from './sync/sync.service';
import { SyncSocket } from './sync/sync.socket';

/** What a returning client reads over REST and sockets: the list of conversations, sync and mentions. */
@Module({
  imports: [ConversationsApiModule, MessagesApiModule, RealtimePublisherModule, UsersModule],
  providers: [InboxService, MentionsService, MissedMessages, SyncService, SyncSocket],
  controllers: [InboxController, SyncController, MentionsController],
})
export class InboxApiModule {}

/** Gives the socket layer conversations and their messages, in every process that publishes events. */
@Module({ imports: [MessagesModule, TenancyModule], providers: [ConversationFeed], exports: [ConversationFeed] })
export class FeedModule {}

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

/** What a client that comes back reads, the list of conversations first: over REST and sockets. */
@Module({
  imports: [ConversationsApiModule, MessagesApiModule, RealtimePublisherModule, UsersModule],
  providers: [InboxService, MentionsService, MissedMessages, SyncService, SyncSocket],
  controllers: [InboxController, SyncController, MentionsController],
})
export class InboxApiModule {}

/** Answers what the socket layer asks about conversations: for every process that publishes events. */
@Module({ imports: [MessagesModule, TenancyModule], providers: [ConversationFeed], exports: [ConversationFeed] })
export class FeedModule {}

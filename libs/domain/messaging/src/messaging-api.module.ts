import { Global, Module } from '@nestjs/common';
import { GroupConversations, GroupsModule } from '#caas/domain/groups';
import { ConversationChanges } from './changes/conversation-changes';
import { ConversationAccess } from './conversations/conversation-access';
import { ConversationOpenings } from './conversations/conversation-openings';
import { ConversationSettingsService } from './conversations/conversation-settings.service';
import { ConversationsService } from './conversations/conversations.service';
import { OwnedConversations } from './members/owned-conversations';
import { MembersController } from './members/members.controller';
import { MembersService } from './members/members.service';
import { MembershipNews } from './members/membership-news';
import { Memberships } from './members/memberships';
import { ForwardsService } from './messages/forwards.service';
import { Mentions } from './messages/mentions';
import { MessageAccess } from './messages/message-access';
import { MessageChanges } from './messages/message-changes';
import { MessageDeletionsService } from './messages/message-deletions.service';
import { MessageEditsService } from './messages/message-edits.service';
import { MessageSender } from './messages/message-sender';
import { MessageViews } from './messages/message-views';
import { MessagesService } from './messages/messages.service';
import { PinsService } from './messages/pins.service';
import { ReactionsService } from './reactions/reactions.service';
import { MessagingFeedModule, MessagingModule } from './messaging.module';
import { ReceiptsController } from './receipts/receipts.controller';
import { ReceiptsService } from './receipts/receipts.service';
import { ReceiptsSocket } from './receipts/receipts.socket';
import { CounterMemory } from './sending/counter-memory';
import { GroupWriter } from './sending/group-writer';
import { SendCommitter } from './sending/send-committer';
import { WriteTurns } from './sending/write-turns';
import { MessageActionsSocket } from './socket/message-actions.socket';
import { MessagingSocket } from './socket/messaging.socket';
import { SyncService } from './sync/sync.service';
import { ConversationsController } from './http/conversations.controller';
import { MessageActionsController } from './http/message-actions.controller';
import { MessagesController } from './http/messages.controller';
import { ReactionsController } from './http/reactions.controller';

/** Messaging over REST and sockets: one set of services behind both. Global, because it answers the port of groups. */
@Global()
@Module({
  imports: [GroupsModule, MessagingModule, MessagingFeedModule],
  providers: [
    ConversationAccess,
    ConversationsService,
    MessagesService,
    CounterMemory,
    GroupWriter,
    SendCommitter,
    WriteTurns,
    ConversationChanges,
    ReceiptsService,
    ReceiptsSocket,
    SyncService,
    MessagingSocket,
    Mentions,
    MessageAccess,
    MessageChanges,
    MessageSender,
    MessageViews,
    MessageEditsService,
    MessageDeletionsService,
    PinsService,
    ForwardsService,
    ReactionsService,
    MessageActionsSocket,
    ConversationOpenings,
    ConversationSettingsService,
    Memberships,
    MembershipNews,
    MembersService,
    OwnedConversations,
    { provide: GroupConversations, useExisting: OwnedConversations },
  ],
  exports: [GroupConversations],
  controllers: [
    ConversationsController,
    MembersController,
    MessagesController,
    MessageActionsController,
    ReactionsController,
    ReceiptsController,
  ],
})
export class MessagingApiModule {}

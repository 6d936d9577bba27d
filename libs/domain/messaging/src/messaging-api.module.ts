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
import { MentionsController } from './mentions/mentions.controller';
import { MentionsService } from './mentions/mentions.service';
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
import { PresenceModule } from './presence/presence.module';
import { ReceiptsController } from './receipts/receipts.controller';
import { ReceiptsService } from './receipts/receipts.service';
import { ReceiptsSocket } from './receipts/receipts.socket';
import { SearchController } from './search/search.controller';
import { SearchHints } from './search/search-hints';
import { SearchService } from './search/search.service';
import { CounterMemory } from './sending/counter-memory';
import { GroupWriter } from './sending/group-writer';
import { SendCommitter } from './sending/send-committer';
import { SendRates } from './sending/send-rates';
import { WriteTurns } from './sending/write-turns';
import { MessageActionsSocket } from './socket/message-actions.socket';
import { MessagingSocket } from './socket/messaging.socket';
import { SyncService } from './sync/sync.service';
import { TypingRows } from './typing/typing-rows';
import { TypingController } from './typing/typing.controller';
import { TypingService } from './typing/typing.service';
import { TypingSocket } from './typing/typing.socket';
import { ConversationsController } from './http/conversations.controller';
import { MessageActionsController } from './http/message-actions.controller';
import { MessagesController } from './http/messages.controller';
import { ReactionsController } from './http/reactions.controller';

/** Messaging over REST and sockets: one set of services behind both. Global, because it answers the port of groups. */
@Global()
@Module({
  imports: [GroupsModule, MessagingModule, MessagingFeedModule, PresenceModule],
  providers: [
    ConversationAccess,
    ConversationsService,
    MessagesService,
    CounterMemory,
    GroupWriter,
    SendCommitter,
    SendRates,
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
    TypingRows,
    TypingService,
    TypingSocket,
    ConversationOpenings,
    ConversationSettingsService,
    Memberships,
    MembershipNews,
    MembersService,
    OwnedConversations,
    { provide: GroupConversations, useExisting: OwnedConversations },
    SearchHints,
    SearchService,
    MentionsService,
  ],
  exports: [GroupConversations],
  controllers: [
    ConversationsController,
    MembersController,
    MessagesController,
    MessageActionsController,
    ReactionsController,
    ReceiptsController,
    TypingController,
    SearchController,
    MentionsController,
  ],
})
export class MessagingApiModule {}

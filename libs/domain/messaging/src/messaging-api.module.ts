import { Global, Module } from '@nestjs/common';
import { KeyAudience } from '#caas/domain/encryption';
import { GroupConversations, GroupsHttpModule, GroupsModule } from '#caas/domain/groups';
import { TextRules } from '#caas/domain/users';
import { ConversationOpenings } from './conversations/conversation-openings';
import { ConversationSettingsService } from './conversations/conversation-settings.service';
import { ConversationViews } from './conversations/conversation-views';
import { ConversationsService } from './conversations/conversations.service';
import { PeopleApart } from './conversations/people-apart';
import { OwnedConversations } from './members/owned-conversations';
import { ConversationKeyAudience } from './members/key-audience';
import { MembersController } from './members/members.controller';
import { MembersService } from './members/members.service';
import { MembershipNews } from './members/membership-news';
import { Memberships } from './members/memberships';
import { MentionsController } from './mentions/mentions.controller';
import { MentionsService } from './mentions/mentions.service';
import { UnreadMentions } from './mentions/unread-mentions';
import { ForwardsService } from './messages/forwards.service';
import { MessageDeletionsService } from './messages/message-deletions.service';
import { MessageEditsService } from './messages/message-edits.service';
import { MessageViews } from './messages/message-views';
import { PinsService } from './messages/pins.service';
import { PollsController } from './polls/polls.controller';
import { PollsService } from './polls/polls.service';
import { PollsSocket } from './polls/polls.socket';
import { ReactionsService } from './reactions/reactions.service';
import { MessagingFeedModule, MessagingModule } from './messaging.module';
import { DecisionActs } from './moderation/decision-acts';
import { ModeratedTexts } from './moderation/moderated-texts';
import { ModerationController } from './moderation/moderation.controller';
import { ModerationService } from './moderation/moderation.service';
import { ReportsController } from './moderation/reports.controller';
import { ReportsService } from './moderation/reports.service';
import { PresenceModule } from './presence/presence.module';
import { ReceiptsController } from './receipts/receipts.controller';
import { ReceiptsService } from './receipts/receipts.service';
import { ReceiptsSocket } from './receipts/receipts.socket';
import { SearchController } from './search/search.controller';
import { SearchService } from './search/search.service';
import { ScheduledMessagesController } from './scheduled/scheduled-messages.controller';
import { ScheduledMessagesService } from './scheduled/scheduled-messages.service';
import { SendingModule } from './sending/sending.module';
import { MessageActionsSocket } from './socket/message-actions.socket';
import { MessagingSocket } from './socket/messaging.socket';
import { MissedMessages } from './sync/missed-messages';
import { SyncService } from './sync/sync.service';
import { TypingRows } from './typing/typing-rows';
import { TypingController } from './typing/typing.controller';
import { TypingService } from './typing/typing.service';
import { TypingSocket } from './typing/typing.socket';
import { ConversationsController } from './http/conversations.controller';
import { MessageActionsController } from './http/message-actions.controller';
import { MessagesController } from './http/messages.controller';
import { ReactionsController } from './http/reactions.controller';

/** Messaging over REST and sockets: one set of services behind both. Global, because it answers ports of groups, users and encryption. */
@Global()
@Module({
  imports: [GroupsHttpModule, GroupsModule, MessagingModule, MessagingFeedModule, PresenceModule, SendingModule],
  providers: [
    ConversationsService,
    ConversationViews,
    PeopleApart,
    ReceiptsService,
    ReceiptsSocket,
    MissedMessages,
    SyncService,
    MessagingSocket,
    MessageViews,
    MessageEditsService,
    MessageDeletionsService,
    PinsService,
    ForwardsService,
    ReactionsService,
    PollsService,
    PollsSocket,
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
    ReportsService,
    ModerationService,
    DecisionActs,
    ModeratedTexts,
    { provide: TextRules, useExisting: ModeratedTexts },
    { provide: KeyAudience, useClass: ConversationKeyAudience },
    SearchService,
    MentionsService,
    UnreadMentions,
    ScheduledMessagesService,
  ],
  exports: [GroupConversations, TextRules, KeyAudience],
  controllers: [
    ConversationsController,
    MembersController,
    MessagesController,
    MessageActionsController,
    ReactionsController,
    PollsController,
    ReceiptsController,
    TypingController,
    SearchController,
    MentionsController,
    ScheduledMessagesController,
    ReportsController,
    ModerationController,
  ],
})
export class MessagingApiModule {}
